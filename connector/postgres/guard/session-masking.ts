import type { SessionFacts } from "../../../protocol/control.ts";
import type { Block } from "../../../protocol/policy/decision.ts";
import type { SessionUsage } from "../../../protocol/policy/usage.ts";
import type * as frontend from "../../../protocol/postgres/frontend.ts";
import type { ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import type { ParsedStatement } from "../../../protocol/sql/parser.ts";
import { isPlaceholder } from "../mask/expression.ts";
import { type MaskedText, Masking, placeholder, type SessionMasks } from "../mask/masking.ts";
import { Unmasked } from "../mask/unmasked.ts";
import type { Judging } from "./judging.ts";
import { Refusal, refusalOfAbsent } from "./refusal.ts";
import type { Reporter } from "./reporter.ts";
import type { Need, SessionCatalog } from "./session-catalog.ts";
import type { Prepared } from "./session-names.ts";
import type { AgentExchange, MaskedExchange } from "./verdict.ts";

/** A text of the agent's with its statements. */
export interface AgentText {
  sql: string;
  parsed: ParsedStatement[];
  statements: ClassifiedStatement[];
}

/** What of a session's guard its masking needs. */
export interface SessionMaskingOptions {
  facts: Pick<SessionFacts, "target">;
  usage: SessionUsage;
  catalog: SessionCatalog;
  reporter: Reporter;
  now(): number;
}

/** A text that runs, and what its masks made of it. */
export interface RunText {
  masked: MaskedText;
  statements: ClassifiedStatement[];
}

/** What the relay is told of an answer; `told` is called when it has come. */
export interface MaskedAnswer {
  masked: MaskedExchange;
  told(): void;
}

/** What one session's statements may see of labelled columns; there is one only where something is masked. */
export class SessionMasking {
  readonly #masking: Masking;
  readonly #judging: Judging;
  readonly #options: SessionMaskingOptions;
  /** By the classification, which is made anew with each change of what names mean. */
  readonly #kept = new Map<ClassifiedStatement[], MaskedText | Unmasked>();
  /** Rewritten texts that the target has taken. */
  readonly #proven = new Set<string>();
  /** Labels in the rows of cursors that are or were open. */
  readonly #cursors = new Set<string>();

  constructor(masks: SessionMasks, judging: Judging, options: SessionMaskingOptions) {
    this.#masking = new Masking(masks);
    this.#judging = judging;
    this.#options = options;
  }

  /** What the target is to get in place of the text. Throws `Refusal`. */
  of(text: AgentText): MaskedText | Need {
    const { sql, parsed, statements } = text;
    let outcome = this.#kept.get(statements);
    if (outcome === undefined) {
      const { names, catalog } = this.#options.catalog.meaning(parsed);
      const found = this.#masking.mask(sql, parsed, statements, names, catalog);
      if ("need" in found) return found;
      if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
      this.#kept.set(statements, found);
      outcome = found;
    }
    if (outcome instanceof Unmasked) throw this.#refused(text, outcome);
    this.#noteCursors(statements, outcome);
    return outcome;
  }

  /** Whether the target is to be asked first if it takes the text: what it says of it then tells nothing of rows. */
  isUnproven({ sql, alone }: MaskedText): boolean {
    return sql !== null && alone && !this.#proven.has(sql);
  }

  /** The target took this text. */
  proven(sql: string): void {
    if (this.#proven.size >= MAX_KEPT) this.#proven.delete(this.#proven.values().next().value!);
    this.#proven.add(sql);
  }

  /** The statement was prepared under other labels or names than hold now. */
  checkSame(masked: MaskedText, sent: string, sql: string): void {
    if ((masked.sql ?? sql) === sent) return;
    // Drivers prepare anew when they meet it.
    throw Refusal.of(
      "0A000",
      "cached plan must not change result type",
      "What is masked in the statement has changed since it was prepared: prepare it again.",
    );
  }

  /**
   * What the masks make of prepared texts now: the target has them as they were made then, and must not run what would
   * be another. `names` knows what they execute. Throws `Refusal`.
   */
  prepared(
    meanings: readonly Prepared[],
    values: Pick<frontend.Bind, "parameterFormats" | "parameters"> | null,
    names: { executedMasks(): readonly RunText[] },
  ): RunText[] | Need {
    const masks: RunText[] = [];
    for (const { sql, parsed, sent } of meanings) {
      const statements = this.#options.catalog.classify(parsed);
      if ("need" in statements) return statements;
      const text = { sql, parsed, statements };
      const masked = this.of(text);
      if ("need" in masked) return masked;
      this.checkSame(masked, sent, sql);
      if (values !== null) this.#checkParameters(text, masked, values);
      else if (masked.parameters.length > 0) throw TOO_LONG_TO_CHECK;
      masks.push({ masked, statements }, ...names.executedMasks());
    }
    return masks;
  }

  /** The plan of what was prepared would show the constants of its masks. Throws `Refusal`. */
  checkExplained(sql: string, statements: ClassifiedStatement[], { sql: sent, labels }: MaskedText): void {
    if (sent === null) return;
    const hint = "Explain the statement itself.";
    throw this.#refused({ sql, statements }, new Unmasked("EXPLAIN of a prepared statement", labels, hint));
  }

  /** Parameters that a labelled column is set to must not be what the agent was shown. Throws `Refusal`. */
  #checkParameters(
    text: AgentText,
    masked: MaskedText,
    bind: { parameterFormats: number[]; parameters: (Uint8Array | null)[] },
  ): void {
    for (const { number, label } of masked.parameters) {
      const value = bind.parameters[number - 1];
      // A text has the same bytes in both formats.
      if (value == null || !isPlaceholder(Buffer.from(value).toString("utf8"), label.mask)) continue;
      throw this.#refused(text, placeholder(`a column labelled ${label.name}`, label));
    }
  }

  /** Texts are about to run that ask for exact values, which are counted. Throws `Refusal`. */
  lookUp(sql: string, texts: readonly RunText[]): void {
    const { usage, facts, now } = this.#options;
    for (const { masked, statements } of texts) {
      for (const { label, values } of masked.lookups) {
        const most = label.lookup?.perMinute ?? 0;
        if (usage.lookup(`${facts.target}\0${label.name}`, values, most, now())) continue;
        throw this.#refused(
          { sql, statements },
          new Unmasked(
            `more than ${most} exact values asked for in a minute`,
            [label.name],
            "Wait a minute; whoever administers the target sets how many may be asked for.",
          ),
        );
      }
    }
  }

  /** What the relay must know of an answer to these texts; undefined where nothing labelled takes part. */
  exchange(texts: readonly RunText[]): MaskedAnswer | undefined {
    const labels = new Set(texts.flatMap(({ masked }) => [...masked.labels]));
    const isFetch = texts.some(({ statements }) => statements.some(({ facts }) => FETCHES.has(facts.tag)));
    if (isFetch) for (const label of this.#cursors) labels.add(label);
    if (labels.size === 0) return undefined;
    const [only, ...others] = texts;
    let rows = 0;
    return {
      masked: {
        labels: [...labels].sort(),
        row: () => {
          rows += 1;
        },
      },
      told: () => {
        const statement = others.length === 0 ? only?.statements[0] : undefined;
        if (statement !== undefined && only !== undefined)
          this.#tell(statement.facts.fingerprint, only.masked, rows);
      },
    };
  }

  #tell(fingerprint: string, { sql, fields }: MaskedText, rows: number): void {
    const shown = sql === null ? null : () => this.#masking.shown(sql);
    this.#options.reporter.masked(fingerprint, shown, fields, rows);
  }

  #noteCursors(statements: ClassifiedStatement[], { labels }: MaskedText): void {
    if (!statements.some(({ facts }) => facts.tag === "DECLARE CURSOR")) return;
    for (const label of labels) this.#cursors.add(label);
  }

  #refused({ sql, statements }: Pick<AgentText, "sql" | "statements">, unmasked: Unmasked): Refusal {
    const absent = refusalOfAbsent(statements);
    const decision = refusedByMasks(unmasked);
    this.#judging.refused(decision, sql, statements, null);
    return absent ?? Refusal.of("42501", `refused by Sallyport: ${decision.reason}`, unmasked.hint ?? HINT);
  }
}

/** Texts that a session keeps, which may be some KiB long. */
const MAX_KEPT = 200;
const FETCHES: ReadonlySet<string> = new Set(["FETCH", "MOVE"]);
const HINT = "What can be asked of masked columns is in Sallyport's guide to masking.";

/** Names of labels that a refusal tells. */
const MAX_LABELS = 5;

/** As a verdict, for recordings and for whoever asks. */
export function refusedByMasks({ message, labels }: Unmasked): Block {
  const named = labels.slice(0, MAX_LABELS).join(", ");
  const more = labels.length > MAX_LABELS ? ` and ${labels.length - MAX_LABELS} more` : "";
  const which = labels.length === 0 ? "labelled columns are masked" : `masked: ${named}${more}`;
  return { verdict: "block", policies: [], reason: `${message} (${which})` };
}

/** Adds what the answer needs that takes part of labelled columns. */
export function withMasks(exchange: AgentExchange, answer: MaskedAnswer | undefined): AgentExchange {
  if (answer === undefined) return exchange;
  const { done, failed } = exchange;
  return {
    ...exchange,
    masked: answer.masked,
    done() {
      done?.();
      answer.told();
    },
    failed() {
      failed?.();
      answer.told();
    },
  };
}

const TOO_LONG_TO_CHECK = Refusal.of(
  "54000",
  "refused by Sallyport: a labelled column is set by a message that is too long to be looked at",
  "Send the labelled column's value apart from what is long.",
);
