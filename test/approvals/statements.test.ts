import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import type pg from "pg";
import { EntryKind } from "../../protocol/entry.ts";
import { cancelRequest } from "../../protocol/postgres/frontend.ts";
import { type ApprovalRig, ended, hangUp, startApprovalRig } from "./rig.ts";
import { trail } from "./trail.ts";

/** As libpq does: over a connection of its own, with the key that the session was given. */
async function cancel(client: pg.Client): Promise<void> {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const secret = Buffer.alloc(4);
  secret.writeInt32BE(secretKey);
  const socket = connect(client.port, client.host);
  await once(socket, "connect");
  socket.end(cancelRequest(processID, secret));
  socket.resume();
  await once(socket, "close");
}

describe("a held statement", () => {
  let rig: ApprovalRig;
  before(async () => {
    rig = await startApprovalRig();
  });
  afterEach(() => rig.reset());
  after(() => rig.stop());

  const count = async (table: string, where = "n > 0") =>
    Number((await rig.direct.query(`SELECT count(*) AS n FROM ${table} WHERE ${where}`)).rows[0].n);
  const value = async (table: string, id: number) =>
    (await rig.direct.query(`SELECT n FROM ${table} WHERE id = ${id}`)).rows[0].n as number;

  test("runs when it is approved, once, and not before; every step is in the recording", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = $1", [1]));
    const notice = await agent.notice();
    const approval = await rig.asked();
    assert.match(notice.message ?? "", /Rows of held are somebody's\./);
    assert.match(`${notice.message} ${notice.detail} ${notice.hint}`, new RegExp(approval.id));
    assert.equal(await value("held", 1), 0);
    assert.equal(approval.principal, "service/agent");
    assert.equal(approval.target, "orders");
    assert.equal(approval.question.kind, "statement");
    assert.deepEqual(approval.question.kind === "statement" && approval.question.parameters, ["1"]);
    assert.equal(
      approval.question.kind === "statement" && approval.question.statement,
      "UPDATE held SET n = n + 1 WHERE id = $1",
    );
    await rig.answer("ada", approval.id, "approve", "ok");
    assert.deepEqual(await query, { rows: 1 });
    assert.equal(await value("held", 1), 1);
    const used = await rig.becomes(approval.id, "used");
    assert.equal(used.decided?.by, "service/ada");
    await agent.end();
    const events = await trail(rig, approval.session!);
    assert.deepEqual(
      events
        .filter(({ event }) => event.startsWith("approval_") && event !== "approval_told")
        .map(({ event, kind }) => [event, kind]),
      [
        ["approval_asked", EntryKind.connector],
        ["approval_opened", EntryKind.edge],
        ["approval_answered", EntryKind.edge],
        ["approval_decided", EntryKind.edge],
        ["approval_used", EntryKind.connector],
      ],
    );
  });

  test("is refused with the person's name and words when it is denied, and the session goes on", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("DELETE FROM held WHERE id = 2"));
    const approval = await rig.asked();
    await rig.answer("grace", approval.id, "deny", "not on a Sunday");
    const refused = await query;
    assert.ok("code" in refused);
    assert.equal(refused.code, "42501");
    assert.match(`${refused.message} ${refused.detail}`, /service\/grace.*not on a Sunday/s);
    assert.equal(await count("held", "id = 2"), 1);
    assert.deepEqual(await ended(agent.client.query("SELECT 1")), { rows: 1 });
    assert.equal((await rig.approval(approval.id)).status, "denied");
  });

  test("is refused when nobody answers in time, and an answer after that is refused and recorded", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("DELETE FROM short WHERE id = 1"));
    const approval = await rig.asked();
    const refused = await query;
    assert.ok("code" in refused);
    assert.equal(refused.code, "42501");
    assert.match(`${refused.message} ${refused.detail}`, /expired|in time|nobody/i);
    await assert.rejects(rig.answer("ada", approval.id, "approve"), /409|expired/);
    assert.equal(await count("short", "id = 1"), 1);
    const events = await trail(rig, approval.session!);
    assert.ok(events.some(({ event }) => event === "approval_rejected"));
  });

  test("needs two different people where the policy says so; one person's two words are one", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE two SET n = n + 1 WHERE id = 1"));
    const approval = await rig.asked();
    await rig.answer("ada", approval.id, "approve");
    await rig.answer("ada", approval.id, "approve").catch(() => {});
    assert.equal((await rig.approval(approval.id)).status, "pending");
    assert.equal(await value("two", 1), 0);
    await rig.answer("grace", approval.id, "approve");
    assert.deepEqual(await query, { rows: 1 });
  });

  test("does not count the word of a voter who was disabled meanwhile", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE two SET n = n + 1 WHERE id = 2"));
    const approval = await rig.asked();
    await rig.answer("joan", approval.id, "approve");
    await rig.gateway.edge.api("POST", `/v1/principals/${encodeURIComponent("service/joan")}/disable`, {
      reason: "left",
    });
    await rig.answer("ada", approval.id, "approve");
    assert.equal((await rig.approval(approval.id)).status, "pending");
    assert.equal(await value("two", 2), 0);
    await assert.rejects(rig.answer("joan", approval.id, "approve"), /403/);
    await rig.gateway.edge.api("POST", `/v1/principals/${encodeURIComponent("service/joan")}/enable`, {
      reason: "back",
    });
    await rig.answer("grace", approval.id, "approve");
    assert.deepEqual(await query, { rows: 1 });
  });

  test("is never approved by who asks, nor by who may not", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = 3"));
    const approval = await rig.asked();
    const self = rig.gateway.edge.api("POST", `/v1/approvals/${approval.id}/approve`, {}, rig.gateway.token);
    await assert.rejects(self, /403/);
    await assert.rejects(rig.answer("mallory", approval.id, "approve"), /40[34]/);
    await assert.rejects(rig.answer("dpo", approval.id, "approve"), /40[34]/);
    assert.equal(await value("held", 3), 0);
    await rig.answer("ada", approval.id, "approve");
    assert.deepEqual(await query, { rows: 1 });
    const events = await trail(rig, approval.session!);
    assert.ok(events.filter(({ event }) => event === "approval_rejected").length >= 2);
  });

  test("of one session is not released by the answer to another's", async () => {
    const [one, two] = [await rig.client(), await rig.client()];
    const first = ended(one.client.query("UPDATE held SET n = n + 1 WHERE id = 4"));
    const asked = await rig.asked();
    const second = ended(two.client.query("UPDATE held SET n = n + 1 WHERE id = 5"));
    const other = await rig.asked();
    await assert.rejects(rig.answer("ada", `${asked.session}-2`, "approve"), /404/);
    await rig.answer("ada", other.id, "approve");
    assert.deepEqual(await second, { rows: 1 });
    assert.equal(await value("held", 4), 0);
    await rig.answer("ada", asked.id, "deny");
    assert.ok("code" in (await first));
    assert.equal(await value("held", 4), 0);
  });

  test("runs once when two approve at the same moment", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = 6"));
    const approval = await rig.asked();
    const answers = await Promise.allSettled([
      rig.answer("ada", approval.id, "approve"),
      rig.answer("grace", approval.id, "approve"),
      rig.answer("joan", approval.id, "approve"),
    ]);
    assert.ok(answers.some(({ status }) => status === "fulfilled"));
    assert.deepEqual(await query, { rows: 1 });
    assert.equal(await value("held", 6), 1);
  });

  test("is withdrawn when the agent cancels it, and can't be approved any more", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = 7"));
    const approval = await rig.asked();
    await cancel(agent.client);
    const refused = await query;
    assert.equal("code" in refused && refused.code, "57014");
    await rig.becomes(approval.id, "withdrawn");
    await assert.rejects(rig.answer("ada", approval.id, "approve"), /409/);
    assert.deepEqual(await ended(agent.client.query("SELECT 1")), { rows: 1 });
    assert.equal(await value("held", 7), 0);
  });

  test("is withdrawn when its agent is gone", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = 8"));
    const approval = await rig.asked();
    hangUp(agent.client);
    await query;
    await rig.becomes(approval.id, "withdrawn");
    await assert.rejects(rig.answer("ada", approval.id, "approve"), /409/);
    assert.equal(await value("held", 8), 0);
  });

  test("of an approved shape runs unasked while it changes as much, and is asked again where it changes more", async () => {
    const agent = await rig.client();
    const first = ended(agent.client.query("UPDATE shape SET n = n + 1 WHERE id = 1"));
    const approval = await rig.asked();
    await rig.answer("ada", approval.id, "approve");
    assert.deepEqual(await first, { rows: 1 });
    assert.deepEqual(await ended(agent.client.query("UPDATE shape SET n = n + 1 WHERE id = 2")), { rows: 1 });
    assert.equal((await rig.pending()).length, 0);
    const other = ended(agent.client.query("DELETE FROM shape WHERE id = 3"));
    const again = await rig.asked();
    await rig.answer("ada", again.id, "deny");
    assert.ok("code" in (await other));
    await rig.gateway.edge.api(
      "POST",
      `/v1/approvals/${approval.id}/revoke`,
      { reason: "enough" },
      rig.tokens.ada,
    );
    const revoked = ended(agent.client.query("UPDATE shape SET n = n + 1 WHERE id = 4"));
    const third = await rig.asked();
    await rig.answer("ada", third.id, "deny");
    assert.ok("code" in (await revoked));
    assert.equal(await value("shape", 4), 0);
  });

  test("of an approved shape is asked again once the session acts as another role", async () => {
    await rig.direct.query("CREATE ROLE clerk");
    await rig.direct.query("GRANT SELECT, UPDATE ON shape TO clerk");
    const agent = await rig.client();
    const first = ended(agent.client.query("UPDATE shape SET n = n + 1 WHERE id = 5"));
    await rig.answer("ada", (await rig.asked()).id, "approve");
    assert.deepEqual(await first, { rows: 1 });
    await agent.client.query("SET ROLE clerk");
    const other = ended(agent.client.query("UPDATE shape SET n = n + 1 WHERE id = 6"));
    await rig.answer("ada", (await rig.asked()).id, "deny");
    assert.ok("code" in (await other));
    await agent.client.query("RESET ROLE");
    assert.deepEqual(await ended(agent.client.query("UPDATE shape SET n = n + 1 WHERE id = 7")), { rows: 1 });
  });

  test("in a transaction runs in it, and a denial aborts it", async () => {
    const agent = await rig.client();
    await agent.client.query("BEGIN");
    const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = 9"));
    const approval = await rig.asked();
    await rig.answer("ada", approval.id, "approve");
    assert.deepEqual(await query, { rows: 1 });
    const denied = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = 10"));
    await rig.answer("ada", (await rig.asked()).id, "deny");
    assert.ok("code" in (await denied));
    const aborted = await ended(agent.client.query("SELECT 1"));
    assert.equal("code" in aborted && aborted.code, "25P02");
    await agent.client.query("ROLLBACK");
    assert.equal(await value("held", 9), 0);
  });
});
