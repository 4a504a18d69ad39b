import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { seedOf } from "../seeded.ts";
import { type BodyToRead, httpFacts } from "./facts-of.ts";
import { readJson } from "./json.ts";
import { readTarget } from "./target.ts";

const TARGET = readTarget("/a?b=c", { encodedSlashes: false });

function facts(contentType: string | null, body: string | Uint8Array | null, more: Partial<BodyToRead> = {}) {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return httpFacts(TARGET, { contentType, contentEncoding: null, body: bytes, streamed: false, ...more });
}

const json = (body: string | Uint8Array) => facts("application/json", body);

describe("a body in JSON", () => {
  test("has its leaves told, in order, as they were written", () => {
    const body =
      '{"user":{"name":"a","roles":["x","y"],"big":12345678901234567890,"n":-0.10e2},"ok":true,"none":null,"e":{},"l":[]}';
    assert.deepEqual(json(body), {
      type: "http",
      path: "/a",
      query: [["b", "c"]],
      bodyForm: "json",
      fields: [
        ["user.name", "a"],
        ["user.roles[]", "x"],
        ["user.roles[]", "y"],
        ["user.big", "12345678901234567890"],
        ["user.n", "-0.10e2"],
        ["ok", "true"],
        ["none", "null"],
        ["e", "{}"],
        ["l", "[]"],
      ],
      opaque: [],
    });
    assert.deepEqual(json('"a"').fields, [["", "a"]]);
    assert.deepEqual(json("[[1]]").fields, [["[][]", "1"]]);
  });

  test("has no path that reads like another's", () => {
    const body = '{"a.b":1,"a":{"b":2},"a[]":3,"":4,"a\\"]":5,"__proto__":6,"é":7}';
    assert.deepEqual(json(body).fields, [
      ['["a.b"]', "1"],
      ["a.b", "2"],
      ['["a[]"]', "3"],
      ['[""]', "4"],
      ['["a\\"]"]', "5"],
      ["__proto__", "6"],
      ['["é"]', "7"],
    ]);
  });

  const differing: [what: string, body: string | Uint8Array][] = [
    ["a name twice", '{"a":1,"a":2}'],
    ["a name twice, once by an escape", '{"role":1,"r\\u006fle":2}'],
    ["a name twice further in", '[{"x":{"a":1,"b":2,"a":1}}]'],
    ["names that differ in case", '{"role":1,"Role":2}'],
    ["half a character", '"\\ud800"'],
    ["a byte order mark", "\ufeff{}"],
    ["UTF-16", Buffer.from('{"a":1}', "utf16le")],
    ["no UTF-8", Buffer.from('{"a":"é"}', "latin1")],
    ["an overlong form", Buffer.from([0x22, 0xc0, 0xa2, 0x22])],
    ["a trailing comma", '{"a":1,}'],
    ["a comment", '{"a":1/**/}'],
    ["single quotes", "{'a':1}"],
    ["a name without quotes", "{a:1}"],
    ["more after the value", '{"a":1}{"a":2}'],
    ["a closing bracket too many", '{"a":1}}'],
    ["none of the closing brackets", '{"a":[1'],
    ["a number with a leading zero", '{"a":01}'],
    ["a number with a plus", '{"a":+1}'],
    ["a hexadecimal number", '{"a":0x1}'],
    ["no number", '{"a":NaN}'],
    ["a number without digits after the point", '{"a":1.}'],
    ["a control character in a text", '{"a":"\n"}'],
    ["a wrong escape", '{"a":"\\x41"}'],
    ["another blank", '{"a":\u00a01}'],
    ["a null after it", '{"a":1}\0'],
    ["nothing but blanks", "  "],
    ["too many levels", `${"[".repeat(100)}${"]".repeat(100)}`],
    ["levels without end", "[".repeat(1_000_000)],
    ["too many leaves", `[${"1,".repeat(2000)}1]`],
    ["too much text", JSON.stringify(["x".repeat(600_000)])],
    ["a field for the method", '{"_method":"DELETE"}'],
  ];
  for (const [what, body] of differing) {
    test(`is not all told where it has ${what}`, () => {
      const { opaque, fields } = json(body);
      assert.equal(opaque.length, 1);
      assert.ok(fields.length <= 2000);
    });
  }

  test("of whatever text is read as JSON.parse does, or not at all", (t) => {
    const seed = seedOf(t);
    const piece = fc.constantFrom(
      ...'{}[],:"\\aé1-0.e+ \n\u0000'.split(""),
      '"a"',
      "true",
      "null",
      "1.5e3",
      '\\"',
      "\\u00e9",
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
      fc.json(),
    );
    fc.assert(
      fc.property(text, (one) => {
        let parsed: unknown;
        try {
          parsed = { value: JSON.parse(one) };
        } catch {
          parsed = null;
        }
        const { value, opaque } = readJson(one, { foldCase: false });
        assert.equal(value === undefined, parsed === null, one);
        assert.ok(value !== undefined || opaque.length === 1);
      }),
      { seed, numRuns: 5000 },
    );
  });
});

describe("a form", () => {
  const form = (body: string) => facts("application/x-www-form-urlencoded", body);

  test("has its fields told, in order", () => {
    const { bodyForm, fields, opaque } = form("a=1&b+c=%26+d&a=2&&e&user[name]=x");
    assert.equal(bodyForm, "form");
    assert.deepEqual(fields, [
      ["a", "1"],
      ["b c", "& d"],
      ["a", "2"],
      ["e", ""],
      ["user[name]", "x"],
    ]);
    assert.deepEqual(opaque, []);
  });

  for (const body of [
    "a=1;b=2",
    "a=%ff",
    "a=%zz",
    "a=%",
    "a=%00",
    "a=é",
    "a=1\n&b=2",
    "_method=DELETE",
    "a&".repeat(2001),
  ]) {
    test(`is not all told where it is ${JSON.stringify(body).slice(0, 20)}`, () => {
      assert.equal(form(body).opaque.length, 1);
    });
  }
});

describe("a body that is not taken apart", () => {
  const kinds: [contentType: string | null, bodyForm: string, more?: Partial<BodyToRead>][] = [
    ["text/plain", "text"],
    ["application/xml", "text"],
    ["image/svg+xml", "text"],
    ["multipart/form-data; boundary=x", "unread"],
    ["application/octet-stream", "unread"],
    ["application/json; charset=utf-16", "unread"],
    ["application/json; charset=utf-8; charset=utf-7", "unread"],
    ["application/jsonx", "unread"],
    ["json", "unread"],
    [null, "unread"],
    ["application/json", "unread", { contentEncoding: "gzip" }],
    ["application/json", "unread", { contentEncoding: "identity, gzip" }],
    ["application/json", "unread", { body: null, streamed: true }],
  ];
  for (const [contentType, bodyForm, more] of kinds) {
    test(`says so: ${contentType} ${JSON.stringify(more ?? "")}`, () => {
      const told = facts(contentType, "{}", more);
      assert.equal(told.bodyForm, bodyForm);
      assert.equal(told.opaque.length, 1);
      assert.deepEqual(told.fields, []);
    });
  }

  test("is none where there is none", () => {
    for (const body of [null, ""]) assert.equal(facts("application/json", body).bodyForm, "none");
    assert.deepEqual(facts(null, null).opaque, []);
  });

  test("is JSON by any of its names", () => {
    for (const type of [
      "Application/JSON",
      "application/json;charset=UTF-8",
      "application/vnd.api+json",
      "text/json",
      'application/json ; x="a;b"',
    ]) {
      assert.equal(facts(type, "{}").bodyForm, "json", type);
    }
    assert.equal(facts("application/json", "{}", { contentEncoding: "identity" }).bodyForm, "json");
  });
});

test("why the query may be read in another way is told beside why the body may", () => {
  const target = readTarget("/?a;b", { encodedSlashes: false });
  const body = { contentType: "text/plain", contentEncoding: null, body: Buffer.from("x"), streamed: false };
  assert.equal(httpFacts(target, body).opaque.length, 2);
});
