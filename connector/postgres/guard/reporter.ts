import type {
  ConnectorEvent,
  MaskedStatement,
  PlanEstimate,
  PolicyStamp,
} from "../../../protocol/control.ts";
import type { Decision } from "../../../protocol/policy/decision.ts";
import type { StatementFacts } from "../../../protocol/sql/facts.ts";

/** Of a refused statement, characters that its event has; the agent's frame has the whole. */
const MAX_TEXT = 8 * 1024;
/** Facts are told together: each event is an entry of the recording. */
const MAX_FACTS = 64;
const FACTS_MS = 1_000;
/** Different facts that a session remembers to have told; then it tells some again. */
const MAX_TOLD = 5_000;
/** Fingerprints whose rewritten text it remembers to have told, likewise. */
const MAX_SHOWN = 1_000;

/** Writes to the recording what the guard proved and decided. */
export class Reporter {
  readonly #tell: (event: ConnectorEvent) => void;
  readonly #told = new Set<string>();
  #waiting: { facts: StatementFacts; plan: PlanEstimate | null }[] = [];
  #masked: MaskedStatement[] = [];
  /** Fingerprints whose rewritten text was told. */
  readonly #shown = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #seen = new WeakSet<StatementFacts>();
  #version: string;

  /** `version`: of the policy set that the session was opened under; the recording has it already. */
  constructor(tell: (event: ConnectorEvent) => void, version: string) {
    this.#tell = tell;
    this.#version = version;
  }

  /** By this set statements are judged from now on. */
  policy({ version, revision }: PolicyStamp): void {
    if (this.#version === version) return;
    this.#version = version;
    this.#tell({ event: "policy", version, revision });
  }

  refused(
    decision: Exclude<Decision, { verdict: "allow" }>,
    sql: string,
    facts: StatementFacts | null,
    plan: PlanEstimate | null,
  ): void {
    this.#tell({ event: "judged", decision, text: sql.slice(0, MAX_TEXT), facts, plan });
  }

  /** A statement goes to the target. Its facts are told once, and soon. */
  ran(facts: StatementFacts, plan: PlanEstimate | null): void {
    if (this.#seen.has(facts)) return;
    this.#seen.add(facts);
    const key = JSON.stringify(facts);
    if (this.#told.has(key)) return;
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.add(key);
    this.#waiting.push({ facts, plan });
    if (this.#waiting.length >= MAX_FACTS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FACTS_MS).unref();
  }

  /**
   * A statement with masks has run: `shown` gives what the target got, null for the text as it came. That is told once
   * for a fingerprint, the fields that were masked each time.
   */
  masked(
    fingerprint: string,
    shown: (() => string) | null,
    fields: Readonly<Record<string, number>>,
    rows: number,
  ): void {
    const counted = Object.entries(fields).map(([label, columns]) => [label, columns * rows]);
    const isTold = shown === null || this.#shown.has(fingerprint);
    if (isTold && (rows === 0 || counted.length === 0)) return;
    if (!isTold) {
      if (this.#shown.size >= MAX_SHOWN) this.#shown.clear();
      this.#shown.add(fingerprint);
    }
    const text = isTold ? null : shown().slice(0, MAX_TEXT);
    this.#masked.push({ fingerprint, text, fields: Object.fromEntries(counted) });
    if (this.#masked.length >= MAX_FACTS) this.flush();
  }

  /** What detectors found since the last time. */
  detected(found: Record<string, { masked: number; reported: number }>): void {
    this.#tell({ event: "detected", found });
  }

  cut(limit: "rows" | "bytes", value: number): void {
    this.#tell({ event: "cut", limit, value });
  }

  /** Nothing can be told any more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Tells what waits; to be called before the session ends. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length > 0) {
      const statements = this.#waiting;
      this.#waiting = [];
      this.#tell({ event: "facts", statements });
    }
    if (this.#masked.length > 0) {
      const statements = this.#masked;
      this.#masked = [];
      this.#tell({ event: "masked", statements });
    }
  }
}
