import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PROTOCOL_3_0, query, startupMessage } from "../../protocol/postgres/frontend.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import type { TunnelEnd } from "../../protocol/tunnel/tunnel.ts";
import { eventually, type Rig, residentMiB, startRig } from "./rig.ts";

const SESSIONS = process.env.LONG ? 1_000 : 100;
/** workerd puts an object to sleep when nothing has happened to it for 10 s. */
const HIBERNATION_MS = 12_000;
/** What an idle session may add to the resident memory of workerd, MiB; with few, what all share counts for more. */
const EACH_MIB = process.env.LONG ? 0.6 : 1.2;
/** Sessions that open at the same time. */
const AT_ONCE = 20;

/** One idle session: what its target said last. */
interface Idle {
  stream: TunnelEnd;
  text: string;
  ended: string | null;
}

describe(`${SESSIONS} idle sessions`, { timeout: 300_000 }, () => {
  let rig: Rig;
  const sessions: Idle[] = [];

  before(async () => {
    rig = await startRig({
      edge: { shards: 0 },
      settings: { max_connections: String(SESSIONS + 20), shared_buffers: "16MB" },
    });
  });

  after(async () => {
    for (const { stream } of sessions) stream.abandon();
    await rig?.stop();
  });

  const open = async (): Promise<void> => {
    const stream = (await openTunnel({
      edge: rig.edge.edge.url,
      target: "orders",
      token: rig.token,
    })) as TunnelEnd;
    const idle: Idle = { stream, text: "", ended: null };
    stream.handlers = {
      onData(chunk) {
        idle.text += Buffer.from(chunk).toString("latin1");
        stream.consumed(chunk.length);
      },
      onDrain() {},
      onEnd() {},
      onClose(code, reason) {
        idle.ended = `${code}: ${reason}`;
      },
    };
    stream.send([startupMessage(PROTOCOL_3_0, [["user", "anyone"]])]);
    sessions.push(idle);
    await ready(idle);
  };
  const ready = (idle: Idle) =>
    eventually("the target to be ready", 60_000, async () => {
      assert.equal(idle.ended, null);
      return idle.text.endsWith("Z\0\0\0\x05I");
    });
  const useAll = async (what: string) => {
    for (const idle of sessions) idle.text = "";
    for (const [number, { stream }] of sessions.entries()) stream.send([query(`SELECT '${what} ${number}'`)]);
    for (const [number, idle] of sessions.entries()) {
      await ready(idle);
      assert.ok(
        idle.text.includes(`${what} ${number}\0`) || idle.text.includes(`${what} ${number}C`),
        idle.text,
      );
    }
  };

  test("stay up while they sleep, cost little memory, and go on when they are used, also after a restart", async () => {
    const { edge } = rig.edge;
    const before = residentMiB(edge.workerdPid!);
    for (let left = SESSIONS; left > 0; left -= AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, open));
    }
    const each = (residentMiB(edge.workerdPid!) - before) / SESSIONS;
    await sleep(HIBERNATION_MS);
    const asleep = (residentMiB(edge.workerdPid!) - before) / SESSIONS;
    console.log(`workerd: ${each.toFixed(2)} MiB a session, ${asleep.toFixed(2)} MiB asleep`);
    assert.ok(asleep < EACH_MIB, `${asleep} MiB a session`);
    assert.deepEqual(
      sessions.flatMap(({ ended }) => ended ?? []),
      [],
    );
    await useAll("awake");
    await edge.restart();
    await useAll("restarted");
    assert.deepEqual(
      sessions.flatMap(({ ended }) => ended ?? []),
      [],
    );
  });
});
