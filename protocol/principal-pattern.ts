/** Somebody whom patterns may name. */
export interface Named {
  principal: string;
  groups: readonly string[];
  /** The user for whom an agent acts. */
  onBehalfOf?: string | undefined;
}

const GROUP = "group:";

/**
 * Whether a list names somebody: by principal, `group:NAME`, or either with `*` as a wildcard. An agent that acts for a
 * user is named when either is: the agent by name or group, the user by name.
 */
export function isAllowed(patterns: readonly string[], { principal, groups, onBehalfOf }: Named): boolean {
  return patterns.some(
    (pattern) =>
      namesPrincipal(pattern, principal, groups) ||
      (onBehalfOf !== undefined && namesPrincipal(pattern, onBehalfOf, [])),
  );
}

/** Whether one pattern names a principal that is in these groups. */
export function namesPrincipal(pattern: string, principal: string, groups: readonly string[]): boolean {
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
