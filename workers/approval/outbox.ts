import type { Approval, ApprovalChannel, ApprovalId } from "../../protocol/approval/approval.ts";
import type { Env } from "../environment.ts";
import { logLine } from "../log-line.ts";
import type { Sql } from "../session/log.ts";
import type { Delivery, Fetch } from "./post.ts";
import { receiversOf } from "./receivers.ts";

/** What has happened with an approval. `ended`: it is decided, or will not be; it may end again when it is used up. */
export type ApprovalTidings = "asked" | "voted" | "ended";

/** What the outbox asks of its object. */
export interface OutboxHost {
  /** A message reached its channel, or its first attempt did not. Called once, at most twice, for each message. */
  told(id: ApprovalId, channel: ApprovalChannel, reached: boolean, detail: string, now: number): void;
  /** The approval as it stands now; null when the object has it no more. */
  view(id: ApprovalId): Approval | null;
  /** `run` is wanted at this time, ms since 1970. */
  wake(at: number): void;
}

/** What a receiver is given to send. */
export interface OutboxMessage {
  /** The same at each attempt, and no other message's of this approval. */
  key: string;
  id: ApprovalId;
  /** What has happened since the last delivery, oldest first. */
  news: ApprovalTidings[];
  /** As it was at the newest of `news`, or is by now. */
  approval: Approval;
}

/** Somebody who is told. */
export interface Receiver {
  /** The directory's index is no channel: it is nobody's answer whether it was reached. */
  readonly channel: ApprovalChannel | "index";
  /** Whether the newest state stands for all that was not sent before; else each message is sent, in order. */
  readonly newestOnly: boolean;
  /** After so many attempts a message is given up. */
  readonly maxAttempts: number;
  /** Makes the tables of what it keeps, if they are not there. Called before anything else. */
  prepare?(): void;
  /** Sends a message, within a time limit of its own. */
  send(message: OutboxMessage, now: number): Promise<Delivery>;
  /** Keeps where a message can be brought up to date. */
  keepResponseUrl?(id: ApprovalId, url: string, now: number): void;
}

/** What a test replaces. */
export interface OutboxMeans {
  fetch: Fetch;
  clock(): number;
  /** From 0 to 1. */
  random(): number;
}

const MEANS: OutboxMeans = {
  // Called as a method, the runtime's fetch would refuse its `this`.
  fetch: (url, init) => fetch(url, init),
  clock: () => Date.now(),
  random: () => Math.random(),
};

/** The wait after a first failed attempt, doubled after each, and the longest; ms. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;
/** How long after a delivery began its object looks again, ms. */
const LOOK_AGAIN_MS = 60_000;
/** Deliveries of one receiver at once; a Worker may wait for six answers in all. */
const MAX_AT_ONCE = 2;

/** Ids are `SESSION-NUMBER`; `.` comes after `-`. */
const OF_SESSION = "id >= ?1 || '-' AND id < ?1 || '.'";

interface Lane {
  id: ApprovalId;
  receiver: string;
  due: number;
  attempts: number;
}

interface Row {
  no: number;
  what: ApprovalTidings;
  approval: string;
}

/**
 * Messages about approvals, to the channels and the directory's index: kept in the object's SQL and sent from its
 * alarm, retried with backoff, at least once each. Receivers don't wait for each other, nor approvals for each other.
 * The host calls `wake(deadline())` when it starts, and need not wait for `run` to go on.
 */
export class ApprovalOutbox {
  readonly #sql: Sql;
  readonly #host: OutboxHost;
  readonly #means: OutboxMeans;
  readonly #receivers: readonly Receiver[];
  #made = false;
  /** Lanes whose delivery is under way. */
  readonly #sending = new Set<string>();
  /** Until when a receiver wants to be left alone, ms. */
  readonly #paused = new Map<string, number>();

  constructor(
    env: Env,
    sql: Sql,
    host: OutboxHost,
    means: OutboxMeans = MEANS,
    receivers: readonly Receiver[] = receiversOf(env, sql, means.fetch),
  ) {
    this.#sql = sql;
    this.#host = host;
    this.#means = means;
    this.#receivers = receivers;
    const [made] = sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'approval_lanes'");
    if (made !== undefined) this.#make();
  }

  /** Rows written are what a session costs: one without approvals has no tables for them. */
  #make(): void {
    if (this.#made) return;
    this.#sql.exec(
      `CREATE TABLE IF NOT EXISTS approval_messages (no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL,
         receiver TEXT NOT NULL, what TEXT NOT NULL, approval TEXT NOT NULL)`,
    );
    // A lane is what one receiver has yet to hear of one approval.
    this.#sql.exec(
      `CREATE TABLE IF NOT EXISTS approval_lanes (id TEXT NOT NULL, receiver TEXT NOT NULL, due INTEGER NOT NULL,
         attempts INTEGER NOT NULL, told INTEGER NOT NULL, PRIMARY KEY (id, receiver)) WITHOUT ROWID`,
    );
    for (const receiver of this.#receivers) receiver.prepare?.();
    this.#made = true;
  }

  /** Takes news of an approval for everybody who is told. Nothing is sent before `run`. */
  add(approval: Approval, what: ApprovalTidings, now: number): void {
    this.#make();
    for (const { channel: receiver, newestOnly } of this.#receivers) {
      const free = !this.#sending.has(laneKey(approval.id, receiver));
      if (what === "ended" && !newestOnly && free) {
        // Nobody can answer any more: what was not told of it before needs no telling.
        this.#remove("id = ? AND receiver = ? AND what <> 'ended'", approval.id, receiver);
      }
      this.#sql.exec(
        "INSERT INTO approval_messages (id, receiver, what, approval) VALUES (?, ?, ?, ?)",
        approval.id,
        receiver,
        what,
        JSON.stringify(approval),
      );
      const hurry = newestOnly || what === "ended" ? ", due = excluded.due, attempts = 0" : "";
      this.#sql.exec(
        `INSERT INTO approval_lanes (id, receiver, due, attempts, told) VALUES (?, ?, ?, 0, 0)
         ON CONFLICT (id, receiver) DO UPDATE SET told = told${hurry}`,
        approval.id,
        receiver,
        now,
      );
    }
    this.#host.wake(now);
  }

  /** Keeps where a channel's message about an approval can be brought up to date for the next half hour. */
  keepResponseUrl(id: ApprovalId, url: string, now: number): void {
    this.#make();
    for (const receiver of this.#receivers) receiver.keepResponseUrl?.(id, url, now);
  }

  /**
   * Begins to send what is due and does not wait for it: a channel that is slow must not delay its object's
   * deadlines.
   */
  start(now: number): void {
    if (this.deadline() > now) return;
    // Should the object be forgotten meanwhile, it wakes and looks what came of it.
    this.#host.wake(now + LOOK_AGAIN_MS);
    this.run(now).catch((error: unknown) => {
      logLine("error", "messages about approvals failed", { error });
    });
  }

  /** Sends what is due; resolves when that is over, each delivery within its time limit. May overlap with itself. */
  async run(now: number): Promise<void> {
    const due = this.#waiting().filter(({ receiver, due }) => Math.max(due, this.#pause(receiver)) <= now);
    const started: Promise<void>[] = [];
    for (const lane of due) {
      // Counted anew for each: the ones before it have begun.
      if (this.#room(lane.receiver)) started.push(this.#deliver(lane, now));
    }
    const outcomes = await Promise.allSettled(started);
    for (const one of outcomes) if (one.status === "rejected") throw one.reason;
  }

  /** Whether everybody knows of all approvals of a session. */
  isDone(session: string): boolean {
    if (!this.#made) return true;
    const [left] = this.#sql.exec(`SELECT 1 FROM approval_lanes WHERE ${OF_SESSION} LIMIT 1`, session);
    return left === undefined;
  }

  /** Gives up what is yet to be told of a session's approvals: nothing is kept of them any more. */
  forget(session: string): void {
    if (!this.#made) return;
    this.#remove(OF_SESSION, session);
    this.#sql.exec(`DELETE FROM approval_lanes WHERE ${OF_SESSION}`, session);
  }

  /** When `run` is wanted next, ms since 1970; Infinity for never. What is under way says itself when it is over. */
  deadline(): number {
    return Math.min(
      Number.POSITIVE_INFINITY,
      ...this.#waiting()
        .filter(({ receiver }) => this.#room(receiver))
        .map(({ receiver, due }) => Math.max(due, this.#pause(receiver))),
    );
  }

  async #deliver(lane: Lane, now: number): Promise<void> {
    const { id, receiver: name } = lane;
    const receiver = this.#receivers.find(({ channel }) => channel === name);
    const rows = this.#rows(id, name);
    const sent = receiver?.newestOnly ? rows : rows.slice(0, 1);
    const newest = sent.at(-1);
    // Of a channel that is configured no more, nothing is kept.
    if (receiver === undefined || newest === undefined)
      return this.#forget(lane, Number.MAX_SAFE_INTEGER, now);
    const key = laneKey(id, name);
    this.#sending.add(key);
    // Counted before: an attempt that ends the object counts as well.
    this.#sql.exec(
      "UPDATE approval_lanes SET attempts = attempts + 1 WHERE id = ? AND receiver = ?",
      id,
      name,
    );
    let delivery: Delivery;
    try {
      const current = receiver.newestOnly ? this.#host.view(id) : null;
      const approval = current ?? (JSON.parse(newest.approval) as Approval);
      const news = sent.map(({ what }) => what);
      delivery = await receiver.send({ key: `${id}_${newest.no}`, id, news, approval }, now);
    } catch (error) {
      // The message of an error may quote an address, which may be a secret.
      const kind = error instanceof Error ? error.name : "unknown";
      logLine("error", "a message about an approval failed", { approval: id, receiver: name, error: kind });
      delivery = { outcome: "failed", detail: "the message could not be made or sent", again: true };
    } finally {
      this.#sending.delete(key);
    }
    this.#settle({ ...lane, attempts: lane.attempts + 1 }, receiver, newest, delivery);
    this.#host.wake(this.deadline());
  }

  #settle(lane: Lane, receiver: Receiver, newest: Row, delivery: Delivery): void {
    const { id, receiver: name } = lane;
    const now = this.#means.clock();
    if (delivery.outcome !== "failed") {
      this.#forget(lane, newest.no, now);
      if (delivery.outcome === "delivered") this.#tell(id, receiver, true, delivery.detail, now);
      return;
    }
    const { detail, again, retryAfterMs = 0 } = delivery;
    if (retryAfterMs > 0) this.#paused.set(name, now + retryAfterMs);
    const [{ told } = { told: 1 }] = this.#sql.exec(
      "SELECT told FROM approval_lanes WHERE id = ? AND receiver = ?",
      id,
      name,
    );
    this.#sql.exec("UPDATE approval_lanes SET told = 1 WHERE id = ? AND receiver = ?", id, name);
    const later = this.#rows(id, name).filter(({ no }) => no > newest.no);
    const outlived =
      !receiver.newestOnly && newest.what !== "ended" && later.some(({ what }) => what === "ended");
    if (!again || lane.attempts >= receiver.maxAttempts || outlived) {
      this.#forget(lane, newest.no, now);
    } else if (later.length === 0 || !receiver.newestOnly) {
      const wait = Math.min(FIRST_WAIT_MS * 2 ** (lane.attempts - 1), LONGEST_WAIT_MS);
      const due = now + Math.max(retryAfterMs, wait * (0.5 + this.#means.random() / 2));
      this.#sql.exec(
        "UPDATE approval_lanes SET due = ? WHERE id = ? AND receiver = ?",
        Math.ceil(due),
        id,
        name,
      );
    }
    if (told === 0) this.#tell(id, receiver, false, detail, now);
  }

  /** Drops what is delivered or given up; what came meanwhile begins anew. */
  #forget({ id, receiver }: Lane, upTo: number, now: number): void {
    this.#remove("id = ? AND receiver = ? AND no <= ?", id, receiver, upTo);
    if (this.#rows(id, receiver).length === 0) {
      this.#sql.exec("DELETE FROM approval_lanes WHERE id = ? AND receiver = ?", id, receiver);
      return;
    }
    this.#sql.exec(
      "UPDATE approval_lanes SET due = ?, attempts = 0, told = 0 WHERE id = ? AND receiver = ?",
      now,
      id,
      receiver,
    );
  }

  /** Messages hold what people are asked: they are overwritten where they lie, as the pages that become free are not. */
  #remove(which: string, ...bindings: (string | number)[]): void {
    const blank = "CAST(zeroblob(length(CAST(approval AS BLOB))) AS TEXT)";
    this.#sql.exec(`UPDATE approval_messages SET approval = ${blank} WHERE ${which}`, ...bindings);
    this.#sql.exec(`DELETE FROM approval_messages WHERE ${which}`, ...bindings);
  }

  #tell(id: ApprovalId, { channel }: Receiver, reached: boolean, detail: string, now: number): void {
    if (channel !== "index") this.#host.told(id, channel, reached, detail, now);
  }

  #pause(receiver: string): number {
    return this.#paused.get(receiver) ?? 0;
  }

  #room(receiver: string): boolean {
    let under = 0;
    for (const key of this.#sending) if (key.endsWith(` ${receiver}`)) under++;
    return under < MAX_AT_ONCE;
  }

  /** Lanes that nothing is under way for, the longest waiting first. */
  #waiting(): Lane[] {
    if (!this.#made) return [];
    const lanes = this.#sql.exec(
      "SELECT id, receiver, due, attempts FROM approval_lanes ORDER BY due, id",
    ) as Iterable<unknown> as Iterable<Lane>;
    return [...lanes].filter(({ id, receiver }) => !this.#sending.has(laneKey(id, receiver)));
  }

  #rows(id: ApprovalId, receiver: string): Row[] {
    const rows = this.#sql.exec(
      "SELECT no, what, approval FROM approval_messages WHERE id = ? AND receiver = ? ORDER BY no",
      id,
      receiver,
    ) as Iterable<unknown> as Iterable<Row>;
    return [...rows];
  }
}

function laneKey(id: ApprovalId, receiver: string): string {
  return `${id} ${receiver}`;
}
