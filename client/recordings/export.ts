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

/**
 * Writes a recording to a file, whole or not at all: it goes to a temporary file beside it first, which only the
 * owner may read. What is not a whole recording is refused as `protocol_violation`.
 */
export async function exportToFile(chunks: AsyncIterable<Uint8Array>, path: string): Promise<Exported> {
  const temporary = join(dirname(path), `.${randomUUID()}.sallyport`);
  const file = await open(temporary, "wx", 0o600).catch((error: Error) => {
    throw new SallyportError("invalid_request", `${path} can't be written: ${error.message}`);
  });
  try {
    const exported = await copy(chunks, async (chunk) => void (await file.writeFile(chunk)));
    await file.sync();
    await file.close();
    await rename(temporary, path);
    return exported;
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes a recording to a stream such as standard output, as it comes. */
export function exportToStream(
  chunks: AsyncIterable<Uint8Array>,
  stream: NodeJS.WritableStream,
): Promise<Exported> {
  return copy(chunks, async (chunk) => {
    if (!stream.write(chunk)) await once(stream, "drain");
  });
}

/** Reads along while it writes: a download that broke off is told by its end. */
async function copy(
  chunks: AsyncIterable<Uint8Array>,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<Exported> {
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
