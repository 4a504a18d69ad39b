import type { Direction } from "../message-types.ts";
import { BACKEND, FRONTEND } from "../message-types.ts";
import { MessageReader, STARTUP } from "../reader.ts";

/** Bytes of a message's body that are kept; the rest is counted. Holds any RowDescription of 1,664 columns. */
export const KEPT_BODY = 256 * 1024;
/** Bytes kept of a CopyData. */
export const KEPT_COPY = 512;

const TYPED_HEADER = 5;
const COPY_DATA = "d".charCodeAt(0);

/** A message of which at most the first `KEPT_BODY` bytes are there. */
export interface Gathered {
  /** The letter, or an empty text for a message of the startup phase. */
  letter: string;
  body: Uint8Array;
  /** Bytes of the whole body. */
  length: number;
  cut: boolean;
}

/** Puts messages together across frames with bounded memory, whatever their lengths. */
export class Gatherer {
  readonly #reader: MessageReader;
  #kept: Uint8Array[] = [];
  #size = 0;

  constructor(direction: Direction) {
    const rules = Object.values(direction === "frontend" ? FRONTEND : BACKEND);
    const letters = rules
      .filter(({ type }) => type !== COPY_DATA)
      .map(({ type }) => String.fromCharCode(type));
    this.#reader = new MessageReader(direction, { whole: letters.join(""), wholeLimit: KEPT_BODY });
  }

  /** The messages that end in these bytes. Throws as `MessageReader.next()` does. */
  *push(bytes: Uint8Array): Generator<Gathered, void, undefined> {
    const reader = this.#reader;
    reader.push(bytes);
    while (reader.next()) {
      const letter = reader.type === STARTUP ? "" : String.fromCharCode(reader.type);
      const { length } = reader;
      const body = reader.body();
      if (body) {
        yield { letter, body, length, cut: false };
        continue;
      }
      this.#keep(reader.first ? reader.bytes().subarray(TYPED_HEADER) : reader.bytes(), reader.type);
      if (!reader.last) continue;
      const gathered = { letter, body: Buffer.concat(this.#kept), length, cut: this.#size < length };
      this.#kept = [];
      this.#size = 0;
      yield gathered;
    }
  }

  #keep(piece: Uint8Array, type: number): void {
    const room = (type === COPY_DATA ? KEPT_COPY : KEPT_BODY) - this.#size;
    if (room <= 0) return;
    const kept = Buffer.from(piece.subarray(0, room));
    this.#kept.push(kept);
    this.#size += kept.length;
  }
}
