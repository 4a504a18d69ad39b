import type { InsertStmt, Node } from "@pgsql/types";
import type { Made } from "../../../protocol/sql/resolve/scope.ts";
import { bodyOf } from "../../../protocol/sql/resolve/tree.ts";
import type { ResolvedNames } from "../../../protocol/sql/resolve.ts";
import { walk } from "../../../protocol/sql/tree.ts";
import { firstLabel, type MaskContext, masksOf, type RelationMasks } from "./effective-labels.ts";
import { shown } from "./quoted.ts";
import { Unmasked } from "./unmasked.ts";

/**
 * ON CONFLICT over labelled columns tells of each row whether its value is stored: it is a lookup where the label permits
 * them, of so many values as there are rows. Answers how many, by label. Throws Unmasked.
 */
export function conflictLookups(
  context: MaskContext,
  tree: Node,
  resolved: ResolvedNames,
): ReadonlyMap<string, number> {
  const lookups = new Map<string, number>();
  walk(tree, (type, body) => {
    if (type !== "InsertStmt") return;
    const insert = body as InsertStmt;
    const use = insert.relation && resolved.uses.get(insert.relation);
    if (insert.onConflictClause === undefined || use === undefined) return;
    const masks = masksOf(context, use.relation);
    if (masks.size === 0 || isBesideLabels(insert, masks)) return;
    const rows = bodyOf(insert.selectStmt, "SelectStmt")?.valuesLists?.length;
    for (const { relation, column, made } of resolved.assigned) {
      const mask = relation === use.relation ? masks.get(column) : undefined;
      if (mask === undefined || isNothing(made)) continue;
      const { name, lookup } = firstLabel(mask);
      if (rows === undefined || lookup === null) {
        throw new Unmasked(
          `ON CONFLICT over ${shown(relation)}.${column}, which tells whether a value is stored`,
          [name],
          "Name a conflict target without labelled columns, or leave ON CONFLICT out.",
        );
      }
      lookups.set(name, Math.max(lookups.get(name) ?? 0, rows));
    }
  });
  return lookups;
}

/** Whether its conflict target is an index that has no labelled column. */
function isBesideLabels({ onConflictClause }: InsertStmt, masks: RelationMasks): boolean {
  const elements = onConflictClause?.infer?.indexElems;
  if (elements === undefined) return false;
  return elements.every((node) => {
    const name = bodyOf(node, "IndexElem")?.name;
    return name !== undefined && !masks.has(name);
  });
}

/** Whether only NULL or the default is given. */
function isNothing({ expressions = [], columns = [] }: Made): boolean {
  const isEmpty = (node: Node | undefined) =>
    bodyOf(node, "SetToDefault") !== undefined || bodyOf(node, "A_Const")?.isnull === true;
  return expressions.every(isEmpty) && columns.every(({ made }) => made !== undefined && isNothing(made));
}
