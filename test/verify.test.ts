import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ConnectorSession } from "../connector/session.ts";
import type { Uplink } from "../connector/uplink.ts";
import * as pg from "../protocol/postgres/messages.ts";
import { MessageReader, STARTUP } from "../protocol/postgres/reader.ts";
import { cstring, i32, message, u16, u32 } from "../protocol/postgres/wire.ts";
import { generateKey, publicKey } from "../protocol/signatures.ts";
import type { ByteStream } from "../protocol/stream.ts";
import { openTunnel } from "../protocol/tunnel/join.ts";
import { startTestEdge, startUplink, type TestEdge, testTarget } from "./gateway.ts";

/** Recordings of a real edge, through the real command: exported, verified, shown, replayed, followed. */

const COMMAND = fileURLToPath(new URL("../sallyport.mjs", import.meta.url));

describe("the recording commands", { timeout: 300_000 }, () => {
  let gateway: TestEdge;
  let uplink: Uplink;
  let token: string;
  let folder: string;
  let keys: string;
  /** An ended session, its export, and what the command says of it. */
  let session: string;
  let file: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-verify-"));
    gateway = await startTestEdge();
    await gateway.apply({ targets: [testTarget("orders")] });
    uplink = await startUplink(gateway.edge.url, await gateway.enroll("main"), answer, {
      targets: ["orders"],
    });
    token = await gateway.serviceToken("agent");
    keys = join(folder, "keys.json");
    writeFileSync(keys, JSON.stringify(await gateway.api("GET", "/v1/keys")));

    const agent = await Agent.open(gateway.edge.url, token);
    await agent.ask("SELECT name FROM customers");
    await agent.ask("SELECT 'second'");
    await agent.end();
    session = agent.session;
    await sealed(session);
    file = join(folder, "session.sallyport");
    const { status, stderr } = await sallyport("sessions", "export", session, "-o", file);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /both seals/);
  });

  after(async () => {
    uplink?.stop();
    await gateway?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs the command with the edge's address and the agent's token in its environment. */
  function start(...args: string[]) {
    return spawn(process.execPath, [COMMAND, ...args], {
      env: {
        ...process.env,
        SALLYPORT_EDGE: gateway.edge.url.origin,
        SALLYPORT_TOKEN: token,
        XDG_CONFIG_HOME: folder,
        NO_COLOR: "1",
      },
    });
  }

  async function sallyport(...args: string[]) {
    const child = start(...args);
    child.stdin.end();
    const [stdout, stderr] = await Promise.all([
      child.stdout.toArray(),
      child.stderr.toArray(),
      once(child, "close"),
    ]);
    return {
      status: child.exitCode,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
    };
  }

  /** Waits until both seals are on the recording. */
  async function sealed(id: string): Promise<void> {
    for (;;) {
      const { status } = await sallyport("verify", id);
      if (status !== 7) return;
    }
  }

  test("an exported recording verifies with keys kept apart, with the edge's own, and by its id", async () => {
    for (const args of [
      ["verify", file, "--keys", keys],
      ["verify", file],
      ["verify", session, "--keys", keys],
    ]) {
      const { status, stdout, stderr } = await sallyport(...args);
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, /^verified: session [0-9a-f]{32}, \d+ entries$/m);
    }
  });

  test("verification needs no edge and no login", async () => {
    const child = spawn(process.execPath, [COMMAND, "verify", file, "--keys", keys, "--json"], {
      env: { HOME: folder },
    });
    const [stdout] = await Promise.all([child.stdout.toArray(), once(child, "close")]);
    assert.equal(child.exitCode, 0);
    const { verdict, recordings } = JSON.parse(Buffer.concat(stdout).toString());
    assert.equal(verdict, "verified");
    assert.deepEqual(
      new Set(recordings[0].checks.map(({ state }: { state: string }) => state)),
      new Set(["ok"]),
    );
  });

  test("the script in docs/recording.md verifies the same file without Sallyport", (t) => {
    if (spawnSync("python3", ["-c", "import cryptography"]).status !== 0) {
      t.skip("there is no python3 with the package cryptography");
      return;
    }
    const docs = readFileSync(new URL("../docs/recording.md", import.meta.url), "utf8");
    const script = /^```python\n(.*?)^```$/ms.exec(docs)![1]!;
    const run = (path: string) => spawnSync("python3", ["-c", script, path, keys], { encoding: "utf8" });
    assert.match(run(file).stdout, new RegExp(`^verified: session ${session}`));
    const forged = join(folder, "forged.sallyport");
    const bytes = readFileSync(file);
    bytes[bytes.length - 10]! ^= 1;
    writeFileSync(forged, bytes);
    assert.equal(run(forged).status, 1);
  });

  test("a changed byte fails, and names the entry", async () => {
    const bytes = readFileSync(file);
    const at = bytes.indexOf("customers");
    bytes[at]! ^= 1;
    const changed = join(folder, "changed.sallyport");
    writeFileSync(changed, bytes);
    const { status, stdout } = await sallyport("verify", changed, "--keys", keys, "--json");
    assert.equal(status, 1);
    const [result] = JSON.parse(stdout).recordings;
    assert.equal(result.verdict, "failed");
    assert.equal(typeof result.firstWrong, "number");
    assert.ok(result.firstWrong > 2 && result.firstWrong < result.entries);
  });

  test("other keys, a cut file and no recording at all fail", async () => {
    const strangers = join(folder, "strangers.json");
    const key = publicKey(await generateKey());
    writeFileSync(
      strangers,
      JSON.stringify({ edge: [key], connectors: [{ name: "main", key, revoked: null }] }),
    );
    assert.equal((await sallyport("verify", file, "--keys", strangers)).status, 1);
    const cut = join(folder, "cut.sallyport");
    writeFileSync(cut, readFileSync(file).subarray(0, -1));
    assert.match(
      (await sallyport("verify", cut, "--keys", keys)).stdout,
      /NOT VERIFIED[\s\S]*the recording is cut/,
    );
    assert.equal((await sallyport("verify", keys, "--keys", keys)).status, 1);
    assert.equal((await sallyport("verify", join(folder, "missing"), "--keys", keys)).status, 5);
    assert.equal((await sallyport("verify", file, "--keys", file)).status, 2);
  });

  test("show and replay tell the statements, of a file and of a session", async () => {
    for (const reference of [file, session]) {
      const shown = await sallyport("sessions", "show", reference);
      assert.match(shown.stdout, /principal +service\/agent/);
      assert.match(shown.stdout, /because +closed: /);
      assert.match(shown.stdout, /1 +SELECT 1 +SELECT name FROM customers/);
      const { stdout } = await sallyport("sessions", "replay", reference);
      assert.match(
        stdout,
        /#1 SELECT name FROM customers\n +name\n +─+\n +Ada\n.*#1 SELECT 1 · 1 row · \d+ ms/,
      );
    }
    const { stdout } = await sallyport("sessions", "replay", file, "--json");
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(events[0].event.facts.principal, "service/agent");
    assert.deepEqual(
      events.filter(({ type }) => type === "row").map(({ values }) => values[0].text),
      ["Ada", "Ada"],
    );
  });

  test("an export to standard output is the file, and another's session is not shown", async () => {
    const { stdout, status } = await sallyport("sessions", "export", session, "-o", "-");
    assert.equal(status, 0);
    assert.equal(Buffer.byteLength(stdout) > 500, true);
    const other = await gateway.serviceToken("other");
    const own = token;
    token = other;
    assert.equal((await sallyport("sessions", "replay", session)).status, 5);
    assert.equal((await sallyport("sessions", "replay", session, "--follow")).status, 5);
    token = own;
  });

  test("a live session is incomplete, is followed through a restart of the edge, and a kill is told", async () => {
    const agent = await Agent.open(gateway.edge.url, token);
    await agent.ask("SELECT 1");
    const live = await sallyport("verify", agent.session, "--keys", keys);
    assert.equal(live.status, 7, live.stdout);

    const viewer = start("sessions", "replay", agent.session, "--follow");
    // It may be gone before its last lines are read.
    const exited = once(viewer, "exit");
    const lines = createInterface({ input: viewer.stdout })[Symbol.asyncIterator]();
    const seen: string[] = [];
    const until = async (pattern: RegExp) => {
      while (!pattern.test(seen.at(-1) ?? "")) {
        const next = await lines.next();
        if (next.done) assert.fail(`the viewer ended before ${pattern}:\n${seen.join("\n")}`);
        seen.push(next.value);
      }
    };
    await until(/#1 SELECT 1 · 1 row/);
    await agent.ask("SELECT 2");
    await until(/#2 SELECT 1 · 1 row/);
    await gateway.edge.restart();
    await agent.ask("SELECT 3");
    await until(/#3 SELECT 1 · 1 row/);
    await gateway.api("POST", `/v1/sessions/${agent.session}/kill`, { reason: "enough" });
    await until(/the session ended \(session_killed, by .*\): .*enough/);
    assert.equal((await lines.next()).done, true);
    await exited;
    assert.equal(viewer.exitCode, 0);
    assert.equal(seen.filter((line) => / #\d SELECT \d$/.test(line)).length, 3);

    await sealed(agent.session);
    const { status, stdout } = await sallyport("verify", agent.session, "--keys", keys);
    assert.equal(status, 0, stdout);
  });
});

type Tunnel = ByteStream & { session: string };

/** An agent that asks one query after another. */
class Agent {
  readonly #stream: Tunnel;
  readonly #reader = new MessageReader("backend");
  #ready: () => void = () => {};

  private constructor(stream: Tunnel) {
    this.#stream = stream;
    stream.handlers = {
      onData: (chunk) => {
        stream.consumed(chunk.length);
        this.#reader.push(chunk);
        while (this.#reader.next()) if (this.#reader.type === pg.BACKEND.ReadyForQuery.type) this.#ready();
      },
      onDrain: () => {},
      onEnd: () => {},
      onClose: () => this.#closed(),
    };
  }

  #closed: () => void = () => {};

  get session(): string {
    return this.#stream.session;
  }

  static async open(edge: URL, token: string): Promise<Agent> {
    const agent = new Agent((await openTunnel({ edge, target: "orders", token })) as Tunnel);
    await agent.#send(pg.startupMessage(pg.PROTOCOL_3_0, [["user", "alice"]]));
    return agent;
  }

  ask(sql: string): Promise<void> {
    return this.#send(pg.query(sql));
  }

  async end(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    this.#stream.end([pg.terminate()]);
    await closed;
  }

  #send(bytes: Uint8Array): Promise<void> {
    const ready = new Promise<void>((resolve) => {
      this.#ready = resolve;
    });
    this.#stream.send([bytes]);
    return ready;
  }
}

/** A target that answers every query with one row. */
function answer(session: ConnectorSession): void {
  const reader = new MessageReader("frontend", { whole: "Q", wholeLimit: 65_536 });
  const column = [cstring("name"), u32(0), u16(0), u32(25), u16(0xffff), i32(-1), u16(0)];
  const row = [
    message(pg.BACKEND.RowDescription, u16(1), ...column),
    message(pg.BACKEND.DataRow, u16(1), i32(3), Buffer.from("Ada")),
    message(pg.BACKEND.CommandComplete, cstring("SELECT 1")),
    pg.readyForQuery("I"),
  ];
  session.handlers = {
    onData: (chunk) => {
      session.consumed(chunk.length);
      reader.push(chunk);
      while (reader.next()) {
        if (reader.type === STARTUP) session.send([pg.authenticationOk(), pg.readyForQuery("I")]);
        else if (reader.type === pg.FRONTEND.Query.type) session.send(row);
      }
    },
    onDrain: () => {},
    onEnd: () => {
      session.end();
      session.close("closed", "the agent has finished");
    },
    onClose: () => {},
  };
}
