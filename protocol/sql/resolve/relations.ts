import type { Relation } from "../catalog.ts";
import { type Context, lack, relationName } from "./findings.ts";
import { findRelation, lackSchema } from "./names.ts";
import { nameParts, qualifiedName } from "./qualified-name.ts";
import type { Qualified } from "./tree.ts";
import { expandView } from "./view.ts";

/**
 * The relation, or null with the statement made opaque: it is nowhere, or not looked up yet. `by`: a query may name a
 * schema that isn't there, and hears of the relation only; for a definition PostgreSQL looks at the schema first. `sort`: what DROP says it is.
 */
export function requireRelation(
  context: Context,
  name: Qualified,
  by: "query" | "definition" = "query",
  sort?: string,
): Relation | null {
  const relation = findRelation(context, name);
  if (relation === null && (by === "query" || !lackSchema(context, name.schema))) {
    const written = name.schema === null ? name.name : `${name.schema}.${name.name}`;
    lack(context, `the relation ${shownName(name)} does not exist`, {
      sqlstate: sort === "index" || sort === "foreign table" ? "42704" : "42P01",
      message:
        sort === undefined ? `relation "${written}" does not exist` : `${sort} "${name.name}" does not exist`,
    });
  }
  return relation ?? null;
}

export function shownName({ schema, name }: Qualified): string {
  return schema === null ? qualifiedName(name) : qualifiedName(schema, name);
}

/**
 * Rows of the relation are read, with those of its descendants where `inherited` (no ONLY). They are rows of its
 * ancestors too: what is forbidden there can't be had by naming a partition.
 */
export function readRelation(context: Context, relation: Relation, inherited: boolean): void {
  const { found } = context;
  for (const name of [...reached(context, relation, inherited), ...relation.parents]) {
    found.add(found.reads, name);
  }
  for (const effect of relation.readSideEffects) found.opaque.add(effect);
  if (relation.kind === "foreign") found.add(found.foreign, relationName(context, relation));
  if (relation.kind === "toast") {
    found.opaque.add(`${relationName(context, relation)} holds values of another relation`);
  }
  if (relation.kind === "view") expandView(context, relation);
}

export function readColumn(context: Context, relation: Relation, inherited: boolean, column: string): void {
  const { found } = context;
  for (const name of reached(context, relation, inherited)) {
    found.add(found.readColumns, `${name}.${qualifiedName(column)}`);
  }
}

/** Rows or the definition are written. What is written in a descendant is seen in its ancestors. */
export function writeRelation(context: Context, relation: Relation, inherited: boolean): void {
  const { found } = context;
  for (const name of [...reached(context, relation, inherited), ...relation.parents]) {
    found.add(found.writes, name);
  }
  if (relation.kind === "foreign") found.add(found.foreign, relationName(context, relation));
}

export function writeColumn(context: Context, relation: Relation, inherited: boolean, column: string): void {
  const { found } = context;
  for (const name of [...reached(context, relation, inherited), ...relation.parents]) {
    found.add(found.writeColumns, `${name}.${qualifiedName(column)}`);
  }
}

function reached(context: Context, relation: Relation, inherited: boolean): string[] {
  const own = relationName(context, relation);
  if (!inherited || relation.children.length === 0) return [own];
  return [own, ...relation.children.map((child) => ownTemporary(context, child))];
}

/** A temporary table's descendants are temporary too, and named as such. */
function ownTemporary(context: Context, name: string): string {
  const { temporarySchema } = context.names;
  if (temporarySchema === null || !name.startsWith(temporarySchema)) return name;
  const [schema, ...rest] = nameParts(name);
  return schema === temporarySchema ? qualifiedName("pg_temp", ...rest) : name;
}
