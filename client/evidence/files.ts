import { createHash } from "node:crypto";
import { createReadStream, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { SallyportError } from "../../protocol/errors.ts";
import type { GivenArchive } from "../../protocol/evidence/entered.ts";
import type { RecordingSource } from "../../protocol/evidence/recording-check.ts";
import type { Source } from "../../protocol/evidence/source.ts";

/** What of a folder is a recording, packed or not; and one object of a sealed recording. */
const RECORDING = /\.sallyport(\.gz)?$/;
const OBJECT = /^(\d{4,})\.gz(\.age)?$/;
/** Folders within folders that are looked into: of a copy of the archive, `recordings/SESSION`. */
const MAX_DEPTH = 4;

const GZIP = Uint8Array.of(0x1f, 0x8b);
const AGE = "age-encryption.org/";

/** A file of evidence, packed with gzip or not. */
export function fileSource(path: string, name = path): Source {
  return { name, open: () => unpacked(fileBytes(path)) };
}

/**
 * The recordings that a path names: a file, or all in a folder and those within, in the order of their names. A folder
 * with objects `0001.gz`, … is one sealed recording. Throws `not_found`, also for a folder without any, or `invalid_request` for what can't be read.
 */
export function* recordingsAt(path: string): Generator<RecordingSource> {
  if (!isFolder(path)) {
    yield { ...fileSource(path), archive: () => null };
    return;
  }
  let count = 0;
  for (const recording of recordingsIn(path, MAX_DEPTH)) {
    count++;
    yield recording;
  }
  if (count > 0) return;
  throw new SallyportError(
    "not_found",
    `There is no recording in ${path}.`,
    "Recordings are files *.sallyport or *.sallyport.gz, or folders with sealed objects 0001.gz, 0002.gz, …",
  );
}

function* recordingsIn(folder: string, depth: number): Generator<RecordingSource> {
  const entries = reading(folder, () => readdirSync(folder, { withFileTypes: true }));
  const names = (isWanted: (entry: (typeof entries)[number]) => boolean) =>
    entries
      .filter(isWanted)
      .map(({ name }) => name)
      .sort();
  const objects = names((entry) => entry.isFile() && OBJECT.test(entry.name));
  if (objects.length > 0) yield sealedRecording(folder, objects);
  for (const name of names((entry) => entry.isFile() && RECORDING.test(entry.name))) {
    yield { ...fileSource(join(folder, name)), archive: () => null };
  }
  if (depth === 0) return;
  for (const name of names((entry) => entry.isDirectory()))
    yield* recordingsIn(join(folder, name), depth - 1);
}

/** The objects of one sealed recording, hashed as they are read. */
function sealedRecording(folder: string, names: string[]): RecordingSource {
  let archive: GivenArchive | null = null;
  const objects = names
    .map((name) => ({ name, part: Number(OBJECT.exec(name)![1]) }))
    .sort((one, other) => one.part - other.part);
  async function* open(): AsyncGenerator<Uint8Array> {
    const whole = createHash("sha256");
    let bytes = 0;
    for (const [index, { name, part }] of objects.entries()) {
      if (part !== index + 1) throw violation(`object ${index + 1} of the recording is missing`);
      const hash = createHash("sha256");
      yield* unpacked(
        through(fileBytes(join(folder, name)), (chunk) => {
          hash.update(chunk);
          bytes += chunk.length;
        }),
      );
      whole.update(hash.digest());
    }
    archive = { parts: objects.length, bytes, sha256: whole.digest("hex") };
  }
  return { name: folder, open, archive: () => archive };
}

/** The bytes, decompressed where they are gzip (RFC 1952), of one member or several. Throws `protocol_violation`. */
export async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let begun: Uint8Array = new Uint8Array(0);
  for (let next = await iterator.next(); ; next = await iterator.next()) {
    if (next.done) break;
    begun = Buffer.concat([begun, next.value]);
    if (begun.length >= AGE.length) break;
  }
  const all = rejoined(begun, iterator);
  if (Buffer.from(begun.subarray(0, AGE.length)).toString("latin1") === AGE) {
    await iterator.return?.();
    throw violation("it is encrypted: decrypt it with age and one of its recipients' keys, then verify that");
  }
  if (begun[0] === GZIP[0] && begun[1] === GZIP[1]) yield* gunzipped(all);
  else yield* all;
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

async function* through(
  chunks: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    see(chunk);
    yield chunk;
  }
}

async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 256 * 1024 });
  } catch (error) {
    throw readFailure(path, error);
  }
}

function isFolder(path: string): boolean {
  return reading(path, () => statSync(path)).isDirectory();
}

function reading<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw readFailure(path, error);
  }
}

function readFailure(path: string, error: unknown): SallyportError {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ENOENT"
    ? new SallyportError("not_found", `There is no file ${path}.`, `Is ${basename(path)} where it was?`)
    : new SallyportError("invalid_request", `${path} can't be read: ${message}`);
}

function violation(message: string): SallyportError {
  return new SallyportError("protocol_violation", message);
}
