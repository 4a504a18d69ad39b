import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { seedOf } from "../seeded.ts";
import { readTarget } from "./target.ts";
import { codeOf } from "./testing.ts";

const STRICT = { encodedSlashes: false };
const LOOSE = { encodedSlashes: true };

describe("a target that is refused", () => {
  const attacks: [what: string, targets: string[]][] = [
    [
      "no origin form",
      ["", "*", "admin", "http://evil/", "https://evil/a", "evil:443", "?a=b", "\\\\evil\\a"],
    ],
    [
      "another host",
      ["//evil/a", "//user@evil/a", "/a//evil", "/a//", "///", "/%2f%2fevil", "/\\evil", "/%5cevil"],
    ],
    [
      "a dot segment",
      ["/.", "/..", "/./a", "/a/.", "/a/..", "/a/../b", "/../../etc/passwd", "/a/..?x", "/a/."],
    ],
    ["an encoded dot segment", ["/%2e", "/%2E%2E/a", "/a/%2e%2e/b", "/a/.%2e/b", "/a/%2e./b", "/a/%2e/b"]],
    ["a dot that is encoded without need", ["/a%2ephp", "/%2egit/config", "/a/..%2e/b"]],
    [
      "an escape that is escaped",
      ["/%252e%252e/a", "/%252fa", "/a%255cb", "/%25%32%65", "/%2525", "/a%2541", "/%25ff"],
    ],
    [
      "letters and digits that are encoded",
      ["/%61dmin", "/admi%6e", "/%41dmin", "/v%31", "/a%2Db", "/a%5Fb", "/%7a"],
    ],
    ["an encoded slash", ["/a%2fb", "/a%2Fb", "/%2f", "/a/%2f/b", "/a%2f..%2fb", "/..%2fa"]],
    ["a backslash", ["/a\\b", "/..\\a", "/a%5cb", "/a%5C..%5Cb", "/\\"]],
    [
      "a path parameter",
      ["/a;b", "/a;b=c/d", "/..;/a", "/admin;.css", "/a/;/b", "/a%3bb", "/..%3B/a", "/;jsessionid=1"],
    ],
    [
      "a control character",
      ["/a%00", "/a%00.png", "/%0d%0aX:1", "/a%0ab", "/a%09", "/a%1f", "/a%7f", "/a%C2%80", "/a%C2%85"],
    ],
    [
      "raw characters that are none of a URL",
      ["/a b", "/a\tb", "/a\nb", "/a\r\nHost: evil", "/é", "/a\0", "/a\x7fb", "/．．/"],
    ],
    ["characters that must be encoded", ['/a"b', "/a<b", "/a>b", "/a^b", "/a`b", "/a{b}", "/a|b"]],
    ["a fragment", ["/a#b", "/#", "/a?b#c", "/a#/../b"]],
    [
      "a broken escape",
      [
        "/%",
        "/a%",
        "/a%2",
        "/a%zz",
        "/a%u002e",
        "/%u002e%u002e/a",
        "/a%%20",
        "/a%-1",
        "/?a=%",
        "/?a=%zz",
        "/?%u0041",
      ],
    ],
    ["no UTF-8", ["/%ff", "/%c3", "/%c3%28", "/%ed%a0%80", "/%f5%80%80%80", "/a%e9b"]],
    [
      "an overlong form",
      ["/%c0%ae%c0%ae/a", "/%c0%af", "/%e0%80%ae", "/%e0%80%af", "/%f0%80%80%af", "/%c1%9c", "/%c0%80"],
    ],
    [
      "a look-alike of a slash",
      ["/a%EF%BC%8Fb", "/a%E2%88%95b", "/a%E2%81%84b", "/a%E2%A7%B8b", "/a%E2%84%80b", "/a%E2%85%93b"],
    ],
    ["a look-alike of a backslash", ["/a%EF%BC%BCb", "/a%EF%B9%A8b", "/a%E2%88%96b", "/a%E2%A7%B5b"]],
    [
      "a look-alike of dots",
      ["/%EF%BC%8E%EF%BC%8E/a", "/%E2%80%A4%E2%80%A4/a", "/%E2%80%A5/a", "/%EF%BC%8E/a", "/.%EF%BC%8E/a"],
    ],
    ["a look-alike of a semicolon or percent sign", ["/a%EF%BC%9Bb", "/%EF%BC%852e", "/a%CD%BEb"]],
    [
      "another method",
      [
        "/a?_method=DELETE",
        "/a?_METHOD=put",
        "/a?x=1&_method=DELETE",
        "/a?X-HTTP-Method-Override=PUT",
        "/a?x_http_method=PUT",
        "/a?%5Fmethod=DELETE",
        "/a?$httpMethod=DELETE",
      ],
    ],
    ["too long", [`/${"a".repeat(16 * 1024)}`]],
  ];
  for (const [what, targets] of attacks) {
    test(`is ${what}`, () => {
      for (const target of targets)
        assert.equal(
          codeOf(() => readTarget(target, STRICT)),
          "invalid_request",
          target,
        );
    });
  }

  test("is one with dot segments between slashes that may be encoded", () => {
    for (const target of [
      "/a%2f..%2fb",
      "/a/..%2fb",
      "/%2f..",
      "/a%2f.",
      "/a%2F%5c",
      "/a%252fb",
      "/a%2f%2e%2e",
    ]) {
      assert.equal(
        codeOf(() => readTarget(target, LOOSE)),
        "invalid_request",
        target,
      );
    }
  });

  test("says what to do instead, and not what was sent", () => {
    assert.throws(
      () => readTarget("/hunter2/../a", STRICT),
      (error: Error & { hint?: string }) => {
        assert.match(error.message, /dot segment/);
        assert.match(error.hint!, /lead to/);
        assert.ok(!`${error.message}${error.hint}`.includes("hunter2"));
        return true;
      },
    );
  });
});

describe("a target that is read", () => {
  const path = (target: string, options = STRICT) => readTarget(target, options).path;

  test("has its path as every server decodes it", () => {
    assert.equal(path("/"), "/");
    assert.equal(path("/a/b"), "/a/b");
    assert.equal(path("/a/b/"), "/a/b/");
    assert.equal(path("/v1/projects/x:method"), "/v1/projects/x:method");
    assert.equal(path("/@scope/pkg"), "/@scope/pkg");
    assert.equal(path("/a%20b"), "/a b");
    assert.equal(path("/a+b"), "/a+b");
    assert.equal(path("/caf%C3%A9"), "/café");
    assert.equal(path("/%F0%9F%98%80"), "/😀");
    assert.equal(path("/100%25"), "/100%");
    assert.equal(path("/~user/a,b=c&d!e$f'g(h)*"), "/~user/a,b=c&d!e$f'g(h)*");
    assert.equal(path("/..."), "/...");
    assert.equal(path("/.well-known/a..b"), "/.well-known/a..b");
    assert.equal(path("/a%3Fb%23c"), "/a?b#c");
    assert.equal(path("/[::1]"), "/[::1]");
  });

  test("keeps an encoded slash apart from one that isn't", () => {
    assert.deepEqual(readTarget("/a%2fb/c", LOOSE).segments, ["a%2Fb", "c"]);
    assert.equal(path("/a%2Fb", LOOSE), "/a%2Fb");
    // Nothing else reads like it: a percent sign before two hex digits is refused.
    assert.equal(
      codeOf(() => readTarget("/a%252Fb", LOOSE)),
      "invalid_request",
    );
  });

  test("has its query in order, as forms are decoded", () => {
    assert.deepEqual(
      readTarget("/?a=1&b=%26&a=2&c&=d&&e=f=g&h+i=j+k&é".replace("é", "%C3%A9"), STRICT).query,
      [
        ["a", "1"],
        ["b", "&"],
        ["a", "2"],
        ["c", ""],
        ["", "d"],
        ["e", "f=g"],
        ["h i", "j k"],
        ["é", ""],
      ],
    );
    assert.deepEqual(readTarget("/a?", STRICT).query, []);
    assert.deepEqual(readTarget("/a?b?c=/../d", STRICT).query, [["b?c", "/../d"]]);
  });

  test("says where servers read its query differently", () => {
    for (const target of ["/?a=1;b=2", "/?a=%ff", "/?%c0%ae", "/?a=%00b"]) {
      assert.equal(readTarget(target, STRICT).opaque.length, 1, target);
    }
    assert.deepEqual(readTarget("/?a=1&b=2", STRICT).opaque, []);
    assert.deepEqual(readTarget("/?a=%3b", STRICT).opaque, []);
  });
});

test("whatever is read is what URL, and a decoder of segments, make of it", (t) => {
  const seed = seedOf(t);
  const piece = fc.constantFrom(
    ...[
      "a",
      "b",
      "/",
      "/",
      ".",
      "..",
      "%2e",
      "%2F",
      "%5c",
      "\\",
      ";",
      "%25",
      "2e",
      "%20",
      "%C3%A9",
      "%ff",
      "?",
      "&",
      "=",
      "+",
      "%00",
      "~",
      "@",
      ":",
      "%EF%BC%8F",
    ],
  );
  let read = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const target = `/${pieces.join("")}`;
      if (codeOf(() => readTarget(target, STRICT)) !== "accepted") return;
      read++;
      const { path, segments, query } = readTarget(target, STRICT);
      const url = new URL(target, "http://target");
      assert.equal(url.host, "target");
      // The URL standard's parser changes nothing: there was nothing to normalise.
      assert.equal(url.pathname, target.split("?", 1)[0]);
      assert.equal(decodeURIComponent(url.pathname), path);
      assert.ok(
        segments.every(
          (segment) => segment !== "" && segment !== "." && segment !== ".." && !/[/\\;\0]/.test(segment),
        ),
      );
      if (readTarget(target, STRICT).opaque.length === 0)
        assert.deepEqual(
          [...url.searchParams],
          query.map((pair) => [...pair]),
        );
    }),
    { seed, numRuns: 5000 },
  );
  assert.ok(read > 100);
});
