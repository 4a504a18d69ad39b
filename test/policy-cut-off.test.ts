import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import pg from "pg";
import { startConnector } from "../connector/main.ts";
import { Path } from "../protocol/control.ts";
import type { PolicyDistribution } from "../protocol/directory.ts";
import { type CuttingProxy, startCuttingProxy } from "./cutting-proxy.ts";
import { PROMPT, testTarget } from "./gateway.ts";
import { ALLOW_LISTED } from "./policies.ts";
import { type PostgresGateway, startPostgresGateway, TARGET } from "./postgres-gateway.ts";
import { ensurePackages } from "./system-packages.ts";

const NO_WRITES = `${ALLOW_LISTED}
@id("no-writes")
forbid (principal, action in Action::"postgres:write", resource);
`;

describe("a connector that policies don't reach", { timeout: 300_000 }, () => {
  let gateway: PostgresGateway;
  let proxy: CuttingProxy;
  let admin: pg.Client;
  let agent: pg.Client;
  let ended: Promise<unknown>;
  /** What the agent's client was told apart from its statements. */
  let told: string;

  /** Puts a set in force that forbids what the session did so far. Answers who took it. */
  async function tighten(): Promise<PolicyDistribution> {
    const begin = performance.now();
    const { policies } = await gateway.edge.apply({ targets: [testTarget(TARGET)], policies: NO_WRITES });
    const took = performance.now() - begin;
    assert.ok(took < 10_000, `it took ${took} ms`);
    return policies!;
  }

  const written = async () =>
    (await admin.query("SELECT count(*)::int AS n FROM written")).rows[0].n as number;

  before(async () => {
    ensurePackages(["postgresql", "postgresql-client"]);
    gateway = await startPostgresGateway({ edge: PROMPT });
    gateway.connector.stop();
    const { host, port, superuser, password } = gateway.postgres;
    admin = new pg.Client({ host, port, user: superuser, password, database: "postgres" });
    await admin.connect();
    await admin.query("CREATE TABLE written (n int)");
  });
  beforeEach(async () => {
    await gateway.edge.apply({ targets: [testTarget(TARGET)], policies: ALLOW_LISTED });
    proxy = await startCuttingProxy(gateway.edge.edge.url);
    gateway.connector = startConnector(gateway.config, proxy.url, () => {});
    await gateway.connector.online;
    const { host, port } = await gateway.listen();
    agent = new pg.Client({ host, port, user: "agent", database: "postgres" });
    told = "";
    agent.on("error", ({ message }) => {
      told += message;
    });
    await agent.connect();
    ended = new Promise((resolve) => agent.once("end", resolve));
    await admin.query("TRUNCATE written");
    await agent.query("INSERT INTO written VALUES (1)");
  });
  afterEach(async () => {
    void agent.end().catch(() => {});
    gateway.connector.stop();
    proxy.close();
  });
  after(async () => {
    await admin.end();
    await gateway.stop();
  });

  /** `mayBeGone`: that nothing is heard of the connector may have ended the session before the policies do. */
  async function refusesTheRest(
    { connectors, revision }: PolicyDistribution,
    mayBeGone = false,
  ): Promise<void> {
    const isGone = mayBeGone && connectors[0]?.ended === 0;
    assert.deepEqual(
      connectors.map(({ connector, state, ended }) => ({ connector, state, ended })),
      [{ connector: "main", state: "cut_off", ended: isGone ? 0 : 1 }],
    );
    await assert.rejects(agent.query("INSERT INTO written VALUES (2)"), (error: Error) => {
      told += error.message;
      return true;
    });
    await ended;
    assert.equal(await written(), 1);
    const cutOff = `main was cut off: .* policies of revision ${revision} in time`;
    assert.match(told, new RegExp(isGone ? "connector main is gone" : cutOff));
  }

  test("keeps its sessions when they do reach it", async () => {
    const { connectors } = await tighten();
    assert.deepEqual(
      connectors.map(({ state, ended }) => ({ state, ended })),
      [{ state: "taken", ended: 0 }],
    );
    await assert.rejects(agent.query("INSERT INTO written VALUES (2)"), { code: "42501" });
    assert.equal((await agent.query("SELECT n FROM written")).rowCount, 1);
  });

  test("runs nothing more under the old ones, though its tunnels live and only its control socket is dead", async () => {
    assert.equal(proxy.swallow(Path.control), 1);
    await agent.query("INSERT INTO written VALUES (1)");
    await admin.query("DELETE FROM written WHERE ctid = (SELECT max(ctid) FROM written)");
    await refusesTheRest(await tighten());
  });

  test("runs nothing more under the old ones when all its sockets are dead without a word", async () => {
    assert.ok(proxy.swallow() > 1);
    await refusesTheRest(await tighten());
  });

  test("runs nothing more under the old ones while it can't come back", async () => {
    proxy.swallow();
    proxy.down = true;
    proxy.cut();
    await refusesTheRest(await tighten(), true);
  });
});
