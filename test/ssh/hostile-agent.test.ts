import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { RecordKind } from "../../protocol/ssh/record.ts";
import { type SshServer, startSshServer } from "../ssh-server.ts";
import { type HostileRig, hostileRig, type Tunnel } from "./hostile-rig.ts";
import {
  adjust,
  data,
  exec,
  flag,
  globalRequest,
  Message,
  openSession,
  packet,
  RawClient,
  request,
  string,
  u32,
} from "./raw-client.ts";

const MIB = 1024 * 1024;

describe("hostile clients of agents", { timeout: 340_000 }, () => {
  let sshd: SshServer;
  let rig: HostileRig;

  before(async () => {
    sshd = await startSshServer();
    rig = hostileRig(sshd);
  });

  after(() => sshd?.stop());

  /** A client that has only been connected. */
  const stranger = (): { tunnel: Tunnel; client: RawClient } => {
    const tunnel = rig.tunnel();
    const client = new RawClient((bytes) => tunnel.fromAgent(bytes));
    tunnel.onBytes = (bytes) => client.received(bytes);
    tunnel.onEnded = () => client.over();
    return { tunnel, client };
  };
  const code = async (tunnel: Tunnel) => (await tunnel.ended).code;
  const runs = async (client: RawClient, number = 0, line = "echo fine") => {
    const channel = await client.open(number);
    await client.send(exec(channel, line));
    await client.closed(number);
    return client.output(number).toString();
  };

  test("garbage for a version, and versions without an end", async () => {
    for (const bytes of [
      "GET / HTTP/1.1\r\n\r\n",
      "SSH-1.5-old\r\n",
      `SSH-2.0-${"x".repeat(10 * MIB)}`,
      "SSH-2.0-x\rno newline",
      "\0\0\0\0",
      `${"hello\r\n".repeat(2_000)}`,
    ]) {
      const { tunnel } = stranger();
      for (let at = 0; at < bytes.length; at += 256 * 1024) {
        await tunnel.fromAgent(Buffer.from(bytes.slice(at, at + 256 * 1024)));
      }
      if (!bytes.includes("\n")) tunnel.handlers.onEnd();
      assert.equal(await code(tunnel), "protocol_violation", bytes.slice(0, 40));
    }
  });

  test("a version that comes byte by byte is one", async () => {
    const { tunnel, client } = stranger();
    for (const byte of Buffer.from("SSH-2.0-raw\r\n")) await tunnel.fromAgent(Buffer.of(byte));
    await tunnel.until(() => tunnel.events.length > 0 || tunnel.isOver);
    assert.deepEqual(tunnel.events, [{ event: "ssh_client", software: "raw" }]);
    tunnel.finish("closed", "enough");
    assert.ok(client.isOver);
  });

  test("strict key exchange: a packet before NEWKEYS, as a prefix truncation needs it, ends the connection", async () => {
    for (const payload of [
      packet(Message.ignore, string("")),
      packet(Message.debug, flag(false), string(""), string("")),
      packet(Message.unimplemented, u32(0)),
    ]) {
      const { tunnel, client } = stranger();
      client.protocol.start();
      // Before anything is encrypted: a packet of RFC 4253 section 6 as anybody on the way could insert it.
      await tunnel.until(() => tunnel.events.length > 0);
      const padding = 16 - ((5 + payload.length) % 8);
      await client.sendBytes(
        Buffer.concat([
          u32(1 + payload.length + padding),
          Buffer.of(padding),
          payload,
          Buffer.alloc(padding),
        ]),
      );
      assert.equal(await code(tunnel), "protocol_violation");
    }
    const { tunnel, client } = await rig.client();
    assert.equal(client.protocol._strictMode, true);
    tunnel.finish("closed", "enough");
  });

  test("packets with a wrong tag, a wrong length, or cut off", async () => {
    for (const bytes of [
      Buffer.alloc(64),
      Buffer.concat([u32(0xffffffff), Buffer.alloc(60)]),
      Buffer.concat([u32(0), Buffer.alloc(60)]),
      Buffer.concat([u32(32), Buffer.alloc(48, 1)]),
    ]) {
      const { tunnel, client } = await rig.client();
      await client.sendBytes(bytes);
      assert.equal(await code(tunnel), "protocol_violation");
    }
    const { tunnel, client } = await rig.client();
    await client.sendBytes(Buffer.concat([u32(64), Buffer.alloc(10)]));
    tunnel.handlers.onEnd();
    assert.ok(["closed", "protocol_violation"].includes(await code(tunnel)));
  });

  test("lengths within packets that lie", async () => {
    const lying = Buffer.concat([u32(0x7fffffff), Buffer.from("x")]);
    for (const payload of [
      packet(Message.channelOpen, lying),
      packet(Message.channelOpen, string("session"), u32(0)),
      packet(Message.request, u32(0), string("exec"), flag(true), lying),
      packet(Message.request, u32(0), string("pty-req"), flag(true), string("xterm"), u32(1)),
      packet(Message.request, u32(0), string("env"), flag(true), string("A"), lying),
      packet(Message.data, u32(0), lying),
      packet(Message.data),
      packet(Message.windowAdjust, u32(0)),
      packet(Message.close),
      packet(Message.disconnect),
      packet(Message.authRequest, lying),
      packet(Message.close, u32(0xffffffff)),
      packet(Message.data, u32(0xffffffff), string("x")),
    ]) {
      const { tunnel, client } = await rig.client();
      await client.open();
      await client.send(payload);
      assert.equal(await code(tunnel), "protocol_violation", payload.toString("hex"));
    }
  });

  test("types of messages that nobody knows, and those only a server sends, change nothing", async () => {
    const { client } = await rig.client();
    const mine = [51, 52, 53, 60, 61, 81, 82, 91, 92, 99, 100];
    for (let type = 0; type < 256; type++) {
      const isKnown = Object.values(Message).includes(type as never) || mine.includes(type);
      if (!isKnown && (type < 20 || type > 79)) await client.send(packet(type, Buffer.alloc(20)));
    }
    for (const type of [Message.requestSuccess, Message.requestFailure]) await client.send(packet(type));
    for (const type of [Message.success, Message.failure]) await client.send(packet(type, u32(77)));
    assert.equal(await runs(client), "fine\n");
  });

  test("requests to listen that are cut short are refused, or end their session and no more", async () => {
    const whole = globalRequest("tcpip-forward", true, string("127.0.0.1"), u32(0));
    for (let end = whole.length - 17; end < whole.length; end++) {
      const { tunnel, client } = await rig.client();
      await client.send(whole.subarray(0, end));
      await client.until(() => client.of(Message.requestFailure).length > 0);
      tunnel.finish("closed", "enough");
      assert.match(await code(tunnel), /^(closed|protocol_violation)$/);
    }
  });

  test("nothing is opened, asked or run before the login", async () => {
    const { tunnel, client } = stranger();
    await client.handshake();
    await client.send(openSession(0), globalRequest("tcpip-forward", true, string(""), u32(0)));
    await client.has(Message.openFailure);
    await client.has(Message.requestFailure);
    await client.send(exec(0, `touch ${sshd.home}/never`), data(0, "x"));
    assert.deepEqual(
      tunnel.events.map(({ event }) => event),
      ["ssh_client"],
    );
    tunnel.finish("closed", "enough");
  });

  test("services and logins out of order", async () => {
    const login = (user: string, method = "none", ...more: Buffer[]) =>
      packet(Message.authRequest, string(user), string("ssh-connection"), string(method), ...more);
    const service = (name: string) => packet(Message.serviceRequest, string(name));
    for (const [what, payloads] of Object.entries({
      "an unknown service": [service("ssh-connection")],
      "a service twice": [service("ssh-userauth"), service("ssh-userauth")],
      "a login to another service": [
        packet(Message.authRequest, string("a"), string("ssh-userauth"), string("none")),
      ],
      "an unknown method": [service("ssh-userauth"), login("a", "gssapi-with-mic")],
      "another user": [service("ssh-userauth"), login("a"), login("b")],
    })) {
      const { tunnel, client } = stranger();
      await client.handshake();
      await client.send(...payloads);
      assert.equal(await code(tunnel), "protocol_violation", what);
    }
  });

  test("who logs in by a password or a key gets no further than by none, and its secret is nowhere", async () => {
    const { tunnel, client } = stranger();
    await client.handshake();
    await client.send(packet(Message.serviceRequest, string("ssh-userauth")));
    await client.send(
      packet(
        Message.authRequest,
        string("sallyport"),
        string("ssh-connection"),
        string("password"),
        flag(false),
        string("hunter2"),
      ),
    );
    await client.has(Message.authSuccess);
    assert.equal(await runs(client), "fine\n");
    assert.doesNotMatch(JSON.stringify([tunnel.events, rig.log]), /hunter2/);
  });

  test("a flood of logins ends the session, or changes nothing", async () => {
    const { tunnel, client } = stranger();
    await client.handshake();
    await client.send(packet(Message.serviceRequest, string("ssh-userauth")));
    for (let i = 0; i < 1_000; i++) {
      await client.send(packet(Message.authRequest, string("x"), string("ssh-connection"), string("none")));
    }
    assert.equal(await code(tunnel), "protocol_violation");
  });

  test("channel requests and global requests that nobody knows are refused, and answered in order", async () => {
    const { client } = await rig.client();
    const channel = await client.open();
    await client.send(
      request(channel, "nobody@example.com", true),
      request(channel, "env", true, string("LC_A"), string("1")),
      request(channel, "nobody@example.com", false),
      request(channel, "subsystem", true, string("netconf")),
      request(channel, "env", true, string("LD_PRELOAD"), string("x")),
      globalRequest("nobody@example.com", true),
      globalRequest("keepalive@openssh.com", true),
      globalRequest("streamlocal-forward@openssh.com", true, string("/tmp/x")),
      exec(channel, "echo $LC_A $LD_PRELOAD"),
    );
    await client.closed();
    assert.equal(client.replies, "-+--+");
    assert.equal(client.of(Message.requestFailure).length, 3);
    assert.equal(client.output().toString(), "1\n");
    await client.send(packet(Message.channelOpen, string("nobody@example.com"), u32(5), u32(1), u32(32_768)));
    assert.equal((await client.has(Message.openFailure))!.readUInt32BE(5), 3, "unknown channel type");
  });

  test("what is asked on channels that are not there, or closed, changes nothing", async () => {
    const { tunnel, client } = await rig.client();
    assert.equal(await runs(client), "fine\n");
    for (const channel of [0, 7, 0xfffffffe]) {
      await client.send(
        exec(channel, `touch ${sshd.home}/never`),
        data(channel, "x"),
        adjust(channel, 5),
        packet(Message.extendedData, u32(channel), u32(1), string("x")),
        packet(Message.eof, u32(channel)),
        packet(Message.close, u32(channel)),
      );
    }
    assert.equal(await runs(client, 1), "fine\n");
    assert.equal(tunnel.events.filter(({ event }) => event === "requested").length, 2);
  });

  test("one channel runs one thing: what else is asked of it is refused", async () => {
    const { tunnel, client } = await rig.client();
    const channel = await client.open();
    await client.send(
      exec(channel, "cat"),
      exec(channel, `touch ${sshd.home}/never`),
      request(channel, "shell", true),
      request(channel, "subsystem", true, string("sftp")),
      request(channel, "pty-req", true, string("xterm"), u32(80), u32(24), u32(0), u32(0), string("")),
      request(channel, "nobody@example.com", true),
      data(channel, "through"),
      packet(Message.eof, u32(channel)),
    );
    await client.closed();
    assert.equal(client.output().toString(), "through");
    assert.match(client.replies, /^\+-*$/);
    assert.equal(tunnel.events.filter(({ event }) => event === "requested").length, 1);
  });

  test("data before a request is not lost or run; error output of a client's own is ignored", async () => {
    const { client } = await rig.client();
    const channel = await client.open();
    await client.send(
      data(channel, "before"),
      packet(Message.extendedData, u32(channel), u32(1), string("error")),
      exec(channel, "cat"),
      packet(Message.extendedData, u32(channel), u32(1), string("error")),
      packet(Message.extendedData, u32(channel), u32(99), string("what")),
      data(channel, "after"),
      packet(Message.eof, u32(channel)),
    );
    await client.closed();
    assert.match(client.output().toString(), /^(before)?after$/);
  });

  test("data after the end of data ends the channel, and nothing else", async () => {
    const { tunnel, client } = await rig.client();
    const channel = await client.open();
    await client.send(exec(channel, "cat"), packet(Message.eof, u32(channel)), data(channel, "more"));
    await client.closed();
    assert.equal(client.output().toString(), "");
    assert.equal(await runs(client, 1), "fine\n");
    assert.equal(tunnel.isOver, false);
  });

  test("10,000 channels: so many as are permitted open, the others are refused", async () => {
    const { tunnel, client } = await rig.client();
    for (let i = 0; i < 10_000; i++) await client.send(openSession(i));
    await client.until(
      () => client.of(Message.openFailure).length + client.of(Message.openConfirmation).length >= 10_000,
    );
    assert.equal(client.of(Message.openConfirmation).length, 32);
    assert.equal(tunnel.events.filter(({ event }) => event === "channel_opened").length, 32);
    assert.equal(tunnel.isOver, false);
    await client.send(packet(Message.close, u32(3)));
    assert.equal(await runs(client, 20_000), "fine\n");
  });

  test("10,000 connections through the target: so many as are permitted are tried", async () => {
    const { tunnel, client } = await rig.client();
    for (let i = 0; i < 10_000; i++) {
      await client.send(
        packet(
          Message.channelOpen,
          ...[string("direct-tcpip"), u32(i), u32(2 ** 21), u32(32_768)],
          ...[string("127.0.0.1"), u32(sshd.port), string("127.0.0.1"), u32(1)],
        ),
      );
    }
    await client.until(
      () => client.of(Message.openFailure).length + client.of(Message.openConfirmation).length >= 10_000,
    );
    assert.ok(client.of(Message.openConfirmation).length <= 32);
    const asked = tunnel.events.filter(({ event }) => event === "requested").length;
    assert.ok(asked < 1_000, `${asked} were tried`);
    assert.equal(tunnel.isOver, false);
    tunnel.finish("closed", "enough");
  });

  test("10,000 variables end the session", async () => {
    const { tunnel, client } = await rig.client();
    const channel = await client.open();
    for (let i = 0; i < 10_000; i++) {
      await client.send(request(channel, "env", true, string(`LC_${i}`), string("x".repeat(100))));
    }
    assert.equal(await code(tunnel), "limit_exceeded");
    assert.ok(tunnel.events.filter(({ event }) => event === "environment").length <= 100);
  });

  test("terminals of impossible sizes, names and modes are refused", async () => {
    const { client } = await rig.client();
    const channel = await client.open();
    const pty = (term: string, columns: number, rows: number, modes: string | Buffer = "") =>
      request(channel, "pty-req", true, string(term), u32(columns), u32(rows), u32(0), u32(0), string(modes));
    await client.send(
      pty("xterm", 0xffffffff, 24),
      pty("xterm", 80, 0x80000000),
      pty("x".repeat(10_000), 80, 24),
      pty("xterm\0", 80, 24),
      pty("xterm", 80, 24, Buffer.concat([Buffer.of(250), u32(9), Buffer.of(0)])),
      pty("xterm", 80, 24),
      request(channel, "window-change", false, u32(0xffffffff), u32(0xffffffff), u32(0), u32(0)),
      exec(channel, "stty size"),
    );
    await client.closed();
    assert.match(client.replies, /^-----?\+?-?\+/);
    assert.equal(client.status(), 0, client.output().toString());
  });

  test("command lines with NUL, with bytes that are no UTF-8, and very long ones do not end the connector", async () => {
    for (const line of [
      Buffer.from(`echo one\0; touch ${sshd.home}/never`),
      Buffer.from([0x65, 0x63, 0x68, 0x6f, 0x20, 0xff, 0xfe]),
      Buffer.from(`echo ${"x".repeat(33_000)}`),
      Buffer.from("true;".repeat(6_000)),
      Buffer.from("(".repeat(20_000)),
      Buffer.from("$(".repeat(10_000)),
      Buffer.from("\x01".repeat(30_000)),
    ]) {
      const { tunnel, client } = await rig.client();
      const channel = await client.open();
      await client.send(exec(channel, line));
      await client.closed();
      if (!tunnel.isOver) tunnel.finish("closed", "enough");
      assert.notEqual((await tunnel.ended).code, "internal");
    }
  });

  test("a line of 1 MB is more than a packet may hold", async () => {
    const { tunnel, client } = await rig.client();
    const channel = await client.open();
    await client.send(exec(channel, "x".repeat(MIB)));
    assert.equal(await code(tunnel), "protocol_violation");
  });

  test("a window of nothing: nothing is sent until it is opened; then all of it, once, in both streams", async () => {
    const { tunnel, client } = await rig.client();
    const channel = await client.open(0, 0);
    await client.send(exec(channel, "printf 12345; sleep .2; printf abcdef >&2; sleep .2; printf 67890"));
    await tunnel.until(() => tunnel.recorded(RecordKind.output).length >= 10);
    assert.equal(client.output().length, 0);
    for (let i = 0; i < 16; i++) {
      await client.send(adjust(channel, 1));
      await client.until(() => client.output().length + client.output(0, Message.extendedData).length > i);
    }
    await client.closed();
    assert.equal(client.output().toString(), "1234567890");
    assert.equal(client.output(0, Message.extendedData).toString(), "abcdef");
  });

  test("packets of no bytes, or of hardly any, are no offer", async () => {
    for (const most of [0, 1, 100]) {
      const { tunnel, client } = await rig.client();
      await client.send(openSession(0, 2 ** 32 - 1, most));
      assert.equal(await code(tunnel), "protocol_violation", `${most}`);
    }
  });

  test("windows that add up to more than there is are as good as large ones", async () => {
    const { client } = await rig.client();
    const channel = await client.open(0, 0xffffffff);
    for (let i = 0; i < 5; i++) await client.send(adjust(channel, 0xffffffff));
    await client.send(exec(channel, "seq 1 10000"));
    for (let i = 0; i < 50; i++) await client.send(adjust(channel, 0xffffffff));
    await client.closed();
    assert.equal(client.output().length, 48_894);
  });

  test("more than the window of a channel that nobody reads ends the session", async () => {
    const { tunnel, client } = await rig.client();
    const channel = await client.open();
    await client.send(exec(channel, "sleep 60"));
    const chunk = data(channel, Buffer.alloc(32_000));
    for (let sent = 0; sent < 64 * MIB && !tunnel.isOver; sent += 32_000) await client.send(chunk);
    assert.equal(await code(tunnel), "window_exceeded");
  });

  test("a key exchange that the client begins and does not end lets nothing pile up", async () => {
    const { tunnel, client } = await rig.client();
    const channel = await client.open(0, 0xffffffff);
    await client.send(exec(channel, "yes"));
    await client.until(() => client.output().length > MIB);
    // Its own half is sent; the connector's answer is not heard.
    tunnel.onBytes = () => {};
    client.protocol.rekey();
    const recorded = () => tunnel.records.reduce((sum, { bytes }) => sum + bytes.length, 0);
    let last = -1;
    for (let quiet = 0; quiet < 10 && !tunnel.isOver; ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      quiet = recorded() === last ? quiet + 1 : 0;
      last = recorded();
      assert.ok(last < 64 * MIB, `${last} bytes were taken for an agent that takes none`);
    }
    if (!tunnel.isOver) tunnel.finish("closed", "enough");
  });

  test("keys are exchanged anew in the middle of a transfer, many times", async () => {
    const { tunnel, client } = await rig.client();
    const channel = await client.open(0, 0xffffffff);
    await client.send(exec(channel, "seq 1 400000"));
    for (let i = 2; i < 12; i++) {
      client.protocol.rekey();
      await client.until(() => client.handshakes === i);
    }
    await client.closed();
    assert.equal(client.handshakes, 11);
    assert.equal(client.output().length, 2_688_895);
    tunnel.finish("closed", "enough");
  });

  test("a disconnect in the middle is the end, whatever reason it gives", async () => {
    for (const reason of [2, 11, 0x7fffffff]) {
      const { tunnel, client } = await rig.client();
      const channel = await client.open();
      await client.send(exec(channel, "yes"));
      await client.until(() => client.output().length > 0);
      await client.send(packet(Message.disconnect, u32(reason), string("bye"), string("")));
      assert.equal(await code(tunnel), "closed");
    }
  });

  test("who comes after all of these is served", async () => {
    const { tunnel, client } = await rig.client();
    assert.equal(await runs(client), "fine\n");
    assert.equal(await runs(client, 1, `ls ${sshd.home}`), "");
    tunnel.finish("closed", "enough");
    assert.doesNotMatch(rig.log.join("\n"), /\n\s+at |internal/);
  });
});
