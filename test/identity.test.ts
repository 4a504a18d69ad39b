import assert from "node:assert/strict";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { importJWK, SignJWT } from "jose";
import { type Edge, startEdge } from "../client/edge-host.ts";
import type { ChangeRecord, Issuer, Page, Problem, Session, Settings } from "../protocol/directory.ts";
import { generateKey, type PrivateKey, publicKey, thumbprint } from "../protocol/signatures.ts";
import { AUDIENCE, startIssuer, type TestIssuer } from "./oidc-provider.ts";

const ENTRY = fileURLToPath(new URL("../workers/testing/stub-edge.ts", import.meta.url));
const HOUR = 3_600_000;

interface Answer {
  status: number;
  headers: Headers;
  // The tests say what they expect in it.
  body: Record<string, unknown>;
}

describe("identity at the edge", () => {
  const state = mkdtempSync(join(tmpdir(), "sallyport-identity-"));
  const log: string[] = [];
  let edge: Edge;
  let issuer: TestIssuer;
  let stranger: TestIssuer;

  const call = async (method: string, path: string, token?: string, content?: unknown): Promise<Answer> => {
    const response = await fetch(new URL(path, edge.url), {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(content !== undefined && {
        body: typeof content === "string" ? content : JSON.stringify(content),
      }),
    });
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body };
  };
  const admin = (method: string, path: string, content?: unknown) =>
    call(method, path, edge.adminToken, content);
  const done = async (answer: Promise<Answer>) => {
    const { status, body } = await answer;
    assert.ok(status < 300, JSON.stringify(body));
    return body;
  };
  const whoami = (token: string) => call("GET", "/v1/whoami", token);
  const seconds = () => Math.floor(Date.now() / 1000);

  const corp = (): Issuer => ({
    name: "corp",
    issuer: issuer.issuer,
    audience: AUDIENCE,
    algorithms: ["RS256"],
    principalClaim: "sub",
    groupsClaim: "groups",
    requiredClaims: {},
    skewSeconds: 5,
    clientId: "sallyport-cli",
  });
  const settings = (): Settings => ({
    targets: [
      {
        name: "orders",
        kind: "postgres",
        connector: "main",
        description: "",
        allow: ["corp/*", "service/*"],
      },
      { name: "staff", kind: "postgres", connector: "main", description: "", allow: ["group:engineers"] },
    ],
    issuers: [corp()],
    administrators: ["group:platform"],
    limits: { sessionsPerPrincipal: 50 },
  });
  const apply = (wanted: unknown, dryRun = false) => admin("POST", "/v1/apply", { settings: wanted, dryRun });

  const newToken = async (name: string, expiresIn = HOUR) =>
    (
      await done(
        admin("POST", "/v1/tokens", { name, principal: `service/${name}`, administrator: false, expiresIn }),
      )
    ).token as string;
  const register = async (token: string, target = "orders") => {
    const session = randomBytes(16).toString("hex");
    const answer = await call("POST", "/test/register", token, { session, target });
    return { session, ...answer };
  };
  const killed = async (session: string) =>
    (await call("GET", `/test/killed/${session}`)).body.killed as { reason: string; by: string } | null;

  let connectorKey: PrivateKey;

  before(async () => {
    [issuer, stranger] = await Promise.all([startIssuer(), startIssuer()]);
    edge = await startEdge({ state, entry: ENTRY, onLog: (line) => log.push(line) });
    await done(apply(settings()));
    const { token } = await done(admin("POST", "/v1/connectors/main/enrolments", { expiresIn: 60_000 }));
    connectorKey = await generateKey();
    await done(call("POST", "/v1/connectors/enroll", undefined, { token, key: publicKey(connectorKey) }));
  });

  after(async () => {
    await edge?.dispose();
    await Promise.all([issuer?.stop(), stranger?.stop()]);
    rmSync(state, { recursive: true, force: true });
  });

  /** Asserts a refusal as a problem whose words match, without the token in it. */
  const refused = (answer: Answer, code: string, words: RegExp) => {
    const problem = answer.body as unknown as Problem;
    assert.equal(problem.code, code, JSON.stringify(problem));
    assert.equal(problem.type, `urn:sallyport:error:${code}`);
    assert.equal(answer.status, problem.status);
    assert.match(problem.detail, words);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    if (answer.status === 401) {
      assert.match(
        answer.headers.get("www-authenticate") ?? "",
        /^Bearer realm="sallyport", error="invalid_token"/,
      );
    }
  };

  describe("tokens of an issuer", () => {
    test("a user's token names the user, with groups", async () => {
      issuer.claims.set("alice", { groups: ["engineers", "Domain Users"] });
      const { status, body } = await whoami(await issuer.userToken("alice"));
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(body, {
        principal: "corp/alice",
        groups: ["engineers", "Domain Users"],
        onBehalfOf: null,
        administrator: false,
      });
    });

    test("a workload's token names the workload", async () => {
      assert.equal((await whoami(await issuer.workloadToken())).body.principal, "corp/ci");
    });

    test("an agent that acts for an administrator is itself, and no administrator", async () => {
      issuer.claims.set("carol", { groups: ["platform"] });
      assert.equal((await whoami(await issuer.userToken("carol"))).body.administrator, true);
      issuer.claims.set("carol", { groups: ["platform"], act: { sub: "agent-7", act: { sub: "older" } } });
      assert.deepEqual((await whoami(await issuer.userToken("carol"))).body, {
        principal: "corp/agent-7",
        groups: ["platform"],
        onBehalfOf: "corp/carol",
        administrator: false,
      });
    });

    test("what is wrong with a token is told apart", async () => {
      const fresh = { sub: "alice", exp: seconds() + 60 };
      const cases: [string, RegExp][] = [
        [await issuer.sign({ ...fresh, exp: seconds() - 6 }), /has expired/],
        [await issuer.sign({ sub: "alice" }), /claim exp is missing/],
        [await issuer.sign({ ...fresh, nbf: seconds() + 60 }), /not valid yet/],
        [await issuer.sign({ ...fresh, aud: "another" }), /another audience/],
        [await issuer.sign({ exp: fresh.exp }), /claim sub is missing/],
        [await issuer.sign({ ...fresh, sub: "two words" }), /does not name a principal/],
        [await issuer.sign({ ...fresh, groups: "engineers" }), /not a list of group names/],
        [
          await issuer.sign({ ...fresh, act: { sub: "x", iss: "https://other" } }),
          /actor is of another issuer/,
        ],
        [await issuer.sign({ ...fresh, cnf: { jkt: "x" } }), /bound to a key/],
        [await issuer.sign(fresh, { typ: "logout+jwt" }), /not for access/],
        [await issuer.sign(fresh, { kid: "no-such-key" }), /not signed by a key that corp publishes/],
        [await stranger.userToken("alice"), /issuer that this edge does not know/],
        [await stranger.sign({ ...fresh, iss: issuer.issuer }), /not signed by a key that corp publishes/],
        ["a.b.c", /not a well-formed JWT/],
        ["syp_unknown", /service token is not known/],
      ];
      for (const [token, words] of cases) refused(await whoami(token), "unauthenticated", words);
    });

    test("a changed token has a wrong signature", async () => {
      const [header, , signature] = (await issuer.userToken("alice")).split(".");
      const claims = { iss: issuer.issuer, aud: AUDIENCE, sub: "root", exp: seconds() + 60 };
      refused(
        await whoami(`${header}.${encode(claims)}.${signature}`),
        "unauthenticated",
        /signature is wrong/,
      );
    });

    test("a token within the skew is accepted, and no later", async () => {
      assert.equal((await whoami(await issuer.sign({ sub: "a", exp: seconds() - 2 }))).status, 200);
    });

    test("alg none, and HS256 with the published key as the secret, are refused", async () => {
      const claims = encode({ iss: issuer.issuer, aud: AUDIENCE, sub: "root", exp: seconds() + 60 });
      const key = await issuer.publicKey();
      refused(
        await whoami(`${encode({ alg: "none" })}.${claims}.`),
        "unauthenticated",
        /algorithm is not accepted/,
      );
      const signed = `${encode({ alg: "HS256", kid: key.kid, typ: "JWT" })}.${claims}`;
      for (const secret of [JSON.stringify(key), key.n!, Buffer.from(key.n!, "base64url")]) {
        const mac = createHmac("sha256", secret).update(signed).digest("base64url");
        refused(await whoami(`${signed}.${mac}`), "unauthenticated", /algorithm is not accepted/);
      }
    });

    test("a token with its own key in the header is judged by the published one", async () => {
      const [mine, foreign] = [await issuer.publicKey(), await stranger.publicKey()];
      const token = await stranger.sign({ iss: issuer.issuer, sub: "root", exp: seconds() + 60 }, {
        kid: mine.kid!,
        jwk: foreign,
        jku: `${stranger.issuer}/jwks`,
      } as { kid: string });
      refused(await whoami(token), "unauthenticated", /signature is wrong/);
    });

    test("after the issuer rotates its key, new tokens are accepted", async () => {
      const old = await issuer.sign({ sub: "alice", exp: seconds() + 60 });
      assert.equal((await whoami(old)).status, 200);
      await issuer.rotate();
      const token = await issuer.sign({ sub: "alice", exp: seconds() + 60 });
      // At most one fetch in the cooldown: the keys may have been fetched a moment ago.
      const deadline = Date.now() + 10_000;
      let status = 0;
      while (status !== 200 && Date.now() < deadline) {
        status = (await whoami(token)).status;
        if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 250));
      }
      assert.equal(status, 200);
      refused(await whoami(old), "unauthenticated", /not signed by a key that corp publishes/);
    });

    test("required claims and verified e-mail are asked for", async () => {
      const strict = { ...corp(), principalClaim: "email", requiredClaims: { repository_owner: "us" } };
      await done(apply({ ...settings(), issuers: [strict] }));
      const mail = { email: "a@example.com", exp: seconds() + 60, sub: "a" };
      const sign = (more: object) => issuer.sign({ ...mail, ...more });
      const good = { email_verified: true, repository_owner: "us" };
      assert.equal((await whoami(await sign(good))).body.principal, "corp/a@example.com");
      for (const email_verified of [false, "true", undefined]) {
        refused(
          await whoami(await sign({ ...good, email_verified })),
          "unauthenticated",
          /email is not verified/,
        );
      }
      refused(
        await whoami(await sign({ ...good, repository_owner: "them" })),
        "unauthenticated",
        /repository_owner/,
      );
      await done(apply(settings()));
    });

    test("an issuer that is down is said to be so", async () => {
      const gone = await startIssuer();
      const token = await gone.sign({ sub: "a", exp: seconds() + 60 });
      const issuers = [corp(), { ...corp(), name: "gone", issuer: gone.issuer }];
      await done(apply({ ...settings(), issuers }));
      await gone.stop();
      refused(await whoami(token), "unauthenticated", /keys of gone can't be had/);
      await done(apply(settings()));
    });
  });

  describe("bearer tokens", () => {
    test("only the Authorization header carries one", async () => {
      const token = encodeURIComponent(edge.adminToken);
      for (const path of [`/v1/whoami?access_token=${token}`, `/v1/whoami?token=${token}`]) {
        refused(await call("GET", path), "unauthenticated", /no bearer token/);
      }
      const basic = await fetch(new URL("/v1/whoami", edge.url), {
        headers: { authorization: `Basic ${btoa(`x:${edge.adminToken}`)}` },
      });
      assert.equal(basic.status, 401);
    });

    test("a service token works until it is revoked, and its name stays taken", async () => {
      const token = await newToken("deploy");
      assert.equal((await whoami(token)).body.principal, "service/deploy");
      assert.deepEqual(await done(admin("DELETE", "/v1/tokens/deploy")), { killed: 0 });
      refused(await whoami(token), "unauthenticated", /was revoked/);
      const again = { name: "deploy", principal: "service/x", administrator: false, expiresIn: HOUR };
      refused(await admin("POST", "/v1/tokens", again), "conflict", /exists or existed/);
      refused(await admin("DELETE", "/v1/tokens/nothing"), "not_found", /no token nothing/);
    });

    test("an expired service token is refused", async () => {
      const token = await newToken("short", 1_000);
      const deadline = Date.now() + 5_000;
      let answer = await whoami(token);
      while (answer.status === 200 && Date.now() < deadline) answer = await whoami(token);
      refused(answer, "unauthenticated", /has expired/);
    });

    test("neither the listing, the record of changes nor the log holds a token", async () => {
      const token = await newToken("quiet");
      await whoami(token);
      const seen = JSON.stringify([
        await done(admin("GET", "/v1/tokens")),
        await done(admin("GET", "/v1/changes")),
        log,
      ]);
      assert.ok(seen.includes("quiet"));
      assert.ok(!seen.includes(token) && !seen.includes(token.slice(4, 20)));
    });

    test("a disabled principal is out with all it has, also as the user of an agent", async () => {
      const name = encodeURIComponent("corp/mallory");
      const own = await issuer.sign({ sub: "mallory", exp: seconds() + 60 });
      const agent = await issuer.sign({ sub: "mallory", act: { sub: "helper" }, exp: seconds() + 60 });
      assert.deepEqual([(await whoami(own)).status, (await whoami(agent)).status], [200, 200]);
      await done(admin("POST", `/v1/principals/${name}/disable`, { reason: "left" }));
      for (const token of [own, agent])
        refused(await whoami(token), "forbidden", /corp\/mallory is disabled/);
      await done(admin("POST", `/v1/principals/${name}/enable`));
      assert.equal((await whoami(own)).status, 200);
      refused(
        await admin("POST", "/v1/principals/bootstrap/disable"),
        "invalid_request",
        /can't be disabled/,
      );
    });
  });

  describe("connectors", () => {
    const claims = (more: object = {}) => ({
      iss: "main",
      sub: "main",
      aud: edge.url.origin,
      iat: seconds(),
      exp: seconds() + 60,
      jti: randomUUID(),
      ...more,
    });
    const sign = async (payload: object, key: PrivateKey = connectorKey, kid = thumbprint(key)) =>
      new SignJWT({ ...payload })
        .setProtectedHeader({ alg: "EdDSA", kid })
        .sign(await importJWK({ ...key }, "EdDSA"));
    const prove = async (token: string) => call("GET", "/test/connector", token);

    test("the enrolled key proves the connector", async () => {
      const { body } = await prove(await sign(claims()));
      assert.deepEqual(body, { name: "main", key: thumbprint(connectorKey) });
    });

    test("another audience, name, lifetime, key, or a service token prove nothing", async () => {
      const other = await generateKey();
      const cases: [string, RegExp][] = [
        [await sign(claims({ aud: "https://elsewhere" })), /"aud"/],
        [await sign(claims({ iss: "other" })), /"iss"/],
        [await sign(claims({ sub: "other" })), /"sub"/],
        [await sign(claims({ exp: seconds() - 31 })), /"exp"/],
        [await sign(claims({ exp: seconds() + 100 })), /lives longer than 60 s/],
        [await sign(claims({ jti: undefined })), /"jti"/],
        [await sign(claims(), other), /key is not known/],
        [await sign(claims(), other, thumbprint(connectorKey)), /signature verification failed/],
        [await newToken("not-a-connector"), /key is not known/],
      ];
      for (const [token, words] of cases) refused(await prove(token), "unauthenticated", words);
    });

    test("an enrolment token works once, and an expired one not at all", async () => {
      const invitation = (expiresIn: number) =>
        done(admin("POST", "/v1/connectors/side/enrolments", { expiresIn }));
      const invite = async (expiresIn: number) => (await invitation(expiresIn)).token;
      const enrol = async (token: unknown, key?: PrivateKey) =>
        call("POST", "/v1/connectors/enroll", undefined, {
          token,
          key: publicKey(key ?? (await generateKey())),
        });
      const short = await invitation(1_000);
      await new Promise((resolve) => setTimeout(resolve, Number(short.expires) - Date.now() + 1));
      refused(await enrol(short.token), "bad_ticket", /was used, or has expired/);

      const replaced = await invite(60_000);
      const token = await invite(60_000);
      refused(await enrol(replaced), "bad_ticket", /was used/);
      const answers = await Promise.all([1, 2, 3, 4].map(() => enrol(token)));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 401, 401, 401]);

      refused(await enrol(await invite(60_000), connectorKey), "conflict", /enrolled before/);
      refused(await enrol("sye_guess"), "invalid_request", /token must be an enrolment token/);
    });

    test("a new enrolment revokes the old key; a revoked connector is out, and old keys stay published", async () => {
      const enrol = async () => {
        const { token } = await done(admin("POST", "/v1/connectors/old/enrolments", { expiresIn: 60_000 }));
        const key = await generateKey();
        await done(call("POST", "/v1/connectors/enroll", undefined, { token, key: publicKey(key) }));
        return key;
      };
      const as = (key: PrivateKey) => sign(claims({ iss: "old", sub: "old" }), key);
      const first = await enrol();
      const second = await enrol();
      refused(await prove(await as(first)), "unauthenticated", /key was revoked/);
      assert.equal((await prove(await as(second))).status, 200);
      await done(admin("DELETE", "/v1/connectors/old"));
      refused(await prove(await as(second)), "unauthenticated", /key was revoked/);
      const { connectors } = (await done(call("GET", "/v1/keys"))) as {
        connectors: { name: string; key: { kid: string }; revoked: number | null }[];
      };
      const old = connectors.filter(({ name }) => name === "old");
      assert.deepEqual(
        new Set(old.map(({ key }) => key.kid)),
        new Set([thumbprint(first), thumbprint(second)]),
      );
      assert.ok(old.every(({ revoked }) => revoked !== null));
    });
  });

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
      refused(await register(erin, "staff"), "forbidden", /may not open staff/);

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
      assert.deepEqual(await done(apply(wanted)), { changes });
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

      const names = async (token: string) =>
        ((await done(call("GET", "/v1/targets", token))).items as { name: string }[]).map(({ name }) => name);
      assert.deepEqual([await names(mine), await names(edge.adminToken)], [["orders"], ["orders", "staff"]]);
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
});

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
