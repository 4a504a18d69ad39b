import { SallyportError } from "../../protocol/errors.ts";
import { ArchiveReader } from "../../protocol/recording/encryption/archive-reader.ts";
import { type Exported, intoFile, intoStream, type Write } from "./export.ts";
import { begin, through } from "./unpacked.ts";

/**
 * Writes an encrypted recording as it lies at the edge, its archive, to a file (whole or not at all), or to a stream. Reads along,
 * and so finds what was cut or changed on the way. Throws `conflict` for a recording that is not encrypted, `protocol_violation`.
 */
export async function exportArchive(
  chunks: AsyncIterable<Uint8Array>,
  to: string | NodeJS.WritableStream,
): Promise<Exported> {
  const begun = await begin(chunks);
  if (begun.kind !== "archive") {
    await begun.close();
    throw new SallyportError(
      "conflict",
      "The recording is not encrypted, or not sealed yet.",
      "Export it without --encrypted.",
    );
  }
  const copy = (write: Write) => copied(begun.chunks, write);
  return typeof to === "string" ? intoFile(to, copy) : copy(intoStream(to));
}

async function copied(chunks: AsyncIterable<Uint8Array>, write: Write): Promise<Exported> {
  let bytes = 0;
  const written = through(chunks, async (chunk) => {
    bytes += chunk.length;
    await write(chunk);
  });
  const reader = await ArchiveReader.begin(written);
  for await (const object of reader.objects()) for await (const _ of object.bytes);
  const { edgeSeal, connectorSeal } = reader.index.trailer;
  return { bytes, entries: edgeSeal?.entries ?? 0, sealed: Boolean(edgeSeal && connectorSeal) };
}
