import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { OpenFlag, Packet, Status } from "../../../protocol/sftp/numbers.ts";
import { init, packet, readData, readLimits, readStatus, string } from "../../../protocol/sftp/packets.ts";
import { requestPacket } from "../../../protocol/sftp/testing.ts";
import type { FileGuard } from "./file-guard.ts";
import { MAX_OPEN } from "./open-files.ts";
import { NotingGuard } from "./testing-guard.ts";
import { type Relayed, relayed, sftpServer } from "./testing-sftp.ts";
import { Turns } from "./turns.ts";

const { READ, WRITE, CREAT, TRUNC, APPEND } = OpenFlag;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

let folder: string;
const opened: { child: { kill(): void } }[] = [];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "sallyport-sftp-")));
  mkdirSync(join(folder, "open"));
  mkdirSync(join(folder, "secret"));
  writeFileSync(join(folder, "secret/key"), "the key");
  writeFileSync(join(folder, "open/note"), "hello");
});
afterEach(() => {
  for (const { child } of opened.splice(0)) child.kill();
  rmSync(folder, { recursive: true });
});

/** An agent whose guard refuses `secret`, with OpenSSH's server. */
async function start(
  guard: FileGuard = new NotingGuard([join(folder, "secret")]),
  turns = new Turns(),
  look?: (data: Uint8Array) => void,
): Promise<Relayed> {
  const server = sftpServer(folder);
  opened.push(server);
  const relay = relayed(server.stream, guard, turns, look);
  await relay.agent.hello();
  return relay;
}

const path = (name: string) => Buffer.from(join(folder, name));
const raw = (name: string) => Buffer.from(`${folder}/${name}`);

describe("a path that leads to what is forbidden", () => {
  for (const name of [
    "secret/key",
    "open/../secret/key",
    ".//secret//key",
    "open/./../secret/./key",
    "open/nowhere/../../secret/key",
  ]) {
    test(`is refused: ${name}`, async () => {
      const { agent } = await start();
      for (const given of [raw(name), Buffer.from(name)]) {
        const opening = { type: "open", path: given, flags: READ, attributes: {} } as const;
        assert.equal(await agent.status(opening), Status.PERMISSION_DENIED);
        assert.equal(await agent.status({ type: "stat", path: given }), Status.PERMISSION_DENIED);
        assert.equal(await agent.status({ type: "remove", path: given }), Status.PERMISSION_DENIED);
      }
      assert.equal(readFileSync(join(folder, "secret/key"), "utf8"), "the key");
    });
  }

  test("is refused by every operation, and as either of two names", async () => {
    const { agent } = await start();
    const key = path("secret/key");
    const note = path("open/note");
    const attributes = { permissions: 0o777 };
    for (const request of [
      { type: "lstat", path: key },
      { type: "opendir", path: path("secret") },
      { type: "readlink", path: key },
      { type: "realpath", path: key },
      { type: "statvfs", path: key },
      { type: "expand-path", path: key },
      { type: "rmdir", path: path("secret") },
      { type: "mkdir", path: path("secret/new"), attributes },
      { type: "setstat", path: key, attributes },
      { type: "lsetstat", path: key, attributes },
      { type: "rename", path: key, other: note },
      { type: "rename", path: note, other: path("secret/note") },
      { type: "posix-rename", path: note, other: key },
      { type: "hardlink", path: key, other: path("open/key") },
      { type: "symlink", target: key, link: path("open/link") },
      { type: "symlink", target: Buffer.from("../secret"), link: path("open/link") },
      { type: "symlink", target: note, link: path("secret/link") },
    ] as const) {
      assert.equal(await agent.status(request), Status.PERMISSION_DENIED, request.type);
    }
    assert.ok(!existsSync(join(folder, "open/link")) && !existsSync(join(folder, "open/key")));
  });

  test("is refused through a link that was there, whole or in the middle", async () => {
    symlinkSync("../secret", join(folder, "open/folder"));
    symlinkSync("../secret/key", join(folder, "open/file"));
    symlinkSync("../secret/new", join(folder, "open/dangling"));
    const { agent } = await start();
    for (const name of ["open/folder/key", "open/file", "open/dangling", "open/folder/../secret/key"]) {
      const opening = { type: "open", path: raw(name), flags: WRITE | CREAT, attributes: {} } as const;
      assert.equal(await agent.status(opening), Status.PERMISSION_DENIED, name);
    }
    assert.equal(await agent.status({ type: "opendir", path: raw("open/folder") }), Status.PERMISSION_DENIED);
    assert.equal(await agent.status({ type: "lstat", path: raw("open/folder/") }), Status.PERMISSION_DENIED);
    const attributes = { permissions: 0o777 };
    const change = { type: "setstat", path: path("open/file"), attributes } as const;
    assert.equal(await agent.status(change), Status.PERMISSION_DENIED);
    assert.ok(!existsSync(join(folder, "secret/new")));
    // The link itself may be looked at and removed.
    assert.equal((await agent.ask({ type: "lstat", path: path("open/file") })).type, Packet.ATTRS);
    assert.equal(await agent.status({ type: "remove", path: path("open/file") }), Status.OK);
    assert.ok(existsSync(join(folder, "secret/key")));
  });

  test("is refused through a link that the same pipeline makes, or moves", async () => {
    mkdirSync(join(folder, "open/a"));
    symlinkSync("../../secret", join(folder, "open/a/in"));
    // The guard lets links be made wherever they lead.
    const inner = new NotingGuard([join(folder, "secret")]);
    const guard: FileGuard = {
      judge: async (request) => (request.operation === "symlink" ? null : inner.judge(request)),
      closed: (...told) => inner.closed(...told),
      failed: () => {},
    };
    const { agent } = await start(guard);
    agent.send(
      requestPacket(901, { type: "symlink", target: path("secret"), link: path("open/l") }),
      requestPacket(902, { type: "open", path: path("open/l/key"), flags: READ, attributes: {} }),
      requestPacket(903, { type: "rename", path: path("open/a"), other: path("open/b") }),
      requestPacket(904, { type: "open", path: path("open/b/in/key"), flags: READ, attributes: {} }),
    );
    for (const [id, code] of [
      [901, Status.OK],
      [902, Status.PERMISSION_DENIED],
      [903, Status.OK],
      [904, Status.PERMISSION_DENIED],
    ]) {
      const answer = await agent.until((one) => one.id === id);
      assert.equal(answer.type, Packet.STATUS);
      assert.equal(readStatus(answer.body).code, code, `request ${id}`);
    }
  });

  test("is refused when a link changes while people think about it", async () => {
    symlinkSync("../open", join(folder, "open/where"));
    const guard = new NotingGuard([join(folder, "secret")]);
    let asks = 0;
    const slow: FileGuard = {
      async judge(request) {
        if (++asks === 2) {
          rmSync(join(folder, "open/where"));
          symlinkSync("../secret", join(folder, "open/where"));
        }
        return guard.judge(request);
      },
      closed: async () => {},
      failed: () => {},
    };
    const { agent } = await start(slow);
    const opening = { type: "open", path: path("open/where/key"), flags: READ, attributes: {} } as const;
    assert.equal(await agent.status(opening), Status.PERMISSION_DENIED);
    assert.deepEqual(
      guard.noted.map((noted) => "judged" in noted && noted.path.slice(folder.length)),
      ["/open/where/key", "/open/key", "/secret/key"],
    );
  });

  test("does not pass between another channel's question and use", async () => {
    mkdirSync(join(folder, "open/real"));
    writeFileSync(join(folder, "open/real/key"), "mine");
    const turns = new Turns();
    const guard = (): FileGuard => new NotingGuard([join(folder, "secret")]);
    const one = await start(guard(), turns);
    const two = await start(guard(), turns);
    // Both send at once, many times: a folder is swapped with a link to it and back, while the other one reads.
    symlinkSync("../secret", join(folder, "open/link"));
    for (let i = 0; i < 30; i++) {
      const swap = (from: string, to: string, id: number) =>
        requestPacket(1000 + id, { type: "posix-rename", path: path(from), other: path(to) });
      one.agent.send(swap("open/real", "open/kept", 3 * i), swap("open/link", "open/real", 3 * i + 1));
      two.agent.send(
        requestPacket(1000 + i, { type: "open", path: path("open/real/key"), flags: READ, attributes: {} }),
      );
      await one.agent.until(({ id }) => id === 1000 + 3 * i + 1);
      one.agent.send(
        requestPacket(5000 + i, { type: "posix-rename", path: path("open/real"), other: path("open/link") }),
      );
      await one.agent.until(({ id }) => id === 5000 + i);
      one.agent.send(
        requestPacket(6000 + i, { type: "posix-rename", path: path("open/kept"), other: path("open/real") }),
      );
      await one.agent.until(({ id }) => id === 6000 + i);
      const { type, body } = await two.agent.until(({ id }) => id === 1000 + i);
      if (type !== Packet.HANDLE) continue;
      const handle = body.subarray(4).toString("latin1");
      const data = await two.agent.ask({ type: "read", handle, offset: 0n, length: 100 });
      assert.equal(readData(data.body).toString(), "mine");
    }
  });

  test("of bytes that can't be judged is refused before anything is asked", async () => {
    const guard = new NotingGuard();
    const { agent } = await start(guard);
    for (const bytes of [
      Buffer.from([0x2f, 0xff]),
      Buffer.from("/etc/passwd\0.txt"),
      Buffer.alloc(5000, "a"),
    ]) {
      assert.equal(await agent.status({ type: "stat", path: bytes }), Status.PERMISSION_DENIED);
    }
    assert.deepEqual(guard.noted, []);
  });

  test("is refused to a file that is truncated by opening it for reading", async () => {
    const { agent } = await start(new NotingGuard([], true));
    for (const flags of [READ | TRUNC, CREAT, WRITE, APPEND, 0x40]) {
      const opening = { type: "open", path: path("open/note"), flags, attributes: {} } as const;
      assert.equal(await agent.status(opening), Status.PERMISSION_DENIED, `flags ${flags}`);
    }
    assert.equal(readFileSync(join(folder, "open/note"), "utf8"), "hello");
  });
});

describe("what an open file is told as", () => {
  test("read whole, with its hash, in pieces that are asked for ahead", async () => {
    const bytes = Buffer.alloc(200_000, "sallyport ");
    writeFileSync(join(folder, "open/big"), bytes);
    const guard = new NotingGuard();
    let looked = 0;
    const { agent } = await start(guard, new Turns(), (data) => {
      looked += data.length;
    });
    const handle = await agent.open(join(folder, "open/big"), READ);
    const asks = Array.from({ length: 8 }, (_, i) =>
      agent.ask({ type: "read", handle, offset: BigInt(i * 32768), length: 32768 }),
    );
    await Promise.all(asks);
    assert.equal(await agent.status({ type: "read", handle, offset: 200_000n, length: 32768 }), Status.EOF);
    assert.equal(await agent.status({ type: "close", handle }), Status.OK);
    assert.deepEqual(guard.noted.at(-1), {
      closed: join(folder, "open/big"),
      read: { bytes: 200_000, sha256: sha256(bytes), whole: true },
      written: null,
    });
    assert.equal(looked, 200_000);
  });

  test("read in part, twice, or written with a gap: without being whole", async () => {
    const guard = new NotingGuard();
    const { agent } = await start(guard);
    const note = join(folder, "open/note");
    const last = async (flags: number, act: (handle: string) => Promise<unknown>) => {
      const handle = await agent.open(note, flags);
      await act(handle);
      await agent.status({ type: "close", handle });
      const noted = guard.noted.at(-1)!;
      assert.ok("closed" in noted);
      return noted;
    };
    const read = (handle: string, offset: bigint, length: number) =>
      agent.ask({ type: "read", handle, offset, length });
    const write = (handle: string, offset: bigint, data: string) =>
      agent.ask({ type: "write", handle, offset, data: Buffer.from(data) });

    assert.deepEqual((await last(READ, (handle) => read(handle, 1n, 2))).read, {
      bytes: 2,
      sha256: sha256(Buffer.from("el")),
      whole: false,
    });
    const twice = async (handle: string) => {
      await read(handle, 0n, 5);
      await read(handle, 0n, 5);
      await read(handle, 5n, 5);
    };
    assert.deepEqual((await last(READ, twice)).read, { bytes: 10, sha256: null, whole: false });
    const bySize = async (handle: string) => {
      await agent.ask({ type: "fstat", handle });
      await read(handle, 0n, 5);
    };
    assert.equal((await last(READ, bySize)).read?.whole, true);
    const gap = async (handle: string) => {
      await write(handle, 0n, "ab");
      await write(handle, 4n, "ef");
    };
    const gapped = (await last(WRITE | CREAT | TRUNC, gap)).written;
    assert.deepEqual(gapped, { bytes: 4, sha256: null, whole: false });
    assert.equal((await last(WRITE, (handle) => write(handle, 0n, "x"))).written?.whole, false);
    // What is appended lies in the order in which it came, behind what was there.
    const appended = (await last(WRITE | APPEND, (handle) => write(handle, 5n, "x"))).written;
    assert.deepEqual(appended, { bytes: 1, sha256: sha256(Buffer.from("x")), whole: false });
    const cut = async (handle: string) => {
      await write(handle, 0n, "abc");
      await agent.ask({ type: "fsetstat", handle, attributes: { size: 1n } });
    };
    assert.equal((await last(WRITE | TRUNC, cut)).written?.whole, false);
    const both = await last(READ | WRITE | TRUNC, (handle) => write(handle, 0n, "whole"));
    assert.deepEqual(both.written, { bytes: 5, sha256: sha256(Buffer.from("whole")), whole: true });
    assert.deepEqual(both.read, { bytes: 0, sha256: sha256(Buffer.alloc(0)), whole: false });
    // What the target did not take was not written.
    const refused = await last(READ, (handle) => write(handle, 0n, "no"));
    assert.equal(refused.written, null);
  });

  test("is on record before the agent hears that it is closed", async () => {
    let recorded!: () => void;
    const asked = Promise.withResolvers<void>();
    const guard: FileGuard = {
      judge: async () => null,
      closed() {
        asked.resolve();
        return new Promise((resolve) => {
          recorded = resolve;
        });
      },
      failed: () => {},
    };
    const { agent } = await start(guard);
    const handle = await agent.open(join(folder, "open/note"), READ);
    const closing = agent.status({ type: "close", handle });
    await asked.promise;
    // Others are answered meanwhile.
    assert.equal((await agent.ask({ type: "stat", path: path("open/note") })).type, Packet.ATTRS);
    const told = agent.seen.length;
    recorded();
    assert.equal(await closing, Status.OK);
    assert.equal(agent.seen.length, told + 1);
  });

  test("is told when the channel ends with it open", async () => {
    const guard = new NotingGuard();
    const { agent, over } = await start(guard);
    const handle = await agent.open(join(folder, "open/new"), WRITE | CREAT | TRUNC);
    await agent.ask({ type: "write", handle, offset: 0n, data: Buffer.from("abc") });
    agent.stream.end();
    assert.equal(await over, null);
    assert.deepEqual(guard.noted.at(-1), {
      closed: join(folder, "open/new"),
      read: null,
      written: { bytes: 3, sha256: sha256(Buffer.from("abc")), whole: true },
    });
  });

  test("fails once, however often it fails", async () => {
    const guard = new NotingGuard();
    const { agent } = await start(guard);
    const handle = await agent.open(join(folder, "open/note"), READ);
    for (let i = 0; i < 3; i++)
      await agent.ask({ type: "write", handle, offset: 0n, data: Buffer.from("x") });
    assert.equal(await agent.status({ type: "stat", path: path("open/none") }), Status.NO_SUCH_FILE);
    const failed = guard.noted.filter((noted) => "failed" in noted);
    assert.deepEqual(
      failed.map((noted) => noted.failed.slice(folder.length)),
      ["/open/note", "/open/none"],
    );
  });
});

describe("an agent", () => {
  test("can't use a handle that it was not given, or has given back", async () => {
    const { agent } = await start();
    const handle = await agent.open(join(folder, "open/note"), READ);
    const forged = Buffer.from([0, 0, 0, 9]).toString("latin1");
    for (const one of [forged, "", "x".repeat(256)]) {
      assert.equal(await agent.status({ type: "fstat", handle: one }), Status.FAILURE);
      assert.equal(await agent.status({ type: "read", handle: one, offset: 0n, length: 1 }), Status.FAILURE);
      assert.equal(
        await agent.status({ type: "fsetstat", handle: one, attributes: { permissions: 0 } }),
        Status.FAILURE,
      );
    }
    const data = Buffer.from("x");
    agent.send(
      requestPacket(801, { type: "close", handle }),
      requestPacket(802, { type: "write", handle, offset: 0n, data }),
      requestPacket(803, { type: "close", handle }),
    );
    for (const id of [802, 803]) {
      assert.equal(readStatus((await agent.until((one) => one.id === id)).body).code, Status.FAILURE);
    }
  });

  test("is not offered, and can't use, what Sallyport doesn't know", async () => {
    const { agent } = await start();
    const { body } = agent.seen[0]!;
    assert.ok(body.includes("posix-rename@openssh.com"));
    assert.ok(!body.includes("unknown"));
    assert.equal(await agent.status({ type: "unknown" }), Status.OP_UNSUPPORTED);
    agent.send(packet(99, 700, string("x")), packet(Packet.STATUS, 701), packet(Packet.INIT, 702));
    for (const id of [700, 701, 702]) {
      const answer = await agent.until((one) => one.id === id);
      assert.equal(readStatus(answer.body).code, Status.OP_UNSUPPORTED);
    }
    const limits = readLimits((await agent.ask({ type: "limits" })).body);
    assert.ok(limits.packet <= 262144n && limits.handles <= BigInt(MAX_OPEN));
  });

  test("that breaks the protocol is cut off", async () => {
    const stat = { type: "stat", path: path("open/note") } as const;
    for (const [bytes, code] of [
      [Buffer.concat([requestPacket(5, stat), requestPacket(5, stat)]), "protocol_violation"],
      [packet(Packet.STAT, 1, Buffer.from([0, 0, 0, 9])), "protocol_violation"],
      [packet(Packet.CLOSE, 1, string(Buffer.alloc(257))), "protocol_violation"],
      [Buffer.from([0, 0, 0, 1, 3, 0, 0, 0, 0]), "protocol_violation"],
      [Buffer.from([0, 4, 0, 1, 6, 0, 0, 0, 1]), "frame_too_large"],
      [Buffer.from([0, 1, 0, 0, 17, 0, 0, 0, 1]), "frame_too_large"],
    ] as const) {
      const { agent, over } = await start();
      agent.send(bytes);
      assert.equal((await over)?.code, code);
    }
  });

  test("that does not begin with INIT, or with an old version, is cut off", async () => {
    for (const first of [requestPacket(1, { type: "limits" }), packet(Packet.INIT, 2)]) {
      const server = sftpServer(folder);
      opened.push(server);
      const { agent, over } = relayed(server.stream, new NotingGuard());
      agent.send(first);
      assert.equal((await over)?.code, "protocol_violation");
    }
  });

  test("may send all at once: what it asks before the target is ready, and what depends on what waits", async () => {
    const server = sftpServer(folder);
    opened.push(server);
    const guard = new NotingGuard();
    const { agent } = relayed(server.stream, guard);
    agent.send(init(), requestPacket(40, { type: "stat", path: path("open/note") }));
    assert.equal((await agent.until(({ id }) => id === 40)).type, Packet.ATTRS);
    const handle = await agent.open(join(folder, "open/kept"), WRITE | CREAT | TRUNC);
    agent.send(
      requestPacket(50, { type: "write", handle, offset: 0n, data: Buffer.from("12345") }),
      requestPacket(51, { type: "fsetstat", handle, attributes: { size: 2n } }),
      requestPacket(52, { type: "write", handle, offset: 2n, data: Buffer.from("ab") }),
      requestPacket(53, { type: "close", handle }),
    );
    for (const id of [50, 51, 52, 53]) {
      assert.equal(readStatus((await agent.until((one) => one.id === id)).body).code, Status.OK);
    }
    assert.equal(readFileSync(join(folder, "open/kept"), "utf8"), "12ab");
  });

  test("that sends 100,000 requests at once is read as fast as they are answered", async () => {
    let most = 0;
    let waiting = 0;
    const guard: FileGuard = {
      async judge() {
        waiting += 1;
        most = Math.max(most, waiting);
        await null;
        waiting -= 1;
        return null;
      },
      closed: async () => {},
      failed: () => {},
    };
    const { agent } = await start(guard);
    const handle = await agent.open(join(folder, "open/note"), READ);
    const packets: Buffer[] = [];
    for (let i = 0; i < 99_900; i++) {
      packets.push(requestPacket(1000 + i, { type: "read", handle, offset: 0n, length: 5 }));
    }
    for (let i = 0; i < 100; i++) {
      packets.push(requestPacket(500_000 + i, { type: "stat", path: path("open/note") }));
    }
    agent.send(...packets);
    await agent.until(({ id }) => id === 500_099);
    assert.equal(agent.seen.filter(({ type }) => type === Packet.DATA).length, 99_900);
    assert.equal(most, 1);
  });

  test("can't open more files than are kept", async () => {
    const guard = new NotingGuard();
    const { agent } = await start(guard);
    const opening = { type: "opendir", path: path("open") } as const;
    agent.send(...Array.from({ length: MAX_OPEN + 5 }, (_, i) => requestPacket(10_000 + i, opening)));
    const last = await agent.until(({ id }) => id === 10_000 + MAX_OPEN + 4);
    assert.equal(readStatus(last.body).code, Status.FAILURE);
  });

  test("has its copies judged by the paths of both files", async () => {
    const guard = new NotingGuard();
    const { agent } = await start(guard);
    const from = await agent.open(join(folder, "open/note"), READ);
    const to = await agent.open(join(folder, "open/copy"), WRITE | CREAT | TRUNC);
    const copy = { type: "copy-data", from, fromOffset: 0n, length: 0n, to, toOffset: 0n } as const;
    assert.equal(await agent.status(copy), Status.OK);
    const judged = guard.noted.at(-1);
    assert.deepEqual(judged, {
      judged: "copy",
      path: join(folder, "open/note"),
      other: join(folder, "open/copy"),
      allowed: true,
    });
    assert.equal(await agent.status({ ...copy, to: "forged" }), Status.FAILURE);
    assert.equal(readFileSync(join(folder, "open/copy"), "utf8"), "hello");
  });
});
