import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Approval, ApprovalSummary } from "../protocol/approval/approval.ts";
import type { Page } from "../protocol/directory.ts";
import {
  agent,
  apply,
  asked,
  code,
  dba,
  disable,
  leases,
  list,
  opens,
  POLICIES,
  person,
  rejections,
  said,
  say,
  stub,
  trail,
  view,
} from "./approval-stub.ts";
import { done, refused } from "./stub-edge.ts";

describe("answers over HTTP", { timeout: 300_000 }, () => {
  test("nobody approves their own, by whatever hand, though policies permit it", async () => {
    const helper = await agent("helper", "dave", "dba");
    const { id } = await asked(helper, "orders");
    const own: [string, string][] = [
      ["the asking agent", helper],
      ["the user for whom it asks", await dba("dave")],
      ["the agent for itself", await dba("helper")],
    ];
    for (const [who, token] of own) {
      for (const answer of ["approve", "deny"]) {
        const refusal = await say(token, id, answer);
        assert.ok(refusal.body.code === "forbidden" || refusal.body.code === "not_found", who);
      }
    }
    refused(await say(helper, id, "approve"), "forbidden", /nobody approves their own/);
    const others = [await agent("other", "dave", "dba"), await agent("helper", "erin", "dba")];
    for (const token of others) refused(await say(token, id, "approve"), "not_found", /no approval/);
    assert.equal((await rejections(id)).length, 9, "each is an entry");
    assert.equal((await view(helper, id)).status, "pending");
    assert.equal((await said(await dba("bob"), id, "deny", { reason: "not today" })).status, "denied");
    assert.equal(await opens(helper, "orders"), "approval_required");
  });

  test("who may neither see nor answer learns nothing, not even that it is there; the try is an entry", async () => {
    const { id } = await asked(await person("frank"), "orders");
    const mallory = await person("mallory", "engineers");
    const absent = `${"0".repeat(32)}-0`;
    const ids = [id, absent, `${"0".repeat(32)}-3`, "nonsense"];
    for (const one of ids) {
      const answers = [
        await stub.call("GET", `/v1/approvals/${one}`, mallory),
        await stub.call("GET", `/v1/approvals/${one}/trail`, mallory),
        await say(mallory, one, "approve"),
        await say(mallory, one, "deny"),
        await say(mallory, one, "withdraw"),
        await say(mallory, one, "revoke", { reason: "because" }),
      ];
      for (const answer of answers) {
        refused(answer, "not_found", /^there is no approval/);
        assert.equal(
          String(answer.body.detail).replaceAll(id, absent),
          String(answers[0]!.body.detail).replaceAll(id, absent),
        );
      }
    }
    assert.deepEqual(await list(mallory), []);
    assert.deepEqual(
      (await rejections(id)).map(({ by, channel }) => [by, channel]),
      [
        ["corp/mallory", "api"],
        ["corp/mallory", "api"],
      ],
    );
    for (let i = 0; i < 30; i++) await say(mallory, id, "approve");
    assert.equal((await rejections(id)).length, 20, "entries of tries are bounded");
    assert.equal((await said(await dba("bob"), id, "approve")).status, "approved", "and stop nobody else");
  });

  test("an administrator sees all, revokes, and approves only where policies permit", async () => {
    const { id } = await asked(await person("grace"), "orders");
    assert.equal((await view(stub.edge.adminToken, id)).id, id);
    assert.ok((await list(stub.edge.adminToken)).some((one) => one.id === id));
    refused(
      await stub.admin("POST", `/v1/approvals/${id}/approve`, {}),
      "forbidden",
      /bootstrap may not answer/,
    );
    const { approval } = await done(stub.admin("POST", `/v1/approvals/${id}/revoke`, { reason: "no" }));
    assert.equal((approval as Approval).status, "denied", "what is revoked while it waits is denied");
    refused(await say(await dba("bob"), id, "approve"), "conflict", /denied/);
  });

  test("two answers at once: of one person they are one, of two the quorum, and only one of the contrary counts", async () => {
    const heidi = await person("heidi");
    const { id } = await asked(heidi, "payroll");
    const [bob, ben] = [await dba("bob"), await dba("ben")];
    await Promise.all([say(bob, id, "approve"), say(bob, id, "approve")]);
    const one = await view(heidi, id);
    assert.deepEqual([one.status, one.votes.map(({ by }) => by)], ["pending", ["corp/bob"]]);
    assert.equal(await opens(heidi, "payroll"), "approval_required", "one of two is none");
    const contrary = await Promise.all([say(ben, id, "approve"), say(await dba("bea"), id, "deny")]);
    assert.deepEqual(contrary.map(code).sort(), ["conflict", "ok"]);
    const { status } = await view(heidi, id);
    assert.equal(await opens(heidi, "payroll"), status === "approved" ? "ok" : "approval_required");
    const decided = (await trail(id)).filter(({ event }) => event === "approval_decided");
    assert.equal(decided.length, 1);

    const ivan = await person("ivan");
    const other = await asked(ivan, "payroll");
    const both = await Promise.all([say(bob, other.id, "approve"), say(ben, other.id, "approve")]);
    assert.deepEqual(both.map(code), ["ok", "ok"], "the later of two is judged again, not refused");
    assert.equal((await view(ivan, other.id)).status, "approved");
    assert.equal((await leases(ivan)).length, 1);
  });

  test("an answer after the time is refused, and opens nothing", async () => {
    const judy = await person("judy");
    const { id } = await asked(judy, "brief");
    assert.equal((await view(judy, id, "?wait=25")).status, "expired");
    refused(await say(await dba("bob"), id, "approve"), "conflict", /./);
    assert.deepEqual(
      (await rejections(id)).map(({ by }) => by),
      ["corp/bob"],
    );
    assert.equal(await opens(judy, "brief"), "approval_required");
    const { id: next } = await asked(judy, "brief");
    assert.notEqual(next, id, "it may be asked for again");
  });

  test("a disabled approver's earlier word counts no more, and it says no other", async () => {
    const kim = await person("kim");
    const { id } = await asked(kim, "payroll");
    const gone = await dba("leaver");
    await said(gone, id, "approve");
    await disable("corp/leaver");
    refused(await say(gone, id, "approve"), "forbidden", /corp\/leaver is disabled/);
    const second = await said(await dba("bob"), id, "approve");
    assert.deepEqual([second.status, second.votes.map(({ by }) => by)], ["pending", ["corp/bob"]]);
    const third = await said(await dba("ben"), id, "approve");
    assert.deepEqual([third.status, third.decided?.by], ["approved", "corp/bob, corp/ben"]);
    assert.ok(
      (await rejections(id)).some(({ by, reason }) => by === "corp/leaver" && /lost the right/.test(reason)),
    );
  });

  test("an agent's word falls with its user, once that one is disabled", async () => {
    const lena = await person("lena");
    const { id } = await asked(lena, "payroll");
    await said(await agent("speaker", "user", "dba"), id, "approve");
    await disable("corp/user");
    const second = await said(await dba("bob"), id, "approve");
    assert.deepEqual([second.status, second.votes.length], ["pending", 1]);
  });

  test("policies that change between two words judge both", async () => {
    const mia = await person("mia");
    const { id } = await asked(mia, "payroll");
    await said(await dba("nick"), id, "approve");
    await apply(`${POLICIES}
@id("not-nick") forbid (principal == Principal::"corp/nick", action == Action::"approve", resource);`);
    const second = await said(await dba("bob"), id, "approve");
    assert.equal(second.status, "pending", "the first word has fallen");
    refused(await say(await dba("nick"), id, "approve"), "not_found", /no approval/);
    await apply(POLICIES);
    assert.equal((await said(await dba("nick"), id, "approve")).status, "approved");
  });

  test("one sees one's own, one's users', and what one may answer, and each filter holds", async () => {
    const [vera, helper] = [await person("vera"), await agent("maid", "vera")];
    const own = await asked(vera, "orders");
    const forHer = await asked(helper, "payroll");
    const seen = async (token: string, query: string) => (await list(token, query)).map(({ id }) => id);
    assert.deepEqual(await seen(vera, ""), [forHer.id, own.id]);
    assert.deepEqual(await seen(helper, ""), [forHer.id], "an agent sees what it asked for that user");
    const bob = await dba("bob");
    assert.deepEqual(await seen(bob, "?principal=corp/vera"), [own.id]);
    assert.deepEqual(await seen(bob, "?principal=corp/vera&status=approved"), []);
    assert.deepEqual(await seen(bob, `?session=${"0".repeat(32)}`), []);
    const page = (await done(
      stub.call("GET", "/v1/approvals?limit=1&status=pending", bob),
    )) as unknown as Page<ApprovalSummary>;
    assert.deepEqual([page.items[0]?.id, page.next !== null], [forHer.id, true]);
    const next = await seen(bob, `?limit=1&status=pending&cursor=${page.next}`);
    assert.deepEqual(next, [own.id]);
    assert.equal("actions" in page.items[0]!, false);
    refused(await stub.call("GET", "/v1/approvals?status=perhaps", bob), "invalid_request", /status/);
    refused(await stub.call("GET", `/v1/approvals/${own.id}?wait=26`, bob), "invalid_request", /wait/);
  });
});
