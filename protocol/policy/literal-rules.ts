import { nameParts } from "../sql/resolve/qualified-name.ts";
import { canonicalArguments } from "./arguments.ts";
import { nearest } from "./nearest.ts";

/** What to do about a value that an attribute can never have; null for one that it can. */
export type Rule = (value: string) => string | null;
/** By the names of attributes. */
export type Rules = Readonly<Record<string, Rule>>;
/** Of the contexts of these actions. */
export type RulesOfActions = readonly [applies: (action: string) => boolean, rules: Rules];

/** Of attributes that may be any text, where another kind of request has one of the same name. */
export const anything: Rule = () => null;

/** Words of a command as `argumentsText` writes them. */
export function words(value: string): string | null {
  const right = canonicalArguments(value);
  if (right === value) return null;
  return `Words stand with one blank between, and are quoted only where need be${right === null ? "." : `: "${right}".`}`;
}

export function oneOf(values: readonly string[]): Rule {
  const all = values.map((value) => `"${value}"`).join(", ");
  return (value) => {
    if (values.includes(value)) return null;
    const close = nearest(value, values);
    return close === undefined ? `It is one of ${all}.` : `Did you mean "${close}"?`;
  };
}

export function lowerCase(what: string): Rule {
  return (value) => {
    const right = value.toLowerCase();
    return value === right ? null : `${what} are in lower case: "${right}".`;
  };
}

export function withoutFolder(value: string): string | null {
  return value.includes("/")
    ? `It is a name without its folder: "${value.slice(value.lastIndexOf("/") + 1)}".`
    : null;
}

export function file(value: string): string | null {
  if (value === "*" || value === "~" || value === "/") return null;
  const [first, ...parts] = value.split("/");
  const isRooted = (first === "" || first === "~") && parts.length > 0;
  return isRooted && parts.every((part) => !["", ".", ".."].includes(part))
    ? null
    : 'Files are absolute, without ".", ".." and a slash at the end: "/etc/shadow", or "~/.ssh" below the account\'s home.';
}

export function dotted(parts: number, example: string): Rule {
  return (value) =>
    nameParts(value).length === parts && !nameParts(value).includes("")
      ? null
      : `Write the name with its schema, as the catalog has it: "${example}".`;
}
