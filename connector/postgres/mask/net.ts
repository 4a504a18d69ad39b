import { SallyportError } from "../../../protocol/errors.ts";
import { parseRowDescription } from "../../../protocol/postgres/backend.ts";
import { BACKEND, messageName } from "../../../protocol/postgres/message-types.ts";
import { MessageReader } from "../../../protocol/postgres/reader.ts";
import { Hint } from "../../mask/detectors/found.ts";
import { DETECTOR_NAMES, type Detectors } from "../../mask/detectors/modes.ts";
import { type Count, Scanner } from "../../mask/detectors/scanner.ts";
import { binaryDigits, clearNumber, type NetColumn, netColumn, UNKNOWN } from "./net-columns.ts";
import { Fields, type Shape, type Visit } from "./net-fields.ts";
import { Held } from "./net-held.ts";

/** Where the bytes go that the agent gets. */
export interface Passage {
  /** `data[start, end)`, of the chunk that the reader has. */
  span(data: Uint8Array, start: number, end: number): void;
  /** Bytes that were held back. */
  bytes(bytes: Uint8Array): void;
}

const DATA_ROW = BACKEND.DataRow.type;
const COPY_DATA = BACKEND.CopyData.type;
const ROW_DESCRIPTION = BACKEND.RowDescription.type;
const HEADER = 5;
/** Bytes of the longest description: PostgreSQL's 1,664 columns have 136,454 at most. */
const MAX_DESCRIPTION = 256 * 1024;
const LF = 0x0a;

/** Messages that have texts of the target's data. In no other has an agent a say. */
const SHAPES = new Map<number, Shape>([
  [DATA_ROW, { once: [2], again: ["value"] }],
  [BACKEND.FunctionCallResponse.type, { once: [], again: ["value"] }],
  [ROW_DESCRIPTION, { once: [2], again: ["cstring", 18] }],
  [BACKEND.ErrorResponse.type, { once: [], again: [1, "cstring"] }],
  [BACKEND.NoticeResponse.type, { once: [], again: [1, "cstring"] }],
  [BACKEND.NotificationResponse.type, { once: [4], again: ["cstring"] }],
  [BACKEND.ParameterStatus.type, { once: [], again: ["cstring"] }],
  [BACKEND.CommandComplete.type, { once: [], again: ["cstring"] }],
]);
/** Those whose texts are values. */
const CELLS = new Set([DATA_ROW, COPY_DATA, BACKEND.FunctionCallResponse.type]);
/** Of the others. */
const WORDS: NetColumn = { hint: Hint.none, binary: null };
const COPY_TEXT: Shape = { once: [], again: ["rest"] };
/** Signature and flags, an extension, then rows (documentation, "COPY", "Binary Format"). */
const COPY_BINARY: Shape = { once: [15, "block"], again: ["count"] };

/**
 * The second net: detectors look through everything that goes to the agent. It works on one text at a time, as the
 * protocol delimits them, so what tells their lengths is never overwritten whatever the texts are. A text that goes past
 * its chunk is held back to its end, or by a window; of a COPY in text format a row is one text, however it is cut into
 * messages.
 */
export class Net {
  readonly #scanner: Scanner;
  readonly #held: Held;
  #out: Passage = NOWHERE;
  /** The columns of the rows that come next, where they were described. */
  #columns: NetColumn[] | null = null;
  #description: Uint8Array[] | null = null;
  #fields: Fields | null = null;
  #copy = new Fields(COPY_TEXT);
  #binary = false;
  /** A CopyOutResponse has told its format. */
  #formatKnown = true;
  /** Lines of a COPY were walked through, of which the last may not have ended. */
  #copyIsOpen = false;
  /** The first byte of the present piece that was not passed on. */
  #from = 0;
  #column: NetColumn = UNKNOWN;
  /** The type of the present message, and what its texts are where no column tells. */
  #type = 0;
  #kind: NetColumn = UNKNOWN;

  private constructor(detectors: Detectors) {
    this.#scanner = new Scanner(detectors);
    this.#held = new Held(this.#scanner, (bytes) => this.#out.bytes(bytes));
  }

  /** Null where all detectors are off: nothing is looked at then. */
  static of(detectors: Detectors): Net | null {
    return DETECTOR_NAMES.every((name) => detectors[name] === "off") ? null : new Net(detectors);
  }

  /** What the policies let the session see has changed; the same detectors are on. */
  use(detectors: Detectors): void {
    this.#scanner.use(detectors);
  }

  /** Whether something is held back: what was passed on ends inside a message then. */
  get holding(): boolean {
    return this.#held.any;
  }

  /** What was found since the last call, for the event `detected`; null when nothing was. */
  found(): Record<string, Count> | null {
    return this.#scanner.take();
  }

  /** Passes on a piece of a message, masked in place, and what was held back before. Throws `protocol_violation`. */
  take(reader: MessageReader, out: Passage): void {
    const { data, start, end, type, first, last } = reader;
    if (first && type !== COPY_DATA) this.settle(out);
    this.#out = out;
    if (first) this.#begin(type);
    if (type === ROW_DESCRIPTION) this.#describe(reader);
    if (first && last && !this.#held.any && this.#inPlace(type, data, start + HEADER, end)) {
      out.span(data, start, end);
      return;
    }
    this.#from = start;
    const body = first ? start + HEADER : start;
    if (first && this.#held.any) {
      this.#held.gap(data.subarray(start, body));
      this.#from = body;
    }
    if (type === BACKEND.CopyOutResponse.type && end > body && !this.#formatKnown) this.#format(data[body]!);
    const rowEnds = last && data[end - 1] === LF;
    this.#fields?.walk(data, body, end, rowEnds, this.#visit);
    if (last && type !== COPY_DATA) {
      if (type === DATA_ROW || type === BACKEND.FunctionCallResponse.type) {
        this.#fields?.finish(messageName("backend", type)!);
      }
      this.settle(out);
    }
    if (end > this.#from) out.span(data, this.#from, end);
  }

  /** Passes on what is held back: the text does not go on. */
  settle(out: Passage): void {
    this.#out = out;
    if (this.#held.any) this.#finish();
  }

  /** A whole message that the connector itself sends, in which words of the target may stand: a masked copy. */
  message(bytes: Uint8Array): Uint8Array {
    const copy = Uint8Array.from(bytes);
    const reader = new MessageReader("backend");
    reader.push(copy);
    while (reader.next()) {
      const shape = SHAPES.get(reader.type);
      if (shape === undefined) continue;
      const scan: Visit = (_, start, end) => this.#scanner.scan(copy, start, end, Hint.none);
      new Fields(shape).walk(copy, reader.start + HEADER, reader.end, true, scan);
    }
    return copy;
  }

  #begin(type: number): void {
    this.#type = type;
    this.#kind = CELLS.has(type) ? UNKNOWN : WORDS;
    if (type === COPY_DATA) {
      this.#fields = this.#copy;
      this.#copyIsOpen = true;
      return;
    }
    // What was held of a line has been let go: what follows of it is a text of its own.
    if (this.#copyIsOpen && !this.#binary) this.#copy = new Fields(COPY_TEXT);
    this.#copyIsOpen = false;
    const shape = SHAPES.get(type);
    this.#fields = shape === undefined ? null : new Fields(shape);
    if (type === BACKEND.CopyOutResponse.type) this.#formatKnown = false;
    if (type === BACKEND.CommandComplete.type || type === BACKEND.ReadyForQuery.type) this.#columns = null;
  }

  #format(format: number): void {
    this.#formatKnown = true;
    this.#binary = format === 1;
    this.#copy = new Fields(this.#binary ? COPY_BINARY : COPY_TEXT);
  }

  /** The usual case, without copies and without state: a whole row. False for what needs more. */
  #inPlace(type: number, data: Uint8Array, from: number, to: number): boolean {
    if (type === DATA_ROW) {
      this.#row(data, from, to);
      return true;
    }
    if (type !== COPY_DATA || this.#binary || data[to - 1] !== LF) return false;
    this.#scanner.scan(data, from, to, UNKNOWN.hint);
    return true;
  }

  #row(data: Uint8Array, from: number, to: number): void {
    const columns = this.#columns;
    let at = from + 2;
    for (let column = 0; at + 4 <= to; column += 1) {
      const length = (data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!;
      at += 4;
      if (length < -1 || length > to - at) throw malformed();
      if (length <= 0) continue;
      this.#scan(data, at, at + length, columns === null ? UNKNOWN : (columns[column] ?? UNKNOWN));
      at += length;
    }
    if (at !== to) throw malformed();
  }

  readonly #visit = (
    data: Uint8Array,
    start: number,
    end: number,
    begins: boolean,
    ends: boolean,
    column: number,
  ) => {
    if (begins) this.#column = this.#type === DATA_ROW ? (this.#columns?.[column] ?? UNKNOWN) : this.#kind;
    if (begins && ends && !this.#held.any) {
      this.#scan(data, start, end, this.#column);
      return;
    }
    if (!this.#held.any && start > this.#from) this.#out.span(data, this.#from, start);
    this.#held.append(data, start, end, this.#column.hint);
    this.#from = end;
    if (ends) this.#finish();
  };

  #finish(): void {
    this.#held.finish((text, from, to) => this.#scan(text, from, to, this.#column));
  }

  #scan(data: Uint8Array, from: number, to: number, { hint, binary }: NetColumn): void {
    if (binary !== null) {
      const digits = binaryDigits(binary, data, from, to);
      if (digits !== null) {
        if (this.#scanner.number(digits, hint)) clearNumber(binary, data, from, to);
        return;
      }
    }
    this.#scanner.scan(data, from, to, hint);
  }

  #describe(reader: MessageReader): void {
    if (reader.first) {
      this.#columns = null;
      // Unread, it would hide from the detectors which columns are called so that they hold a secret.
      if (reader.length > MAX_DESCRIPTION) {
        throw new SallyportError(
          "protocol_violation",
          "RowDescription describes more columns than there can be",
        );
      }
      this.#description = [];
    }
    if (this.#description === null) return;
    const { data, start, end } = reader;
    this.#description.push(Uint8Array.prototype.slice.call(data, reader.first ? start + HEADER : start, end));
    if (!reader.last) return;
    this.#columns = parseRowDescription(Buffer.concat(this.#description)).map(netColumn);
    this.#description = null;
  }
}

const NOWHERE: Passage = { span() {}, bytes() {} };

function malformed(): SallyportError {
  return new SallyportError("protocol_violation", "DataRow has other lengths than it announces");
}
