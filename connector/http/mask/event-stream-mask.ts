import { SallyportError } from "../../../protocol/errors.ts";
import { Hint } from "../../mask/detectors/found.ts";
import type { Detectors } from "../../mask/detectors/modes.ts";
import type { Scanner } from "../../mask/detectors/scanner.ts";
import { type BodyMask, type Findings, LabelCounts } from "./body-mask.ts";
import { broken } from "./json-body.ts";
import { JsonMask, type JsonRules, Malformed } from "./json-mask.ts";
import { NOWHERE } from "./json-place.ts";

/** Bytes of one event. */
const MAX_EVENT = 8 * 1024 * 1024;
const LF = 0x0a;
const CR = 0x0d;
const NO_RULES: JsonRules = { root: NOWHERE, objects: null };

/**
 * Server-sent events (HTML Standard, section 9.2): each is looked at as a whole once it has ended, and goes on at once.
 * What its `data` lines say together is masked as JSON where it is some, else as text.
 */
export class EventStreamMask implements BodyMask {
  readonly #rules: JsonRules | null;
  readonly #scanner: Scanner | null;
  readonly #nested: number;
  readonly #counts = new LabelCounts();
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Whether the line that is being read has nothing yet, and whether a CR ended the last. */
  #isEmpty = true;
  #wasCr = false;

  constructor(rules: JsonRules | null, scanner: Scanner | null, nested: number) {
    this.#rules = rules;
    this.#scanner = scanner;
    this.#nested = nested;
  }

  write(chunk: Buffer): Buffer[] {
    const out: Buffer[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at]!;
      const isLineEnd = byte === CR || (byte === LF && !this.#wasCr);
      if (byte === LF && this.#wasCr) {
        this.#wasCr = false;
        continue;
      }
      this.#wasCr = byte === CR;
      if (!isLineEnd) {
        this.#isEmpty = false;
        continue;
      }
      if (this.#isEmpty) {
        out.push(this.#event(chunk.subarray(from, at + 1)));
        from = at + 1;
      }
      this.#isEmpty = true;
    }
    this.#hold(chunk.subarray(from));
    return out;
  }

  end(): Buffer[] {
    return this.#heldBytes === 0 ? [] : [this.#event(Buffer.alloc(0))];
  }

  stop(): void {}

  use(detectors: Detectors): void {
    this.#scanner?.use(detectors);
  }

  take(): Findings {
    return { labels: this.#counts.take(), found: this.#scanner?.take() ?? null };
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > MAX_EVENT) {
      throw new SallyportError(
        "limit_exceeded",
        `an event of the target's has more than ${MAX_EVENT / 1024 / 1024} MiB`,
        "Events are masked as a whole. Have the target send smaller ones.",
      );
    }
    this.#held.push(bytes);
  }

  #event(last: Buffer): Buffer {
    const bytes = Buffer.concat([...this.#held, last]);
    this.#held = [];
    this.#heldBytes = 0;
    const lines = linesOf(bytes);
    const data = lines.filter(({ isData }) => isData);
    const said = Buffer.concat(
      data.flatMap(({ start, end }, i) => [...(i > 0 ? [NEWLINE] : []), bytes.subarray(start, end)]),
    );
    const masked = said.length === 0 ? said : this.#data(said);
    const isChanged = !masked.equals(said);
    const out: Buffer[] = [];
    for (const line of lines) {
      if (!line.isData) {
        this.#scanner?.scan(bytes, line.from, line.end, Hint.none);
        out.push(bytes.subarray(line.from, line.to));
      } else if (!isChanged) out.push(bytes.subarray(line.from, line.to));
      else if (line === data[0]) {
        const ending = bytes.subarray(line.end, line.to);
        for (const one of splitLines(masked)) out.push(DATA, one, ending.length > 0 ? ending : NEWLINE);
      }
    }
    return Buffer.concat(out);
  }

  #data(said: Buffer): Buffer {
    const copy = Buffer.from(said);
    const mask = new JsonMask({
      rules: this.#rules ?? NO_RULES,
      scanner: this.#scanner,
      count: this.#counts.count,
      nested: this.#nested,
    });
    const out: Buffer[] = [];
    try {
      mask.write(copy, out);
      mask.end(out);
      return Buffer.concat(out);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      // Of what has neither members nor texts nothing can have a label: `[DONE]`.
      if (this.#rules !== null && /[{"]/.test(said.toString("latin1"))) throw broken(error.why);
      const text = Buffer.from(said);
      this.#scanner?.scan(text, 0, text.length, Hint.none);
      return text;
    }
  }
}

interface Line {
  from: number;
  /** Of a data line, its value. */
  start: number;
  end: number;
  /** With its line end. */
  to: number;
  isData: boolean;
}

const NEWLINE = Buffer.from("\n");
const DATA = Buffer.from("data: ");
const FIELD = Buffer.from("data");
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const COLON = 0x3a;
const SPACE = 0x20;

function linesOf(bytes: Buffer): Line[] {
  const lines: Line[] = [];
  for (let from = 0; from < bytes.length; ) {
    let end = from;
    while (end < bytes.length && bytes[end] !== LF && bytes[end] !== CR) end += 1;
    const to = bytes[end] === CR && bytes[end + 1] === LF ? end + 2 : Math.min(bytes.length, end + 1);
    const name = from === 0 && bytes.subarray(0, 3).equals(MARK) ? 3 : from;
    const after = name + FIELD.length;
    const isData =
      bytes.subarray(name, after).equals(FIELD) && (after === end || (after < end && bytes[after] === COLON));
    let start = Math.min(end, after + 1);
    if (start < end && bytes[start] === SPACE) start += 1;
    lines.push({ from, start: isData ? start : from, end, to, isData });
    from = to;
  }
  return lines;
}

function splitLines(text: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let at = text.indexOf(LF); at !== -1; at = text.indexOf(LF, from)) {
    lines.push(text.subarray(from, at));
    from = at + 1;
  }
  lines.push(text.subarray(from));
  return lines;
}
