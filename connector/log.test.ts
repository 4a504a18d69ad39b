import assert from "node:assert/strict";
import { test } from "node:test";
import { connectorLog, defaultFormat } from "./log.ts";
import { TraceIds } from "./telemetry/trace-ids.ts";

const ID = "00112233445566778899aabbccddeeff";

test("people read what it is about first, programs read JSON with the session's id", () => {
  const lines: string[] = [];
  const clock = () => new Date(0);
  for (const format of ["text", "json"] as const) {
    const log = connectorLog("main", format, (line) => lines.push(line), clock);
    log("the target can't be reached", { session: ID, target: "orders" });
    log("online");
  }
  assert.deepEqual(lines.slice(0, 2), [
    `connector main: session ${ID}, target orders: the target can't be reached`,
    "connector main: online",
  ]);
  assert.deepEqual(
    lines.slice(2).map((line) => JSON.parse(line)),
    [
      {
        time: "1970-01-01T00:00:00.000Z",
        connector: "main",
        session: ID,
        target: "orders",
        message: "the target can't be reached",
      },
      { time: "1970-01-01T00:00:00.000Z", connector: "main", message: "online" },
    ],
  );
  assert.deepEqual([defaultFormat({ isTTY: true }), defaultFormat({})], ["text", "json"]);
});

test("JSON lines about a session of a trace have the trace's id, as long as the session is open", () => {
  const traces = new TraceIds();
  const lines: string[] = [];
  const log = connectorLog(
    "main",
    "json",
    (line) => lines.push(line),
    () => new Date(0),
    (id) => traces.of(id),
  );
  const trace = "0af7651916cd43dd8448eb211c80319c";
  traces.opened({ session: ID, trace: { traceparent: `00-${trace}-b7ad6b7169203331-01` } });
  traces.opened({ session: "other", trace: { traceparent: "hostile" } });
  for (const session of [ID, "other"]) log("it failed", { session });
  traces.over(ID);
  log("it failed", { session: ID });
  log("online");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).trace_id),
    [trace, undefined, undefined, undefined],
  );
});
