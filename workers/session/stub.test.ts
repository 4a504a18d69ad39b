import assert from "node:assert/strict";
import { test } from "node:test";
import { sessionObjectName } from "./stub.ts";

test("a session has its own object, or one of the shards by its first 32 bits", () => {
  const id = `ffffffff${"0".repeat(24)}`;
  assert.equal(sessionObjectName(id, 0), id);
  assert.equal(sessionObjectName(id, 4), "shard-3");
});
