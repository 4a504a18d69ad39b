import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { ClientChannel, ExecOptions } from "ssh2";
import { isRunning, type SshServer, startSshServer } from "../../../test/ssh-server.ts";
import { unavailable } from "../../../test/system-packages.ts";
import { dialTarget } from "./dial.ts";
import type { SshTarget } from "./target.ts";
import { targetAt } from "./testing.ts";

const skip = unavailable("openssh-server");
const never = new AbortController().signal;

/** A command that tells its own number and that of a child, and the two when they both run. */
const COMMANDS: [claim: string, line: string][] = [
  ["a command", "sleep 1000 & echo $$ $!; echo ready; wait"],
  ["a command that ignores SIGHUP", "trap '' HUP; sleep 1000 & echo $$ $!; echo ready; wait"],
  [
    "a command whose child has a session of its own",
    "trap '' HUP; setsid sh -c 'echo $$; exec sleep 1000' & echo $$; sleep 0.05; echo ready; wait",
  ],
];

async function begin(
  target: SshTarget,
  line: string,
  options: ExecOptions = {},
): Promise<{ channel: ClientChannel; processes: number[] }> {
  const channel = await new Promise<ClientChannel>((resolve, reject) =>
    target.client.exec(line, options, (error, opened) => (error ? reject(error) : resolve(opened))),
  );
  let text = "";
  await new Promise<void>((resolve) =>
    channel.on("data", (chunk: Buffer) => {
      text += chunk;
      if (/ready\r?\n$/.test(text)) resolve();
    }),
  );
  const processes = text.match(/\d+/g)!.map(Number);
  assert.deepEqual(processes.map(isRunning), [true, true]);
  return { channel, processes };
}

/** Waits until none of them runs; a minute later the test's own limit tells. */
async function gone(processes: number[]): Promise<void> {
  while (processes.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 5));
}

function suite(who: string, user: string | undefined, runsAsRoot: boolean): void {
  describe(`what runs on a host, of ${who}`, { timeout: 60_000 }, () => {
    let server: SshServer;
    before(async () => {
      server = await startSshServer(user === undefined ? {} : { user });
    });
    after(() => server.stop());
    const dial = () => dialTarget(targetAt(server), server.user, never);

    for (const [claim, line] of COMMANDS) {
      test(`${claim} is gone when the session is killed`, async () => {
        const target = await dial();
        const { processes } = await begin(target, line);
        await target.kill();
        await gone(processes);
        assert.equal((await target.closed).code, "target_closed");
      });
    }

    test("a command is gone that has had all its input", async () => {
      const target = await dial();
      const { channel, processes } = await begin(target, COMMANDS[1]![1]);
      channel.end();
      await once(channel, "finish");
      await target.kill();
      await gone(processes);
    });

    test("a command is gone whose channel was ended just before", async () => {
      const target = await dial();
      const { channel, processes } = await begin(target, COMMANDS[2]![1]);
      void target.endChannel(channel);
      await target.kill();
      await gone(processes);
    });

    test("all commands of all channels are gone, and none of another session", async () => {
      const [target, other] = await Promise.all([dial(), dial()]);
      const begun = await Promise.all([1, 2, 3].map(() => begin(target, COMMANDS[0]![1])));
      const spared = await begin(other, COMMANDS[0]![1]);
      await target.kill();
      await gone(begun.flatMap(({ processes }) => processes));
      assert.deepEqual(spared.processes.map(isRunning), [true, true]);
      await other.kill();
      await gone(spared.processes);
    });

    test("killing is harmless where nothing runs, twice, and where the connection is gone", async () => {
      const target = await dial();
      await target.kill();
      await target.kill();
      const dropped = await dial();
      await begin(dropped, COMMANDS[0]![1]).then(async ({ processes }) => {
        dropped.destroy();
        await dropped.kill();
        for (const pid of processes) process.kill(pid, "SIGKILL");
      });
    });

    if (runsAsRoot) {
      for (const [claim, line] of COMMANDS) {
        test(`${claim} in a terminal is gone, too`, async () => {
          const target = await dial();
          const { processes } = await begin(target, line, { pty: true });
          await target.kill();
          await gone(processes);
        });
      }
    } else {
      test("one channel's command is gone, and the other goes on", async () => {
        const target = await dial();
        const first = await begin(target, COMMANDS[1]![1]);
        const second = await begin(target, COMMANDS[1]![1]);
        assert.equal(await target.endChannel(first.channel), true);
        await gone(first.processes);
        assert.deepEqual(second.processes.map(isRunning), [true, true]);
        await target.kill();
        await gone(second.processes);
      });
    }
  });
}

const isRoot = process.getuid?.() === 0;
if (!skip) suite(isRoot ? "root" : "a user", undefined, isRoot);
// sshd kills on a client's word for all but root.
if (!skip && isRoot && !unavailable("postgresql")) suite("a user", "postgres", false);

const skipForced = skip || (isRoot && unavailable("postgresql"));

test("a forced command is not begun anew to end it", {
  skip: skipForced,
  timeout: 60_000,
}, async (context) => {
  const server = await startSshServer({ user: "postgres" });
  context.after(() => server.stop());
  const log = `${server.home}/runs`;
  const key = readFileSync(`${server.clientKey}.pub`, "utf8").trim();
  const forced = `echo run >> ${log}; echo 1 1; echo ready; sleep 1000 & echo $! > ${server.home}/pid; wait`;
  writeFileSync(`${server.folder}/authorized_keys`, `command="${forced}" ${key}\n`);
  const target = await dialTarget(targetAt(server), server.user, never);
  await begin(target, "whatever");
  await target.kill();
  assert.equal(readFileSync(log, "utf8"), "run\n");
});
