import type { PlanEstimate } from "../control.ts";
import type { StatementFacts } from "../sql/facts.ts";
import { nameParts, qualifiedName } from "../sql/resolve/qualified-name.ts";
import { SCOPES } from "./annotations.ts";
import type { Usage } from "./bands.ts";
import type { Approve, Block, Decision } from "./decision.ts";
import { least, type PolicySet, type PolicyTarget, type Subject } from "./policy-set.ts";
import { bounded } from "./reason.ts";
import { long, usageContext } from "./usage-context.ts";

export type { Usage } from "./bands.ts";

/** Where and when a statement would run. */
export interface Circumstances {
  database: string;
  inTransaction: boolean;
  /** Null where it wasn't asked, or the planner gave none. */
  plan: PlanEstimate | null;
  session: Usage;
  principalUsage: Usage;
}

/** Names of one statement that are judged; a statement with more is blocked. */
export const MAX_NAMES = 20_000;

/** The verdict on one statement: the worst over all its actions. Never throws. */
export function judgeStatement(
  set: PolicySet,
  subject: Subject,
  target: PolicyTarget,
  facts: StatementFacts,
  circumstances: Circumstances,
): Decision {
  if (hasTooManyNames(facts)) {
    return {
      verdict: "block",
      policies: [],
      reason: `The statement names more than ${MAX_NAMES} relations, columns and functions: too many to be judged. Split it.`,
    };
  }
  const context = statementContext(facts, circumstances);
  return worst(facts.actions.map((action) => set.decide(subject, action, target, context)));
}

/**
 * A key for caches of what `judgeStatement` allowed: equal for two statements, the same subject and target, only if
 * the verdict on both comes from the same policies. Null where there is none: such a verdict can't be kept.
 */
export function verdictKey(
  set: PolicySet,
  facts: StatementFacts,
  circumstances: Circumstances,
): string | null {
  if (hasTooManyNames(facts)) return null;
  const context = statementContext(facts, circumstances);
  let key = "";
  for (const action of facts.actions) {
    const one = set.key(action, context, circumstances);
    if (one === null) return null;
    key += `${action} ${one}\n`;
  }
  return key;
}

function hasTooManyNames(facts: StatementFacts): boolean {
  return SETS.reduce((sum, set) => sum + facts[set].length, 0) > MAX_NAMES;
}

/** Whether any policy looks at the planner's estimate of what does this. */
export function wantsPlan(set: PolicySet, { actions }: Pick<StatementFacts, "actions">): boolean {
  return actions.some((action) => set.uses(action).plan);
}

const SETS = [
  "opaque",
  "reads",
  "writes",
  "readColumns",
  "writeColumns",
  "functions",
  "effects",
  "settings",
] as const satisfies readonly (keyof StatementFacts)[];

/** The schema's `Statement`, without `approved`, which `PolicySet.decide` adds. */
export function statementContext(facts: StatementFacts, now: Circumstances): Record<string, unknown> {
  return {
    database: now.database,
    tag: facts.tag,
    complete: facts.opaque.length === 0,
    opaque: facts.opaque,
    reads: facts.reads,
    writes: facts.writes,
    readSchemas: schemasOf(facts.reads),
    writeSchemas: schemasOf(facts.writes),
    readColumns: facts.readColumns,
    writeColumns: facts.writeColumns,
    functions: facts.functions,
    effects: facts.effects,
    settings: facts.settings,
    where: facts.where,
    ...(facts.limit !== null && { limit: long(facts.limit) }),
    fingerprint: facts.fingerprint,
    inTransaction: now.inTransaction,
    ...(now.plan !== null && { plan: { rows: long(now.plan.rows), cost: long(now.plan.cost) } }),
    session: usageContext(now.session),
    principalUsage: usageContext(now.principalUsage),
  };
}

/** The worst of several verdicts, with everything that stands behind it; nothing to judge is blocked. */
export function worst(decisions: Decision[]): Decision {
  const [only] = decisions;
  if (only === undefined) return { verdict: "block", policies: [], reason: "There is nothing to judge." };
  if (decisions.length === 1) return only;
  const blocks = decisions.filter((one) => one.verdict === "block");
  if (blocks.length > 0) return { verdict: "block", policies: policies(blocks), reason: reason(blocks) };
  const passing = decisions.filter((one) => one.verdict !== "block");
  const limits = {
    rows: least(passing.map(({ rows }) => rows)),
    bytes: least(passing.map(({ bytes }) => bytes)),
    ...(passing.some(({ watched }) => watched) && { watched: true as const }),
  };
  const held = decisions.filter((one) => one.verdict === "approve");
  if (held.length === 0) return { verdict: "allow", policies: policies(decisions), ...limits };
  const approvals = new Map(
    held.flatMap((one) => one.approvals).map((approval) => [JSON.stringify(approval), approval]),
  );
  return {
    verdict: "approve",
    policies: policies(held),
    reason: reason(held),
    approvals: [...approvals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, approval]) => approval),
    expiresMs: Math.min(...held.map(({ expiresMs }) => expiresMs)),
    scope: SCOPES.find((scope) => held.some((one) => one.scope === scope)) ?? "once",
    lastsMs: Math.min(...held.map(({ lastsMs }) => lastsMs)),
    ...limits,
  };
}

function policies(decisions: Decision[]): string[] {
  return [...new Set(decisions.flatMap((one) => one.policies))].sort();
}

function reason(decisions: (Approve | Block)[]): string {
  return bounded([...new Set(decisions.map((one) => one.reason))].join(" "));
}

/** The schemas of relations, written as in the relations' own names. */
function schemasOf(relations: string[]): string[] {
  return [...new Set(relations.map((relation) => qualifiedName(nameParts(relation)[0] ?? "")))].sort();
}
