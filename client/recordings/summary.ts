import type { ApprovalAsk } from "../../protocol/approval/approval.ts";
import type { ConnectorEvent } from "../../protocol/control.ts";
import { HeldStatements, type Told } from "../../protocol/postgres/transcript/held.ts";
import type { TranscriptEvent } from "../../protocol/postgres/transcript.ts";
import { addMasked } from "./masking-words.ts";
import { refusalText } from "./request-words.ts";
import { CommonSummarizer, type CommonSummary } from "./session-summary.ts";

/** What a session with a database did, in short. */
export interface SessionSummary extends CommonSummary {
  /** Of all statements, including those not listed. */
  statements: number;
  /** Statements that did not reach the target because policy blocked them. */
  blocked: number;
  /** Statements that needed an approval, whether they had it in the end or not. */
  held: number;
  /** Statements of which the target saw another text, in which labelled columns were masked. */
  masked: number;
  /** Values of their results that were masked, by label. */
  maskedValues: Record<string, number>;
  /** The latest. */
  listed: StatementSummary[];
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

/** Gathers a summary; holds `limit` statements. */
export class Summarizer {
  readonly #limit: number;
  readonly #statements = new Map<number, StatementSummary>();
  readonly #common = new CommonSummarizer();
  readonly #approvals = new HeldStatements();
  readonly #maskedValues = new Map<string, number>();
  #count = 0;
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
        this.#common.edge(event.event, event.time);
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
    this.#common.entry();
  }

  get summary(): SessionSummary {
    return {
      ...this.#common.summary,
      statements: this.#count,
      blocked: this.#blocked,
      held: this.#held,
      masked: this.#masked,
      maskedValues: Object.fromEntries(this.#maskedValues),
      listed: [...this.#statements.values()],
    };
  }

  #connector(event: ConnectorEvent | ApprovalAsk): void {
    this.#common.connector(event);
    if (event.event === "masked") {
      this.#masked += event.statements.length;
      for (const { fields } of event.statements) addMasked(this.#maskedValues, fields);
    }
    if (event.event !== "judged") return;
    const { decision, text } = event;
    const held = decision.verdict === "approve";
    const { statement, asked } = this.#approvals.judged(text);
    this.#change(statement, { failed: true });
    if (held && asked) return;
    if (held) this.#held++;
    else this.#blocked++;
    this.#add(statement, 0, 0, refusalText(decision));
  }

  #approval({ entry, question }: Told): void {
    const became = this.#common.approval(entry);
    if (entry.event === "approval_asked") this.#held++;
    if (!became) return;
    const statement = question?.statement ?? null;
    if (became.failed) this.#change(statement, { failed: true });
    this.#add(statement, 0, 0, became.outcome);
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
