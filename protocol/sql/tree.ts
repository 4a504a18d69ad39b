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
  let type: string | null = null;
  let body = value as TreeObject;
  for (const key in body) {
    // Nodes' names begin with a capital and stand alone, fields' names never do.
    const code = key.charCodeAt(0);
    if (code >= 65 && code <= 90) {
      type = key;
      body = body[key] as TreeObject;
    }
    break;
  }
  visit(type, body);
  for (const key in body) {
    const inner = body[key];
    if (typeof inner === "object") walk(inner, visit);
  }
}

/** The texts of a list of String nodes: a name's parts. */
export function nameParts(nodes: unknown): string[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.map((node: TreeObject) => {
    const text = (node.String as TreeObject | undefined)?.sval;
    return typeof text === "string" ? text : "";
  });
}
