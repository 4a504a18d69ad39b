import type { Node, RangeVar } from "@pgsql/types";

/** The name of a node's type, the only key of its wrapper. */
export type Kind = Node extends infer N ? (N extends unknown ? keyof N : never) : never;
export type Body<K extends Kind> = Extract<Node, Record<K, unknown>>[K];

/** Null for the empty wrapper `{}`, which stands for a null pointer in PostgreSQL's lists. */
export function kindOf(node: Node): Kind | null {
  for (const kind in node) return kind as Kind;
  return null;
}

export function bodyOf<K extends Kind>(node: Node | undefined, kind: K): Body<K> | undefined {
  return (node as Partial<Record<K, Body<K>>> | undefined)?.[kind];
}

/** The identifiers of a list of String nodes, without what is something else. */
export function identifiers(nodes: Node[] | undefined): string[] {
  const names: string[] = [];
  for (const node of nodes ?? []) {
    const name = bodyOf(node, "String");
    if (name !== undefined) names.push(name.sval ?? "");
  }
  return names;
}

/** The members of a List node. */
export function items(node: Node | undefined): Node[] {
  return bodyOf(node, "List")?.items ?? [];
}

/** `name`, `schema.name` or `catalog.schema.name` as a schema (null when there is none) and a name. */
export interface Qualified {
  schema: string | null;
  name: string;
}

/** A catalog's name in front is dropped: the server refuses any but the database's own. */
export function qualified(parts: string[]): Qualified {
  return { schema: parts.at(-2) ?? null, name: parts.at(-1) ?? "" };
}

export function rangeName(range: RangeVar): Qualified {
  return { schema: range.schemaname ?? null, name: range.relname ?? "" };
}

/** Calls `visit` for every ColumnRef at any depth, also inside subqueries. */
export function eachColumnRef(value: unknown, visit: (reference: Body<"ColumnRef">) => void): void {
  if (typeof value !== "object" || value === null) return;
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key];
    if (key === "ColumnRef") visit(child as Body<"ColumnRef">);
    else eachColumnRef(child, visit);
  }
}
