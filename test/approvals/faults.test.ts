import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { type ApprovalRig, ended, startApprovalRig } from "./rig.ts";
import { trail } from "./trail.ts";

describe("a held statement and the parts that die meanwhile", () => {
  let rig: ApprovalRig;
  before(async () => {
    rig = await startApprovalRig();
  });
  afterEach(() => rig.reset());
  after(() => rig.stop());

  const value = async (table: string, id: number) =>
    (await rig.direct.query(`SELECT n FROM ${table} WHERE id = ${id}`)).rows[0].n as number;

  test("the edge is killed while it is held, and it is approved after the restart: it runs once", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = 21"));
    const approval = await rig.asked();
    await rig.gateway.edge.edge.restart();
    assert.equal((await rig.approval(approval.id)).status, "pending");
    await rig.answer("ada", approval.id, "approve");
    assert.deepEqual(await query, { rows: 1 });
    assert.equal(await value("held", 21), 1);
    assert.deepEqual(await ended(agent.client.query("SELECT 1")), { rows: 1 });
    await rig.becomes(approval.id, "used");
  });

  test("the edge is killed between the first and the second of two words: the first still counts", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE two SET n = n + 1 WHERE id = 22"));
    const approval = await rig.asked();
    await rig.answer("ada", approval.id, "approve");
    await rig.gateway.edge.edge.restart();
    await rig.answer("ada", approval.id, "approve").catch(() => {});
    assert.equal((await rig.approval(approval.id)).status, "pending");
    await rig.answer("grace", approval.id, "approve");
    assert.deepEqual(await query, { rows: 1 });
    assert.equal(await value("two", 22), 1);
  });

  test("the edge is killed as soon as it was approved: it runs once, or not at all if it could not be recorded", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = 23"));
    const approval = await rig.asked();
    const answer = rig.answer("ada", approval.id, "approve").catch(() => null);
    const restart = rig.gateway.edge.edge.restart();
    await Promise.all([answer, restart]);
    // Where the word was lost with the edge it is given again.
    if ((await rig.approval(approval.id)).status === "pending")
      await rig.answer("ada", approval.id, "approve");
    assert.deepEqual(await query, { rows: 1 });
    assert.equal(await value("held", 23), 1);
  });

  test("it expires while the edge is down: it is refused when the edge is back", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE short SET n = n + 1 WHERE id = 24"));
    const approval = await rig.asked();
    await rig.gateway.edge.edge.restart();
    const refused = await query;
    assert.equal("code" in refused && refused.code, "42501");
    assert.equal(await value("short", 24), 0);
    assert.equal((await rig.approval(approval.id)).status, "expired");
  });

  test("the connector is gone: the session ends, the question is withdrawn, and nothing runs", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = 25"));
    const approval = await rig.asked();
    await rig.gateway.restartConnector();
    const refused = await query;
    assert.ok("code" in refused);
    await rig.becomes(approval.id, "withdrawn");
    await assert.rejects(rig.answer("ada", approval.id, "approve"), /409/);
    assert.equal(await value("held", 25), 0);
  });

  test("the session is killed: the question is withdrawn", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = 26"));
    const approval = await rig.asked();
    await rig.gateway.edge.api("POST", `/v1/sessions/${approval.session}/kill`, { reason: "enough" });
    assert.ok("code" in (await query));
    await rig.becomes(approval.id, "withdrawn");
    await assert.rejects(rig.answer("ada", approval.id, "approve"), /409/);
    assert.equal(await value("held", 26), 0);
    const events = (await trail(rig, approval.session!)).map(({ event }) => event);
    assert.ok(events.indexOf("approval_decided") < events.indexOf("ended"));
  });

  test("its agent is disabled: the session ends, and an approval comes too late", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = 27"));
    const approval = await rig.asked();
    const principal = encodeURIComponent("service/agent");
    await rig.gateway.edge.api("POST", `/v1/principals/${principal}/disable`, { reason: "stop" });
    assert.ok("code" in (await query));
    await assert.rejects(rig.answer("ada", approval.id, "approve"), /409/);
    assert.equal(await value("held", 27), 0);
    await rig.gateway.edge.api("POST", `/v1/principals/${principal}/enable`, { reason: "go on" });
  });
});
