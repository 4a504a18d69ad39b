import { SallyportError } from "../protocol/errors.ts";

/** Reads a body as UTF-8 text of at most `max` bytes; stops reading past that. Throws `invalid_request`. */
export async function boundedText(body: ReadableStream<Uint8Array> | null, max: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > max) throw new SallyportError("invalid_request", `the body is over ${max} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString();
}
