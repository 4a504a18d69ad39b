/**
 * `schema.name` as facts and policies write it. A part that holds a dot or a quote is quoted as in SQL, so that no
 * two relations share a name: `a."b.c"` is not `"a.b".c`.
 */
export function qualifiedName(...parts: string[]): string {
  return parts.map((part) => (/[."]/.test(part) ? `"${part.replaceAll('"', '""')}"` : part)).join(".");
}

/** The parts of what `qualifiedName` made. */
export function nameParts(name: string): string[] {
  const parts: string[] = [];
  for (const [, quoted, plain] of name.matchAll(/(?:"((?:[^"]|"")*)"|([^."]*))(?:\.|$)/g)) {
    parts.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
  }
  // The pattern also matches the empty end of the text.
  if (parts.length > 1 && !name.endsWith(".")) parts.pop();
  return parts;
}
