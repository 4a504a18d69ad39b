import type { ColumnDetail } from "../../../protocol/sql/catalog.ts";
import type { Mask } from "../../mask/labels.ts";
import { hashed, type MaskKeys, numberText } from "./hash.ts";
import { partialText } from "./partial.ts";
import { rangeStart } from "./range.ts";
import { call, cases, cast, constant, infix, textConstant } from "./terms.ts";
import { Unmaskable } from "./unmaskable.ts";

/** A value inside a document, by its keys from the outside. */
export interface MaskedPath {
  path: readonly string[];
  mask: Mask;
}

const NULL = constant("null", "pg_catalog.jsonb");

/** As columns of these types are masked. */
const TEXT: ColumnDetail = own("text", "S");
const NUMBER: ColumnDetail = own("numeric", "N");

function own(base: string, category: string): ColumnDetail {
  return { type: `pg_catalog.${base}`, base, category, collation: null, generatedFrom: [] };
}

/**
 * A document that isn't NULL with the values at these paths masked. What stands on the way to one and is no object
 * becomes null, so that nothing gets by in another shape. A label on a value counts for all in it. Throws Unmaskable.
 */
export function maskedDocument(
  value: string,
  column: ColumnDetail,
  paths: readonly MaskedPath[],
  keys: MaskKeys,
): string {
  const labelled = tree(paths);
  if (column.base === "jsonb") return within(`(${value})`, labelled, keys);
  if (column.base !== "json") throw new Unmaskable(`a column of type ${column.type} has no paths`);
  const document = within(`(${cast(value, "jsonb")})`, labelled, keys);
  return cases([[isNoJsonb(cast(value, "text")), textConstant("null")]], cast(document, "text"));
}

/** Either the value is masked, or some of what its keys hold. */
interface Labelled {
  mask: Mask | null;
  keys: Map<string, Labelled>;
}

function tree(paths: readonly MaskedPath[]): Labelled {
  const root: Labelled = { mask: null, keys: new Map() };
  for (const { path, mask } of paths) {
    let node = root;
    for (const key of path) {
      const next = node.keys.get(key) ?? { mask: null, keys: new Map() };
      node.keys.set(key, next);
      node = next;
    }
    node.mask ??= mask;
  }
  return root;
}

function within(document: string, { mask, keys: labelled }: Labelled, keys: MaskKeys): string {
  if (mask !== null) return scalar(document, mask, keys);
  let masked = document;
  for (const [key, node] of labelled) {
    const inner = within(infix(document, "->", textConstant(key)), node, keys);
    // A key that isn't there is not made. A value that is NULL would make all NULL, and none here can be.
    masked = call("jsonb_set", masked, `ARRAY[${textConstant(key)}]`, inner, "false");
  }
  return cases([[isA(document, "object"), masked]], NULL);
}

const isA = (document: string, ...types: string[]) =>
  `(${types.map((type) => infix(call("jsonb_typeof", document), "=", textConstant(type))).join(" OR ")})`;

/** A text as a JSON string. What does that under its own name depends on the session, as PostgreSQL declares it. */
const asString = (text: string) =>
  infix(call("jsonb_object", `ARRAY[${textConstant("v")}, ${text}]`), "->", textConstant("v"));

/** The masked value of a label, as jsonb; null where its mask has nothing for what stands there. */
function scalar(document: string, mask: Mask, keys: MaskKeys): string {
  const text = infix(document, "#>>", constant("{}", "pg_catalog.text[]"));
  switch (mask.kind) {
    case "null":
      return NULL;
    case "constant":
      return cases([[isA(document, "null"), NULL]], asString(textConstant(mask.value)));
    case "partial":
      return cases([[isA(document, "string", "number"), asString(partialText(text, TEXT, mask))]], NULL);
    case "hash": {
      const hash = (of: string) => asString(hashed(of, TEXT, mask, keys));
      // Two values of a boolean are soon told apart.
      return cases(
        [
          [isA(document, "string", "object", "array"), hash(text)],
          [isA(document, "number"), hash(numberText(text))],
        ],
        NULL,
      );
    }
    case "range": {
      if ("unit" in mask) return cases([[isA(document, "string"), dateText(text, mask.unit)]], NULL);
      const start = cast(rangeStart(cast(text, "numeric"), NUMBER, mask), "text");
      return cases([[isA(document, "number"), cast(start, "jsonb")]], NULL);
    }
  }
}

/** Of a text that begins as a date, `2024-05-17`, the first day of the unit; null of others. */
function dateText(text: string, unit: "month" | "year" | "decade"): string {
  const [digits, rest] = {
    month: ["[0-9]{4}-[0-9]{2}", "-01"],
    year: ["[0-9]{4}", "-01-01"],
    decade: ["[0-9]{3}", "0-01-01"],
  }[unit];
  const isDate = infix(text, "~", textConstant("^[0-9]{4}-[0-9]{2}-[0-9]{2}"));
  const start = call("substring", text, textConstant(`^${digits}`));
  return cases([[isDate, asString(infix(start, "||", textConstant(rest!)))]], NULL);
}

/**
 * Whether a text of type json may have what jsonb has no place for, so that to read it would be an error, whose words
 * have parts of it: zero bytes, halves of surrogate pairs, `\u` where the encoding isn't UTF-8, numbers beyond
 * numeric. It says so of a few that could be read. Escaped backslashes are taken away first, then whole pairs.
 */
function isNoJsonb(text: string): string {
  const plain = call("replace", text, textConstant("\\\\"), textConstant("x"));
  const pairs = "\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}";
  const unpaired = call("regexp_replace", plain, textConstant(pairs), textConstant("x"), textConstant("g"));
  const isEncoded = infix(call("getdatabaseencoding"), "=", `${textConstant("UTF8")}::pg_catalog.name`);
  return `(${[
    infix(unpaired, "~", textConstant("\\\\u(0000|[dD][89a-fA-F])")),
    infix(plain, "~", textConstant("[0-9][eE][-+]?[0-9]{4}|[0-9]{250}")),
    `${infix(plain, "~", textConstant("\\\\u"))} AND NOT ${isEncoded}`,
  ].join(" OR ")})`;
}
