/** A name as an identifier in SQL, whatever it holds. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A relation's name as an identifier in SQL. */
export function quotedName({ schema, name }: { schema: string; name: string }): string {
  return `${quoted(schema)}.${quoted(name)}`;
}

/** A relation's name for people. */
export function shown({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`;
}
