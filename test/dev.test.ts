import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CommandProcess, type CommandResult } from "../client/commands/testing.ts";
import type { Session } from "../protocol/directory.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

const LAUNCHER = fileURLToPath(new URL("../sallyport.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sallyport-dev-"));
const environment = { PATH: process.env.PATH, HOME: folder };

interface Ready {
  url: string;
  adminTokenFile: string;
  workerdPid: number;
  connectorPid: number;
}

/** `sallyport dev`, ready, with its connector online. */
async function startDev(): Promise<Ready & { child: ChildProcess; told: (line: string) => Promise<void> }> {
  const child = spawn(process.execPath, [LAUNCHER, "dev", "--json"], {
    cwd: folder,
    env: { ...environment, DB_PASSWORD: postgres.password, SALLYPORT_TOKEN: "not for the connector" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const stderr = createInterface({ input: child.stderr! });
  let waiting: (() => void) | undefined;
  stderr.on("line", (line) => {
    lines.push(line);
    waiting?.();
  });
  const told = async (part: string) => {
    for (;;) {
      const at = lines.findIndex((line) => line.includes(part));
      if (at >= 0) return void lines.splice(0, at + 1);
      await new Promise<void>((resolve) => {
        waiting = resolve;
      });
    }
  };
  const ended = once(child, "exit").then(() => {
    throw new Error(`dev ended: ${lines.join("\n")}`);
  });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout! }), "line"), ended]);
  ended.catch(() => {});
  await told("online");
  return { ...(JSON.parse(line) as Ready), child, told };
}

function sallyport(ready: Ready, ...args: string[]): Promise<CommandResult> {
  const env = { SALLYPORT_EDGE: ready.url, SALLYPORT_TOKEN_FILE: join(folder, "token") };
  return new CommandProcess(args, { folder, env }).end();
}

let postgres: PostgresServer;

before(async () => {
  postgres = await startPostgres();
  writeFileSync(
    join(folder, "sallyport.yaml"),
    `edge: {listen: "127.0.0.1:0", state: ./state}
connector: {name: main, state: ./state/connector}
administrators: [service/*]
targets:
  - name: db
    kind: postgres
    connector: main
    allow: [service/*]
    connection:
      host: ${postgres.host}
      port: ${postgres.port}
      databases: [postgres]
      user: ${postgres.superuser}
      password: {env: DB_PASSWORD}
      tls: {mode: disable}
`,
  );
});

after(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("dev enrols its connector, serves SQL, restarts what dies, and keeps everything", async () => {
  const first = await startDev();
  const env = { SALLYPORT_EDGE: first.url, SALLYPORT_TOKEN_FILE: first.adminTokenFile };
  const created = await new CommandProcess(["tokens", "create", "agent"], { folder, env }).end();
  writeFileSync(join(folder, "token"), created.stdout);

  const psql = (ready: Ready, sql: string) => sallyport(ready, "run", "db", "--", "psql", "-XAtc", sql);
  assert.deepEqual(await psql(first, "select 6 * 7"), { status: 0, stdout: "42\n", stderr: "" });
  assert.equal((await psql(first, "select 1 / 0")).status, 1);

  process.kill(first.connectorPid, "SIGKILL");
  await first.told("The connector ended (SIGKILL)");
  await first.told("online");
  assert.deepEqual(await psql(first, "select 'again'"), { status: 0, stdout: "again\n", stderr: "" });

  process.kill(first.workerdPid, "SIGKILL");
  await first.told("was started again");
  first.child.kill("SIGTERM");
  assert.deepEqual(await once(first.child, "exit"), [0, null]);

  const second = await startDev();
  assert.deepEqual(await psql(second, "select 'kept'"), { status: 0, stdout: "kept\n", stderr: "" });
  const { stdout } = await sallyport(second, "sessions", "list", "--json");
  const sessions = JSON.parse(stdout) as Session[];
  assert.equal(sessions.length, 4);
  assert.ok(sessions.every(({ target, principal }) => target === "db" && principal === "service/agent"));
  second.child.kill("SIGINT");
  assert.deepEqual(await once(second.child, "exit"), [0, null]);
});
