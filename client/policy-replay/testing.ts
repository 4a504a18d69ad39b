import type { StatementQuestion } from "../../protocol/approval/approval.ts";
import type { Approve, Block } from "../../protocol/policy/decision.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import * as pg from "../../protocol/postgres/messages.ts";
import { bindTo, complete, done, error, row, START } from "../../protocol/postgres/transcript/testing.ts";
import type { Composer } from "../../protocol/recording/testing.ts";
import { factsOf, type StatementFacts } from "../../protocol/sql/facts.ts";
import { replayPolicy } from "./replay-policy.ts";
import type { Judgement } from "./session-judge.ts";

/** Composes recorded sessions for tests of replays: what a client sends, and what a target and a guard answer. */
export class Scene {
  readonly composer: Composer;
  #status: "I" | "T" | "E" = "I";
  #approvals = 0;

  constructor(composer: Composer, facts: Partial<Composer["facts"]> = {}) {
    this.composer = composer;
    Object.assign(composer.facts, facts);
    composer.opened().joined().agent(START).target(this.#ready());
  }

  /** The transaction's state from the next answer on. */
  status(status: "I" | "T" | "E"): this {
    this.#status = status;
    return this;
  }

  wait(ms: number): this {
    this.composer.wait(ms);
    return this;
  }

  /** A simple query that the target ran. */
  ran(sql: string, tags: string[] = ["SELECT 0"], rows = 0): this {
    this.composer.agent(pg.query(sql));
    this.composer.target(Buffer.concat([...rowsOf(rows), ...tags.map(done), this.#ready()]));
    return this;
  }

  /** A simple query that the target refused. */
  failed(sql: string): this {
    this.composer.agent(pg.query(sql)).target(Buffer.concat([error("42601", "no"), this.#ready()]));
    return this;
  }

  /** A simple query that the guard refused. */
  refused(sql: string, decision: Approve | Block, facts: StatementFacts | null, plan = null): this {
    this.composer.agent(pg.query(sql));
    this.composer.connector({ event: "judged", decision, text: sql.slice(0, 8192), facts, plan });
    this.composer.target(Buffer.concat([error("42501", "no"), this.#ready()]));
    return this;
  }

  /** A simple query that people approved, and that the target ran. */
  approved(sql: string, tag: string, part: Partial<StatementQuestion> = {}): this {
    const approval = this.#asked(sql, part);
    this.composer.edge({ ...DECIDED, approval, status: "approved", by: ["corp/dana"] });
    this.composer.ask({ event: "approval_used", approval });
    this.composer.target(Buffer.concat([done(tag), this.#ready()]));
    return this;
  }

  /** A simple query that somebody denied. `facts`: what the guard tells of it. */
  denied(sql: string, facts: StatementFacts | null, part: Partial<StatementQuestion> = {}): this {
    const approval = this.#asked(sql, part);
    this.composer.edge({ ...DECIDED, approval, status: "denied", by: ["corp/dana"] });
    this.composer.connector({ event: "judged", decision: HELD, text: sql, facts, plan: null });
    this.composer.target(Buffer.concat([error("42501", "no"), this.#ready()]));
    return this;
  }

  #asked(sql: string, part: Partial<StatementQuestion>): number {
    const approval = ++this.#approvals;
    this.composer.agent(pg.query(sql));
    this.composer.ask({ event: "approval_asked", approval, question: questionOf(sql, part) });
    return approval;
  }

  /** A prepared statement made and run. */
  prepared(name: string, sql: string, tag = "SELECT 0"): this {
    this.composer.agent(Buffer.concat([pg.parse({ statement: name, sql, parameterTypes: [] }), pg.sync()]));
    this.composer.target(Buffer.concat([complete("1"), this.#ready()]));
    return this.bound(name, tag);
  }

  /** A prepared statement run again. */
  bound(name: string, tag = "SELECT 0"): this {
    const execute = pg.execute({ portal: "", maxRows: 0 });
    this.composer.agent(Buffer.concat([bindTo(name, [], []), execute, pg.sync()]));
    this.composer.target(Buffer.concat([complete("2"), done(tag), this.#ready()]));
    return this;
  }

  /** A portal bound under a name, of a statement that is parsed before unless `sql` is null; nothing of it is run. */
  portal(name: string, statement: string, sql: string | null): this {
    const parse = sql === null ? [] : [pg.parse({ statement, sql, parameterTypes: [] })];
    const parts = { parameterFormats: [], parameters: [], resultFormats: [] };
    this.composer.agent(Buffer.concat([...parse, pg.bind({ portal: name, statement, ...parts }), pg.sync()]));
    this.composer.target(Buffer.concat([...parse.map(() => complete("1")), complete("2"), this.#ready()]));
    return this;
  }

  proved(...facts: StatementFacts[]): this {
    const statements = facts.map((one) => ({ facts: one, plan: null }));
    this.composer.connector({ event: "facts", statements });
    return this;
  }

  ended(): this {
    this.composer.ended();
    return this;
  }

  #ready(): Buffer {
    return pg.readyForQuery(this.#status);
  }
}

function rowsOf(count: number): Buffer[] {
  return Array.from({ length: count }, () => row("value"));
}

/** Facts of a statement that reads nothing, with what is given. */
export function selectFacts(part: Partial<StatementFacts>): StatementFacts {
  return factsOf("SELECT", "postgres:select", { fingerprint: "0123456789abcdef0123456789abcdef", ...part });
}

export const BLOCKED: Block = { verdict: "block", policies: ["no"], reason: "no" };
export const HELD: Approve = {
  verdict: "approve",
  policies: ["ask"],
  reason: "ask",
  approvals: [{ approvers: ["dba"], quorum: 1 }],
  expiresMs: 60_000,
  lastsMs: 60_000,
  scope: "once",
  rows: null,
  bytes: null,
};

const DECIDED = { event: "approval_decided", reason: null, until: null, under: null } as const;

/** What a connector asks about a statement that `HELD` holds, with what is given. */
export function questionOf(statement: string, part: Partial<StatementQuestion> = {}): StatementQuestion {
  const { policies, reason, approvals, expiresMs, lastsMs, scope } = HELD;
  return {
    kind: "statement",
    ...{ policies, reason, approvals, expiresMs, lastsMs, scope },
    database: "orders",
    actions: ["postgres:delete"],
    statement,
    parameters: [],
    sha256: "ab".repeat(32),
    fingerprint: "0123456789abcdef0123456789abcdef",
    plan: null,
    ...part,
  };
}

/** The judgements of recorded sessions by these policies, whenever it was. */
export async function replayed(policies: string, ...scenes: { composer: Composer }[]): Promise<Judgement[]> {
  const judgements: Judgement[] = [];
  const sources = scenes.map(({ composer }, index) => ({
    name: `session ${index}`,
    async *entries() {
      yield* composer.entries;
    },
  }));
  await replayPolicy(PolicySet.load(nodeCedar(), policies), sources, {
    since: Number.NEGATIVE_INFINITY,
    until: Number.POSITIVE_INFINITY,
    tell: (judgement) => void judgements.push(judgement),
  });
  return judgements;
}
