import { SallyportError } from "../../errors.ts";
import type { RecordingTrailer } from "../../recording.ts";
import { trailerJson } from "../../recording.ts";
import { parseTrailer } from "../reader.ts";
import type { SealedPart } from "../sealed.ts";

/**
 * An encrypted recording in one file: a tar archive (POSIX.1-1988, ustar) with a folder that has the session's name, in it
 * `recording.json`, and then the sealed objects as they lie in object storage, `0001.gz.age`, … Nothing in it is secret. It has one
 * spelling, so that no bit can change unseen: hashes and signatures judge what it says.
 */
export const ARCHIVE_TYPE = "application/vnd.sallyport.encrypted-recording+tar";
const FORMAT = "sallyport encrypted recording 1";
export const BLOCK = 512;
/** Bytes of `recording.json`: each part has 150. */
export const MAX_INDEX = 4 * 1024 * 1024;
/** Bytes of an object; a part has 16 MiB and what an entry goes over. */
const MAX_PART = 2 ** 33 - 1;

/** What an archive says of itself; nothing of it is proven. */
export interface ArchiveIndex {
  session: string;
  /** As the recording ends with it. */
  trailer: RecordingTrailer;
  parts: SealedPart[];
}

/** The archive's bytes before its first object. As all of these, in memory of their own: a stream may take it over. */
export function archiveBeginning(index: ArchiveIndex): Buffer {
  const json = indexJson(index);
  const bytes = Buffer.alloc(BLOCK + json.length + padding(json.length).length);
  bytes.set(tarHeader(`${index.session}/recording.json`, json.length));
  bytes.set(json, BLOCK);
  return bytes;
}

/** The bytes before an object. */
export function archiveHeader({ session }: ArchiveIndex, { part, bytes }: SealedPart): Buffer {
  return tarHeader(`${session}/${objectName(part)}`, bytes);
}

/** The bytes after so many of an object, or of the index; perhaps none. */
export function padding(bytes: number): Buffer {
  return Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK);
}

/** The archive's last bytes. */
export function archiveEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK);
}

/** The name of an encrypted part's object, in its folder. */
export function objectName(part: number): string {
  return `${String(part).padStart(4, "0")}.gz.age`;
}

/** Whether a file begins as an archive does; the first 512 bytes are enough to tell. */
export function isArchive(begun: Uint8Array): boolean {
  return begun.length >= BLOCK && Buffer.from(begun.subarray(257, 262)).toString("latin1") === "ustar";
}

/** The session and the index's length, from the archive's first block. Throws `protocol_violation`. */
export function readBeginning(block: Uint8Array): { session: string; bytes: number } {
  const text = Buffer.from(block).toString("latin1");
  const [, session] = /^([0-9a-f]{32})\/recording\.json\0/.exec(text) ?? [];
  const [, size] = /^([0-7]{11})\0$/.exec(text.slice(124, 136)) ?? [];
  const bytes = size === undefined ? Number.NaN : Number.parseInt(size, 8);
  if (session === undefined || !(bytes <= MAX_INDEX))
    throw violation("it does not begin with recording.json");
  if (!tarHeader(`${session}/recording.json`, bytes).equals(block))
    throw violation("its first header is not as it was written");
  return { session, bytes };
}

/** The index of the archive of this session. Throws `protocol_violation`. */
export function parseIndex(json: Uint8Array, session: string): ArchiveIndex {
  let value: Partial<Record<keyof ArchiveIndex, unknown>>;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(json)) as object;
  } catch {
    throw violation("recording.json is no JSON");
  }
  if (!Array.isArray(value?.parts) || value.parts.length === 0 || typeof value.trailer !== "object")
    throw violation("recording.json names no parts or no trailer");
  const index = {
    session,
    trailer: parseTrailer(Buffer.from(JSON.stringify(value.trailer))),
    parts: value.parts.map(partOf),
  };
  if (!indexJson(index).equals(json)) throw violation("recording.json is not as it was written");
  return index;
}

function partOf(value: unknown, index: number): SealedPart {
  const { part, first, last, bytes, sha256 } = (value ?? {}) as Record<string, unknown>;
  const isRight =
    part === index + 1 &&
    [first, last, bytes].every((number) => Number.isSafeInteger(number) && Number(number) >= 0) &&
    Number(bytes) <= MAX_PART &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(sha256);
  if (!isRight) throw violation(`recording.json has no part ${index + 1}`);
  return { part, first, last, bytes, sha256 } as SealedPart;
}

function indexJson({ session, trailer, parts }: ArchiveIndex): Buffer {
  const listed = parts.map(({ part, first, last, bytes, sha256 }) => ({ part, first, last, bytes, sha256 }));
  const seals = JSON.parse(trailerJson(trailer).toString()) as object;
  return Buffer.from(JSON.stringify({ format: FORMAT, session, trailer: seals, parts: listed }));
}

/** A header of a file that anybody may read, of nobody and of no time. */
function tarHeader(name: string, bytes: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  header.write(name, 0, 100, "latin1");
  header.write(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100, "latin1");
  header.write(`${octal(bytes, 11)}\0${octal(0, 11)}\0`, 124, "latin1");
  header.write("        0", 148, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${octal(sum, 6)}\0 `, 148, "latin1");
  return header;
}

function violation(why: string): SallyportError {
  return new SallyportError("protocol_violation", `the archive of an encrypted recording is damaged: ${why}`);
}
