import type { Node } from "@pgsql/types";
import { SallyportError } from "../../../protocol/errors.ts";
import { parseSql } from "../../../protocol/sql/parser.ts";
import { bodyOf } from "../../../protocol/sql/resolve/tree.ts";

/** Nodes that stand in the place of others, which are known by their bodies; several only where a list of them stands. */
export type Substitutions = Map<object, readonly Node[]>;

type Tree = Record<string, unknown>;

/** A copy of the tree with the substitutions made; those inside what is replaced don't count. */
export function substituted(tree: Node, substitutions: Substitutions): Node {
  return copy(tree, substitutions) as Node;
}

function copy(value: unknown, substitutions: Substitutions): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    return value.flatMap((item): unknown[] => {
      const instead = replacement(item, substitutions);
      return instead === undefined ? [copy(item, substitutions)] : [...instead];
    });
  }
  const instead = replacement(value, substitutions);
  if (instead !== undefined) return instead[0];
  const copied: Tree = {};
  for (const key in value) {
    const inner = (value as Tree)[key];
    // The body of a field of a fixed type is replaced as a body: an update's own relation never is.
    copied[key] = copy(inner, substitutions);
  }
  return copied;
}

/** A node is a wrapper with one key, under which the body stands. */
function replacement(value: unknown, substitutions: Substitutions): readonly Node[] | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  for (const key in value) {
    const body = (value as Tree)[key];
    return typeof body === "object" && body !== null ? substitutions.get(body) : undefined;
  }
  return undefined;
}

/** Where something stands in the text, which a rewritten text changes. */
const PLACES: ReadonlySet<string> = new Set([
  "location",
  "stmt_location",
  "stmt_len",
  "name_location",
  "list_start",
  "list_end",
  "rexpr_list_start",
  "rexpr_list_end",
]);

/** Whether two trees say the same, wherever their parts stand in their texts. */
export function isSameTree(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || one === null || typeof other !== "object" || other === null) {
    return one === other;
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [left, right] = [one as Tree, other as Tree];
  const keys = Object.keys(left).filter((key) => !PLACES.has(key));
  const others = Object.keys(right).filter((key) => !PLACES.has(key));
  if (keys.length !== others.length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && isSameTree(left[key], right[key]));
}

/** Trees of fragments: the same relation is masked again and again. */
const MAX_KEPT = 500;
const kept = new Map<string, Node>();

/** The node of a text that stands as an item of FROM. */
export function fromFragment(text: string): Node {
  return fragment(`SELECT FROM ${text}`, (select) => select?.fromClause?.[0]);
}

/** The node of a text that stands as an expression. */
export function expressionFragment(text: string): Node {
  return fragment(`SELECT ${text}`, (select) => bodyOf(select?.targetList?.[0], "ResTarget")?.val);
}

function fragment(
  sql: string,
  part: (select: ReturnType<typeof bodyOf<"SelectStmt">>) => Node | undefined,
): Node {
  let node = kept.get(sql);
  if (node !== undefined) return node;
  const [statement, ...others] = parseSql(sql);
  node = part(bodyOf(statement?.tree, "SelectStmt"));
  if (node === undefined || others.length > 0)
    throw new SallyportError("internal", "a mask is no expression");
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(sql, node);
  return node;
}
