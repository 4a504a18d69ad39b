import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { listen } from "../../client/listener.ts";
import { startConnector } from "../../connector/main.ts";
import type { Uplink } from "../../connector/uplink.ts";
import { cancelRequest } from "../../protocol/postgres/frontend.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import { TARGET } from "../postgres-gateway.ts";
import { program } from "../postgres-server.ts";
import { ensurePackages, unavailable } from "../system-packages.ts";
import { environment, type Place, type Places, startPlaces } from "./places.ts";

/** A cancel is a connection of its own, with the key that the connector gave the session. */

const CANCELLED = "57014";
/** Ends by itself, as another statement, where a cancel has failed. */
const SLEEP = "SELECT pg_sleep(20)";

/** node-postgres keeps the key that it was given, but doesn't tell its types. */
interface Keyed {
  processID: number;
  secretKey: number;
}

describe("cancelling", { timeout: 300_000 }, () => {
  let places: Places;
  let observer: pg.Client;

  before(async () => {
    ensurePackages(["postgresql", "postgresql-client"]);
    places = await startPlaces();
    observer = new pg.Client(places.direct);
    await observer.connect();
  });

  after(async () => {
    await observer.end();
    await places.stop();
  });

  /** Resolves when so many backends are in pg_sleep; throws when that takes too long. */
  async function asleep(count = 1): Promise<void> {
    const sql = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    const late = performance.now() + 60_000;
    for (;;) {
      const n = (await observer.query<{ n: number }>(sql)).rows[0]?.n;
      if (n === count) return;
      if (performance.now() > late) throw new Error(`${n} backends sleep, not ${count}`);
    }
  }

  interface Sleeper {
    client: pg.Client;
    key: Buffer;
    /** The SQLSTATE that its pg_sleep ends with. */
    ended: Promise<string | undefined>;
    done: boolean;
  }

  async function sleeper(place: Place): Promise<Sleeper> {
    const client = new pg.Client(place);
    // A test that fails leaves it to the gateway's end.
    client.on("error", () => {});
    await client.connect();
    const { processID, secretKey } = client as unknown as Keyed;
    const secret = Buffer.alloc(4);
    secret.writeInt32BE(secretKey);
    const one: Sleeper = {
      client,
      key: cancelRequest(processID, secret),
      ended: Promise.resolve(""),
      done: false,
    };
    one.ended = client.query(SLEEP).then(
      () => "",
      ({ code }: pg.DatabaseError) => code,
    );
    void one.ended.then(() => {
      one.done = true;
    });
    return one;
  }

  /** Sends a CancelRequest; resolves when the connection is closed, as libpq waits for. */
  async function cancel(key: Buffer, { host, port }: { host: string; port: number }): Promise<void> {
    const socket = connect({ host, port });
    socket.resume();
    socket.end(key);
    await once(socket, "close");
  }

  test("psql on Ctrl-C", async () => {
    const outcomes = [];
    for (const place of [places.direct, places.through]) {
      const child = spawn(program("psql"), ["-c", SLEEP], {
        env: environment(place),
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      child.stderr.on("data", (chunk) => {
        stderr += chunk;
      });
      const ended = once(child, "close");
      await asleep();
      child.kill("SIGINT");
      const [status] = await ended;
      outcomes.push({ status, stderr });
    }
    assert.match(outcomes[0]!.stderr, /canceling statement due to user request/);
    assert.deepEqual(outcomes[1], outcomes[0]);
  });

  test("libpq's PQcancel, from Python", async (t) => {
    const reason = unavailable("python3-psycopg");
    if (reason !== false) return t.skip(reason);
    for (const place of [places.direct, places.through]) {
      const child = spawn("/usr/bin/python3", ["-c", PQCANCEL], {
        env: environment(place),
        stdio: ["pipe", "pipe", "inherit"],
      });
      let stdout = "";
      child.stdout.on("data", (chunk) => {
        stdout += chunk;
      });
      const ended = once(child, "close");
      await asleep();
      child.stdin.end("now\n");
      await ended;
      assert.equal(stdout, `${CANCELLED}\n1\n`, place.name);
    }
  });

  test("a cancel ends its own session's statement and no other", async () => {
    const [one, other] = await Promise.all([sleeper(places.through), sleeper(places.through)]);
    await asleep(2);
    await cancel(one.key, places.through);
    assert.equal(await one.ended, CANCELLED);
    assert.equal(other.done, false);
    // The session goes on, and is cancelled again with the same key.
    assert.equal((await one.client.query("SELECT 1 AS one")).rows[0].one, 1);
    const again = one.client.query(SLEEP);
    await asleep(2);
    await Promise.all([cancel(one.key, places.through), assert.rejects(again, { code: CANCELLED })]);
    await cancel(other.key, places.through);
    assert.equal(await other.ended, CANCELLED);
    await Promise.all([one.client.end(), other.client.end()]);
  });

  test("a key is of no use to another principal, altered, or at the server itself", async () => {
    const victim = await sleeper(places.through);
    await asleep();
    const token = await places.gateway.edge.serviceToken("stranger");
    const edge = places.gateway.edge.edge.url;
    const open = () => openTunnel({ edge, target: TARGET, token });
    const stranger = await listen({ host: "127.0.0.1", port: 0, open });
    const altered = Buffer.from(victim.key);
    altered[altered.length - 1]! ^= 1;
    await cancel(victim.key, stranger);
    await cancel(altered, places.through);
    await cancel(victim.key, places.direct);
    await asleep();
    assert.equal(victim.done, false);
    await cancel(victim.key, places.through);
    assert.equal(await victim.ended, CANCELLED);
    await Promise.all([victim.client.end(), stranger.close()]);
  });

  describe("with two replicas of the connector", () => {
    let second: Uplink;

    before(async () => {
      const { config, edge } = places.gateway;
      second = startConnector(config, edge.edge.url, () => {});
      await second.online;
    });

    after(async () => {
      await places.settled();
      second.stop();
    });

    test("a cancel works wherever it lands", async () => {
      const sleepers = await Promise.all(Array.from({ length: 6 }, () => sleeper(places.through)));
      await asleep(sleepers.length);
      for (const { key, ended } of sleepers) {
        await cancel(key, places.through);
        assert.equal(await ended, CANCELLED);
      }
      await Promise.all(sleepers.map(({ client }) => client.end()));
    });

    test("a stranger's lands on neither", async () => {
      const victims = await Promise.all([sleeper(places.through), sleeper(places.through)]);
      await asleep(2);
      const token = await places.gateway.edge.serviceToken("another-stranger");
      const edge = places.gateway.edge.edge.url;
      const stranger = await listen({
        host: "127.0.0.1",
        port: 0,
        open: () => openTunnel({ edge, target: TARGET, token }),
      });
      for (const { key } of [...victims, ...victims]) await cancel(key, stranger);
      // Another replica is told without waiting for it; what it is told after that comes after that.
      const witness = await sleeper(places.through);
      await asleep(3);
      await cancel(witness.key, places.through);
      assert.equal(await witness.ended, CANCELLED);
      await asleep(2);
      for (const { key, ended } of victims) {
        await cancel(key, places.through);
        assert.equal(await ended, CANCELLED);
      }
      await Promise.all([...[...victims, witness].map(({ client }) => client.end()), stranger.close()]);
    });
  });
});

const PQCANCEL = `
import sys, threading, psycopg
with psycopg.connect("", autocommit=True) as connection:
    canceller = threading.Thread(target=lambda: (sys.stdin.readline(), connection.cancel()))
    canceller.start()
    try:
        connection.execute("SELECT pg_sleep(600)")
    except psycopg.Error as error:
        print(error.sqlstate)
    canceller.join()
    print(connection.execute("SELECT 1").fetchone()[0])
`;
