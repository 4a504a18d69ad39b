import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Approval } from "../../protocol/approval/approval.ts";
import type { ChangeRecord, Page, Settings } from "../../protocol/directory.ts";
import { connectorEvent, edgeEvent } from "../../protocol/recording/events.ts";
import { readRecording } from "../../protocol/recording/reader.ts";
import { readable } from "../slack-blocks.ts";
import { buttonsOf, type SlackStandIn, startSlack } from "../slack-stand-in.ts";
import { type ApprovalRig, ended, startApprovalRig } from "./rig.ts";

const ADA = "U0ADA";
const GRACE = "U0GRACE";
const MALLORY = "U0MALLORY";
const AGENT = "U0AGENT";
const STRANGER = "U0STRANGER";
const PUBLIC_URL = "https://sallyport.example.com";
const PATIENCE_MS = 60_000;

/** Settings that let a principal answer in Slack. */
async function letAnswer(rig: ApprovalRig, users: [id: string, principal: string][]): Promise<void> {
  const { edge } = rig.gateway;
  const settings = await edge.api<Settings>("GET", "/v1/settings");
  const list = users.map(([id, principal]) => ({ id, principal, groups: [] }));
  await edge.apply({ ...settings, approvals: { slack: { users: list } } });
}

/** Entries of the session's recording about refused answers. */
async function rejections(rig: ApprovalRig, session: string): Promise<{ by: string; reason: string }[]> {
  const { edge } = rig.gateway.edge;
  const response = await fetch(new URL(`/v1/sessions/${session}/recording`, edge.url), {
    headers: { authorization: `Bearer ${edge.adminToken}` },
  });
  const found: { by: string; reason: string }[] = [];
  for await (const part of readRecording(response.body!)) {
    if (part.part !== "entry") continue;
    const event = edgeEvent(part.entry.frame) ?? connectorEvent(part.entry.frame);
    if (event?.event === "approval_rejected") found.push({ by: event.by, reason: event.reason });
  }
  return found;
}

describe("a held statement in Slack", { timeout: 300_000 }, () => {
  let slack: SlackStandIn;
  let rig: ApprovalRig;
  before(async () => {
    slack = await startSlack();
    rig = await startApprovalRig({
      edge: {
        publicUrl: new URL(PUBLIC_URL),
        bindings: { SLACK_WEBHOOK_URL: slack.webhook, SLACK_SIGNING_SECRET: slack.signingSecret },
      },
    });
    slack.interactions = new URL("/v1/slack/interactions", rig.gateway.edge.edge.url);
    await letAnswer(rig, [
      [ADA, "service/ada"],
      [GRACE, "service/grace"],
      [MALLORY, "service/mallory"],
      [AGENT, "service/agent"],
    ]);
  });
  after(async () => {
    await rig?.stop();
    await slack?.stop();
  });
  beforeEach(() => {
    slack.messages.length = 0;
    slack.ephemeral.length = 0;
    slack.behave({ mode: "ok" });
  });

  const value = async (table: string, id: number) =>
    (await rig.direct.query(`SELECT n FROM ${table} WHERE id = ${id}`)).rows[0]?.n as number | undefined;
  const patiently = (condition: () => boolean) =>
    Promise.race([
      slack.until(condition),
      sleep(PATIENCE_MS, undefined, { ref: false }).then(() =>
        assert.fail(
          JSON.stringify([
            slack.calls.slice(-5),
            slack.ephemeral,
            slack.messages.map(({ blocks }) => readable(blocks)),
          ]),
        ),
      ),
    ]);
  /** Holds a statement until its question stands in Slack. */
  async function hold(sql: string): Promise<{ query: ReturnType<typeof ended>; approval: Approval }> {
    const agent = await rig.client();
    const before = slack.messages.length;
    const query = ended(agent.client.query(sql)).finally(() => agent.end());
    const approval = await rig.asked();
    await patiently(() => slack.messages.length > before);
    return { query, approval };
  }

  test("is asked there, approved by a click, and runs; the message loses its buttons and says who", async () => {
    const { query, approval } = await hold("DELETE FROM held WHERE id <= 3");
    const text = readable(slack.messages[0]!.blocks);
    for (const words of ["service/agent", "Rows of held are somebody's.", "DELETE FROM held WHERE id <= 3"])
      assert.ok(text.includes(words), text);
    assert.ok(text.includes(`${PUBLIC_URL}/approvals/${approval.id}`), text);
    assert.equal(await value("held", 3), 0);
    assert.deepEqual(await slack.click({ user: ADA, button: "Approve" }), { status: 200, body: "" });
    assert.deepEqual(await query, { rows: 3 });
    assert.equal(await value("held", 3), undefined);
    await patiently(() => buttonsOf(slack.messages[0]!).length === 0);
    assert.match(readable(slack.messages[0]!.blocks), /Approved.*by service\/ada \(slack\)/s);
    const used = await rig.becomes(approval.id, "used");
    assert.deepEqual(
      used.votes.map(({ by, channel }) => [by, channel]),
      [["service/ada", "slack"]],
    );
    assert.equal(slack.messages.length, 1);
  });

  test("is denied by a click", async () => {
    const { query } = await hold("DELETE FROM held WHERE id = 4");
    await slack.click({ user: ADA, button: "Deny" });
    const refused = await query;
    assert.ok("code" in refused && refused.code === "42501", JSON.stringify(refused));
    assert.match(`${refused.message} ${refused.detail}`, /service\/ada/);
    await patiently(() => /Denied by service\/ada/.test(readable(slack.messages[0]!.blocks)));
    assert.equal(await value("held", 4), 0);
  });

  test("is not answered by whom Slack did not sign, a replay, an old call, a stranger, the asker or the unentitled; each is recorded", async () => {
    const { query, approval } = await hold("DELETE FROM held WHERE id = 5");
    const pending = async () => assert.equal((await rig.approval(approval.id)).status, "pending");
    const send = async (request: { headers: Record<string, string>; body: string }) => {
      const response = await fetch(slack.interactions!, { method: "POST", ...request });
      const body = await response.text();
      return {
        status: response.status,
        code: body === "" ? null : (JSON.parse(body) as { code: string }).code,
      };
    };
    const forged = slack.clickRequest({ user: ADA, button: "Approve", secret: "not the secret" });
    assert.deepEqual(await send(forged), { status: 401, code: "unauthenticated" });
    const { headers, body } = slack.clickRequest({ user: MALLORY, button: "Approve" });
    const changed = body.replace(MALLORY, ADA);
    assert.notEqual(changed, body);
    assert.deepEqual(await send({ headers, body: changed }), { status: 401, code: "unauthenticated" });
    const old = slack.clickRequest({
      user: ADA,
      button: "Approve",
      timestamp: Math.floor(Date.now() / 1_000) - 310,
    });
    assert.deepEqual(await send(old), { status: 401, code: "unauthenticated" });
    await pending();

    for (const user of [STRANGER, AGENT, MALLORY]) {
      const click = slack.clickRequest({ user, button: "Approve" });
      assert.deepEqual(await send(click), { status: 200, code: null });
      assert.deepEqual(await send(click), { status: 409, code: "conflict" }, "and once more, byte for byte");
    }
    await pending();
    await patiently(() => slack.ephemeral.length === 3);
    assert.deepEqual(
      slack.ephemeral.map(({ user }) => user),
      [STRANGER, AGENT, MALLORY],
    );
    for (const { text } of slack.ephemeral) assert.match(text, /not counted/);

    const found = await rejections(rig, approval.session!);
    assert.deepEqual(
      found.map(({ by }) => by),
      [
        ...Array(3).fill("somebody in Slack's name"),
        `Slack's ${STRANGER}`,
        `Slack's ${STRANGER}`,
        "service/agent",
        `Slack's ${AGENT}`,
        "service/mallory",
        `Slack's ${MALLORY}`,
      ],
    );
    await slack.click({ user: ADA, button: "Deny" });
    await query;
    assert.equal(await value("held", 5), 0);
  });

  test("is not answered by a click that names another session's approval, or one that never was", async () => {
    const mine = await hold("DELETE FROM held WHERE id = 6");
    const session = mine.approval.session!;
    const other = `${session.startsWith("0") ? "1" : "0"}${session.slice(1)}-1`;
    for (const value of [other, `${session}-2`, `${session}-0`]) {
      slack.ephemeral.length = 0;
      assert.equal((await slack.click({ user: ADA, button: "Approve", value })).status, 200);
      await patiently(() => slack.ephemeral.length === 1);
      assert.match(slack.ephemeral[0]!.text, /not counted: there is no approval/);
    }
    assert.equal((await rig.approval(mine.approval.id)).status, "pending");
    await slack.click({ user: ADA, button: "Deny" });
    await mine.query;
  });

  test("never makes the edge call an address of the clicker's choice", async () => {
    const { query } = await hold("DELETE FROM held WHERE id = 7");
    const inside = "http://169.254.169.254/latest/meta-data/";
    assert.equal((await slack.click({ user: ADA, button: "Approve", responseUrl: inside })).status, 400);
    await slack.click({ user: ADA, button: "Deny" });
    await query;
    assert.equal(await value("held", 7), 0);
  });

  test("that needs two takes a click of each, and two clicks of one are one", async () => {
    const { query, approval } = await hold("UPDATE two SET n = 1 WHERE id = 8");
    await slack.click({ user: ADA, button: "Approve" });
    await patiently(() => /Answered so far: by service\/ada/.test(readable(slack.messages[0]!.blocks)));
    assert.equal((await slack.click({ user: ADA, button: "Approve" })).status, 200);
    assert.equal((await rig.approval(approval.id)).votes.length, 1);
    await Promise.all([
      slack.click({ user: GRACE, button: "Approve" }),
      slack.click({ user: GRACE, button: "Approve" }),
    ]);
    assert.deepEqual(await query, { rows: 1 });
    assert.equal(await value("two", 8), 1);
  });

  test("of which people learn elsewhere that it is over is told there; a click on the stale button replaces it", async () => {
    const { query, approval } = await hold("DELETE FROM held WHERE id = 9");
    await rig.answer("grace", approval.id, "deny", "no");
    await query;
    await patiently(() => slack.messages.length === 2);
    assert.match(
      readable(slack.messages[1]!.blocks),
      /Denied by service\/grace: no.*The question above is over/s,
    );
    await slack.click({ user: ADA, button: "Approve", message: 0 });
    await patiently(() => buttonsOf(slack.messages[0]!).length === 0);
    assert.equal(await value("held", 9), 0);
  });

  test("survives the edge: the question that stands in Slack is answered after the restart, a replay still refused", async () => {
    const { query, approval } = await hold("UPDATE held SET n = 1 WHERE id = 10");
    const stranger = slack.clickRequest({ user: STRANGER, button: "Approve" });
    assert.equal((await fetch(slack.interactions!, { method: "POST", ...stranger })).status, 200);
    await rig.gateway.edge.edge.restart();
    assert.equal((await fetch(slack.interactions!, { method: "POST", ...stranger })).status, 409);
    assert.equal((await rig.approval(approval.id)).status, "pending");
    await slack.click({ user: ADA, button: "Approve" });
    assert.deepEqual(await query, { rows: 1 });
    await patiently(() => buttonsOf(slack.messages[0]!).length === 0);
  });

  test("can be answered elsewhere while Slack is down, and the agent is told that it is", async () => {
    slack.behave({ mode: "down" });
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE held SET n = 1 WHERE id = 11"));
    const approval = await rig.asked();
    const held = await agent.notice();
    const unreached = await agent.notice();
    assert.match(`${held.message}`, /Rows of held are somebody's/);
    assert.match(`${unreached.message} ${unreached.detail}`, /slack/i);
    await rig.answer("ada", approval.id, "approve");
    assert.deepEqual(await query, { rows: 1 });
  });

  test("leaves who may answer in Slack in the record of changes", async () => {
    const { items } = await rig.gateway.edge.api<Page<ChangeRecord>>("GET", "/v1/changes");
    const change = items.find(({ subject }) => subject === `slack-user/${ADA}`);
    assert.deepEqual(
      [change?.action, change?.after],
      ["apply.create", { name: ADA, principal: "service/ada", groups: [] }],
    );
  });
});
