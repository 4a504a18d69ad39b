import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import { Path } from "../../protocol/control.ts";
import { PROTOCOL_3_0, query, startupMessage } from "../../protocol/postgres/frontend.ts";
import { evidence } from "./evidence.ts";
import { psql } from "./psql.ts";
import { eventually, type Rig, residentMiB, startRig } from "./rig.ts";

const COPY_MB = process.env.LONG ? 500 : 200;
/**
 * What a COPY to a slow reader may add to the resident memory of workerd and of the connector, MiB: windows and
 * queues, and what a garbage collector leaves lying. Without credit it would be all of the COPY.
 */
const BOUND_MIB = 64;
/**
 * What they may have at all while they serve it, MiB. Of the connector's, Cedar and the SQL parser take about 65; of
 * workerd's, sealing the recordings of the sessions before leaves up to 330, however large they were.
 */
const TOTAL_MIB = { workerd: 560, connector: 320 };
/** What the kernel's buffers and the windows on the way take of a COPY that is not read, bytes. */
const UNDERWAY = 20e6;
/** How long a reader stops, ms: without backpressure a COPY of 200 MB would long be in memory. */
const STOP_MS = process.env.LONG ? 20_000 : 4_000;

/** A session of another's meanwhile, psql's start included, ms. */
const UNAFFECTED_MS = 15_000;

const ask = (megabytes: number) =>
  Buffer.concat([
    startupMessage(PROTOCOL_3_0, [["user", "anyone"]]),
    query(`COPY (SELECT repeat('x', 1000), generate_series(1, ${megabytes * 1_000})) TO STDOUT`),
  ]);

describe("a client that reads slowly, or not at all, during a large COPY", { timeout: 300_000 }, () => {
  let rig: Rig;

  before(async () => {
    rig = await startRig();
    // What a COPY and a few sessions leave in memory anyway is there before it is measured.
    await read(await client(await rig.listen(), 50), Number.POSITIVE_INFINITY);
  });

  after(async () => {
    for (const socket of sockets) socket.destroy();
    await rig?.stop();
  });

  const sockets: Socket[] = [];
  const client = async ({ host, port }: { host: string; port: number }, megabytes: number) => {
    const socket = connect({ host, port });
    sockets.push(socket);
    await once(socket, "connect");
    socket.pause();
    socket.write(ask(megabytes));
    return socket;
  };

  /** The session that copies: the only one whose backend is at it. */
  const copying = () =>
    eventually("the COPY", 60_000, async () => {
      const { rows } = await rig.direct.query<{ name: string }>(
        "SELECT application_name AS name FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY%'",
      );
      return rows.length === 1 && rows[0]!.name.split(" ")[1]!;
    });

  /** Reads at this many bytes a second until the COPY ends, or `ms` are over; answers the bytes. */
  const read = async (socket: Socket, rate: number, ms = Number.POSITIVE_INFINITY): Promise<number> => {
    const start = performance.now();
    let received = 0;
    for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      received += chunk.length;
      // CommandComplete and ReadyForQuery are the last.
      if (chunk.length >= 6 && chunk.subarray(-6).equals(Buffer.from("Z\0\0\0\x05I")) && received > 1e6)
        break;
      const ahead = (received / rate) * 1_000 - (performance.now() - start);
      if (ahead > 1) await sleep(ahead);
      if (performance.now() - start > ms) break;
    }
    return received;
  };

  /** The most that workerd and the connector grow while this goes on, and how long others wait meanwhile. */
  const watched = async (what: string, work: () => Promise<void>) => {
    const other = await rig.listen();
    const pids = { workerd: rig.edge.edge.workerdPid!, connector: rig.connector.pid };
    const before = { workerd: residentMiB(pids.workerd), connector: residentMiB(pids.connector) };
    const most = { ...before };
    let going = true;
    let slowest = 0;
    const watching = (async () => {
      while (going) {
        for (const name of ["workerd", "connector"] as const) {
          most[name] = Math.max(most[name], residentMiB(pids[name]));
        }
        await sleep(20);
      }
    })();
    const asking = (async () => {
      while (going) {
        const { status, stdout, ms } = await psql(other, "-c", "SELECT 'unaffected'");
        assert.deepEqual([status, stdout], [0, "unaffected\n"]);
        slowest = Math.max(slowest, ms);
        await sleep(100);
      }
    })();
    await work();
    going = false;
    await Promise.all([watching, asking]);
    for (const name of ["workerd", "connector"] as const) {
      const grown = most[name] - before[name];
      console.log(`${what}: ${name} ${before[name].toFixed(0)} MiB + ${grown.toFixed(0)} MiB`);
      assert.ok(grown < BOUND_MIB, `${name} grew by ${grown.toFixed(0)} MiB`);
      assert.ok(most[name] < TOTAL_MIB[name], `${name} has ${most[name].toFixed(0)} MiB`);
    }
    assert.ok(slowest < UNAFFECTED_MS, `another session waited ${slowest} ms`);
  };

  test("a client that stops reading, then goes on, gets all of it", async () => {
    const socket = await client(await rig.listen(), COPY_MB);
    await watched("stopped", () => sleep(STOP_MS));
    const { traffic } = await evidence(rig.edge, await copying());
    assert.ok(traffic.toAgent.bytes < UNDERWAY, `${traffic.toAgent.bytes} bytes were let in`);
    const received = await read(socket, Number.POSITIVE_INFINITY);
    assert.ok(received > COPY_MB * 1e6, `${received} bytes`);
    socket.destroy();
  });

  test("a client that reads at 1 MB/s", async () => {
    const socket = await client(await rig.listen(), COPY_MB);
    const id = await copying();
    let received = 0;
    await watched("1 MB/s", async () => {
      received = await read(socket, 1e6, STOP_MS);
    });
    assert.ok(received > 3e6 && received < COPY_MB * 1e5, `${received} bytes`);
    socket.destroy();
    await eventually("the backend to go", 60_000, async () => (await rig.backends(id)) === 0);
  });

  test("a raw WebSocket that stops reading, then goes on", async () => {
    const socket = new WebSocket(new URL(Path.tunnel("orders"), rig.edge.edge.url), {
      headers: { authorization: `Bearer ${rig.token}` },
      perMessageDeflate: false,
    });
    await once(socket, "open");
    let received = 0;
    socket.on("message", (data: Buffer) => {
      received += data.length;
    });
    socket.send(ask(COPY_MB));
    await eventually("the COPY to begin", 60_000, async () => received > 1e6);
    socket.pause();
    await watched("raw, stopped", () => sleep(STOP_MS));
    const stopped = received;
    assert.ok(stopped < UNDERWAY, `${stopped} bytes were sent to who did not read`);
    socket.resume();
    await eventually("the COPY to go on", 60_000, async () => received > stopped + 20e6);
    socket.close();
  });
});
