import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScanLabelsRequest } from "../../../protocol/label-scan.ts";
import type { PostgresTargetConfig } from "../../config.ts";
import { DEFAULT_DETECTORS } from "../../mask/detectors/modes.ts";
import { NO_LABELS } from "../../mask/settings.ts";
import { scanLabels } from "./scan.ts";

const target: PostgresTargetConfig = {
  name: "orders",
  kind: "postgres",
  host: "127.0.0.1",
  // Nobody listens there.
  port: 1,
  databases: ["shop", "billing"],
  user: "u",
  password: null,
  tls: { mode: "disable" },
  channelBinding: "prefer",
  trustedFunctions: [],
  labels: NO_LABELS,
  maskKey: null,
  detectors: DEFAULT_DETECTORS,
};
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
