import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { after, describe, test } from "node:test";
import { importJWK, SignJWT } from "jose";
import { generateKey, type PrivateKey, publicKey, thumbprint } from "../protocol/signatures.ts";
import { AUDIENCE, startIssuer } from "./oidc-provider.ts";
import { done, HOUR, refused, startStubEdge } from "./stub-edge.ts";
import "./connection-each.ts";

const { edge, issuer, log, connectorKey, call, admin, apply, whoami, newToken, settings, stop } =
  await startStubEdge();
const stranger = await startIssuer();
after(async () => {
  await Promise.all([stop(), stranger.stop()]);
});
const corp = () => settings().issuers[0]!;
const seconds = () => Math.floor(Date.now() / 1000);

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
    const deadline = Date.now() + 60_000;
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
    const deadline = Date.now() + 60_000;
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
    for (const token of [own, agent]) refused(await whoami(token), "forbidden", /corp\/mallory is disabled/);
    await done(admin("POST", `/v1/principals/${name}/enable`));
    assert.equal((await whoami(own)).status, 200);
    refused(await admin("POST", "/v1/principals/bootstrap/disable"), "invalid_request", /can't be disabled/);
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

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
