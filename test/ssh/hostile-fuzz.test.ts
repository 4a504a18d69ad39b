import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { EndCode } from "../../protocol/close-reason.ts";
import { Chance } from "../faults/hostile.ts";
import { chooseSeed, seeded } from "../faults/rig.ts";
import { type SshServer, startSshServer } from "../ssh-server.ts";
import { type HostileRig, hostileRig } from "./hostile-rig.ts";
import {
  adjust,
  data,
  exec,
  flag,
  globalRequest,
  Message,
  openSession,
  packet,
  request,
  string,
  u32,
} from "./raw-client.ts";

const ROUNDS = process.env.LONG ? 1_500 : 30;
const SOON_MS = 60_000;
/** The ends that hostile bytes may have; `internal` is none of them. */
const EXPECTED = new Set<EndCode>([
  "closed",
  "protocol_violation",
  "limit_exceeded",
  "window_exceeded",
  "target_closed",
]);

/** What a client says in an hour of work, with harmless commands. */
const CONVERSATION = [
  globalRequest("keepalive@openssh.com", true),
  openSession(0),
  request(0, "env", false, string("LC_ALL"), string("C")),
  request(
    0,
    "pty-req",
    true,
    string("xterm"),
    u32(80),
    u32(24),
    u32(0),
    u32(0),
    string(Buffer.of(53, 0, 0, 0, 1, 0)),
  ),
  exec(0, "cat"),
  data(0, "hello\n"),
  request(0, "window-change", false, u32(100), u32(30), u32(0), u32(0)),
  adjust(0, 1_000),
  request(0, "signal", false, string("INT")),
  openSession(1),
  request(1, "subsystem", true, string("sftp")),
  data(1, Buffer.concat([u32(5), Buffer.of(1), u32(3)])),
  data(1, Buffer.concat([u32(10), Buffer.of(16), u32(1), string(".")])),
  packet(
    Message.channelOpen,
    ...[string("direct-tcpip"), u32(2), u32(2 ** 21), u32(32_768)],
    ...[string("127.0.0.1"), u32(1), string("127.0.0.1"), u32(1)],
  ),
  globalRequest("tcpip-forward", true, string("127.0.0.1"), u32(0)),
  openSession(3),
  request(3, "auth-agent-req@openssh.com", true),
  request(3, "x11-req", true, flag(false), string("MIT-MAGIC-COOKIE-1"), string("00"), u32(0)),
  request(3, "shell", true),
  data(3, "exit\n"),
  packet(Message.eof, u32(0)),
  packet(Message.close, u32(1)),
];

let sshd: SshServer;
let rig: HostileRig;

before(async () => {
  sshd = await startSshServer();
  rig = hostileRig(sshd);
});

after(() => sshd?.stop());

test("a conversation that is damaged, cut, doubled or out of order ends in a typed way", {
  timeout: 600_000,
}, async () => {
  const chance = new Chance(seeded(chooseSeed()));
  for (let round = 0; round < ROUNDS; round++) {
    const { tunnel, client } = await rig.client();
    const said: Buffer[] = [];
    for (const payload of CONVERSATION) {
      const kind = chance.below(12);
      if (kind === 0) continue;
      if (kind === 1) said.push(payload, payload);
      else if (kind === 2) said.push(chance.one(CONVERSATION));
      else if (kind === 3 && payload[0] !== Message.request) said.push(chance.damaged(payload));
      else if (kind === 4) said.push(payload.subarray(0, chance.below(payload.length) + 1));
      else said.push(payload);
    }
    if (chance.below(4) === 0) said.push(chance.bytes(1 + chance.below(200)));
    for (const payload of said) {
      await client.send(payload);
      if (chance.below(3) === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    if (chance.below(2) === 0) await client.sendBytes(chance.bytes(100));
    else if (!tunnel.isOver) tunnel.handlers.onEnd();
    const timer = setTimeout(() => tunnel.finish("internal", "it goes on"), SOON_MS);
    const { code, reason } = await tunnel.ended;
    clearTimeout(timer);
    const script = said.map((payload) => payload.toString("hex")).join(" ");
    assert.ok(EXPECTED.has(code), `round ${round}: ${code}, ${reason}: ${script}`);
  }
  const { tunnel, client } = await rig.client();
  const channel = await client.open();
  await client.send(exec(channel, "echo fine"));
  await client.closed();
  assert.equal(client.output().toString(), "fine\n");
  tunnel.finish("closed", "enough");
});
