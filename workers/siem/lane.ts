import type { logLine } from "../log-line.ts";
import { backoff, deliver } from "./batch.ts";
import type { Counts, Cursor, Cursors } from "./cursors.ts";
import { type Destination, isAfter, type Outgoing, type Position } from "./destination.ts";
import { Feed } from "./feed.ts";
import type { Sources } from "./sources.ts";

/** Readers that are kept of sources that wait for nothing; the others are read from their beginning when they grow. */
const MAX_IDLE_FEEDS = 128;
/** Batches of one run; then others have their turn. */
const MAX_BATCHES = 20;
const BEFORE: Position = { seq: 0, item: -1 };

/** What a test replaces. */
export interface LaneMeans {
  clock(): number;
  /** From 0 to 1. */
  random(): number;
  /** Lets others have their turn. */
  turn(): Promise<void>;
  log: typeof logLine;
}

/** How a lane stands. */
export interface LaneState extends Counts {
  /** Sources that something waits of, and since when the oldest does. */
  sources: number;
  oldest: number | null;
  attempts: number;
  error: string | null;
  /** Whether sources are left that may still get something. */
  hasSources: boolean;
}

interface Waiting {
  /** Since when, ms since 1970. */
  since: number;
  /** Not before. */
  due: number;
  failures: number;
}

/** The delivery of an object's events to one destination, at least once each and in order of each source. */
export class Lane {
  readonly destination: Destination;
  readonly #cursors: Cursors;
  readonly #sources: Sources;
  readonly #means: LaneMeans;
  readonly #feeds = new Map<string, Feed>();
  readonly #known = new Map<string, Cursor>();
  readonly #waiting = new Map<string, Waiting>();
  #attempts = 0;
  #error: string | null = null;
  /** Why a source could not be read; null where all can. */
  #unreadable: string | null = null;
  /** Not before, after a failure, ms since 1970. */
  #due = 0;
  #isRunning = false;

  constructor(destination: Destination, cursors: Cursors, sources: Sources, means: LaneMeans) {
    this.destination = destination;
    this.#cursors = cursors;
    this.#sources = sources;
    this.#means = means;
    const now = means.clock();
    for (const cursor of cursors.all(destination.name)) {
      this.#known.set(cursor.source, cursor);
      const extent = sources.extent(cursor.source);
      if (extent === null || extent.isOver || extent.last > cursor.read)
        this.#waiting.set(cursor.source, { since: cursor.waiting ?? now, due: 0, failures: 0 });
    }
  }

  /** A source has more, or is over. Answers when `run` is wanted for it; Infinity where that is known already. */
  grown(source: string, now: number, isOver: boolean): number {
    const waiting = this.#waiting.get(source);
    if (waiting !== undefined) {
      if (!isOver || waiting.due <= now || waiting.failures > 0) return Number.POSITIVE_INFINITY;
      waiting.due = now;
      return this.#ready(now);
    }
    if (!this.#known.has(source)) {
      const cursor = { source, position: BEFORE, read: 0, waiting: null };
      this.#known.set(source, cursor);
      this.#cursors.put(this.destination.name, cursor);
    }
    const due = isOver ? now : now + this.destination.lingerMs;
    this.#waiting.set(source, { since: now, due, failures: 0 });
    return this.#ready(due);
  }

  /** Whether something of a source may be yet to deliver. */
  has(source: string): boolean {
    return this.#known.has(source);
  }

  /** The last entry of a source of which all events are delivered, or given up; 0 where none is. */
  delivered(source: string): number {
    return this.#known.get(source)?.read ?? 0;
  }

  /** When `run` is wanted, ms since 1970; Infinity for never. What is under way says itself when it is over. */
  deadline(): number {
    if (this.#isRunning) return Number.POSITIVE_INFINITY;
    return this.#ready(
      Math.min(Number.POSITIVE_INFINITY, ...Array.from(this.#waiting.values(), ({ due }) => due)),
    );
  }

  /** Sends what is due. Resolves when that is over, or fails, or others should have their turn; never throws. */
  async run(now: number): Promise<void> {
    if (this.deadline() > now) return;
    this.#isRunning = true;
    try {
      for (let batches = 0; batches < MAX_BATCHES; batches++) {
        const batch = await this.#gather(this.#means.clock());
        if (batch.length === 0 || !(await this.#send(batch))) break;
      }
    } catch (error) {
      this.#failed("the events could not be sent", 0, error);
    } finally {
      this.#isRunning = false;
    }
    await this.#forgetIdle();
  }

  state(): LaneState {
    const since = Array.from(this.#waiting.values(), ({ since }) => since);
    return {
      ...this.#cursors.counts(this.destination.name),
      sources: since.length,
      oldest: since.length === 0 ? null : Math.min(...since),
      attempts: this.#attempts,
      error: this.#error ?? this.#unreadable,
      hasSources: this.#known.size > 0,
    };
  }

  #ready(due: number): number {
    return Math.max(due, this.#due);
  }

  /** The next batch: of the sources that are due, the longest waiting first. */
  async #gather(now: number): Promise<Outgoing[]> {
    const { maxEvents, maxBytes, mixes } = this.destination;
    const batch: Outgoing[] = [];
    let bytes = 0;
    for (const [source, waiting] of this.#dueSources(now)) {
      const feed = await this.#filled(source, waiting, maxEvents - batch.length, maxBytes - bytes);
      for (const one of feed?.buffer ?? []) {
        if (batch.length > 0 && (batch.length >= maxEvents || bytes + one.bytes > maxBytes)) return batch;
        batch.push(one);
        bytes += one.bytes;
      }
      if (batch.length > 0 && !mixes) return batch;
    }
    return batch;
  }

  #dueSources(now: number): [string, Waiting][] {
    return [...this.#waiting].filter(([, { due }]) => due <= now).sort(([, a], [, b]) => a.since - b.since);
  }

  /** A source's feed with what there is to send; null where nothing is, or it can't be read now. */
  async #filled(source: string, waiting: Waiting, events: number, bytes: number): Promise<Feed | null> {
    const { position } = this.#known.get(source)!;
    const { isEdges } = this.destination;
    const feed =
      this.#feeds.get(source) ?? new Feed(this.#sources, source, position, isEdges, this.#means.turn);
    this.#feeds.set(source, feed);
    try {
      await feed.fill(events, bytes);
    } catch (error) {
      // What one recording does to its reader keeps no other from being told.
      this.#feeds.delete(source);
      waiting.failures++;
      waiting.due = this.#means.clock() + backoff(waiting.failures, this.#means.random());
      this.#unreadable = `the recording of ${source} could not be read`;
      this.#means.log("error", "events could not be read", { session: source, error });
      return null;
    }
    if (waiting.failures > 0) this.#unreadable = null;
    waiting.failures = 0;
    if (feed.buffer.length === 0) this.#settleDry(feed);
    return feed;
  }

  /** Nothing is left to send of a source: it waits no more, and one that is over is done with. */
  #settleDry(feed: Feed): void {
    if (!feed.isDry()) return;
    const { source, read } = feed;
    const extent = this.#sources.extent(source);
    this.#waiting.delete(source);
    if (extent === null || extent.isOver) {
      this.#feeds.delete(source);
      this.#known.delete(source);
      this.#cursors.remove(this.destination.name, source);
      return;
    }
    const cursor = this.#known.get(source)!;
    if (cursor.read === read && cursor.waiting === null) return;
    this.#keep({ ...cursor, read, waiting: null });
  }

  /** Sends a batch; false where it is to be tried again later. */
  async #send(batch: readonly Outgoing[]): Promise<boolean> {
    const { name } = this.destination;
    const { settled, refused, failure } = await deliver(
      this.destination,
      batch,
      this.#attempts,
      this.#means.clock(),
    );
    const now = this.#means.clock();
    // From here on nothing waits: what was given up, the counts and the cursors are written as one.
    for (const { one, detail } of refused) {
      const { uid } = one.event.metadata;
      this.#cursors.giveUp(name, { uid, time: now, class: one.event.class_uid, bytes: one.bytes, detail });
      this.#means.log("error", "an event was refused and is given up", { session: one.source, uid, detail });
    }
    if (settled > 0) this.#cursors.count(name, settled - refused.length, refused.length, now);
    this.#passed(batch.slice(0, settled));
    if (failure !== null) {
      this.#failed(failure.detail, failure.retryAfterMs);
      return false;
    }
    this.#attempts = 0;
    this.#error = null;
    return true;
  }

  #passed(settled: readonly Outgoing[]): void {
    for (const [source, events] of Map.groupBy(settled, (one) => one.source)) {
      this.#feeds.get(source)?.take(events.length);
      const cursor = this.#known.get(source)!;
      const position = events.at(-1)!.position;
      const read = Math.max(cursor.read, position.seq - 1);
      this.#keep({
        ...cursor,
        read,
        position: isAfter(position, cursor.position) ? position : cursor.position,
      });
    }
  }

  #failed(detail: string, retryAfterMs: number, error?: unknown): void {
    const now = this.#means.clock();
    this.#attempts++;
    this.#error = detail;
    this.#due = now + backoff(this.#attempts, this.#means.random(), retryAfterMs);
    // Once is news, and then each hour or so.
    if (this.#attempts % 12 === 1 || error !== undefined) {
      const { name: destination } = this.destination;
      const about = { destination, attempts: this.#attempts, detail };
      this.#means.log(
        "warning",
        "events could not be delivered",
        error === undefined ? about : { ...about, error },
      );
    }
    for (const [source, { since }] of this.#waiting) {
      const cursor = this.#known.get(source)!;
      if (cursor.waiting === null) this.#keep({ ...cursor, waiting: since });
    }
  }

  #keep(cursor: Cursor): void {
    this.#known.set(cursor.source, cursor);
    this.#cursors.put(this.destination.name, cursor);
  }

  async #forgetIdle(): Promise<void> {
    const idle = [...this.#feeds].filter(([source]) => !this.#waiting.has(source));
    for (const [source, feed] of idle.slice(0, Math.max(0, idle.length - MAX_IDLE_FEEDS))) {
      this.#feeds.delete(source);
      await feed.close();
    }
  }
}
