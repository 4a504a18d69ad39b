import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { telemetrySettings } from "./settings.ts";
import { Tracing } from "./tracing.ts";

const NOW = 1_800_000_000_000;

/** What a collector does with a request. */
type Answer = number | "down" | "hang" | { body: string };

/** A tracer whose collector answers as it is told, then well; with a clock that stands still. */
function scene(variables: Record<string, string> = {}, answers: Answer[] = []) {
  const state = {
    now: NOW,
    /** How many spans each request had. */
    requests: [] as number[],
    headers: [] as unknown[],
    warnings: [] as string[],
    wanted: [] as number[],
    bodies: [] as Buffer[],
  };
  const settings = telemetrySettings(
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", ...variables },
    "test",
    (words) => state.warnings.push(words),
  )!;
  const tracing = new Tracing(settings, "edge", {
    now: () => state.now,
    warn: (words) => state.warnings.push(words),
    wanted: (delayMs) => state.wanted.push(delayMs),
    async fetch(_url, init) {
      const body = Buffer.from(init.body as Uint8Array);
      state.bodies.push(body);
      state.headers.push(init.headers);
      assert.equal(init.redirect, "manual");
      state.requests.push(JSON.parse(body.toString()).resourceSpans[0].scopeSpans[0].spans.length);
      const answer = answers.shift() ?? 200;
      if (answer === "down") throw new TypeError("connection refused");
      if (answer === "hang")
        return new Promise((_resolve, reject) => {
          init.signal!.addEventListener("abort", () => reject(init.signal!.reason));
        });
      if (typeof answer === "number") return new Response("{}", { status: answer });
      return new Response(answer.body);
    },
  });
  const make = (count: number) => {
    for (let index = 0; index < count; index++) tracing.start("one", { parent: null }).end();
  };
  return { state, tracing, queue: tracing.queue, make };
}

test("spans wait for each other, and leave in batches", async () => {
  const { state, queue, make } = scene({ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "3" });
  make(7);
  // With the first soon, with a whole batch at once.
  assert.deepEqual(state.wanted, [1_000, 0]);
  await queue.send();
  assert.deepEqual(state.requests, [3, 3, 1]);
  assert.equal(queue.dropped, 0);
});

test("what is beyond the bound is dropped and counted, and told once the collector takes others", async () => {
  const { state, queue, make } = scene({ OTEL_BSP_MAX_QUEUE_SIZE: "10" });
  make(1_000);
  assert.equal(queue.waiting, 10);
  assert.equal(queue.dropped, 990);
  await queue.send();
  assert.deepEqual(state.requests, [10]);
  assert.deepEqual(state.warnings, ["990 spans were dropped, 990 since the start"]);
});

describe("a collector that does not take spans", () => {
  for (const answer of ["down", 429, 502, 503, 504] as const) {
    test(`${answer}: they wait, are sent again after a pause that grows, and it is told once`, async () => {
      const { state, queue, make } = scene({}, [answer, answer]);
      make(2);
      await queue.send();
      assert.equal(queue.waiting, 2);
      assert.equal(state.wanted.at(-1), 1_000);
      // Nobody asks it before.
      await queue.send();
      assert.deepEqual(state.requests, [2]);
      state.now += 1_000;
      await queue.send();
      assert.equal(state.wanted.at(-1), 2_000);
      state.now += 2_000;
      await queue.send();
      assert.deepEqual(state.requests, [2, 2, 2]);
      assert.equal(queue.waiting, 0);
      assert.equal(queue.dropped, 0);
      assert.equal(state.warnings.length, 2);
      assert.equal(state.warnings[1], "the collector takes spans again");
    });
  }

  for (const answer of [500, 400, 401, 404, 302]) {
    test(`${answer}: it would never take them, so they are dropped`, async () => {
      const { queue, make } = scene({}, [answer]);
      make(2);
      await queue.send();
      assert.equal(queue.waiting, 0);
      assert.equal(queue.dropped, 2);
    });
  }

  test("what it answers is not read, however much or what it is", async () => {
    const { queue, make } = scene({}, [{ body: "\0garbage<".repeat(100_000) }]);
    make(1);
    await queue.send();
    assert.equal(queue.dropped, 0);
  });

  test("that hangs has its time limit, and one request at once; meanwhile others wait, within the bound", async () => {
    const { state, queue, make } = scene({ OTEL_EXPORTER_OTLP_TIMEOUT: "20", OTEL_BSP_MAX_QUEUE_SIZE: "8" }, [
      "hang",
    ]);
    make(4);
    const sending = queue.send();
    make(20);
    await queue.send();
    assert.deepEqual(state.requests, [4]);
    await sending;
    // Those that were under way have no room any more.
    assert.equal(queue.waiting, 8);
    assert.equal(queue.dropped, 16);
  });

  test("a turn that was ended in the middle does not stop the others for ever", async () => {
    const { state, queue, make } = scene({ OTEL_EXPORTER_OTLP_TIMEOUT: "10000" }, ["hang"]);
    make(1);
    void queue.send();
    make(1);
    state.now += 11_001;
    await queue.send();
    assert.deepEqual(state.requests, [1, 1]);
  });

  test("the end does not wait for its pause, and asks no more than once", async () => {
    const { state, queue, make } = scene({}, ["down", "down"]);
    make(1);
    await queue.send();
    await queue.shutdown();
    assert.deepEqual(state.requests, [1, 1]);
    assert.equal(queue.waiting, 1);
  });
});

test("whoever waits for the last spans waits no longer than it may", async () => {
  const { tracing, queue, make } = scene({}, ["hang"]);
  make(1);
  await tracing.flush(5);
  assert.equal(queue.waiting, 0);
});

test("a request has its content type, and the headers that are set", async () => {
  const { state, queue, make } = scene({ OTEL_EXPORTER_OTLP_HEADERS: "api-key=secret" });
  make(1);
  await queue.send();
  assert.deepEqual(state.headers, [{ "api-key": "secret", "content-type": "application/json" }]);
});

describe("samplers", () => {
  const parent = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

  test("a parent decides, where it is asked", () => {
    const { tracing, queue } = scene({ OTEL_TRACES_SAMPLER: "parentbased_always_on" });
    const one = tracing.start("one", { parent: { ...parent, sampled: false } });
    assert.deepEqual([one.context.sampled, one.context.traceId], [false, parent.traceId]);
    one.end();
    assert.equal(queue.waiting, 0);
    tracing.start("two", { parent: { ...parent, sampled: true } }).end();
    assert.equal(queue.waiting, 1);
  });

  test("an agent that asks for everything gets no more than the sampler gives", () => {
    const { tracing, queue } = scene({
      OTEL_TRACES_SAMPLER: "traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0",
    });
    for (let count = 0; count < 100; count++)
      tracing.start("one", { parent: { ...parent, sampled: true } }).end();
    assert.equal(queue.waiting, 0);
  });
});

test("an attribute's text is cut, and a span takes no end of attributes", async () => {
  const { state, tracing, queue } = scene();
  const many = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`a${index}`, "x".repeat(10_000)]),
  );
  tracing.start("one", { parent: null, attributes: many }).end();
  await queue.send();
  assert.ok(state.bodies[0]!.length < 15_000, String(state.bodies[0]!.length));
});

test("a span takes the id that was settled for it, and the next one another", () => {
  const { tracing } = scene();
  const id = tracing.newSpanId();
  assert.match(id, /^[0-9a-f]{16}$/);
  assert.equal(tracing.start("one", { parent: null, id }).context.spanId, id);
  assert.notEqual(tracing.start("two", { parent: null }).context.spanId, id);
});
