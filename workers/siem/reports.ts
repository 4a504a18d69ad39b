import type { logLine } from "../log-line.ts";
import type { Cursors } from "./cursors.ts";
import type { DestinationName } from "./destination.ts";
import type { Lane, LaneState } from "./lane.ts";

/** How often an object reports at most, where nothing has begun or ceased to fail; ms. */
const EVERY_MS = 10_000;
/** Events that are reported as given up at a time. */
const MAX_GIVEN_UP = 50;

/** Which object it is. */
export interface Reporting {
  object: string;
  kind: "session" | "ledger";
}

interface Reported {
  at: number;
  /** What was told, as JSON. */
  state: string;
  failing: boolean;
}

/** Tells the directory how an object's deliveries stand. A report that fails is made again; no delivery waits for it. */
export class Reports {
  readonly #db: D1Database;
  readonly #cursors: Cursors;
  readonly #who: Reporting;
  readonly #last = new Map<string, Reported>();
  readonly #log: typeof logLine;
  #due = Number.POSITIVE_INFINITY;

  constructor(db: D1Database, cursors: Cursors, who: Reporting, log: typeof logLine) {
    this.#db = db;
    this.#cursors = cursors;
    this.#who = who;
    this.#log = log;
  }

  /** When `send` is wanted though nothing is delivered, ms since 1970. */
  deadline(): number {
    return this.#due;
  }

  /** Reports what has changed. Never throws. */
  async send(lanes: readonly Lane[], now: number): Promise<void> {
    this.#due = Number.POSITIVE_INFINITY;
    for (const lane of lanes) {
      try {
        await this.#report(lane, now);
      } catch (error) {
        this.#log("warning", "how events are delivered could not be reported", { error });
        this.#due = Math.min(this.#due, now + EVERY_MS);
      }
    }
  }

  async #report(lane: Lane, now: number): Promise<void> {
    const { name } = lane.destination;
    await this.#giveUp(name);
    const state = lane.state();
    const text = JSON.stringify(state);
    const last = this.#last.get(name);
    if (last?.state === text) return;
    const failing = state.error !== null;
    const isDone = !state.hasSources;
    if (last !== undefined && !isDone && last.failing === failing && now - last.at < EVERY_MS) {
      this.#due = Math.min(this.#due, last.at + EVERY_MS);
      return;
    }
    await this.#write(name, state, isDone, now);
    this.#last.set(name, { at: now, state: text, failing });
  }

  /** The row of an object that has nothing left is added to the totals. */
  async #write(destination: DestinationName, state: LaneState, isDone: boolean, now: number): Promise<void> {
    const { object, kind } = this.#who;
    const { sources, oldest, delivered, quarantined, lastDelivered, attempts, error } = state;
    const row = this.#db
      .prepare("INSERT OR REPLACE INTO siem_lanes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")
      .bind(
        object,
        kind,
        destination,
        sources,
        oldest,
        delivered,
        quarantined,
        lastDelivered,
        attempts,
        error,
        now,
      );
    if (!isDone) {
      await row.run();
      return;
    }
    if (delivered + quarantined === 0) {
      await this.#remove(destination).run();
      return;
    }
    await this.#db.batch([
      this.#db
        .prepare(
          `INSERT INTO siem_totals VALUES (?1, ?2, ?3, ?4) ON CONFLICT (destination) DO UPDATE SET
             delivered = delivered + ?2, quarantined = quarantined + ?3,
             last_delivered = max(coalesce(last_delivered, 0), coalesce(?4, 0))`,
        )
        .bind(destination, delivered, quarantined, lastDelivered),
      this.#remove(destination),
    ]);
    this.#cursors.forgetCounts(destination, state);
  }

  #remove(destination: DestinationName): D1PreparedStatement {
    return this.#db
      .prepare("DELETE FROM siem_lanes WHERE object = ?1 AND destination = ?2")
      .bind(this.#who.object, destination);
  }

  async #giveUp(destination: DestinationName): Promise<void> {
    const given = this.#cursors.givenUp(destination, MAX_GIVEN_UP);
    if (given.length === 0) return;
    await this.#db.batch(
      given.map((one) =>
        this.#db
          .prepare("INSERT OR REPLACE INTO siem_quarantine VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
          .bind(destination, one.uid, one.time, one.class, one.bytes, one.detail),
      ),
    );
    for (const { uid } of given) this.#cursors.reported(destination, uid);
  }
}
