import assert from "node:assert/strict";
import { duplexPair } from "node:stream";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../../../protocol/errors.ts";
import { SEED } from "../../../protocol/seeded.ts";
import { OpenFlag, Packet, Status } from "../../../protocol/sftp/numbers.ts";
import { packet, readStatus, status, string, u32, version } from "../../../protocol/sftp/packets.ts";
import { attributes, requestPacket } from "../../../protocol/sftp/testing.ts";
import { TargetNames } from "./target-names.ts";
import { NotingGuard } from "./testing-guard.ts";
import { PacketPeer, type Relayed, relayed } from "./testing-sftp.ts";

console.log(`hostile SFTP server: SEED=${SEED}`);

const name = (id: number, path: string | Buffer) =>
  packet(Packet.NAME, id, u32(1), string(path), string(""), attributes({}));
const handle = (id: number, key: string) => packet(Packet.HANDLE, id, string(key));

interface Fake extends Relayed {
  server: PacketPeer;
  guard: NotingGuard;
}

/** A relay whose target is what the test says, up to where the agent may ask. */
async function fake(extensions: [string, string][] = [["posix-rename@openssh.com", "1"]]): Promise<Fake> {
  const [near, far] = duplexPair();
  const server = new PacketPeer(far, "client");
  const guard = new NotingGuard(["/secret"]);
  const relay = relayed(near, guard);
  const hello = relay.agent.hello();
  await server.until(({ type }) => type === Packet.INIT);
  server.send(version(extensions));
  const home = await server.until(({ type }) => type === Packet.REALPATH);
  server.send(name(home.id, "/home"));
  await hello;
  return { ...relay, server, guard };
}

/** Answers the relay's questions with the path itself, and what is asked for with `answer`. */
async function opened({ agent, server }: Fake, id: number, path: string, key: string): Promise<void> {
  const before = server.seen.length;
  const flags = OpenFlag.READ;
  agent.send(requestPacket(id, { type: "open", path: Buffer.from(path), flags, attributes: {} }));
  const isNew = (one: { id: number }) => server.seen.indexOf(one as never) >= before;
  const question = await server.until((one) => one.type === Packet.REALPATH && isNew(one));
  server.send(name(question.id, path));
  await server.until((one) => one.id === id);
  server.send(handle(id, key));
}

const read = (id: number, length = 10) =>
  requestPacket(id, { type: "read", handle: "h", offset: 0n, length });

describe("a hostile SFTP server", () => {
  for (const [what, answer] of [
    ["answers what was never asked", () => status(77, Status.OK, "")],
    ["answers with another type", () => handle(2, "x")],
    ["answers with a type that is none", () => packet(99, 2)],
    ["answers with more data than was asked for", () => packet(Packet.DATA, 2, string(Buffer.alloc(11)))],
    ["lies about the length of its data", () => packet(Packet.DATA, 2, u32(5), Buffer.from("x"))],
    ["answers twice", () => Buffer.concat([status(2, Status.EOF, ""), status(2, Status.EOF, "")])],
    ["sends a request", () => requestPacket(2, { type: "limits" })],
    ["greets twice", () => version([])],
    ["sends a packet too long", () => Buffer.from([0, 4, 0, 1, 103, 0, 0, 0, 2])],
  ] as const) {
    test(`that ${what} is cut off`, async () => {
      const all = await fake();
      await opened(all, 1, "/home/x", "h");
      await all.agent.until(({ id }) => id === 1);
      all.agent.send(read(2));
      await all.server.until(({ id }) => id === 2);
      all.server.send(answer());
      const error = await all.over;
      assert.match(error?.code ?? "", /^(protocol_violation|frame_too_large)$/);
    });
  }

  test("that gives one handle to two files, or one too long, is cut off", async () => {
    for (const key of ["h", "x".repeat(257)]) {
      const all = await fake();
      await opened(all, 1, "/home/x", "h");
      await opened(all, 2, "/home/y", key);
      assert.equal((await all.over)?.code, "protocol_violation");
    }
  });

  test("that answers a request before it has it is cut off", async () => {
    const all = await fake();
    all.agent.send(requestPacket(5, { type: "stat", path: Buffer.from("/home/x") }));
    await all.server.until(
      ({ type, id }) => type === Packet.REALPATH && id !== 5 && all.server.seen.length > 2,
    );
    all.server.send(packet(Packet.ATTRS, 5, attributes({})));
    assert.equal((await all.over)?.code, "protocol_violation");
  });

  test("that resolves to what can't be judged is cut off, and to what is forbidden refused", async () => {
    for (const [answer, code] of [
      [Buffer.from([0x2f, 0xff]), "protocol_violation"],
      [Buffer.from("relative"), "protocol_violation"],
      [Buffer.from("/a\0b"), "protocol_violation"],
      [Buffer.from("/home/../secret/x"), null],
    ] as const) {
      const all = await fake();
      all.agent.send(requestPacket(5, { type: "stat", path: Buffer.from("/home/x") }));
      const isQuestion = ({ type }: { type: number }) => type === Packet.REALPATH;
      await all.server.until(() => all.server.seen.filter(isQuestion).length === 2);
      all.server.send(name(all.server.seen.filter(isQuestion).at(-1)!.id, answer));
      if (code !== null) {
        assert.equal((await all.over)?.code, code);
      } else {
        const { body } = await all.agent.until(({ id }) => id === 5);
        assert.equal(readStatus(body).code, Status.PERMISSION_DENIED);
        assert.equal(
          all.server.seen.some(({ type }) => type === Packet.STAT),
          false,
        );
      }
    }
  });

  test("that has no answer for a link to nothing gets no file to create through it", async () => {
    const all = await fake();
    const { agent, server } = all;
    const flags = OpenFlag.WRITE | OpenFlag.CREAT;
    agent.send(requestPacket(5, { type: "open", path: Buffer.from("/home/l"), flags, attributes: {} }));
    const isQuestion = ({ type }: { type: number }) => type === Packet.REALPATH;
    await server.until(() => server.seen.filter(isQuestion).length === 2);
    server.send(status(server.seen.filter(isQuestion).at(-1)!.id, Status.NO_SUCH_FILE, "none"));
    const { id } = await server.until(({ type }) => type === Packet.LSTAT);
    server.send(packet(Packet.ATTRS, id, attributes({ permissions: 0o120777 })));
    const answer = await agent.until((one) => one.id === 5);
    assert.equal(readStatus(answer.body).code, Status.NO_SUCH_FILE);
    assert.equal(
      server.seen.some(({ type }) => type === Packet.OPEN),
      false,
    );
  });

  test("that isn't known to take a link's paths in OpenSSH's order makes none", async () => {
    const { agent } = await fake([]);
    const link = { type: "symlink", target: Buffer.from("/a"), link: Buffer.from("/b") } as const;
    assert.equal(await agent.status(link), Status.OP_UNSUPPORTED);
  });

  test("that announces what isn't known, or in another version, has it left out", async () => {
    const { agent } = await fake([
      ["statvfs@openssh.com", "9"],
      ["evil@example.com", "1"],
      ["constructor", "1"],
      ["fsync@openssh.com", "1"],
    ]);
    const { body } = agent.seen[0]!;
    assert.equal(
      body.toString("latin1"),
      version([["fsync@openssh.com", "1"]])
        .subarray(9)
        .toString("latin1"),
    );
    assert.equal(await agent.status({ type: "statvfs", path: Buffer.from("/x") }), Status.OP_UNSUPPORTED);
  });

  test("that speaks another version, or goes, is no target", async () => {
    for (const [first, code] of [
      [packet(Packet.VERSION, 2), "protocol_violation"],
      [Buffer.from("This account is not available."), "frame_too_large"],
      [null, undefined],
    ] as const) {
      const [near, far] = duplexPair();
      const server = new PacketPeer(far, "client");
      const { agent, over } = relayed(near, new NotingGuard());
      void agent.hello().catch(() => {});
      await server.until(({ type }) => type === Packet.INIT);
      if (first === null) server.stream.end();
      else server.send(first);
      assert.equal((await over)?.code, code);
    }
  });

  test("that goes while requests wait ends the relay, and frees the session's turn", async () => {
    const all = await fake();
    all.agent.send(requestPacket(5, { type: "stat", path: Buffer.from("/home/x") }));
    await all.server.until(() => all.server.seen.filter(({ type }) => type === Packet.REALPATH).length === 2);
    all.server.stream.end();
    assert.equal(await all.over, null);
  });

  test("that sends garbage makes nothing but a typed error", async () => {
    const garbage = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 4 });
    const framed = fc.tuple(fc.constantFrom(2, 101, 102, 103, 104, 105, 201), fc.nat({ max: 3 }), garbage);
    await fc.assert(
      fc.asyncProperty(framed, async ([type, id, parts]) => {
        const all = await fake();
        await opened(all, 1, "/home/x", "h");
        all.agent.send(read(2));
        await all.server.until((one) => one.id === 2);
        all.server.send(packet(type, id, ...parts));
        all.server.stream.end();
        const error = await all.over;
        assert.ok(error === null || (error instanceof SallyportError && error.code !== "internal"));
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  test("is asked no more about names after an answer that doesn't fit", async () => {
    const [near, far] = duplexPair();
    const server = new PacketPeer(far, "client");
    const names = TargetNames.open(near);
    await server.until(({ type }) => type === Packet.INIT);
    server.send(version([]));
    const { id } = await server.until(({ type }) => type === Packet.REALPATH);
    server.send(packet(Packet.DATA, id, string("x")));
    await assert.rejects(names, { code: "target_closed" });
  });
});
