import type { StatementQuestion } from "../../../protocol/approval/approval.ts";
import type { PlanEstimate } from "../../../protocol/control.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { ClassifiedStatement, SessionEffect } from "../../../protocol/sql/facts.ts";
import type { ParsedStatement } from "../../../protocol/sql/parser.ts";
import type { Conversation } from "../conversation.ts";
import { Names } from "./names.ts";
import type { ParsedTexts } from "./parsed-texts.ts";
import { Refusal } from "./refusal.ts";
import type { ResultLimit } from "./result-limit.ts";
import type { SessionCatalog } from "./session-catalog.ts";
import type { RunText, SessionMasking } from "./session-masking.ts";
import type { Missing } from "./verdict.ts";

/** A prepared statement, by SQL or protocol; an empty text has no statement. */
export interface Prepared {
  sql: string;
  parsed: ParsedStatement[];
  parameterTypes: number[];
  /** What the target has: the same, or the text with masks. */
  sent: string;
}

/** A portal or cursor: what it will run was planned when it was made. */
export interface Portal {
  statements: ClassifiedStatement[];
  plan: PlanEstimate | null;
  limit: ResultLimit | undefined;
  /** What people are shown where its Execute needs an approval of its own. */
  bound: BoundPortal;
  /** What people agreed to when it was bound: its Execute needs them no more. */
  approved: Approved | null;
}

/** Good for as long as the question would have stood: what was opened under it may be kept for hours. */
export interface Approved {
  question: StatementQuestion;
  until: number;
}

/** What SQL declared. Of several with one text, the worst. */
interface Cursor {
  plan: PlanEstimate | null;
  approved: Approved | null;
}

export interface BoundPortal {
  sql: string;
  /** What the statement's name may have meant; the target reads some of it only when it runs. */
  meanings: readonly Prepared[];
  parameterTypes: number[];
  /** A copy of the Bind's body, where it is short. */
  bind: Uint8Array | null;
}

const MAX_CURSORS = 1_000;
const FETCHES: ReadonlySet<string> = new Set(["FETCH", "MOVE"]);

/** What one session has given names: its prepared statements, portals and cursors, and what statements do to them. */
export class SessionNames {
  readonly prepared = new Names<Prepared>();
  readonly portals = new Names<Portal>();
  /** Cursors that SQL declared, and may fetch from in any later statement. */
  readonly #cursors = new Map<ClassifiedStatement, Cursor>();
  readonly #texts: ParsedTexts;
  readonly #catalog: SessionCatalog;
  readonly #talk: Conversation;
  readonly #masking: SessionMasking | null;
  /** What the masks made of texts that a message executes by name, while it is judged. */
  #executed: RunText[] = [];
  /** What the target gets in place of texts that a message prepares, likewise. */
  readonly #sent = new Map<string, string>();

  /** `masking`: of the session, null where it has none. */
  constructor(
    texts: ParsedTexts,
    catalog: SessionCatalog,
    talk: Conversation,
    masking: SessionMasking | null,
  ) {
    this.#masking = masking;
    this.#texts = texts;
    this.#catalog = catalog;
    this.#talk = talk;
  }

  /** Whether SQL has declared any cursor. */
  get declared(): boolean {
    return this.#cursors.size > 0;
  }

  /**
   * With what SQL-level EXECUTE would run, and what FETCH would read on, but for what people have agreed to in a way
   * that `covered` takes for enough. Throws `Refusal`.
   */
  withExecuted(
    statements: ClassifiedStatement[],
    covered: (approved: Approved | null) => boolean = () => false,
  ): ClassifiedStatement[] | Missing {
    const all = [...statements];
    this.#executed = [];
    this.#sent.clear();
    for (const { effects, facts } of statements) {
      for (const effect of effects) {
        const lacking = effect.kind === "prepare" ? this.#maskPrepared(effect.query) : undefined;
        if (lacking !== undefined) return lacking;
      }
      if (FETCHES.has(facts.tag)) {
        for (const [cursor, { approved }] of this.#cursors) if (!covered(approved)) all.push(cursor);
        for (const portal of this.portals.all()) {
          if (!covered(portal.approved)) all.push(...portal.statements);
        }
      }
      for (const effect of effects) {
        if (effect.kind !== "execute") continue;
        const here = statements.flatMap((one) => one.effects).filter((one) => one.kind === "prepare");
        const texts = [
          ...this.prepared.get(effect.name),
          ...here.filter(({ name }) => name === effect.name).map(({ query }) => this.#preparedBy(query)),
        ];
        if (texts.length === 0) {
          throw Refusal.of("26000", `prepared statement "${effect.name}" does not exist`);
        }
        for (const { sql, parsed, sent } of texts) {
          const found = this.#catalog.classify(parsed);
          if ("need" in found) return found;
          all.push(...found);
          const masking = this.#masking;
          if (masking === null) continue;
          const masked = masking.of({ sql, parsed, statements: found });
          if ("need" in masked) return masked;
          masking.checkSame(masked, sent, sql);
          if (facts.tag === "EXPLAIN") masking.checkExplained(sql, found, masked);
          this.#executed.push({ masked, statements: found });
        }
      }
    }
    return all;
  }

  /** Notes what the target will have under the name of a PREPARE, or says what must be known first. */
  #maskPrepared(query: string): Missing | undefined {
    const masking = this.#masking;
    if (masking === null) return undefined;
    const parsed = this.#texts.parse(query);
    const statements = this.#catalog.classify(parsed);
    if ("need" in statements) return statements;
    const masked = masking.of({ sql: query, parsed, statements });
    if ("need" in masked) return masked;
    if (masked.sql !== null) this.#sent.set(query, masked.sql);
    return undefined;
  }

  #preparedBy(query: string): Prepared {
    const sent = this.#sent.get(query) ?? query;
    return { sql: query, parsed: this.#texts.parse(query), parameterTypes: [], sent };
  }

  /** What the masks made of what `withExecuted` added last. */
  executedMasks(): readonly RunText[] {
    return this.#executed;
  }

  /** FETCH reads on in what was planned when it was declared or bound; the estimate of the dearest, null for unknown. */
  planOfFetched(statements: readonly ClassifiedStatement[]): PlanEstimate | null | undefined {
    const [only, ...others] = statements;
    if (only === undefined || others.length > 0 || !FETCHES.has(only.facts.tag)) return undefined;
    const planned = this.portals.all().filter((portal) => portal.statements.some((one) => one.explainable));
    return largest([...this.#cursors.values(), ...planned].map(({ plan }) => plan));
  }

  /**
   * What the statements do to the session's state: when they are sent, and when the target has answered. `failed` is for
   * one that is alone: of several, what stands before the one that failed was done.
   */
  effects(
    statements: readonly ClassifiedStatement[],
    plan: PlanEstimate | null = null,
    approved: Approved | null = null,
  ): { done(): void; failed(): void } {
    const after: (() => void)[] = [];
    const undone: (() => void)[] = [];
    for (const statement of statements) {
      if (statement.facts.opaque.length > 0) this.#catalog.sent("everything");
      for (const effect of statement.effects) {
        if (effect.kind === "settings") this.#catalog.sent("settings");
        else if (effect.kind === "catalog") this.#catalog.sent("catalog");
        else if (effect.kind === "rollback-to") this.#catalog.sent("rollback");
        else if (effect.kind === "deallocate") after.push(this.prepared.forgetting(effect.name ?? undefined));
        else if (effect.kind === "prepare") {
          const prepared = this.#preparedBy(effect.query);
          this.prepared.add(effect.name, prepared);
          after.push(() => this.prepared.confirm(effect.name, prepared));
          undone.push(() => this.prepared.refuse(effect.name, prepared));
        }
      }
      if (statement.facts.tag === "DECLARE CURSOR") this.#declared(statement, { plan, approved });
    }
    this.#catalog.sent("rollback");
    return {
      done() {
        for (const act of after) act();
      },
      failed() {
        for (const act of undone) act();
      },
    };
  }

  /**
   * A Sync, or a simple query, ends a transaction that the batch began, and with it its portals. Answers what to call at
   * its ReadyForQuery; not where the target skips it: the state that was told last is then of an earlier batch.
   */
  endsBatch(): () => void {
    this.#catalog.sent("rollback");
    this.prepared.endBatch();
    this.portals.endBatch();
    const forget = this.portals.forgetting();
    return () => {
      if (this.#talk.status === "I") forget();
    };
  }

  #declared(statement: ClassifiedStatement, { plan, approved }: Cursor): void {
    if (this.#cursors.size >= MAX_CURSORS) {
      throw new SallyportError(
        "limit_exceeded",
        `the session has declared more than ${MAX_CURSORS} different cursors`,
        "Open another session.",
      );
    }
    const before = this.#cursors.get(statement) ?? { plan, approved };
    this.#cursors.set(statement, {
      plan: largest([plan, before.plan]),
      approved: before.approved === null ? null : approved,
    });
  }
}

/** Whether any of the statements does this to the session. */
export function has(statements: readonly ClassifiedStatement[], kind: SessionEffect["kind"]): boolean {
  return statements.some(({ effects }) => effects.some((effect) => effect.kind === kind));
}

/** The worst of several estimates; null when one of them isn't known. */
function largest(plans: readonly (PlanEstimate | null)[]): PlanEstimate | null {
  const known = plans.filter((plan) => plan !== null);
  if (known.length === 0 || known.length < plans.length) return null;
  return {
    rows: Math.max(...known.map(({ rows }) => rows)),
    cost: Math.max(...known.map(({ cost }) => cost)),
  };
}
