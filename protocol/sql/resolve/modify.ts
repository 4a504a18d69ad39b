import type {
  CopyStmt,
  DeleteStmt,
  InsertStmt,
  MergeStmt,
  Node,
  RangeVar,
  ReturningClause,
  UpdateStmt,
} from "@pgsql/types";
import type { Relation } from "../catalog.ts";
import { resolveExpression, resolveExpressions } from "./expression.ts";
import { type Context, lack } from "./findings.ts";
import { resolveFrom, resolveFromItem } from "./from.ts";
import { creationSchema, findRelation } from "./names.ts";
import { qualifiedName } from "./qualified-name.ts";
import { type Output, resolveQuery, resolveTargets, resolveWith } from "./query.ts";
import { readColumn, readRelation, requireRelation, writeColumn, writeRelation } from "./relations.ts";
import {
  derivedColumn,
  derivedItem,
  type Item,
  type Made,
  readWhole,
  relationItem,
  type Scope,
  SYSTEM_COLUMNS,
} from "./scope.ts";
import { bodyOf, identifiers, rangeName } from "./tree.ts";
import { writeThroughView } from "./view.ts";
import { judgeWhere, weaker } from "./where.ts";

type Command = "insert" | "update" | "delete";

/** The relation that a statement writes, and the entry by which its expressions name it. Null when it isn't known. */
interface Target {
  readonly relation: Relation | null;
  readonly inherited: boolean;
  readonly item: Item;
}

/** A target is never a WITH query, whatever its name. */
function openTarget(context: Context, range: RangeVar | undefined): Target {
  const name = rangeName(range ?? {});
  const relation = requireRelation(context, name);
  const inherited = range?.inh === true;
  const item =
    relation === null
      ? derivedItem(range?.alias?.aliasname ?? name.name, [], { open: true })
      : relationItem(relation, range?.alias, inherited, false);
  if (relation !== null) context.found.note(context, range, { as: "target", relation, inherited, item });
  return { relation, inherited, item };
}

/** Counts a command on the target: of these columns, or of all when null. */
function write(context: Context, target: Target, command: Command, columns: string[] | null): void {
  const { relation, inherited } = target;
  if (relation === null) return;
  writeRows(context, relation, inherited, command, columns);
}

export function writeRows(
  context: Context,
  relation: Relation,
  inherited: boolean,
  command: Command,
  columns: string[] | null,
): void {
  writeRelation(context, relation, inherited);
  for (const effect of relation.writeSideEffects) context.found.opaque.add(effect);
  const written = columns ?? (command === "delete" ? [] : relation.columns);
  for (const column of written) {
    if (!relation.columns.includes(column)) {
      lackColumn(context, `the column ${column} to be written is not known`, relation, column);
    } else writeColumn(context, relation, inherited, column);
  }
  if (relation.kind === "view") writeThroughView(context, relation, command, columns);
  if (command !== "insert") cascade(context, relation, command, written);
}

/** Foreign keys with CASCADE or SET carry a deletion, or a new value of a key, on into the tables that refer to it. */
function cascade(context: Context, relation: Relation, command: Command, columns: string[]): void {
  const { found } = context;
  const reached =
    command === "delete"
      ? relation.cascades?.onDelete
      : relation.keys.some((key) => key.some((column) => columns.includes(column)))
        ? relation.cascades?.onUpdate
        : undefined;
  for (const name of reached ?? []) found.add(found.writes, name);
  if (reached !== undefined && reached.length > 0) {
    for (const effect of relation.cascades?.sideEffects ?? []) found.opaque.add(effect);
  }
}

export function resolveInsert(context: Context, insert: InsertStmt, outer: Scope): Output {
  const ctes = resolveWith(context, insert.withClause, outer);
  const target = openTarget(context, insert.relation);
  const enclosing: Scope = { items: [], parent: outer, ctes };
  resolveExpressions(context, insert.cols, enclosing);
  write(context, target, "insert", insert.cols === undefined ? null : targetNames(insert.cols));
  const names = insert.cols === undefined ? (target.relation?.columns ?? []) : targetNames(insert.cols);
  const given = resolveQuery(context, insert.selectStmt, enclosing).columns;
  for (const [index, column] of given.entries()) assign(context, target, names[index], { columns: [column] });
  const own: Scope = { ...enclosing, items: [target.item] };
  const conflict = insert.onConflictClause;
  for (const node of conflict?.infer?.indexElems ?? []) {
    const element = bodyOf(node, "IndexElem");
    if (element?.name !== undefined && target.relation !== null) {
      readTargetColumn(context, target, element.name);
    }
    resolveExpression(context, element?.expr, own);
  }
  resolveExpression(context, conflict?.infer?.whereClause, own);
  if (conflict?.action === "ONCONFLICT_UPDATE") {
    // `excluded` is the row that the statement itself proposes, no stored one.
    const columns = (target.relation?.columns ?? []).map((name) => {
      const column = given[names.indexOf(name)];
      return derivedColumn(name, column && { columns: [column] });
    });
    const excluded = derivedItem("excluded", columns, {
      open: target.relation === null,
      unqualified: false,
    });
    const both: Scope = { ...own, items: [target.item, excluded] };
    write(context, target, "update", targetNames(conflict.targetList));
    assignAll(context, target, conflict.targetList);
    resolveExpressions(context, conflict.targetList, both);
    resolveExpression(context, conflict.whereClause, both);
  }
  return resolveReturning(context, insert.returningClause, own, target);
}

function readTargetColumn(context: Context, target: Target, column: string): void {
  if (target.relation === null) return;
  if (!target.item.counted) readRelation(context, target.relation, target.inherited);
  target.item.counted = true;
  readColumn(context, target.relation, target.inherited, column);
}

export function resolveUpdate(context: Context, update: UpdateStmt, outer: Scope): Output {
  const ctes = resolveWith(context, update.withClause, outer);
  const target = openTarget(context, update.relation);
  const enclosing: Scope = { items: [], parent: outer, ctes };
  const from = resolveFrom(context, update.fromClause, enclosing);
  const scope: Scope = { ...enclosing, items: [target.item, ...from] };
  write(context, target, "update", targetNames(update.targetList));
  assignAll(context, target, update.targetList);
  resolveExpressions(context, update.targetList, scope);
  resolveExpression(context, update.whereClause, scope);
  const where = judgeWhere(context, update.whereClause, target.item);
  context.found.weaken(from.length === 0 ? where : weaker(where, "condition"));
  return resolveReturning(context, update.returningClause, scope, target);
}

export function resolveDelete(context: Context, statement: DeleteStmt, outer: Scope): Output {
  const ctes = resolveWith(context, statement.withClause, outer);
  const target = openTarget(context, statement.relation);
  const enclosing: Scope = { items: [], parent: outer, ctes };
  const from = resolveFrom(context, statement.usingClause, enclosing);
  const scope: Scope = { ...enclosing, items: [target.item, ...from] };
  write(context, target, "delete", null);
  resolveExpression(context, statement.whereClause, scope);
  const where = judgeWhere(context, statement.whereClause, target.item);
  context.found.weaken(from.length === 0 ? where : weaker(where, "condition"));
  return resolveReturning(context, statement.returningClause, scope, target);
}

export function resolveMerge(context: Context, merge: MergeStmt, outer: Scope): Output {
  const ctes = resolveWith(context, merge.withClause, outer);
  const target = openTarget(context, merge.relation);
  const enclosing: Scope = { items: [], parent: outer, ctes };
  const source =
    merge.sourceRelation === undefined ? [] : resolveFromItem(context, merge.sourceRelation, enclosing, []);
  const both: Scope = { ...enclosing, items: [target.item, ...source] };
  resolveExpression(context, merge.joinCondition, both);
  const joined = weaker(judgeWhere(context, merge.joinCondition, target.item), "condition");
  for (const node of merge.mergeWhenClauses ?? []) {
    const when = bodyOf(node, "MergeWhenClause");
    if (when === undefined) continue;
    const visible =
      when.matchKind === "MERGE_WHEN_NOT_MATCHED_BY_TARGET"
        ? source
        : when.matchKind === "MERGE_WHEN_NOT_MATCHED_BY_SOURCE"
          ? [target.item]
          : both.items;
    const scope: Scope = { ...enclosing, items: visible };
    resolveExpression(context, when.condition, scope);
    resolveExpressions(context, when.targetList, scope);
    resolveExpressions(context, when.values, scope);
    const names = targetNames(when.targetList);
    if (when.commandType === "CMD_INSERT") {
      write(context, target, "insert", names.length === 0 ? null : names);
      const into = names.length === 0 ? (target.relation?.columns ?? []) : names;
      for (const [index, value] of (when.values ?? []).entries())
        assign(context, target, into[index], { expressions: [value] });
    }
    if (when.commandType === "CMD_UPDATE") {
      write(context, target, "update", names);
      assignAll(context, target, when.targetList);
    }
    if (when.commandType === "CMD_DELETE") write(context, target, "delete", null);
    if (when.commandType === "CMD_UPDATE" || when.commandType === "CMD_DELETE") context.found.weaken(joined);
  }
  return resolveReturning(context, merge.returningClause, both, target);
}

function assign(context: Context, target: Target, column: string | undefined, made: Made): void {
  const { found, seen } = context;
  if (target.relation === null || column === undefined || seen === found.seenInViews) return;
  found.assigned.push({ relation: target.relation, column, made });
}

/** The assignments of SET. */
function assignAll(context: Context, target: Target, targets: Node[] | undefined): void {
  for (const node of targets ?? []) {
    const { name, val } = bodyOf(node, "ResTarget") ?? {};
    assign(context, target, name, { expressions: [val] });
  }
}

function targetNames(targets: Node[] | undefined): string[] {
  return (targets ?? []).map((node) => bodyOf(node, "ResTarget")?.name ?? "");
}

/** `old` and `new` are the row before and after, under these names or their own. */
function resolveReturning(
  context: Context,
  returning: ReturningClause | undefined,
  scope: Scope,
  target: Target,
): Output {
  if (returning === undefined) return { columns: [], open: false };
  const names = ["old", "new"];
  for (const node of returning.options ?? []) {
    const option = bodyOf(node, "ReturningOption");
    if (option?.value !== undefined) names.push(option.value);
  }
  const taken = new Set(scope.items.map((item) => item.name));
  const rows = names
    .filter((name) => !taken.has(name))
    .map((name): Item => ({ ...target.item, name, aliased: true, unqualified: false }));
  return resolveTargets(context, returning.exprs, { ...scope, items: [...scope.items, ...rows] });
}

export function resolveCopy(context: Context, copy: CopyStmt, outer: Scope): void {
  if (copy.query !== undefined) {
    resolveQuery(context, copy.query, outer);
    return;
  }
  const relation = requireRelation(context, rangeName(copy.relation ?? {}), "definition");
  if (relation === null) return;
  const columns = copy.attlist === undefined ? null : identifiers(copy.attlist);
  if (copy.is_from === true) {
    writeRows(context, relation, true, "insert", columns);
    // Its WHERE sees the rows that come in, none that are stored.
    const row = derivedItem(
      relation.name,
      relation.columns.map((name) => derivedColumn(name)),
    );
    resolveExpression(context, copy.whereClause, { ...outer, items: [row] });
    return;
  }
  // COPY reads the table itself without its descendants.
  const inherited = relation.kind !== "table";
  readRelation(context, relation, inherited);
  const item = relationItem(relation, undefined, inherited, true);
  context.found.note(context, copy.relation, { as: "copy", relation, inherited, item });
  if (columns === null) readWhole(context, item);
  for (const column of columns ?? []) {
    if (relation.columns.includes(column)) readColumn(context, relation, inherited, column);
    else lackColumn(context, `the column ${column} to be read is not known`, relation, column);
  }
}

function lackColumn(context: Context, reason: string, relation: Relation, column: string): void {
  // System columns are there, and can't be written.
  if (SYSTEM_COLUMNS.has(column)) context.found.opaque.add(reason);
  else {
    const message = `column "${column}" of relation "${relation.name}" does not exist`;
    lack(context, reason, { sqlstate: "42703", message });
  }
}

/** What CREATE TABLE AS, SELECT INTO or CREATE names: a relation that need not exist yet. */
export function writeNew(context: Context, range: RangeVar): void {
  const name = rangeName(range);
  const { found, names } = context;
  const temporary =
    range.relpersistence === "t" || name.schema === "pg_temp" || name.schema === names.temporarySchema;
  if (temporary) {
    found.add(found.writes, qualifiedName("pg_temp", name.name));
    return;
  }
  const schema = name.schema ?? creationSchema(context);
  found.add(found.writes, qualifiedName(schema, name.name));
  // What stands there already may be replaced; a temporary one of this name may be meant.
  const existing = findRelation(context, { schema, name: name.name });
  if (existing != null) writeRelation(context, existing, true);
}
