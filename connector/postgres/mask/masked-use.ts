import type { Relation } from "../../../protocol/sql/catalog.ts";
import type { Use } from "../../../protocol/sql/resolve/findings.ts";
import { qualifiedName } from "../../../protocol/sql/resolve/qualified-name.ts";
import type { Item, Reference } from "../../../protocol/sql/resolve/scope.ts";
import type { ResolvedNames } from "../../../protocol/sql/resolve.ts";
import { isDeclared, type MaskContext, masksOf, type RelationMasks } from "./effective-labels.ts";

/** A relation that the statement's text names and of which something is masked. */
export interface MaskedUse extends Use {
  masks: RelationMasks;
  /** A view's own query with what it reads masked; null for what is read itself. */
  inlined: string | null;
  /** Conditions on the unmasked columns that rows must meet, in SQL. */
  conditions: string[];
  /** Its name in the new text, where that is not its own. */
  renamed: string | null;
}

/**
 * Whether a statement that names the relation reads any masked column of it, or, of a view, of what that is made of.
 */
export function readsMasked(context: MaskContext, relation: Relation, resolved: ResolvedNames): boolean {
  if (relation.kind === "view" && !isDeclared(context, relation)) return true;
  return [...masksOf(context, relation).keys()].some((column) => isRead(context, relation, resolved, column));
}

/** Whether anything in the statement reads the column, by whatever name of its relation. */
export function isRead(
  context: MaskContext,
  relation: Relation,
  { readColumns }: ResolvedNames,
  column: string,
): boolean {
  return readColumns.includes(`${relationName(context, relation)}.${qualifiedName(column)}`);
}

/** As facts have it. */
function relationName({ names }: MaskContext, { schema, name }: Relation): string {
  return qualifiedName(schema === names.temporarySchema ? "pg_temp" : schema, name);
}

/** Whether an entry, or a copy of it that a join or RETURNING made, offers the rows of this use. */
export function isOf(use: Use, item: Item): boolean {
  return item === use.item || (item.relation !== null && item.columns === use.item.columns);
}

export function names({ columns, wholes }: Reference, use: Use): boolean {
  return columns.some(({ item }) => isOf(use, item)) || wholes.some((item) => isOf(use, item));
}
