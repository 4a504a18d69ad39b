import { SallyportError } from "../../errors.ts";
import type { Identities } from "./identities.ts";

/** How an age file begins (age-encryption.org/v1). */
export const AGE_MAGIC = "age-encryption.org/";
/** Bytes of the longest header that is read: that of 16 recipients with ML-KEM-768 has 27 KB. */
const MAX_HEADER = 64 * 1024;
/** Every header ends with a line that begins so. */
const HEADER_END = "\n--- ";

/**
 * The content of an age file as it is decrypted: 64 KiB are held, and given only once they are authentic. Throws
 * `recording_encrypted` where no identity opens it, `protocol_violation` for what was changed, cut, or is no such file, perhaps
 * after bytes that are right; and what reading `chunks` throws. Never ends before the file's own end.
 */
export async function* decrypted(
  chunks: AsyncIterable<Uint8Array>,
  identities: Identities,
): AsyncGenerator<Uint8Array> {
  const source = new Source(chunks);
  try {
    const stream = await identities.decrypter().decrypt(streamOf(await source.headed()));
    const reader = stream.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  } catch (error) {
    throw source.failure ?? faultOf(error, identities);
  } finally {
    await source.close();
  }
}

/** Reads along, so that its failures are told from those of decrypting. */
class Source {
  failure: unknown;
  readonly #iterator: AsyncIterator<Uint8Array>;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#iterator = chunks[Symbol.asyncIterator]();
  }

  /** All of it, once so much is there that the header's end must be among it. Throws `protocol_violation`. */
  async headed(): Promise<AsyncIterator<Uint8Array>> {
    let begun = Buffer.alloc(0);
    while (!begun.includes(HEADER_END)) {
      const next = begun.length > MAX_HEADER ? null : await this.#next();
      if (next === null || next.done) throw violation("its header has no end");
      begun = Buffer.concat([begun, next.value]);
    }
    let isFirst = true;
    return {
      next: () => {
        if (!isFirst) return this.#next();
        isFirst = false;
        return Promise.resolve({ done: false, value: begun });
      },
    };
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.#iterator.next();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

function streamOf(chunks: AsyncIterator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}

function faultOf(error: unknown, { recipients }: Identities): unknown {
  if (error instanceof SallyportError) return error;
  if (error instanceof Error && error.message.startsWith("no identity matched"))
    return new SallyportError(
      "recording_encrypted",
      `The recording is encrypted to others than ${recipients.length === 1 ? "the identity given" : "the identities given"}: ${recipients.map(short).join(", ")}.`,
      "Give the identity file of one of those to whom recordings were encrypted when the session was opened: `sallyport changes` lists them.",
    );
  return violation(error instanceof Error ? error.message : "it can't be decrypted");
}

function short(recipient: string): string {
  return recipient.length > 80 ? `${recipient.slice(0, 24)}…` : recipient;
}

function violation(why: string): SallyportError {
  return new SallyportError("protocol_violation", `what is encrypted is damaged: ${why}`);
}
