import type { Node } from "@pgsql/types";
import { conjuncts } from "./condition.ts";
import type { Context } from "./findings.ts";
import { isBuiltinOperator, isExactType } from "./names.ts";
import type { Item } from "./scope.ts";
import { bodyOf, identifiers, items } from "./tree.ts";

/** Rows that a `key` condition may choose: `id IN (1, 2, …)`. */
const MAX_KEYS = 100;

/**
 * Whether the condition fixes all columns of one key of the target by equality with constants or parameters, so
 * that no more than MAX_KEYS rows fit it. A join's or a subquery's column is no constant, nor is a column in a cast:
 * many values may be cast to one.
 */
export function fixesKey(context: Context, where: Node, target: Item): boolean {
  const { relation } = target;
  if (relation === null) return false;
  // A key of an inheritance parent doesn't hold across its children; a partitioned table's does.
  if (relation.kind !== "partitioned" && target.inherited && relation.children.length > 0) return false;
  const fixed = new Map<string, Equality>();
  for (const condition of conjuncts(where)) {
    const equality = equalityOf(context, condition, target);
    for (const column of equality?.columns ?? []) {
      const other = fixed.get(column);
      if (equality !== null && (other === undefined || equality.count < other.count)) {
        fixed.set(column, equality);
      }
    }
  }
  return relation.keys.some((key) => {
    const used = new Set(key.map((column) => fixed.get(column)));
    let rows = key.length === 0 ? Number.POSITIVE_INFINITY : 1;
    for (const equality of used) rows *= equality?.count ?? Number.POSITIVE_INFINITY;
    return rows <= MAX_KEYS;
  });
}

/** Columns of the target that a condition fixes together to one of `count` rows of values. */
interface Equality {
  readonly columns: string[];
  readonly count: number;
}

function equalityOf(context: Context, condition: Node, target: Item): Equality | null {
  const expression = bodyOf(condition, "A_Expr");
  if (expression === undefined) return null;
  const { kind, lexpr, rexpr, name } = expression;
  if (!isBuiltinOperator(context, identifiers(name), "=")) return null;
  const column = (node: Node | undefined) => targetColumn(context, node, target);
  const left = bodyOf(lexpr, "RowExpr")?.args ?? [lexpr];
  if (kind === "AEXPR_OP") {
    const right = bodyOf(rexpr, "RowExpr")?.args ?? [rexpr];
    if (left.length !== right.length) return null;
    const columns = left.flatMap((one, index) => {
      const named = column(one) ?? column(right[index]);
      return named !== null && isConstant(column(one) === null ? one : right[index]) ? [named] : [];
    });
    return { columns, count: 1 };
  }
  if (kind === "AEXPR_IN") {
    const rows = items(rexpr).map((value) => bodyOf(value, "RowExpr")?.args ?? [value]);
    if (!rows.every((row) => row.length === left.length && row.every(isConstant))) return null;
    return { columns: left.flatMap((node) => column(node) ?? []), count: rows.length };
  }
  const count = kind === "AEXPR_OP_ANY" ? arrayLength(rexpr) : null;
  const named = column(lexpr);
  return count !== null && named !== null ? { columns: [named], count } : null;
}

function targetColumn(context: Context, node: Node | undefined, target: Item): string | null {
  const reference = bodyOf(node, "ColumnRef");
  const found = reference === undefined ? undefined : context.found.references.get(reference);
  if (found === undefined || found.columns.length !== 1 || found.wholes.length > 0) return null;
  const [only] = found.columns;
  return only?.item === target ? only.column : null;
}

function isConstant(node: Node | undefined): boolean {
  const literal = bodyOf(node, "A_Const");
  if (literal !== undefined) return literal.isnull !== true;
  if (bodyOf(node, "ParamRef") !== undefined) return true;
  const cast = bodyOf(node, "TypeCast");
  if (cast === undefined) return false;
  return cast.typeName?.arrayBounds === undefined && isExactType(cast.typeName) && isConstant(cast.arg);
}

/** The number of members of an array of constants; null where that isn't known, as of a parameter. */
function arrayLength(node: Node | undefined): number | null {
  const cast = bodyOf(node, "TypeCast");
  if (cast !== undefined) return isExactType(cast.typeName) ? arrayLength(cast.arg) : null;
  const text = bodyOf(node, "A_Const")?.sval?.sval;
  if (text !== undefined) return text.split(",").length;
  const array = bodyOf(node, "A_ArrayExpr");
  return array !== undefined && (array.elements ?? []).every(isConstant)
    ? (array.elements ?? []).length
    : null;
}
