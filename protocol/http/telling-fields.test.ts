import assert from "node:assert/strict";
import { test } from "node:test";
import { tellingFields } from "./telling-fields.ts";

test("what may say what a request does is told; what clients send of themselves is not", () => {
  const names = (...all: string[]) => tellingFields(all.map((name) => [name, "x"])).map(([name]) => name);
  const telling = [
    "x-amz-target",
    "x-amz-copy-source",
    "destination",
    "if-match",
    "depth",
    "overwrite",
    "soapaction",
  ];
  telling.push(
    "x-tenant",
    "content-encoding",
    "content-range",
    "range",
    "idempotency-key",
    "x-acceptance",
    "vianet",
  );
  assert.deepEqual(names(...telling), telling);
  assert.deepEqual(
    names("accept", "accept-language", "user-agent", "content-type", "prefer", "sec-fetch-mode"),
    [],
  );
  assert.deepEqual(names("traceparent", "kubectl-session", "kubectl-command", "x-request-id", "date"), []);
});
