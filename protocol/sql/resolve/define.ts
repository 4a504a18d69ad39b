import type { AlterTableCmd, Constraint, CreateStmt, DefElem, Node, RangeVar } from "@pgsql/types";
import type { Relation } from "../catalog.ts";
import { resolveExpression, resolveExpressions } from "./expression.ts";
import type { Context } from "./findings.ts";
import { writeNew } from "./modify.ts";
import { callFunction, creationSchema, findRelation, lackFunction, useTypeName } from "./names.ts";
import { qualifiedName } from "./qualified-name.ts";
import { readColumn, readRelation, requireRelation, writeRelation } from "./relations.ts";
import { derivedColumn, derivedItem, type Item, NO_SCOPE, relationItem, type Scope } from "./scope.ts";
import { bodyOf, identifiers, items, type Qualified, qualified, rangeName } from "./tree.ts";

/**
 * A relation whose definition changes. With `optional` (IF EXISTS) it need not be there. `sort`: of relation that DROP
 * says it is.
 */
export function define(
  context: Context,
  name: Qualified,
  inherited = true,
  optional = false,
  sort?: string,
): Relation | null {
  const relation = optional
    ? findRelation(context, name)
    : requireRelation(context, name, "definition", sort);
  if (relation != null) writeRelation(context, relation, inherited);
  else if (relation === null) {
    const schema = name.schema ?? creationSchema(context);
    context.found.add(context.found.writes, qualifiedName(schema, name.name));
  }
  return relation ?? null;
}

export function defineRange(
  context: Context,
  range: RangeVar | undefined,
  optional = false,
): Relation | null {
  if (range === undefined) return null;
  return define(context, rangeName(range), range.inh === true, optional);
}

/** A relation that is named and whose rows or definition are looked at. */
export function readRange(context: Context, range: RangeVar | undefined): Relation | null {
  if (range === undefined) return null;
  const relation = requireRelation(context, rangeName(range), "definition");
  if (relation !== null) readRelation(context, relation, range.inh === true);
  return relation;
}

/** The columns of a relation, for expressions in its definition: they are computed from its rows. */
export function rowScope(relation: Relation | null): Scope {
  const item =
    relation === null
      ? derivedItem(null, [], { open: true })
      : relationItem(relation, undefined, true, false);
  return { ...NO_SCOPE, items: [item] };
}

export function defineTable(context: Context, create: CreateStmt): void {
  if (create.relation !== undefined) writeNew(context, create.relation);
  useTypeName(context, create.ofTypename);
  const names = (create.tableElts ?? []).flatMap((node) => bodyOf(node, "ColumnDef")?.colname ?? []);
  const parents: Item[] = [];
  for (const node of create.inhRelations ?? []) {
    // What stands in the new table is seen in its parent; the parent's other children have no part in it.
    const parent = define(context, rangeName(bodyOf(node, "RangeVar") ?? {}), false);
    if (parent !== null)
      parents.push(
        derivedItem(
          null,
          parent.columns.map((name) => derivedColumn(name)),
        ),
      );
    else parents.push(derivedItem(null, [], { open: true }));
  }
  // A table of a composite type, or LIKE another, has columns that don't stand in the statement.
  const open =
    create.ofTypename !== undefined ||
    (create.tableElts ?? []).some((node) => bodyOf(node, "TableLikeClause") !== undefined);
  const own = derivedItem(
    create.relation?.relname ?? null,
    names.map((name) => derivedColumn(name)),
    { open },
  );
  const scope: Scope = { ...NO_SCOPE, items: [own, ...parents] };
  resolveElements(context, create.tableElts, scope);
  resolveElements(context, create.constraints, scope);
  for (const node of create.partspec?.partParams ?? []) {
    resolveExpression(context, bodyOf(node, "PartitionElem")?.expr, scope);
  }
  resolveBound(context, create.partbound);
}

function resolveBound(context: Context, bound: CreateStmt["partbound"]): void {
  for (const list of [bound?.listdatums, bound?.lowerdatums, bound?.upperdatums]) {
    // MINVALUE and MAXVALUE come as column references.
    for (const node of list ?? []) {
      if (bodyOf(node, "ColumnRef") === undefined) resolveExpression(context, node, NO_SCOPE);
    }
  }
}

function resolveElements(context: Context, nodes: Node[] | undefined, scope: Scope): void {
  for (const node of nodes ?? []) {
    const column = bodyOf(node, "ColumnDef");
    if (column !== undefined) {
      useTypeName(context, column.typeName);
      resolveExpression(context, column.raw_default, scope);
      resolveElements(context, column.constraints, scope);
    }
    readRange(context, bodyOf(node, "TableLikeClause")?.relation);
    const constraint = bodyOf(node, "Constraint");
    if (constraint !== undefined) resolveConstraint(context, constraint, scope);
  }
}

function resolveConstraint(context: Context, constraint: Constraint, scope: Scope): void {
  readRange(context, constraint.pktable);
  resolveExpression(context, constraint.raw_expr, scope);
  resolveExpression(context, constraint.where_clause, scope);
  for (const node of constraint.exclusions ?? []) {
    const [element] = items(node);
    resolveExpression(context, bodyOf(element, "IndexElem")?.expr, scope);
  }
}

export function alterTableCommand(context: Context, command: AlterTableCmd, scope: Scope): void {
  const { def, subtype } = command;
  const column = bodyOf(def, "ColumnDef");
  const constraint = bodyOf(def, "Constraint");
  // A new column's constraints may name it.
  const added = column?.colname === undefined ? [] : [derivedItem(null, [derivedColumn(column.colname)])];
  if (def !== undefined && (column !== undefined || constraint !== undefined))
    resolveElements(context, [def], { ...scope, items: [...scope.items, ...added] });
  // ATTACH and DETACH PARTITION, INHERIT and NO INHERIT change both relations.
  defineRange(context, bodyOf(def, "RangeVar"));
  const partition = bodyOf(def, "PartitionCmd");
  defineRange(context, partition?.name);
  resolveBound(context, partition?.bound);
  useTypeName(context, bodyOf(def, "TypeName"));
  if (subtype === "AT_ColumnDefault" || subtype === "AT_SetExpression")
    resolveExpression(context, def, scope);
}

/** A relation under an index, statistics, a policy or a trigger, and the expressions over its rows. */
export function resolveOverRows(
  context: Context,
  relation: Relation | null,
  expressions: (Node | undefined)[],
  columns: (string | undefined)[] = [],
): void {
  resolveExpressions(
    context,
    expressions.filter((node) => node !== undefined),
    rowScope(relation),
  );
  for (const column of columns) {
    if (column !== undefined && relation !== null) readColumn(context, relation, true, column);
  }
}

/** The row before and after a change, in rules and triggers. */
export function changedRowScope(relation: Relation | null): Scope {
  const columns = relation?.columns.map((name) => derivedColumn(name)) ?? [];
  const row = (name: string) => derivedItem(name, columns, { open: relation === null, unqualified: false });
  return { ...NO_SCOPE, items: [row("old"), row("new")] };
}

/** Types of objects whose names in DROP, COMMENT and their like are relations, as DROP calls them. */
const RELATION_TYPES = new Map([
  ["OBJECT_TABLE", "table"],
  ["OBJECT_SEQUENCE", "sequence"],
  ["OBJECT_VIEW", "view"],
  ["OBJECT_MATVIEW", "materialized view"],
  ["OBJECT_INDEX", "index"],
  ["OBJECT_FOREIGN_TABLE", "foreign table"],
]);
/** Those of objects on a relation, whose own name comes last. */
const PART_TYPES = new Set([
  "OBJECT_COLUMN",
  "OBJECT_TRIGGER",
  "OBJECT_RULE",
  "OBJECT_POLICY",
  "OBJECT_TABCONSTRAINT",
]);

/**
 * What DROP (`dropped`), COMMENT, SECURITY LABEL and ALTER EXTENSION name: relations only; other objects have no rows.
 */
export function defineObject(
  context: Context,
  type: string | undefined,
  object: Node | undefined,
  optional = false,
  dropped = false,
): void {
  const parts = identifiers(items(object));
  const sort = RELATION_TYPES.get(type ?? "");
  if (sort !== undefined) define(context, qualified(parts), true, optional, dropped ? sort : undefined);
  else if (PART_TYPES.has(type ?? "")) define(context, qualified(parts.slice(0, -1)), true, optional);
}

/** `OWNED BY table.column` and expressions among the options of a sequence. */
export function resolveSequenceOptions(context: Context, options: Node[] | undefined): void {
  for (const node of options ?? []) {
    const option: DefElem = bodyOf(node, "DefElem") ?? {};
    const parts = identifiers(items(option.arg));
    if (option.defname === "owned_by" && parts.length > 1) {
      define(context, qualified(parts.slice(0, -1)));
    }
  }
}

/** A function that a definition names, to be called later. */
export function nameFunction(context: Context, parts: string[]): void {
  const target = qualified(parts);
  if (callFunction(context, target, false) === 0) lackFunction(context, target, "function", "()");
}
