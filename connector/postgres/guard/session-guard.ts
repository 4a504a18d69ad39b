import { isUtf8 } from "node:buffer";
import type { PlanEstimate, SessionFacts } from "../../../protocol/control.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Decision } from "../../../protocol/policy/decision.ts";
import { wantsPlan } from "../../../protocol/policy/judge.ts";
import type { PolicySet } from "../../../protocol/policy/policy-set.ts";
import type { SessionUsage } from "../../../protocol/policy/usage.ts";
import * as frontend from "../../../protocol/postgres/frontend.ts";
import { FRONTEND } from "../../../protocol/postgres/message-types.ts";
import type { MessageReader } from "../../../protocol/postgres/reader.ts";
import type { ClassifiedStatement, SessionEffect, StatementFacts } from "../../../protocol/sql/facts.ts";
import type { ParsedStatement } from "../../../protocol/sql/parser.ts";
import type { PolicyHolder } from "../../guard/policy-holder.ts";
import { Verdicts } from "../../guard/verdicts.ts";
import type { Conversation, Exchange, Request } from "../conversation.ts";
import { estimateOfRows, explainText } from "../plan-estimate.ts";
import { POLICY_MS, policyTarget, subjectOf } from "./guard.ts";
import { Names } from "./names.ts";
import { type BoundText, type OwnQueries, OwnQueryFailed, Skipping } from "./own-queries.ts";
import type { ParsedTexts } from "./parsed-texts.ts";
import { Refusal } from "./refusal.ts";
import type { Reporter } from "./reporter.ts";
import { type ResultLimit, resultLimit } from "./result-limit.ts";
import type { Need, SessionCatalog } from "./session-catalog.ts";

/** What becomes of an agent's message. */
export type Verdict =
  | { act: "pass"; exchange: AgentExchange }
  /** In its place goes one that must fail, and the target's error is replaced by this one. */
  | { act: "refuse"; request: Request; refusal: Refusal }
  /** The target refused a question that the message needed, and skips to a Sync: this is the answer. */
  | { act: "answer"; refusal: Refusal }
  /** It comes in the middle of a COPY, which it ends. */
  | { act: "disturb" }
  /** The target would ignore it. */
  | { act: "drop" };

/** An exchange of the agent's, with what the relay must know to pass the answer on. */
export interface AgentExchange extends Exchange {
  /** Stands in the place of the target's error. */
  refusal?: Refusal;
  limit?: ResultLimit;
  /** The target will wait for CopyData: nothing else is sent until it says so. */
  copyIn?: boolean;
}

export interface GuardOptions {
  facts: SessionFacts;
  database: string;
  policies: PolicyHolder;
  texts: ParsedTexts;
  usage: SessionUsage;
  talk: Conversation;
  own: OwnQueries;
  catalog: SessionCatalog;
  reporter: Reporter;
  now(): number;
}

/** Bytes of a message before its body. */
const TYPED_HEADER = 5;
/** How often one message may ask for more before it is given up: names, catalog, views in views, plan. */
const MAX_NEEDS = 64;

/** A prepared statement, by SQL or protocol; an empty text has no statement. */
interface Prepared {
  sql: string;
  parsed: ParsedStatement[];
  parameterTypes: number[];
}

/** A portal or cursor: what it will run was planned when it was made. */
interface Portal {
  statements: ClassifiedStatement[];
  plan: PlanEstimate | null;
  limit: ResultLimit | undefined;
}

/** What was found out for the message that is being judged. */
interface Findings {
  plan?: PlanEstimate | null | undefined;
  /** The text of a SELECT that calls the function of a function-call message. */
  call?: string;
}

/** What must be known before the message can be judged. */
type Missing =
  | Need
  | { need: "policy" }
  /** What was sent before must be answered. */
  | { need: "answers" }
  | { need: "plan"; text: BoundText }
  | { need: "function"; oid: number };

/**
 * Judges every message of one session's agent before the target sees it. Each attempt is synchronous and pure but
 * for caches; what it lacks it names, and it is tried again when that is there.
 */
export class SessionGuard {
  readonly #options: GuardOptions;
  readonly #talk: Conversation;
  readonly #catalog: SessionCatalog;
  readonly #verdicts: Verdicts;
  readonly #prepared = new Names<Prepared>();
  readonly #portals = new Names<Portal>();
  /** Cursors that SQL declared, and may fetch from in any later statement. */
  readonly #cursors = new Map<ClassifiedStatement, PlanEstimate | null>();

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#talk = options.talk;
    this.#catalog = options.catalog;
    this.#verdicts = new Verdicts(subjectOf(options.facts), policyTarget(options.facts));
  }

  /** Judges a message that asks the target for something. The message must stay as it is until the promise is kept. */
  judge(message: MessageReader): Verdict | Promise<Verdict> {
    const verdict = this.#judged(message);
    if (message.type !== FRONTEND.Query.type) return verdict;
    return verdict instanceof Promise ? verdict.then((one) => this.#queried(one)) : this.#queried(verdict);
  }

  /** A simple query destroys the unnamed statement, whatever becomes of it (documentation, "Extended Query"). */
  #queried(verdict: Verdict): Verdict {
    if (verdict.act === "pass" || verdict.act === "refuse") this.#prepared.forgetting("")();
    return verdict;
  }

  #judged(message: MessageReader): Verdict | Promise<Verdict> {
    const findings: Findings = {};
    const request = REQUESTS[message.type] ?? "query";
    try {
      const verdict = this.#attempt(message, findings);
      return "act" in verdict ? verdict : this.#later(message, findings, verdict, request);
    } catch (error) {
      return refuse(request, refusalOf(error));
    }
  }

  async #later(
    message: MessageReader,
    findings: Findings,
    first: Missing,
    request: Request,
  ): Promise<Verdict> {
    let missing = first;
    try {
      for (let count = 0; count < MAX_NEEDS; count += 1) {
        await this.#find(missing, findings);
        const verdict = this.#attempt(message, findings);
        if ("act" in verdict) return verdict;
        missing = verdict;
      }
      throw new SallyportError("limit_exceeded", "the statement's names lead on to more than is looked up");
    } catch (error) {
      if (error instanceof Skipping) return { act: "drop" };
      const refusal = refusalOf(error);
      return error instanceof OwnQueryFailed && this.#talk.skipping
        ? { act: "answer", refusal }
        : refuse(request, refusal);
    }
  }

  async #find(missing: Missing, findings: Findings): Promise<void> {
    switch (missing.need) {
      case "policy":
        await this.#options.policies.atLeast(this.#options.facts.policy.revision, POLICY_MS);
        break;
      case "answers":
        await this.#options.own.quiet();
        break;
      case "plan":
        findings.plan = await this.#plan(missing.text);
        break;
      case "function":
        findings.call = await this.#functionCall(missing.oid);
        break;
      default:
        await this.#catalog.find(missing);
    }
  }

  #attempt(message: MessageReader, findings: Findings): Verdict | Missing {
    const body = message.body();
    if (body === null) {
      if (message.type === FRONTEND.Bind.type) return this.#longBind(message, findings);
      throw new SallyportError(
        "limit_exceeded",
        "the message is too long to be judged",
        "Send long values as parameters or by COPY, not in the statement's text.",
      );
    }
    switch (message.type) {
      case FRONTEND.Query.type:
        return this.#query(body, findings);
      case FRONTEND.Parse.type:
        return this.#parse(body);
      case FRONTEND.Bind.type:
        return this.#bind(body, findings);
      case FRONTEND.Execute.type:
        return this.#execute(body);
      case FRONTEND.FunctionCall.type:
        return this.#call(body, findings);
      case FRONTEND.Describe.type:
        frontend.parseDescribe(body);
        return pass({ request: "describe" });
      case FRONTEND.Close.type:
        return this.#close(body);
      default:
        return this.#sync();
    }
  }

  #query(body: Uint8Array, findings: Findings): Verdict | Missing {
    const { sql } = frontend.parseQuery(utf8(body, 1));
    const parsed = this.#options.texts.parse(sql);
    const statements = this.#catalog.classify(parsed);
    if ("need" in statements) return statements;
    const all = this.#withExecuted(statements);
    if (!Array.isArray(all)) return all;
    const alone = statements.length === 1 ? statements[0]! : undefined;
    const text = { sql: alone?.text ?? "", parameterTypes: [], parameterFormats: [], parameters: [] };
    findings.plan ??= this.#planOfFetched(statements);
    const found = this.#decide(all, findings, alone?.explainable === true ? text : null, "run");
    if ("need" in found) return found;
    if (found.verdict !== "allow") return this.#refused("query", found, sql, all, findings.plan);
    this.#runs(all, findings.plan ?? null);
    const limit = resultLimit(found, all);
    const ended = this.#endsBatch();
    const done = this.#effects(statements, findings.plan ?? null);
    return pass({
      request: "query",
      ...(limit === undefined ? {} : { limit }),
      copyIn: has(statements, "copy-in"),
      done() {
        done();
        ended();
      },
      failed: ended,
    });
  }

  #parse(body: Uint8Array): Verdict | Missing {
    const { statement, sql, parameterTypes } = frontend.parseParse(utf8(body, 2));
    const parsed = this.#options.texts.parse(sql);
    const statements = this.#catalog.classify(parsed);
    if ("need" in statements) return statements;
    const all = this.#withExecuted(statements);
    if (!Array.isArray(all)) return all;
    const found = this.#decide(all, {}, null, "prepare");
    if ("need" in found) return found;
    if (found.verdict === "block") return this.#refused("parse", found, sql, all);
    if (this.#prepared.crowded(statement)) return { need: "answers" };
    const prepared: Prepared = { sql, parsed, parameterTypes };
    this.#prepared.ask(statement, prepared);
    return pass({
      request: "parse",
      done: () => this.#prepared.confirm(statement, prepared),
      failed: () => this.#prepared.refuse(statement, prepared),
    });
  }

  #bind(body: Uint8Array, findings: Findings): Verdict | Missing {
    const bind = frontend.parseBind(body);
    return this.#bound(bind, bind, findings);
  }

  /** Of a Bind that is longer than what is held its names are there; the planner can't be asked about it. */
  #longBind(message: MessageReader, findings: Findings): Verdict | Missing {
    const header = message.data.subarray(message.start + TYPED_HEADER, message.end);
    return this.#bound(frontend.parseBindNames(header), null, findings);
  }

  #bound(
    { portal: portalName, statement }: Pick<frontend.Bind, "portal" | "statement">,
    values: frontend.Bind | null,
    findings: Findings,
  ): Verdict | Missing {
    const meanings = this.#prepared.get(statement);
    if (meanings.length === 0) {
      const name = statement === "" ? "unnamed prepared statement" : `prepared statement "${statement}"`;
      return refuse("bind", Refusal.of("26000", `${name} does not exist`));
    }
    const statements: ClassifiedStatement[] = [];
    for (const { parsed } of meanings) {
      const found = this.#catalog.classify(parsed);
      if ("need" in found) return found;
      statements.push(...found);
    }
    const all = this.#withExecuted(statements);
    if (!Array.isArray(all)) return all;
    const [meaning] = meanings;
    const [only] = statements;
    const text =
      values !== null && meanings.length === 1 && only?.explainable === true
        ? { ...values, sql: only.text, parameterTypes: meaning!.parameterTypes }
        : null;
    findings.plan ??= this.#planOfFetched(statements);
    const found = this.#decide(all, findings, text, "plan");
    if ("need" in found) return found;
    if (found.verdict !== "allow") return this.#refused("bind", found, meaning!.sql, all, findings.plan);
    if (this.#portals.crowded(portalName)) return { need: "answers" };
    const portal: Portal = { statements: all, plan: findings.plan ?? null, limit: resultLimit(found, all) };
    this.#portals.ask(portalName, portal);
    return pass({
      request: "bind",
      done: () => this.#portals.confirm(portalName, portal),
      failed: () => this.#portals.refuse(portalName, portal),
    });
  }

  #execute(body: Uint8Array): Verdict | Missing {
    const { portal: name } = frontend.parseExecute(body);
    const portals = this.#portals.get(name);
    if (portals.length === 0)
      return refuse("execute", Refusal.of("34000", `portal "${name}" does not exist`));
    const statements = portals.flatMap((portal) => portal.statements);
    const plan = portals.length === 1 ? portals[0]!.plan : null;
    const found = this.#decide(statements, { plan }, null, "run");
    if ("need" in found) return found;
    if (found.verdict !== "allow") {
      return this.#refused("execute", found, statements.map(({ text }) => text).join("; "), statements);
    }
    this.#runs(statements, plan);
    const limit = portals.map((portal) => portal.limit).find((one) => one !== undefined);
    return pass({
      request: "execute",
      ...(limit === undefined ? {} : { limit }),
      copyIn: has(statements, "copy-in"),
      done: this.#effects(statements, plan),
    });
  }

  #call(body: Uint8Array, findings: Findings): Verdict | Missing {
    const { function: oid } = frontend.parseFunctionCall(body);
    if (findings.call === undefined) return { need: "function", oid };
    const statements = this.#catalog.classify(this.#options.texts.parse(findings.call));
    if ("need" in statements) return statements;
    const found = this.#decide(statements, { plan: null }, null, "run");
    if ("need" in found) return found;
    if (found.verdict !== "allow") return this.#refused("call", found, findings.call, statements);
    this.#runs(statements, null);
    return pass({ request: "call", done: this.#effects(statements) });
  }

  #close(body: Uint8Array): Verdict {
    const { kind, name } = frontend.parseClose(body);
    const names = kind === "statement" ? this.#prepared : this.#portals;
    return pass({ request: "close", done: names.forgetting(name) });
  }

  /** With what SQL-level EXECUTE would run, and what FETCH would read on. */
  #withExecuted(statements: ClassifiedStatement[]): ClassifiedStatement[] | Missing {
    const all = [...statements];
    for (const { effects, facts } of statements) {
      if (FETCHES.has(facts.tag)) {
        all.push(...this.#cursors.keys(), ...this.#portals.all().flatMap((portal) => portal.statements));
      }
      for (const effect of effects) {
        if (effect.kind !== "execute") continue;
        const here = statements.flatMap((one) => one.effects).filter((one) => one.kind === "prepare");
        const texts = [
          ...this.#prepared.get(effect.name).map(({ parsed }) => parsed),
          ...here
            .filter(({ name }) => name === effect.name)
            .map(({ query }) => this.#options.texts.parse(query)),
        ];
        if (texts.length === 0) {
          throw Refusal.of("26000", `prepared statement "${effect.name}" does not exist`);
        }
        for (const parsed of texts) {
          const found = this.#catalog.classify(parsed);
          if ("need" in found) return found;
          all.push(...found);
        }
      }
    }
    return all;
  }

  /**
   * The verdict. `text`: what the planner can be asked about. `prepare` is judged as the cheapest plan would be, and
   * refuses only what could not run under any.
   */
  #decide(
    statements: readonly ClassifiedStatement[],
    findings: Findings,
    text: BoundText | null,
    stage: "prepare" | "plan" | "run",
  ): Decision | Missing {
    const [violation] = statements.flatMap((one) => one.pinViolations);
    if (violation !== undefined) throw Refusal.of("42501", `refused by Sallyport: ${violation}`, PIN_HINT);
    const held = this.#options.policies.current;
    if (held === null || held.stamp.revision < this.#options.facts.policy.revision) return { need: "policy" };
    const { set, stamp } = held;
    this.#options.reporter.policy(stamp);
    const all = statements.map(({ facts }) => facts);
    if (findings.plan === undefined) {
      if (!all.some((facts) => wantsPlan(set, facts))) return this.#judge(set, all, null);
      const cheapest = this.#judge(set, all, { rows: 0, cost: 0 });
      if (stage === "prepare" || cheapest.verdict === "block") return cheapest;
      if (text !== null && this.#talk.status !== "E") return { need: "plan", text };
    }
    return this.#judge(set, all, findings.plan ?? null);
  }

  #judge(set: PolicySet, all: readonly StatementFacts[], plan: PlanEstimate | null): Decision {
    const now = this.#options.now();
    return this.#verdicts.judge(set, all, ({ fingerprint }) => ({
      database: this.#options.database,
      inTransaction: this.#talk.status !== "I",
      plan,
      ...this.#options.usage.of(fingerprint, now),
    }));
  }

  async #plan(text: BoundText): Promise<PlanEstimate | null> {
    const rows = await this.#options.own.queryBound({ ...text, sql: explainText(text.sql) });
    return estimateOfRows(rows);
  }

  /** A function-call message names an object id; what it runs is judged as a SELECT of that function. */
  async #functionCall(oid: number): Promise<string> {
    const rows = await this.#options.own.query(
      `SELECT pg_catalog.quote_ident(n.nspname), pg_catalog.quote_ident(p.proname) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace WHERE p.oid OPERATOR(pg_catalog.=) ${oid}::pg_catalog.oid`,
    );
    const [schema, name] = rows[0] ?? [];
    if (!schema || !name) {
      throw Refusal.of("42883", `function with OID ${oid} does not exist`);
    }
    return `SELECT ${schema}.${name}()`;
  }

  /** Statements are about to run. */
  #runs(statements: readonly ClassifiedStatement[], plan: PlanEstimate | null): void {
    const now = this.#options.now();
    for (const { facts } of statements) {
      this.#options.usage.statement(facts.fingerprint, now);
      this.#options.reporter.ran(facts, plan);
    }
  }

  #refused(
    request: Request,
    decision: Exclude<Decision, { verdict: "allow" }>,
    sql: string,
    statements: readonly ClassifiedStatement[],
    plan: PlanEstimate | null = null,
  ): Verdict {
    const now = this.#options.now();
    for (const { facts } of statements) {
      this.#options.usage.statement(facts.fingerprint, now);
    }
    this.#options.reporter.refused(
      decision,
      sql,
      statements.length === 1 ? statements[0]!.facts : null,
      plan,
    );
    return refuse(request, Refusal.byPolicy(decision));
  }

  /** What the statements do to the session's state: when they are sent, and when the target has answered. */
  #effects(statements: readonly ClassifiedStatement[], plan: PlanEstimate | null = null): () => void {
    const after: (() => void)[] = [];
    for (const statement of statements) {
      if (statement.facts.opaque.length > 0) this.#catalog.sent("everything");
      for (const effect of statement.effects) {
        if (effect.kind === "settings") this.#catalog.sent("settings");
        else if (effect.kind === "catalog") this.#catalog.sent("catalog");
        else if (effect.kind === "rollback-to") this.#catalog.sent("rollback");
        else if (effect.kind === "deallocate")
          after.push(this.#prepared.forgetting(effect.name ?? undefined));
        else if (effect.kind === "prepare") {
          const prepared = {
            sql: effect.query,
            parsed: this.#options.texts.parse(effect.query),
            parameterTypes: [],
          };
          this.#prepared.add(effect.name, prepared);
          after.push(() => this.#prepared.confirm(effect.name, prepared));
        }
      }
      if (statement.facts.tag === "DECLARE CURSOR") this.#declared(statement, plan);
    }
    this.#catalog.sent("rollback");
    return () => {
      for (const act of after) act();
    };
  }

  #declared(statement: ClassifiedStatement, plan: PlanEstimate | null): void {
    if (this.#cursors.size >= MAX_CURSORS) {
      throw new SallyportError(
        "limit_exceeded",
        `the session has declared more than ${MAX_CURSORS} different cursors`,
        "Open another session.",
      );
    }
    this.#cursors.set(statement, largest([plan, this.#cursors.get(statement) ?? plan]));
  }

  /** FETCH reads on in what was planned when it was declared or bound; the estimate of the dearest, null for unknown. */
  #planOfFetched(statements: readonly ClassifiedStatement[]): PlanEstimate | null | undefined {
    const [only, ...others] = statements;
    if (only === undefined || others.length > 0 || !FETCHES.has(only.facts.tag)) return undefined;
    const planned = this.#portals.all().filter((portal) => portal.statements.some((one) => one.explainable));
    return largest([...this.#cursors.values(), ...planned.map(({ plan }) => plan)]);
  }

  #sync(): Verdict {
    const ended = this.#endsBatch();
    return pass({ request: "sync", done: ended, failed: ended });
  }

  /** A Sync, or a simple query, ends a transaction that the batch began, and with it its portals. */
  #endsBatch(): () => void {
    this.#catalog.sent("rollback");
    this.#prepared.endBatch();
    this.#portals.endBatch();
    const forget = this.#portals.forgetting();
    return () => {
      if (this.#talk.status === "I") forget();
    };
  }
}

/** Throws on what is no message of the protocol: that ends the session. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof OwnQueryFailed) return Refusal.byTarget(error.body);
  if (error instanceof SallyportError && ENDING.has(error.code)) throw error;
  return Refusal.byError(error);
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

function pass(exchange: AgentExchange): Verdict {
  return { act: "pass", exchange };
}

function refuse(request: Request, refusal: Refusal): Verdict {
  return { act: "refuse", request, refusal };
}

function has(statements: readonly ClassifiedStatement[], kind: SessionEffect["kind"]): boolean {
  return statements.some(({ effects }) => effects.some((effect) => effect.kind === kind));
}

/**
 * What is parsed must be what the target reads: bytes that are no UTF-8 could be read as other characters. `strings`:
 * how many the body begins with.
 */
function utf8(body: Uint8Array, strings: number): Uint8Array {
  let end = 0;
  for (let count = 0; count < strings; count += 1) end = body.indexOf(0, end) + 1;
  if (isUtf8(body.subarray(0, end))) return body;
  throw Refusal.of("22021", 'invalid byte sequence for encoding "UTF8"');
}

const PIN_HINT = "What a session's settings must stay is in Sallyport's guide to policies.";
/** Errors that end the session, not the statement. */
const ENDING: ReadonlySet<string> = new Set(["protocol_violation", "session_ended"]);
const MAX_CURSORS = 1_000;
const FETCHES: ReadonlySet<string> = new Set(["FETCH", "MOVE"]);

const REQUESTS: Partial<Record<number, Request>> = {
  [FRONTEND.Query.type]: "query",
  [FRONTEND.Parse.type]: "parse",
  [FRONTEND.Bind.type]: "bind",
  [FRONTEND.Execute.type]: "execute",
  [FRONTEND.FunctionCall.type]: "call",
  [FRONTEND.Describe.type]: "describe",
  [FRONTEND.Close.type]: "close",
  [FRONTEND.Sync.type]: "sync",
};
