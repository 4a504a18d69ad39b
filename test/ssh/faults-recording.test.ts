import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RecordKind } from "../../protocol/ssh/record.ts";
import { type SshServer, startSshServer } from "../ssh-server.ts";
import { type HostileRig, hostileRig } from "./hostile-rig.ts";
import { data, exec, Message, packet, u32 } from "./raw-client.ts";

describe("what the edge has not on its disk", { timeout: 300_000 }, () => {
  let sshd: SshServer;
  let rig: HostileRig;

  before(async () => {
    sshd = await startSshServer();
    rig = hostileRig(sshd);
  });

  after(() => sshd?.stop());

  /** A client whose target is there already. */
  const ready = async () => {
    const { tunnel, client } = await rig.client();
    const channel = await client.open(9);
    await client.send(exec(channel, "true"));
    await client.closed(9);
    return { tunnel, client };
  };

  test("does not run; once it is there, it does", async () => {
    const { tunnel, client } = await ready();
    const made = join(sshd.home, "made");
    const channel = await client.open();
    tunnel.isLogFrozen = true;
    await client.send(exec(channel, `touch ${made}; echo ran`));
    await tunnel.until(() => tunnel.events.filter(({ event }) => event === "requested").length === 2);
    await sleep(300);
    assert.equal(existsSync(made), false);
    tunnel.thawLog();
    await client.closed();
    assert.equal(client.output().toString(), "ran\n");
    assert.ok(existsSync(made));
    tunnel.finish("closed", "enough");
  });

  test("never runs when the session ends before", async () => {
    const { tunnel, client } = await ready();
    const made = join(sshd.home, "never");
    const channel = await client.open();
    tunnel.isLogFrozen = true;
    await client.send(exec(channel, `touch ${made}`));
    await tunnel.until(() => tunnel.events.filter(({ event }) => event === "requested").length === 2);
    tunnel.finish("session_killed", "enough");
    tunnel.thawLog();
    await sleep(300);
    assert.equal(existsSync(made), false);
  });

  test("is not typed into a command's input", async () => {
    const { tunnel, client } = await ready();
    const channel = await client.open();
    await client.send(exec(channel, "cat"), data(channel, "first\n"));
    await client.until(() => client.output().toString() === "first\n");
    tunnel.isLogFrozen = true;
    await client.send(data(channel, "second\n"));
    await tunnel.until(() => tunnel.recorded(RecordKind.input, 2).toString() === "first\nsecond\n");
    await sleep(200);
    assert.equal(client.output().toString(), "first\n");
    tunnel.thawLog();
    await client.send(packet(Message.eof, u32(channel)));
    await client.closed();
    assert.equal(client.output().toString(), "first\nsecond\n");
    tunnel.finish("closed", "enough");
  });

  test("is not told: what the agent has of output and errors is in the recording before", async () => {
    const { tunnel, client } = await ready();
    const channel = await client.open();
    let late = 0;
    const { onBytes } = tunnel;
    const send = tunnel.send.bind(tunnel);
    const written: number[] = [];
    tunnel.send = (chunks) => {
      written.push(recorded());
      send(chunks);
    };
    const recorded = () =>
      tunnel.recorded(RecordKind.output, 2).length + tunnel.recorded(RecordKind.error, 2).length;
    tunnel.onBytes = (bytes) => {
      const before = written.shift()!;
      onBytes(bytes);
      const told = client.output().length + client.output(0, Message.extendedData).length;
      if (told > before) late += 1;
    };
    await client.send(exec(channel, "for i in 1 2 3 4 5 6 7 8; do seq 1 2000; seq 1 2000 >&2; done"));
    await client.closed();
    assert.equal(late, 0);
    assert.ok(client.output().equals(tunnel.recorded(RecordKind.output, 2)));
    assert.ok(client.output(0, Message.extendedData).equals(tunnel.recorded(RecordKind.error, 2)));
    tunnel.finish("closed", "enough");
  });
});
