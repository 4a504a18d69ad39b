import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client as NeonClient, Pool as NeonPool, neonConfig } from "@neondatabase/serverless";
import pg from "pg";
import WebSocket from "ws";
import { TARGET } from "../postgres-gateway.ts";
import { ensurePackages } from "../system-packages.ts";
import { FIXTURE } from "./corpus/fixture.ts";
import { withoutPlaces } from "./differences.ts";
import { type NodePostgres, nodePostgresScenario, nodePostgresTimeout } from "./node-postgres.ts";
import { type Place, type Places, run, startPlaces } from "./places.ts";
import { postgresJsScenario } from "./postgres-js.ts";
import { testPythonDrivers } from "./python-drivers.ts";

/** The same scenario with the server and through the gateway, for each driver; what they saw is compared. */

describe("drivers", { timeout: 340_000 }, () => {
  let places: Places;

  before(async () => {
    ensurePackages(["postgresql", "postgresql-client"]);
    places = await startPlaces();
    const { status, stderr } = await run("psql", ["-qv", "ON_ERROR_STOP=1"], places.direct, FIXTURE);
    assert.equal(status, 0, stderr);
  });

  after(() => places.stop());

  async function same<T>(scenario: (place: Place) => Promise<T>): Promise<void> {
    const direct = await scenario(places.direct);
    assert.deepEqual(withoutPlaces(await scenario(places.through)), withoutPlaces(direct));
  }

  test("node-postgres", () => same((place) => nodePostgresScenario(pg, place)));

  test("node-postgres: a statement timeout given at startup", () => same(nodePostgresTimeout));

  test("postgres.js: pipelining, cursors, COPY, notifications, cancel", () => same(postgresJsScenario));

  describe("the Neon serverless driver over the tunnel's raw mode", () => {
    const neon = { Client: NeonClient, Pool: NeonPool } as unknown as NodePostgres;

    before(() => {
      neonConfig.wsProxy = () => `${places.gateway.edge.edge.url.host}/v1/tunnel/${TARGET}`;
      neonConfig.useSecureWebSocket = false;
    });

    async function likeNodePostgres(password: string): Promise<void> {
      const direct = await nodePostgresScenario(pg, places.direct);
      const through = await nodePostgresScenario(neon, { ...places.through, password });
      assert.deepEqual(withoutPlaces(through), withoutPlaces(direct));
    }

    for (const pipelineConnect of ["password", false] as const) {
      test(`its token as the password, pipelineConnect ${pipelineConnect}`, async () => {
        neonConfig.pipelineConnect = pipelineConnect;
        await likeNodePostgres(places.gateway.token);
      });
    }

    test("its token in a header, by a WebSocket constructor of one's own", async () => {
      const { token } = places.gateway;
      class Bearing extends WebSocket {
        constructor(url: string) {
          super(url, { headers: { authorization: `Bearer ${token}` } });
        }
      }
      neonConfig.pipelineConnect = false;
      neonConfig.webSocketConstructor = Bearing;
      try {
        await likeNodePostgres("");
      } finally {
        neonConfig.webSocketConstructor = undefined;
      }
    });

    test("a wrong token is refused with PostgreSQL's words for it", async () => {
      neonConfig.pipelineConnect = false;
      const client = new NeonClient({ ...places.through, password: "no-token" });
      // It tells each of its failures twice.
      client.on("error", () => {});
      await assert.rejects(client.connect(), { code: "28000" });
    });
  });

  describe("drivers outside JavaScript", () => {
    testPythonDrivers(import.meta.dirname, same);
  });
});
