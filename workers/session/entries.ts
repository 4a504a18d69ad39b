import { SallyportError } from "../../protocol/errors.ts";
import { readRecordingSlice } from "../../protocol/recording/reader.ts";
import type { SealedPart } from "../../protocol/recording/sealed.ts";
import {
  type RecordingTrailer,
  recordingEntry,
  recordingHeader,
  recordingTrailer,
} from "../../protocol/recording.ts";
import type { LoggedEntry } from "./log.ts";
import type { Archive } from "./sealing/archive.ts";

/** Entries that are read from rows at a time. */
const BATCH = 16;

/** A part of a recording in object storage. */
export interface FoundPart {
  part: SealedPart;
  isEncrypted: boolean;
  /** It ends with the trailer. */
  isFinal: boolean;
}

/** Where a recording's entries are. */
export interface EntrySource {
  session: string;
  archive: Archive;
  /** The part that holds an entry, or of a number after the last entry the final one; null where rows have it, or will. */
  part(seq: number): FoundPart | null | Promise<FoundPart | null>;
  /** What is not sealed yet; null where all is. */
  rows: { readonly seq: number; read(seq: number, limit: number): Iterable<LoggedEntry> } | null;
  /** The trailer as of now, for what ends in rows; null while the session goes on. */
  trailer(): RecordingTrailer | null;
}

/**
 * All entries of a session, wherever they are: parts in object storage first, then rows. Entries that are sealed while this
 * reads are found where they went. Each of its methods throws `recording_unavailable` and `recording_damaged`, and never ends
 * as if there were no more.
 */
export class SessionEntries {
  readonly #source: EntrySource;

  constructor(source: EntrySource) {
    this.#source = source;
  }

  /** Entries from `seq` on, as far as the log goes when this is called; of a session that is over, all. */
  async *entries(seq: number): AsyncGenerator<LoggedEntry> {
    const last = this.#source.rows?.seq ?? Number.POSITIVE_INFINITY;
    let next = seq;
    for (;;) {
      const found = await this.#source.part(next);
      if (found) {
        if (next > found.part.last) return;
        for await (const entry of this.#partEntries(found, next)) {
          yield entry;
          next = entry.seq + 1;
        }
        if (next !== found.part.last + 1) throw missing(next);
        if (found.isFinal) return;
      } else {
        if (next > last) return;
        const batch = this.#batch(next, last);
        // They were sealed just now; then a part has them.
        if (batch.length === 0 && (await this.#source.part(next)) === null) throw missing(next);
        for (const entry of batch) yield entry;
        next += batch.length;
      }
    }
  }

  /** Entries from `seq` on that are in object storage: no more than these, as long as there are such. */
  async *sealed(seq: number): AsyncGenerator<LoggedEntry> {
    for (let next = seq; ; ) {
      const found = await this.#source.part(next);
      if (!found || next > found.part.last) return;
      for await (const entry of this.#partEntries(found, next)) {
        yield entry;
        next = entry.seq + 1;
      }
      if (found.isFinal) return;
    }
  }

  /** The export file: of a session that goes on, as far as the log goes when this is called. */
  async *file(): AsyncGenerator<Uint8Array> {
    const { session, archive, part: find, rows, trailer } = this.#source;
    let last = rows?.seq ?? Number.POSITIVE_INFINITY;
    if (!(await find(1))) yield recordingHeader(session);
    for (let next = 1; ; ) {
      const found = await find(next);
      if (found && found.part.first === next) {
        yield* archive.read(session, found.part, found.isEncrypted);
        if (found.isFinal) return;
        next = found.part.last + 1;
      } else if (found) {
        // It was sealed under this reader's feet: what is read already is passed over.
        for await (const piece of this.#pieces(found)) {
          if (piece.part === "entry" && piece.entry.seq >= next)
            yield recordingEntry(piece.entry, piece.entry.hash);
          if (piece.part === "trailer") yield recordingTrailer(piece.trailer);
        }
        if (found.isFinal) return;
        next = found.part.last + 1;
      } else if (next <= last) {
        const batch = this.#batch(next, last);
        if (batch.length === 0 && (await find(next)) === null) throw missing(next);
        for (const entry of batch) yield recordingEntry(entry, entry.hash);
        next += batch.length;
      } else {
        // Over since it was begun: then it is whole.
        const end = trailer();
        if (end === null || !rows || next > rows.seq) {
          yield recordingTrailer(end ?? {});
          return;
        }
        last = rows.seq;
      }
    }
  }

  /** Rows from `seq` on without a gap; rows that only resuming needs stand alone. */
  #batch(seq: number, last: number): LoggedEntry[] {
    const batch: LoggedEntry[] = [];
    for (const entry of this.#source.rows?.read(seq, Math.min(BATCH, last + 1 - seq)) ?? []) {
      if (entry.seq !== seq + batch.length) break;
      batch.push(entry);
    }
    return batch;
  }

  async *#partEntries(found: FoundPart, from: number): AsyncGenerator<LoggedEntry> {
    for await (const piece of this.#pieces(found)) {
      if (piece.part === "entry" && piece.entry.seq >= from) yield piece.entry;
    }
  }

  async *#pieces({ part, isEncrypted }: FoundPart): ReturnType<typeof readRecordingSlice> {
    const { archive, session } = this.#source;
    try {
      yield* readRecordingSlice(archive.read(session, part, isEncrypted), part.part === 1);
    } catch (error) {
      if (error instanceof SallyportError && error.code !== "protocol_violation") throw error;
      throw new SallyportError(
        "recording_damaged",
        `part ${part.part} of the sealed recording can't be read`,
      );
    }
  }
}

/** A stream of bytes whose beginning is there: what can't be read at all is an error here. */
export async function startedStream(bytes: AsyncGenerator<Uint8Array>): Promise<ReadableStream> {
  let first: IteratorResult<Uint8Array> | null = await bytes.next();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { done, value } = first ?? (await bytes.next());
      first = null;
      if (done) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else controller.enqueue(value);
    },
    cancel: async () => void (await bytes.return(undefined)),
  });
}

function missing(seq: number): SallyportError {
  return new SallyportError("recording_damaged", `entry ${seq} of the recording is not where it should be`);
}
