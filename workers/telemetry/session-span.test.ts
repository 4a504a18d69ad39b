import assert from "node:assert/strict";
import { test } from "node:test";
import { lineAbout } from "./session-span.ts";

const id = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";

test("a line about a session has its id, and that of its trace where it is of one", () => {
  const facts = { trace: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } };
  const about = (given: unknown) =>
    lineAbout({ id, facts: given as Parameters<typeof lineAbout>[0]["facts"] });
  assert.deepEqual(about(facts), { session: id, trace_id: "0af7651916cd43dd8448eb211c80319c" });
  for (const none of [null, {}, { trace: { traceparent: "00-hostile" } }])
    assert.deepEqual(about(none), { session: id });
});
