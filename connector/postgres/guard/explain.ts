import type { PlanEstimate } from "../../../protocol/control.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { ExplainedStatement, ExplainRequest } from "../../../protocol/hub-messages.ts";
import { judgeStatement, wantsPlan } from "../../../protocol/policy/judge.ts";
import type { NameContext } from "../../../protocol/sql/catalog.ts";
import { classify } from "../../../protocol/sql/classify.ts";
import type { ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import { type ParsedStatement, parseSql, SqlSyntaxError } from "../../../protocol/sql/parser.ts";
import type { PostgresTargetConfig } from "../../config.ts";
import { NOTHING_YET, policiesToExplain } from "../../guard/explaining.ts";
import { policyTarget, subjectOf } from "../../guard/subject.ts";
import type { CatalogCache } from "../catalog/cache.ts";
import { PROBE, readProbe } from "../catalog/session-state.ts";
import { databaseOf } from "../database-of.ts";
import { Masking } from "../mask/masking.ts";
import { Unmasked } from "../mask/unmasked.ts";
import { estimateOfRows, explainText } from "../plan-estimate.ts";
import type { Guard } from "./guard.ts";
import { refusedByMasks } from "./session-masking.ts";
import { sightOf } from "./sight.ts";

/** Rounds of asking the catalog: views in views, each a round. */
const MAX_ROUNDS = 64;

/**
 * What the guard would say of this SQL as the first of a new session, by the policies and the catalog of this moment.
 * Nothing is run but the planner, where a policy looks at its estimate. Throws `SallyportError`.
 */
export async function explain(
  guard: Guard,
  target: PostgresTargetConfig,
  connector: string,
  request: ExplainRequest,
): Promise<{ statements: ExplainedStatement[] }> {
  const { text: sql } = request;
  const database = databaseOf(target, request.database);
  await guard.parser;
  const set = policiesToExplain(guard.policies);
  const catalog = guard.catalog(target, database);
  catalog.acquire();
  try {
    const parsed = parse(guard, sql);
    const names = {
      ...readProbe(await catalog.query(PROBE)),
      trustedFunctions: new Set(target.trustedFunctions),
    };
    const statements = await classified(parsed, names, catalog);
    const viewer = { ...request, kind: target.kind, connector };
    const { masks } = await sightOf(set, viewer, target, database);
    const planned =
      masks === null ? parsed : await masked(new Masking(masks), sql, parsed, statements, names, catalog);
    const subject = subjectOf(viewer);
    const asked = policyTarget(viewer);
    const explained: ExplainedStatement[] = [];
    for (const { facts, text, explainable } of statements) {
      if (planned instanceof Unmasked) {
        explained.push({ text, facts, decision: refusedByMasks(planned), plan: null });
        continue;
      }
      const wanted = wantsPlan(set, facts);
      const alone = statements.length === 1;
      const plan = wanted && alone && explainable ? await estimate(catalog, planned) : null;
      const decision = judgeStatement(set, subject, asked, facts, {
        database,
        inTransaction: false,
        plan,
        ...NOTHING_YET,
      });
      explained.push({ text, facts, decision, plan });
    }
    return { statements: explained };
  } finally {
    catalog.release();
  }
}

function parse(guard: Guard, sql: string): ParsedStatement[] {
  try {
    return guard.texts.parse(sql);
  } catch (error) {
    if (!(error instanceof SqlSyntaxError)) throw error;
    throw new SallyportError("invalid_request", `${error.message} (character ${error.position})`);
  }
}

async function classified(
  parsed: ParsedStatement[],
  names: NameContext,
  catalog: CatalogCache,
): Promise<ClassifiedStatement[]> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { statements, missing } = classify(parsed, names, catalog);
    if (missing.length === 0) return statements;
    await catalog.load(missing);
  }
  throw tooManyNames();
}

/** What the planner may be asked about: of labelled columns it must tell nothing. */
async function masked(
  masking: Masking,
  sql: string,
  parsed: ParsedStatement[],
  statements: readonly ClassifiedStatement[],
  names: NameContext,
  catalog: CatalogCache,
): Promise<ParsedStatement[] | Unmasked> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const outcome = masking.mask(sql, parsed, statements, names, catalog);
    if (outcome instanceof Unmasked) return outcome;
    if (!("names" in outcome)) return outcome.sql === null ? parsed : parseSql(outcome.sql);
    await catalog.load(outcome.names);
  }
  throw tooManyNames();
}

function tooManyNames(): SallyportError {
  return new SallyportError("limit_exceeded", "the statement's names lead on to more than is looked up");
}

async function estimate(catalog: CatalogCache, parsed: ParsedStatement[]): Promise<PlanEstimate> {
  const rows = await catalog.query(explainText(parsed));
  return estimateOfRows(rows);
}
