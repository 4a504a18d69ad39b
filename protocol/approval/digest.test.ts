import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { HttpRequest } from "../http/request.ts";
import type { SshRequest } from "../ssh/request.ts";
import { type DigestedStatement, requestDigest, statementDigest } from "./digest.ts";
import "../seeded.ts";

const BASE: DigestedStatement = {
  principal: "service/agent",
  session: "ab".repeat(16),
  target: "orders",
  database: "postgres",
  message: "bind",
  sql: "DELETE FROM t WHERE id = $1",
  runs: [],
  parameterTypes: [23],
  parameterFormats: [0],
  parameters: [Buffer.from("1")],
};

test("the digest is over the encoding that is written down", () => {
  const u32 = (value: number) => Buffer.from([0, 0, 0, value]);
  const text = (value: string) => Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)]);
  const encoded = Buffer.concat([
    text("sallyport statement approval v1"),
    text("p"),
    ...[u32(1), text("u")],
    ...["s", "t", "d", "query", "SELECT 'é'"].map(text),
    ...[u32(1), text("x")],
    ...[u32(1), u32(23)],
    u32(0),
    ...[u32(2), u32(0), u32(1), text("")],
  ]);
  const digest = statementDigest({
    principal: "p",
    onBehalfOf: "u",
    session: "s",
    target: "t",
    database: "d",
    message: "query",
    sql: "SELECT 'é'",
    runs: ["x"],
    parameterTypes: [23],
    parameterFormats: [],
    parameters: [null, new Uint8Array(0)],
  });
  assert.equal(digest, createHash("sha256").update(encoded).digest("hex"));
});

test("anything else than the very same statement of the same session has another digest", () => {
  const others: Partial<DigestedStatement>[] = [
    { principal: "service/other" },
    { onBehalfOf: "corp/alice" },
    { onBehalfOf: "" },
    { session: "cd".repeat(16) },
    { target: "order", database: "spostgres" },
    { database: "template1" },
    { message: "execute" },
    { sql: "DELETE FROM t WHERE id = $1 " },
    { runs: [""] },
    { parameterTypes: [] },
    { parameterTypes: [20] },
    { parameterFormats: [1] },
    { parameterFormats: [] },
    { parameters: [Buffer.from("2")] },
    { parameters: [Buffer.from("")] },
    { parameters: [null] },
    { parameters: [Buffer.from("1"), null] },
    { parameters: [] },
  ];
  const digests = [BASE, ...others.map((part) => ({ ...BASE, ...part }))].map(statementDigest);
  assert.equal(new Set(digests).size, digests.length);
  assert.equal(statementDigest({ ...BASE, onBehalfOf: undefined }), statementDigest(BASE));
});

test("what stands in one part can't be moved into the next", () => {
  const value = fc.option(fc.uint8Array({ maxLength: 6 }), { nil: null });
  const lists = fc.record({
    sql: fc.string({ maxLength: 4 }),
    runs: fc.array(fc.string({ maxLength: 3 }), { maxLength: 3 }),
    parameterTypes: fc.array(fc.nat(300), { maxLength: 3 }),
    parameterFormats: fc.array(fc.nat(1), { maxLength: 3 }),
    parameters: fc.array(value, { maxLength: 3 }),
  });
  const shown = (part: object) =>
    JSON.stringify(part, (_, one) => (one instanceof Uint8Array ? Buffer.from(one).toString("hex") : one));
  fc.assert(
    fc.property(lists, lists, (one, other) => {
      const same = shown(one) === shown(other);
      assert.equal(statementDigest({ ...BASE, ...one }) === statementDigest({ ...BASE, ...other }), same);
    }),
  );
});

describe("the digest of a request", () => {
  const exec = (command: string, terminal = false): SshRequest => ({ type: "exec", command, terminal });

  test("is over the encoding that is written down", () => {
    const u32 = (value: number) => Buffer.from([0, 0, 0, value]);
    const text = (value: string) => Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)]);
    const encoded = [...["sallyport ssh request approval v1", "deploy", "exec", "echo é"].map(text), u32(1)];
    const expected = createHash("sha256").update(Buffer.concat(encoded)).digest("hex");
    assert.equal(requestDigest("deploy", exec("echo é", true)), expected);
  });

  test("is another for anything else than the very same request of the same account", () => {
    const file = { type: "file", protocol: "sftp", operation: "rename", path: "/a", other: "/b" } as const;
    const forward = { type: "forward", direction: "local", host: "db", port: 22 } as const;
    const { other: _, ...alone } = file;
    const all: [string, SshRequest][] = [
      ["deploy", exec("ls")],
      ["root", exec("ls")],
      ["deploy", exec("ls", true)],
      ["deploy", exec("ls ")],
      ["deploye", exec("xecls")],
      ["deploy", exec("")],
      ["deploy", { type: "shell", terminal: false }],
      ["deploy", { type: "shell", terminal: true }],
      ["deploy", file],
      ["deploy", { ...alone, operation: "stat" }],
      ["deploy", { ...file, path: "/a/", other: "b" }],
      ["deploy", { ...file, protocol: "scp" }],
      ["deploy", { ...file, operation: "copy" }],
      ["deploy", { ...file, other: "" }],
      ["deploy", alone],
      ["deploy", forward],
      ["deploy", { ...forward, port: 23 }],
      ["deploy", { ...forward, host: "d", port: 22 }],
      ["deploy", { ...forward, direction: "remote" }],
    ];
    const digests = all.map(([account, request]) => requestDigest(account, request));
    assert.equal(new Set(digests).size, digests.length);
  });

  test("of an exchange is over the encoding that is written down", () => {
    const u32 = (value: number) => Buffer.from([0, 0, 0, value]);
    const text = (value: string) => Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)]);
    const sha256 = "ab".repeat(32);
    const request: HttpRequest = {
      type: "http",
      method: "POST",
      target: "/a?b=c",
      contentType: "application/json",
      body: { bytes: 2, sha256, text: "{}" },
      streamed: false,
      fields: [["x-amz-target", "T.Get"]],
      websocket: true,
      kubernetes: null,
    };
    const encoded = [
      ...["sallyport http request approval v1", "alice", "http", "POST", "/a?b=c"].map(text),
      ...[u32(1), text("application/json"), u32(1), text("x-amz-target"), text("T.Get")],
      ...[u32(1), u32(2), text(sha256), u32(0), u32(1)],
    ];
    const expected = createHash("sha256").update(Buffer.concat(encoded)).digest("hex");
    assert.equal(requestDigest("alice", request), expected);
    const others: HttpRequest[] = [
      { ...request, method: "PUT" },
      { ...request, target: "/a?b=c&" },
      { ...request, contentType: null },
      { ...request, contentType: "" },
      { ...request, body: null },
      { ...request, body: { bytes: 3, sha256, text: "{}" } },
      { ...request, body: { bytes: 2, sha256: "cd".repeat(32), text: "{}" } },
      { ...request, streamed: true },
      { ...request, websocket: false },
      { ...request, fields: [] },
      { ...request, fields: [["x-amz-target", "T.Put"]] },
      {
        ...request,
        fields: [
          ["x-amz-target", "T.Get"],
          ["x-amz-target", "T.Get"],
        ],
      },
    ];
    const digests = [expected, ...others.map((one) => requestDigest("alice", one))];
    assert.equal(new Set(digests).size, digests.length);
  });

  test("is no statement's, whatever that holds", () => {
    assert.notEqual(requestDigest("", exec("")), statementDigest({ ...BASE, principal: "", session: "" }));
  });
});
