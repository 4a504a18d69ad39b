import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Approval } from "../protocol/approval/approval.ts";
import type { ChangeRecord, Page } from "../protocol/directory.ts";
import {
  agent,
  apply,
  ask,
  asked,
  code,
  dba,
  directory,
  disable,
  leases,
  list,
  opens,
  POLICIES,
  person,
  said,
  say,
  stub,
  trail,
  view,
} from "./approval-stub.ts";
import { done, refused } from "./stub-edge.ts";

describe("access requests and leases over HTTP", { timeout: 300_000 }, () => {
  test("a target is asked for, the request approved, and the target opens until the lease ends", async () => {
    const [alice, bob] = [await person("alice"), await dba("bob")];
    const needed = await stub.register(alice, "orders");
    refused(needed, "approval_required", /opening orders needs an approval: Nobody is alone with orders\./);
    assert.match(String(needed.body.hint), /sallyport connect orders --reason/);

    const answer = await ask(alice, "orders", { lasts: 600_000 });
    assert.equal(answer.status, 201);
    const approval = answer.body as unknown as Approval;
    assert.match(approval.id, /^[0-9a-f]{32}-0$/);
    assert.deepEqual(
      [approval.kind, approval.status, approval.principal, approval.onBehalfOf, approval.session],
      ["connect", "pending", "corp/alice", null, null],
    );
    assert.equal(approval.question.kind === "connect" && approval.question.purpose, "to look at ticket 7");
    assert.deepEqual(
      (await list(bob, "?status=pending&target=orders")).map(({ id, summary }) => [id, summary]),
      [[approval.id, "to look at ticket 7"]],
    );

    const waiting = view(alice, approval.id, "?wait=25");
    const given = await said(bob, approval.id, "approve", { reason: "seen the ticket" });
    assert.deepEqual([given.status, given.decided?.by], ["approved", "corp/bob"]);
    const told = await waiting;
    assert.equal(told.status, "approved", "who waits is told at once");
    const lasts = told.until! - told.decided!.at;
    assert.equal(lasts, 600_000, "as long as was asked for, which is less than policies allow");

    assert.equal(await opens(alice, "orders"), "ok");
    const [lease] = await leases(alice);
    assert.deepEqual(
      [lease?.id, lease?.target, lease?.by, lease?.until, lease?.revoked],
      [approval.id, "orders", ["corp/bob"], told.until, null],
    );
    assert.deepEqual(
      (await trail(approval.id)).map(({ event }) => event),
      ["access_requested", "approval_opened", "approval_answered", "approval_decided", "lease_granted"],
    );
    const again = await ask(alice, "orders");
    assert.deepEqual(
      [again.status, again.body.id],
      [200, approval.id],
      "one that is approved is not asked again",
    );
    const changes = (await done(stub.admin("GET", "/v1/changes?limit=1"))) as unknown as Page<ChangeRecord>;
    const [change] = changes.items;
    assert.deepEqual(
      [change?.action, change?.subject, change?.principal],
      ["lease.grant", approval.id, "corp/bob"],
    );
  });

  test("nobody is asked where none is needed, nor where nobody could open it", async () => {
    const [alice, outsider] = [await person("alice"), await stub.newToken("outsider")];
    assert.deepEqual((await ask(alice, "free")).body, { status: "allowed" });
    refused(await ask(alice, "hidden"), "unknown_target", /no target "hidden"/);
    refused(await ask(alice, "absent"), "unknown_target", /no target "absent"/);
    refused(await ask(outsider, "orders"), "unknown_target", /no target "orders"/);
    assert.equal(await opens(outsider, "orders"), "unknown_target");
    for (const reason of ["", "  ", "x".repeat(501), "two\nlines"]) {
      refused(await ask(alice, "orders", { reason }), "invalid_request", /why access is needed/);
    }
    refused(await ask(alice, "orders", { lasts: 0 }), "invalid_request", /lasts/);
    refused(await stub.call("POST", "/v1/access-requests"), "unauthenticated", /no bearer token/);
  });

  test("a pool's connections that ask at once share one request, and one lease opens for all", async () => {
    const carol = await person("carol");
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(carol, "orders")));
    assert.deepEqual(
      [201, 200].map((wanted) => answers.filter(({ status }) => status === wanted).length),
      [1, 19],
    );
    const ids = new Set(answers.map(({ body }) => body.id));
    assert.equal(ids.size, 1);
    await said(await dba("bob"), [...ids][0] as string, "approve");
    const opened = await Promise.all(Array.from({ length: 20 }, () => opens(carol, "orders")));
    assert.deepEqual(new Set(opened), new Set(["ok"]));
  });

  test("a lease is its holder's alone, for the one user and the one target", async () => {
    const helper = await agent("worker", "olga");
    const { id } = await asked(helper, "orders");
    await said(await dba("bob"), id, "approve");
    assert.equal(await opens(helper, "orders"), "ok");
    const others: [string, string, string][] = [
      ["the user itself", await person("olga"), "orders"],
      ["the agent for itself", await person("worker"), "orders"],
      ["the agent for another user", await agent("worker", "pete"), "orders"],
      ["another agent of the user", await agent("second", "olga"), "orders"],
      ["another target", helper, "payroll"],
    ];
    for (const [who, token, target] of others) {
      assert.equal(await opens(token, target), "approval_required", who);
    }
    assert.deepEqual(
      (await leases(await person("olga"))).map((lease) => lease.id),
      [id],
      "its user sees it",
    );
    assert.deepEqual(await leases(await agent("worker", "pete")), []);
    assert.ok((await leases(stub.edge.adminToken)).length > 1);
  });

  test("a lease opens nothing that has come to need other people", async () => {
    const quinn = await person("quinn");
    const { id } = await asked(quinn, "orders");
    await said(await dba("bob"), id, "approve");
    assert.equal(await opens(quinn, "orders"), "ok");
    await apply(`${POLICIES}
@id("security") @reason("Security looks at orders, too.") @approvers("security")
forbid (principal, action == Action::"connect", resource == Target::"orders") unless { context.approved };`);
    assert.equal(await opens(quinn, "orders"), "approval_required");
    const next = await asked(quinn, "orders");
    assert.notEqual(next.id, id);
    await said(await dba("bob"), next.id, "approve");
    assert.equal(await opens(quinn, "orders"), "approval_required", "one of two groups is not enough");
    await said(await person("sue", "security"), next.id, "approve");
    assert.equal(await opens(quinn, "orders"), "ok");
    await apply(POLICIES);
  });

  test("revoking a lease ends its sessions before it is answered, and nothing opens by it", async () => {
    const rita = await person("rita");
    const bob = await dba("bob");
    const { id } = await asked(rita, "orders");
    await said(bob, id, "approve");
    const [first, second] = [await stub.register(rita, "orders"), await stub.register(rita, "orders")];
    const unrelated = await stub.register(rita, "free");
    refused(await say(rita, id, "revoke", { reason: "mine" }), "forbidden", /may not revoke/);
    refused(await say(await person("mallory"), id, "revoke", { reason: "x" }), "not_found", /no approval/);
    refused(await say(bob, id, "revoke"), "invalid_request", /reason is missing/);
    const { approval, killed } = await done(say(bob, id, "revoke", { reason: "incident" }));
    assert.deepEqual([(approval as Approval).status, killed], ["lapsed", 2]);
    for (const { session } of [first, second]) {
      const end = await stub.killed(session);
      assert.deepEqual([end?.by, /incident/.test(end?.reason ?? "")], ["corp/bob", true]);
    }
    assert.equal(await stub.killed(unrelated.session), null);
    assert.equal(await opens(rita, "orders"), "approval_required");
    assert.equal(code(await say(bob, id, "revoke", { reason: "again" })), "ok");
    const [lease] = await leases(rita);
    assert.deepEqual([lease?.revoked?.by, lease?.revoked?.reason], ["corp/bob", "incident"]);
    const changes = (await done(stub.admin("GET", "/v1/changes?limit=1"))) as unknown as Page<ChangeRecord>;
    assert.deepEqual([changes.items[0]?.action, changes.items[0]?.principal], ["lease.revoke", "corp/bob"]);
    assert.equal((await trail(id)).at(-1)?.event, "lease_revoked");
  });

  test("a lease that can't be written opens nothing, and its asker is told only once it is there", async () => {
    const [walt, bob] = [await person("walt"), await dba("bob")];
    const { id } = await asked(walt, "orders");
    await directory("ALTER TABLE leases RENAME TO leases_away");
    assert.equal((await said(bob, id, "approve")).status, "approved");
    assert.equal((await view(walt, id)).status, "pending");
    const waiting = view(walt, id, "?wait=25");
    await directory("ALTER TABLE leases_away RENAME TO leases");
    assert.equal((await waiting).status, "approved", "it is tried again without being asked");
    assert.equal(await opens(walt, "orders"), "ok");
    const events = (await trail(id)).map(({ event }) => event);
    assert.deepEqual(events.slice(-2), ["approval_decided", "lease_granted"]);
  });

  test("a revocation that can't be written says so, and comes about by itself", async () => {
    const [wanda, bob] = [await person("wanda"), await dba("bob")];
    const { id } = await asked(wanda, "orders");
    await said(bob, id, "approve");
    const { session } = await stub.register(wanda, "orders");
    await directory("ALTER TABLE leases RENAME TO leases_away");
    const failed = await say(bob, id, "revoke", { reason: "incident" });
    await directory("ALTER TABLE leases_away RENAME TO leases");
    refused(failed, "internal", /not all who must know could be told/);
    while ((await trail(id)).at(-1)?.event !== "lease_revoked") await view(wanda, id, "?wait=1");
    assert.notEqual(await stub.killed(session), null);
    assert.equal(await opens(wanda, "orders"), "approval_required");
    assert.equal(
      code(await say(bob, id, "revoke", { reason: "incident" })),
      "ok",
      "asked again, it is no error",
    );
  });

  test("who asked withdraws, and gives a lease back; nobody else does", async () => {
    const sam = await person("sam");
    const bob = await dba("bob");
    const { id } = await asked(sam, "orders");
    refused(await say(bob, id, "withdraw"), "forbidden", /only who asked/);
    assert.equal((await said(sam, id, "withdraw")).status, "withdrawn");
    refused(await say(bob, id, "approve"), "conflict", /./);
    const next = await asked(sam, "orders");
    assert.notEqual(next.id, id);
    await said(bob, next.id, "approve");
    const { session } = await stub.register(sam, "orders");
    assert.equal((await said(sam, next.id, "withdraw")).status, "withdrawn");
    assert.notEqual(await stub.killed(session), null);
    assert.equal(await opens(sam, "orders"), "approval_required");
  });

  test("disabling who has a lease ends its sessions, and it opens nothing", async () => {
    const tara = await person("tara");
    const { id } = await asked(tara, "orders");
    await said(await dba("bob"), id, "approve");
    const { session } = await stub.register(tara, "orders");
    assert.deepEqual(await disable("corp/tara"), { killed: 1 });
    assert.notEqual(await stub.killed(session), null);
    assert.equal(await opens(tara, "orders"), "forbidden");
  });

  test("what policies say of opening and of targets is told; of statements once a lease opens it", async () => {
    const uma = await person("uma");
    const explain = (content: object) => stub.call("POST", "/v1/targets/orders/explain", uma, content);
    const { decision } = await done(explain({ action: "connect" }));
    assert.equal((decision as { verdict: string }).verdict, "approve");
    assert.equal(code(await explain({ sql: "SELECT 1" })), "approval_required");
    const { id } = await asked(uma, "orders");
    await said(await dba("bob"), id, "approve");
    // The hub that stands in here knows no statements: it is asked, and fails.
    assert.equal(code(await explain({ sql: "SELECT 1" })), "internal");
    const { items } = (await done(stub.call("GET", "/v1/targets", uma))) as unknown as Page<
      Record<string, unknown>
    >;
    assert.deepEqual(
      items.map(({ name, access }) => [name, access]),
      [
        ["brief", "approve"],
        ["free", "allow"],
        ["orders", "approve"],
        ["payroll", "approve"],
      ],
    );
  });

  test("a principal's requests within an hour are bounded: each is put to people", async () => {
    const eager = await person("eager");
    for (let i = 0; i < 30; i++) {
      const { id } = await asked(eager, "orders");
      await said(eager, id, "withdraw");
    }
    refused(await ask(eager, "orders"), "too_many", /30 access requests within an hour/);
    assert.equal(
      (await list(eager, "?status=pending")).length,
      0,
      "nor does the refused one stand in the list",
    );
  });
});
