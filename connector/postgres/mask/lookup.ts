import type { A_Expr, ColumnRef, Node, RangeVar, SelectStmt } from "@pgsql/types";
import { BUILTIN_TYPES } from "../../../protocol/sql/resolve/names.ts";
import { bodyOf, identifiers, items } from "../../../protocol/sql/resolve/tree.ts";
import { quoted } from "./quoted.ts";

/** `email = $1`, `email IN ('a', 'b')`: a condition that rows must meet, which names a column and fixed values. */
export interface Lookup {
  column: ColumnRef;
  /** SQL of each value. */
  values: string[];
}

/** The values that one statement may ask for. */
const MAX_VALUES = 1_000;

/** The lookups among what all rows of a query must meet. */
export function lookupsIn(where: Node | undefined): Lookup[] {
  const found: Lookup[] = [];
  const waiting = [where];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const both = bodyOf(node, "BoolExpr");
    if (both?.boolop === "AND_EXPR") waiting.push(...(both.args ?? []));
    const expression = bodyOf(node, "A_Expr");
    const lookup = expression && lookupOf(expression);
    if (lookup !== undefined) found.push(lookup);
  }
  return found;
}

function lookupOf({ kind, name, lexpr, rexpr }: A_Expr): Lookup | undefined {
  if (identifiers(name).join(".") !== "=") return undefined;
  if (kind === "AEXPR_IN") return lookup(lexpr, items(rexpr));
  if (kind !== "AEXPR_OP") return undefined;
  return lookup(lexpr, [rexpr]) ?? lookup(rexpr, [lexpr]);
}

function lookup(column: Node | undefined, nodes: (Node | undefined)[]): Lookup | undefined {
  const reference = bodyOf(column, "ColumnRef");
  if (reference === undefined || nodes.length > MAX_VALUES) return undefined;
  const values = nodes.map(fixedValue);
  return values.every((value) => value !== null) ? { column: reference, values } : undefined;
}

/** SQL for a constant, a parameter, or one of these cast to one of PostgreSQL's own types; null for anything else. */
function fixedValue(node: Node | undefined): string | null {
  const parameter = bodyOf(node, "ParamRef");
  if (parameter?.number !== undefined) return `$${parameter.number}`;
  const constant = bodyOf(node, "A_Const");
  if (constant !== undefined) {
    if (constant.sval !== undefined) return `'${(constant.sval.sval ?? "").replaceAll("'", "''")}'`;
    if (constant.ival !== undefined) return String(constant.ival.ival ?? 0);
    return constant.fval?.fval ?? null;
  }
  const cast = bodyOf(node, "TypeCast");
  const value = cast && fixedValue(cast.arg);
  const names = identifiers(cast?.typeName?.names);
  const type = names.at(-1) ?? "";
  const isPlain = cast?.typeName?.typmods === undefined && cast?.typeName?.arrayBounds === undefined;
  const isOwn = BUILTIN_TYPES.has(type) && (names.length === 1 || names[0] === "pg_catalog");
  return value != null && isPlain && isOwn ? `(${value})::pg_catalog.${quoted(type)}` : null;
}

/** The entries of FROM of which every row that the query gives has one: a condition may as well be theirs. */
export function certainRanges({ fromClause }: SelectStmt): Set<RangeVar> {
  const found = new Set<RangeVar>();
  const add = (node: Node | undefined): void => {
    const range = bodyOf(node, "RangeVar");
    if (range !== undefined) found.add(range);
    const join = bodyOf(node, "JoinExpr");
    if (join === undefined || join.alias !== undefined) return;
    const type = join.jointype ?? "JOIN_INNER";
    if (type === "JOIN_INNER" || type === "JOIN_LEFT") add(join.larg);
    if (type === "JOIN_INNER" || type === "JOIN_RIGHT") add(join.rarg);
  };
  for (const node of fromClause ?? []) add(node);
  return found;
}

/** An expression that is what the condition compares: it is true where a value was found, and NULL where none was given. */
export function foundValue(values: readonly string[]): string {
  const [only] = values;
  return values.length === 1 ? `(${only})` : `COALESCE(${values.join(", ")})`;
}
