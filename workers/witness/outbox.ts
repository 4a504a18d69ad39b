import { type Checkpoint, parseCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import { parseNote } from "../../protocol/ledger/note.ts";
import {
  checkpointItem,
  digestOf,
  type Item,
  leafItem,
  originItem,
  textOf,
} from "../../protocol/witness/item.ts";
import type { WitnessFailure, WitnessStatus } from "../../protocol/witness/status.ts";
import type { Fetch } from "../approval/post.ts";
import { alarmLine } from "../ledger/alarm-line.ts";
import type { Sql } from "../session/log.ts";
import { type Added, addInOrder, addOnce, isThere } from "./adding.ts";
import type { Failure } from "./failure.ts";
import { donePrefix, LONGEST_WAIT_MS, nextStep, type Step, waitAfter } from "./plan.ts";
import { type WitnessEnv, type WitnessSettings, witnessSettings } from "./settings.ts";
import { conflictsIn, type WitnessState, WitnessStore } from "./state.ts";
import { statusOf } from "./status.ts";
import { DynamoTable, type WitnessTable } from "./table.ts";

/** What the witness needs of the ledger. Nothing in it may change or go once a checkpoint covers it. */
export interface WitnessedLedger {
  /** Leaves in it. */
  readonly size: number;
  /** The entries' texts from this leaf on, at most `limit`. */
  leaves(from: number, limit: number): Iterable<{ entry: string }>;
  /** The newest checkpoint; null where none was signed yet. */
  checkpoint(): SignedSize | null;
}

export interface SignedSize {
  size: number;
  /** The signed note. */
  note: string;
}

/** What a test replaces. */
export interface WitnessMeans {
  table(settings: WitnessSettings): WitnessTable;
  clock(): number;
  /** From 0 to 1. */
  random(): number;
  /** Tells what somebody should look at. */
  alarm(alarm: string, facts: Record<string, string | number>): void;
}

const fetcher: Fetch = (url, init) => fetch(url, init);
const clock = () => Date.now();
const MEANS: WitnessMeans = {
  table: (settings) => new DynamoTable(settings, { fetcher, clock }),
  clock,
  random: () => Math.random(),
  alarm: alarmLine,
};

/** Leaves wait so long for others, so that one checkpoint covers them all, ms. */
export const GATHER_MS = 1_000;
/** Calls at once: a Worker waits for six answers at most. */
const WIDTH = 4;
/** A step ends after so long, ms, so that its object's alarm does; another follows. */
const STEP_MS = 5_000;
/** How long after a step began its object looks again, ms: it may have been forgotten meanwhile. */
const LOOK_AGAIN_MS = 60_000;
/** The same alarm is told again after so long, ms. */
const ALARM_EVERY_MS = 600_000;

/**
 * Brings the ledger's leaves and checkpoints to the witness, in order, from the ledger object's alarm. What is known to
 * be written stands in its SQL; what was written and not noted is written again, and found to be there. The object calls
 * `wake(deadline())` when it starts, `noticed` when leaves were appended and signed, and `step` when it wakes.
 */
export class WitnessOutbox {
  readonly #sql: Sql;
  readonly #ledger: WitnessedLedger;
  readonly #wake: (at: number) => void;
  readonly #means: WitnessMeans;
  readonly #settings: WitnessSettings | null;
  readonly #problem: string | null;
  readonly #table: WitnessTable | null;
  #store: WitnessStore | null = null;
  #state: WitnessState | null = null;
  #origin: string | null = null;
  /** The checkpoint that is seen through. */
  #goal: SignedSize | null = null;
  #notBefore = 0;
  #isRunning = false;
  #isProved = false;
  #alarmed = Number.NEGATIVE_INFINITY;

  constructor(
    env: WitnessEnv,
    sql: Sql,
    ledger: WitnessedLedger,
    wake: (at: number) => void,
    means: WitnessMeans = MEANS,
  ) {
    this.#sql = sql;
    this.#ledger = ledger;
    this.#wake = wake;
    this.#means = means;
    const settings = witnessSettings(env);
    this.#problem = settings !== null && "problem" in settings ? settings.problem : null;
    this.#settings = settings !== null && "table" in settings ? settings : null;
    this.#table = this.#settings && means.table(this.#settings);
    if (this.#problem !== null) this.#alarm("witness_misconfigured", { problem: this.#problem });
  }

  /** The ledger has a newer checkpoint. */
  noticed(now: number): void {
    if (this.#table === null) return;
    if (this.#notBefore <= now) this.#notBefore = now + GATHER_MS;
    const stopped = this.#read()?.isStopped ? conflictsIn(this.#sql)[0] : undefined;
    // For ever, as long as there is something to witness.
    if (stopped) this.#alarm("witness_conflict", { ...stopped });
    this.#wake(this.deadline());
  }

  /** When `step` is wanted next, ms since 1970; Infinity for never. */
  deadline(): number {
    const goal = this.#goal ?? this.#ledger.checkpoint();
    const state = this.#read();
    if (this.#isRunning || !goal || !state || nextStep(state, goal.size, 0).do === "rest") {
      return Number.POSITIVE_INFINITY;
    }
    return Math.max(state.due, this.#notBefore);
  }

  /**
   * Writes what is due, for `STEP_MS` and one call at most; asks to be woken for the rest. A second one at the same time
   * does nothing. What fails is kept for `status` and tried again. Throws what the storage throws, or what is no ledger,
   * and asks to be woken a minute later.
   */
  async step(now: number): Promise<void> {
    if (this.#isRunning || this.deadline() > now) return;
    this.#isRunning = true;
    this.#wake(now + LOOK_AGAIN_MS);
    try {
      await this.#go(now + STEP_MS);
    } catch (error) {
      this.#notBefore = this.#means.clock() + LONGEST_WAIT_MS;
      throw error;
    } finally {
      this.#isRunning = false;
      this.#wake(this.deadline());
    }
  }

  status(now: number): WitnessStatus {
    return statusOf({
      settings: this.#settings,
      problem: this.#problem,
      origin: this.#originOf(),
      size: this.#ledger.size,
      state: this.#read(),
      oldest: (index) => this.#leafAt(index),
      conflicts: conflictsIn(this.#sql),
      now,
    });
  }

  async #go(until: number): Promise<void> {
    const table = this.#table;
    const state = this.#read();
    const store = this.#store;
    const origin = this.#originOf();
    if (!table || !state || !store || origin === null) return;
    const work = { table, state, store, origin };
    for (let now = this.#means.clock(); now < until; now = this.#means.clock()) {
      const goal = this.#goal ?? this.#ledger.checkpoint();
      if (goal === null) return;
      const step = nextStep(state, goal.size, now);
      if (step.do === "rest" || step.do === "wait") return;
      if (step.do === "stop") return void this.#stop(work, goal);
      this.#goal = goal;
      if (!this.#isProved && !(await this.#prove(work))) return;

      const isDone =
        step.do === "leaves" ? await this.#addLeaves(work, step) : await this.#addCheckpoint(work, goal);
      if (!isDone) return;
    }
  }

  async #addLeaves(work: Work, { from, count }: Step & { do: "leaves" }): Promise<boolean> {
    const { table, state, origin } = work;
    const written = this.#means.clock();
    if (from === 0) {
      const added = await addOnce(table, originItem(origin, written));
      if (!added.done) return this.#stumble(work, added, originItem(origin, written), "origin");
    }
    const items = Array.from(this.#ledger.leaves(from, count), ({ entry }, at) =>
      leafItem(origin, from + at, entry, written),
    );
    const outcomes = await addInOrder(table, items, WIDTH);
    const done = donePrefix(outcomes);
    for (const item of items.slice(0, done)) state.frontier.append(Buffer.from(textOf(item.hash)!, "hex"));
    state.cursor = state.frontier.size;
    if (done > 0) this.#wrote(work);
    const failed = outcomes[done];
    if (failed?.done === false) return this.#stumble(work, failed, items[done]!, `leaf ${from + done}`);
    return done > 0;
  }

  async #addCheckpoint(work: Work, { size, note }: SignedSize): Promise<boolean> {
    const { table, state, origin } = work;
    const ours = Buffer.from(checkpointOf({ note }).root).toString("hex");
    const theirs = Buffer.from(state.frontier.root()).toString("hex");
    if (ours !== theirs) {
      const words =
        "The ledger's checkpoint does not cover the leaves that were witnessed: the edge's own copy was changed since.";
      return this.#conflict(work, { place: `checkpoint ${size}`, ours, theirs, words });
    }
    const item = checkpointItem(origin, size, note, this.#means.clock());
    const added = await addOnce(table, item);
    if (!added.done) return this.#stumble(work, added, item, `checkpoint ${size}`);
    state.covered = size;
    this.#goal = null;
    this.#wrote(work);
    return true;
  }

  /** Looks, once in an object's life, whether the newest leaf that it wrote is still there: tables are moved and restored. */
  async #prove(work: Work): Promise<boolean> {
    const { table, state, origin } = work;
    const index = state.cursor - 1;
    const entry = index < 0 ? undefined : this.#leafAt(index);
    if (entry !== undefined) {
      const item = leafItem(origin, index, entry, 0);
      const added = await isThere(table, item);
      if (!added.done) return this.#stumble(work, added, item, `leaf ${index}`);
    }
    this.#isProved = true;
    return true;
  }

  #stop(work: Work, { size, note }: SignedSize): void {
    const ours = digestOf(checkpointItem(work.origin, size, note, 0));
    const theirs = Buffer.from(work.state.frontier.root()).toString("hex");
    const words = `The ledger has ${size} leaves; ${work.state.cursor} were witnessed: the edge's own copy is an older one.`;
    this.#conflict(work, { place: `checkpoint ${size}`, ours, theirs, words });
  }

  #wrote({ state, store }: Work): void {
    Object.assign(state, { attempts: 0, due: 0, failure: null, lastWritten: this.#means.clock() });
    store.write(state);
  }

  /** Keeps what went wrong. Answers false: there is no going on now. */
  #stumble(work: Work, added: Added & { done: false }, item: Item, place: string): false {
    if ("failure" in added) return this.#fail(work, added.failure, place);
    const { theirs } = added;
    const words =
      theirs === null
        ? "What was witnessed is gone: it was removed, or this is another table of the same name."
        : "Something else stands under this key: another edge writes as this one, or a copy was changed.";
    const hash = theirs === null ? "" : digestOf(theirs);
    return this.#conflict(work, { place, ours: digestOf(item), theirs: hash, words });
  }

  #fail({ state, store }: Work, failure: Failure, place: string): false {
    const now = this.#means.clock();
    const attempts = state.attempts + 1;
    const next = now + waitAfter(failure, attempts, this.#means.random());
    const kept: WitnessFailure = {
      words: `${place}: ${failure.words}`,
      since: state.failure?.since ?? now,
      time: now,
      attempts,
      next,
    };
    Object.assign(state, { attempts, due: next, failure: kept });
    store.write(state);
    const { lag, alarm } = this.status(now);
    if (alarm || failure.kind === "help") {
      this.#alarm("witness_late", { leaves: lag.leaves, ms: lag.ms, attempts, error: kept.words });
    }
    return false;
  }

  #conflict(
    { state, store }: Work,
    conflict: { place: string; ours: string; theirs: string; words: string },
  ): false {
    const kept = store.addConflict({ ...conflict, time: this.#means.clock() });
    state.isStopped = true;
    this.#alarmed = Number.NEGATIVE_INFINITY;
    this.#alarm("witness_conflict", { ...kept });
    return false;
  }

  #alarm(alarm: string, facts: Record<string, string | number>): void {
    const now = this.#means.clock();
    if (now - this.#alarmed < ALARM_EVERY_MS) return;
    this.#alarmed = now;
    this.#means.alarm(alarm, facts);
  }

  /** What the ledger is called; it stays so. Null while it has no checkpoint. */
  #originOf(): string | null {
    if (this.#origin === null) {
      const newest = this.#ledger.checkpoint();
      try {
        if (newest !== null) this.#origin = checkpointOf(newest).origin;
      } catch {
        // The ledger finds out itself that it is broken; here it shows as a lag.
      }
    }
    return this.#origin;
  }

  #leafAt(index: number): string | undefined {
    const [leaf] = this.#ledger.leaves(index, 1);
    return leaf?.entry;
  }

  /** Null where nothing is set, and while the ledger has no checkpoint. */
  #read(): WitnessState | null {
    const origin = this.#originOf();
    if (this.#settings === null || origin === null) return null;
    this.#store ??= new WitnessStore(this.#sql, this.#settings, origin);
    this.#state ??= this.#store.read();
    return this.#state;
  }
}

function checkpointOf({ note }: Pick<SignedSize, "note">): Checkpoint {
  return parseCheckpoint(parseNote(note).text);
}

interface Work {
  table: WitnessTable;
  state: WitnessState;
  store: WitnessStore;
  origin: string;
}
