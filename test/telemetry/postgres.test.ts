import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { CommandProcess } from "../../client/commands/testing.ts";
import { listen } from "../../client/listener.ts";
import { type ConnectorTelemetry, connectorTelemetry } from "../../connector/telemetry/telemetry.ts";
import { edgeEvent } from "../../protocol/recording/events.ts";
import type { TraceContext } from "../../protocol/trace-context.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import { type PostgresGateway, startPostgresGateway, TARGET } from "../postgres-gateway.ts";
import { ensurePackages } from "../system-packages.ts";
import { type Collector, startCollector } from "./collector.ts";
import { nameOf, paths } from "./paths.ts";

const POLICIES = `permit (principal, action, resource);
@id("no-drops") @reason("nothing is dropped here")
forbid (principal, action == Action::"postgres:drop", resource);
`;
const MARKER = "canary4711";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const PARENT = { TRACEPARENT: `00-${TRACE}-${SPAN}-01`, TRACESTATE: "vendor=one" };

describe("one trace from the command to the database", { timeout: 300_000 }, () => {
  let gateway: PostgresGateway;
  let collector: Collector;
  let telemetry: ConnectorTelemetry | null;
  const folder = mkdtempSync(join(tmpdir(), "sallyport-telemetry-"));

  before(async () => {
    ensurePackages(["postgresql", "postgresql-client"]);
    collector = await startCollector();
    telemetry = await connectorTelemetry(collector.variables("connector"), () => {});
    gateway = await startPostgresGateway({
      policies: POLICIES,
      edge: { bindings: collector.variables("edge") },
      told: { telemetry },
    });
  });

  after(async () => {
    await gateway?.stop();
    await telemetry?.close();
    await collector?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (env: Record<string, string>, ...command: string[]) =>
    new CommandProcess(["run", "orders", "--", ...command], {
      folder,
      env: { SALLYPORT_EDGE: gateway.edge.edge.url.href, SALLYPORT_TOKEN: gateway.token, ...env },
    }).end();

  /** Resolves when all three have told their last span of this trace. */
  const whole = async (trace: string, ...last: string[]) => {
    const spans = () => collector.spans.filter(({ traceId }) => traceId === trace);
    await collector.until(() => last.every((name) => spans().some((span) => nameOf(span) === name)));
    return spans();
  };

  test("spans of all three hang together, know the session, and say nothing of what was said", async () => {
    const create = `CREATE TABLE ${MARKER} AS SELECT '${MARKER}' AS ${MARKER}`;
    const psql = ["psql", "-X", "-c", create, "-c", `DROP TABLE ${MARKER}`];
    const { stderr } = await run({ ...collector.variables("client"), ...PARENT }, ...psql);
    assert.match(stderr, /nothing is dropped here/);
    const spans = await whole(TRACE, "client run", "edge session", "connector session");
    const opening = "client run > client open tunnel > edge /v1/tunnel/:target";
    assert.deepEqual(paths(spans, SPAN), [
      "client run",
      "client run > client open tunnel",
      opening,
      `${opening} > edge assign connector`,
      `${opening} > edge authenticate`,
      `${opening} > edge decide`,
      `${opening} > edge open session`,
      `${opening} > edge register`,
      `${opening} > edge session`,
      `${opening} > edge session > connector session`,
      `${opening} > edge session > connector session > connector dial target`,
      `${opening} > edge session > connector session > connector postgres:create`,
      `${opening} > edge session > connector session > connector postgres:drop`,
    ]);
    const { id } = (await gateway.edge.sessions())[0]!;
    for (const span of spans) {
      const { "sallyport.session.id": session, "sallyport.target": target } = span.attributes;
      // What the edge does before it knows which session it is has none.
      if (session !== undefined)
        assert.deepEqual([session, target ?? "orders"], [id, "orders"], nameOf(span));
      assert.ok(span.end >= span.start, nameOf(span));
      assert.equal(span.service, nameOf(span).split(" ")[0]);
    }
    for (const name of ["client open tunnel", "edge /v1/tunnel/:target", "edge session", "connector session"])
      assert.equal(spans.find((span) => nameOf(span) === name)!.attributes["sallyport.session.id"], id, name);
    const dropped = spans.find(({ name }) => name === "postgres:drop")!.attributes;
    assert.deepEqual(
      [dropped["sallyport.verdict"], dropped["sallyport.policies"], dropped["db.operation.name"]],
      ["block", ["no-drops"], "DROP"],
    );
    for (const secret of [MARKER, gateway.token, gateway.postgres.password])
      assert.ok(!collector.bytes.join("\n").includes(secret));
    // The recording leads to the trace.
    const env = { SALLYPORT_EDGE: gateway.edge.edge.url.href, SALLYPORT_TOKEN: gateway.token };
    const shown = await new CommandProcess(["sessions", "show", id], { folder, env }).end();
    assert.match(shown.stdout, new RegExp(`^trace +${TRACE}$`, "m"));
    const opened = edgeEvent((await gateway.edge.recording(id))[0]!.frame);
    assert.ok(opened?.event === "opened");
    const own = spans.find((span) => nameOf(span) === "edge session")!;
    assert.deepEqual(opened.facts.trace, {
      traceparent: `00-${TRACE}-${own.spanId}-01`,
      tracestate: PARENT.TRACESTATE,
      parent: own.parentSpanId,
    });
  });

  test("a command that is run has the trace in its environment; what is no context counts for nothing", async () => {
    const shell = ["sh", "-c", 'printf "%s %s" "$TRACEPARENT" "$TRACESTATE"'];
    const own = await run({ ...collector.variables("client"), ...PARENT }, ...shell);
    const [, trace, span, state] = /^00-(\w{32})-(\w{16})-01 (.*)$/.exec(own.stdout) ?? [];
    assert.deepEqual([trace, state], [TRACE, PARENT.TRACESTATE]);
    await collector.until(() => collector.spans.some((one) => one.spanId === span));
    // Without a collector it is handed on as it came.
    assert.equal((await run(PARENT, ...shell)).stdout, `${PARENT.TRACEPARENT} ${PARENT.TRACESTATE}`);
    const hostile = { TRACEPARENT: `${PARENT.TRACEPARENT}-canary`, TRACESTATE: "canary=1" };
    const anew = await run({ ...collector.variables("client"), ...hostile }, ...shell);
    assert.match(anew.stdout, /^00-\w{32}-\w{16}-01 $/);
    assert.doesNotMatch(anew.stdout, new RegExp(TRACE));
  });

  test("a trace that the client hands on and does not tell is gone on with; one that is not sampled is not told", async () => {
    const hidden = { traceId: TRACE.replace(/^0a/, "0b"), spanId: SPAN, sampled: false };
    const told = { traceId: TRACE.replace(/^0a/, "0c"), spanId: SPAN, sampled: true };
    await query(gateway, hidden);
    assert.match(await traceparentOf(gateway), new RegExp(`^00-${hidden.traceId}-\\w{16}-00$`));
    await query(gateway, told);
    const spans = await whole(told.traceId, "edge session", "connector session");
    const session = "edge /v1/tunnel/:target > edge session > connector session";
    assert.ok(
      paths(spans, SPAN).includes(`${session} > connector postgres:select`),
      paths(spans, SPAN).join(),
    );
    // The spans of the session before would have come before.
    assert.ok(collector.spans.every(({ traceId }) => traceId !== hidden.traceId));
  });
});

/** A session with one statement, of this trace. */
async function query(gateway: PostgresGateway, trace: TraceContext): Promise<void> {
  const open = () => openTunnel({ edge: gateway.edge.edge.url, target: TARGET, token: gateway.token, trace });
  const listener = await listen({ host: "127.0.0.1", port: 0, open });
  const client = new pg.Client({ ...listener, user: "agent", database: "postgres" });
  await client.connect();
  await client.query("SELECT 1");
  await client.end();
  await listener.close();
}

/** What the latest session's recording says of its trace. */
async function traceparentOf(gateway: PostgresGateway): Promise<string> {
  const opened = edgeEvent((await gateway.edge.recording())[0]!.frame);
  return (opened?.event === "opened" && opened.facts.trace?.traceparent) || "none";
}
