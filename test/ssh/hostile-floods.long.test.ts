import assert from "node:assert/strict";
import { test } from "node:test";
import { startSshServer } from "../ssh-server.ts";
import { hostileRig } from "./hostile-rig.ts";
import { globalRequest } from "./raw-client.ts";

const MIB = 1024 * 1024;

test("answers that nobody takes end the session before they fill the memory", async (context) => {
  const sshd = await startSshServer();
  context.after(() => sshd.stop());
  const { tunnel, client } = await hostileRig(sshd).client();
  tunnel.isAgentFrozen = true;
  const before = process.memoryUsage().rss;
  const ping = globalRequest("keepalive@openssh.com", true);
  const pings = Array.from({ length: 5_000 }, () => ping);
  for (let i = 0; i < 400 && !tunnel.isOver; i++) {
    await client.sendTogether(...pings);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await tunnel.ended).code, "limit_exceeded");
  assert.ok(process.memoryUsage().rss - before < 300 * MIB);
});
