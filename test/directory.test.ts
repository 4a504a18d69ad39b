import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type {
  ChangeRecord,
  ListedTarget,
  Page,
  PolicyDistribution,
  Problem,
  Session,
} from "../protocol/directory.ts";
import { generateKey, publicKey } from "../protocol/signatures.ts";
import { done, HOUR, refused, startStubEdge } from "./stub-edge.ts";
import "./connection-each.ts";

const { edge, issuer, call, admin, apply, newToken, register, killed, settings, stop } =
  await startStubEdge();
after(stop);
const seconds = () => Math.floor(Date.now() / 1000);

describe("revocation", () => {
  test("ends what is open, refuses what comes, and is recorded once", async () => {
    const token = await newToken("worker");
    const { session, status } = await register(token);
    assert.equal(status, 200);
    assert.deepEqual(await done(admin("DELETE", "/v1/tokens/worker")), { killed: 1 });
    await done(admin("DELETE", "/v1/tokens/worker"));
    const kill = await killed(session);
    assert.deepEqual(kill && [kill.reason, kill.by], ["the token worker was revoked", "bootstrap"]);
    const { items } = (await done(admin("GET", "/v1/changes"))) as unknown as Page<ChangeRecord>;
    const records = items.filter(({ subject }) => subject === "worker").map(({ action }) => action);
    assert.deepEqual(records, ["token.revoke", "token.create"]);
  });

  test("no session that opens while its principal is disabled stays unnoticed", async () => {
    for (let round = 0; round < 20; round++) {
      const name = `racer-${round}`;
      const token = await newToken(name);
      const opening = Array.from({ length: 8 }, () => register(token));
      const disabling = admin("POST", `/v1/principals/${encodeURIComponent(`service/${name}`)}/disable`);
      const [opened] = await Promise.all([Promise.all(opening), disabling]);
      for (const { session, status } of opened) {
        assert.ok(status !== 200 || (await killed(session)) !== null, `round ${round}: ${session} lives`);
      }
    }
  });

  test("changed settings end what they no longer allow, and only that", async () => {
    issuer.claims.set("erin", { groups: ["engineers"] });
    const erin = await issuer.userToken("erin");
    const frank = await newToken("frank");
    const [staff, orders, kept] = await Promise.all([
      register(erin, "staff"),
      register(erin, "orders"),
      register(frank, "orders"),
    ]);
    const [first, second] = settings().targets;
    await done(apply({ ...settings(), targets: [first, { ...second, allow: ["group:dba"] }] }));
    assert.ok(await killed(staff.session));
    assert.deepEqual([await killed(orders.session), await killed(kept.session)], [null, null]);
    refused(await register(erin, "staff"), "unknown_target", /no target "staff" that corp\/erin may open/);

    await done(apply({ ...settings(), issuers: [] }));
    assert.ok(await killed(orders.session));
    assert.equal(await killed(kept.session), null);
    await done(apply({ ...settings(), targets: [second] }));
    assert.ok(await killed(kept.session));
    await done(apply(settings()));
  });

  test("the limit of sessions holds when many open at once", async () => {
    const token = await newToken("greedy");
    const opened = await Promise.all(Array.from({ length: 60 }, () => register(token)));
    assert.equal(opened.filter(({ status }) => status === 200).length, 50);
    refused(opened.find(({ status }) => status !== 200)!, "too_many", /50 sessions open/);
  });
});

describe("the API", () => {
  const targets = async (token: string) =>
    (await done(call("GET", "/v1/targets", token))).items as ListedTarget[];

  test("apply tells every problem and changes nothing", async () => {
    const before = await done(admin("GET", "/v1/settings"));
    const bad = settings();
    bad.targets[0]!.name = "Orders";
    bad.targets[1]!.allow = ["two words"];
    bad.issuers[0]!.algorithms = ["HS256"];
    bad.issuers[0]!.issuer = "http://idp.example.com";
    bad.limits = { idleMs: 1 };
    const answer = await apply(bad);
    refused(answer, "invalid_request", /^5 problems/);
    const { detail } = answer.body as unknown as Problem;
    for (const path of [
      "targets[0].name",
      "targets[1].allow[0]",
      "issuers[0].algorithms[0]",
      "issuers[0].issuer",
      "limits.idleMs",
    ]) {
      assert.ok(detail.includes(`settings.${path} `), detail);
    }
    assert.deepEqual(await done(admin("GET", "/v1/settings")), before);
  });

  test("apply shows the difference, makes it, and records it with who, before and after", async () => {
    const wanted = settings();
    wanted.targets[0]!.description = "The orders";
    const { changes } = (await done(apply(wanted, true))) as { changes: object[] };
    assert.deepEqual(changes, [
      {
        action: "update",
        subject: "target/orders",
        before: settings().targets[0],
        after: wanted.targets[0],
      },
    ]);
    assert.deepEqual(await done(admin("GET", "/v1/settings")), settings());
    assert.deepEqual(await done(apply(wanted)), { changes, policies: null });
    assert.deepEqual(await done(admin("GET", "/v1/settings")), wanted);
    const { items } = (await done(admin("GET", "/v1/changes?limit=1"))) as unknown as Page<ChangeRecord>;
    const { id: _id, time: _time, ...record } = items[0]!;
    assert.deepEqual(record, { ...changes[0], action: "apply.update", principal: "bootstrap" });
    await done(apply(settings()));
  });

  test("two who apply at once can't both win over the other", async () => {
    const wanted = (description: string) => {
      const all = settings();
      all.targets[0]!.description = description;
      return all;
    };
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => apply(wanted(`by ${i}`))));
    const records = (await done(admin("GET", "/v1/changes?limit=20"))) as unknown as Page<ChangeRecord>;
    const won = answers.filter(({ status }) => status === 200).length;
    assert.ok(won >= 1);
    for (const answer of answers) if (answer.status !== 200) refused(answer, "conflict", /somebody else/);
    const updates = records.items.filter(({ subject }) => subject === "target/orders").slice(0, won);
    for (const [index, { before }] of updates.slice(0, -1).entries()) {
      assert.deepEqual(before, updates[index + 1]!.after, "each change starts from the one before it");
    }
    await done(apply(settings()));
  });

  test("changed policies are told to every hub; one that fails doesn't fail the change, its replicas come again", async () => {
    const { token } = await done(admin("POST", "/v1/connectors/broken/enrolments", { expiresIn: HOUR }));
    await done(
      call("POST", "/v1/connectors/enroll", undefined, { token, key: publicKey(await generateKey()) }),
    );
    const told = async (name: string) => (await done(call("GET", `/test/told/${name}`))).told;
    const { policies } = await done(
      apply({ ...settings(), policies: `// Once more.\n${settings().policies}` }),
    );
    assert.deepEqual((policies as unknown as PolicyDistribution).connectors.at(0), {
      connector: "broken",
      instance: null,
      state: "cut_off",
      ended: 0,
    });
    const { revision } = await done(admin("GET", "/v1/policies"));
    assert.deepEqual([await told("main"), await told("broken")], [revision, "reconnect"]);
    await done(
      apply({ ...settings(), policies: `// Once more.\n${settings().policies}`, administrators: [] }),
    );
    assert.equal(await told("main"), revision, "other changes tell nobody");
    await done(apply(settings()));
  });

  test("one sees one's own sessions and targets, an administrator all", async () => {
    const [mine, other] = [await newToken("mine"), await newToken("other")];
    const { session } = await register(mine);
    const agent = await issuer.sign({ sub: "grace", act: { sub: "helper" }, exp: seconds() + 60 });
    const forUser = await register(agent);
    const list = async (token: string, query = "") =>
      ((await done(call("GET", `/v1/sessions${query}`, token))) as unknown as Page<Session>).items.map(
        ({ id }) => id,
      );
    assert.deepEqual([await list(mine), await list(other)], [[session], []]);
    const grace = await issuer.sign({ sub: "grace", exp: seconds() + 60 });
    const another = await issuer.sign({ sub: "heidi", act: { sub: "helper" }, exp: seconds() + 60 });
    assert.deepEqual([await list(grace), await list(another)], [[forUser.session], []]);
    assert.ok((await list(edge.adminToken)).includes(session));
    refused(await call("GET", `/v1/sessions/${session}`, other), "not_found", /no session/);
    refused(
      await call("POST", `/v1/sessions/${session}/kill`, other, { reason: "x" }),
      "not_found",
      /no session/,
    );
    assert.deepEqual(await done(call("POST", `/v1/sessions/${session}/kill`, mine, { reason: "enough" })), {
      killed: 1,
    });
    assert.equal((await killed(session))?.reason, "enough");

    const names = async (token: string) => (await targets(token)).map(({ name }) => name);
    assert.deepEqual([await names(mine), await names(edge.adminToken)], [["orders"], ["orders", "staff"]]);
  });

  test("targets are listed as opening them is decided, whatever their own lists say", async () => {
    const token = await newToken("lister");
    const seen = async (by: string) => (await targets(by)).map(({ name, access }) => [name, access]);
    assert.deepEqual(await seen(edge.adminToken), [
      ["orders", "none"],
      ["staff", "none"],
    ]);
    for (const [policies, expected] of [
      [
        "permit (principal, action, resource);",
        [
          ["orders", "allow"],
          ["staff", "allow"],
        ],
      ],
      [
        `permit (principal, action == Action::"connect", resource) when { context.listed };
@approvers("dba")
permit (principal, action == Action::"connect", resource == Target::"staff") when { context.approved };`,
        [
          ["orders", "allow"],
          ["staff", "approve"],
        ],
      ],
      [
        `permit (principal, action, resource);
forbid (principal, action == Action::"connect", resource == Target::"orders");`,
        [["staff", "allow"]],
      ],
      ['permit (principal, action == Action::"postgres:select", resource);', []],
    ] as const) {
      await done(apply({ ...settings(), policies }));
      assert.deepEqual(await seen(token), expected, policies);
      for (const [name, access] of [["orders", "none"], ["staff", "none"], ...expected]) {
        const { status } = await register(token, name);
        const shown = expected.find((one) => one[0] === name)?.[1];
        assert.equal(status === 200, shown === "allow", `${name} ${access}`);
      }
    }
    await done(apply(settings()));
  });

  test("a listing is whole, page by page, though much of it is not to be seen", async () => {
    const token = await newToken("pager");
    const all = Array.from({ length: 9 }, (_, i) => ({
      ...settings().targets[0]!,
      name: `t${i}`,
      allow: i % 3 === 1 ? ["service/*"] : [],
    }));
    await done(apply({ ...settings(), targets: all }));
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${cursor}`;
      const page = (await done(
        call("GET", `/v1/targets?limit=1${query}`, token),
      )) as unknown as Page<ListedTarget>;
      found.push(...page.items.map(({ name }) => name));
      cursor = page.next;
    } while (cursor !== null);
    assert.deepEqual(found, ["t1", "t4", "t7"]);
    await done(apply(settings()));
  });

  test("a recording comes as a file, to whom the session belongs", async () => {
    const token = await newToken("recorded");
    const { session } = await register(token);
    const path = `/v1/sessions/${session}/recording`;
    refused(await call("GET", path, token), "not_found", /no recording of session/);
    refused(await call("GET", path, await newToken("curious")), "not_found", /no session/);
    await done(call("POST", `/v1/sessions/${session}/kill`, token, { reason: "the content" }));
    const response = await fetch(new URL(path, edge.url), {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(response.headers.get("content-type"), "application/vnd.sallyport.recording");
    assert.equal(await response.text(), "the content");
  });

  test("pages go through a listing without a gap", async () => {
    const token = await newToken("paged");
    const made = await Promise.all(Array.from({ length: 7 }, () => register(token)));
    const seen: string[] = [];
    let cursor = "";
    do {
      const query = `?limit=3&principal=${encodeURIComponent("service/paged")}&state=open${cursor}`;
      const page = (await done(call("GET", `/v1/sessions${query}`, token))) as unknown as Page<Session>;
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next === null ? "" : `&cursor=${page.next}`;
    } while (cursor !== "");
    assert.deepEqual(new Set(seen), new Set(made.map(({ session }) => session)));
    assert.equal(seen.length, 7);
    refused(await call("GET", "/v1/sessions?cursor=e30", token), "invalid_request", /cursor is not valid/);
  });

  test("only administrators administer", async () => {
    const token = await newToken("plain");
    for (const [method, path] of [
      ["GET", "/v1/settings"],
      ["POST", "/v1/apply"],
      ["GET", "/v1/changes"],
      ["GET", "/v1/tokens"],
      ["POST", "/v1/tokens"],
      ["DELETE", "/v1/tokens/plain"],
      ["GET", "/v1/principals"],
      ["POST", "/v1/principals/bootstrap/disable"],
      ["GET", "/v1/connectors"],
      ["GET", "/v1/policies"],
      ["POST", "/v1/connectors/main/enrolments"],
      ["DELETE", "/v1/connectors/main"],
    ] as const) {
      refused(await call(method, path, token), "forbidden", /not an administrator/);
      refused(await call(method, path), "unauthenticated", /no bearer token/);
    }
  });

  test("bad input is refused with words, and never with a stack", async () => {
    const cases: [string, string, unknown, RegExp][] = [
      ["POST", "/v1/tokens", "{", /not JSON/],
      ["POST", "/v1/tokens", "[]", /must be an object/],
      ["POST", "/v1/tokens", "x".repeat(600_000), /is over/],
      [
        "POST",
        "/v1/tokens",
        { name: "a", principal: "b", administrator: false, expiresIn: 1e13 },
        /expiresIn/,
      ],
      [
        "POST",
        "/v1/tokens",
        { name: "a", principal: "bootstrap", administrator: true, expiresIn: HOUR },
        /bootstrap/,
      ],
      ["POST", "/v1/apply", { settings: settings(), dryRun: false, extra: 1 }, /extra is not known/],
      ["GET", "/v1/sessions?limit=0", undefined, /limit/],
      ["GET", "/v1/sessions?limit=1&limit=2", undefined, /twice/],
      ["GET", "/v1/sessions?admin=1", undefined, /admin is not known/],
      ["GET", "/v1/sessions/..%2f..", undefined, /must be a session's id/],
    ];
    for (const [method, path, content, words] of cases) {
      refused(await admin(method, path, content), "invalid_request", words);
    }
  });
});
