import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type TelemetryEnvironment, telemetrySettings } from "./settings.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };

function read(env: TelemetryEnvironment) {
  const warnings: string[] = [];
  const settings = telemetrySettings(env, "sallyport-edge", (words) => warnings.push(words));
  return { settings, warnings };
}

describe("telemetry is off", () => {
  for (const [what, env] of [
    ["where no endpoint is named", { OTEL_SERVICE_NAME: "x", OTEL_TRACES_SAMPLER: "always_on" }],
    ["where the endpoint is empty", { OTEL_EXPORTER_OTLP_ENDPOINT: "" }],
    ["where the SDK is disabled", { ...ENDPOINT, OTEL_SDK_DISABLED: "True" }],
    ["where no exporter is wanted", { ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" }],
  ] as const) {
    test(what, () => assert.deepEqual(read(env), { settings: null, warnings: [] }));
  }

  test("where the endpoint is none, which is told without its value", () => {
    const { settings, warnings } = read({ OTEL_EXPORTER_OTLP_ENDPOINT: "file:///canary" });
    assert.equal(settings, null);
    assert.match(warnings.join(), /OTEL_EXPORTER_OTLP_ENDPOINT/);
    assert.doesNotMatch(warnings.join(), /canary/);
  });
});

test("what is not said is as OpenTelemetry has it", () => {
  const { settings, warnings } = read(ENDPOINT);
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    { ...settings, endpoint: settings?.endpoint.href },
    {
      endpoint: "http://127.0.0.1:4318/v1/traces",
      headers: {},
      timeoutMs: 10_000,
      resource: { "service.name": "sallyport-edge" },
      sampler: { parentBased: true, root: "always_on", ratio: 1 },
      queue: { size: 2_048, batch: 512, delayMs: 1_000 },
    },
  );
});

test("the traces' own variables count before the common ones", () => {
  const { settings } = read({
    OTEL_EXPORTER_OTLP_ENDPOINT: "https://a.example/otlp/",
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://b.example/exactly",
    OTEL_EXPORTER_OTLP_TIMEOUT: "3000",
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "2000",
    OTEL_EXPORTER_OTLP_HEADERS: "api-key=one,other=kept%2C%20so",
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "api-key=two",
  });
  assert.equal(settings?.endpoint.href, "https://b.example/exactly");
  assert.equal(settings?.timeoutMs, 2_000);
  assert.deepEqual(settings?.headers, { "api-key": "two", other: "kept, so" });
  const below = read({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://a.example/otlp/" }).settings;
  assert.equal(below?.endpoint.href, "https://a.example/otlp/v1/traces");
});

test("resource attributes, of which the service's name may be one; its own variable counts before", () => {
  const attributes = { OTEL_RESOURCE_ATTRIBUTES: "service.name=a,deployment.environment.name=prod%20eu" };
  assert.deepEqual(read({ ...ENDPOINT, ...attributes }).settings?.resource, {
    "service.name": "a",
    "deployment.environment.name": "prod eu",
  });
  const named = read({ ...ENDPOINT, ...attributes, OTEL_SERVICE_NAME: "b" }).settings;
  assert.equal(named?.resource["service.name"], "b");
});

test("samplers", () => {
  const of = (name: string, arg?: string) =>
    read({
      ...ENDPOINT,
      OTEL_TRACES_SAMPLER: name,
      ...(arg !== undefined && { OTEL_TRACES_SAMPLER_ARG: arg }),
    });
  assert.deepEqual(of("traceidratio", "0.25").settings?.sampler, {
    parentBased: false,
    root: "traceidratio",
    ratio: 0.25,
  });
  assert.deepEqual(of("parentbased_always_off").settings?.sampler, {
    parentBased: true,
    root: "always_off",
    ratio: 1,
  });
  for (const [name, arg] of [
    ["traceidratio", "7"],
    ["traceidratio", "half"],
    ["toString", undefined],
  ] as const) {
    const { settings, warnings } = of(name, arg);
    assert.equal(settings?.sampler.ratio, 1);
    assert.equal(warnings.length, 1);
  }
});

test("what can't be used is left out and told, with no word of its value", () => {
  const { settings, warnings } = read({
    ...ENDPOINT,
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_EXPORTER_OTLP_TIMEOUT: "-1",
    OTEL_BSP_MAX_QUEUE_SIZE: "1e9",
    OTEL_EXPORTER_OTLP_HEADERS: "canary,bad name=canary,a=%zz,b=x%0d%0acanary: y,good=1",
    OTEL_RESOURCE_ATTRIBUTES: "a=%00canary",
  });
  assert.deepEqual(settings?.headers, { good: "1" });
  assert.equal(settings?.timeoutMs, 10_000);
  assert.equal(settings?.queue.size, 2_048);
  assert.equal(warnings.length, 8);
  assert.doesNotMatch(warnings.join(), /canary/);
});
