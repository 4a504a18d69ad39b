import type { Node } from "@pgsql/types";

type Keys<T> = T extends unknown ? keyof T : never;
/** Names of the parse tree's nodes. */
export type NodeType = Keys<Node>;
/** What stands under the name of a node. */
export type NodeBody<T extends NodeType> = Extract<Node, { [K in T]: unknown }>[T];

export type TreeObject = { readonly [key: string]: unknown };

/** A node's own name and body: `{ SelectStmt: {…} }` gives `["SelectStmt", {…}]`. */
export function nodeOf(tree: Node): [NodeType, TreeObject] {
  for (const type in tree)
    return [type as NodeType, (tree as unknown as Record<string, TreeObject>)[type] ?? {}];
  throw new TypeError("a parse tree node has a name");
}

/**
 * Visits every object of a tree, parents first. `type` is the node's name where the tree names it, and null for the
 * objects that stand under a field of a fixed type (`InsertStmt.relation`) or are the body of a node just visited.
 */
export function walk(value: unknown, visit: (type: string | null, body: TreeObject) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
    return;
  }
  const object = value as TreeObject;
  let keys = 0;
  let only = "";
  for (const key in object) {
    keys++;
    only = key;
  }
  const code = only.charCodeAt(0);
  // Nodes' names begin with a capital, fields' names never do.
  if (keys === 1 && code >= 65 && code <= 90) {
    const body = object[only] as TreeObject;
    visit(only, body);
    for (const key in body) walk(body[key], visit);
    return;
  }
  visit(null, object);
  for (const key in object) walk(object[key], visit);
}

/** The texts of a list of String nodes: a name's parts. */
export function nameParts(nodes: unknown): string[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.map((node: TreeObject) => {
    const text = (node.String as TreeObject | undefined)?.sval;
    return typeof text === "string" ? text : "";
  });
}
