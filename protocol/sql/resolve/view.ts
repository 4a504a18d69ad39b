import type { Node, SelectStmt } from "@pgsql/types";
import type { NameContext, Relation } from "../catalog.ts";
import { parseSql } from "../parser.ts";
import { type Context, relationName } from "./findings.ts";
import { writeRows } from "./modify.ts";
import { findRelation } from "./names.ts";
import { outputName } from "./output-name.ts";
import { resolveQuery } from "./query.ts";
import { NO_SCOPE } from "./scope.ts";
import { bodyOf, identifiers, rangeName } from "./tree.ts";

/** Parsed texts of views, oldest first; a few hundred cover the views of a busy database. */
const MAX_PARSED = 512;
const parsed = new Map<string, Node | null>();

/** Views within views. PostgreSQL has no bound, but nobody reads more. */
const MAX_VIEWS = 500;

/**
 * Counts all that a view's query reads and calls, once a statement. Its text names with their schema
 * all relations outside pg_catalog, but the session's temporary ones that only temporary views can read: so an
 * agent's temporary table can't stand for what the view means.
 */
export function expandView(context: Context, view: Relation): void {
  const { found } = context;
  const name = relationName(context, view);
  if (found.views.has(name)) return;
  found.views.add(name);
  if (found.views.size > MAX_VIEWS) {
    found.opaque.add(`it reads more than ${MAX_VIEWS} views`);
    return;
  }
  const query = viewQuery(view);
  if (query === null) found.opaque.add(`what the view ${name} reads is not known`);
  else resolveQuery(viewContext(context), query, NO_SCOPE);
}

/** The tree of a view's text, a materialized one's too, or null when there is none that can be parsed. */
export function viewQuery(view: Relation): Node | null {
  const text = view.view ?? view.materialized ?? null;
  if (text === null) return null;
  let query = parsed.get(text);
  if (query === undefined) {
    query = parse(text);
    const oldest = parsed.keys().next().value;
    if (parsed.size >= MAX_PARSED && oldest !== undefined) parsed.delete(oldest);
    parsed.set(text, query);
  }
  return query;
}

function parse(text: string): Node | null {
  try {
    const [first, second] = parseSql(text);
    return second === undefined ? (first?.tree ?? null) : null;
  } catch {
    // Too long, too deep, or of a newer server's grammar: the caller makes the statement opaque.
    return null;
  }
}

function viewContext(context: Context): Context {
  return { ...context, names: viewNames(context.names), seen: context.found.seenInViews };
}

/** What names mean in a view's text. */
export function viewNames(names: NameContext): NameContext {
  const { temporarySchema } = names;
  return {
    ...names,
    searchPath: temporarySchema === null ? ["pg_catalog"] : ["pg_catalog", temporarySchema],
  };
}

/**
 * A write to a view that PostgreSQL rewrites by itself: one relation in FROM, whose columns its own are. Any other
 * needs rules or triggers, which its `writeSideEffects` tell, or fails.
 */
export function writeThroughView(
  context: Context,
  view: Relation,
  command: "insert" | "update" | "delete",
  columns: string[] | null,
): void {
  const inside = viewContext(context);
  const select = bodyOf(viewQuery(view) ?? undefined, "SelectStmt");
  const range = bodyOf(select?.fromClause?.[0], "RangeVar");
  if (select === undefined || range === undefined || select.fromClause?.length !== 1) {
    if (view.writeSideEffects.length === 0) {
      context.found.opaque.add(`what a write to the view ${relationName(context, view)} does is not known`);
    }
    return;
  }
  // The view's own condition decides which rows are found, and what may be written under CHECK OPTION.
  expandView(context, view);
  const base = findRelation(inside, rangeName(range));
  if (base == null || context.found.views.size > MAX_VIEWS) {
    context.found.opaque.add(`what a write to the view ${relationName(context, view)} does is not known`);
    return;
  }
  const names = baseColumns(view, select);
  const written = (columns ?? view.columns).flatMap((column) => names.get(column) ?? []);
  inside.found.enter(() =>
    writeRows(inside, base, range.inh === true, command, command === "delete" ? null : written),
  );
}

/** The base relation's column behind each of the view's, where it is a plain one. */
function baseColumns(view: Relation, select: SelectStmt): Map<string, string> {
  const names = new Map<string, string>();
  for (const [index, node] of (select.targetList ?? []).entries()) {
    const target = bodyOf(node, "ResTarget");
    const base = identifiers(bodyOf(target?.val, "ColumnRef")?.fields).at(-1);
    const own = view.columns[index] ?? target?.name ?? outputName(target?.val);
    if (base !== undefined) names.set(own, base);
  }
  return names;
}
