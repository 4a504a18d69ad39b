import {
  type Approval,
  type ApprovalChannel,
  type ApprovalEvent,
  type ApprovalNews,
  type ApprovalQuestion,
  type ApprovalSubject,
  MAX_APPROVALS,
} from "../../protocol/approval/approval.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Sql } from "../session/log.ts";
import { covers } from "./coverage.ts";
import {
  type Answer,
  type AnswerOutcome,
  type ApprovalInput,
  type ApprovalState,
  type ApprovalStep,
  due,
  opened,
  openedUnder,
  step,
} from "./machine.ts";
import { newsOf, viewOf } from "./machine-view.ts";

/** What the desk asks of its host. Each is called after the state that it follows from is written. */
export interface DeskHost {
  /** Adds an edge entry to the recording. An answer may come when the recording is closed: then it is dropped. */
  record(event: ApprovalEvent, now: number): void;
  /** Tells the connector, if it is there; `replay` tells it again when it is back. */
  news(news: ApprovalNews): void;
  /** The question is put to people, has another vote, or needs no more answers. */
  tell(state: ApprovalState, what: "asked" | "voted" | "ended", now: number): void;
}

/** The status of a number that was asked when the session had asked enough. */
const REFUSED = "refused";
/** Refusals that are told again; a connector does not hold more at once. */
const REFUSED_KEPT = 100;
const MAX_DETAIL = 300;

interface Row {
  number: number;
  status: string;
  state: string;
  question: string;
}

/**
 * The approvals of one session, or the one of an access request. The rules are the machine's; here they are kept.
 * Every call reads the state from SQL, writes the next one and then tells the host, in one synchronous step, so an
 * object that lost its memory goes on where it was. A question's text is written once, apart from what changes.
 */
export class ApprovalDesk {
  readonly #sql: Sql;
  readonly #owner: number;
  readonly #sessionId: string;
  readonly #host: DeskHost;
  #due = Number.POSITIVE_INFINITY;
  #pending = false;
  #last: number;

  /** `owner`: the session's number in its object, or 0 for an access request, whose only question has number 0. */
  constructor(sql: Sql, owner: number, sessionId: string, host: DeskHost) {
    this.#sql = sql;
    this.#owner = owner;
    this.#sessionId = sessionId;
    this.#host = host;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS approvals (owner INTEGER NOT NULL, number INTEGER NOT NULL, status TEXT NOT NULL, due INTEGER, state TEXT NOT NULL, question TEXT NOT NULL, PRIMARY KEY (owner, number)) WITHOUT ROWID",
    );
    const [row] = sql.exec("SELECT max(number) AS last FROM approvals WHERE owner = ?", owner);
    this.#last = row?.last == null ? (owner === 0 ? -1 : 0) : Number(row.last);
    if (row?.last != null) this.#summarize();
  }

  /** Removes all questions, and overwrites them before: the recording in which they stand was deleted, or nobody here reads it. */
  forget(): void {
    this.#sql.exec(
      "UPDATE approvals SET question = CAST(zeroblob(length(CAST(question AS BLOB))) AS TEXT) WHERE owner = ?",
      this.#owner,
    );
    this.#sql.exec("DELETE FROM approvals WHERE owner = ?", this.#owner);
  }

  /** Whether a question waits for people. */
  get pending(): boolean {
    return this.#pending;
  }

  /**
   * A question is put: people are asked, or an earlier approval covers it, or there were too many (`refused`). The
   * same question under the same number again only repeats the news. To be called for a session that is open.
   * Throws `protocol_violation` for a number out of turn, and for another question under a number that was used.
   */
  ask(approval: number, subject: ApprovalSubject, question: ApprovalQuestion, now: number): void {
    if (approval <= this.#last) {
      this.#repeat(approval, question);
      return;
    }
    if (approval !== this.#last + 1)
      throw new SallyportError(
        "protocol_violation",
        `question ${approval} was asked after question ${this.#last}`,
      );
    this.#last = approval;
    if (approval > MAX_APPROVALS) {
      this.#refuse(approval);
      return;
    }
    const asked = { approval, id: `${this.#sessionId}-${approval}`, subject, question };
    const cover = this.#cover(subject, question, now);
    const { state, effects } = cover ? openedUnder(cover, asked, now) : opened(asked, now);
    this.#sql.exec(
      "INSERT INTO approvals VALUES (?, ?, ?, ?, ?, ?)",
      this.#owner,
      approval,
      state.status,
      due(state),
      lightOf(state),
      JSON.stringify(question),
    );
    this.#summarize();
    this.#perform(state, effects, now);
  }

  /**
   * Who asked asks no more. Whether that ended it: what has run, or has ended, stays as it is. Throws
   * `protocol_violation` for a question that was never asked.
   */
  withdraw(approval: number, reason: string, now: number): boolean {
    const before = this.#asked(approval);
    return (
      before !== null &&
      this.#step(before, { type: "withdraw", reason }, now).state.status === "withdrawn" &&
      before.status !== "withdrawn"
    );
  }

  /** The connector lets go what was held. Throws `protocol_violation` when it has no right to, or did already. */
  used(approval: number, now: number): void {
    const before = this.#asked(approval);
    if (before === null)
      throw new SallyportError(
        "protocol_violation",
        `the connector released what question ${approval} asked about, which was refused`,
      );
    this.#step(before, { type: "used" }, now);
  }

  /** One person's answer. Never throws for what it says. */
  answer(approval: number, answer: Answer, now: number): AnswerOutcome {
    const before = this.#load(approval);
    if (before === null)
      return { outcome: "rejected", code: "not_found", reason: "there is no such approval" };
    return this.#step(before, { type: "answer", answer }, now).outcome!;
  }

  /** Records an answer that was refused before it came here. Of no approval, or one of too many: nothing. */
  reject(approval: number, by: string, channel: ApprovalChannel, reason: string, now: number): void {
    const before = this.#load(approval);
    if (before !== null) this.#step(before, { type: "reject", by, channel, reason }, now);
  }

  /**
   * Ends what is pending or approved, and with a scope whatever it covered that has not run yet. Whether it ended
   * anything.
   */
  revoke(approval: number, by: string, reason: string, now: number): boolean {
    const before = this.#load(approval);
    if (before === null || (before.status !== "pending" && before.status !== "approved")) return false;
    const stood = now < (due(before) ?? Number.POSITIVE_INFINITY);
    this.#step(before, { type: "revoke", by, reason }, now);
    for (const one of this.#live())
      if (one.under === approval) this.#step(one, { type: "revoke", by, reason }, now);
    return stood;
  }

  /** A channel was told of the question, or could not be. */
  told(approval: number, channel: ApprovalChannel, reached: boolean, detail: string, now: number): void {
    const state = this.#load(approval);
    if (state === null) return;
    const words = detail.slice(0, MAX_DETAIL).toWellFormed();
    this.#host.record({ event: "approval_told", approval, channel, reached, detail: words }, now);
    if (!reached && state.status === "pending")
      this.#host.news({ type: "approval", approval, news: { status: "unreached", channel } });
  }

  /** The session is over: nothing stays open. To be called before the recording is closed. */
  end(reason: string, now: number): void {
    for (const state of this.#live()) this.#step(state, { type: "end", reason }, now);
  }

  /** Ends what has run out. */
  expire(now: number): void {
    if (now < this.#due) return;
    for (const state of this.#live()) this.#step(state, { type: "time" }, now);
  }

  /** When `expire` must be called, ms since 1970; Infinity when nothing runs out. */
  deadline(): number {
    return this.#due;
  }

  /** What a connector that is back may have missed: of every question about something that has not run. */
  replay(): ApprovalNews[] {
    const news: ApprovalNews[] = [];
    for (const row of this.#rows("status <> 'used'")) {
      const one = row.status === REFUSED ? refusal(row.number) : newsOf(stateOf(row));
      if (one !== null) news.push(one);
    }
    return news;
  }

  view(approval: number): Approval | null {
    const state = this.#load(approval);
    return state && viewOf(state);
  }

  #step(before: ApprovalState, input: ApprovalInput, now: number): ApprovalStep {
    const next = step(before, input, now);
    if (next.state !== before) {
      this.#sql.exec(
        "UPDATE approvals SET status = ?, due = ?, state = ? WHERE owner = ? AND number = ?",
        next.state.status,
        due(next.state),
        lightOf(next.state),
        this.#owner,
        before.approval,
      );
      this.#summarize();
    }
    this.#perform(next.state, next.effects, now);
    return next;
  }

  #perform(state: ApprovalState, effects: ApprovalStep["effects"], now: number): void {
    for (const one of effects) {
      if (one.effect === "record") this.#host.record(one.event, now);
      else if (one.effect === "news") this.#host.news(one.news);
      else this.#host.tell(state, one.what, now);
    }
  }

  /** A number that was asked before. */
  #repeat(approval: number, question: ApprovalQuestion): void {
    if (approval > MAX_APPROVALS) {
      this.#host.news(refusal(approval));
      return;
    }
    const state = this.#asked(approval)!;
    if (JSON.stringify(state.question) !== JSON.stringify(question))
      throw new SallyportError(
        "protocol_violation",
        `another question was asked under the number ${approval}`,
      );
    const news = newsOf(state);
    if (news !== null) this.#host.news(news);
  }

  #refuse(approval: number): void {
    this.#sql.exec("INSERT INTO approvals VALUES (?, ?, ?, NULL, '', '')", this.#owner, approval, REFUSED);
    this.#sql.exec(
      "DELETE FROM approvals WHERE owner = ? AND status = ? AND number <= ?",
      this.#owner,
      REFUSED,
      approval - REFUSED_KEPT,
    );
    this.#host.news(refusal(approval));
  }

  #cover(subject: ApprovalSubject, question: ApprovalQuestion, now: number): ApprovalState | undefined {
    if (question.kind === "connect") return undefined;
    return this.#live().find((state) => covers(state, subject, question, now));
  }

  /** What may change by itself or by the session's end. */
  #live(): ApprovalState[] {
    return Array.from(this.#rows("status IN ('pending', 'approved')"), stateOf);
  }

  /** A question that the connector speaks of; null for one that was refused. Throws when it never asked it. */
  #asked(approval: number): ApprovalState | null {
    const state = this.#load(approval);
    if (state === null && !(approval > MAX_APPROVALS && approval <= this.#last))
      throw new SallyportError("protocol_violation", `question ${approval} was never asked`);
    return state;
  }

  #load(approval: number): ApprovalState | null {
    const [row] = this.#rows("status <> 'refused' AND number = ?", approval);
    return row ? stateOf(row) : null;
  }

  #rows(which: string, ...bindings: number[]): Iterable<Row> {
    return this.#sql.exec(
      `SELECT number, status, state, question FROM approvals WHERE owner = ? AND ${which} ORDER BY number`,
      this.#owner,
      ...bindings,
    ) as Iterable<unknown> as Iterable<Row>;
  }

  #summarize(): void {
    const [row] = this.#sql.exec(
      "SELECT min(due) AS due, coalesce(sum(status = 'pending'), 0) AS pending FROM approvals WHERE owner = ?",
      this.#owner,
    );
    this.#due = row?.due == null ? Number.POSITIVE_INFINITY : Number(row.due);
    this.#pending = Number(row?.pending) > 0;
  }
}

function refusal(approval: number): ApprovalNews {
  const reason = `a session may ask ${MAX_APPROVALS} questions at most`;
  return { type: "approval", approval, news: { status: "refused", reason } };
}

function lightOf(state: ApprovalState): string {
  const { question: _, ...light } = state;
  return JSON.stringify(light);
}

function stateOf(row: Row): ApprovalState {
  return {
    ...(JSON.parse(row.state) as Omit<ApprovalState, "question">),
    question: JSON.parse(row.question) as ApprovalQuestion,
  };
}
