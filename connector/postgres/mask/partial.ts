import type { ColumnDetail } from "../../../protocol/sql/catalog.ts";
import type { Mask } from "../../mask/labels.ts";
import { asText, isText, lengthOf } from "./column-type.ts";
import { call, cases, infix, joined, numberConstant, textConstant } from "./terms.ts";
import { Unmaskable } from "./unmaskable.ts";

/** What stands for the hidden part. */
export const STARS = "***";

/** Characters or digits below which the last four are too much of the whole. */
const ENOUGH = 8;

/** Parts of a text that isn't NULL, as text. Throws Unmaskable for what is none. */
export function partialText(
  value: string,
  column: ColumnDetail,
  { as }: Extract<Mask, { kind: "partial" }>,
): string {
  if (!isText(column))
    throw new Unmaskable(`a column of type ${column.type} is no text, of which a part could be shown`);
  const stars = textConstant(STARS);
  // What is cut to fewer characters would lose its stars.
  if ((lengthOf(column) ?? Number.POSITIVE_INFINITY) <= STARS.length) return stars;
  const text = asText(value, column);
  switch (as) {
    case "email":
      return email(text);
    case "phone":
    case "card": {
      const digits = call(
        "regexp_replace",
        text,
        textConstant("[^0-9]"),
        textConstant(""),
        textConstant("g"),
      );
      return lastFour(digits);
    }
    case "last4":
      return lastFour(text);
    case "text":
      return first(text);
  }
}

const atLeast = (value: string, count: number) => infix(value, ">=", numberConstant(count, "int4"));

const start = (text: string) => call("left", text, numberConstant(1, "int4"));

function first(text: string): string {
  const stars = textConstant(STARS);
  return cases([[atLeast(call("length", text), 3), infix(start(text), "||", stars)]], stars);
}

function lastFour(text: string): string {
  const stars = textConstant(STARS);
  const last = call("right", text, numberConstant(4, "int4"));
  return cases([[atLeast(call("length", text), ENOUGH), infix(stars, "||", last)]], stars);
}

/** `j***@***.com`. A last label is shown that can be a country's or `com`: what stands there in no address may be anything. */
function email(text: string): string {
  const at = call("strpos", text, textConstant("@"));
  const label = call("substring", text, textConstant("([.][A-Za-z]{2,4})$"));
  return cases(
    [
      [
        atLeast(at, 1),
        joined(
          cases([[atLeast(at, 3), start(text)]], textConstant("")),
          "||",
          textConstant(`${STARS}@${STARS}`),
          `COALESCE(${label}, ${textConstant("")})`,
        ),
      ],
    ],
    first(text),
  );
}
