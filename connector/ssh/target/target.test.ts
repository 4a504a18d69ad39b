import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import ssh2, { type ClientChannel, type ExecOptions } from "ssh2";
import { fingerprint, parsePublicKey } from "../../../protocol/ssh/public-key.ts";
import { chooseSeed, seeded } from "../../../test/faults/rig.ts";
import { processes as processesOf } from "../../../test/ssh/clients.ts";
import { isRunning, type SshServer, startSshServer } from "../../../test/ssh-server.ts";
import { unavailable } from "../../../test/system-packages.ts";
import { dialTarget } from "./dial.ts";
import type { SshTarget } from "./target.ts";
import { listenOnce, targetAt } from "./testing.ts";

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

/** Argument of sleep(1), by which processes of one test are known. */
let mark = 1_000 * (2_000_000 + process.pid);

function suite(who: string, user: string | undefined, runsAsRoot: boolean): void {
  describe(`what runs on a host, of ${who}`, { timeout: 150_000 }, () => {
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

    test("as many commands as the server lets one connection have are gone", async () => {
      const target = await dial();
      const begun: number[][] = [];
      await assert.rejects(async () => {
        for (;;) begun.push((await begin(target, COMMANDS[1]![1])).processes);
      }, /open/i);
      assert.ok(begun.length >= 9, `${begun.length} commands`);
      await target.kill();
      await gone(begun.flat());
    });

    test("what a command left behind is gone that has ended, while it holds the channel", async () => {
      const target = await dial();
      const { channel, processes } = await begin(
        target,
        "(sh -c 'echo $PPID $$; echo ready; sleep 1000'; true) & true",
      );
      if ((channel as unknown as { _exit: { code?: number } })._exit.code === undefined)
        await once(channel, "exit");
      await target.kill();
      await gone(processes);
    });

    test("a command that is beginning in any moment is gone, or does not begin", async () => {
      const random = seeded(chooseSeed());
      for (let round = 0; round < 12; round++) {
        mark += 1;
        const one = await dial();
        one.client.exec(`sleep ${mark}`, () => {});
        if (round % 3 === 0) one.client.exec(`sleep ${mark}`, () => {});
        const until = performance.now() + random() * 30;
        do await new Promise((resolve) => setImmediate(resolve));
        while (performance.now() < until);
        await one.kill();
        await gone(processesOf(`${mark}`));
      }
      // What sshd had only just forked would be a command by now.
      await dial().then((last) => last.kill());
      for (let past = 0; past < 12; past++) assert.deepEqual(processesOf(`${mark - past}`), []);
    });

    test("a channel that is still being opened when the session is killed runs nothing", async () => {
      const target = await dial();
      const { processes } = await begin(target, COMMANDS[0]![1]);
      const log = `${server.home}/begun`;
      const refused = Promise.withResolvers<Error | undefined>();
      target.client.exec(`echo begun >> ${log}`, (error) => refused.resolve(error));
      await target.kill();
      await gone(processes);
      assert.ok((await refused.promise) instanceof Error);
      assert.equal(existsSync(log), false);
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
  timeout: 150_000,
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

/** ssh2's server answers no request about a process that has begun. */
function answer(agent: ssh2.Connection, session: object, failed: boolean): void {
  const { _chanInfo } = session as { _chanInfo: { outgoing: { id: number } } };
  const { _protocol } = agent as unknown as {
    _protocol: Record<"channelFailure" | "channelSuccess", (channel: number) => void>;
  };
  _protocol[failed ? "channelFailure" : "channelSuccess"](_chanInfo.outgoing.id);
}

test("what has no process group yet when it is to be killed is killed once it has one", {
  skip,
  timeout: 150_000,
}, async (context) => {
  const server = await startSshServer();
  context.after(() => server.stop());
  let refusals = 2;
  const heard: string[] = [];
  const stand = new ssh2.Server(
    { hostKeys: [readFileSync(`${server.folder}/host-ed25519`)], ident: "OpenSSH_9.2" },
    (agent) => {
      agent.on("error", () => {});
      agent.on("authentication", (attempt) => attempt.accept());
      agent.on("session", (accept) => {
        const session = accept();
        session.on("exec", (take, _reject, { command }) => {
          heard.push(command.slice(0, 12));
          const channel = take();
          if (command !== "begin") channel.end();
        });
        session.on("signal", (_accept, _reject, { name }) => {
          heard.push(name);
          answer(agent, session, refusals-- > 0);
        });
        session.on("close", () => heard.push("closed"));
      });
    },
  );
  const place = await listenOnce(context, (socket) => stand.injectSocket(socket));
  const config = targetAt(server);
  const [account] = config.accounts;
  const target = await dialTarget(
    {
      ...config,
      ...place,
      accounts: [{ ...account!, name: "a" }],
      hostKeys: { knownHosts: null, fingerprints: [fingerprint(parsePublicKey(server.hostKeys[0]!)!.blob)] },
    },
    "a",
    never,
  );
  await new Promise<void>((resolve) => target.client.exec("begin", () => resolve()));
  await target.kill();
  assert.deepEqual(heard.slice(0, 6), ["begin", "KILL", "KILL", "KILL", "closed", "exec /bin/sh"]);
});
