import type { ColumnDetail } from "../../../protocol/sql/catalog.ts";

/** Texts of PostgreSQL's own. `"char"` is none: it holds one byte, which any part of it would show. */
const TEXTS = new Set(["text", "varchar", "bpchar", "name"]);

/** Whether its values are texts of any length, extensions' such as citext too. */
export const isText = ({ base, category }: ColumnDetail) =>
  base === null ? category === "S" : TEXTS.has(base);

/** The most characters that it holds; null where its type has no bound. */
export function lengthOf({ type }: ColumnDetail): number | null {
  const bound = /^character(?: varying)?\((\d+)\)$/.exec(type)?.[1];
  return bound === undefined ? null : Number(bound);
}

/** Digits in all and after the point, which may be negative; null where its type doesn't say. */
export function precisionOf({ type }: ColumnDetail): { precision: number; scale: number } | null {
  const found = /^numeric\((\d+),(-?\d+)\)$/.exec(type);
  return found === null ? null : { precision: Number(found[1]), scale: Number(found[2]) };
}

/** What an element of an array is; null where it isn't an array, or one of which nothing is known. */
export function elementOf({ type, base, collation }: ColumnDetail): ColumnDetail | null {
  if (base === null || !base.startsWith("_") || !type.endsWith("[]")) return null;
  // No part of the masks asks the category of a type of PostgreSQL's own.
  return { type: type.slice(0, -2), base: base.slice(1), category: "", collation, generatedFrom: [] };
}

/** An expression's value as the column's own type, modifier and collation. */
export const asColumn = (expression: string, { type, collation }: ColumnDetail) =>
  `(${expression})::${type}${collation === null ? "" : ` COLLATE ${collation}`}`;

/**
 * A text column's value as text. Another collation than the database's may be one under which texts can't be searched,
 * so there the bytes count.
 */
export const asText = (value: string, { collation }: ColumnDetail) =>
  `((${value})::pg_catalog.text${collation === null ? "" : ' COLLATE pg_catalog."C"'})`;
