import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Approval, ApprovalSummary } from "../../protocol/approval/approval.ts";
import type { Page } from "../../protocol/directory.ts";
import { SshClient } from "./clients.ts";
import { type SshGateway, startSshGateway, TARGET } from "./gateway.ts";

/** What is written is held; all else passes. */
const HELD = (expires: string) => `
permit (principal, action, resource);
forbid (principal, action == Action::"connect", resource) unless { context.listed };
forbid (principal, action == Action::"approve", resource) unless { principal == Principal::"service/ada" };
@id("touching") @reason("What is made here is somebody's.") @approvers("ops") @expires("${expires}")
forbid (principal, action == Action::"ssh:exec", resource)
when { context.program == "touch" && !context.approved };
@id("shells") @reason("Shells are held.") @approvers("ops")
forbid (principal, action == Action::"ssh:shell", resource) when { !context.approved };
`;
const BLOCKED = `${HELD("1h")}
@id("no-touch") @reason("Not any more.")
forbid (principal, action == Action::"ssh:exec", resource) when { context.program == "touch" };
`;

describe("a held command", { timeout: 300_000 }, () => {
  let gateway: SshGateway;
  let ada: string;
  let file: string;
  const clients: SshClient[] = [];
  const apply = (policies: string) =>
    gateway.edge.apply({
      targets: [{ name: TARGET, kind: "ssh", connector: "main", description: "", allow: ["service/*"] }],
      policies,
    });

  before(async () => {
    gateway = await startSshGateway({ policies: HELD("1h") });
    ada = await gateway.edge.serviceToken("ada");
    file = join(gateway.sshd.home, "made");
  });

  after(async () => {
    for (const client of clients) client.kill();
    await gateway?.stop();
  });

  const ssh = (...args: string[]) => {
    const client = new SshClient(gateway.config, args);
    clients.push(client);
    return client;
  };
  const eventually = async <T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> => {
    for (const until = performance.now() + 60_000; performance.now() < until; await sleep(25)) {
      const answer = await ask();
      if (answer) return answer;
    }
    throw new Error(`waited for ${what}`);
  };
  const approval = (id: string) => gateway.edge.api<Approval>("GET", `/v1/approvals/${id}`);
  const asked = async (): Promise<Approval> => {
    const { id } = await eventually("a question", async () => {
      const page = await gateway.edge.api<Page<ApprovalSummary>>("GET", "/v1/approvals?status=pending");
      return page.items[0];
    });
    return approval(id);
  };
  const becomes = (id: string, status: Approval["status"]) =>
    eventually(`${id} to be ${status}`, async () => (await approval(id)).status === status);
  const say = (id: string, answer: "approve" | "deny", reason = "") =>
    gateway.edge.api("POST", `/v1/approvals/${id}/${answer}`, reason === "" ? {} : { reason }, ada);

  test("runs when it is approved, and not before; who waits is told", async () => {
    const client = ssh("through", `touch ${file} && echo made`);
    const question = await asked();
    await client.says(/sallyport: .*What is made here is somebody's\./);
    assert.match(client.stderr, new RegExp(question.id));
    assert.equal(existsSync(file), false);
    assert.equal(question.question.kind, "request");
    await say(question.id, "approve", "go on");
    const { status, stdout } = await client.done;
    assert.deepEqual([status, stdout], [0, "made\n"]);
    assert.ok(existsSync(file));
    await becomes(question.id, "used");
    rmSync(file);
  });

  test("ends with 126 when it is denied, and says who and why", async () => {
    const client = ssh("through", `touch ${file}`);
    await say((await asked()).id, "deny", "not on a Sunday");
    const { status, stderr } = await client.done;
    assert.equal(status, 126);
    assert.match(stderr, /sallyport: .*service\/ada/s);
    assert.match(stderr, /not on a Sunday/);
    assert.equal(existsSync(file), false);
  });

  test("ends with 126 when nobody answers in time", async () => {
    await apply(HELD("2s"));
    const { status, stderr } = await ssh("through", `touch ${file}`).done;
    assert.equal(status, 126);
    assert.match(stderr, /expired|in time|nobody/i);
    await apply(HELD("1h"));
  });

  test("is withdrawn by Ctrl-C at its terminal, and its client ends with 130", async () => {
    const client = ssh("-tt", "through", `touch ${file}`);
    const { id } = await asked();
    await client.says(/somebody's/);
    client.type("\x03");
    assert.equal((await client.done).status, 130);
    await becomes(id, "withdrawn");
  });

  test("is withdrawn when its client is gone", async () => {
    const client = ssh("through", `touch ${file}`);
    const { id } = await asked();
    client.kill();
    await becomes(id, "withdrawn");
    assert.equal(existsSync(file), false);
  });

  test("outlives the edge's restart", async () => {
    const client = ssh("through", `touch ${file}`);
    const { id } = await asked();
    await gateway.edge.edge.restart();
    await eventually("the edge to take the word", () =>
      say(id, "approve").then(
        () => true,
        () => false,
      ),
    );
    assert.equal((await client.done).status, 0);
    assert.ok(existsSync(file));
    rmSync(file);
  });

  test("is refused where the policies have changed when it is approved", async () => {
    const client = ssh("through", `touch ${file}`);
    const { id } = await asked();
    await apply(BLOCKED);
    await say(id, "approve");
    const { status, stderr } = await client.done;
    assert.equal(status, 126);
    assert.match(stderr, /Not any more\./);
    assert.equal(existsSync(file), false);
    await apply(HELD("1h"));
  });

  test("holds nobody else up: another command of the same connection runs meanwhile", async () => {
    const socket = join(gateway.edge.state, "held");
    const master = ssh("-MS", socket, "through", `touch ${file}`);
    const { id } = await asked();
    await master.says(/somebody's/);
    assert.equal((await ssh("-S", socket, "through", "echo through").done).stdout, "through\n");
    await say(id, "deny");
    assert.equal((await master.done).status, 126);
  });

  test("a shell that is held keeps what is typed ahead, and takes Ctrl-D for no", async () => {
    const first = ssh("-tt", "through");
    const one = await asked();
    await first.says(/Shells are held\./);
    first.type("echo typed $((40 + 2)); exit 3\n");
    await say(one.id, "approve");
    const { status, stdout } = await first.done;
    assert.equal(status, 3);
    assert.match(stdout, /typed 42/);
    const second = ssh("-tt", "through");
    const other = await asked();
    await second.says(/Shells are held\./);
    second.type("\x04");
    assert.equal((await second.done).status, 130);
    await becomes(other.id, "withdrawn");
  });

  test("what is not held is not taken for interrupted by what is typed ahead", async () => {
    const client = ssh("-tt", "through", "cat");
    client.type("ahead\n\x04");
    const { status, stdout } = await client.done;
    assert.equal(status, 0);
    assert.match(stdout, /ahead/);
  });
});
