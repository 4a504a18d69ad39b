import { DurableObject } from "cloudflare:workers";
import type {
  Approval,
  ApprovalChannel,
  ApprovalId,
  ApprovalSubject,
  ConnectQuestion,
} from "../../protocol/approval/approval.ts";
import { voters } from "../../protocol/approval/votes.ts";
import type { TrailEntry } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { grantLease, type NewLease, revokeLease } from "../directory/leases.ts";
import { openSessionsOf } from "../directory/open-sessions.ts";
import type { Env } from "../environment.ts";
import { logLine } from "../log-line.ts";
import { AlarmClock } from "../session/alarm-clock.ts";
import { endSessions } from "../session/revocation.ts";
import { ApprovalDesk } from "./desk.ts";
import type { Answer, AnswerOutcome } from "./machine.ts";
import { ApprovalOutbox } from "./outbox.ts";
import { accessApprovalId } from "./stub.ts";

/** The one question of an access request. */
const QUESTION = 0;
/** How long a lease that could not be written waits for the next try, ms; and how long a try may take. */
const RETRY_MS = 2_000;
const WRITE_MS = 5_000;
/** Names in this object's small values. */
const REQUEST = "request";
const LEASE = "lease";

/** What the directory holds of the lease that the request led to. */
type LeaseState = "none" | "granted" | "revoked";

/**
 * One access request: its question, its trail, and the lease that comes of it. A thin shell over the desk and the
 * outbox. Its question has the number 0; no session of its own, so no recording: the trail stands for it.
 */
export class AccessRequest extends DurableObject<Env> {
  readonly #clock: AlarmClock;
  #desk: ApprovalDesk | undefined;
  readonly #outbox: ApprovalOutbox;
  /** When the lease is to be written, ms since 1970. */
  #leaseDue = Number.POSITIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS trail (no INTEGER PRIMARY KEY, time INTEGER NOT NULL, event TEXT NOT NULL)",
    );
    this.#clock = new AlarmClock((at) => void ctx.storage.setAlarm(at));
    this.#outbox = new ApprovalOutbox(env, sql, {
      told: (_id, channel, reached, detail, now) => this.#desk?.told(QUESTION, channel, reached, detail, now),
      view: (id) => this.#view(id),
      wake: (at) => this.#clock.wake(at),
    });
    const request = ctx.storage.kv.get<string>(REQUEST);
    if (request === undefined) return;
    this.#open(request);
    if (this.#leaseWanted() !== null) this.#leaseDue = Date.now();
    this.#rest();
  }

  /** RPC. Puts the question of the request with this id (32 hex digits); again only answers how it stands. */
  ask(request: string, subject: ApprovalSubject, question: ConnectQuestion): Approval {
    const now = Date.now();
    if (!this.#desk) {
      this.ctx.storage.kv.put(REQUEST, request);
      const { principal, onBehalfOf = null, target } = subject;
      const { purpose } = question;
      this.#trace({ event: "access_requested", principal, onBehalfOf, target, purpose }, now);
      this.#open(request).ask(QUESTION, subject, question, now);
    }
    this.#rest();
    return this.#shown(accessApprovalId(request))!;
  }

  /** RPC. The asker is told that it is approved when its lease stands in the directory, not before. */
  viewApproval(id: ApprovalId): Approval | null {
    this.#expire(Date.now());
    return this.#shown(id);
  }

  /** RPC. */
  async answerApproval(id: ApprovalId, answer: Answer): Promise<AnswerOutcome> {
    if (this.#view(id) === null) {
      return { outcome: "rejected", code: "not_found", reason: "there is no such approval" };
    }
    const outcome = this.#desk!.answer(QUESTION, answer, Date.now());
    await this.#settleLease();
    return outcome;
  }

  /** RPC. */
  rejectAnswer(id: ApprovalId, by: string, channel: ApprovalChannel, reason: string): void {
    if (this.#view(id) !== null) this.#desk!.reject(QUESTION, by, channel, reason, Date.now());
    this.#rest();
  }

  /** RPC. Also ends the lease and its sessions, before it answers where that succeeds. */
  async revokeApproval(id: ApprovalId, by: string, reason: string): Promise<boolean> {
    const revoked = this.#view(id) !== null && this.#desk!.revoke(QUESTION, by, reason, Date.now());
    await this.#endLease();
    return revoked;
  }

  /** RPC. Of an approved request it gives the lease back. */
  async withdrawApproval(id: ApprovalId, reason: string): Promise<boolean> {
    const withdrawn = this.#view(id) !== null && this.#desk!.withdraw(QUESTION, reason, Date.now());
    await this.#endLease();
    return withdrawn;
  }

  /** RPC. */
  keepResponseUrl(id: ApprovalId, url: string): void {
    if (this.#view(id) !== null) this.#outbox.keepResponseUrl(id, url, Date.now());
    this.#rest();
  }

  /** RPC. All that has happened, in order. It is bounded, as all that adds to it is. */
  trail(id: ApprovalId): TrailEntry[] {
    if (this.#view(id) === null) return [];
    const rows = this.ctx.storage.sql.exec<{ time: number; event: string }>(
      "SELECT time, event FROM trail ORDER BY no",
    );
    return Array.from(rows, ({ time, event }) => ({ time, event: JSON.parse(event) as TrailEntry["event"] }));
  }

  override async alarm(): Promise<void> {
    this.#clock.fired(Date.now());
    this.#expire(Date.now());
    this.#outbox.start(Date.now());
    await this.#settleLease();
    this.#rest();
  }

  #open(request: string): ApprovalDesk {
    const { sql } = this.ctx.storage;
    const desk = new ApprovalDesk(sql, QUESTION, request, {
      record: (event, now) => this.#trace(event, now),
      // Who asked asks the API how it stands.
      news: () => {},
      tell: (_state, what, now) => {
        const approval = desk.view(QUESTION);
        if (approval) this.#outbox.add(approval, what, now);
      },
    });
    this.#desk = desk;
    return desk;
  }

  #trace(event: TrailEntry["event"], now: number): void {
    this.ctx.storage.sql.exec("INSERT INTO trail (time, event) VALUES (?, ?)", now, JSON.stringify(event));
  }

  #view(id: ApprovalId): Approval | null {
    const approval = this.#desk?.view(QUESTION) ?? null;
    return approval?.id === id ? approval : null;
  }

  #shown(id: ApprovalId): Approval | null {
    const approval = this.#view(id);
    if (approval?.status !== "approved" || this.#leaseState !== "none") return approval;
    return { ...approval, status: "pending", decided: null, until: null };
  }

  #expire(now: number): void {
    if (this.#desk && this.#desk.deadline() <= now) this.#desk.expire(now);
    this.#rest();
  }

  get #leaseState(): LeaseState {
    return this.ctx.storage.kv.get<LeaseState>(LEASE) ?? "none";
  }

  /** What the directory should hold and does not yet, or null. */
  #leaseWanted(): { state: Exclude<LeaseState, "none">; approval: Approval; until: number } | null {
    const approval = this.#desk?.view(QUESTION);
    // Without an end it never was approved.
    if (!approval || approval.until === null) return null;
    const { status, until } = approval;
    const over = status !== "approved";
    const state = over ? "revoked" : "granted";
    if (this.#leaseState === state || this.#leaseState === "revoked") return null;
    // A lease that has run out needs no revocation.
    if (over && until <= Date.now()) return null;
    return { state, approval, until };
  }

  /**
   * Brings the directory up to what was decided; tried again from the alarm until it is. What is over is marked there
   * before its sessions are ended: what registers after the mark is refused by itself.
   */
  async #settleLease(): Promise<boolean> {
    const wanted = this.#leaseWanted();
    this.#leaseDue = Number.POSITIVE_INFINITY;
    if (wanted) {
      try {
        await inTime(this.#write(wanted.state, newLease(wanted.approval, wanted.until), wanted.approval));
      } catch (error) {
        logLine("warning", "a lease is not settled yet", { error });
        this.#leaseDue = Date.now() + RETRY_MS;
      }
    }
    this.#rest();
    return !Number.isFinite(this.#leaseDue);
  }

  /** Throws `internal` when it is not yet over for all; it will be. */
  async #endLease(): Promise<void> {
    if (await this.#settleLease()) return;
    throw new SallyportError(
      "internal",
      "it is decided that the lease is over, but not all who must know could be told yet",
      "That is tried again by itself; do it again to see whether it has come about.",
    );
  }

  async #write(state: Exclude<LeaseState, "none">, lease: NewLease, { decided }: Approval): Promise<void> {
    if (state === "granted") {
      await grantLease(this.env.DIRECTORY, lease);
      // It may have been revoked, or granted by another call, while this was written.
      if (this.#leaseState !== "none") return;
      this.ctx.storage.kv.put(LEASE, state);
      this.#trace({ event: "lease_granted", until: lease.until }, Date.now());
      // Revoked meanwhile: that could not be written before this.
      if (this.#leaseWanted() !== null) this.#leaseDue = Date.now();
      return;
    }
    const by = decided?.by ?? lease.principal;
    const reason = decided?.reason ?? "given back";
    await revokeLease(this.env.DIRECTORY, lease, reason, { principal: by, time: decided?.at ?? Date.now() });
    const sessions = await openSessionsOf(this.env.DIRECTORY, { lease: lease.id });
    await endSessions(this.env, sessions, leaseEnded(by, reason), by);
    if (this.#leaseState === "revoked") return;
    this.ctx.storage.kv.put(LEASE, state);
    this.#trace({ event: "lease_revoked", by, reason }, Date.now());
  }

  /** Asks for the alarm at the next time that anything is due. */
  #rest(): void {
    this.#clock.wake(Math.min(this.#desk?.deadline() ?? Number.POSITIVE_INFINITY, this.#leaseDue));
    this.#clock.wake(this.#outbox.deadline());
  }
}

/** What sessions are told that end with their lease. */
export function leaseEnded(by: string, reason: string): string {
  return `its lease was ended by ${by}: ${reason}`;
}

function newLease(approval: Approval, until: number): NewLease {
  const { id, principal, onBehalfOf, target, question, votes } = approval;
  return {
    id,
    principal,
    onBehalfOf,
    target,
    until,
    granted: votes.at(-1)?.at ?? approval.asked,
    by: voters(question.approvals, votes),
    approvals: question.approvals,
  };
}

/** A directory that does not answer holds nobody up: what it was asked may be asked again. */
function inTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the directory did not answer in time")), WRITE_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
