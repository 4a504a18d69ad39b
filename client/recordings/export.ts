import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SallyportError } from "../../protocol/errors.ts";
import { readRecording } from "../../protocol/recording/reader.ts";
import type { RecordingTrailer } from "../../protocol/recording.ts";

/** What was written. */
export interface Exported {
  bytes: number;
  entries: number;
  /** Whether both seals are on it; a live session has none. */
  sealed: boolean;
}

/** Takes the next bytes; resolves when there is room for more. */
export type Write = (chunk: Uint8Array | string) => Promise<void>;

/** Writes a recording to a file, see `intoFile`. What is not a whole recording is refused as `protocol_violation`. */
export function exportToFile(chunks: AsyncIterable<Uint8Array>, path: string): Promise<Exported> {
  return intoFile(path, (write) => copy(chunks, write));
}

/** Writes a recording to a stream such as standard output, as it comes. */
export function exportToStream(
  chunks: AsyncIterable<Uint8Array>,
  stream: NodeJS.WritableStream,
): Promise<Exported> {
  return copy(chunks, intoStream(stream));
}

/**
 * Fills a file, whole or not at all: it is a temporary file beside it first, which only the owner may read. Throws
 * `invalid_request` where it can't be written, and what `fill` throws.
 */
export async function intoFile<Result>(
  path: string,
  fill: (write: Write) => Promise<Result>,
): Promise<Result> {
  const temporary = join(dirname(path), `.${randomUUID()}.sallyport`);
  const file = await open(temporary, "wx", 0o600).catch((error: Error) => {
    throw new SallyportError("invalid_request", `${path} can't be written: ${error.message}`);
  });
  try {
    const result = await fill(async (chunk) => void (await file.writeFile(chunk)));
    await file.sync();
    await file.close();
    await rename(temporary, path);
    return result;
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes to a stream such as standard output, at its own pace. */
export function intoStream(stream: NodeJS.WritableStream): Write {
  return async (chunk) => {
    if (!stream.write(chunk)) await once(stream, "drain");
  };
}

/** Reads along while it writes: a download that broke off is told by its end. */
async function copy(chunks: AsyncIterable<Uint8Array>, write: Write): Promise<Exported> {
  let bytes = 0;
  let entries = 0;
  let trailer: RecordingTrailer = {};
  async function* written(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      await write(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  for await (const part of readRecording(written())) {
    if (part.part === "entry") entries++;
    if (part.part === "trailer") trailer = part.trailer;
  }
  return { bytes, entries, sealed: Boolean(trailer.edgeSeal && trailer.connectorSeal) };
}
