import type { Node, SelectStmt, WithClause } from "@pgsql/types";
import { resolveExpression, resolveExpressions, resolveWindow } from "./expression.ts";
import { type Context, QUERY_WEIGHT } from "./findings.ts";
import { resolveFrom } from "./from.ts";
import { resolveDelete, resolveInsert, resolveMerge, resolveUpdate, writeNew } from "./modify.ts";
import { outputName } from "./output-name.ts";
import {
  type Column,
  type Cte,
  type CteScope,
  derivedColumn,
  derivedItem,
  findItem,
  type Item,
  NO_SCOPE,
  resolveReference,
  type Scope,
} from "./scope.ts";
import { type Body, bodyOf, identifiers, items, kindOf } from "./tree.ts";

/** The columns that a query gives; `open` when there may be more that are not known. */
export interface Output {
  readonly columns: readonly Column[];
  readonly open: boolean;
}

/** PostgreSQL has at most 1,664 columns in a result; `*` of `*` of … would grow without end. */
const MAX_COLUMNS = 2_000;

/** The parts of a SELECT that `SELECT 1` has. */
const PLAIN: ReadonlySet<string> = new Set(["targetList", "limitOption", "op"]);

/** A query inside another, or a whole statement. `outer` is what encloses it: its columns, its WITH queries. */
export function resolveQuery(context: Context, node: Node | undefined, outer: Scope): Output {
  let output: Output = { columns: [], open: true };
  const kind = node === undefined ? null : kindOf(node);
  if (node === undefined || kind === null) return output;
  context.found.enter(() => {
    if (kind === "SelectStmt") output = resolveSelect(context, bodyOf(node, "SelectStmt") ?? {}, outer);
    else if (kind === "InsertStmt") output = resolveInsert(context, bodyOf(node, "InsertStmt") ?? {}, outer);
    else if (kind === "UpdateStmt") output = resolveUpdate(context, bodyOf(node, "UpdateStmt") ?? {}, outer);
    else if (kind === "DeleteStmt") output = resolveDelete(context, bodyOf(node, "DeleteStmt") ?? {}, outer);
    else if (kind === "MergeStmt") output = resolveMerge(context, bodyOf(node, "MergeStmt") ?? {}, outer);
    else context.found.opaque.add(`it has a query of a sort that is not known here (${kind})`);
  }, QUERY_WEIGHT);
  return output;
}

/** `onFirst` is told the columns of a set operation's first arm before the second is resolved: WITH RECURSIVE. */
function resolveSelect(
  context: Context,
  select: SelectStmt,
  outer: Scope,
  onFirst?: (output: Output) => void,
): Output {
  // Even a constant is cast to what WHERE, LIMIT or the other arm of a UNION needs.
  context.found.computes ||= Object.keys(select).some((key) => !PLAIN.has(key)) || select.op !== "SETOP_NONE";
  const ctes = resolveWith(context, select.withClause, outer);
  const enclosing: Scope = { items: [], parent: outer, ctes };
  if (select.op === "SETOP_NONE" || select.op === undefined) {
    return select.valuesLists === undefined
      ? resolvePlain(context, select, enclosing)
      : resolveValues(context, select, enclosing);
  }
  // A chain of UNIONs leans to the left, thousands of levels deep.
  const arms: SelectStmt[] = [];
  let first: SelectStmt = select;
  while (first.op !== "SETOP_NONE" && first.op !== undefined && (first === select || isBare(first))) {
    if (first.rarg !== undefined) arms.push(first.rarg);
    first = first.larg ?? {};
  }
  const leftmost = resolveSelect(context, first, enclosing);
  onFirst?.(leftmost);
  const outputs = [leftmost];
  for (const arm of arms.reverse())
    context.found.enter(() => void outputs.push(resolveSelect(context, arm, enclosing)), QUERY_WEIGHT);
  const columns = leftmost.columns.map(({ name }, index) =>
    derivedColumn(name, { columns: outputs.flatMap((one) => one.columns[index] ?? []) }),
  );
  const output: Output = { columns, open: leftmost.open };
  // ORDER BY of a set operation sees the output's names only.
  const scope: Scope = {
    items: [derivedItem(null, output.columns, { open: output.open })],
    parent: outer,
    ctes,
  };
  finishSelect(context, select, scope);
  return output;
}

function isBare({ withClause, sortClause, limitCount, limitOffset, lockingClause }: SelectStmt): boolean {
  return (
    withClause === undefined &&
    sortClause === undefined &&
    limitCount === undefined &&
    limitOffset === undefined &&
    lockingClause === undefined
  );
}

function resolvePlain(context: Context, select: SelectStmt, enclosing: Scope): Output {
  const from = resolveFrom(context, select.fromClause, enclosing);
  const scope: Scope = { ...enclosing, items: from };
  const output = resolveTargets(context, select.targetList, scope);
  resolveExpression(context, select.whereClause, scope);
  resolveExpression(context, select.havingClause, scope);
  for (const node of select.windowClause ?? []) {
    const window = bodyOf(node, "WindowDef");
    if (window !== undefined) resolveWindow(context, window, scope);
  }
  resolveSortExpressions(context, select.groupClause, scope, output);
  resolveSortExpressions(context, select.distinctClause, scope, output);
  resolveSortExpressions(context, select.sortClause, scope, output);
  finishSelect(context, { ...select, sortClause: [] }, scope);
  if (select.intoClause?.rel !== undefined) {
    writeNew(context, select.intoClause.rel);
    context.found.commands.add("SELECT INTO");
  }
  return output;
}

function finishSelect(context: Context, select: SelectStmt, scope: Scope): void {
  resolveExpressions(context, select.sortClause, scope);
  resolveExpression(context, select.limitCount, scope);
  resolveExpression(context, select.limitOffset, scope);
}

function resolveValues(context: Context, select: SelectStmt, enclosing: Scope): Output {
  let width = 0;
  const rows = (select.valuesLists ?? []).map((row) => items(row));
  for (const values of rows) {
    width = Math.max(width, values.length);
    resolveExpressions(context, values, enclosing);
  }
  if (width > MAX_COLUMNS) context.found.opaque.add(`a query in it has more than ${MAX_COLUMNS} columns`);
  const columns = Array.from({ length: Math.min(width, MAX_COLUMNS) }, (_, index) =>
    derivedColumn(`column${index + 1}`, { expressions: rows.map((values) => values[index]) }),
  );
  finishSelect(context, select, { ...enclosing, items: [derivedItem("*VALUES*", columns)] });
  return { columns, open: width > MAX_COLUMNS };
}

/** A list of output expressions: of SELECT or RETURNING. */
export function resolveTargets(context: Context, targets: Node[] | undefined, scope: Scope): Output {
  const columns: Column[] = [];
  let open = false;
  for (const node of targets ?? []) {
    const target = bodyOf(node, "ResTarget");
    const starred = starredItems(context, target?.val, scope);
    if (starred === null) {
      resolveExpression(context, target?.val, scope);
      columns.push(derivedColumn(target?.name ?? outputName(target?.val), { expressions: [target?.val] }));
    } else {
      for (const item of starred) {
        open ||= item.open;
        for (const column of item.columns) columns.push(derivedColumn(column.name, { columns: [column] }));
      }
      open ||= starred.length === 0;
    }
    if (columns.length > MAX_COLUMNS) {
      context.found.opaque.add(`a query in it has more than ${MAX_COLUMNS} columns`);
      return { columns: columns.slice(0, MAX_COLUMNS), open: true };
    }
  }
  return { columns, open };
}

/** The entries that `*`, `t.*` or `(expr).*` expands, counted as read; none known for an expression's fields. */
function starredItems(context: Context, value: Node | undefined, scope: Scope): readonly Item[] | null {
  const reference = bodyOf(value, "ColumnRef");
  if (reference !== undefined) {
    const fields = reference.fields ?? [];
    if (bodyOf(fields.at(-1), "A_Star") === undefined) return null;
    resolveReference(context, reference, scope);
    const parts = identifiers(fields);
    if (parts.length === 0) return scope.items.filter((item) => item.unqualified);
    const item = findItem(context, scope, parts);
    return item === null ? [] : [item];
  }
  const indirection = bodyOf(value, "A_Indirection");
  if (indirection === undefined || bodyOf(indirection.indirection?.at(-1), "A_Star") === undefined) {
    return null;
  }
  resolveExpression(context, value, scope);
  return [];
}

/** ORDER BY, GROUP BY and DISTINCT ON may name an output column, which is read already, or stand for one by number. */
function resolveSortExpressions(
  context: Context,
  nodes: Node[] | undefined,
  scope: Scope,
  output: Output,
): void {
  // An output name may hide a column of FROM or (GROUP BY) be hidden by it: where both exist, both count.
  const outputItems = [derivedItem(null, output.columns, { open: output.open })];
  const outputNames = new Set(output.columns.map(({ name }) => name));
  for (const node of nodes ?? []) {
    const expression = bodyOf(node, "SortBy")?.node ?? node;
    const parts = identifiers(bodyOf(expression, "ColumnRef")?.fields);
    const named = outputNames.has(parts[0] ?? "") && parts.length === 1 && !hides(scope, parts[0] ?? "");
    resolveExpression(context, node, named ? { ...scope, items: outputItems, parent: null } : scope);
  }
}

/** Whether FROM has a column of this name. */
function hides(scope: Scope, name: string): boolean {
  return scope.items.some((item) => item.unqualified && item.columns.some((column) => column.name === name));
}

/** The WITH queries that a statement's parts see. */
export function resolveWith(context: Context, clause: WithClause | undefined, outer: Scope): CteScope | null {
  if (clause === undefined) return outer.ctes;
  const scope: CteScope = { ctes: new Map(), outer: outer.ctes };
  const inside: Scope = { items: [], parent: outer, ctes: scope };
  const pending: Cte[] = [];
  for (const node of clause.ctes ?? []) {
    const cte = bodyOf(node, "CommonTableExpr");
    if (cte === undefined) continue;
    const entry = makeCte(context, cte, inside);
    // Without RECURSIVE a query sees those before it only: not itself, where its name is a relation's.
    if (clause.recursive !== true) entry.resolve();
    scope.ctes.set(cte.ctename ?? "", entry);
    pending.push(entry);
  }
  for (const entry of pending) entry.resolve();
  return scope;
}

function makeCte(context: Context, cte: Body<"CommonTableExpr">, scope: Scope): Cte {
  const aliases = identifiers(cte.aliascolnames);
  let begun = false;
  const entry: Cte = {
    columns: null,
    open: false,
    resolve: () => {
      if (begun) return;
      begun = true;
      const publish = (output: Output) => {
        const columns = output.columns.map((column, index) =>
          derivedColumn(aliases[index] ?? column.name, { columns: [column] }),
        );
        for (const name of aliases.slice(columns.length)) columns.push(derivedColumn(name));
        const { search_clause: search, cycle_clause: cycle } = cte;
        for (const name of [search?.search_seq_column, cycle?.cycle_mark_column, cycle?.cycle_path_column]) {
          if (name !== undefined) columns.push(derivedColumn(name));
        }
        entry.columns = columns;
        entry.open = output.open;
      };
      const select = bodyOf(cte.ctequery, "SelectStmt");
      if (select === undefined) publish(resolveQuery(context, cte.ctequery, scope));
      else context.found.enter(() => publish(resolveSelect(context, select, scope, publish)), QUERY_WEIGHT);
      resolveExpression(context, cte.cycle_clause?.cycle_mark_value, NO_SCOPE);
      resolveExpression(context, cte.cycle_clause?.cycle_mark_default, NO_SCOPE);
    },
  };
  return entry;
}

/** The WITH query of this name that is in scope. */
export function findCte(ctes: CteScope | null, name: string): Cte | null {
  for (let scope = ctes; scope !== null; scope = scope.outer) {
    const cte = scope.ctes.get(name);
    if (cte !== undefined) return cte;
  }
  return null;
}
