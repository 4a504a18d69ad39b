import type { ColumnRef, Node, SelectStmt } from "@pgsql/types";
import { bodyOf, eachColumnRef } from "../../../protocol/sql/resolve/tree.ts";
import type { ResolvedNames } from "../../../protocol/sql/resolve.ts";
import { isOf, type MaskedUse } from "./masked-use.ts";
import { quoted } from "./quoted.ts";

/** Types that have no notion of equality. */
const UNGROUPABLE: ReadonlySet<string> = new Set([
  "json",
  "xml",
  "point",
  "polygon",
  "jsonpath",
  "_json",
  "_xml",
]);

/** The columns that a query groups by a key of this entry, and uses without grouping by them. */
export function dependentColumns(resolved: ResolvedNames, select: SelectStmt, use: MaskedUse): string[] {
  const grouped = new Set(
    (select.groupClause ?? []).flatMap((node) => groupedColumn(resolved, select, node, use)),
  );
  const { keys, columns, details } = use.relation;
  if (use.item.name === null || !keys.some((key) => key.every((column) => grouped.has(column)))) return [];
  const used = new Set<string>();
  const take = (node: ColumnRef) => {
    const reference = resolved.references.get(node);
    for (const { item, column } of reference?.columns ?? []) if (isOf(use, item)) used.add(column);
    if (reference?.wholes.some((item) => isOf(use, item))) for (const column of columns) used.add(column);
  };
  eachColumnRef([select.targetList, select.havingClause, select.sortClause], take);
  return use.item.columns.flatMap(({ name, source }) => {
    const column = source?.column ?? "";
    const detail = details?.[columns.indexOf(column)];
    if (!used.has(column) || grouped.has(column) || UNGROUPABLE.has(detail?.base ?? "")) return [];
    return [`${quoted(use.renamed ?? use.item.name!)}.${quoted(name)}`];
  });
}

/** A column of the entry that is grouped by name or by its place in the list. */
function groupedColumn(resolved: ResolvedNames, select: SelectStmt, node: Node, use: MaskedUse): string[] {
  const place = bodyOf(node, "A_Const")?.ival?.ival;
  const expression = place === undefined ? node : bodyOf(select.targetList?.[place - 1], "ResTarget")?.val;
  const reference = bodyOf(expression, "ColumnRef");
  const found = reference && resolved.references.get(reference);
  return (found?.columns ?? []).filter(({ item }) => isOf(use, item)).map(({ column }) => column);
}
