import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type SshServer, startSshServer } from "../ssh-server.ts";
import { type HostileRig, hostileRig, type Tunnel } from "./hostile-rig.ts";
import { data, exec, Message, packet, u32 } from "./raw-client.ts";

const MIB = 1024 * 1024;
const CHANNELS = 10;

describe("who doesn't read, in each place", { timeout: 340_000 }, () => {
  let sshd: SshServer;
  let rig: HostileRig;

  before(async () => {
    // For root one of them is the connector's.
    sshd = await startSshServer({ config: [`MaxSessions ${CHANNELS + 1}`] });
    rig = hostileRig(sshd);
  });

  after(() => sshd?.stop());

  const recorded = ({ records }: Tunnel) => records.reduce((sum, { bytes }) => sum + bytes.length, 0);
  /** Waits until no more comes; answers how much did. */
  const still = async (tunnel: Tunnel) => {
    for (let last = -1; last !== recorded(tunnel); await sleep(300)) last = recorded(tunnel);
    return recorded(tunnel);
  };

  test("an agent that grants 4 GiB on many channels and takes nothing: its targets are not read either", async () => {
    const { tunnel, client } = await rig.client();
    for (let i = 0; i < CHANNELS; i++) await client.open(i, 0xffffffff);
    tunnel.isAgentFrozen = true;
    for (let i = 0; i < CHANNELS; i++) await client.send(exec(i, "seq 1 700000; seq 1 700000 >&2"));
    const taken = await still(tunnel);
    assert.ok(taken < CHANNELS * 3 * MIB, `${taken} bytes were taken`);
    assert.equal(tunnel.isOver, false);
    tunnel.thawAgent();
    await Promise.all(Array.from({ length: CHANNELS }, (_, i) => client.closed(i)));
    for (let i = 0; i < CHANNELS; i++) {
      const told = client.output(i, Message.extendedData);
      assert.equal(client.output(i).length, 4_788_895, told.subarray(0, 500).toString());
      assert.equal(told.length, 4_788_895);
    }
    tunnel.finish("closed", "enough");
  });

  test("a process that reads nothing: the agent gets no more window, and then all goes on", async () => {
    const { tunnel, client } = await rig.client();
    const channel = await client.open();
    await client.send(exec(channel, "sleep 2; wc -c"));
    const chunk = data(channel, Buffer.alloc(32_000));
    let granted = 2 * MIB;
    let adjusted = 0;
    let sent = 0;
    const total = 16_000_000;
    while (sent < total) {
      const adjusts = client.of(Message.windowAdjust);
      for (; adjusted < adjusts.length; adjusted++) granted += adjusts[adjusted]!.readUInt32BE(5);
      if (granted - sent < 32_000) {
        const seen = adjusts.length;
        await client.until(() => client.of(Message.windowAdjust).length > seen);
        continue;
      }
      await client.send(chunk);
      sent += 32_000;
      if (sent < 8_000_000) assert.equal(tunnel.isOver, false);
    }
    await client.send(packet(Message.eof, u32(channel)));
    await client.closed();
    assert.equal(client.output().toString().trim(), `${total}`);
    tunnel.finish("closed", "enough");
  });
});
