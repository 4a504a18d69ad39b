import type { Alias, JoinExpr, Node, RangeVar } from "@pgsql/types";
import { resolveExpression, resolveExpressions, resolveJson } from "./expression.ts";
import { type Context, lack, QUERY_WEIGHT } from "./findings.ts";
import { callFunction, lackFunction, useOperator, useTypeName } from "./names.ts";
import { findCte, resolveQuery } from "./query.ts";
import { readRelation, requireRelation } from "./relations.ts";
import {
  addByName,
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
  }, QUERY_WEIGHT);
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
    return [aliased(context, subselect.alias, output.columns, output.open)];
  }
  const functions = bodyOf(node, "RangeFunction");
  if (functions !== undefined) return [resolveFunctions(context, functions, lateral)];
  const sample = bodyOf(node, "RangeTableSample");
  if (sample !== undefined) {
    const method = qualified(identifiers(sample.method));
    if (callFunction(context, method, false) === 0) lackFunction(context, method, "tablesample method", "");
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
      context,
      { aliasname: name.name, ...range.alias },
      cte.columns ?? [],
      cte.open || cte.columns === null,
    );
  }
  const relation = requireRelation(context, name);
  if (relation === null) return aliased(context, { aliasname: name.name, ...range.alias }, [], true);
  const inherited = range.inh === true;
  readRelation(context, relation, inherited);
  if (!context.found.spend(relation.columns.length))
    return aliased(context, { aliasname: name.name, ...range.alias }, [], true);
  const item = relationItem(relation, range.alias, inherited, true);
  context.found.note(context, range, { as: "from", relation, inherited, item });
  return item;
}

function aliased(
  context: Context,
  alias: Alias | undefined,
  columns: readonly Column[],
  open: boolean,
): Item {
  if (!context.found.spend(columns.length)) return derivedItem(alias?.aliasname ?? null, [], { open: true });
  const renamed = [...columns];
  renameColumns(renamed, alias);
  return derivedItem(alias?.aliasname ?? null, renamed, { open });
}

function resolveFunctions(context: Context, range: Body<"RangeFunction">, lateral: Scope): Item {
  const columns: Column[] = [];
  const made = { expressions: range.functions ?? [] };
  let open = false;
  const declare = (definitions: Node[]) => {
    for (const node of definitions) {
      const column = bodyOf(node, "ColumnDef");
      useTypeName(context, column?.typeName);
      columns.push(derivedColumn(column?.colname ?? "", made));
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
  if (!open) return aliased(context, alias, columns, false);
  // Which columns stand before the declared ones isn't known, so nothing is renamed by position.
  const renamed = identifiers(range.alias?.colnames).map((one) => derivedColumn(one, made));
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
    columns.push(
      derivedColumn(column?.colname ?? "", {
        expressions: [table.docexpr, table.rowexpr, column?.colexpr, column?.coldefexpr],
      }),
    );
  }
  return aliased(context, { aliasname: "xmltable", ...table.alias }, columns, false);
}

function resolveJsonTable(context: Context, table: Body<"JsonTable">, lateral: Scope): Item {
  resolveJson(context, [table.context_item, table.pathspec, table.passing, table.on_error], lateral);
  const columns: Column[] = [];
  const made = { expressions: [{ JsonTable: table } as Node] };
  const declare = (nodes: Node[] | undefined) => {
    for (const node of nodes ?? []) {
      const column = bodyOf(node, "JsonTableColumn");
      if (column === undefined) continue;
      useTypeName(context, column.typeName);
      resolveJson(context, [column.pathspec, column.on_empty, column.on_error], lateral);
      if (column.coltype !== "JTC_NESTED") columns.push(derivedColumn(column.name ?? "", made));
      context.found.enter(() => declare(column.columns));
    }
  };
  declare(table.columns);
  return aliased(context, { aliasname: "json_table", ...table.alias }, columns, false);
}

function resolveJoin(context: Context, join: JoinExpr, enclosing: Scope, before: readonly Item[]): Item[] {
  const left = join.larg === undefined ? [] : resolveFromItem(context, join.larg, enclosing, before);
  const right =
    join.rarg === undefined ? [] : resolveFromItem(context, join.rarg, enclosing, [...before, ...left]);
  // ON sees the two sides only, not what stands before them in FROM.
  resolveExpression(context, join.quals, { ...enclosing, items: [...left, ...right] });

  const all = [...left, ...right].filter((item) => item.unqualified);
  const open = all.some((item) => item.open);
  const width = all.reduce((sum, item) => sum + item.columns.length, 0);
  if (!context.found.spend(width)) return [derivedItem(join.alias?.aliasname ?? null, [], { open: true })];
  const byName = new Map<string, Column[]>();
  for (const item of all) addByName(byName, item.columns);
  const using = new Set(identifiers(join.usingClause));
  if (join.isNatural === true) {
    const names = new Set(right.filter(({ unqualified }) => unqualified).flatMap(columnNames));
    for (const item of left) {
      if (item.unqualified) for (const { name } of item.columns) if (names.has(name)) using.add(name);
    }
    // Columns that aren't known may have the name of any that is.
    if (open) for (const item of all) readWhole(context, item);
  }
  if (using.size > 0) useOperator(context, ["="]);
  const merged: Column[] = [];
  for (const name of using) {
    const halves = byName.get(name) ?? [];
    for (const half of halves) readColumnOf(context, half);
    if (halves.length === 0 && !open) {
      lack(context, `the column ${name} of USING is not known`, {
        sqlstate: "42703",
        message: `column "${name}" specified in USING clause does not exist in left table`,
      });
    }
    // Both halves are counted here, so the one that stands for them needs no source.
    merged.push(derivedColumn(name, { columns: halves }));
  }
  const columns = [...merged];
  for (const item of all) {
    for (const column of item.columns) if (!using.has(column.name)) columns.push(column);
  }
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

function columnNames({ columns }: Item): string[] {
  return columns.map(({ name }) => name);
}

function hideUnqualified(item: Item): Item {
  return item.unqualified ? { ...item, unqualified: false } : item;
}
