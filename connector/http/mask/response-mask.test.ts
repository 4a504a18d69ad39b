import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Fields } from "../../../protocol/http/head.ts";
import { SEED } from "../../../protocol/seeded.ts";
import { DEFAULT_DETECTORS } from "../../mask/detectors/modes.ts";
import { mediaType } from "./media-type.ts";
import { fitsPath, segmentsOf } from "./path-pattern.ts";
import { type Masking, ResponseMasks } from "./response-mask.ts";
import { asked, LABELLED, OFF, STILL, shown, sight, through } from "./testing.ts";

console.log(`SEED=${SEED}`);
const TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
const STARS = "*".repeat(40);
/** Labels for one path alone. */
const USERS = sight("http", { labels: { "/users/** $..email": "pii.email" } });
const PLAIN = sight("http");
const json: Fields = [["content-type", "application/json"]];
const of = (seen: typeof PLAIN, path: string, fields: Fields = json, status = 200, method = "GET"): Masking =>
  new ResponseMasks("http", seen, STILL).of({ ...asked(path), method }, status, fields);

describe("which responses are looked at", () => {
  test("none, where there is nothing to look for", () => {
    assert.equal(of(sight("http", {}, OFF), "/").how, "untouched");
    assert.equal(of({ ...USERS, detectors: OFF }, "/other").how, "untouched");
    assert.equal(of({ ...USERS, masked: [], detectors: OFF }, "/users/1").how, "untouched");
    assert.equal(of({ ...USERS, detectors: OFF }, "/users/1").how, "masked");
  });

  test("none without a body", () => {
    for (const status of [204, 304, 101]) assert.equal(of(USERS, "/users/1", json, status).how, "untouched");
    assert.equal(of(USERS, "/users/1", json, 200, "HEAD").how, "untouched");
    assert.equal(of(USERS, "/users/1", [["content-length", "0"]]).how, "untouched");
  });

  const BINARY: [string, Fields, number?][] = [
    ["bytes", [["content-type", "application/octet-stream"]]],
    ["a picture", [["content-type", "image/png"]]],
    ["an archive", [["content-type", "application/zip"]]],
    ["a document", [["content-type", "application/pdf"]]],
    ["parts", [["content-type", "multipart/mixed; boundary=a"]]],
    ["ranges", [["content-type", "multipart/byteranges; boundary=a"]], 206],
    ["no type", []],
    ["two types", [...json, ["content-type", "image/png"]]],
    ["no such type", [["content-type", "json"]]],
    ["an empty type", [["content-type", ""]]],
    ["two types in one field", [["content-type", "text/plain, application/json"]]],
    ["UTF-16", [["content-type", "text/plain; charset=UTF-16"]]],
    ["UTF-7", [["content-type", "text/plain; charset=utf-7"]]],
    ["a charset of escapes", [["content-type", "text/plain; charset=iso-2022-jp"]]],
    ["two charsets", [["content-type", "text/plain; charset=utf-8; charset=latin1"]]],
    ["JSON in another charset", [["content-type", 'application/json;charset="utf-32"']]],
    ["JSON in Latin-1", [["content-type", "application/json; charset=iso-8859-1"]]],
    ["a part of JSON", json, 206],
    ["a part of a text", [["content-type", "text/plain"]], 206],
    ["protobuf", [["content-type", "application/x-protobuf"]]],
    ["gRPC", [["content-type", "application/grpc+proto"]]],
    ["msgpack", [["content-type", "application/msgpack"]]],
    ["CBOR", [["content-type", "application/cbor"]]],
  ];
  for (const [what, fields, status = 200] of BINARY) {
    test(`${what} can't be looked into`, () => {
      const masking = of(PLAIN, "/", fields, status);
      assert.equal(masking.how, "unreadable");
      assert.ok(masking.how === "unreadable" && masking.why !== "");
    });
  }

  test("with labels, of what is asked JSON and events alone", () => {
    for (const type of [
      "text/csv",
      "application/xml",
      "text/html",
      "application/yaml",
      "text/plain",
      "application/x-www-form-urlencoded",
    ]) {
      assert.equal(of(USERS, "/users/1", [["content-type", type]]).how, "unreadable", type);
      assert.equal(of(USERS, "/other", [["content-type", type]]).how, "masked", type);
    }
    for (const type of [
      "application/json",
      "application/problem+json",
      "application/x-ndjson",
      "text/json; charset=UTF-8",
      "text/event-stream",
    ]) {
      assert.equal(of(USERS, "/users/1", [["content-type", type]]).how, "masked", type);
    }
  });

  test("types are read as they are written", () => {
    assert.deepEqual(mediaType(['Application/JSON ; Charset = "UTF-8"']), {
      type: "application/json",
      kind: "json",
    });
    assert.equal(mediaType(["application/vnd.api+json"]).kind, "json");
    assert.equal(mediaType(["application/xhtml+xml"]).kind, "text");
    assert.equal(mediaType(["text/html; charset=windows-1252"]).kind, "text");
    assert.equal(mediaType(["application/x-www-form-urlencoded"]).kind, "form");
  });
});

describe("labels of an HTTP target", () => {
  const user = {
    email: "ada@example.com",
    ssn: "123-45-6789",
    name: "Ada",
    password: "x",
    items: [{ email: "b@c.de" }],
  };
  test("are for paths and values", () => {
    const out = JSON.parse(shown("http", LABELLED, asked("/users/1"), user));
    assert.equal(out.email, "a***@***.com");
    assert.match(out.ssn, /^masked_[0-9a-f]{32}$/);
    assert.equal(out.password, "hidden");
    assert.equal(out.items[0].email, "***@***.de");
    assert.equal(JSON.parse(shown("http", LABELLED, asked("/users/a/b"), user)).ssn, "***********");
    assert.equal(JSON.parse(shown("http", LABELLED, asked("/other"), user)).email, "ada@example.com");
  });

  const SAME = [
    "/users/1",
    "/users/1/",
    "/Users/1",
    "/USERS/1",
    "//users//1",
    "/users/./1".replace("/.", ""),
    "/users/1//",
  ];
  for (const path of SAME) {
    test(`${path} is the same path to a careless server`, () => {
      assert.doesNotMatch(shown("http", LABELLED, asked(path), user), /ada@/);
    });
  }

  test("none is taken exactly", () => {
    assert.match(shown("http", LABELLED, asked("/public/users/1"), user), /ada@/);
    const tricky = sight("http", { labels: { "/public/** $..email": "none", "$..email": "pii" } });
    assert.doesNotMatch(shown("http", tricky, asked("/PUBLIC/1"), user), /ada@/);
  });

  const PATHS: [pattern: string, fits: string[], not: string[]][] = [
    ["/a/*", ["/a/b", "/a/b/"], ["/a", "/a/b/c", "/b/a"]],
    ["/a/**", ["/a", "/a/b", "/a/b/c"], ["/b", "/ab"]],
    ["/**/x", ["/x", "/a/x", "/a/b/x"], ["/x/a"]],
    ["/v*/users", ["/v1/users", "/v/users"], ["/w1/users"]],
    ["/a/**/b/**/c", ["/a/b/c", "/a/1/b/2/3/c"], ["/a/c"]],
    ["/", ["/", ""], ["/a"]],
  ];
  for (const [pattern, fits, not] of PATHS) {
    test(`${pattern} fits what it says`, () => {
      const parts = segmentsOf(pattern);
      for (const path of fits) assert.ok(fitsPath(parts, segmentsOf(path), false), path);
      for (const path of not) assert.ok(!fitsPath(parts, segmentsOf(path), false), path);
    });
  }

  const EVASIONS: [what: string, body: string][] = [
    ["an escaped name", '{"\\u0065mail":"ada@example.com"}'],
    ["a name of escapes", '{"\\u0065\\u006d\\u0061\\u0069\\u006c":"ada@example.com"}'],
    ["a name twice", '{"email":1,"email":"ada@example.com"}'],
    ["depth", `${"[".repeat(400)}{"email":"ada@example.com"}${"]".repeat(400)}`],
    ["another document", '{}\n{"email":"ada@example.com"}'],
    ["another document at once", '{"a":1}{"email":"ada@example.com"}'],
    ["blanks", '\r\n\t {\n"email"\n:\n"ada@example.com"\n}'],
    ["a mark at the front", '\ufeff{"email":"ada@example.com"}'],
    ["an object", '{"email":{"ada@example.com":["ada@example.com"]}}'],
    ["an array", '{"email":[["ada@example.com"]]}'],
    ["a very long value", `{"email":"${"ada@example.com ".repeat(20_000)}"}`],
    ["escapes in the value", '{"email":"\\u0061da@example.com"}'],
    [
      "very many names before",
      `{${Array.from({ length: 5_000 }, (_, i) => `"n${i}":1`).join()},"email":"ada@example.com"}`,
    ],
  ];
  for (const [what, body] of EVASIONS) {
    test(`${what} hides nothing`, () => {
      for (const cuts of [[], [1, 5, 9, 20, 1_000, 40_000], Array.from({ length: 60 }, (_, i) => i)]) {
        const masking = of({ ...USERS, detectors: OFF }, "/users/1");
        const { text } = through(masking, body, cuts);
        assert.doesNotMatch(text, /da@example/);
      }
    });
  }

  const BROKEN = [
    `{"email":"ada@example.com"`,
    `{email:"ada@example.com"}`,
    `callback({"email":"ada@example.com"})`,
    "a: 1",
    `{"a":NaN,"email":"x@y.de"}`,
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  ];
  for (const body of BROKEN) {
    test(`${JSON.stringify(body.toString()).slice(0, 40)} is broken off, and shows nothing`, () => {
      const masking = of(USERS, "/users/1");
      assert.throws(
        () => through(masking, body),
        (error) =>
          error instanceof SallyportError &&
          error.code === "protocol_violation" &&
          !error.message.includes("ada"),
      );
    });
  }

  test("after it was broken off nothing more goes on", () => {
    const masking = of(USERS, "/users/1");
    assert.ok(masking.how === "masked");
    const mask = masking.open(() => {});
    assert.throws(() => mask.write(Buffer.from("nonsense")));
    assert.throws(() => mask.write(Buffer.from('{"email":"ada@example.com"}')));
    const other = masking.open(() => {});
    assert.throws(() => other.write(Buffer.from([0x22, 0xff, 0x22])));
    assert.throws(() => other.write(Buffer.from("1")));
    assert.throws(() => other.end());
  });

  test("are counted", () => {
    const { findings } = through(of(LABELLED, "/users/1"), JSON.stringify(user));
    assert.deepEqual(findings.labels, { "pii.email": 2, "pii.ssn": 1, secret: 1 });
  });
});

describe("without labels", () => {
  test("what is no JSON is masked as text, from where that shows", () => {
    for (const text of [
      `{"a":"${TOKEN}", oops "${TOKEN}`,
      `x ${TOKEN}`,
      `{"a":1}}} ${TOKEN}`,
      `["\\q ${TOKEN}"]`,
      `{"a":"${TOKEN}`,
    ]) {
      for (const cuts of [[], [3], [8, 20, 30], Array.from({ length: 80 }, (_, i) => i)]) {
        const { text: out } = through(of(PLAIN, "/"), text, cuts);
        // Of what comes byte by byte the first three may have gone on before it is told what they begin.
        assert.equal(out.length, text.length);
        assert.ok(!out.includes(TOKEN.slice(3)), out);
      }
    }
  });

  test("texts are masked in their length", () => {
    for (const type of [
      "text/plain",
      "text/html; charset=iso-8859-1",
      "application/xml",
      "text/csv",
      "application/javascript",
      "image/svg+xml",
    ]) {
      const out = shown("http", PLAIN, asked("/"), `<a>${TOKEN}</a>`, type);
      assert.equal(out, `<a>${STARS}</a>`);
    }
  });

  test("a text in UTF-16 that does not say so is broken off", () => {
    for (const text of [
      Buffer.from(`\ufeff${TOKEN}`, "utf16le"),
      Buffer.from(TOKEN, "utf16le"),
      Buffer.from(`\ufeff${TOKEN}`, "utf16le").swap16(),
    ]) {
      for (const cuts of [[], [1], [1, 2]])
        assert.throws(
          () => through(of(PLAIN, "/", [["content-type", "text/plain"]]), text, cuts),
          SallyportError,
        );
    }
  });

  test("forms are looked at decoded, field by field", () => {
    const form: Fields = [["content-type", "application/x-www-form-urlencoded"]];
    const card = "card=4111+1111%201111+1111&x=%C3%A9+y&token=gh%70_0123456789abcdefghijABCDEFGHIJ012345";
    const expected = `card=*******************&x=%C3%A9+y&token=${STARS}`;
    for (let cut = 0; cut < card.length; cut += 1)
      assert.equal(through(of(PLAIN, "/", form), card, [cut]).text, expected);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string())), (pairs) => {
        const text = new URLSearchParams(pairs).toString();
        assert.equal(
          shown("http", sight("http", {}, DEFAULT_DETECTORS), asked("/"), text, form[0]![1]),
          text,
        );
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});
