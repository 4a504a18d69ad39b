import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import type { Page, Problem, Session } from "../../protocol/directory.ts";
import { ERRORS, type ErrorCode } from "../../protocol/errors.ts";
import { type CertificateAuthority, createAuthority } from "../certificates.ts";
import { testTarget } from "../gateway.ts";
import { issuerSettings, startIssuer, type TestIssuer } from "../oidc-provider.ts";
import { evidence } from "./evidence.ts";
import { psql } from "./psql.ts";
import { type Rig, startRig } from "./rig.ts";

/** What none of the refusals may take, far below any client's own patience. */
const AT_ONCE_MS = 10_000;
/** On which nothing listens. */
const CLOSED_PORT = 1;
const STACK_TRACE = /\bat .+:\d+:\d+|Error:|undefined|\[object/;

describe("what is refused, as psql and curl see it", { timeout: 300_000 }, () => {
  let rig: Rig;
  let issuer: TestIssuer;
  let stranger: TestIssuer;
  let authority: CertificateAuthority;

  before(async () => {
    authority = createAuthority();
    [issuer, stranger] = await Promise.all([startIssuer(), startIssuer()]);
    rig = await startRig({
      tls: authority.issue({ name: "db.internal", alternatives: ["DNS:db.internal"] }),
      targets: ({ host, port, superuser }) => {
        const good = {
          host,
          port,
          databases: ["postgres"],
          user: superuser,
          password: { env: "RIG_PASSWORD" },
          tls: { mode: "disable" },
        };
        return {
          down: { ...good, port: CLOSED_PORT },
          "wrong-password": { ...good, password: { command: ["echo", "not the password"] } },
          "wrong-name": { ...good, tls: { ca: authority.certificate } },
          "right-name": { ...good, tls: { ca: authority.certificate, serverName: "db.internal" } },
          "no-secret": { ...good, password: { file: "/nowhere/password" } },
        };
      },
    });
    const corp = issuerSettings(issuer.issuer);
    const served = ["orders", "down", "wrong-password", "wrong-name", "right-name", "no-secret"];
    await rig.edge.apply({
      targets: [
        ...served.map((name) => ({ ...testTarget(name), allow: ["service/*", "corp/*"] })),
        testTarget("lonely", "absent"),
        { ...testTarget("secret"), allow: [] },
        // Applied at the edge, but not in the connector's own file.
        testTarget("elsewhere"),
      ],
      issuers: [corp],
    });
  });

  after(async () => {
    await Promise.all([issuer?.stop(), stranger?.stop()]);
    await rig?.stop();
    authority?.remove();
  });

  /** How psql and a driver see a target with a token. */
  const look = async (target: string, token: string) => {
    const listener = await rig.listen(rig.edge.edge.url, target, token);
    const { status, stderr, stdout, ms } = await psql(listener, "-c", "SELECT 'in'");
    const client = new pg.Client({ host: listener.host, port: listener.port, user: "anyone" });
    client.on("error", () => {});
    const error = await client.connect().then(
      () => null,
      (error: pg.DatabaseError) => error,
    );
    await client.end().catch(() => {});
    return { status, stderr, stdout, ms, error };
  };
  const count = async () => (await rig.edge.api<Page<Session>>("GET", "/v1/sessions?limit=200")).items.length;

  const refused = async (target: string, token: string, code: ErrorCode, words: RegExp) => {
    const { status, stderr, ms, error } = await look(target, token);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /FATAL: /);
    assert.match(stderr, words);
    assert.doesNotMatch(stderr, STACK_TRACE);
    assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
    assert.equal(error?.code, ERRORS[code].sqlstate, error?.message);
    assert.equal(error?.severity, "FATAL");
    return { stderr, error };
  };

  const NO_SESSION = [
    [
      "an unknown target",
      "nowhere",
      "unknown_target",
      /no target "nowhere" that .* may open\nHINT: .*targets/,
    ],
    ["a target of others, which is as unknown", "secret", "unknown_target", /no target "secret"/],
    ["a target without a connector", "lonely", "connector_offline", /connector absent .*\n?/],
    ["a target that no replica serves", "elsewhere", "connector_offline", /no connector main that serves/],
  ] as const;
  for (const [what, target, code, words] of NO_SESSION) {
    test(`${what} is refused; there is no session`, async () => {
      const before = await count();
      await refused(target, rig.token, code, words);
      const { items } = await rig.edge.api<Page<Session>>("GET", `/v1/sessions?target=${target}`);
      assert.deepEqual(
        items.filter(({ ended }) => ended === null),
        [],
      );
      if (code === "unknown_target") assert.equal(await count(), before);
    });
  }

  for (const [what, target, code, words] of [
    ["a target that is down", "down", "target_unreachable", /target down .*\nHINT: /],
    [
      "a wrong password of the target",
      "wrong-password",
      "target_refused",
      /SQLSTATE 28P01\)\nHINT: .*password/,
    ],
    ["a TLS certificate for another name", "wrong-name", "target_refused", /certificate.*\nHINT: /],
    ["a secret that the connector can't read", "no-secret", "invalid_config", /no-secret\nHINT: .*log/],
  ] as const) {
    test(`${what} is refused, and recorded`, async () => {
      const { stderr } = await refused(target, rig.token, code, words);
      assert.doesNotMatch(stderr, /127\.0\.0\.1" ?:|\/nowhere|not the password/);
      const { items } = await rig.edge.api<Page<Session>>("GET", `/v1/sessions?target=${target}`);
      assert.ok(items.length >= 2);
      for (const { id } of items) {
        assert.equal((await rig.ended(id)).endCode, code);
        const { events, traffic } = await evidence(rig.edge, id);
        assert.equal(events.at(-1)?.code, code);
        assert.ok(traffic.toAgent.bytes > 0, "what the client was told is in the recording");
      }
    });
  }

  test("with the right name the same certificate is good", async () => {
    assert.equal((await look("right-name", rig.token)).stdout, "in\n");
  });

  test("tokens that are none, expired, foreign, for others or of strangers: psql and curl are told which", async () => {
    const now = Math.floor(Date.now() / 1000);
    const good = await issuer.sign({ sub: "ann", exp: now + 60 });
    assert.equal((await look("orders", good)).stdout, "in\n");
    const before = await count();
    for (const [token, words] of [
      ["syp_nobody-has-this", /token/],
      ["not-a-token", /token/],
      [await issuer.sign({ sub: "ann", exp: now - 10 }), /expired/],
      [await issuer.sign({ sub: "ann", exp: now + 60, aud: "another-service" }), /audience|aud/],
      [await stranger.sign({ sub: "ann", exp: now + 60 }), /issuer/],
      [await stranger.sign({ iss: issuer.issuer, sub: "ann", exp: now + 60 }), /key|signature/],
      [`${good.slice(0, -8)}AAAAAAAA`, /signature/],
    ] as const) {
      const { stderr } = await refused("orders", token, "unauthenticated", words);
      assert.ok(!stderr.includes(token), "the token is in no message");
      for (const path of ["/v1/whoami", "/v1/sessions"]) {
        const response = await fetch(new URL(path, rig.edge.edge.url), {
          headers: { authorization: `Bearer ${token}` },
        });
        assert.equal(response.status, 401);
        assert.equal(response.headers.get("content-type"), "application/problem+json");
        const text = await response.text();
        const problem = JSON.parse(text) as Problem;
        assert.equal(problem.type, "urn:sallyport:error:unauthenticated");
        assert.match(problem.detail, words);
        assert.ok(!text.includes(token) && !STACK_TRACE.test(text), text);
      }
    }
    assert.equal(await count(), before, "none of them opened a session");
  });

  test("the API's other refusals are problems too", async () => {
    for (const [method, path, status, code] of [
      ["GET", "/v1/nothing-here", 404, "not_found"],
      ["GET", `/v1/sessions/${"0".repeat(32)}`, 404, "not_found"],
      ["GET", "/v1/sessions/../../etc", 404, "not_found"],
      ["GET", "/v1/sessions?limit=-1", 400, "invalid_request"],
      ["POST", "/v1/tokens", 400, "invalid_request"],
      ["GET", "/v1/tunnel/orders", 400, "invalid_request"],
      ["GET", "/v1/resume/zz", 400, "invalid_request"],
    ] as const) {
      const response = await fetch(new URL(path, rig.edge.edge.url), {
        method,
        headers: { authorization: `Bearer ${rig.edge.edge.adminToken}` },
        ...(method === "POST" && { body: "{not json" }),
      });
      const text = await response.text();
      assert.equal(response.status, status, `${path}: ${text}`);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.equal((JSON.parse(text) as Problem).code, code);
      assert.doesNotMatch(text, STACK_TRACE);
    }
  });
});
