import { JsonNumber, type JsonObject, type JsonValue } from "./json.ts";

export type Leaf = readonly [path: string, value: string];

/** Leaves of a body, and UTF-16 units of their paths and values together. */
const MAX_LEAVES = 2000;
const MAX_TEXT = 512 * 1024;

const TOO_MUCH = `the body has more than ${MAX_LEAVES} leaves, or too much text in them`;

/**
 * The leaves of a value in order: `user.roles[]` and its text. A name of other characters than letters, digits, `_`
 * and `-` stands as `["a.b"]`, so that no path reads like another's. Empty objects and lists are leaves, `{}` and `[]`.
 */
export function jsonLeaves(value: JsonValue): { leaves: readonly Leaf[]; opaque: readonly string[] } {
  const leaves: Leaf[] = [];
  let room = MAX_TEXT;
  for (const leaf of walk(value, "")) {
    room -= leaf[0].length + leaf[1].length;
    if (leaves.length === MAX_LEAVES || room < 0) return { leaves, opaque: [TOO_MUCH] };
    leaves.push(leaf);
  }
  return { leaves, opaque: [] };
}

/** The path of a member of what stands at `path`. */
export function memberPath(path: string, name: string): string {
  if (!/^[\w-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

function* walk(value: JsonValue, path: string): Generator<Leaf> {
  if (value instanceof Map) {
    if (value.size === 0) yield [path, "{}"];
    for (const [name, member] of value as JsonObject) yield* walk(member, memberPath(path, name));
  } else if (Array.isArray(value)) {
    if (value.length === 0) yield [path, "[]"];
    for (const item of value as readonly JsonValue[]) yield* walk(item, `${path}[]`);
  } else {
    yield [path, value instanceof JsonNumber ? value.text : String(value)];
  }
}
