import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../../protocol/errors.ts";
import { writtenApiRequest, writtenExchange } from "../../protocol/http/written-facts.ts";
import { readWrittenRequest } from "../../protocol/http/written-request.ts";
import { lineFacts } from "../../protocol/shell/line.ts";
import { factsOf } from "../../protocol/sql/facts.ts";
import { parseReplicaMessage } from "./replica-message.ts";
import "../../protocol/seeded.ts";

const HOST_KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)}`;
const ID = "a".repeat(32);
const facts = factsOf("SELECT", "postgres:select", {
  limit: 1,
  fingerprint: "0123456789abcdef0123456789abcdef",
});
const decision = { verdict: "block", policies: ["x"], reason: "no" };
const statement = { text: "SELECT 1", decision, facts, plan: null };
const line = { text: "uptime", decision, facts: lineFacts("uptime") };
const exchange = {
  text: "GET /",
  decision,
  facts: writtenExchange(readWrittenRequest("GET /a?b=c")).facts,
};
const apiRequest = {
  text: "GET /version",
  decision,
  facts: writtenApiRequest(readWrittenRequest("GET /version")).facts,
};
const scan = {
  database: "shop",
  relations: 1,
  columns: 2,
  proposals: [],
  labelled: [],
  notSampled: [],
  leftOut: 0,
};
const scanned = (answer: unknown) => ({ type: "labels_scanned", id: ID, answer });
const explained = (answer: unknown) => ({ type: "explained", id: ID, answer });

describe("messages of replicas", () => {
  const good: Record<string, unknown>[] = [
    { type: "presence", targets: ["orders"], sessions: 1 },
    { type: "presence", targets: ["orders"], sessions: 1, hostKey: HOST_KEY },
    { type: "parked", session: ID },
    { type: "unparked", session: ID },
    { type: "want_spares", count: 2 },
    { type: "cancel", principal: "p", target: "t", processId: 1, secret: "s" },
    { type: "policy_taken", revision: 7 },
    explained({ statements: [statement, { ...statement, plan: { rows: 3, cost: 9 } }] }),
    explained({ statements: [line] }),
    explained({ statements: [exchange, apiRequest] }),
    scanned({ scan }),
    scanned({ error: { code: "not_found", message: "no such database" } }),
    explained({ error: { code: "target_unreachable", message: "it is away", hint: "wait" } }),
  ];
  for (const message of good) {
    test(`${message.type} is taken`, () =>
      assert.deepEqual(parseReplicaMessage(JSON.stringify(message)), message));
  }

  const bad: [string, unknown][] = [
    ["a host key that is none", { type: "presence", targets: [], sessions: 0, hostKey: "ssh-rsa AAAA" }],
    ["two host keys", { type: "presence", targets: [], sessions: 0, hostKey: `${HOST_KEY}\n${HOST_KEY}` }],
    ["no host key", { type: "presence", targets: [], sessions: 0, hostKey: null }],
    ["an unknown type", { type: "policy", revision: 9 }],
    ["a type that every object has", { type: "constructor" }],
    ["a policy that is taken without a revision", { type: "policy_taken" }],
    ["a policy of a revision that is none", { type: "policy_taken", revision: -1 }],
    ["an answer without an id", { type: "explained", answer: { statements: [] } }],
    ["an answer that is neither", explained({})],
    ["facts of half a request", explained({ statements: [{ ...exchange, facts: { type: "http" } }] })],
    [
      "facts of a query that is none",
      explained({ statements: [{ ...exchange, facts: { ...exchange.facts, query: [["a"]] } }] }),
    ],
    [
      "facts of half a cluster's request",
      explained({ statements: [{ ...apiRequest, facts: { ...apiRequest.facts, rights: "privileged" } }] }),
    ],
    ["facts of half a line", explained({ statements: [{ ...line, facts: { commands: [] } }] })],
    ["an answer of half a statement", explained({ statements: [{ text: "SELECT 1", decision }] })],
    [
      "an answer with another verdict",
      explained({ statements: [{ ...statement, decision: { verdict: "maybe" } }] }),
    ],
    ["an error of an unknown code", explained({ error: { code: "toString", message: "x" } })],
    ["an error without words", explained({ error: { code: "internal" } })],
    ["more statements than a string may have", explained({ statements: Array(1_001).fill(statement) })],
    ["a scan in place of statements", explained({ scan })],
    ["statements in place of a scan", scanned({ statements: [] })],
    ["half a scan", scanned({ scan: { ...scan, columns: -1 } })],
    ["a type that is no text and can't become one", { type: { toString: 1 } }],
    ["a list", []],
    ["null", null],
  ];
  for (const [what, message] of bad) {
    test(`${what} is a violation`, () =>
      assert.throws(() => parseReplicaMessage(JSON.stringify(message)), { code: "protocol_violation" }));
  }

  test("only an answer may be long, and that within its bound", () => {
    const long = (length: number) => ({ ...statement, text: "x".repeat(length) });
    parseReplicaMessage(JSON.stringify(explained({ statements: [long(1_000_000)] })));
    for (const message of [
      explained({ statements: [long(1_100_000)] }),
      { type: "presence", targets: ["x".repeat(70_000)], sessions: 0 },
    ]) {
      assert.throws(() => parseReplicaMessage(JSON.stringify(message)), { code: "protocol_violation" });
    }
    assert.throws(() => parseReplicaMessage(new ArrayBuffer(3)), { code: "protocol_violation" });
  });

  test("any text is a message or a typed error", () => {
    fc.assert(
      fc.property(fc.constantFrom(...good), fc.string(), fc.jsonValue(), (message, name, value) => {
        const texts = [...Object.keys(message), name].map((member) =>
          JSON.stringify({ ...message, [member]: value }),
        );
        for (const text of [...texts, name]) {
          try {
            parseReplicaMessage(text);
          } catch (error) {
            assert.ok(error instanceof SallyportError, String(error));
          }
        }
      }),
    );
  });
});
