import type { Timers } from "../../guard/timers.ts";
import type { Conversation } from "../conversation.ts";
import { type OwnQueries, Skipping } from "./own-queries.ts";

/** The target is asked something after this part of the time that it would wait, ms; and never oftener. */
const SHARE = 3;
const LEAST_MS = 100;
/** `server_version_num` from which there are these settings. */
const HAS_IDLE_SESSION = 140_000;
const HAS_TRANSACTION = 170_000;

/** What the target's settings say, ms; 0 is without a limit. */
interface Limits {
  idleMs: number;
  transactionMs: number;
}

/**
 * Keeps a target's time-outs from ending a session in which a statement is held. All questions are SHOW, which takes no
 * snapshot: a transaction that hasn't begun to read sees the same as without them.
 *
 * - `statement_timeout` runs from the first message of a batch of the extended protocol until an Execute completes
 *   (start_xact_command and exec_execute_message in PostgreSQL's postgres.c). A batch that has only prepared is ended
 *   by a Sync of ours; in another one an Execute of ours completes.
 * - `idle_in_transaction_session_timeout` and `idle_session_timeout` run from ReadyForQuery until the next message: a
 *   question of ours begins them anew. In a batch that is open neither runs, and the question does no harm.
 * - `transaction_timeout` can't be stopped: the agent is told of it.
 */
export class TargetTimeouts {
  readonly #own: Pick<OwnQueries, "quiet" | "query" | "endBatch">;
  readonly #talk: Conversation;
  readonly #timers: Timers;
  readonly #version: () => number;
  #stopTimer: (() => void) | undefined;
  /** One for each `begin`: a question that outlives its wait goes on with no other. */
  #run: object | undefined;

  /** `version`: `server_version_num`, 0 while it isn't known. */
  constructor(
    own: Pick<OwnQueries, "quiet" | "query" | "endBatch">,
    talk: Conversation,
    timers: Timers,
    version: () => number,
  ) {
    this.#own = own;
    this.#talk = talk;
    this.#timers = timers;
    this.#version = version;
  }

  /** Stills them until `stop`. Answers what the agent must know of those that can't be. Throws what `OwnQueries` throws. */
  async begin(): Promise<string | null> {
    const run = {};
    this.#run = run;
    try {
      await this.#own.quiet();
      if (this.#talk.skipping) throw new Skipping();
      if (this.#talk.preparedOnly) await this.#own.endBatch();
      const { idleMs, transactionMs } = await this.#read();
      if (idleMs > 0) this.#keepAwake(run, Math.max(LEAST_MS, Math.floor(idleMs / SHARE)));
      if (transactionMs === 0) return null;
      return `The server's transaction_timeout of ${transactionMs} ms can't be stopped and ends the session if it passes.`;
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  stop(): void {
    this.#run = undefined;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** In a batch that is open the first of these is the Execute that completes. */
  async #read(): Promise<Limits> {
    const inTransaction = durationOf(await this.#show("idle_in_transaction_session_timeout"));
    const version = this.#version() || Number(await this.#show("server_version_num"));
    const between = version < HAS_IDLE_SESSION ? 0 : durationOf(await this.#show("idle_session_timeout"));
    const set = [inTransaction, between].filter((ms) => ms > 0);
    const whole =
      version < HAS_TRANSACTION || (this.#talk.status === "I" && !this.#talk.unsynced)
        ? 0
        : durationOf(await this.#show("transaction_timeout"));
    return { idleMs: set.length === 0 ? 0 : Math.min(...set), transactionMs: whole };
  }

  #keepAwake(run: object, everyMs: number): void {
    if (this.#run !== run) return;
    this.#stopTimer = this.#timers.after(everyMs, () => {
      this.#show("server_version_num").then(
        () => this.#keepAwake(run, everyMs),
        // The session is over, or will be: its own end tells why.
        () => {},
      );
    });
  }

  async #show(setting: string): Promise<string> {
    const [row] = await this.#own.query(`SHOW ${setting}`);
    return row?.[0] ?? "";
  }
}

const UNITS: Record<string, number> = {
  us: 0.001,
  "": 1,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** As SHOW writes a setting that is a time: `5s`, `90min`, `0`. What can't be read counts as no limit. */
export function durationOf(text: string): number {
  const [, count, unit] = /^(\d{1,12})(us|ms|s|min|h|d)?$/.exec(text) ?? [];
  return count === undefined ? 0 : Number(count) * UNITS[unit ?? ""]!;
}
