import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { relay } from "../../client/relay.ts";
import { EntryKind } from "../../protocol/entry.ts";
import { decodeHeader, FRAME_HEADER, FrameFlag, FrameType } from "../../protocol/frame.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import { type CuttingProxy, startCuttingProxy } from "../cutting-proxy.ts";
import { sealedEvidence } from "../faults/evidence.ts";
import { chooseSeed, seeded } from "../faults/rig.ts";
import { SshClient } from "./clients.ts";
import { type SshGateway, startSshGateway, TARGET } from "./gateway.ts";

const LONG = process.env.LONG !== undefined;
const BYTES = LONG ? 200_000_000 : 24_000_000;
/** How often the edge is killed while a command line is on its way to it. */
const ROUNDS = LONG ? 40 : 2;
/** One way to copy shows it; the others take their time in the long test. */
const COPIES = LONG
  ? ([
      ["scp by SFTP", "-s"],
      ["scp of old", "-O"],
    ] as const)
  : ([["scp by SFTP", "-s"]] as const);
/** How often the edge is killed while one file is copied. */
const KILLS = LONG ? 2 : 1;
const onlyLong = LONG ? test : () => {};

describe("the edge killed, and sockets cut, in the middle of SSH", { timeout: 600_000 }, () => {
  const random = seeded(chooseSeed());
  let gateway: SshGateway;
  let from: string;
  let there: string;
  let sum: string;

  before(async () => {
    gateway = await startSshGateway();
    from = join(gateway.edge.state, "from");
    there = join(gateway.sshd.home, "there");
    const bytes = randomBytes(BYTES);
    writeFileSync(from, bytes);
    sum = sha256(bytes);
  });

  after(() => gateway?.stop());

  const size = (path: string) => (existsSync(path) ? statSync(path).size : 0);
  /** Kills the edge twice while a file grows; answers how the client ended. */
  const killing = async (client: SshClient, path: string) => {
    let isOver = false;
    void client.done.then(() => {
      isOver = true;
    });
    let kills = 0;
    for (let part = 0; part < KILLS; part++) {
      const at = BYTES * ((part + random()) / 2.5);
      while (!isOver && size(path) < at) await sleep(5);
      if (isOver) break;
      await gateway.edge.edge.restart();
      kills += 1;
    }
    const { status, stderr } = await client.done;
    assert.deepEqual([status, stderr], [0, ""]);
    assert.ok(kills > 0, "the edge was killed in the middle");
  };
  const verified = async () => {
    const { verification } = await sealedEvidence(gateway.edge, (await gateway.sessions())[0]!.id);
    assert.equal(verification.verdict, "verified", JSON.stringify(verification));
  };
  const events = async (session: string) =>
    (await gateway.recording(session)).flatMap(({ kind, frame }) => {
      const bytes = Buffer.from(frame);
      if (kind !== EntryKind.connector || decodeHeader(bytes).type !== FrameType.event) return [];
      if (decodeHeader(bytes).flags & FrameFlag.record) return [];
      return [
        JSON.parse(bytes.subarray(FRAME_HEADER).toString()) as { event: string } & Record<string, unknown>,
      ];
    });

  for (const [what, mode] of COPIES) {
    test(`${what}: an upload and a download arrive whole, and so says the recording`, async () => {
      const up = `${there}${mode}`;
      await killing(new SshClient(gateway.config, [mode, "-q", from, `through:${up}`], "scp"), up);
      assert.equal(sha256(await readFile(up)), sum);
      await verified();
      const closed = (await events((await gateway.sessions())[0]!.id)).find(
        ({ event }) => event === "file_closed",
      );
      assert.deepEqual(closed?.written, { bytes: BYTES, sha256: sum, whole: true });
      const down = `${from}${mode}`;
      await killing(new SshClient(gateway.config, [mode, "-q", `through:${up}`, down], "scp"), down);
      assert.equal(sha256(await readFile(down)), sum);
      await verified();
    });
  }

  onlyLong("a command with much on its input and its output goes on", async () => {
    const out = `${there}-tee`;
    const client = new SshClient(gateway.config, [
      "through",
      `tee ${out} | sha256sum; seq 1 200000 | sha256sum`,
    ]);
    const input = await readFile(from);
    client.child.stdin!.end(input);
    await killing(client, out);
    const numbers = Array.from({ length: 200_000 }, (_, i) => `${i + 1}\n`).join("");
    assert.equal(client.stdout, `${sum}  -\n${sha256(Buffer.from(numbers))}  -\n`);
    await verified();
  });

  onlyLong("sockets of the agent's side, cut many times, cost a pause and no byte", async () => {
    const proxy: CuttingProxy = await startCuttingProxy(gateway.edge.edge.url);
    const { token } = gateway;
    const listener = await listenThrough(() => openTunnel({ edge: proxy.url, target: TARGET, token }));
    const { port } = listener.address() as { port: number };
    const client = new SshClient(gateway.config, ["-p", `${port}`, "through", "sha256sum; seq 1 1000000"]);
    client.child.stdin!.end(await readFile(from));
    let isOver = false;
    void client.done.then(() => {
      isOver = true;
    });
    let cuts = 0;
    // What opens a session just then fails; what is open resumes.
    await client.says(/-\n/).then(() => {});
    while (!isOver) {
      await sleep(20 + random() * 150);
      cuts += proxy.cut();
    }
    const { status } = await client.done;
    listener.close();
    proxy.close();
    assert.equal(status, 0);
    const numbers = Array.from({ length: 1_000_000 }, (_, i) => `${i + 1}\n`).join("");
    assert.equal(sha256(Buffer.from(client.stdout)), sha256(Buffer.from(`${sum}  -\n${numbers}`)));
    assert.ok(cuts > 0);
  });

  test("a command line that is not on the edge's disk never runs", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const made = join(gateway.sshd.home, `made-${round}`);
      const before = (await gateway.sessions())[0]!.id;
      const client = new SshClient(gateway.config, ["through", `touch ${made}`]);
      while ((await gateway.sessions())[0]!.id === before) await sleep(5);
      await sleep(random() * 200);
      await gateway.edge.edge.restart();
      await client.done;
      const { id } = (await gateway.sessions())[0]!;
      const requested = (await events(id)).some(({ event }) => event === "requested");
      if (existsSync(made)) assert.ok(requested, `round ${round}: it ran, and is not recorded`);
    }
  });

  test("the connector stopped: the client is told, and a terminal's process is gone", async () => {
    const client = new SshClient(gateway.config, ["-tt", "through", "echo begun; cat"]);
    assert.ok(await client.says(/begun/));
    const { id } = (await gateway.sessions())[0]!;
    gateway.connector.stop();
    assert.equal((await client.done).status, 255);
    const until = performance.now() + 60_000;
    for (;;) {
      const session = (await gateway.sessions()).find((one) => one.id === id);
      if (session?.endCode) {
        assert.equal(session.endCode, "connector_lost");
        break;
      }
      assert.ok(performance.now() < until, "the session goes on without its connector");
      await sleep(50);
    }
    await gateway.restartConnector();
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function listenThrough(open: () => ReturnType<typeof openTunnel>): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    socket.on("error", () => {});
    open().then(
      (stream) => relay(socket, stream, () => new Uint8Array(0)),
      () => socket.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
