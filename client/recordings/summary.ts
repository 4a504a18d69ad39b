import type { ApprovalAsk } from "../../protocol/approval.ts";
import type { ConnectorEvent, EdgeEvent, PolicyStamp, SessionFacts } from "../../protocol/control.ts";
import type { TranscriptEvent } from "../../protocol/postgres/transcript.ts";
import { HeldStatements, type Told } from "./held.ts";
import { addDetected, addMasked, type Found } from "./masking-words.ts";

/** What a session did, in short. */
export interface SessionSummary {
  /** From the recording's first entry; null when it has none. */
  facts: SessionFacts | null;
  /** How it ended; null when the recording does not say, as of a live session. */
  end: { time: number; code: string; reason: string; by?: string } | null;
  entries: number;
  /** Of all statements, including those not listed. */
  statements: number;
  /** Statements that did not reach the target because policy blocked them. */
  blocked: number;
  /** Statements that needed an approval, whether they had it in the end or not. */
  held: number;
  /** What became of questions to people. */
  approvals: ApprovalCounts;
  /** Statements of which the target saw another text, in which labelled columns were masked. */
  masked: number;
  /** Values of their results that were masked, by label. */
  maskedValues: Record<string, number>;
  /** What detectors found in what went to the agent, by detector. */
  detected: Found;
  /** The policy sets that judged, in order; at most `MAX_POLICIES`, the latest. */
  policies: PolicyStamp[];
  /** The latest. */
  listed: StatementSummary[];
}

export interface ApprovalCounts {
  asked: number;
  approved: number;
  /** Of those approved, by an earlier approval that covered them, and by nobody's word of their own. */
  covered: number;
  denied: number;
  expired: number;
  withdrawn: number;
  /** Released: what was held went to the target. */
  used: number;
  /** Answers that did not count. */
  rejected: number;
}

export interface StatementSummary {
  number: number;
  /** When it was sent, ms since 1970. */
  time: number;
  /** Ms that the server took, by the edge's clock; not those for which it was held. */
  duration: number;
  /** Rows that the agent saw. */
  rows: number;
  /** Command tags such as `INSERT 0 1`; an SQLSTATE and message; or what else became of it. */
  outcome: string;
  failed: boolean;
  /** The text; what really ran where that differs from what was shown as it was sent. Null when unknown. */
  text: string | null;
}

/** The beginning of a text is enough to know a statement by. */
const TEXT = 2_000;
const OUTCOME = 500;
const MAX_POLICIES = 100;

/** Gathers a summary; holds `limit` statements. */
export class Summarizer {
  readonly #limit: number;
  readonly #statements = new Map<number, StatementSummary>();
  #facts: SessionFacts | null = null;
  #end: SessionSummary["end"] = null;
  readonly #approvals = new HeldStatements();
  readonly #counts: ApprovalCounts = {
    asked: 0,
    approved: 0,
    covered: 0,
    denied: 0,
    expired: 0,
    withdrawn: 0,
    used: 0,
    rejected: 0,
  };
  readonly #maskedValues = new Map<string, number>();
  readonly #detected = new Map<string, Found[string]>();
  #policies: PolicyStamp[] = [];
  #count = 0;
  #entries = 0;
  #blocked = 0;
  #held = 0;
  #masked = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(event: TranscriptEvent): void {
    const told = this.#approvals.take(event);
    if (told) {
      this.#approval(told);
      return;
    }
    switch (event.type) {
      case "edge":
        this.#edge(event.event, event.time);
        break;
      case "connector":
        this.#connector(event.event);
        break;
      case "statement":
        this.#begin(event.statement, event.time, event.text);
        break;
      case "resolved":
        this.#change(event.statement, { text: event.text?.slice(0, TEXT) ?? null });
        break;
      case "result":
        this.#result(event);
        break;
      case "error":
        this.#add(event.statement, 0, this.#served(event), `${event.sqlstate} ${event.message}`);
        this.#change(event.statement, { failed: true });
        break;
      case "skipped":
        this.#change(event.statement, { outcome: "skipped", failed: true });
    }
  }

  /** Counts an entry, told or not. */
  entry(): void {
    this.#entries++;
  }

  get summary(): SessionSummary {
    return {
      facts: this.#facts,
      end: this.#end,
      entries: this.#entries,
      statements: this.#count,
      blocked: this.#blocked,
      held: this.#held,
      approvals: { ...this.#counts },
      masked: this.#masked,
      maskedValues: Object.fromEntries(this.#maskedValues),
      detected: Object.fromEntries(this.#detected),
      policies: this.#policies,
      listed: [...this.#statements.values()],
    };
  }

  #edge(event: EdgeEvent, time: number): void {
    if (event.event === "opened") this.#facts = event.facts;
    if (event.event !== "ended") return;
    const { code, reason, by } = event;
    this.#end = { time, code, reason, ...(by !== undefined && { by }) };
  }

  #connector(event: ConnectorEvent | ApprovalAsk): void {
    if (event.event === "policy") {
      const { version, revision } = event;
      this.#policies = [...this.#policies, { version, revision }].slice(-MAX_POLICIES);
    }
    if (event.event === "masked") {
      this.#masked += event.statements.length;
      for (const { fields } of event.statements) addMasked(this.#maskedValues, fields);
    }
    if (event.event === "detected") addDetected(this.#detected, event.found);
    if (event.event !== "judged") return;
    const { decision, text } = event;
    const held = decision.verdict === "approve";
    const { statement, asked } = this.#approvals.judged(text);
    this.#change(statement, { failed: true });
    if (held && asked) return;
    if (held) this.#held++;
    else this.#blocked++;
    this.#add(statement, 0, 0, `${held ? "held" : "blocked"}: ${decision.reason}`);
  }

  #approval({ entry, question }: Told): void {
    const counts = this.#counts;
    const statement = question?.statement ?? null;
    switch (entry.event) {
      case "approval_asked":
        counts.asked++;
        this.#held++;
        this.#add(statement, 0, 0, `held: ${entry.question.reason}`);
        break;
      case "approval_rejected":
        counts.rejected++;
        break;
      case "approval_used":
        counts.used++;
        break;
      case "approval_decided": {
        const { status, by, under } = entry;
        if (status === "lapsed") break;
        counts[status]++;
        if (under !== null) counts.covered++;
        if (status !== "approved") this.#change(statement, { failed: true });
        this.#add(statement, 0, 0, `${status}${by.length === 0 ? "" : ` by ${by.join(", ")}`}`);
      }
    }
  }

  #begin(number: number, time: number, text: string | null): void {
    this.#count = number;
    this.#statements.set(number, {
      number,
      time,
      duration: 0,
      rows: 0,
      outcome: "no answer",
      failed: false,
      text: text?.slice(0, TEXT) ?? null,
    });
    if (this.#statements.size > this.#limit) {
      for (const oldest of this.#statements.keys()) {
        this.#statements.delete(oldest);
        break;
      }
    }
  }

  #result(event: Extract<TranscriptEvent, { type: "result" }>): void {
    const words = { complete: event.tag || "done", suspended: "more rows to come", empty: "nothing to run" };
    this.#add(event.statement, event.rows, this.#served(event), words[event.outcome]);
  }

  #served({ statement, duration }: { statement: number | null; duration: number }): number {
    return this.#approvals.served(statement, duration);
  }

  /** Adds one result; a query of several statements has several. */
  #add(number: number | null, rows: number, duration: number, outcome: string): void {
    const statement = number === null ? undefined : this.#statements.get(number);
    if (!statement) return;
    const before = statement.outcome === "no answer" ? "" : `${statement.outcome}; `;
    this.#change(number, {
      rows: statement.rows + rows,
      duration: statement.duration + duration,
      outcome: (before + outcome).slice(0, OUTCOME),
    });
  }

  #change(number: number | null, part: Partial<StatementSummary>): void {
    const statement = number === null ? undefined : this.#statements.get(number);
    if (statement) Object.assign(statement, part);
  }
}
