import { SallyportError } from "../errors.ts";

const LINE_FEED = 0x0a;

/** Characters of a line; an entry of `MAX_ENTRY` bytes at most doubles as a JSON string. */
export const MAX_LINE = 256 * 1024;

/**
 * The lines of a file of JSON lines, as it arrives in chunks of any size; holds one line and one chunk. Each line ends
 * with a line feed, the last one too, so that a cut is seen. Throws `protocol_violation`, naming the line, for one over
 * `MAX_LINE` bytes, for bytes that are no UTF-8, and for a file that ends within a line.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let begun: Uint8Array[] = [];
  let length = 0;
  let number = 1;
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      const piece = chunk.subarray(start, end < 0 ? chunk.length : end);
      length += piece.length;
      if (length > MAX_LINE) throw violation(`line ${number} is longer than ${MAX_LINE} bytes`);
      if (end < 0) {
        if (piece.length > 0) begun.push(Uint8Array.from(piece));
        break;
      }
      yield decoded(text, begun.length === 0 ? piece : Buffer.concat([...begun, piece]), number);
      begun = [];
      length = 0;
      number++;
      start = end + 1;
    }
  }
  if (length > 0) throw violation(`the file is cut: it ends within line ${number}`);
}

/**
 * The object that a text is the one spelling of: JSON as `JSON.stringify` writes it, with exactly these members in this
 * order. So no bit of the text can change unseen. Throws `protocol_violation`; `place` says where the text stands.
 */
export function exactObject<Name extends string>(
  text: string,
  members: readonly Name[],
  place: string,
): Record<Name, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw violation(`${place} is no JSON`);
  }
  if (typeof value !== "object" || value === null || JSON.stringify(value) !== text) {
    throw violation(`${place} is not as it was written`);
  }
  const names = Object.keys(value);
  if (names.length !== members.length || members.some((member, index) => names[index] !== member)) {
    throw violation(`${place} has other members than ${members.join(", ")}`);
  }
  return value as Record<Name, unknown>;
}

export function violation(message: string): SallyportError {
  return new SallyportError("protocol_violation", message);
}

/** A whole number of 0 up to 2^53, such as an index. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

function decoded(decoder: TextDecoder, bytes: Uint8Array, number: number): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw violation(`line ${number} is no UTF-8`);
  }
}
