import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { chooseSeed, seeded } from "../faults/rig.ts";
import { ALLOW_LISTED } from "../policies.ts";
import { processes, running, SshClient } from "./clients.ts";
import { type SshGateway, startSshGateway, TARGET } from "./gateway.ts";
import { hostileRig } from "./hostile-rig.ts";
import { exec } from "./raw-client.ts";

/** How long a process may outlive its session, ms, on a loaded machine. */
const SOON_MS = 60_000;
/** How long a process may take to begin, ms, likewise. */
const BEGIN_MS = 60_000;
const NO_SHELL = `${ALLOW_LISTED}
@id("none") @reason("No more of this.")
forbid (principal, action in [Action::"ssh:exec", Action::"ssh:shell"], resource);
`;
const LEASED = `permit (principal, action, resource);
@id("held") @reason("Nobody is alone with it.") @approvers("ops")
forbid (principal, action == Action::"connect", resource) unless { context.approved };
forbid (principal, action == Action::"approve", resource) unless { principal == Principal::"service/approver" };
`;

describe("what ends a session ends its processes on the host", { timeout: 300_000 }, () => {
  let gateway: SshGateway;
  const clients: SshClient[] = [];
  /** Argument of sleep(1), by which processes of one test are known. */
  let mark = 1_000 * (1_000_000 + process.pid);

  const targets = [
    { name: TARGET, kind: "ssh" as const, connector: "main", description: "", allow: ["service/*"] },
  ];

  before(async () => {
    gateway = await startSshGateway();
  });

  // What a test forbade.
  afterEach(() => gateway.edge.apply({ targets }));

  after(async () => {
    for (const client of clients) client.kill();
    // What a failure left behind.
    for (let left = mark; left % 1_000 > 0; left--) for (const pid of processes(`${left}`)) process.kill(pid);
    await gateway?.stop();
  });

  const start = async (args: (mark: string) => string[], count: number, typed?: (mark: string) => string) => {
    mark += 1;
    const name = `${mark}`;
    const client = new SshClient(gateway.config, args(name));
    clients.push(client);
    if (typed) client.type(typed(name));
    await Promise.race([
      running(name, (found) => found >= count, BEGIN_MS),
      client.done.then(({ stderr }) => assert.fail(`it ended before its processes ran: ${stderr}`)),
    ]);
    const [session] = await gateway.sessions();
    return { client, mark: name, session: session!.id };
  };
  const kill = (session: string) =>
    gateway.edge.api("POST", `/v1/sessions/${session}/kill`, { reason: "enough" });
  const gone = (name: string) => running(name, (found) => found === 0, SOON_MS);

  for (const [what, args, count, typed] of [
    ["a command", (name: string) => ["through", `sleep ${name}`], 1],
    ["a command with a terminal", (name: string) => ["-tt", "through", `sleep ${name}`], 1],
    ["a shell with a terminal", () => ["-tt", "through"], 1, (name: string) => `sleep ${name}\n`],
    [
      "a child that ignores SIGHUP",
      (name: string) => ["through", `trap '' HUP TERM INT; sleep ${name}; sleep ${name}`],
      1,
    ],
    [
      "a child that ignores SIGHUP, with a terminal",
      (name: string) => ["-tt", "through", `trap '' HUP TERM INT; sleep ${name}; sleep ${name}`],
      1,
    ],
    ["jobs in the background", (name: string) => ["through", `sleep ${name} & sleep ${name} & wait`], 2],
    [
      "jobs in the background of a shell",
      () => ["-tt", "through"],
      2,
      (name: string) => `nohup sleep ${name} >/dev/null 2>&1 &\nsleep ${name}\n`,
    ],
    ["a process group of its own", (name: string) => ["through", `setsid sleep ${name} & sleep ${name}`], 2],
    ["a pipeline", (name: string) => ["through", `sleep ${name} | sleep ${name} | cat`], 2],
  ] as [string, (mark: string) => string[], number, ((mark: string) => string)?][]) {
    test(`a killed session: ${what}`, async () => {
      const one = await start(args, count, typed);
      await kill(one.session);
      await gone(one.mark);
      assert.notEqual((await one.client.done).status, 0);
    });
  }

  test("a killed session: a transfer by sftp", async () => {
    const large = join(gateway.sshd.home, "large");
    writeFileSync(large, "");
    truncateSync(large, 4e9);
    const client = new SshClient(gateway.config, ["-q", "-b", "-", "through"], "sftp");
    clients.push(client);
    client.type(`get ${large} /dev/null\n`);
    await running("sftp-server", (found) => found > 0, BEGIN_MS, gateway.sshd.home);
    await sleep(200);
    await kill((await gateway.sessions())[0]!.id);
    await running("sftp-server", (found) => found === 0, SOON_MS, gateway.sshd.home);
    await client.done;
  });

  test("sessions killed just when their commands begin leave nothing behind", async () => {
    const random = seeded(chooseSeed());
    for (let round = 0; round < 8; round++) {
      mark += 1;
      const before = (await gateway.sessions())[0]?.id;
      const client = new SshClient(gateway.config, ["through", `sleep ${mark}`]);
      clients.push(client);
      for (;;) {
        const [session] = await gateway.sessions();
        if (session && session.id !== before) {
          await sleep(random() * 250);
          await kill(session.id);
          break;
        }
      }
      await client.done;
      await gone(`${mark}`);
    }
  });

  test("the client killed", async () => {
    const one = await start((name) => ["through", `sleep ${name}`], 1);
    one.client.kill();
    await gone(one.mark);
  });

  test("policies by which it may not run any more: with a terminal and without", async () => {
    const shell = await start(
      () => ["-tt", "through"],
      1,
      (name) => `sleep ${name}\n`,
    );
    const exec = await start((name) => ["through", `sleep ${name}`], 1);
    await gateway.edge.apply({ targets, policies: NO_SHELL });
    await Promise.all([gone(shell.mark), gone(exec.mark)]);
    for (const { client } of [shell, exec]) {
      const { status, stdout, stderr } = await client.done;
      assert.match(
        `${status}: ${stdout}${stderr}`,
        /^126: .*sallyport: refused by policy: No more of this\./s,
      );
    }
  });

  test("the end of a lease", async () => {
    await gateway.edge.apply({ targets, policies: LEASED });
    const approver = await gateway.edge.serviceToken("approver");
    const leased = async (lasts: number) => {
      const body = { target: TARGET, reason: "to test", lasts };
      const { id } = await gateway.edge.api<{ id: string }>(
        "POST",
        "/v1/access-requests",
        body,
        gateway.token,
      );
      await gateway.edge.api("POST", `/v1/approvals/${id}/approve`, {}, approver);
      return start((name) => ["through", `sleep ${name}`], 1);
    };
    // A lease may be over before anything runs on a loaded machine.
    const one = await leased(3_000).catch(() => leased(20_000));
    await one.client.done;
    await gone(one.mark);
    let endCode: string | null = null;
    while (endCode === null) ({ endCode } = (await gateway.sessions())[0]!);
    assert.equal(endCode, "lease_expired");
  });

  test("the token revoked; the agent disabled", async () => {
    const one = await start((name) => ["through", `sleep ${name}`], 1);
    await gateway.edge.api("DELETE", "/v1/tokens/agent");
    await gone(one.mark);
    gateway.token = await gateway.edge.serviceToken("other");
  });

  test("a session that ends in any moment of a command's beginning", async () => {
    const rig = hostileRig(gateway.sshd);
    for (let turns = 0; turns < 60; turns += 6) {
      mark += 1;
      const { tunnel, client } = await rig.client();
      const channel = await client.open();
      await client.send(exec(channel, "true"));
      await client.closed();
      const next = await client.open(1);
      await client.send(exec(next, `sleep ${mark}`));
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      tunnel.finish("session_killed", "enough");
      await gone(`${mark}`);
    }
    await sleep(500);
    for (let past = 0; past < 10; past++) await gone(`${mark - past}`);
  });
});
