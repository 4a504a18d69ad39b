import type { Approval, ApprovalChannel, ApprovalId } from "../../protocol/approval/approval.ts";
import { ApprovalDesk, type DeskHost } from "../approval/desk.ts";
import { type Answer, type AnswerOutcome, type ApprovalState, viewOf } from "../approval/machine.ts";
import { ApprovalOutbox, type ApprovalTidings } from "../approval/outbox.ts";
import type { Env } from "../environment.ts";
import type { Sql } from "./log.ts";
import type { SessionRecord, SessionRecords } from "./record.ts";
import type { Relay } from "./relay.ts";

/** What approvals ask of their object. */
export interface ApprovalsOwner {
  /** The relay of a session that is not over. */
  relay(session: string): Relay | undefined;
  /** The alarm is wanted at this time, ms since 1970. */
  wake(at: number): void;
  /** Does a step of a relay's; what it throws ends that session. */
  guarded(relay: Relay, step: () => void): void;
}

/** The approvals of one object's sessions: their desks, and the messages about them. */
export class SessionApprovals {
  readonly #sql: Sql;
  readonly #records: SessionRecords;
  readonly #owner: ApprovalsOwner;
  readonly #outbox: ApprovalOutbox;

  constructor(env: Env, sql: Sql, records: SessionRecords, owner: ApprovalsOwner) {
    this.#sql = sql;
    this.#records = records;
    this.#owner = owner;
    this.#outbox = new ApprovalOutbox(env, sql, {
      told: (id, channel, reached, detail, now) => {
        this.#live(id, (desk, number) => desk.told(number, channel, reached, detail, now));
      },
      view: (id) => this.view(id),
      wake: (at) => owner.wake(at),
    });
  }

  /** Makes the desk of a session. */
  desk(record: SessionRecord, host: DeskHost): ApprovalDesk {
    return new ApprovalDesk(this.#sql, record.number, record.id, host);
  }

  /** Lets people, and the directory, know of an approval. */
  tell(state: ApprovalState, what: ApprovalTidings, now: number): void {
    this.#outbox.add(viewOf(state), what, now);
  }

  /** When `send` is wanted, ms since 1970. */
  deadline(): number {
    return this.#outbox.deadline();
  }

  /** Begins to send messages that are due. */
  send(now: number): void {
    this.#outbox.start(now);
  }

  /** Whether everybody knows what became of what people were asked in a session. */
  isTold(record: SessionRecord): boolean {
    return this.#outbox.isDone(record.id);
  }

  /** Removes what people were asked in a session that is over. Safe to repeat. */
  forget(record: SessionRecord): void {
    this.desk(record, NOBODY).forget();
    this.#outbox.forget(record.id);
  }

  view(id: ApprovalId): Approval | null {
    return this.#desk(id, (desk, number) => desk.view(number)) ?? null;
  }

  answer(id: ApprovalId, answer: Answer, now: number): AnswerOutcome {
    const unknown: AnswerOutcome = {
      outcome: "rejected",
      code: "not_found",
      reason: "there is no such approval",
    };
    return this.#desk(id, (desk, number) => desk.answer(number, answer, now)) ?? unknown;
  }

  reject(id: ApprovalId, by: string, channel: ApprovalChannel, reason: string, now: number): void {
    this.#desk(id, (desk, number) => desk.reject(number, by, channel, reason, now));
  }

  revoke(id: ApprovalId, by: string, reason: string, now: number): boolean {
    return this.#desk(id, (desk, number) => desk.revoke(number, by, reason, now)) ?? false;
  }

  keepResponseUrl(id: ApprovalId, url: string, now: number): void {
    this.#outbox.keepResponseUrl(id, url, now);
  }

  /** The session's own desk or, when it is over, one that only knows how everything ended. */
  #desk<T>(id: ApprovalId, step: (desk: ApprovalDesk, number: number) => T): T | undefined {
    const [session, number] = partsOf(id);
    if (this.#owner.relay(session) !== undefined) return this.#live(id, step);
    const record = this.#records.find(session);
    return record && step(this.desk(record, NOBODY), number);
  }

  /** A step of a live session's desk; a fault of the storage ends the session, and is told. */
  #live<T>(id: ApprovalId, step: (desk: ApprovalDesk, number: number) => T): T | undefined {
    const [session, number] = partsOf(id);
    const relay = this.#owner.relay(session);
    if (relay === undefined) return undefined;
    let result: T | undefined;
    let done = false;
    this.#owner.guarded(relay, () => {
      result = step(relay.approvals, number);
      done = true;
    });
    if (!done) throw new Error("the approval could not be recorded");
    this.#owner.wake(relay.deadline());
    return result;
  }
}

/** Of a session that is over nothing can be recorded, and nobody waits. */
const NOBODY: DeskHost = { record() {}, news() {}, tell() {} };

function partsOf(id: ApprovalId): [session: string, number: number] {
  const [session = "", number] = id.split("-");
  return [session, Number(number)];
}
