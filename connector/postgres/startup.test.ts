import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SallyportError } from "../../protocol/errors.ts";
import { PROTOCOL_3_0, PROTOCOL_3_2 } from "../../protocol/postgres/messages.ts";
import { type Admission, admit, secretBytes } from "./startup.ts";
import { facts, targetConfig } from "./test-stream.ts";

const TARGET = targetConfig({ databases: ["orders", "archive"], user: "sallyport" });
const FACTS = { ...facts(), session: "s-1" };

function admission(parameters: Record<string, string>, version: number = PROTOCOL_3_0): Admission {
  return admit({ version, parameters: Object.entries(parameters) }, TARGET, FACTS);
}

function refusal(parameters: Record<string, string>, version?: number): SallyportError {
  try {
    admission(parameters, version);
  } catch (error) {
    assert.ok(error instanceof SallyportError);
    return error;
  }
  assert.fail("it was admitted");
}

describe("a StartupMessage", () => {
  test("gets the configured role whatever user it names, and its settings pass", () => {
    const { parameters } = admission({ user: "postgres", options: "-c work_mem=1MB", TimeZone: "UTC" });
    assert.deepEqual(parameters, [
      ["user", "sallyport"],
      ["database", "orders"],
      ["options", "-c work_mem=1MB"],
      ["TimeZone", "UTC"],
      ["standard_conforming_strings", "on"],
      ["client_encoding", "UTF8"],
      ["application_name", "sallyport s-1"],
    ]);
  });

  test("opens the first database if it names none, or its user's as libpq then does", () => {
    assert.equal(admission({ user: "agent" }).database, "orders");
    assert.equal(admission({ user: "agent", database: "" }).database, "orders");
    assert.equal(admission({ user: "agent", database: "agent" }).database, "orders");
  });

  test("opens a database of the list, also where the user has its name", () => {
    assert.equal(admission({ user: "agent", database: "archive" }).database, "archive");
    assert.equal(admission({ user: "archive", database: "archive" }).database, "archive");
  });

  test("for a database outside the list is refused, with the names that are in it", () => {
    const error = refusal({ database: "template1" });
    assert.equal(error.code, "not_found");
    assert.match(error.hint ?? "", /one of orders, archive/);
  });

  test("counts the last of a repeated name, as PostgreSQL does", () => {
    const twice = {
      version: PROTOCOL_3_0,
      parameters: [
        ["database", "orders"],
        ["database", "template1"],
      ],
    };
    assert.throws(() => admit(twice as Parameters<typeof admit>[0], TARGET, FACTS), SallyportError);
  });

  test("for replication is refused, whatever word it uses; saying no to it passes and is not passed on", () => {
    for (const word of ["true", "on", "yes", "1", "database", "DATABASE", "", "t", "offf"]) {
      assert.equal(refusal({ replication: word }).code, "forbidden", word);
    }
    for (const word of ["false", "off", "no", "0", "OFF"]) {
      const names = admission({ replication: word }).parameters.map(([name]) => name);
      assert.ok(!names.includes("replication"), word);
    }
  });

  test("has the session's id in its application name, which can't be taken out by writing it otherwise", () => {
    const name = (parameters: Record<string, string>) =>
      admission(parameters).parameters.filter(([key]) => key.toLowerCase() === "application_name");
    assert.deepEqual(name({ application_name: "psql" }), [["application_name", "sallyport s-1 psql"]]);
    assert.deepEqual(name({ Application_Name: "psql" }), [["application_name", "sallyport s-1 psql"]]);
  });

  test("has an application name of at most 63 bytes, cut between characters", () => {
    for (let length = 40; length < 60; length++) {
      const { parameters } = admission({ application_name: `${"a".repeat(length)}äöü€😀` });
      const [, name = ""] = parameters.at(-1)!;
      assert.ok(Buffer.byteLength(name) <= 63, name);
      assert.doesNotMatch(name, /\ufffd/);
    }
  });

  for (const [asked, version] of [
    [PROTOCOL_3_0, PROTOCOL_3_0],
    [0x3_0001, PROTOCOL_3_0],
    [PROTOCOL_3_2, PROTOCOL_3_2],
    [0x3_0003, PROTOCOL_3_2],
    [0x3_270f, PROTOCOL_3_2],
  ] as const) {
    test(`of minor version ${asked & 0xffff} gets ${version & 0xffff}, told if it isn't what was asked`, () => {
      const admitted = admission({}, asked);
      assert.equal(admitted.version, version);
      assert.deepEqual(admitted.negotiation, asked === version ? null : { version, unknownOptions: [] });
      assert.equal(secretBytes(version), version === PROTOCOL_3_2 ? 32 : 4);
    });
  }

  test("is told which protocol options aren't known; the target never sees them", () => {
    const { negotiation, parameters } = admission({ "_pq_.magic": "1" });
    assert.deepEqual(negotiation, { version: PROTOCOL_3_0, unknownOptions: ["_pq_.magic"] });
    assert.ok(!parameters.some(([name]) => name.startsWith("_pq_.")));
  });

  test("of another major version is refused", () => {
    assert.match(refusal({}, 0x2_0000).message, /version 2\.0/);
    assert.match(refusal({}, 0x4_0001).message, /version 4\.1/);
  });
});
