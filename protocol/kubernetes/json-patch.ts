import type { JsonValue } from "../http/json.ts";

/** What one operation leaves: `value` at `path`; undefined where something is taken away. */
export interface Change {
  path: readonly string[];
  value: JsonValue | undefined;
}

/** Operations of one patch that the API server takes. */
const MAX_OPERATIONS = 10_000;

/** Parts of a pointer: objects are nested no deeper where they are read (`readJson`), and walks take the square of it. */
const MAX_PARTS = 64;

const MALFORMED = "the JSON patch has an operation that is none of RFC 6902";
const WHOLE = "the JSON patch has another object in the place of the whole";
const COPIED = "the JSON patch copies or moves what it doesn't show";

/** Reads a JSON patch (RFC 6902): what its operations leave, in order. `test` leaves nothing. */
export function readJsonPatch(patch: JsonValue): { changes: readonly Change[]; opaque: readonly string[] } {
  if (!Array.isArray(patch) || patch.length > MAX_OPERATIONS) return { changes: [], opaque: [MALFORMED] };
  const opaque = new Set<string>();
  const changes: Change[] = [];
  for (const operation of patch as readonly JsonValue[]) {
    if (!(operation instanceof Map)) {
      opaque.add(MALFORMED);
      continue;
    }
    const path = readPointer(operation.get("path"));
    const kind = operation.get("op");
    const value = operation.get("value") as JsonValue | undefined;
    if (path?.length === 0 && kind !== "test") opaque.add(WHOLE);
    if (path === null) opaque.add(MALFORMED);
    else if (kind === "add" || kind === "replace") {
      if (value === undefined) opaque.add(MALFORMED);
      changes.push({ path, value });
    } else if (kind === "remove") changes.push({ path, value: undefined });
    else if (kind === "copy" || kind === "move") {
      opaque.add(COPIED);
      changes.push({ path, value: undefined });
      const from = readPointer(operation.get("from"));
      if (from !== null && kind === "move") changes.push({ path: from, value: undefined });
    } else if (kind !== "test") opaque.add(MALFORMED);
  }
  return { changes, opaque: [...opaque] };
}

/** A JSON pointer (RFC 6901) of at most `MAX_PARTS`, or null. */
function readPointer(pointer: JsonValue | undefined): string[] | null {
  if (pointer === "") return [];
  if (typeof pointer !== "string" || !pointer.startsWith("/") || /~(?![01])/.test(pointer)) return null;
  const parts = pointer.slice(1).split("/");
  return parts.length > MAX_PARTS
    ? null
    : parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}
