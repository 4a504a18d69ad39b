import type { ColumnDetail } from "../../../protocol/sql/catalog.ts";
import type { Mask } from "../../mask/labels.ts";
import { asText, isText, lengthOf, precisionOf } from "./column-type.ts";
import { call, cast, infix, numberConstant, textConstant } from "./terms.ts";
import { Unmaskable } from "./unmaskable.ts";

/** The keys of hashes: one of each session, one of the target, null where it has none. Hexadecimal. */
export interface MaskKeys {
  session: string;
  target: string | null;
}

/** What a hashed text begins with. */
export const HASH_PREFIX = "masked_";
/** Hexadecimal digits of a hashed text, as many as a uuid has. */
export const HASH_DIGITS = 32;
/** With fewer after the prefix too many values would be the same: a text so short has digits alone. */
export const HASH_DIGITS_MIN = 8;

/** Whether the hashes of this column's texts have digits alone. */
export function isBareHash(column: ColumnDetail): boolean {
  return (lengthOf(column) ?? Number.POSITIVE_INFINITY) < HASH_PREFIX.length + HASH_DIGITS_MIN;
}

/**
 * The hash of a value that isn't NULL, of a type that is cast to the column's. Texts of all types have the same where
 * they are the same, numbers where they are equal. Throws Unmaskable for types of few values or whose text depends on
 * the session's settings.
 */
export function hashed(
  value: string,
  column: ColumnDetail,
  { scope }: Extract<Mask, { kind: "hash" }>,
  keys: MaskKeys,
): string {
  const key = scope === "session" ? keys.session : keys.target;
  if (key === null) throw new Unmaskable("its hash is the target's, which has no maskKey");
  if (isText(column)) {
    const digits = hexadecimal(asText(value, column), key);
    return isBareHash(column) ? digits : infix(textConstant(HASH_PREFIX), "||", digits);
  }
  switch (column.base) {
    case "uuid":
      return hexadecimal(cast(value, "text"), key);
    case "int2":
      return cast(infix(number(cast(value, "text"), key), "&", numberConstant(0x7fff, "int8")), "int2");
    case "int4":
      return cast(infix(number(cast(value, "text"), key), "&", numberConstant(0x7fffffff, "int8")), "int4");
    case "int8":
      return number(cast(value, "text"), key);
    case "numeric":
      return decimal(number(numberText(value), key), column);
    case "bytea":
      return call(
        "sha256",
        infix(call("decode", textConstant(key), textConstant("escape")), "||", cast(value, "bytea")),
      );
    case "json":
    case "jsonb": {
      const digits = hexadecimal(cast(value, "text"), key);
      return infix(infix(textConstant(`"${HASH_PREFIX}`), "||", digits), "||", textConstant('"'));
    }
    default:
      throw new Unmaskable(`a column of type ${column.type} has no hash; mask it as null or constant`);
  }
}

/** Equal numbers have the same text, `1.0` and `1.00` too. */
export const numberText = (value: string) => cast(call("trim_scale", cast(value, "numeric")), "text");

/**
 * 32 hexadecimal digits. `decode` gives the bytes of the text as they are when its backslashes are doubled; what
 * converts to UTF-8 fails for texts of a database without an encoding.
 */
export function hexadecimal(text: string, key: string): string {
  const whole = infix(textConstant(key), "||", text);
  const bytes = call(
    "decode",
    call("replace", whole, textConstant("\\"), textConstant("\\\\")),
    textConstant("escape"),
  );
  const digest = call("encode", call("sha256", bytes), textConstant("hex"));
  return call("left", digest, numberConstant(HASH_DIGITS, "int4"));
}

/** 60 bits as int8, never negative. */
function number(text: string, key: string): string {
  const digits = call("left", hexadecimal(text, key), numberConstant(15, "int4"));
  return cast(cast(infix(textConstant("x"), "||", digits), "bit(60)"), "int8");
}

/** As many digits as the column has. */
function decimal(hash: string, column: ColumnDetail): string {
  const precision = precisionOf(column);
  if (precision === null) return cast(hash, "numeric");
  const bound = numberConstant(`1${"0".repeat(Math.min(precision.precision, 18))}`, "int8");
  return infix(
    cast(infix(hash, "%", bound), "numeric"),
    "*",
    numberConstant(`1e${-precision.scale}`, "numeric"),
  );
}
