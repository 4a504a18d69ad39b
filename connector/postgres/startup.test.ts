import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionFacts } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { PROTOCOL_3_0 } from "../../protocol/postgres/frontend.ts";
import type { PostgresTargetConfig } from "../config.ts";
import { admit } from "./startup.ts";

const facts = { session: "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3" } as SessionFacts;
const target = { name: "orders", databases: ["orders", "reports"], user: "role" } as PostgresTargetConfig;

function database(parameters: Record<string, string>): string {
  return admit({ version: PROTOCOL_3_0, parameters: Object.entries(parameters) }, target, facts).database;
}

test("a client that names no database, or its user's as libpq then does, gets the target's first", () => {
  assert.equal(database({ user: "agent" }), "orders");
  assert.equal(database({ user: "agent", database: "" }), "orders");
  assert.equal(database({ user: "agent", database: "agent" }), "orders");
});

test("a database of the allow-list is opened, also where the user has its name", () => {
  assert.equal(database({ user: "agent", database: "reports" }), "reports");
  assert.equal(database({ user: "reports", database: "reports" }), "reports");
});

test("any other database is refused", () => {
  assert.throws(
    () => database({ user: "agent", database: "postgres" }),
    (error) => error instanceof SallyportError && error.code === "not_found",
  );
});
