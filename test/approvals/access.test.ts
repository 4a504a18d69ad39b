import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import pg from "pg";
import { CommandProcess } from "../../client/commands/testing.ts";
import type { ApprovalSummary } from "../../protocol/approval/approval.ts";
import type { Page, Session } from "../../protocol/directory.ts";
import { A_SECOND_MS } from "../run/second.ts";
import { type ApprovalRig, POLICIES, startApprovalRig } from "./rig.ts";

const CONNECTIONS = 20;

/** Opening needs an approval, which lasts for twenty seconds. */
const HELD = `${POLICIES.replace('@id("connect") permit (principal, action == Action::"connect", resource) when { context.listed };', "")}
@id("by-day") @reason("Nobody is alone with orders.") @approvers("dba") @lasts("20s")
permit (principal, action == Action::"connect", resource) when { context.listed && context.approved };
`;

/** The connection is over, whatever the client was told before. */
function gone(client: pg.ClientBase): Promise<void> {
  return new Promise((resolve) => client.once("end", resolve));
}

describe("a target whose opening needs an approval", () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-access-"));
  let rig: ApprovalRig;
  let agent: Record<string, string>;
  before(async () => {
    rig = await startApprovalRig({ policies: HELD });
    agent = { SALLYPORT_EDGE: rig.gateway.edge.edge.url.href, SALLYPORT_TOKEN: rig.gateway.token };
  });
  afterEach(() => rig.reset());
  after(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true });
  });

  const run = (...args: string[]) => new CommandProcess(args, { folder, env: agent });
  const openSessions = async () =>
    (await rig.gateway.edge.api<Page<Session>>("GET", "/v1/sessions?state=open")).items;

  test("tells who has not asked what to do", async () => {
    const refused = run("run", "orders", "--", "psql", "-c", "SELECT 1");
    assert.notEqual((await refused.end()).status, 0);
    assert.match(refused.stderr, /needs an approval.*Nobody is alone with orders/s);
    assert.match(refused.stderr, /--reason/);
  });

  test("is open to a pool of twenty connections once somebody has agreed, and closed to them when its time is over", async () => {
    const connect = run("connect", "orders", "--reason", "month's end", "--json");
    const question = await rig.asked();
    assert.equal(question.kind, "connect");
    assert.equal(question.question.kind === "connect" && question.question.purpose, "month's end");
    await rig.answer("ada", question.id, "approve", "until noon");
    const [json] = await connect.says(/\{[^}]*"port"[^}]*\}/);
    const { host, port } = JSON.parse(json) as { host: string; port: number };
    const pool = new pg.Pool({ host, port, user: "a", database: "postgres", max: CONNECTIONS });
    pool.on("error", () => {});
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()));
    for (const client of clients) client.on("error", () => {});
    const lost = clients.map(gone);
    await Promise.all(clients.map((client) => client.query("SELECT 1")));
    const sessions = await openSessions();
    assert.equal(sessions.length, CONNECTIONS);
    assert.equal((await rig.pending()).length, 0);
    const began = performance.now();
    await Promise.all(lost);
    assert.ok(performance.now() - began < 60_000);
    while ((await openSessions()).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const ended = await rig.gateway.edge.api<Session>("GET", `/v1/sessions/${sessions[0]!.id}`);
    assert.equal(ended.endCode, "lease_expired");
    await connect.end("SIGINT");
    for (const client of clients) client.release(true);
    await pool.end();
  });

  test("stays closed when it is denied, with the words of who did", async () => {
    const denied = run("run", "orders", "--reason", "curiosity", "--", "psql", "-c", "SELECT 1");
    const question = await rig.asked();
    await rig.answer("grace", question.id, "deny", "ask Monday");
    assert.notEqual((await denied.end()).status, 0);
    assert.match(denied.stderr, /ask Monday/);
  });

  test("is asked for no more when the asker gives up", async () => {
    const given = run("connect", "orders", "--reason", "never mind");
    const question = await rig.asked();
    await given.end("SIGINT");
    await rig.becomes(question.id, "withdrawn");
  });

  test("stays open to nobody when its right is revoked: live sessions end within a second", async () => {
    const connect = run("connect", "orders", "--reason", "a look", "--json");
    const question = await rig.asked();
    await rig.answer("ada", question.id, "approve");
    const [json] = await connect.says(/\{[^}]*"port"[^}]*\}/);
    const { host, port } = JSON.parse(json) as { host: string; port: number };
    const client = new pg.Client({ host, port, user: "a", database: "postgres" });
    client.on("error", () => {});
    const over = gone(client);
    await client.connect();
    const began = performance.now();
    await rig.gateway.edge.api(
      "POST",
      `/v1/approvals/${question.id}/revoke`,
      { reason: "enough" },
      rig.tokens.ada,
    );
    await over;
    assert.ok(performance.now() - began < A_SECOND_MS, "a session outlived its right");
    const again = run("run", "orders", "--", "psql", "-c", "SELECT 1");
    assert.notEqual((await again.end()).status, 0);
    await connect.end("SIGINT");
  });

  test("shows its questions to nobody who neither asked nor may answer", async () => {
    const page = await rig.gateway.edge.api<Page<ApprovalSummary>>(
      "GET",
      "/v1/approvals",
      undefined,
      rig.tokens.mallory,
    );
    assert.deepEqual(page.items, []);
  });
});
