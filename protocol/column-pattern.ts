/** Which column, or which value inside its JSON documents, a line of `labels` names. */
export interface ColumnPattern {
  /** Each may have `*` for any run of characters. */
  schema: string;
  relation: string;
  column: string;
  /** Keys from the outside; null for the whole column. */
  path: string[] | null;
}

/** PostgreSQL's NAMEDATALEN less its zero byte: a longer name is no column's. */
const MAX_NAME_BYTES = 63;
/** Of a name with its stars. */
const MAX_PATTERN = 2 * MAX_NAME_BYTES;
const MAX_PATH = 16;
const MAX_KEY_BYTES = 255;

/** Sticky: each takes up where the one before ended. */
const QUOTED = /"((?:[^"\0]|"")*)"/y;
const BARE = /[\p{L}\p{M}\p{N}_$*]+/uy;
const KEY = /->'((?:[^'\0]|'')*)'/y;

/** Why a text is no pattern, and what to do; for the error about its line. */
export interface PatternFault {
  fault: string;
  hint: string;
}

const FORM = `Write SCHEMA.RELATION.COLUMN, such as public.customers.email, or with the keys of a JSON value: public.documents.body->'patient'->'name'.`;

/**
 * Reads `public.customers.email`, `public.*.ssn`, `"Odd Schema"."a.b"."say ""hi"""`, `public.documents.body->'a'->'b'`.
 * Quotes are SQL's: inside them every character stands for itself, and the name is as the catalog has it. Outside a
 * name is lower case, and `*` stands for any run of characters; both may stand in one name: `"Odd "*`.
 */
export function parseColumnPattern(text: string): ColumnPattern | PatternFault {
  const scan = { at: 0 };
  const names: string[] = [];
  for (let part = 0; part < 3; part++) {
    if (part > 0 && text[scan.at++] !== ".") return { fault: "is not a column's pattern", hint: FORM };
    const name = readName(text, scan);
    if (typeof name !== "string") return name;
    names.push(name);
  }
  const path: string[] = [];
  for (let key = take(KEY, text, scan); key !== null; key = take(KEY, text, scan)) {
    path.push(key[1]!.replaceAll("''", "'"));
  }
  if (scan.at !== text.length) return { fault: "is not a column's pattern", hint: FORM };
  if (path.length > MAX_PATH || path.some((key) => !fits(key, MAX_KEY_BYTES))) {
    return {
      fault: "has a path that is too long",
      hint: `At most ${MAX_PATH} keys of ${MAX_KEY_BYTES} bytes each.`,
    };
  }
  const [schema, relation, column] = names as [string, string, string];
  return { schema, relation, column, path: path.length === 0 ? null : path };
}

/** Bare names that SQL takes as they are; all others are written in quotes. */
const PLAIN = /^[a-z_][a-z0-9_$]*$/;

/** The pattern of one column, or of a value in its documents (`path` empty: the whole), as `parseColumnPattern` reads it. */
export function columnPatternText(place: {
  schema: string;
  relation: string;
  column: string;
  path: readonly string[];
}): string {
  const names = [place.schema, place.relation, place.column].map((name) =>
    PLAIN.test(name) ? name : name.split("*").map(quotedPart).join("*"),
  );
  return names.join(".") + place.path.map((key) => `->'${key.replaceAll("'", "''")}'`).join("");
}

function quotedPart(part: string): string {
  return part === "" ? "" : `"${part.replaceAll('"', '""')}"`;
}

/** PostgreSQL's own: a star means the user's schemas, or `*.*.name` would mask every tool's look at the catalog. */
const SYSTEM_SCHEMAS = new Set(["pg_catalog", "information_schema"]);

/** Whether a pattern means this column, by its names in the catalog. */
export function fitsColumn(
  pattern: Pick<ColumnPattern, "schema" | "relation" | "column">,
  schema: string,
  relation: string,
  column: string,
): boolean {
  if (SYSTEM_SCHEMAS.has(schema) && pattern.schema !== schema) return false;
  return (
    fitsName(pattern.schema, schema) &&
    fitsName(pattern.relation, relation) &&
    fitsName(pattern.column, column)
  );
}

/** Whether a name is as the pattern has it, `*` being any run of characters. No pattern makes it go back. */
function fitsName(pattern: string, name: string): boolean {
  const [first, ...others] = pattern.split("*") as [string, ...string[]];
  const last = others.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const piece of others) {
    const found = name.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

function readName(text: string, scan: { at: number }): string | PatternFault {
  let name = "";
  for (;;) {
    const [, quoted] = take(QUOTED, text, scan) ?? [];
    const [bare] = quoted === undefined ? (take(BARE, text, scan) ?? []) : [];
    const piece = quoted?.replaceAll('""', '"') ?? bare;
    if (piece === undefined) break;
    if (quoted?.includes("*")) {
      return {
        fault: "has a * in quotes",
        hint: "A star always stands for any run of characters: write it outside the quotes; it fits a star as well.",
      };
    }
    if (bare !== undefined && /[A-Z]/.test(bare)) {
      return {
        fault: "has capital letters without quotes",
        hint: 'SQL takes names without quotes for lower case: write them so, or, where the catalog has capitals, "Name" in double quotes.',
      };
    }
    name += piece;
  }
  if (name === "") return { fault: "is not a column's pattern", hint: FORM };
  if (name.length <= MAX_PATTERN && fits(name.replaceAll("*", ""), MAX_NAME_BYTES)) return name;
  return {
    fault: "has a name that is too long",
    hint: `PostgreSQL's names have at most ${MAX_NAME_BYTES} bytes.`,
  };
}

function take(pattern: RegExp, text: string, scan: { at: number }): RegExpExecArray | null {
  pattern.lastIndex = scan.at;
  const found = pattern.exec(text);
  if (found !== null) scan.at = pattern.lastIndex;
  return found;
}

function fits(text: string, maxBytes: number): boolean {
  return text.isWellFormed() && Buffer.byteLength(text) <= maxBytes;
}
