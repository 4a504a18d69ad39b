import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../errors.ts";
import { SEED } from "../seeded.ts";
import { MAX_PATH, normalisePath, pathText, splitPath } from "./path.ts";

console.log(`remote paths: SEED=${SEED}`);

const refused = (call: () => unknown) =>
  assert.throws(call, (error) => error instanceof SallyportError && error.code === "invalid_request");

describe("a remote path", () => {
  for (const [path, normal] of [
    ["/etc/passwd", "/etc/passwd"],
    ["//etc//passwd/", "/etc/passwd"],
    ["/srv/./app/../../etc/passwd", "/etc/passwd"],
    ["/../../..", "/"],
    ["", "/home/deploy"],
    [".", "/home/deploy"],
    ["..", "/home"],
    ["../../../etc", "/etc"],
    ["notes", "/home/deploy/notes"],
    ["...", "/home/deploy/..."],
    [" /etc", "/home/deploy/ /etc"],
    ["~/x", "/home/deploy/~/x"],
    ["a\\..\\b", "/home/deploy/a\\..\\b"],
    ["/etc/pass\nwd", "/etc/pass\nwd"],
  ] as const) {
    test(`${JSON.stringify(path)} is ${JSON.stringify(normal)}`, () => {
      assert.equal(normalisePath(path, "/home/deploy"), normal);
    });
  }

  test("normalised, it is absolute, stays as it is, and never leads above the root", () => {
    const name = fc.constantFrom("", ".", "..", "...", "a", "etc", " ", "\u00e9", "..a");
    const path = fc.array(name, { maxLength: 12 }).map((names) => names.join("/"));
    fc.assert(
      fc.property(path, path, (one, base) => {
        const normal = normalisePath(one, `/${base}`);
        assert.match(normal, /^\//);
        assert.equal(normalisePath(normal, "/elsewhere"), normal);
        assert.ok(!normal.split("/").includes(".."));
        assert.ok(normal === "/" || !normal.endsWith("/"));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test("of bytes that are not UTF-8, with a NUL, or too long is none", () => {
    refused(() => pathText(Buffer.from([0x2f, 0xff])));
    refused(() => pathText(Buffer.from([0x2f, 0xc0, 0xaf])));
    refused(() => pathText(Buffer.from([0xed, 0xa0, 0x80])));
    refused(() => pathText(Buffer.from("/etc/passwd\0.txt")));
    refused(() => pathText(Buffer.alloc(MAX_PATH + 1, "a")));
    refused(() => normalisePath("b".repeat(2100), `/${"a".repeat(2100)}`));
    assert.equal(pathText(Buffer.alloc(MAX_PATH, "a")).length, MAX_PATH);
  });

  test("keeps a byte order mark, which is part of a name", () => {
    assert.equal(pathText(Buffer.from("\ufeff/etc")), "\ufeff/etc");
    assert.equal(normalisePath("\ufeff/etc", "/home"), "/home/\ufeff/etc");
  });

  test("is split into what can be asked for and the last name", () => {
    assert.deepEqual(splitPath("/a/b"), { folder: "/a", name: "b" });
    assert.deepEqual(splitPath("/a/b//"), { folder: "/a", name: "b" });
    assert.deepEqual(splitPath("a"), { folder: ".", name: "a" });
    assert.deepEqual(splitPath("/a"), { folder: "/", name: "a" });
    assert.deepEqual(splitPath("/a/.."), { folder: "/a", name: ".." });
    assert.deepEqual(splitPath("a//b"), { folder: "a/", name: "b" });
    assert.equal(splitPath("/").name, "");
    assert.equal(splitPath("").name, "");
  });
});
