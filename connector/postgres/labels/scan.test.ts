import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScanLabelsRequest } from "../../../protocol/label-scan.ts";
import { targetConfig } from "../test-stream.ts";
import { scanLabels } from "./scan.ts";

// Nobody listens at its port.
const target = targetConfig({ databases: ["shop", "billing"] });
const going = new AbortController().signal;
const request: ScanLabelsRequest = { target: "orders", schemas: [], rows: 10 };

test("an edge that asks for what can't be asked is refused before the target is", async () => {
  const rows = "1; DROP TABLE t" as unknown as number;
  await assert.rejects(scanLabels(target, { ...request, rows }, going), { code: "invalid_request" });
  await assert.rejects(scanLabels(target, { ...request, rows: 1e9 }, going), { code: "invalid_request" });
});

test("a database that isn't the target's is not opened", async () => {
  await assert.rejects(scanLabels(target, { ...request, database: "postgres" }, going), {
    code: "not_found",
    hint: "Choose one of shop, billing.",
  });
});

test("a target that is away is told as such", async () => {
  await assert.rejects(scanLabels(target, request, going), { code: "target_unreachable" });
});

test("a connector that ends asks no more", async () => {
  await assert.rejects(scanLabels(target, request, AbortSignal.abort()), { code: "session_ended" });
});
