import { createHash } from "node:crypto";
import { createReadStream, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { SallyportError } from "../../protocol/errors.ts";
import type { ClosedRecording } from "../../protocol/evidence/closed-check.ts";
import type { GivenArchive } from "../../protocol/evidence/entered.ts";
import type { RecordingSource } from "../../protocol/evidence/recording-check.ts";
import { layoutFaultOf, type Source } from "../../protocol/evidence/source.ts";
import { ArchiveReader } from "../../protocol/recording/encryption/archive-reader.ts";
import { type IdentitySource, NO_IDENTITY } from "../recordings/identity.ts";
import { archiveOf, begin, contentOf, through as seen, unpacked } from "../recordings/unpacked.ts";

/** What of a folder is a recording, packed or not; and one object of a sealed recording. */
const RECORDING = /\.sallyport(\.gz|\.age|\.tar)?$/;
const OBJECT = /^(\d{4,})\.gz(\.age)?$/;
const SESSION = /^[0-9a-f]{32}$/;
/** Folders within folders that are looked into: of a copy of the archive, `recordings/SESSION`. */
const MAX_DEPTH = 4;

/** A file of evidence, packed with gzip or not. */
export function fileSource(path: string, name = path): Source {
  return { name, open: () => unpacked(fileBytes(path), NO_IDENTITY) };
}

/** A recording's file; `bytes` reads it, as often as it is called. */
export function recordingSource(
  name: string,
  bytes: () => AsyncIterable<Uint8Array>,
  identities: IdentitySource,
): RecordingSource {
  let archive: GivenArchive | null = null;
  const told = (read: GivenArchive) => {
    archive = read;
  };
  return {
    name,
    async *open() {
      yield* contentOf(await begin(bytes()), identities, told);
    },
    archive: () => archive,
    closed: () => readClosed(bytes()),
  };
}

/** What an encrypted file tells: its archive, which is read to its end; of another nothing. */
async function readClosed(bytes: AsyncIterable<Uint8Array>): Promise<ClosedRecording> {
  const { kind, chunks, close } = await begin(bytes);
  const closed: ClosedRecording = { session: null, trailer: null, archive: null, fault: null };
  if (kind !== "archive") {
    await close();
    return closed;
  }
  try {
    const reader = await ArchiveReader.begin(chunks);
    Object.assign(closed, { session: reader.index.session, trailer: reader.index.trailer });
    for await (const object of reader.objects()) for await (const _ of object.bytes);
    return { ...closed, archive: archiveOf(reader.index) };
  } catch (error) {
    return { ...closed, fault: layoutFaultOf(error) };
  }
}

/**
 * The recordings that a path names: a file, or all in a folder and those within, in the order of their names. A folder
 * with objects `0001.gz`, … is one sealed recording. Throws `not_found`, also for a folder without any, or `invalid_request` for what can't be read.
 */
export function* recordingsAt(path: string, identities: IdentitySource): Generator<RecordingSource> {
  if (!isFolder(path)) {
    yield recordingSource(path, () => fileBytes(path), identities);
    return;
  }
  let count = 0;
  for (const recording of recordingsIn(path, MAX_DEPTH, identities)) {
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

function* recordingsIn(
  folder: string,
  depth: number,
  identities: IdentitySource,
): Generator<RecordingSource> {
  const entries = reading(folder, () => readdirSync(folder, { withFileTypes: true }));
  const names = (isWanted: (entry: (typeof entries)[number]) => boolean) =>
    entries
      .filter(isWanted)
      .map(({ name }) => name)
      .sort();
  const objects = names((entry) => entry.isFile() && OBJECT.test(entry.name));
  if (objects.length > 0) yield sealedRecording(folder, objects, identities);
  for (const name of names((entry) => entry.isFile() && RECORDING.test(entry.name))) {
    const path = join(folder, name);
    yield recordingSource(path, () => fileBytes(path), identities);
  }
  if (depth === 0) return;
  for (const name of names((entry) => entry.isDirectory()))
    yield* recordingsIn(join(folder, name), depth - 1, identities);
}

/** The objects of one sealed recording, hashed as they are read. */
function sealedRecording(folder: string, names: string[], identities: IdentitySource): RecordingSource {
  let archive: GivenArchive | null = null;
  const objects = names
    .map((name) => ({ name, part: Number(OBJECT.exec(name)![1]) }))
    .sort((one, other) => one.part - other.part);
  /** Reads them all. `read`: what becomes of each. */
  async function* through(
    read: (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    const whole = createHash("sha256");
    let bytes = 0;
    for (const [index, { name, part }] of objects.entries()) {
      if (part !== index + 1) throw violation(`object ${index + 1} of the recording is missing`);
      const hash = createHash("sha256");
      const hashed = seen(fileBytes(join(folder, name)), (chunk) => {
        hash.update(chunk);
        bytes += chunk.length;
      });
      yield* read(hashed);
      whole.update(hash.digest());
    }
    archive = { parts: objects.length, bytes, sha256: whole.digest("hex") };
  }
  return {
    name: folder,
    open: () => through((bytes) => unpacked(bytes, identities)),
    archive: () => archive,
    async closed() {
      const session = SESSION.exec(basename(resolve(folder)))?.[0] ?? null;
      try {
        for await (const _ of through((bytes) => bytes));
        return { session, trailer: null, archive, fault: null };
      } catch (error) {
        return { session, trailer: null, archive: null, fault: layoutFaultOf(error) };
      }
    },
  };
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
