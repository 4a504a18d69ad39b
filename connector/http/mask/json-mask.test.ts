import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SEED } from "../../../protocol/seeded.ts";
import { DEFAULT_DETECTORS } from "../../mask/detectors/modes.ts";
import { Scanner } from "../../mask/detectors/scanner.ts";
import type { PathStep } from "../../mask/document-labels.ts";
import { JsonMask, MAX_DEPTH, Malformed } from "./json-mask.ts";
import { type PathRule, rootPlace, type Treatment } from "./json-place.ts";
import {
  cutting,
  HIDE,
  json,
  LEAVES,
  masked,
  NONE,
  ruleSet,
  rulesOf,
  steps,
  written,
} from "./json-testing.ts";

console.log(`SEED=${SEED}`);

/** Whether these steps lead to a place, by going all ways there are. */
function leads(path: readonly PathStep[], place: readonly (string | number)[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return place.length === 0;
  const [key, ...below] = place;
  if (key === undefined) return false;
  const { selects, deep } = first;
  if (deep && leads(path, below)) return true;
  const fits =
    selects.kind === "any" ||
    (selects.kind === "index" && selects.index === key) ||
    (selects.kind === "name" && selects.name === key) ||
    (selects.kind === "pattern" &&
      typeof key === "string" &&
      new RegExp(`^${selects.parts.map((part) => part).join(".*")}$`, "su").test(key));
  return fits && leads(rest, below);
}

/** Slowly, of the parsed value. */
function reference(
  rules: readonly PathRule[],
  value: unknown,
  place: readonly (string | number)[],
  inherited: Treatment | null,
): unknown {
  const own = rules.find((rule) => leads(rule.path, place))?.treatment ?? null;
  const treatment = inherited ?? own;
  if (typeof value === "object" && value !== null) {
    if (treatment !== null && treatment.container !== null) return JSON.parse(treatment.container);
    if (Array.isArray(value)) {
      return value.map((one, index) => reference(rules, one, [...place, index], treatment));
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, reference(rules, one, [...place, key], treatment)]),
    );
  }
  if (value === null || treatment === null) return value;
  const type = typeof value as "string" | "number" | "boolean";
  return JSON.parse(treatment.scalar({ type, text: String(value), key: null }) ?? "null");
}

describe("labels in JSON", () => {
  test("mask what a slow reader of the parsed document would, however it is written and cut", () => {
    fc.assert(
      fc.property(json, ruleSet, cutting, fc.infiniteStream(fc.nat(5)), (value, rules, cuts, luck) => {
        const blanks = () => ["", "", "", " ", "\n", "\t \r"][luck.next().value]!;
        const text = written(value, blanks, () => luck.next().value === 5);
        const read = rules.map(([one, treatment]) => ({ path: steps(one), treatment }));
        const out = masked({ root: rootPlace(read), objects: null }, text, { cuts });
        const expected = reference(read, JSON.parse(text), [], null);
        assert.deepEqual(JSON.parse(out), expected);
        if (JSON.stringify(expected) === JSON.stringify(JSON.parse(text)) && !rules.some(([, one]) => one)) {
          assert.equal(out, text);
        }
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  test("leave all bytes around a masked value as they are", () => {
    const text = `\ufeff{ "a" :\t1.0e+1 , "\\u0065mail"\r\n:  "x" ,"b":[ ]\n,"c": "\\u00e9\\/" }\n\n`;
    assert.equal(masked(rulesOf(["$.email", HIDE]), text), text.replace('"x"', '"hidden"'));
  });

  test("are applied to each of several documents", () => {
    const text = `{"a":1}{"a":"2"}\n[{"a":3}]\u001e{"a":4} 5 "a" null`;
    const expected = `{"a":null}{"a":"hidden"}\n[{"a":3}]\u001e{"a":null} 5 "a" null`;
    for (let cut = 0; cut < text.length; cut += 1) {
      assert.equal(masked(rulesOf(["$.a", HIDE]), text, { cuts: [cut] }), expected);
    }
  });

  test("hold of every one of several members of a name", () => {
    assert.equal(
      masked(rulesOf(["$.a", HIDE]), `{"a":"1","a":"2","\\u0061":"3"}`),
      `{"a":"hidden","a":"hidden","\\u0061":"hidden"}`,
    );
  });

  test("hide a string that is longer than what is held, and an object however large", () => {
    const long = "x".repeat(300_000);
    const rules = rulesOf(["$.a", HIDE], ["$.b", HIDE], ["$..c", LEAVES]);
    const text = JSON.stringify({ a: long, b: [long, { c: [long] }], c: { d: long }, e: long });
    for (const cuts of [
      [],
      [70_000],
      [1, 2, 3, 66_000, 66_001, 140_000, 400_000, 700_000, 900_000, 1_200_000],
    ]) {
      const out = masked(rules, text, { cuts });
      assert.deepEqual(JSON.parse(out), { a: "hidden", b: "hidden", c: { d: "hidden" }, e: long });
    }
  });

  test("take little time and memory for a string that comes byte by byte", () => {
    const mask = new JsonMask({ rules: rulesOf(["$.a", HIDE]), scanner: null, count: () => {}, nested: 3 });
    const out: Buffer[] = [];
    const began = performance.now();
    mask.write(Buffer.from('{"a":"{'), out);
    for (let i = 0; i < 300_000; i += 1) mask.write(Buffer.from("x"), out);
    mask.write(Buffer.from('"}'), out);
    assert.ok(performance.now() - began < 20_000);
    assert.equal(Buffer.concat(out).toString(), '{"a":"hidden"}');
  });
});

describe("what can be told goes on in the same write", () => {
  test("an event of a watch, a document, and all but an open string", () => {
    const mask = new JsonMask({
      rules: rulesOf(["$.a", HIDE]),
      scanner: new Scanner(DEFAULT_DETECTORS),
      count: () => {},
      nested: 4,
    });
    const pass = (text: string): string => {
      const out: Buffer[] = [];
      mask.write(Buffer.from(text), out);
      return Buffer.concat(out).toString();
    };
    assert.equal(pass('{"a":1}\n'), '{"a":null}\n');
    assert.equal(pass('{"type":"ADDED","object":{"n":[1,2]}}'), '{"type":"ADDED","object":{"n":[1,2]}}');
    assert.equal(pass('\n{"b":"x","c":"yyy'), '\n{"b":"x",');
    assert.equal(pass('y"'), '"c":"yyyy"');
    assert.equal(pass(',"a"'), ",");
    assert.equal(pass(":"), "");
    assert.equal(pass(" 12"), "");
    assert.equal(pass("}"), '"a": null}');
  });
});

const BROKEN = [
  ["a lone byte of UTF-8", Buffer.from([0x22, 0x80, 0x22])],
  ["half a character", Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3]), Buffer.from('"}')])],
  ["an overlong quote", Buffer.concat([Buffer.from('["'), Buffer.from([0xc0, 0xa2]), Buffer.from('"]')])],
  ["a surrogate as UTF-8", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ["UTF-16", Buffer.from('{"a":1}', "utf16le")],
  ["UTF-16 with a mark", Buffer.from('\ufeff{"a":1}', "utf16le")],
  ["NaN", "[NaN]"],
  ["Infinity", "[-Infinity]"],
  ["a comment", '{"a":1 /* x */}'],
  ["a line comment", '// x\n{"a":1}'],
  ["single quotes", "{'a':1}"],
  ["a name without quotes", "{a:1}"],
  ["a comma too many", '{"a":1,}'],
  ["a comma too many in an array", "[1,]"],
  ["no comma", "[1 2]"],
  ["a colon in an array", '["a":1]'],
  ["no colon", '{"a" 1}'],
  ["no value", '{"a":}'],
  ["another bracket", '{"a":1]'],
  ["a bracket too many", "{}}"],
  ["an end too early", '{"a":[1'],
  ["an open string", '"abc'],
  ["a line end in a string", '"a\nb"'],
  ["a zero byte in a string", '"a\0b"'],
  ["an escape that is none", '{"a":"\\x41"}'],
  ["half an escape", '{"\\u00":1}'],
  ["a leading zero", "[01]"],
  ["a plus", "[+1]"],
  ["half a number", "[1.]"],
  ["half an exponent", "[1e]"],
  ["a literal that is none", "[nul]"],
  ["capitals", "[TRUE]"],
  ["a number with very many digits", `[${"1".repeat(5_000)}]`],
  ["a prefix against inclusion", `)]}',\n{"a":1}`],
  ["HTML", "<html></html>"],
  ["depth", "[".repeat(MAX_DEPTH + 1)],
] as const;

describe("what is no JSON", () => {
  for (const [what, text] of BROKEN) {
    test(`${what} is told, cut anywhere`, () => {
      for (const cut of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100_000]) {
        assert.throws(() => masked(rulesOf(["$.a", HIDE]), text, { cuts: [cut] }), Malformed);
      }
    });
  }

  test("a name that does not end is not waited for", () => {
    const text = `{"${"a".repeat(200_000)}":1}`;
    assert.throws(() => masked(NONE, text, { cuts: [100_000] }), Malformed);
  });

  test("whatever JSON.parse refuses", () => {
    const bytes = fc.constantFrom(
      ...'{}[]",:\\ \n0123e-+.tu"a"nl'.split(""),
      "true",
      "null",
      '"a":',
      "\\u0041",
    );
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 12 }), cutting, (parts, cuts) => {
        const text = parts.join("");
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        let out: string | null = null;
        try {
          out = masked(rulesOf(["$..zzz", HIDE]), text, { cuts });
        } catch (error) {
          if (!(error instanceof Malformed)) throw error;
        }
        if (isJson) assert.equal(out, text);
        // Several documents are taken as well, one behind the other.
        else if (out !== null) assert.equal(out, text);
      }),
      { seed: SEED, numRuns: 10_000 },
    );
  });
});
