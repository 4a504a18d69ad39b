import type { Node } from "@pgsql/types";

type Tree = Record<string, unknown>;

/** Where something stands in its text. */
const PLACES =
  /^(?:location|stmt_location|stmt_len|name_location|list_(?:start|end)|rexpr_list_(?:start|end))$/;

/**
 * What a rewritten tree has that the original has not, beside subqueries of the very relations that the original
 * names, and masks of the very columns; null where there is nothing. `place` leads to it.
 */
export function foreign(original: unknown, rewritten: unknown, place = ""): string | null {
  if (typeof original !== "object" || original === null) {
    return original === rewritten ? null : `${place}: ${text(original)} became ${text(rewritten)}`;
  }
  if (typeof rewritten !== "object" || rewritten === null) return `${place}: it is gone`;
  if (Array.isArray(original)) {
    if (!Array.isArray(rewritten)) return `${place}: it is no list any more`;
    return foreignInList(original, rewritten, place);
  }
  const [one, other] = [original as Tree, rewritten as Tree];
  if (isMaskOf(one, other)) return null;
  if (isTableAsQuery(one, other)) {
    const { relation: _, attlist: __, ...options } = one;
    const { query: ___, ...others } = other;
    return foreign(options, others, place);
  }
  const keys = new Set([...Object.keys(one), ...Object.keys(other)].filter((key) => !PLACES.test(key)));
  for (const key of keys) {
    const found = foreign(one[key], other[key], `${place}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

function foreignInList(original: unknown[], rewritten: unknown[], place: string): string | null {
  let at = 0;
  for (const item of original) {
    const body = (item as { ResTarget?: { val?: Node } }).ResTarget;
    if (isStar(body?.val) && !isStar(resTarget(rewritten[at]))) {
      // `*` names its columns: those of its table, or as many as follow until the rest is as long as it was.
      const table = fieldNames((body!.val as { ColumnRef: Tree }).ColumnRef).at(-2);
      const left = original.length - original.indexOf(item) - 1;
      if (table === undefined) at = rewritten.length - left;
      else while (isColumnOf(resTarget(rewritten[at]), table)) at += 1;
      continue;
    }
    const found = foreign(item, rewritten[at], `${place}[${at}]`);
    if (found !== null) return found;
    at += 1;
  }
  return at === rewritten.length ? null : `${place}: ${rewritten.length - at} more`;
}

const resTarget = (node: unknown) => (node as { ResTarget?: { val?: Node } } | undefined)?.ResTarget?.val;

/** A column of the table that `*` gives, or its mask. */
function isColumnOf(node: unknown, table: string): boolean {
  const reference = (node as { ColumnRef?: Tree } | undefined)?.ColumnRef;
  if (reference === undefined) return (node as { SubLink?: Tree } | undefined)?.SubLink !== undefined;
  const names = fieldNames(reference);
  return names.length === 2 && names[0] === table && !SYSTEM.test(names[1]!);
}

function isStar(node: unknown): boolean {
  const fields = (node as { ColumnRef?: { fields?: Tree[] } } | undefined)?.ColumnRef?.fields;
  return fields?.at(-1)?.A_Star !== undefined;
}

/** Whether the one is what masking may put in the place of the other. */
function isMaskOf(original: Tree, rewritten: Tree): boolean {
  const range = (original.RangeVar ?? (original.RangeTableSample as Tree | undefined)?.relation) as
    | Tree
    | undefined;
  const subquery = rewritten.RangeSubselect as Tree | undefined;
  if (range !== undefined && subquery !== undefined) {
    return isMaskedRelation((range.RangeVar ?? range) as Tree, subquery);
  }
  const reference = original.ColumnRef as Tree | undefined;
  if (reference !== undefined && rewritten.ColumnRef === undefined)
    return mentions(rewritten, fieldNames(reference));
  const shorter = rewritten.ColumnRef as Tree | undefined;
  if (reference !== undefined && shorter !== undefined) {
    const [long, short] = [fieldNames(reference), fieldNames(shorter)];
    if (long.length > 2 && RENAMED.test(short[0] ?? ""))
      return short.length === 2 && short[1] === long.at(-1);
    return (
      short.length > 0 &&
      short.length < long.length &&
      short.every((name, n) => name === long.at(n - short.length))
    );
  }
  return false;
}

/** `COPY t (a) TO …` became `COPY (SELECT "a" FROM ONLY t) TO …`. */
function isTableAsQuery({ relation, query, is_from: isFrom }: Tree, rewritten: Tree): boolean {
  if (isFrom !== undefined || query !== undefined || relation === undefined || rewritten.query === undefined)
    return false;
  const clause = (rewritten.query as { SelectStmt?: Tree }).SelectStmt?.fromClause as Tree[] | undefined;
  const inner = clause?.[0]?.RangeVar as Tree | undefined;
  return clause?.length === 1 && inner?.relname === (relation as Tree).relname && inner?.inh !== true;
}

/** `(SELECT "a", <mask> AS "b" FROM s.t) AS t`: the alias is what the name or alias was, the relation the same. */
function isMaskedRelation(range: Tree, subquery: Tree): boolean {
  const alias = subquery.alias as { aliasname: string; colnames?: unknown[] };
  const wanted = range.alias as typeof alias | undefined;
  const isRenamed = wanted === undefined && range.schemaname !== undefined && RENAMED.test(alias.aliasname);
  if (!isRenamed && alias.aliasname !== (wanted?.aliasname ?? range.relname)) return false;
  if (foreign(wanted?.colnames ?? [], alias.colnames ?? []) !== null) return false;
  if (subquery.lateral === true) return false;
  const select = (subquery.subquery as { SelectStmt?: Tree }).SelectStmt;
  const clause = select?.fromClause as Tree[] | undefined;
  if (clause?.length !== 1) return false;
  const inner = (clause[0]!.RangeVar ??
    ((clause[0]!.RangeTableSample as Tree | undefined)?.relation as Tree)?.RangeVar) as Tree | undefined;
  if (inner === undefined) return clause[0]!.RangeSubselect !== undefined;
  return inner.relname === range.relname && inner.inh === range.inh;
}

function fieldNames({ fields }: Tree): string[] {
  return ((fields ?? []) as { String?: { sval?: string } }[]).map(({ String: part }) => part?.sval ?? "*");
}

function mentions(tree: unknown, fields: string[]): boolean {
  if (typeof tree !== "object" || tree === null) return false;
  const reference = (tree as Tree).ColumnRef as Tree | undefined;
  if (reference !== undefined) return fieldNames(reference).at(-1) === fields.at(-1);
  return Object.values(tree).some((part) => mentions(part, fields));
}

function text(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 200) ?? "nothing";
}

/**
 * Tables that a tree reads as they are, of those for which `isLabelled`, though it names a column that is surely theirs:
 * by their name or alias, or alone where there is no other table.
 */
export function bare(tree: unknown, isLabelled: (name: string) => boolean): string[] {
  const withs = new Set<string>();
  const tables = new Set<string>();
  const found: { name: string; alias: string }[] = [];
  const named = new Set<string>();
  const visit = (value: unknown, select: Tree | null) => {
    if (typeof value !== "object" || value === null) return;
    const node = value as Tree;
    if (typeof node.ctename === "string") withs.add(node.ctename);
    const range = node.RangeVar as { relname: string; alias?: { aliasname: string } } | undefined;
    if (range !== undefined) {
      tables.add(range.relname);
      const alias = range.alias?.aliasname ?? range.relname;
      if (isLabelled(range.relname) && !isMasking(select)) found.push({ name: range.relname, alias });
    }
    if (node.RangeSubselect ?? node.RangeFunction ?? node.ctename ?? node.relation)
      tables.add(`item ${tables.size}`);
    if (node.ColumnRef !== undefined && !isMasking(select)) {
      const names = fieldNames(node.ColumnRef as Tree);
      if (!SYSTEM.test(names.at(-1) ?? "")) named.add(names.at(-2) ?? "");
    }
    for (const key in node) {
      if (key === "lockedRels") continue;
      const inner = node[key] as Tree;
      visit(inner, key === "SelectStmt" ? inner : select);
    }
  };
  visit(tree, null);
  return found
    .filter(
      ({ name, alias }) => !withs.has(name) && (named.has(alias) || (named.has("") && tables.size === 1)),
    )
    .map(({ name }) => name);
}

/** A query that gives one table's columns, each a mask of the column of its name. */
function isMasking(select: Tree | null): boolean {
  const targets = (select?.targetList ?? []) as { ResTarget?: { name?: string; val?: Tree } }[];
  return (
    (select?.fromClause as unknown[] | undefined)?.length === 1 &&
    targets.length > 0 &&
    targets.every(({ ResTarget: target }) => {
      // Of what isn't asked for nothing is given.
      if (((target?.val?.TypeCast as Tree | undefined)?.arg as Tree | undefined)?.A_Const !== undefined)
        return true;
      const isColumn = target?.val?.ColumnRef !== undefined;
      return isColumn
        ? SYSTEM.test(fieldNames(target.val!.ColumnRef as Tree).join())
        : mentions(target?.val, [target?.name ?? ""]);
    })
  );
}

/** What stands in the place of a name that is written with its schema. */
const RENAMED = /^sallyport_[0-9]+_*$/;
const SYSTEM = /^(?:ctid|tableoid|[xc]min|[xc]max)$/;
