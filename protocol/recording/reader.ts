import { decodeEntryHeader, ENTRY_HEADER, EntryKind, HASH_LENGTH } from "../entry.ts";
import { SallyportError } from "../errors.ts";
import {
  headerJson,
  MAX_FRAME,
  MAX_JSON,
  RECORDING_MAGIC,
  type RecordedEntry,
  type RecordingHeader,
  type RecordingTrailer,
  TRAILER_MARK,
  trailerJson,
} from "../recording.ts";

/** A piece of an export file, in the file's order: one header, entries, one trailer. */
export type RecordingPart =
  | { part: "header"; header: RecordingHeader }
  | { part: "entry"; entry: RecordedEntry }
  | { part: "trailer"; trailer: RecordingTrailer };

/** The trailer's mark, and the length of a header's or trailer's JSON. */
const WORD = 4;
/** The last moment that `Date` knows, ms since 1970: readers may show every time. */
const LAST_DATE = 8.64e15;

/**
 * Reads an export file as it arrives, in chunks of any size; holds one piece and one chunk in memory. It checks
 * the layout only, not the chain. Ends after the trailer; throws `protocol_violation`, naming the entry, for
 * anything that is not such a file, for one that was cut, and for bytes after the trailer.
 */
export function readRecording(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<RecordingPart, void, undefined> {
  return readParts(chunks, { isFirst: true, mayEnd: false });
}

/**
 * Reads a slice of an export file that was cut between entries (protocol/recording/sealed.ts): `isFirst` ones begin with magic
 * and header, the last one ends with the trailer. Checks the layout only; throws `protocol_violation`.
 */
export function readRecordingSlice(
  chunks: AsyncIterable<Uint8Array>,
  isFirst: boolean,
): AsyncGenerator<RecordingPart, void, undefined> {
  return readParts(chunks, { isFirst, mayEnd: true });
}

/** `mayEnd`: between two entries, without a trailer. */
async function* readParts(
  chunks: AsyncIterable<Uint8Array>,
  { isFirst, mayEnd }: { isFirst: boolean; mayEnd: boolean },
): AsyncGenerator<RecordingPart, void, undefined> {
  const source = new Source(chunks);
  try {
    if (isFirst) yield { part: "header", header: await takeHeader(source) };
    for (let place = mayEnd ? "a part" : "the first entry"; ; ) {
      const word = await source.take(WORD);
      if (!word && mayEnd && source.isEmpty) return;
      if (!word) throw cut(place);
      if (u32(word) === TRAILER_MARK) break;
      const entry = await takeEntry(source, word, place);
      yield { part: "entry", entry };
      place = `what follows entry ${entry.seq}`;
    }
    yield { part: "trailer", trailer: parseTrailer(await takeJson(source, "the trailer")) };
    if (await source.take(1)) throw violation("bytes follow the trailer");
  } finally {
    await source.close();
  }
}

/** Reads one entry as a viewer of a live session receives it. Throws `protocol_violation`. */
export function parseEntry(bytes: Uint8Array): RecordedEntry {
  if (bytes.length < ENTRY_HEADER + HASH_LENGTH) throw violation("an entry is shorter than its header");
  const { frameLength, kind, seq, time } = checkedHeader(bytes.subarray(0, ENTRY_HEADER), "an entry");
  const end = ENTRY_HEADER + frameLength;
  if (bytes.length !== end + HASH_LENGTH) throw violation(`entry ${seq} has not the length it states`);
  return { kind, seq, time, frame: bytes.subarray(ENTRY_HEADER, end), hash: bytes.subarray(end) };
}

async function takeHeader(source: Source): Promise<RecordingHeader> {
  const magic = await source.take(RECORDING_MAGIC.length);
  if (!magic || Buffer.from(magic).toString("latin1") !== RECORDING_MAGIC) {
    throw violation(`this is not a Sallyport recording: it does not begin with "${RECORDING_MAGIC.trim()}"`);
  }
  return parseHeader(await takeJson(source, "the header"));
}

async function takeEntry(source: Source, word: Uint8Array, place: string): Promise<RecordedEntry> {
  if (u32(word) > MAX_FRAME) {
    throw violation(`${place}: a frame of ${u32(word)} bytes is over the limit of ${MAX_FRAME}`);
  }
  const rest = await source.take(ENTRY_HEADER - WORD);
  if (!rest) throw cut(place);
  const { frameLength, kind, seq, time } = checkedHeader(Buffer.concat([word, rest]), place);
  const body = await source.take(frameLength + HASH_LENGTH);
  if (!body) throw cut(`entry ${seq}`);
  return { kind, seq, time, frame: body.subarray(0, frameLength), hash: body.subarray(frameLength) };
}

/** The chain is computed over the decoded header, so bits that decoding ignores must be as they are written. */
function checkedHeader(header: Uint8Array, place: string): ReturnType<typeof decodeEntryHeader> {
  const decoded = decodeEntryHeader(header);
  if (decoded.kind > EntryKind.connector) throw violation(`${place}: unknown kind of entry ${decoded.kind}`);
  if (header[5] || header[6] || header[7]) throw violation(`${place}: its header is not as it was written`);
  if (decoded.time > LAST_DATE) throw violation(`${place}: its time is no date`);
  if (decoded.frameLength > MAX_FRAME) throw violation(`${place}: its frame is over ${MAX_FRAME} bytes`);
  return decoded;
}

async function takeJson(source: Source, place: string): Promise<Uint8Array> {
  const word = await source.take(WORD);
  if (!word) throw cut(place);
  const length = u32(word);
  if (length > MAX_JSON) throw violation(`${place} of ${length} bytes is over the limit of ${MAX_JSON}`);
  const bytes = await source.take(length);
  if (!bytes) throw cut(place);
  return bytes;
}

function parseHeader(bytes: Uint8Array): RecordingHeader {
  const header = parseObject(bytes, "the header") as Partial<RecordingHeader>;
  if (typeof header.session !== "string") throw violation("the header names no session");
  const { session } = header;
  if (!headerJson({ session }).equals(bytes)) throw violation("the header is not as it was written");
  return { session };
}

/** The JSON of a trailer, in its one spelling. Throws `protocol_violation`. */
export function parseTrailer(bytes: Uint8Array): RecordingTrailer {
  const { edgeSeal, connectorSeal } = parseObject(bytes, "the trailer") as RecordingTrailer;
  for (const seal of [edgeSeal, connectorSeal]) {
    if (seal !== undefined && (typeof seal !== "object" || seal === null)) {
      throw violation("the trailer's seals are no objects");
    }
  }
  const trailer: RecordingTrailer = {
    ...(edgeSeal && { edgeSeal }),
    ...(connectorSeal && { connectorSeal }),
  };
  if (!trailerJson(trailer).equals(bytes)) throw violation("the trailer is not as it was written");
  for (const [name, value] of [...Object.entries(edgeSeal ?? {}), ...Object.entries(connectorSeal ?? {})]) {
    const expected = name === "entries" || name.endsWith("Frames") ? "number" : "string";
    if (typeof value !== expected) throw violation(`the trailer's "${name}" is no ${expected}`);
  }
  return trailer;
}

function parseObject(bytes: Uint8Array, place: string): object {
  try {
    const value: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes),
    );
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Fall through: JSON's own message would quote the file.
  }
  throw violation(`${place} is not a JSON object`);
}

/** Takes exact lengths from chunks of any length. */
class Source {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #left: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Once `take` has answered null: whether the input had ended before. */
  get isEmpty(): boolean {
    return this.#left.length === 0;
  }

  /** The next bytes, or null when the input ends before there are so many. */
  take(length: number): Uint8Array | null | Promise<Uint8Array | null> {
    // Most pieces lie within one chunk, and a recording may have millions.
    return this.#left.length >= length ? this.#cut(length) : this.#gather(length);
  }

  async #gather(length: number): Promise<Uint8Array | null> {
    const pieces = [this.#left];
    let have = this.#left.length;
    while (have < length) {
      const next = await this.#chunks.next();
      if (next.done) {
        this.#left = Buffer.concat(pieces);
        return null;
      }
      pieces.push(next.value);
      have += next.value.length;
    }
    this.#left = Buffer.concat(pieces);
    return this.#cut(length);
  }

  #cut(length: number): Uint8Array {
    const taken = this.#left.subarray(0, length);
    this.#left = this.#left.subarray(length);
    return taken;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

function u32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function cut(place: string): SallyportError {
  return violation(`the recording is cut: it ends at ${place}`);
}

function violation(message: string): SallyportError {
  return new SallyportError("protocol_violation", message);
}
