import { createHash } from "node:crypto";
import { SallyportError } from "../../../protocol/errors.ts";
import { partKey, type SealedPart } from "../../../protocol/recording/sealed.ts";

/** What of an R2 bucket sealed recordings need. */
export type Bucket = Pick<R2Bucket, "put" | "head" | "get">;

/** Bytes that are decompressed at once: each may become a thousand times as many. */
const PIECE = 8 * 1024;

/** Sealed recordings in object storage. What lies there is never overwritten. */
export class Archive {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  /**
   * Puts a part's object, whose SHA-256 (hex) the store checks; false where an object of this name is there already. Throws what
   * the store throws; the object may have been put all the same.
   */
  async put(
    session: string,
    part: number,
    isEncrypted: boolean,
    bytes: Uint8Array,
    sha256: string,
  ): Promise<boolean> {
    const put = await this.#bucket.put(partKey(session, part, isEncrypted), bytes, {
      onlyIf: { etagDoesNotMatch: "*" },
      sha256,
      httpMetadata: { contentType: "application/octet-stream" },
    });
    return put !== null;
  }

  /** What the store says of a part's object; null where there is none. `sha256` is null for one that was put without. */
  async look(
    session: string,
    part: number,
    isEncrypted: boolean,
  ): Promise<{ bytes: number; sha256: string | null } | null> {
    const head = await this.#bucket.head(partKey(session, part, isEncrypted));
    if (head === null) return null;
    const { sha256 } = head.checksums;
    return { bytes: head.size, sha256: sha256 ? Buffer.from(sha256).toString("hex") : null };
  }

  /**
   * The slice of the export file that a part holds, as it is decompressed. Ends only when the object was the one that was sealed,
   * to its last byte: else it throws `recording_damaged`, perhaps after bytes that are wrong. Throws `recording_unavailable` where
   * the store fails.
   */
  async *read(session: string, part: SealedPart, isEncrypted: boolean): AsyncGenerator<Uint8Array> {
    if (isEncrypted) throw unreadable();
    const body = await this.#open(session, part, false);
    const gunzip = new DecompressionStream("gzip");
    const feeding = new Feeding(body, part);
    const fed = feeding.into(gunzip.writable);
    try {
      for await (const chunk of gunzip.readable) yield chunk;
      await fed;
    } catch (error) {
      throw feeding.fault ?? (error instanceof SallyportError ? error : damaged(part, "it is no gzip"));
    }
  }

  /**
   * A part's object as it lies there. Ends only when it was the one that was sealed, to its last byte; throws as `read` does.
   */
  async *object(session: string, part: SealedPart, isEncrypted: boolean): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    const reader = (await this.#open(session, part, isEncrypted)).getReader();
    try {
      for (;;) {
        const { done, value } = await next(reader);
        if (done) break;
        hash.update(value);
        yield value;
      }
      if (hash.digest("hex") !== part.sha256) throw damaged(part, "its bytes are others");
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }

  async #open(session: string, part: SealedPart, isEncrypted: boolean): Promise<ReadableStream<Uint8Array>> {
    let object: R2ObjectBody | null;
    try {
      object = await this.#bucket.get(partKey(session, part.part, isEncrypted));
    } catch {
      throw unavailable();
    }
    if (object === null) throw damaged(part, "it is not there");
    if (object.size !== part.bytes) throw damaged(part, "it has another length");
    return object.body;
  }
}

/** Feeds an object's bytes to who decompresses them, and checks them on the way. */
class Feeding {
  fault: SallyportError | undefined;
  readonly #body: ReadableStream<Uint8Array>;
  readonly #part: SealedPart;
  readonly #hash = createHash("sha256");

  constructor(body: ReadableStream<Uint8Array>, part: SealedPart) {
    this.#body = body;
    this.#part = part;
  }

  /** Resolves when all is fed, or feeding has failed; never rejects. */
  async into(writable: WritableStream): Promise<void> {
    const writer = writable.getWriter();
    const reader = this.#body.getReader();
    try {
      for (;;) {
        const { done, value } = await next(reader);
        if (done) break;
        this.#hash.update(value);
        for (let at = 0; at < value.length; at += PIECE) await writer.write(value.subarray(at, at + PIECE));
      }
      if (this.#hash.digest("hex") !== this.#part.sha256) {
        this.fault = damaged(this.#part, "its bytes are others");
        throw this.fault;
      }
      await writer.close();
    } catch (error) {
      if (error instanceof SallyportError) this.fault = error;
      await reader.cancel().catch(() => undefined);
      await writer.abort(error).catch(() => undefined);
    }
  }
}

/** Throws `recording_unavailable` where the store breaks off. */
async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch {
    throw unavailable();
  }
}

/** What is told of an encrypted recording where it would have to be read. */
export function unreadable(): SallyportError {
  return new SallyportError(
    "recording_encrypted",
    "the recording is encrypted, and the edge has no key to it",
    "Give the command the identity file of one of its recipients: --identity FILE.",
  );
}

function unavailable(): SallyportError {
  return new SallyportError(
    "recording_unavailable",
    "object storage does not give the recording now",
    "Try again; nothing is lost by it.",
  );
}

function damaged(part: SealedPart, why: string): SallyportError {
  return new SallyportError(
    "recording_damaged",
    `part ${part.part} of the sealed recording is not as it was sealed: ${why}`,
    "Somebody has changed or removed it in object storage; a copy of the bucket may still have it.",
  );
}
