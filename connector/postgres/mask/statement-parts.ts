import type { ColumnRef, Node, RangeTableSample, RangeVar, SelectStmt } from "@pgsql/types";
import { bodyOf, eachColumnRef } from "../../../protocol/sql/resolve/tree.ts";
import { walk } from "../../../protocol/sql/tree.ts";

/** TABLESAMPLE clauses by the relation that they sample. */
export function samplesOf(tree: Node): Map<RangeVar, RangeTableSample> {
  const samples = new Map<RangeVar, RangeTableSample>();
  walk(tree, (type, body) => {
    if (type !== "RangeTableSample") return;
    const sample = body as RangeTableSample;
    const range = bodyOf(sample.relation, "RangeVar");
    if (range !== undefined) samples.set(range, sample);
  });
  return samples;
}

export function hasNaturalJoin(tree: Node): boolean {
  let found = false;
  walk(tree, (type, body) => {
    found ||= type === "JoinExpr" && body.isNatural === true;
  });
  return found;
}

export function ownReferences(value: unknown): Set<ColumnRef> {
  const found = new Set<ColumnRef>();
  eachColumnRef(value, (node) => void found.add(node));
  return found;
}

/** ON CONFLICT (email) names an index, whose expressions must be as they are; nothing of a row is told by it. */
export function inferenceReferences(tree: Node): Set<ColumnRef> {
  const found = new Set<ColumnRef>();
  walk(tree, (_, body) => {
    if (body.infer !== undefined) eachColumnRef(body.infer, (node) => void found.add(node));
  });
  return found;
}

export function starTargets(tree: Node): ReadonlyMap<ColumnRef, Node> {
  const found = new Map<ColumnRef, Node>();
  for (const node of allTargets(tree)) {
    const reference = bodyOf(bodyOf(node, "ResTarget")?.val, "ColumnRef");
    if (bodyOf(reference?.fields?.at(-1), "A_Star") !== undefined) found.set(reference!, node);
  }
  return found;
}

/** All that queries and RETURNING give, at any depth. */
function allTargets(tree: Node): Node[] {
  const found: Node[] = [];
  walk(tree, (type, body) => {
    const { exprs } = (body.returningClause ?? {}) as { exprs?: Node[] };
    const targets = type === "SelectStmt" ? (body as SelectStmt).targetList : undefined;
    found.push(...(exprs ?? []), ...(targets ?? []));
  });
  return found;
}

/** References in what a query or RETURNING gives under no name of its own: they may make its name. */
export function namingReferences(tree: Node): Set<ColumnRef> {
  const found = new Set<ColumnRef>();
  for (const node of allTargets(tree)) {
    const target = bodyOf(node, "ResTarget");
    if (target?.name === undefined) eachColumnRef(target?.val, (one) => void found.add(one));
  }
  return found;
}

/** Whether rows are locked by the names of entries: FOR UPDATE OF customers. */
export function hasLockedNames(tree: Node): boolean {
  let found = false;
  walk(tree, (type, body) => {
    found ||= type === "LockingClause" && body.lockedRels !== undefined;
  });
  return found;
}
