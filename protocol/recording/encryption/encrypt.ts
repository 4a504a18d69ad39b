import { Encrypter } from "age-encryption";

/** Bytes that are encrypted at once, a chunk of age; and before others have their turn. */
const CHUNK = 64 * 1024;
const TURN_BYTES = 512 * 1024;

/**
 * Encrypts to each of the recipients, as one age file (age-encryption.org/v1, binary). Each call gives other bytes. `turn` lets
 * others have theirs. Throws what the library throws for recipients that are none.
 */
export async function encrypted(
  bytes: Uint8Array,
  recipients: readonly string[],
  turn: () => Promise<unknown>,
): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const stream = await encrypter.encrypt(inChunks(bytes));
  const out = new Uint8Array(stream.size(bytes.length));
  const reader = stream.getReader();
  let at = 0;
  for (let since = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    out.set(value, at);
    at += value.length;
    since += value.length;
    if (since < TURN_BYTES) continue;
    since = 0;
    await turn();
  }
  return out;
}

function inChunks(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, at + CHUNK));
      at += CHUNK;
      if (at >= bytes.length) controller.close();
    },
  });
}
