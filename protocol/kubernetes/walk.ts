import { JsonNumber, type JsonValue } from "../http/json.ts";

/** Names of the members that lead to a value; a list's items have none of their own. */
export type Place = readonly string[];

/** Calls `visit` for each member of an object at any depth, but for what tells who has managed which field. */
export function eachMember(
  value: JsonValue,
  place: Place,
  visit: (name: string, value: JsonValue, place: Place) => void,
): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) eachMember(item, place, visit);
  } else if (value instanceof Map) {
    for (const [name, member] of value as ReadonlyMap<string, JsonValue>) {
      visit(name, member, place);
      if (!isManagement(name, place)) eachMember(member, [...place, name], visit);
    }
  }
}

/** Whether the names of an object's members are anybody's own there, so that none means what it says elsewhere. */
export function hasFreeNames(place: Place): boolean {
  return FREE.has(place.at(-1) ?? "");
}

const FREE: ReadonlySet<string> = new Set(["annotations", "labels", "matchLabels", "nodeSelector"]);

/** `metadata.managedFields`, which the API server writes. */
export function isManagement(name: string, place: Place): boolean {
  return name === "managedFields" && place.at(-1) === "metadata";
}

/** The member that the names lead to; undefined where there is none. */
export function memberAt(value: JsonValue | undefined, ...names: string[]): JsonValue | undefined {
  let at = value;
  for (const name of names) at = at instanceof Map ? (at.get(name) as JsonValue | undefined) : undefined;
  return at;
}

/** The whole number, however it is written; null for all else. */
export function wholeNumber(value: JsonValue | undefined): number | null {
  if (!(value instanceof JsonNumber)) return null;
  const number = Number(value.text);
  return Number.isSafeInteger(number) ? number : null;
}
