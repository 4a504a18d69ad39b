import type { ColumnDetail } from "../../../protocol/sql/catalog.ts";
import type { Mask } from "../../mask/labels.ts";
import { asColumn, elementOf, lengthOf } from "./column-type.ts";
import { HASH_DIGITS, HASH_DIGITS_MIN, HASH_PREFIX, hashed, isBareHash, type MaskKeys } from "./hash.ts";
import { type MaskedPath, maskedDocument } from "./json-paths.ts";
import { partialText, STARS } from "./partial.ts";
import { rangeStart } from "./range.ts";
import { call, cases, constant, infix, numberConstant } from "./terms.ts";
import { Unmaskable } from "./unmaskable.ts";

export type { MaskKeys } from "./hash.ts";
export { Unmaskable } from "./unmaskable.ts";

/** What stands in the place of keys where a text is shown. */
export const SHOWN_KEYS: MaskKeys = { session: "0".repeat(64), target: "0".repeat(64) };

/**
 * An expression that gives the masked value of `value`, the SQL text of a column reference. It may stand wherever an
 * operand may, has the column's own type, modifier and collation, means the same under any search_path, and fails for
 * no value that a column can hold. NULL stays NULL. Arrays are masked element by element, and come out with one
 * dimension that begins at 1. Throws Unmaskable.
 */
export function maskExpression(value: string, column: ColumnDetail, mask: Mask, keys: MaskKeys): string {
  if (mask.kind === "null") return `(${asColumn("NULL", column)})`;
  const masked = isByElement(column, mask)
    ? elements(value, column, mask, keys)
    : maskedValue(value, column, mask, keys);
  return `(${asColumn(unlessNull(value, column, masked), column)})`;
}

/** The same where only the values at these paths of a json or jsonb document are masked. */
export function maskPaths(
  value: string,
  column: ColumnDetail,
  paths: readonly MaskedPath[],
  keys: MaskKeys,
): string {
  return `(${asColumn(unlessNull(value, column, maskedDocument(value, column, paths, keys)), column)})`;
}

/**
 * Whether a value that the agent writes looks like what a mask gave it. NULL, ranges, and hashes that are numbers,
 * uuids or bytes can't be told from values; the short hashes of a column for fewer than 15 characters only where
 * `column` is given; constants only if they aren't numbers.
 */
export function isPlaceholder(value: string, mask: Mask, column?: ColumnDetail): boolean {
  switch (mask.kind) {
    case "null":
    case "range":
      return false;
    case "constant":
      return value.trim() === mask.value.trim() && !/^[-+.\d\s]*$/.test(value);
    case "partial":
      return value.includes(STARS);
    case "hash":
      if (column !== undefined && isBareHash(column)) {
        return new RegExp(`^[0-9a-f]{${lengthOf(column)}}$`).test(value);
      }
      return new RegExp(`${HASH_PREFIX}[0-9a-f]{${HASH_DIGITS_MIN},${HASH_DIGITS}}`).test(value);
  }
}

type ValueMask = Exclude<Mask, { kind: "null" }>;

/** Of a value that isn't NULL, of a type that is cast to the column's. */
function maskedValue(value: string, column: ColumnDetail, mask: ValueMask, keys: MaskKeys): string {
  switch (mask.kind) {
    case "constant":
      return constant(
        column.base === "json" || column.base === "jsonb" ? asJson(mask.value) : mask.value,
        column.type,
      );
    case "partial":
      return partialText(value, column, mask);
    case "hash":
      return hashed(value, column, mask, keys);
    case "range":
      return rangeStart(value, column, mask);
  }
}

/** A document as it is; any other text as a JSON string. */
function asJson(value: string): string {
  try {
    JSON.parse(value);
    return value;
  } catch {
    return JSON.stringify(value);
  }
}

/** A row of NULLs is no NULL, though IS NULL says so. */
function unlessNull(value: string, column: ColumnDetail, masked: string): string {
  const isNull =
    column.category === "C"
      ? infix(call("num_nulls", value), "=", numberConstant(1, "int4"))
      : `${value} IS NULL`;
  return cases([[isNull, "NULL"]], masked);
}

/** A constant for an array is either a whole array or the value of each element. */
const isByElement = (column: ColumnDetail, mask: ValueMask) =>
  elementOf(column) !== null && !(mask.kind === "constant" && mask.value.trimStart().startsWith("{"));

/** Nothing in the statement has these names, and in the arguments of `unnest` they aren't known yet. */
const ELEMENT = "sallyport_element";

function elements(value: string, column: ColumnDetail, mask: ValueMask, keys: MaskKeys): string {
  const element = elementOf(column);
  if (element === null) throw new Unmaskable(`nothing is known of the elements of ${column.type}`);
  const masked = maskExpression(`${ELEMENT}.one`, element, mask, keys);
  return `ARRAY(SELECT ${masked} FROM pg_catalog.unnest((${value})::${column.type}) WITH ORDINALITY AS ${ELEMENT}(one, place) ORDER BY ${ELEMENT}.place)`;
}
