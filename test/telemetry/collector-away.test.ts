import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { listen } from "../../client/listener.ts";
import { type ConnectorTelemetry, connectorTelemetry } from "../../connector/telemetry/telemetry.ts";
import { edgeEvent } from "../../protocol/recording/events.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import { type PostgresGateway, startPostgresGateway, TARGET } from "../postgres-gateway.ts";
import { type PostgresServer, startPostgres } from "../postgres-server.ts";
import { ensurePackages } from "../system-packages.ts";
import { type Collector, type Mode, startCollector } from "./collector.ts";

const TRACE = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };

describe("a collector that is of no use", { timeout: 300_000 }, () => {
  let postgres: PostgresServer;
  let collector: Collector;

  before(async () => {
    ensurePackages(["postgresql"]);
    postgres = await startPostgres();
    collector = await startCollector();
  });

  after(async () => {
    await collector?.stop();
    await postgres?.stop();
  });

  async function served(
    variables: Record<string, string>,
    step: (gateway: PostgresGateway) => Promise<void>,
  ) {
    const telemetry: ConnectorTelemetry | null = await connectorTelemetry(variables, () => {});
    const gateway = await startPostgresGateway({
      postgres,
      edge: { bindings: variables },
      told: { telemetry },
    });
    try {
      await step(gateway);
    } finally {
      await gateway.stop();
      await telemetry?.close();
    }
  }

  /** A session with statements. */
  async function work(gateway: PostgresGateway): Promise<void> {
    const open = () =>
      openTunnel({ edge: gateway.edge.edge.url, target: TARGET, token: gateway.token, trace: TRACE });
    const listener = await listen({ host: "127.0.0.1", port: 0, open });
    const client = new pg.Client({ ...listener, user: "agent", database: "postgres" });
    await client.connect();
    for (let count = 0; count < 20; count++)
      assert.deepEqual((await client.query("SELECT 1 AS one")).rows, [{ one: 1 }]);
    await client.end();
    await listener.close();
  }

  test("sessions go on as ever while it answers garbage, hangs, drops connections, answers 503 and 500", async () => {
    const modes: Mode[] = ["garbage", "hang", "dropped", { status: 503 }, { status: 500 }];
    await served({ ...collector.variables("x"), OTEL_EXPORTER_OTLP_TIMEOUT: "50" }, async (gateway) => {
      for (const mode of modes) {
        collector.mode = mode;
        const before = collector.requests;
        await work(gateway);
        // Of those that failed it is asked again after a pause only.
        if (modes.indexOf(mode) < 3) await collector.until(() => collector.requests > before);
      }
    });
  });

  test("with the SDK disabled nothing is sent, and the agent's trace goes on as it came", async () => {
    collector.mode = "ok";
    const before = collector.requests;
    await served({ ...collector.variables("x"), OTEL_SDK_DISABLED: "true" }, async (gateway) => {
      await work(gateway);
      const opened = edgeEvent((await gateway.edge.recording())[0]!.frame);
      assert.deepEqual(opened?.event === "opened" ? opened.facts.trace : null, {
        traceparent: `00-${TRACE.traceId}-${TRACE.spanId}-01`,
      });
    });
    assert.equal(collector.requests, before);
  });
});
