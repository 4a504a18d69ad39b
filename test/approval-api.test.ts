import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ConnectorSession } from "../connector/session.ts";
import type { Uplink } from "../connector/uplink.ts";
import type { Approval, ApprovalSummary } from "../protocol/approval.ts";
import type { SessionFacts } from "../protocol/control.ts";
import type { ChangeRecord, LeaseRecord, Page, TrailEntry } from "../protocol/directory.ts";
import { openTunnel } from "../protocol/join.ts";
import { startTestEdge, startUplink, type TestEdge, testTarget } from "./gateway.ts";
import { type Answer, done, refused, type StubEdge, startStubEdge } from "./stub-edge.ts";

const seconds = () => Math.floor(Date.now() / 1_000);

/** Who may open what, and who is asked. On purpose nothing here forbids anybody to approve their own. */
const POLICIES = `
@id("listed")
permit (principal, action == Action::"connect", resource) when { context.listed };
@id("held") @reason("Nobody is alone with orders.") @approvers("dba") @lasts("1h")
forbid (principal, action == Action::"connect", resource == Target::"orders") unless { context.approved };
@id("twice") @reason("Two see to payroll.") @approvers("dba") @quorum("2")
forbid (principal, action == Action::"connect", resource == Target::"payroll") unless { context.approved };
@id("soon") @reason("Answer at once.") @approvers("dba") @expires("1s")
forbid (principal, action == Action::"connect", resource == Target::"brief") unless { context.approved };
@id("approvers")
permit (principal, action == Action::"approve", resource) when { context.approvers.containsAny(principal.groups) };
`;

describe("approvals over HTTP", { timeout: 180_000 }, () => {
  let stub: StubEdge;
  const target = (name: string, allow = ["corp/*"]) => ({
    name,
    kind: "postgres" as const,
    connector: "main",
    description: "",
    allow,
  });
  const apply = (policies: string) =>
    done(
      stub.apply({
        ...stub.settings(),
        targets: [
          target("brief"),
          target("free"),
          target("hidden", ["group:nobody"]),
          target("orders"),
          target("payroll"),
        ],
        policies,
      }),
    );
  /** A person's token; of groups, by default none. */
  const person = (sub: string, ...groups: string[]) =>
    stub.issuer.sign({ sub, groups, exp: seconds() + 600 });
  const agent = (sub: string, user: string, ...groups: string[]) =>
    stub.issuer.sign({ sub: user, act: { sub }, groups, exp: seconds() + 600 });
  const dba = (name: string) => person(name, "dba");

  const post = (path: string, token: string, content: unknown = {}) =>
    stub.call("POST", path, token, content);
  const ask = (token: string, target: string, more: object = {}) =>
    post("/v1/access-requests", token, { target, reason: "to look at ticket 7", ...more });
  const asked = async (token: string, target: string, more: object = {}) =>
    (await done(ask(token, target, more))) as unknown as Approval;
  const say = (token: string, id: string, answer: string, content: object = {}) =>
    post(`/v1/approvals/${id}/${answer}`, token, content);
  const said = async (token: string, id: string, answer: string, content: object = {}) =>
    (await done(say(token, id, answer, content))) as unknown as Approval;
  const view = async (token: string, id: string, query = "") =>
    (await done(stub.call("GET", `/v1/approvals/${id}${query}`, token))) as unknown as Approval;
  const trail = async (id: string) =>
    ((await done(stub.admin("GET", `/v1/approvals/${id}/trail`))) as unknown as Page<TrailEntry>).items.map(
      ({ event }) => event,
    );
  const rejections = async (id: string) =>
    (await trail(id)).flatMap((event) => (event.event === "approval_rejected" ? [event] : []));
  const list = async (token: string, query = "") =>
    ((await done(stub.call("GET", `/v1/approvals${query}`, token))) as unknown as Page<ApprovalSummary>)
      .items;
  const leases = async (token: string, query = "") =>
    ((await done(stub.call("GET", `/v1/leases${query}`, token))) as unknown as Page<LeaseRecord>).items;
  const code = ({ status, body }: Answer) => (status < 300 ? "ok" : body.code);
  const opens = async (token: string, target: string) => code(await stub.register(token, target));
  /** Changes the directory behind the edge's back. */
  const directory = (sql: string) => done(stub.call("POST", "/test/directory", undefined, { sql }));
  const disable = (name: string) =>
    done(stub.admin("POST", `/v1/principals/${encodeURIComponent(name)}/disable`, {}));

  before(async () => {
    stub = await startStubEdge();
    await apply(POLICIES);
  });
  after(() => stub.stop());

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

/** Anybody of the service may ask for `held`; `service/approver` alone approves. */
const HELD = `
permit (principal, action == Action::"connect", resource) when { context.listed };
@id("held") @reason("Nobody is alone with held.") @approvers("dba")
forbid (principal, action == Action::"connect", resource) unless { context.approved };
permit (principal == Principal::"service/approver", action == Action::"approve", resource);
`;

describe("a lease and its live sessions", { timeout: 120_000 }, () => {
  let gateway: TestEdge;
  let uplink: Uplink;
  let agent: string;
  let approver: string;
  /** What the connector is told of each session, once it is. */
  const told = new Map<string, PromiseWithResolvers<SessionFacts>>();
  const factsOf = (session: string) => {
    const known = told.get(session) ?? Promise.withResolvers<SessionFacts>();
    told.set(session, known);
    return known;
  };

  before(async () => {
    gateway = await startTestEdge();
    await gateway.apply({ targets: [testTarget("held")], policies: HELD });
    const identity = await gateway.enroll("main");
    const serve = (session: ConnectorSession) => {
      factsOf(session.session).resolve(session.facts);
      session.handlers = { onData: () => {}, onDrain: () => {}, onEnd: () => {}, onClose: () => {} };
    };
    uplink = await startUplink(gateway.edge.url, identity, serve, { targets: ["held"] });
    agent = await gateway.serviceToken("agent");
    approver = await gateway.serviceToken("approver");
  });
  after(async () => {
    uplink?.stop();
    await gateway?.stop();
  });

  const ask = (lasts: number) =>
    gateway.api<Approval>("POST", "/v1/access-requests", { target: "held", reason: "to test", lasts }, agent);
  const say = (id: string, answer: string, content: object = {}) =>
    gateway.api<Approval>("POST", `/v1/approvals/${id}/${answer}`, content, approver);
  const open = async () => {
    const stream = await openTunnel({ edge: gateway.edge.url, target: "held", token: agent });
    const closed = new Promise<{ code: string; reason: string }>((resolve) => {
      stream.handlers = {
        onData: () => {},
        onDrain: () => {},
        onEnd: () => {},
        onClose: (code, reason) => resolve({ code, reason }),
      };
    });
    return { session: stream.session, closed };
  };

  test("end together, on time, while the connections stay open", async () => {
    await assert.rejects(open(), { code: "approval_required" });
    const { id } = await ask(2_000);
    await say(id, "approve");
    const { until } = await gateway.api<Approval>("GET", `/v1/approvals/${id}`, undefined, agent);
    const pool = await Promise.all([open(), open(), open()]);
    for (const { session } of pool) {
      const facts = await factsOf(session).promise;
      assert.equal(facts.until, until);
      assert.deepEqual(facts.lease, { id, until, by: ["service/approver"] });
    }
    for (const end of await Promise.all(pool.map(({ closed }) => closed))) {
      assert.equal(end.code, "lease_expired");
    }
    const late = Date.now() - until!;
    assert.ok(late >= 0 && late < 1_000, `${late} ms after the end`);
    await assert.rejects(open(), { code: "approval_required" });
    const over = await gateway.api<Approval>("GET", `/v1/approvals/${id}`, undefined, agent);
    assert.equal(over.status, "lapsed");
  });

  test("end within a second when it is revoked", async () => {
    const { id } = await ask(600_000);
    await say(id, "approve");
    const pool = await Promise.all([open(), open()]);
    const began = Date.now();
    await say(id, "revoke", { reason: "incident" });
    for (const end of await Promise.all(pool.map(({ closed }) => closed))) {
      assert.deepEqual([end.code, /incident/.test(end.reason)], ["session_killed", true]);
    }
    assert.ok(Date.now() - began < 1_000);
    await assert.rejects(open(), { code: "approval_required" });
  });

  test("come of a request that outlives the edge's restart, before its answer and after", async () => {
    const { id } = await ask(600_000);
    await gateway.edge.restart();
    await uplink.online;
    assert.equal((await ask(600_000)).id, id);
    assert.equal((await say(id, "approve")).status, "approved");
    await gateway.edge.restart();
    const approval = await gateway.api<Approval>("GET", `/v1/approvals/${id}`, undefined, agent);
    assert.deepEqual([approval.status, approval.votes.length], ["approved", 1]);
    const trail = await gateway.api<Page<TrailEntry>>("GET", `/v1/approvals/${id}/trail`, undefined, agent);
    assert.deepEqual(
      trail.items.map(({ event }) => event.event).filter((event) => event !== "approval_told"),
      ["access_requested", "approval_opened", "approval_answered", "approval_decided", "lease_granted"],
    );
  });
});
