import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_DETECTORS } from "../../mask/detectors/modes.ts";
import { Scanner } from "../../mask/detectors/scanner.ts";
import type { PathStep } from "../../mask/document-labels.ts";
import { parseJsonPath } from "../../mask/document-pattern.ts";
import { JsonMask, type JsonRules } from "./json-mask.ts";
import { NOWHERE, rootPlace, type Treatment } from "./json-place.ts";
import { labelTreatment } from "./json-value.ts";
import { KEYS } from "./testing.ts";

export const NONE: JsonRules = { root: NOWHERE, objects: null };
export const HIDE: Treatment = labelTreatment(
  { name: "x", mask: { kind: "constant", value: "hidden" }, lookup: null },
  KEYS,
);
export const LEAVES: Treatment = { ...HIDE, container: null };

export function steps(path: string): PathStep[] {
  const parsed = parseJsonPath(path);
  assert.ok(!("fault" in parsed), path);
  return parsed;
}

export function rulesOf(...rules: [string, Treatment | null][]): JsonRules {
  return {
    root: rootPlace(rules.map(([path, treatment]) => ({ path: steps(path), treatment }))),
    objects: null,
  };
}

export function masked(
  rules: JsonRules,
  text: string | Buffer,
  { cuts = [] as readonly number[], detectors = false, nested = 0 } = {},
): string {
  const mask = new JsonMask({
    rules,
    scanner: detectors ? new Scanner(DEFAULT_DETECTORS) : null,
    count: () => {},
    nested,
  });
  const out: Buffer[] = [];
  const bytes = Buffer.from(text);
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    if (cut <= from) continue;
    mask.write(Buffer.from(bytes.subarray(from, cut)), out);
    from = cut;
  }
  mask.end(out);
  return Buffer.concat(out).toString();
}

/** How a document is written: blanks, and escapes where none are needed. */
export function written(value: unknown, blanks: () => string, isEscaped: () => boolean): string {
  const text = (one: string) =>
    isEscaped()
      ? `"${[...one]
          .flatMap((character) => Array.from({ length: character.length }, (_, i) => character.charCodeAt(i)))
          .map((code) => `\\u${code.toString(16).padStart(4, "0")}`)
          .join("")}"`
      : JSON.stringify(one);
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) {
    return `[${blanks()}${value.map((one) => written(one, blanks, isEscaped) + blanks()).join(`,${blanks()}`)}]`;
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(
      ([name, one]) => `${text(name)}${blanks()}:${blanks()}${written(one, blanks, isEscaped)}${blanks()}`,
    );
    return `{${blanks()}${members.join(`,${blanks()}`)}}`;
  }
  return JSON.stringify(value);
}

const NAMES = ["a", "b", "email", "e-mail", "É", "items", "deep"];
const name = fc.constantFrom(...NAMES);
export const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom("x", "", "ada@example.com", '"', "\\", "\\u0041", "\n", "ab\u0000"),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => !Object.is(one, -0)),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;
const step = fc
  .tuple(
    fc.boolean(),
    fc.oneof(
      name.map((one) => `['${one}']`),
      fc.constantFrom("[*]", "[0]", "[1]", "[2]"),
      fc.constantFrom("e*", "*a*", "*-*"),
    ),
  )
  .map(([deep, one]) => {
    if (one.startsWith("[")) return `${deep ? ".." : ""}${one}`;
    return `${deep ? ".." : "."}${one}`;
  });
export const path = fc.array(step, { minLength: 1, maxLength: 4 }).map((all) => `$${all.join("")}`);
export const ruleSet = fc.array(fc.tuple(path, fc.constantFrom(HIDE, HIDE, LEAVES, null)), { maxLength: 4 });
export const cutting = fc.array(fc.nat(400), { maxLength: 8 }).map((all) => all.toSorted((a, b) => a - b));
