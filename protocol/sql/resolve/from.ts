import type { Alias, JoinExpr, Node, RangeVar } from "@pgsql/types";
import { resolveExpression, resolveExpressions, resolveJson } from "./expression.ts";
import type { Context } from "./findings.ts";
import { callFunction, useOperator, useTypeName } from "./names.ts";
import { findCte, resolveQuery } from "./query.ts";
import { readRelation, requireRelation } from "./relations.ts";
import {
  type Column,
  derivedColumn,
  derivedItem,
  type Item,
  readColumnOf,
  readWhole,
  relationItem,
  renameColumns,
  type Scope,
} from "./scope.ts";
import { type Body, bodyOf, identifiers, items, kindOf, qualified, rangeName } from "./tree.ts";

/** FROM, or USING of DELETE. `enclosing.items` are what LATERAL sees before it. */
export function resolveFrom(context: Context, nodes: Node[] | undefined, enclosing: Scope): Item[] {
  const found: Item[] = [];
  for (const node of nodes ?? []) found.push(...resolveFromItem(context, node, enclosing, found));
  return found;
}

/** The entries that one item of FROM adds. `before` are its siblings, which LATERAL and functions see. */
export function resolveFromItem(
  context: Context,
  node: Node,
  enclosing: Scope,
  before: readonly Item[],
): Item[] {
  let found: Item[] = [];
  context.found.enter(() => {
    found = dispatch(context, node, enclosing, before);
  });
  return found;
}

function dispatch(context: Context, node: Node, enclosing: Scope, before: readonly Item[]): Item[] {
  const lateral: Scope = { ...enclosing, items: [...enclosing.items, ...before] };
  const range = bodyOf(node, "RangeVar");
  if (range !== undefined) return [resolveRangeVar(context, range, enclosing)];
  const join = bodyOf(node, "JoinExpr");
  if (join !== undefined) return resolveJoin(context, join, enclosing, before);
  const subselect = bodyOf(node, "RangeSubselect");
  if (subselect !== undefined) {
    const outer = subselect.lateral === true ? lateral : { ...enclosing, items: [] };
    const output = resolveQuery(context, subselect.subquery, outer);
    return [aliased(subselect.alias, output.columns, output.open)];
  }
  const functions = bodyOf(node, "RangeFunction");
  if (functions !== undefined) return [resolveFunctions(context, functions, lateral)];
  const sample = bodyOf(node, "RangeTableSample");
  if (sample !== undefined) {
    callFunction(context, qualified(identifiers(sample.method)), false);
    resolveExpressions(context, sample.args, lateral);
    resolveExpression(context, sample.repeatable, lateral);
    return sample.relation === undefined ? [] : resolveFromItem(context, sample.relation, enclosing, before);
  }
  const xml = bodyOf(node, "RangeTableFunc");
  if (xml !== undefined) return [resolveXmlTable(context, xml, lateral)];
  const json = bodyOf(node, "JsonTable");
  if (json !== undefined) return [resolveJsonTable(context, json, lateral)];
  context.found.opaque.add(`its FROM has an item of a sort that is not known here (${kindOf(node)})`);
  return [];
}

/** A WITH query's name hides relations for names without a schema. */
function resolveRangeVar(context: Context, range: RangeVar, enclosing: Scope): Item {
  const name = rangeName(range);
  const cte = name.schema === null ? findCte(enclosing.ctes, name.name) : null;
  if (cte !== null) {
    cte.resolve();
    if (cte.columns === null) context.found.opaque.add(`what the WITH query ${name.name} gives is not known`);
    return aliased(
      { aliasname: name.name, ...range.alias },
      cte.columns ?? [],
      cte.open || cte.columns === null,
    );
  }
  const relation = requireRelation(context, name);
  if (relation === null) return aliased({ aliasname: name.name, ...range.alias }, [], true);
  const inherited = range.inh === true;
  readRelation(context, relation, inherited);
  return relationItem(relation, range.alias, inherited, true);
}

function aliased(alias: Alias | undefined, columns: readonly Column[], open: boolean): Item {
  const renamed = [...columns];
  renameColumns(renamed, alias);
  return derivedItem(alias?.aliasname ?? null, renamed, { open });
}

function resolveFunctions(context: Context, range: Body<"RangeFunction">, lateral: Scope): Item {
  const columns: Column[] = [];
  let open = false;
  const declare = (definitions: Node[]) => {
    for (const node of definitions) {
      const column = bodyOf(node, "ColumnDef");
      useTypeName(context, column?.typeName);
      columns.push(derivedColumn(column?.colname ?? ""));
    }
  };
  let name: string | undefined;
  for (const node of range.functions ?? []) {
    const [call, definitions] = items(node);
    resolveExpression(context, call, lateral);
    name ??= identifiers(bodyOf(call, "FuncCall")?.funcname).at(-1);
    if (definitions === undefined || kindOf(definitions) === null) open ||= range.coldeflist === undefined;
    else declare(items(definitions));
  }
  declare(range.coldeflist ?? []);
  if (range.ordinality === true) columns.push(derivedColumn("ordinality"));
  const alias = range.alias ?? (name === undefined ? undefined : { aliasname: name });
  if (!open) return aliased(alias, columns, false);
  // Which columns stand before the declared ones isn't known, so nothing is renamed by position.
  const renamed = identifiers(range.alias?.colnames).map(derivedColumn);
  return derivedItem(alias?.aliasname ?? null, [...renamed, ...columns], { open });
}

function resolveXmlTable(context: Context, table: Body<"RangeTableFunc">, lateral: Scope): Item {
  resolveExpression(context, table.docexpr, lateral);
  resolveExpression(context, table.rowexpr, lateral);
  resolveExpressions(context, table.namespaces, lateral);
  const columns: Column[] = [];
  for (const node of table.columns ?? []) {
    const column = bodyOf(node, "RangeTableFuncCol");
    useTypeName(context, column?.typeName);
    resolveExpression(context, column?.colexpr, lateral);
    resolveExpression(context, column?.coldefexpr, lateral);
    columns.push(derivedColumn(column?.colname ?? ""));
  }
  return aliased({ aliasname: "xmltable", ...table.alias }, columns, false);
}

function resolveJsonTable(context: Context, table: Body<"JsonTable">, lateral: Scope): Item {
  resolveJson(context, [table.context_item, table.pathspec, table.passing, table.on_error], lateral);
  const columns: Column[] = [];
  const declare = (nodes: Node[] | undefined) => {
    for (const node of nodes ?? []) {
      const column = bodyOf(node, "JsonTableColumn");
      if (column === undefined) continue;
      useTypeName(context, column.typeName);
      resolveJson(context, [column.pathspec, column.on_empty, column.on_error], lateral);
      if (column.coltype !== "JTC_NESTED") columns.push(derivedColumn(column.name ?? ""));
      context.found.enter(() => declare(column.columns));
    }
  };
  declare(table.columns);
  return aliased({ aliasname: "json_table", ...table.alias }, columns, false);
}

function resolveJoin(context: Context, join: JoinExpr, enclosing: Scope, before: readonly Item[]): Item[] {
  const left = join.larg === undefined ? [] : resolveFromItem(context, join.larg, enclosing, before);
  const right =
    join.rarg === undefined ? [] : resolveFromItem(context, join.rarg, enclosing, [...before, ...left]);
  // ON sees the two sides only, not what stands before them in FROM.
  resolveExpression(context, join.quals, { ...enclosing, items: [...left, ...right] });

  const leftColumns = left.flatMap(visibleColumns);
  const rightColumns = right.flatMap(visibleColumns);
  const open = [...left, ...right].some((item) => item.unqualified && item.open);
  const using = new Set(identifiers(join.usingClause));
  if (join.isNatural === true) {
    const names = new Set(rightColumns.map((column) => column.name));
    for (const { name } of leftColumns) if (names.has(name)) using.add(name);
    // Columns that aren't known may have the name of any that is.
    if (open) for (const item of [...left, ...right]) readWhole(context, item);
  }
  if (using.size > 0) useOperator(context, ["="]);
  const merged: Column[] = [];
  for (const name of using) {
    const halves = [...leftColumns, ...rightColumns].filter((column) => column.name === name);
    for (const half of halves) readColumnOf(context, half);
    if (halves.length === 0 && !open) context.found.opaque.add(`the column ${name} of USING is not known`);
    merged.push({ name, source: null, merged: halves });
  }
  const columns = [...merged, ...[...leftColumns, ...rightColumns].filter(({ name }) => !using.has(name))];
  const renamed = [...columns];
  renameColumns(renamed, join.alias);
  // An alias of the join hides what is inside it.
  if (join.alias !== undefined) return [derivedItem(join.alias.aliasname ?? null, renamed, { open })];
  const found = [...left, ...right].map((item): Item => hideUnqualified(item));
  const usingAlias = join.join_using_alias?.aliasname;
  if (usingAlias !== undefined) found.push(derivedItem(usingAlias, merged, { unqualified: false }));
  found.push(derivedItem(null, renamed, { open }));
  return found;
}

function visibleColumns(item: Item): readonly Column[] {
  return item.unqualified ? item.columns : [];
}

function hideUnqualified(item: Item): Item {
  return item.unqualified ? { ...item, unqualified: false } : item;
}
