import type { PlanEstimate } from "../../../protocol/control.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Approve, Decision } from "../../../protocol/policy/decision.ts";
import * as frontend from "../../../protocol/postgres/frontend.ts";
import { FRONTEND } from "../../../protocol/postgres/message-types.ts";
import type { MessageReader } from "../../../protocol/postgres/reader.ts";
import type { ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import type { ParsedStatement } from "../../../protocol/sql/parser.ts";
import { type TextShape, textShapeOf } from "../../../protocol/sql/text-shape.ts";
import type { Conversation } from "../conversation.ts";
import type { MaskedText } from "../mask/masking.ts";
import { AlikeTexts } from "./alike-texts.ts";
import { heldPortals, isAlike } from "./bound-portals.ts";
import type { Findings, Holding } from "./holding.ts";
import type { Judging } from "./judging.ts";
import type { ParsedTexts } from "./parsed-texts.ts";
import { Refusal, refusalOfAbsent } from "./refusal.ts";
import { resultLimit } from "./result-limit.ts";
import type { Need, SessionCatalog } from "./session-catalog.ts";
import { type AgentText, type RunText, type SessionMasking, withMasks } from "./session-masking.ts";
import { type Approved, has, type Portal, type Prepared, type SessionNames } from "./session-names.ts";
import { cantBeHeld } from "./statement-question.ts";
import { type AgentExchange, type Missing, pass, refuse, utf8, type Verdict } from "./verdict.ts";

/** What of a session's guard decides on a message. */
export interface AgentMessagesOptions {
  texts: ParsedTexts;
  talk: Conversation;
  catalog: SessionCatalog;
  judging: Judging;
  names: SessionNames;
  holding: Holding;
  /** Null where the session may see all. */
  masking: SessionMasking | null;
}

/** Bytes of a message before its body. */
const TYPED_HEADER = 5;
/** Bytes of a Bind that is kept to be shown to people, should its Execute need an approval of its own. */
const MAX_KEPT_BIND = 2 * 1024;

/** What each message of an agent's would do, and what becomes of it. Synchronous, and pure but for caches. */
export class AgentMessages {
  readonly #texts: ParsedTexts;
  readonly #talk: Conversation;
  readonly #catalog: SessionCatalog;
  readonly #judging: Judging;
  readonly #names: SessionNames;
  readonly #holding: Holding;
  readonly #masking: SessionMasking | null;
  readonly #alikes: AlikeTexts;

  constructor({ texts, talk, catalog, judging, names, holding, masking }: AgentMessagesOptions) {
    this.#texts = texts;
    this.#talk = talk;
    this.#catalog = catalog;
    this.#judging = judging;
    this.#names = names;
    this.#holding = holding;
    this.#masking = masking;
    this.#alikes = new AlikeTexts(catalog);
  }

  /** What becomes of the message, as far as is known. Throws what `refusalOf` reads. */
  attempt(message: MessageReader, findings: Findings): Verdict | Missing {
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
        return this.#execute(body, findings);
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
    const shape = textShapeOf(sql);
    return (shape && this.#alike(shape)) ?? this.#text("query", sql, findings, shape);
  }

  /** A text like one that passed; undefined where that isn't known, or the policies look at more than what is alike. */
  #alike(shape: TextShape): Verdict | undefined {
    const statements = this.#alikes.find(shape);
    if (statements === undefined) return undefined;
    const found = this.#judging.decide(statements, undefined, UNPLANNED, "run");
    if ("need" in found || found.verdict !== "allow") return undefined;
    return pass(this.#runs("query", found, statements, null, null));
  }

  /** A message that runs this text, with no values to it. */
  #text(
    request: "query" | "execute",
    sql: string,
    findings: Findings,
    shape: TextShape | null = null,
  ): Verdict | Missing {
    const parsed = this.#texts.parse(sql);
    const statements = this.#catalog.classify(parsed);
    if ("need" in statements) return statements;
    const masked = this.#masked({ sql, parsed, statements });
    if (masked !== null && "need" in masked) return masked;
    const all = this.#names.withExecuted(statements);
    if (!Array.isArray(all)) return all;
    if (masked?.sql != null && this.#isToBeProved(masked)) return { need: "proof", sql: masked.sql };
    const alone = statements.length === 1 ? statements[0]! : undefined;
    const text =
      alone?.explainable === true
        ? { sent: this.#planned(masked, parsed), parameterTypes: [], ...NO_VALUES }
        : null;
    findings.plan ??= this.#names.planOfFetched(statements);
    const found = this.#judging.decide(all, findings.plan, text, "run");
    if ("need" in found) return found;
    if (found.verdict !== "allow" && this.#holding.covering(statements, found, findings) === null) {
      const currentUser = this.#catalog.userOf(parsed);
      const said = { sql, parameterTypes: [], values: NO_VALUES, certain: true, currentUser };
      const held = { ...said, own: statements, all };
      const bar = this.#holding.bar(request, found, held, text, findings);
      if (bar !== undefined) return bar;
    }
    const run = this.#run(masked, statements);
    this.#masking?.lookUp(sql, run);
    if (shape !== null && (masked === null || isUntouched(masked)))
      this.#alikes.passed(shape, parsed, statements);
    const approved = this.#holding.approved(findings);
    const exchange = this.#runs(request, found, all, findings.plan ?? null, approved, statements);
    const answer = this.#masking?.exchange(run);
    const instead = request === "execute" || masked?.sql == null ? undefined : frontend.query(masked.sql);
    return pass(withMasks(exchange, answer), instead);
  }

  /** Statements go to the target: `all` of them are counted, `own` are those of the text. */
  #runs(
    request: "query" | "execute",
    found: Decision,
    all: ClassifiedStatement[],
    plan: PlanEstimate | null,
    approved: Approved | null,
    own: ClassifiedStatement[] = all,
  ): AgentExchange {
    this.#judging.ran(all, plan);
    const resultBound = resultLimit(found, all);
    const limit = resultBound === undefined ? {} : { limit: resultBound };
    const { done } = this.#names.effects(own, plan, approved);
    if (request === "execute") return { request, ...limit, done };
    return { request, ...limit, copyIn: has(own, "copy-in"), done, readied: this.#names.endsBatch() };
  }

  /** What the session's masks make of a text; null where it has none. Throws `Refusal`. */
  #masked(text: AgentText): MaskedText | Need | null {
    return this.#masking?.of(text) ?? null;
  }

  /** What the planner is asked about, when it is. */
  #planned(masked: MaskedText | null, parsed: ParsedStatement[]): () => ParsedStatement[] {
    const sql = masked?.sql ?? null;
    return sql === null ? () => parsed : () => this.#texts.parse(sql);
  }

  #isToBeProved(masked: MaskedText): boolean {
    return this.#talk.status !== "E" && this.#masking?.isUnproven(masked) === true;
  }

  /** The texts that run with a message: its own, and what it executes. */
  #run(masked: MaskedText | null, statements: ClassifiedStatement[]): RunText[] {
    if (masked === null) return [];
    return [{ masked, statements }, ...this.#names.executedMasks()];
  }

  #parse(body: Uint8Array): Verdict | Missing {
    const { statement, sql, parameterTypes } = frontend.parseParse(utf8(body, 2));
    const parsed = this.#texts.parse(sql);
    const statements = this.#catalog.classify(parsed);
    if ("need" in statements) return statements;
    const all = this.#names.withExecuted(statements);
    if (!Array.isArray(all)) return all;
    const masked = this.#masked({ sql, parsed, statements });
    if (masked !== null && "need" in masked) return masked;
    const found = this.#judging.decide(all, undefined, null, "prepare");
    if ("need" in found) return found;
    if (found.verdict === "block")
      return this.#holding.refused("parse", found, sql, all, null, refusalOfAbsent(all));
    if (this.#names.prepared.crowded(statement)) return { need: "answers" };
    const sent = masked?.sql ?? sql;
    const prepared: Prepared = { sql, parsed, parameterTypes, sent };
    this.#names.prepared.ask(statement, prepared);
    const answer = masked === null ? undefined : this.#masking?.exchange([{ masked, statements }]);
    const exchange: AgentExchange = {
      request: "parse",
      ...(answer && { masked: answer.masked }),
      done: () => this.#names.prepared.confirm(statement, prepared),
      failed: () => this.#names.prepared.refuse(statement, prepared),
    };
    return pass(
      exchange,
      sent === sql ? undefined : frontend.parse({ statement, sql: sent, parameterTypes }),
    );
  }

  #bind(body: Uint8Array, findings: Findings): Verdict | Missing {
    const bind = frontend.parseBind(body);
    const kept = body.length <= MAX_KEPT_BIND ? Uint8Array.prototype.slice.call(body) : null;
    return this.#bound(bind, bind, kept, findings);
  }

  /** Of a Bind that is longer than what is held its names are there; the planner can't be asked about it. */
  #longBind(message: MessageReader, findings: Findings): Verdict | Missing {
    const header = message.data.subarray(message.start + TYPED_HEADER, message.end);
    return this.#bound(frontend.parseBindNames(header), null, null, findings);
  }

  #bound(
    { portal: portalName, statement }: Pick<frontend.Bind, "portal" | "statement">,
    values: frontend.Bind | null,
    bind: Uint8Array | null,
    findings: Findings,
  ): Verdict | Missing {
    const meanings = this.#names.prepared.get(statement);
    if (meanings.length === 0) {
      const name = statement === "" ? "unnamed prepared statement" : `prepared statement "${statement}"`;
      return refuse("bind", Refusal.of("26000", `${name} does not exist`));
    }
    const statements = this.#classified(meanings.map(({ parsed }) => parsed));
    if ("need" in statements) return statements;
    const all = this.#names.withExecuted(statements);
    if (!Array.isArray(all)) return all;
    const [meaning] = meanings;
    const [only] = statements;
    const masks = this.#masking?.prepared(meanings, values, this.#names) ?? [];
    if ("need" in masks) return masks;
    const text =
      values !== null && meanings.length === 1 && only?.explainable === true
        ? {
            ...values,
            sent: this.#planned(masks[0]?.masked ?? null, meaning!.parsed),
            parameterTypes: meaning!.parameterTypes,
          }
        : null;
    findings.plan ??= this.#names.planOfFetched(statements);
    const found = this.#judging.decide(all, findings.plan, text, "plan");
    if ("need" in found) return found;
    const { sql, parameterTypes } = meaning!;
    const covering = found.verdict === "allow" ? null : this.#holding.covering(statements, found, findings);
    if (found.verdict !== "allow" && covering === null) {
      const currentUser = this.#catalog.userOf(meaning!.parsed);
      const said = { sql, parameterTypes, values, certain: meanings.length === 1, currentUser };
      const held = { ...said, own: statements, all };
      const bar = this.#holding.bar("bind", found, held, text, findings);
      if (bar !== undefined) return bar;
    }
    if (this.#names.portals.crowded(portalName)) return { need: "answers" };
    this.#masking?.lookUp(sql, masks);
    const portal: Portal = {
      statements: all,
      plan: findings.plan ?? null,
      limit: resultLimit(found, all),
      bound: { sql, meanings, parameterTypes, bind },
      approved: this.#holding.approved(findings) ?? covering,
    };
    this.#names.portals.ask(portalName, portal);
    const answer = this.#masking?.exchange(masks);
    return pass({
      request: "bind",
      ...(answer && { masked: answer.masked }),
      done: () => this.#names.portals.confirm(portalName, portal),
      failed: () => this.#names.portals.refuse(portalName, portal),
    });
  }

  #classified(texts: ParsedStatement[][]): ClassifiedStatement[] | Need {
    const statements: ClassifiedStatement[] = [];
    for (const parsed of texts) {
      const found = this.#catalog.classify(parsed);
      if ("need" in found) return found;
      statements.push(...found);
    }
    return statements;
  }

  /**
   * Judges what was planned as the portal was bound, and what the same text means now: the target looks up the names
   * in COPY, EXECUTE, FETCH and other utility statements only when they run.
   */
  #execute(body: Uint8Array, findings: Findings): Verdict | Missing {
    const { portal: name } = frontend.parseExecute(body);
    const portals = this.#names.portals.get(name);
    if (portals.length === 0) {
      // A cursor that SQL declared is a portal: to execute it is to fetch from it.
      if (name !== "" && this.#names.declared)
        return this.#text("execute", `FETCH ALL FROM "${name.replaceAll('"', '""')}"`, findings);
      return refuse("execute", Refusal.of("34000", `portal "${name}" does not exist`));
    }
    const own: ClassifiedStatement[] = [];
    for (const { bound } of portals) {
      const found = this.#classified(bound.meanings.map(({ parsed }) => parsed));
      if ("need" in found) return found;
      own.push(...found);
    }
    const again = this.#names.withExecuted(own);
    if (!Array.isArray(again)) return again;
    const meanings = portals.flatMap(({ bound }) => bound.meanings);
    // The values that were bound have been looked at then.
    const masks = this.#masking?.prepared(meanings, NO_VALUES, this.#names) ?? [];
    if ("need" in masks) return masks;
    const answer = this.#masking?.exchange(masks);
    const planned = portals.flatMap((portal) => portal.statements);
    const isSame = isAlike(planned, again);
    const statements = isSame ? again : [...planned, ...again];
    const plan = portals.length === 1 ? portals[0]!.plan : null;
    const found = this.#judging.decide(statements, plan, null, "run");
    if ("need" in found) return found;
    findings.plan = plan;
    const isAgreed = () => portals.every(({ approved }) => this.#holding.covers(approved, found as Approve));
    if (found.verdict !== "allow" && !(isSame && isAgreed())) {
      const currentUser = this.#catalog.userOf(portals[0]!.bound.meanings.flatMap(({ parsed }) => parsed));
      const held = { ...heldPortals(portals, own, statements), currentUser };
      const bar = this.#holding.bar("execute", found, held, null, findings);
      if (bar !== undefined) return bar;
    }
    this.#judging.ran(statements, plan);
    const limit = portals.map((portal) => portal.limit).find((one) => one !== undefined);
    const exchange: AgentExchange = {
      request: "execute",
      ...(limit === undefined ? {} : { limit }),
      copyIn: has(statements, "copy-in"),
      ...this.#names.effects(
        statements,
        plan,
        this.#holding.approved(findings) ?? (portals.length === 1 ? portals[0]!.approved : null),
      ),
    };
    return pass(withMasks(exchange, answer));
  }

  #call(body: Uint8Array, findings: Findings): Verdict | Missing {
    const { function: oid } = frontend.parseFunctionCall(body);
    if (findings.call === undefined) return { need: "function", oid };
    const parsed = this.#texts.parse(findings.call);
    const statements = this.#catalog.classify(parsed);
    if ("need" in statements) return statements;
    const masked = this.#masked({ sql: findings.call, parsed, statements });
    if (masked !== null && "need" in masked) return masked;
    const found = this.#judging.decide(statements, null, null, "run");
    if ("need" in found) return found;
    if (found.verdict !== "allow") {
      const refusal = found.verdict === "approve" ? CALL_BY_MESSAGE : undefined;
      return this.#holding.refused("call", found, findings.call, statements, null, refusal);
    }
    this.#judging.ran(statements, null);
    return pass({ request: "call", done: this.#names.effects(statements).done });
  }

  #close(body: Uint8Array): Verdict {
    const { kind, name } = frontend.parseClose(body);
    const names = kind === "statement" ? this.#names.prepared : this.#names.portals;
    return pass({ request: "close", done: names.forgetting(name) });
  }

  #sync(): Verdict {
    const ended = this.#names.endsBatch();
    return pass({ request: "sync", readied: ended });
  }
}

/** Nothing that the text reads, writes or compares is labelled. */
function isUntouched({ sql, labels, parameters, lookups }: MaskedText): boolean {
  return sql === null && [labels, parameters, lookups].every((list) => list.length === 0);
}

const NO_VALUES = { parameterFormats: [], parameters: [] };
/** Of a text about which the planner is not asked: only whether it would be. */
const UNPLANNED = { sent: () => [], parameterTypes: [], ...NO_VALUES };
const CALL_BY_MESSAGE = cantBeHeld(
  "a function-call message has no text that people could be shown",
  "Call the function by SELECT f(...).",
);
