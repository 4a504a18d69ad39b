import type { Decision } from "../../../protocol/policy/decision.ts";
import type { ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import { Refusal } from "./refusal.ts";

/** Actions that change nothing: whether the statements behind a cut result ran makes no difference. */
const HARMLESS: ReadonlySet<string> = new Set(["postgres:select", "postgres:explain", "postgres:show"]);

/** How much of a result a policy lets pass; a portal that is fetched in pieces has one for all of them. */
export class ResultLimit {
  /** The bound that was passed. */
  passed: "rows" | "bytes" | null = null;
  /** The agent was told. */
  told = false;
  readonly rows: number;
  readonly bytes: number;
  /** All that the message runs only reads. */
  readonly readOnly: boolean;
  #rows = 0;
  #bytes = 0;

  constructor(rows: number | null, bytes: number | null, readOnly: boolean) {
    this.rows = rows ?? Number.POSITIVE_INFINITY;
    this.bytes = bytes ?? Number.POSITIVE_INFINITY;
    this.readOnly = readOnly;
  }

  /** Whether one more row of so many bytes may pass. */
  take(bytes: number): boolean {
    this.#rows += 1;
    this.#bytes += bytes;
    if (this.#rows > this.rows) this.passed = "rows";
    else if (this.#bytes > this.bytes) this.passed = "bytes";
    return this.passed === null;
  }

  get refusal(): Refusal {
    const bound = this.passed === "rows" ? `${this.rows} rows` : `${this.bytes} bytes`;
    return Refusal.of(
      "54000",
      `the result was cut: policy lets ${bound} of it pass`,
      "Ask for less: with LIMIT, a narrower WHERE, fewer columns, or an aggregate.",
    );
  }
}

/** The limit that the results of a message have, once it may run, if any. */
export function resultLimit(
  decision: Decision,
  statements: readonly ClassifiedStatement[],
): ResultLimit | undefined {
  if (decision.verdict === "block") return undefined;
  const { rows, bytes } = decision;
  if (rows === null && bytes === null) return undefined;
  const readOnly = statements.every(({ facts }) => facts.actions.every((action) => HARMLESS.has(action)));
  return new ResultLimit(rows, bytes, readOnly);
}
