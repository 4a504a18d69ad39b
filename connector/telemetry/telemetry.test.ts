import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import "../main.ts";
import { connectorTelemetry } from "./telemetry.ts";

const loaded = () =>
  Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes("@opentelemetry"));

test("where no collector is named there are no spans, and nothing of OpenTelemetry is loaded", async () => {
  for (const env of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_SDK_DISABLED: "true" }])
    assert.equal(await connectorTelemetry(env, assert.fail), null);
  assert.deepEqual(loaded(), []);
  const named = await connectorTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" }, assert.fail);
  assert.ok(named);
  assert.notEqual(loaded().length, 0);
  await named.close();
});
