import type { ColumnDetail } from "../../../protocol/sql/catalog.ts";
import type { Mask } from "../../mask/labels.ts";
import { precisionOf } from "./column-type.ts";
import { call, cases, cast, constant, infix, numberConstant, textConstant } from "./terms.ts";
import { Unmaskable } from "./unmaskable.ts";

/**
 * The beginning of the range in which a value that isn't NULL lies, of a type that is cast to the column's. Where that
 * is outside of the type's own range it is the type's least. What is neither finite nor a number stays. Throws
 * Unmaskable where the range doesn't fit the type, or would be one value.
 */
export function rangeStart(
  value: string,
  column: ColumnDetail,
  mask: Extract<Mask, { kind: "range" }>,
): string {
  const { base } = column;
  if ("unit" in mask) {
    if (base === "date" || base === "timestamp" || base === "timestamptz")
      return dateStart(value, base, mask.unit);
    throw new Unmaskable(`a column of type ${column.type} has no ${mask.unit}`);
  }
  const { step } = mask;
  if (!Number.isFinite(step) || step <= 0) throw new Unmaskable(`a range of ${step} is none`);
  switch (base) {
    case "int2":
    case "int4":
    case "int8":
      return integerStart(value, base, step);
    case "numeric":
      return numericStart(value, column, step);
    case "float4":
    case "float8":
      return floatStart(value, base, step);
    default:
      throw new Unmaskable(`a column of type ${column.type} is no number, of which a range could be shown`);
  }
}

const LEAST = { int2: "-32768", int4: "-2147483648", int8: "-9223372036854775808" };

/** What of the value is above the multiple of `step` below it. The remainder has the value's sign. */
const above = (value: string, step: string) => infix(infix(infix(value, "%", step), "+", step), "%", step);

function integerStart(value: string, base: keyof typeof LEAST, step: number): string {
  if (!Number.isSafeInteger(step) || step < 2)
    throw new Unmaskable(`a range of ${step} hides nothing of an integer`);
  const wide = cast(value, "int8");
  const by = numberConstant(step, "int8");
  const least = numberConstant(LEAST[base], "int8");
  const start = infix(wide, "-", above(wide, by));
  if (base !== "int8") return `GREATEST(${start}, ${least})`;
  return cases([[infix(wide, "<", infix(least, "+", by)), least]], start);
}

/** Below this a number of 131,072 digits could get one more, which is an error. */
const FAR_BELOW = "-1e100000";

function numericStart(value: string, column: ColumnDetail, step: number): string {
  const precision = precisionOf(column);
  // A little above, for what isn't exact.
  if (precision !== null && step <= 1.000001 * 10 ** -precision.scale) {
    throw new Unmaskable(`a range of ${step} hides nothing of a ${column.type}`);
  }
  const own = cast(value, "numeric");
  const by = numberConstant(step, "numeric");
  const far = numberConstant(FAR_BELOW, "numeric");
  const start = infix(own, "-", above(own, by));
  const least = precision && `-${"9".repeat(precision.precision)}e${-precision.scale}`;
  return cases(
    [
      // Of NaN and the infinities alone. PostgreSQL 13 can't read 'Infinity'.
      [infix(infix(own, "%", by), "=", numberConstant("NaN", "numeric")), own],
      [infix(own, "<", far), far],
    ],
    least === null ? start : `GREATEST(${start}, ${numberConstant(least, "numeric")})`,
  );
}

/** Quotients up to this are exact in float8. */
const EXACT = 1e15;
/** What float4 and float8 can hold, less some room: beyond is an error, as is what is nearer to zero than the least. */
const FLOATS = { float4: { least: 1e-36, most: 3e38 }, float8: { least: 1e-290, most: 1e290 } };

function floatStart(value: string, base: keyof typeof FLOATS, step: number): string {
  const { least, most } = FLOATS[base];
  if (step < least || step > most)
    throw new Unmaskable(`a range of ${step} does not fit the numbers of a ${base}`);
  const own = cast(value, "float8");
  const float = (of: number | string) => numberConstant(of, "float8");
  const bound = Math.min(step * EXACT, most);
  return cases(
    [
      ...["NaN", "Infinity", "-Infinity"].map((special) => [infix(own, "=", float(special)), own] as const),
      [infix(own, ">=", float(bound)), float(bound)],
      [infix(own, "<=", float(-bound)), float(-bound)],
      [`${infix(own, ">=", float(0))} AND ${infix(own, "<", float(step))}`, float(0)],
      [`${infix(own, "<", float(0))} AND ${infix(own, ">=", float(-step))}`, float(-step)],
    ],
    // In between neither the quotient nor the product leaves what float8 holds.
    infix(call("floor", infix(own, "/", float(step))), "*", float(step)),
  );
}

/**
 * In UTC, for what depends on the session's time zone tells more than the unit: a reader could move its bounds. The
 * first year of all has no beginning, and the last dates are no timestamps.
 */
function dateStart(value: string, base: "date" | "timestamp" | "timestamptz", unit: string): string {
  const own = cast(value, base);
  const plain = base === "timestamptz" ? call("timezone", textConstant("UTC"), own) : cast(own, "timestamp");
  const cut = call("date_trunc", textConstant(unit), plain);
  const at = (moment: string) => constant(moment, `pg_catalog.${base}`);
  const zone = base === "timestamptz" ? "+00" : "";
  const time = base === "date" ? "" : ` 00:00:00${zone}`;
  const last = at(`294000-01-01${time}`);
  return cases(
    [
      [`NOT ${call("isfinite", own)}`, own],
      [infix(own, "<", at(`4700-01-01${time} BC`)), at(`4713-01-01${time} BC`)],
      [infix(own, ">=", last), last],
    ],
    base === "timestamptz" ? call("timezone", textConstant("UTC"), cut) : cast(cut, base),
  );
}
