import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PROTOCOL_3_0, query, startupMessage } from "../../protocol/postgres/frontend.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import type { TunnelEnd } from "../../protocol/tunnel/tunnel.ts";
import { evidence } from "./evidence.ts";
import { eventually, type Rig, startRig } from "./rig.ts";

/** An interrupted session is closed within this time. */
const A_MINUTE_MS = 60_000;
/** A session's object has alarms in its first seconds, which find it too; an older one sleeps until the sweep. */
const AGE_MS = process.env.LONG ? 25_000 : 0;
const RESUME_MS = process.env.LONG ? 15_000 : 3_000;

describe("sessions that nobody is left to end", { timeout: 300_000 }, () => {
  let rig: Rig;

  before(async () => {
    rig = await startRig({ limits: { resumeMs: RESUME_MS } });
  });

  after(() => rig?.stop());

  const open = async (...statements: string[]) => {
    const stream = (await openTunnel({
      edge: rig.edge.edge.url,
      target: "orders",
      token: rig.token,
    })) as TunnelEnd;
    let received = 0;
    stream.handlers = {
      onData: (chunk) => {
        received += chunk.length;
      },
      onDrain() {},
      onEnd() {},
      onClose() {},
    };
    stream.send([startupMessage(PROTOCOL_3_0, [["user", "anyone"]]), ...statements.map(query)]);
    await eventually("the target's greeting", 60_000, async () => received > 0);
    return stream;
  };

  test("edge and both ends killed together: the sweep closes the sessions with their reason within a minute", async () => {
    const streams = [await open(), await open("SELECT pg_sleep(600)")];
    await sleep(AGE_MS);
    const { workerdPid } = rig.edge.edge;
    // Stopped, the edge can't see its sockets close before it is killed itself.
    process.kill(workerdPid!, "SIGSTOP");
    for (const stream of streams) stream.abandon();
    await rig.connector.kill();
    const start = performance.now();
    await rig.edge.edge.restart();
    // The host sweeps by itself, which takes most of the minute; the short test does not wait for it.
    const sweeping = process.env.LONG ? undefined : setInterval(() => void rig.edge.edge.sweep(), 2_000);
    const all = await Promise.all(streams.map(({ session }) => rig.ended(session, A_MINUTE_MS))).finally(() =>
      clearInterval(sweeping),
    );
    assert.ok(performance.now() - start < A_MINUTE_MS);
    for (const { id, endCode, endReason } of all) {
      assert.ok(endCode === "agent_gone" || endCode === "connector_lost", String(endCode));
      assert.match(endReason ?? "", /did not come back within \d+ s|is gone/);
      assert.equal(await rig.backends(id), 0);
      const { verification, events } = await evidence(rig.edge, id);
      assert.deepEqual([verification.verdict, verification.firstWrong], ["incomplete", null]);
      assert.deepEqual(
        verification.checks.filter(({ state }) => state === "absent").map(({ name }) => name),
        ["connector-seal"],
        "only the connector's seal is missing",
      );
      assert.equal(events.at(-1)?.event, "ended");
    }
  });
});
