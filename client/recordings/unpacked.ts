import { createHash } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { SallyportError } from "../../protocol/errors.ts";
import type { GivenArchive } from "../../protocol/evidence/entered.ts";
import { type ArchiveIndex, BLOCK, isArchive } from "../../protocol/recording/encryption/archive.ts";
import { ArchiveReader } from "../../protocol/recording/encryption/archive-reader.ts";
import { AGE_MAGIC, decrypted } from "../../protocol/recording/encryption/decrypt.ts";
import type { Identities } from "../../protocol/recording/encryption/identities.ts";
import type { IdentitySource } from "./identity.ts";

const GZIP = Uint8Array.of(0x1f, 0x8b);

/** A file whose beginning was looked at. */
export interface Begun {
  /** `archive`: of an encrypted recording. `age`: encrypted by itself. `gzip`: compressed. `plain`: anything else. */
  kind: "archive" | "age" | "gzip" | "plain";
  /** All of its bytes. */
  chunks: AsyncGenerator<Uint8Array>;
  /** Ends reading, also where it was never begun: a download that nobody ends keeps the process. */
  close(): Promise<void>;
}

/** Looks what a file is. */
export async function begin(chunks: AsyncIterable<Uint8Array>): Promise<Begun> {
  const iterator = chunks[Symbol.asyncIterator]();
  let begun: Uint8Array = new Uint8Array(0);
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    begun = Buffer.concat([begun, next.value]);
    if (begun.length >= BLOCK) break;
  }
  return {
    kind: kindOf(begun),
    chunks: rejoined(begun, iterator),
    close: async () => void (await iterator.return?.()),
  };
}

function kindOf(begun: Uint8Array): Begun["kind"] {
  if (isArchive(begun)) return "archive";
  if (Buffer.from(begun.subarray(0, AGE_MAGIC.length)).toString("latin1") === AGE_MAGIC) return "age";
  return begun[0] === GZIP[0] && begun[1] === GZIP[1] ? "gzip" : "plain";
}

/**
 * The bytes, decrypted where they are encrypted (age-encryption.org/v1, or the archive of an encrypted recording) and
 * decompressed where they are gzip (RFC 1952), of one member or several. Streams. Throws `recording_encrypted` without the right
 * identity, before anything else is given; `protocol_violation` for what is damaged.
 */
export async function* unpacked(
  chunks: AsyncIterable<Uint8Array>,
  identities: IdentitySource,
): AsyncGenerator<Uint8Array> {
  yield* contentOf(await begin(chunks), identities);
}

/** As `unpacked`. `told`: the objects of an archive, once they were read. */
export async function* contentOf(
  { kind, chunks, close }: Begun,
  identities: IdentitySource,
  told: (archive: GivenArchive) => void = () => {},
): AsyncGenerator<Uint8Array> {
  try {
    if (kind === "plain") yield* chunks;
    else if (kind === "gzip") yield* gunzipped(chunks);
    else if (kind === "age") yield* decompressed(decrypted(chunks, await given(identities)));
    else yield* archived(chunks, await given(identities), told);
  } finally {
    await close();
  }
}

async function* archived(
  chunks: AsyncIterable<Uint8Array>,
  identities: Identities,
  told: (archive: GivenArchive) => void,
): AsyncGenerator<Uint8Array> {
  const reader = await ArchiveReader.begin(chunks);
  for await (const { bytes } of reader.objects()) yield* gunzipped(decrypted(bytes, identities));
  told(archiveOf(reader.index));
}

/** The objects of an archive that was read to its end, and so has what its index says. */
export function archiveOf({ parts }: ArchiveIndex): GivenArchive {
  const hash = createHash("sha256");
  for (const { sha256 } of parts) hash.update(Buffer.from(sha256, "hex"));
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return { parts: parts.length, bytes, sha256: hash.digest("hex") };
}

async function given(identities: IdentitySource): Promise<Identities> {
  const found = await identities();
  if (found !== null) return found;
  throw new SallyportError(
    "recording_encrypted",
    "The recording is encrypted, and no identity is given.",
    "Give the file with the secret key of one of its recipients: --identity FILE, or SALLYPORT_IDENTITY.",
  );
}

/** What is encrypted by itself may be compressed; what it is not is an encryption again. */
async function* decompressed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const begun = await begin(chunks);
  if (begun.kind === "gzip") yield* gunzipped(begun.chunks);
  else yield* begun.chunks;
}

async function* rejoined(begun: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (begun.length > 0) yield begun;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let given = 0;
  const gunzip = createGunzip();
  const counted = through(chunks, (chunk) => {
    given += chunk.length;
  });
  // What goes wrong with either is told by the one that is read here.
  pipeline(Readable.from(counted), gunzip, () => {});
  try {
    yield* gunzip as AsyncIterable<Uint8Array>;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith("Z_")) throw violation(`what is packed with gzip is damaged: ${message}`);
    throw error;
  }
  // Node passes over zeros behind the last member.
  if (gunzip.bytesWritten !== given) throw violation("bytes follow what is packed with gzip");
}

/** The chunks, each shown before it goes on. */
export async function* through(
  chunks: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void | Promise<void>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    await see(chunk);
    yield chunk;
  }
}

function violation(message: string): SallyportError {
  return new SallyportError("protocol_violation", message);
}
