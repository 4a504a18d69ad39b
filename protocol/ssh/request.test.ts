import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { seedOf } from "../seeded.ts";
import { FILE_OPERATIONS, type FileOperation, requestText, type SshRequest } from "./request.ts";
import { isSshRequest, readSshRequest } from "./request-reading.ts";

const WORDS: [SshRequest, string][] = [
  [{ type: "exec", command: "rm -rf  /srv # all", terminal: false }, "rm -rf  /srv # all"],
  [{ type: "exec", command: "a\n\tb \u202e", terminal: true }, "a\n\tb \u202e"],
  [{ type: "shell", terminal: true }, "shell with a terminal"],
  [{ type: "shell", terminal: false }, "shell without a terminal"],
  [{ type: "file", protocol: "sftp", operation: "write", path: "/etc/hosts" }, "write /etc/hosts (sftp)"],
  [{ type: "file", protocol: "scp", operation: "read", path: "/srv/a b" }, 'read "/srv/a b" (scp)'],
  [
    { type: "file", protocol: "sftp", operation: "rename", path: "/a", other: "/b" },
    "rename /a to /b (sftp)",
  ],
  [
    { type: "file", protocol: "sftp", operation: "rename", path: "/a to /b", other: '/"c' },
    'rename "/a to /b" to "/\\"c" (sftp)',
  ],
  [{ type: "forward", direction: "local", host: "db.internal", port: 5432 }, "forward to db.internal:5432"],
  [{ type: "forward", direction: "local", host: "::1", port: 22 }, "forward to [::1]:22"],
  [{ type: "forward", direction: "local", host: "/run/x", port: 0 }, "forward to the socket /run/x"],
  [{ type: "forward", direction: "remote", host: "", port: 8080 }, 'forward from "":8080 of the target'],
  [{ type: "forward", direction: "agent", host: "", port: 0 }, "forward the authentication agent"],
  [{ type: "forward", direction: "x11", host: "", port: 0 }, "forward X11"],
];

describe("a request in words", () => {
  for (const [request, words] of WORDS) {
    test(JSON.stringify(words), () => assert.equal(requestText(request), words));
  }

  test("is the same for no two requests that are no command lines", (t) => {
    const name = fc.oneof(
      fc.constantFrom(
        "/a",
        "/a to /b",
        "/a (sftp)",
        '"/a"',
        "/b:1",
        "[::1]",
        "the socket /a",
        "::1",
        "a",
        "/é",
      ),
      fc.string({ unit: fc.constantFrom("/", "a", " ", '"', "\\", ":", "(", "\n", "\u202e"), minLength: 1 }),
    );
    const file = fc
      .tuple(
        fc.constantFrom(...(Object.keys(FILE_OPERATIONS) as FileOperation[])),
        fc.constantFrom("sftp" as const, "scp" as const),
        name,
        name,
      )
      .map(([operation, protocol, path, other]): SshRequest => {
        const one = { type: "file" as const, protocol, operation, path };
        return OF_TWO.includes(operation) ? { ...one, other } : one;
      });
    const forward = fc.record({
      type: fc.constant("forward" as const),
      direction: fc.constantFrom("local" as const, "remote" as const),
      host: name,
      port: fc.constantFrom(0, 1, 22),
    });
    const any = fc.oneof(file, forward);
    const seed = seedOf(t);
    fc.assert(
      fc.property(any, any, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        assert.equal(requestText(one) === requestText(other), same);
      }),
      { numRuns: 5_000, seed },
    );
  });
});

const OF_TWO: FileOperation[] = ["rename", "symlink", "hardlink", "copy"];

describe("a request that people are asked about", () => {
  test("reads back as it was, its members in one order", () => {
    for (const [request] of WORDS) {
      const reversed = Object.fromEntries(Object.entries(request).reverse());
      assert.equal(JSON.stringify(readSshRequest(reversed)), JSON.stringify(request));
      assert.ok(isSshRequest(request));
    }
  });

  const file = { type: "file", protocol: "sftp", operation: "read", path: "/a" };
  const forward = { type: "forward", direction: "local", host: "h", port: 1 };
  const attacks: [what: string, value: unknown][] = [
    ["null", null],
    ["a text", "exec"],
    ["a list", [{ type: "exec", command: "w", terminal: false }]],
    ["no type", { command: "w", terminal: false }],
    ["a type that is not known", { type: "subsystem", command: "sftp", terminal: false }],
    ["a type that every object inherits", { type: "constructor" }],
    ["a command that is no text", { type: "exec", command: ["rm"], terminal: false }],
    ["a terminal that is no boolean", { type: "exec", command: "w", terminal: 0 }],
    ["a command without saying whether it has a terminal", { type: "exec", command: "w" }],
    ["an operation that is not known", { ...file, operation: "format" }],
    ["an operation that every object inherits", { ...file, operation: "toString" }],
    ["another protocol", { ...file, protocol: "ftp" }],
    ["a rename without a new name", { ...file, operation: "rename" }],
    ["a read with another name", { ...file, other: "/b" }],
    ["another direction", { ...forward, direction: "up" }],
    ["a port that there is not", { ...forward, port: 65_536 }],
    ["a port below none", { ...forward, port: -1 }],
    ["a port and a half", { ...forward, port: 1.5 }],
  ];
  for (const [what, value] of attacks) {
    test(`can't be ${what}`, () => {
      assert.equal(readSshRequest(value), null);
      assert.ok(!isSshRequest(value));
    });
  }

  const unshown: [what: string, value: object][] = [
    ["a member that people would not be shown", { type: "shell", terminal: true, command: "rm -rf /" }],
    ["one without a path", { ...file, path: "" }],
    ["a command that can't be shown as it is", { type: "exec", command: "\ud800", terminal: false }],
    ["a command without end", { type: "exec", command: "x".repeat(192 * 1024 + 1), terminal: false }],
    ["an agent forwarded to somewhere", { ...forward, direction: "agent" }],
  ];
  for (const [what, value] of unshown) {
    test(`can't be ${what}, though a recording may hold it`, () => {
      assert.equal(readSshRequest(value), null);
      assert.ok(isSshRequest(value));
    });
  }

  test("is read from its own members alone", () => {
    assert.equal(readSshRequest(Object.create({ type: "shell", terminal: true })), null);
    const half = Object.assign(Object.create({ terminal: true }), { type: "shell", other: 1 });
    assert.equal(readSshRequest(half), null);
  });

  test("of whatever JSON: there is an answer, and what is read is a request", (t) => {
    const seed = seedOf(t);
    const member = fc.constantFrom("type", "command", "terminal", "operation", "path", "other", "port", "x");
    fc.assert(
      fc.property(fc.constantFrom(...WORDS), member, fc.jsonValue(), ([request], name, value) => {
        for (const one of [value, { ...request, [name]: value }]) {
          const read = readSshRequest(one);
          if (read !== null) assert.deepEqual(read, one);
          assert.ok(read === null || isSshRequest(one));
        }
      }),
      { numRuns: 2_000, seed },
    );
  });
});
