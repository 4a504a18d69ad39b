import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isRunning } from "../../../test/ssh-server.ts";
import { SWEEP } from "./sweep.ts";

/** Runs the line below a shell that goes by a name, beside a child of that shell without the variable. */
async function swept(parent: string, variable: string): Promise<{ child: number; marked: number }> {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-sweep-"));
  copyFileSync(realpathSync("/bin/sh"), join(folder, parent));
  const line = `sleep 1000 & child=$!
    SSH_CONNECTION="$VALUE" setsid sleep 1000 & marked=$!
    echo $child $marked
    SSH_CONNECTION="$VALUE" /bin/sh -c "$SWEEP"; exit 0`;
  const env = { PATH: process.env.PATH, VALUE: variable, SWEEP };
  const shell = spawn(join(folder, parent), ["-c", line], { env, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  shell.stdout.on("data", (chunk: Buffer) => {
    said += chunk;
    // The output stays open while one of them runs.
    if (said.includes("\n")) shell.stdout.destroy();
  });
  await once(shell, "exit");
  rmSync(folder, { recursive: true });
  const [child, marked] = said.split(" ").map(Number);
  return { child: child!, marked: marked! };
}

function end(...pids: number[]): void {
  for (const pid of pids.filter(isRunning)) process.kill(pid, "SIGKILL");
}

test("what sshd has forked is killed even while it has not become the command", {
  timeout: 150_000,
}, async () => {
  const { child, marked } = await swept("sshd-session", "192.0.2.1 1 192.0.2.2 22");
  assert.deepEqual([isRunning(child), isRunning(marked)], [false, false]);
});

test("children of what is not sshd are spared; what carries the variable is not", {
  timeout: 150_000,
}, async () => {
  const { child, marked } = await swept("another", "192.0.2.1 2 192.0.2.2 22");
  assert.deepEqual([isRunning(child), isRunning(marked)], [true, false]);
  end(child);
});

test("nothing is killed where there is no connection", { timeout: 150_000 }, async () => {
  const { child, marked } = await swept("sshd", "");
  assert.deepEqual([isRunning(child), isRunning(marked)], [true, true]);
  end(child, marked);
});
