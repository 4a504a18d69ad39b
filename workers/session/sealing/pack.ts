import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectorSeal } from "../../../protocol/control.ts";
import { encrypted } from "../../../protocol/recording/encryption/encrypt.ts";
import {
  type RecordingTrailer,
  recordingEntry,
  recordingHeader,
  recordingTrailer,
} from "../../../protocol/recording.ts";
import type { LoggedEntry } from "../log.ts";
import { Counting, type Tallies } from "./tallies.ts";

/** Bytes of the export file that a part holds, about: the last entry may go over. */
export const PART_BYTES = 16 * 1024 * 1024;
/** Entries that are read from the log at a time, and bytes that are worked on before others have their turn. */
const BATCH = 32;
const TURN_BYTES = 64 * 1024;
/** How long others have their turn while the session itself lives, ms: whoever uses it goes before its sealing. */
const LIVE_PAUSE_MS = 4;

/** What becomes of a part's compressed bytes before they are put. */
export interface Packing {
  readonly isEncrypted: boolean;
  pack(gzip: Uint8Array): Promise<Uint8Array>;
}

/** As they are. */
export const PLAIN: Packing = { isEncrypted: false, pack: async (gzip) => gzip };

/** As a session's recipients say, whatever was set since it was opened. */
export function packingFor(recipients: readonly string[]): Packing {
  if (recipients.length === 0) return PLAIN;
  return { isEncrypted: true, pack: (gzip) => encrypted(gzip, recipients, () => sleep(0)) };
}

/** The slice that a part is to hold. */
export interface Slice {
  session: string;
  /** What counts before its first entry. */
  from: Tallies;
  isFirst: boolean;
  /** Its last entry, where an earlier attempt has fixed that; else it ends where it is full, or the log ends. */
  last: number | null;
  /** How much it takes until it is full. */
  bytes: number;
  /** Of a session that is over: the trailer, and the connector's seal. Null while it lives: then only a full slice is one. */
  end: { trailer: RecordingTrailer; seal: Omit<ConnectorSeal, "type"> | null } | null;
}

/** A slice, packed. */
export interface Packed {
  bytes: Uint8Array;
  sha256: string;
  /** Its first and last entry; without entries last = first - 1. */
  first: number;
  last: number;
  isFinal: boolean;
  tallies: Tallies;
}

/** The rows from which a slice is made. */
export interface Rows {
  /** The last entry. */
  readonly seq: number;
  read(seq: number, limit: number): Iterable<LoggedEntry>;
}

/** A row is not what was logged: its number or hash does not follow from the one before. */
export class BrokenLog extends Error {}

/**
 * Makes a part: reads, counts, compresses, packs; others have their turn in between. Null where a live session has not enough
 * for a whole part. The same slice gives the same bytes, as far as `packing` does. Throws `BrokenLog`.
 */
export async function packSlice(rows: Rows, slice: Slice, packing: Packing): Promise<Packed | null> {
  const counting = new Counting(slice.from, slice.end?.seal ?? null);
  const gzip = new Gzip(slice.end === null ? LIVE_PAUSE_MS : 0);
  const first = slice.from.entries + 1;
  const end = slice.last ?? rows.seq;
  let next = first;
  let taken = 0;
  if (slice.isFirst) await gzip.add(recordingHeader(slice.session));
  const isFull = () => next > end || (slice.last === null && taken >= slice.bytes);
  while (!isFull()) {
    const before = next;
    // Copied at once: a cursor does not outlive the turn.
    for (const entry of [...rows.read(next, Math.min(BATCH, end + 1 - next))]) {
      if (isFull()) break;
      if (!counting.add(entry)) throw new BrokenLog(`entry ${next} of the log is not what was logged`);
      const bytes = recordingEntry(entry, entry.hash);
      taken += bytes.length;
      next++;
      await gzip.add(bytes);
    }
    if (next === before) throw new BrokenLog(`entry ${next} of the log is missing`);
  }
  const isFinal = slice.end !== null && next > rows.seq;
  if (slice.end === null && slice.last === null && taken < slice.bytes) {
    await gzip.drop();
    return null;
  }
  if (isFinal) await gzip.add(recordingTrailer(slice.end!.trailer));
  const bytes = await packing.pack(await gzip.end());
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { bytes, sha256, first, last: next - 1, isFinal, tallies: counting.tallies };
}

/** Compresses in pieces, and lets others have their turn. */
class Gzip {
  readonly #stream = new CompressionStream("gzip");
  readonly #writer = this.#stream.writable.getWriter();
  readonly #chunks: Uint8Array[] = [];
  readonly #read = this.#collect();
  readonly #pauseMs: number;
  #since = 0;

  constructor(pauseMs: number) {
    this.#pauseMs = pauseMs;
  }

  async add(bytes: Uint8Array): Promise<void> {
    await this.#writer.write(bytes);
    this.#since += bytes.length;
    if (this.#since < TURN_BYTES) return;
    this.#since = 0;
    await sleep(this.#pauseMs);
  }

  async end(): Promise<Uint8Array> {
    await this.#writer.close();
    await this.#read;
    return Buffer.concat(this.#chunks);
  }

  async drop(): Promise<void> {
    await this.#writer.abort().catch(() => undefined);
    await this.#read.catch(() => undefined);
  }

  async #collect(): Promise<void> {
    for await (const chunk of this.#stream.readable) this.#chunks.push(chunk as Uint8Array);
  }
}
