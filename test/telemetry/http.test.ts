import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type ConnectorTelemetry, connectorTelemetry } from "../../connector/telemetry/telemetry.ts";
import { TRACE_FIELD } from "../../protocol/http/head.ts";
import { type HttpGateway, startHttpGateway } from "../http/gateway.ts";
import { startServer, type TestServer } from "../http/server.ts";
import { type Collector, startCollector } from "./collector.ts";

const MARKER = "canary4711";
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

describe("requests at the edge's own address", { timeout: 300_000 }, () => {
  let server: TestServer;
  let gateway: HttpGateway;
  let collector: Collector;
  let telemetry: ConnectorTelemetry | null;
  /** Fields of the requests that the target got. */
  const got: Record<string, string | string[] | undefined>[] = [];

  before(async () => {
    collector = await startCollector();
    telemetry = await connectorTelemetry(collector.variables("connector"), () => {});
    server = await startServer((request, response) => {
      got.push(request.headers);
      request.resume();
      response.statusCode = request.url?.startsWith("/missing") ? 404 : 200;
      response.end(MARKER);
    });
    gateway = await startHttpGateway({
      target: server.target,
      edge: { bindings: collector.variables("edge") },
      told: { telemetry },
    });
  });

  after(async () => {
    await gateway?.stop();
    await telemetry?.close();
    await server?.stop();
    await collector?.stop();
  });

  const exchangesOf = (trace: string) =>
    collector.spans.filter(({ traceId, name }) => traceId === trace && name.startsWith("http:"));

  test("an agent's own trace has the edge's span, and the connector's below it; the target gets it as it was sent", async () => {
    const traceparent = `00-${TRACE}-${SPAN}-01`;
    for (const path of ["/orders", "/missing"]) {
      const response = await gateway.fetch(`${path}/${MARKER}?${MARKER}=${MARKER}`, {
        method: "POST",
        headers: {
          traceparent,
          tracestate: "v=1",
          "x-own": MARKER,
          [TRACE_FIELD]: `00-${TRACE}-${"9".repeat(16)}-01`,
        },
        body: MARKER,
      });
      assert.equal(await response.text(), MARKER);
    }
    const edgesOf = () => collector.spans.filter(({ parentSpanId }) => parentSpanId === SPAN);
    await collector.until(() => exchangesOf(TRACE).length === 2 && edgesOf().length === 2);
    const { id } = (await gateway.sessions())[0] as { id: string };
    for (const exchange of exchangesOf(TRACE)) {
      const edge = collector.spans.find(({ spanId }) => spanId === exchange.parentSpanId)!;
      assert.deepEqual([edge.name, edge.scope, edge.parentSpanId], ["/t/:target", "sallyport/edge", SPAN]);
      for (const { attributes } of [edge, exchange])
        assert.deepEqual(
          [attributes["sallyport.session.id"], attributes["http.request.method"]],
          [id, "POST"],
        );
      assert.equal(exchange.attributes["http.request.body.size"], MARKER.length);
      assert.equal(exchange.attributes["http.response.body.size"], MARKER.length);
    }
    assert.deepEqual(
      exchangesOf(TRACE)
        .map(({ attributes }) => attributes["http.response.status_code"])
        .sort(),
      [200, 404],
    );
    for (const fields of got) {
      assert.deepEqual([fields.traceparent, fields.tracestate], [traceparent, "v=1"]);
      assert.deepEqual(
        Object.keys(fields).filter((name) => name.startsWith("sallyport-")),
        [],
      );
    }
    for (const secret of [MARKER, gateway.token]) assert.ok(!collector.bytes.join("\n").includes(secret));
  });

  test("what is asked of a target that there is none of is not told", async () => {
    const trace = TRACE.replace(/^4b/, "4c");
    const headers = { authorization: `Bearer ${gateway.token}`, traceparent: `00-${trace}-${SPAN}-01` };
    const unknown = new URL(`/t/${MARKER}/x`, gateway.edge.edge.url);
    assert.equal((await fetch(unknown, { headers })).status, 404);
    const told = () => collector.spans.filter(({ traceId }) => traceId === trace);
    await collector.until(() => told().some(({ parentSpanId }) => parentSpanId === SPAN));
    const refused = told().find(({ name }) => name === "decide")!;
    assert.deepEqual([refused.status, refused.attributes["error.type"]], [2, "unknown_target"]);
    assert.ok(!collector.bytes.join("\n").includes(MARKER));
  });

  test("a request of no trace, or of one that can't be read, is of one that the edge begins", async () => {
    got.length = 0;
    await (
      await gateway.fetch("/plain", { headers: { traceparent: `00-${TRACE}-${SPAN}-01-${MARKER}` } })
    ).text();
    const isNew = () =>
      collector.spans.filter(
        ({ name, attributes }) => name === "http:get" && attributes["http.request.method"] === "GET",
      );
    const edgeOf = () => collector.spans.find(({ spanId }) => spanId === isNew()[0]?.parentSpanId);
    await collector.until(() => edgeOf() !== undefined);
    const [exchange] = isNew();
    const edge = edgeOf()!;
    assert.deepEqual([edge.name, edge.parentSpanId], ["/t/:target", ""]);
    assert.notEqual(exchange!.traceId, TRACE);
    // Nothing is added to what a target gets: it is what was judged and recorded.
    assert.equal(got[0]!.traceparent, `00-${TRACE}-${SPAN}-01-${MARKER}`);
    assert.ok(!collector.bytes.join("\n").includes(MARKER));
  });
});
