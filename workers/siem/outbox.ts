import type { Fetch } from "../approval/post.ts";
import type { Env } from "../environment.ts";
import { logLine } from "../log-line.ts";
import type { Sql } from "../session/log.ts";
import { Cursors } from "./cursors.ts";
import { Lane, type LaneMeans } from "./lane.ts";
import { Reports } from "./reports.ts";
import { destinationsOf, isSiemOn } from "./settings.ts";
import type { Sources } from "./sources.ts";

/** What the outbox asks of its object. */
export interface SiemHost {
  /** The object's id and kind: its rows in the directory are told apart by it. */
  readonly id: string;
  readonly kind: "session" | "ledger";
  readonly sources: Sources;
  /** `run` is wanted at this time, ms since 1970. */
  wake(at: number): void;
  /** All that there was is delivered and reported: nothing is needed any more. */
  idle?(): void;
}

/** What a test replaces. */
export interface SiemMeans extends LaneMeans {
  fetch: Fetch;
}

const MEANS: SiemMeans = {
  // Called as a method, the runtime's fetch would refuse its `this`.
  fetch: (url, init) => fetch(url, init),
  clock: () => Date.now(),
  random: () => Math.random(),
  turn: () => new Promise((resolve) => setTimeout(resolve, 0)),
  log: logLine,
};

/** How long after a run began its object looks again, ms. */
const LOOK_AGAIN_MS = 60_000;

/**
 * The delivery of an object's events to the SIEM. The log of the source is the queue: only how far each destination has
 * come is kept beside it. Each event is delivered once at least; one that comes again has the same `metadata.uid`. The
 * host calls `wake(deadline())` when it starts, and `start` from its alarm. Without a destination nothing is done, and
 * nothing is written.
 */
export class SiemOutbox {
  readonly #host: SiemHost;
  readonly #means: SiemMeans;
  readonly #isOn: boolean;
  readonly #env: Env;
  readonly #sql: Sql;
  #lanes: Lane[] | undefined;
  #reports!: Reports;

  constructor(env: Env, sql: Sql, host: SiemHost, means: SiemMeans = MEANS) {
    this.#isOn = isSiemOn(env);
    this.#env = env;
    this.#sql = sql;
    this.#host = host;
    this.#means = means;
  }

  /**
   * A source has grown, or is over. Cheap enough to be called for each entry; what it writes is committed with what the
   * caller wrote before it gave the loop back.
   */
  grown(source: string, now: number, isOver = false): void {
    if (!this.#isOn) return;
    const at = Math.min(...this.#all().map((lane) => lane.grown(source, now, isOver)));
    if (Number.isFinite(at)) this.#host.wake(at);
  }

  /** When `start` is wanted next, ms since 1970; Infinity for never. */
  deadline(): number {
    if (!this.#isOn) return Number.POSITIVE_INFINITY;
    const lanes = this.#all();
    return Math.min(this.#reports.deadline(), ...lanes.map((lane) => lane.deadline()));
  }

  /** Whether all that a source that is over has told is delivered, or given up. */
  isDone(source: string): boolean {
    return !this.#isOn || this.#all().every((lane) => !lane.has(source));
  }

  /** The last entry of a source of which all events are delivered everywhere, or given up; all are where there is nowhere. */
  delivered(source: string): number {
    if (!this.#isOn) return Number.MAX_SAFE_INTEGER;
    return Math.min(...this.#all().map((lane) => lane.delivered(source)));
  }

  /** Whether nothing is left to deliver of any source, and none is followed. */
  isIdle(): boolean {
    return !this.#isOn || this.#all().every((lane) => !lane.state().hasSources);
  }

  /** Begins to deliver what is due and does not wait for it. */
  start(now: number): void {
    if (this.deadline() > now) return;
    // Should the object be forgotten meanwhile, it wakes and looks what came of it.
    this.#host.wake(now + LOOK_AGAIN_MS);
    this.run(now).catch((error: unknown) =>
      this.#means.log("error", "the delivery of events failed", { error }),
    );
  }

  /** Delivers what is due; resolves when that is over, or others should have their turn. May overlap with itself. */
  async run(now: number): Promise<void> {
    const lanes = this.#all();
    await Promise.all(
      lanes.map(async (lane) => {
        await lane.run(now);
        this.#host.wake(lane.deadline());
      }),
    );
    await this.#reports.send(lanes, this.#means.clock());
    this.#host.wake(this.deadline());
    if (this.isIdle() && this.#reports.deadline() === Number.POSITIVE_INFINITY) this.#host.idle?.();
  }

  #all(): Lane[] {
    if (this.#lanes !== undefined) return this.#lanes;
    const cursors = new Cursors(this.#sql);
    const { id, kind, sources } = this.#host;
    this.#lanes = destinationsOf(this.#env, this.#means.fetch).map(
      ({ destination }) => new Lane(destination, cursors, sources, this.#means),
    );
    this.#reports = new Reports(this.#env.DIRECTORY, cursors, { object: id, kind }, this.#means.log);
    return this.#lanes;
  }
}
