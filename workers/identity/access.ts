import type { Target } from "../../protocol/directory.ts";
import type { Subject } from "./identity.ts";

const GROUP = "group:";

/**
 * Whether a principal may open a tunnel to a target. An agent that acts for a user may when either is allowed: the
 * agent by name, the user by name or group.
 */
export function mayOpen(target: Pick<Target, "allow">, subject: Subject): boolean {
  return target.allow.some(
    (pattern) =>
      names(pattern, subject.principal, subject.groups) ||
      (subject.onBehalfOf !== undefined && names(pattern, subject.onBehalfOf, [])),
  );
}

/**
 * Whether settings make a principal an administrator. An agent never inherits it from the user for whom it acts,
 * neither by name nor by group: an agent that administers is listed itself.
 */
export function mayAdminister(administrators: readonly string[], subject: Subject): boolean {
  const groups = subject.onBehalfOf === undefined ? subject.groups : [];
  return administrators.some((pattern) => names(pattern, subject.principal, groups));
}

function names(pattern: string, principal: string, groups: readonly string[]): boolean {
  if (!pattern.startsWith(GROUP)) return matches(pattern, principal);
  const group = pattern.slice(GROUP.length);
  return groups.some((name) => matches(group, name));
}

/**
 * Whether a pattern matches a whole text; `*` stands for any characters, also none. Greedy from left to right, so
 * that time is at most the product of the lengths, whatever the pattern: no regular expression comes from settings.
 */
export function matches(pattern: string, text: string): boolean {
  const pieces = pattern.split("*");
  const first = pieces[0]!;
  const last = pieces[pieces.length - 1]!;
  if (pieces.length === 1) return pattern === text;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let from = first.length;
  const end = text.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const at = text.indexOf(piece, from);
    if (at < 0 || at + piece.length > end) return false;
    from = at + piece.length;
  }
  return true;
}
