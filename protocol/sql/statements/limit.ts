import type { Node } from "@pgsql/types";
import { statementRow } from "../statements.ts";
import { nodeOf, type TreeObject } from "../tree.ts";
import { of } from "./row.ts";

/** EXPLAIN of CREATE TABLE AS of a query is as deep as the grammar goes. */
const MAX_WRAPPERS = 4;

/**
 * The constant number of rows that a query's outermost LIMIT or FETCH FIRST leaves, also inside COPY, DECLARE,
 * PREPARE, EXPLAIN and CREATE TABLE AS; null where there is none, or none that bounds.
 */
export function limitOf(tree: Node): number | null {
  let node = tree;
  for (let level = 0; level < MAX_WRAPPERS; level++) {
    const [type, body] = nodeOf(node);
    if (type === "SelectStmt") return limitOfSelect(body);
    const inner = statementRow(type)?.inner;
    const next = inner === undefined ? undefined : of(inner, body);
    if (next === undefined) return null;
    node = next;
  }
  return null;
}

function limitOfSelect(body: TreeObject): number | null {
  // WITH TIES adds as many rows as are equal to the last.
  if (body.limitOption === "LIMIT_OPTION_WITH_TIES") return null;
  const count = body.limitCount as
    | { A_Const?: { ival?: { ival?: number }; fval?: { fval?: string } } }
    | undefined;
  const constant = count?.A_Const;
  if (constant?.ival !== undefined) return constant.ival.ival ?? 0;
  const large = Number(constant?.fval?.fval ?? Number.NaN);
  return Number.isSafeInteger(large) ? large : null;
}
