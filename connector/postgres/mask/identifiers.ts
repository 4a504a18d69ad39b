import type { TreeObject } from "../../../protocol/sql/tree.ts";
import { walk } from "../../../protocol/sql/tree.ts";

/** Fields that hold an identifier as plain text. */
const NAMES = ["relname", "name"] as const;

/**
 * All identifiers in a part of a tree: of columns, relations, functions, types and fields. Constants are none. More
 * than are meant at a certain place, never fewer.
 */
export function identifiersIn(part: unknown): Set<string> {
  const found = new Set<string>();
  walk(part, (type, body) => {
    if (type === "String") found.add((body.sval as string | undefined) ?? "");
    for (const field of NAMES) {
      const name = (body as TreeObject)[field];
      if (typeof name === "string") found.add(name);
    }
  });
  return found;
}

/** Whether a part of a tree has a star for all columns. */
export function hasStar(part: unknown): boolean {
  let found = false;
  walk(part, (type) => {
    found ||= type === "A_Star";
  });
  return found;
}
