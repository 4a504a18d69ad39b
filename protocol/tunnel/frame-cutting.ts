import { MAX_PAYLOAD } from "../frame.ts";

/**
 * Cuts bytes into payloads: `whole` gets each that is full while there is more, without copying. Answers the rest, of
 * at most `MAX_PAYLOAD` bytes; it is empty only where there were none.
 */
export function cutPayloads(
  chunks: readonly Uint8Array[],
  whole: (chunks: Uint8Array[]) => void,
): { chunks: Uint8Array[]; size: number } {
  let batch: Uint8Array[] = [];
  let size = 0;
  for (let chunk of chunks) {
    while (size + chunk.length > MAX_PAYLOAD) {
      const part = chunk.subarray(0, MAX_PAYLOAD - size);
      whole([...batch, part]);
      chunk = chunk.subarray(part.length);
      batch = [];
      size = 0;
    }
    batch.push(chunk);
    size += chunk.length;
  }
  return { chunks: batch, size };
}
