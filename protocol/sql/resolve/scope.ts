import type { Alias, ColumnRef, Node } from "@pgsql/types";
import type { Relation } from "../catalog.ts";
import { type Context, lack, relationName } from "./findings.ts";
import { useAttribute } from "./names.ts";
import { readColumn, readRelation } from "./relations.ts";
import { identifiers } from "./tree.ts";

/** What one entry of FROM offers to names: PostgreSQL's ParseNamespaceItem. */
export interface Item {
  /** By which its columns are qualified; null for a join without alias. */
  readonly name: string | null;
  /** The relation itself, for one named without an alias: only such are found as `schema.name`. */
  readonly relation: Relation | null;
  readonly aliased: boolean;
  /** Without ONLY. */
  readonly inherited: boolean;
  readonly columns: readonly Column[];
  /** It may have columns that are not known: of a function's result, or of a relation that isn't found. */
  readonly open: boolean;
  /** Its columns are found without qualification: not those under a join, which offers them itself. */
  readonly unqualified: boolean;
  /** Rows of the relation are read where a column is: false until then for the target of a write. */
  counted: boolean;
  /** Columns of the relation that are counted already: most are named again and again. */
  readonly read: Set<string>;
}

export interface Column {
  readonly name: string;
  /** Null for what a subquery, a function or USING computes: what that reads is counted where it stands. */
  readonly source: Source | null;
  /** What it is computed from, where `source` is null: see lineage.ts. */
  readonly made?: Made;
}

/** A column of a relation's rows. */
export interface Source {
  readonly item: Item;
  readonly column: string;
}

/** Expressions, whose references have been resolved, and columns of which one is taken as it is. */
export interface Made {
  readonly expressions?: readonly (Node | undefined)[];
  readonly columns?: readonly Column[];
}

/** The names that an expression sees, from the innermost query level outwards. */
export interface Scope {
  readonly items: readonly Item[];
  readonly parent: Scope | null;
  readonly ctes: CteScope | null;
}

export interface CteScope {
  readonly ctes: Map<string, Cte>;
  readonly outer: CteScope | null;
}

export interface Cte {
  /** Null while its own query is being resolved and no columns are known yet. */
  columns: readonly Column[] | null;
  open: boolean;
  /** Resolves its query; nothing when that is done or under way. */
  resolve(): void;
}

/** What a ColumnRef names. More than one where the parser can't tell which: all are read. */
export interface Reference {
  readonly columns: readonly Source[];
  readonly wholes: readonly Item[];
  /** Those that are computed: of a subquery, of a join's USING. */
  readonly derived?: readonly Column[];
}

const NONE: readonly Item[] = [];

export const SYSTEM_COLUMNS: ReadonlySet<string> = new Set([
  "ctid",
  "xmin",
  "xmax",
  "cmin",
  "cmax",
  "tableoid",
]);

export const NO_SCOPE: Scope = { items: [], parent: null, ctes: null };

export function derivedColumn(name: string, made?: Made): Column {
  return made === undefined ? { name, source: null } : { name, source: null, made };
}

/** An entry for rows of a relation. Its reads are counted by whoever makes it, unless it is a write's target. */
export function relationItem(
  relation: Relation,
  alias: Alias | undefined,
  inherited: boolean,
  counted: boolean,
): Item {
  const columns: Column[] = [];
  const item: Item = {
    name: alias?.aliasname ?? relation.name,
    relation,
    aliased: alias !== undefined,
    inherited,
    columns,
    open: false,
    unqualified: true,
    counted,
    read: new Set(),
  };
  for (const column of relation.columns) columns.push({ name: column, source: { item, column } });
  renameColumns(columns, alias);
  return item;
}

/** An entry without stored rows of its own: a subquery, a function, a join, a relation that isn't known. */
export function derivedItem(
  name: string | null,
  columns: readonly Column[],
  options: { open?: boolean; unqualified?: boolean } = {},
): Item {
  const { open = false, unqualified = true } = options;
  return {
    name,
    relation: null,
    aliased: true,
    inherited: false,
    columns,
    open,
    unqualified,
    counted: true,
    read: new Set(),
  };
}

/** An alias's column names replace the first ones of `columns`. */
export function renameColumns(columns: Column[], alias: Alias | undefined): void {
  for (const [index, name] of identifiers(alias?.colnames).entries()) {
    columns[index] = { ...(columns[index] ?? derivedColumn(name)), name };
  }
}

/** Counts a column's rows and the column itself as read. */
export function readColumnOf(context: Context, { source }: Column): void {
  if (source !== null) readSource(context, source.item, source.column);
}

function readSource(context: Context, item: Item, column: string): void {
  if (item.relation === null || item.read.has(column)) return;
  item.read.add(column);
  countReads(context, item);
  readColumn(context, item.relation, item.inherited, column);
}

function countReads(context: Context, item: Item): void {
  if (item.counted || item.relation === null) return;
  item.counted = true;
  readRelation(context, item.relation, item.inherited);
}

export function readWhole(context: Context, item: Item): void {
  countReads(context, item);
  if (item.relation !== null) {
    const key = `${item.inherited} ${relationName(context, item.relation)}`;
    if (context.found.wholes.has(key)) return;
    context.found.wholes.add(key);
  }
  for (const column of item.columns) readColumnOf(context, column);
}

/** Resolves a column reference as PostgreSQL's transformColumnRef does, and counts what it reads. */
export function resolveReference(context: Context, reference: ColumnRef, scope: Scope): void {
  context.found.references.set(reference, findReference(context, reference, scope));
}

function findReference(context: Context, reference: ColumnRef, scope: Scope): Reference {
  const fields = reference.fields ?? [];
  const parts = identifiers(fields);
  if (parts.length < fields.length) {
    const starred = parts.length === 0 ? visibleItems(scope) : [findItem(context, scope, parts)];
    const wholes = starred.filter((item) => item !== null);
    if (wholes.length === 0 && parts.length > 0)
      lackItem(context, `${parts.join(".")}.* is not known here`, parts.at(-1), scope);
    for (const item of wholes) readWhole(context, item);
    return { columns: [], wholes };
  }
  if (parts.length === 1) return findUnqualified(context, parts[0] ?? "", scope);
  const name = parts.at(-1) ?? "";
  const item = findItem(context, scope, parts.slice(0, -1));
  if (item === null) {
    lackItem(context, `the column ${parts.join(".")} is not known here`, parts.at(-2), scope);
    return { columns: [], wholes: [] };
  }
  return findField(context, item, name);
}

/** Nothing in FROM has this name, unless an alias hides it. */
function lackItem(context: Context, reason: string, name = "", scope: Scope): void {
  let hidden = false;
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    hidden ||= level.items.some((item) => item.aliased && item.relation?.name === name);
  }
  const fault = hidden ? "invalid reference to" : "missing";
  lack(context, reason, { sqlstate: "42P01", message: `${fault} FROM-clause entry for table "${name}"` });
}

/** `item.name`: a column, a system column, or a function called with the whole row. */
export function findField(context: Context, item: Item, name: string): Reference {
  const columns = item.columns.filter((column) => column.name === name);
  if (columns.length > 0) return readColumns(context, columns);
  if (hasSystemColumn(item, name)) {
    readSource(context, item, name);
    return { columns: [{ item, column: name }], wholes: [] };
  }
  readWhole(context, item);
  if (!useAttribute(context, name) && !item.open) {
    lack(context, `${item.name ?? ""}.${name} is neither a column nor known as a function`, {
      sqlstate: "42703",
      message: `column ${item.name ?? ""}.${name} does not exist`,
    });
  }
  return { columns: [], wholes: [item] };
}

function findUnqualified(context: Context, name: string, scope: Scope): Reference {
  let open = false;
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    const columns = columnsByName(context, level.items).get(name);
    if (columns !== undefined) return readColumns(context, columns);
    if (SYSTEM_COLUMNS.has(name)) {
      const system = level.items.filter((item) => item.unqualified && hasSystemColumn(item, name));
      for (const item of system) readSource(context, item, name);
      if (system.length > 0) return { columns: system.map((item) => ({ item, column: name })), wholes: [] };
    }
    // A column of an open item would hide those further out; as it isn't known, both count.
    open ||= level.items.some((item) => item.unqualified && item.open);
  }
  const item = findItem(context, scope, [name]);
  if (item !== null) {
    readWhole(context, item);
    return { columns: [], wholes: [item] };
  }
  if (!open) {
    lack(context, `the column ${name} is not known here`, {
      sqlstate: "42703",
      message: `column "${name}" does not exist`,
    });
  }
  return { columns: [], wholes: [] };
}

const indexes = new WeakMap<readonly Item[], Map<string, Column[]>>();

/** The columns of a level that are found without qualification. */
function columnsByName(context: Context, items: readonly Item[]): Map<string, Column[]> {
  let index = indexes.get(items);
  if (index !== undefined) return index;
  index = new Map();
  indexes.set(items, index);
  for (const item of items) {
    if (!item.unqualified || !context.found.spend(item.columns.length)) continue;
    addByName(index, item.columns);
  }
  return index;
}

export function addByName(index: Map<string, Column[]>, columns: readonly Column[]): void {
  for (const column of columns) {
    const others = index.get(column.name);
    if (others === undefined) index.set(column.name, [column]);
    else others.push(column);
  }
}

function readColumns(context: Context, columns: readonly Column[]): Reference {
  const sources: Source[] = [];
  const derived: Column[] = [];
  for (const column of columns) {
    readColumnOf(context, column);
    if (column.source !== null) sources.push(column.source);
    else derived.push(column);
  }
  return { columns: sources, wholes: NONE, derived };
}

function hasSystemColumn(item: Item, name: string): boolean {
  return SYSTEM_COLUMNS.has(name) && item.relation !== null && item.relation.kind !== "view";
}

function visibleItems(scope: Scope): Item[] {
  return scope.items.filter((item) => item.unqualified);
}

/** The entry of this name in the innermost level that has one; `schema.name` finds relations without alias only. */
export function findItem(context: Context, scope: Scope, parts: string[]): Item | null {
  const name = parts.at(-1) ?? "";
  const schema = parts.at(-2);
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    for (const item of level.items) {
      if (item.name !== name) continue;
      if (schema === undefined) return item;
      if (item.relation === null || item.aliased) continue;
      if (item.relation.schema === schema || isOwnTemporary(context, item.relation, schema)) return item;
    }
  }
  return null;
}

function isOwnTemporary(context: Context, relation: Relation, schema: string): boolean {
  return schema === "pg_temp" && relationName(context, relation).startsWith("pg_temp.");
}
