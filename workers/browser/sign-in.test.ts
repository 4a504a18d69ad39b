import assert from "node:assert/strict";
import { test } from "node:test";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import type { ErrorCode } from "../../protocol/errors.ts";
import { IssuerKeys } from "../identity/issuer-keys.ts";
import { type Attempt, beginSignIn, finishSignIn, isAnswerTo, type SignInIssuer } from "./sign-in.ts";

const NOW = 1_800_000_000_000;
const EDGE = "https://edge.example";
const IDP = "https://idp.example";
const ISSUER: SignInIssuer = {
  name: "corp",
  issuer: IDP,
  audience: "sallyport",
  algorithms: ["ES256"],
  principalClaim: "sub",
  groupsClaim: "groups",
  requiredClaims: {},
  skewSeconds: 0,
  clientId: "client",
};
const ATTEMPT: Attempt = { issuer: IDP, approval: "a", state: "state", nonce: "nonce", verifier: "verifier" };

const { privateKey, publicKey } = await generateKeyPair("ES256");
const jwk = { ...(await exportJWK(publicKey)), kid: "1", alg: "ES256" };
const sign = (claims: JWTPayload, key = privateKey) =>
  new SignJWT({ iss: IDP, iat: NOW / 1_000, exp: NOW / 1_000 + 60, ...claims })
    .setProtectedHeader({ alg: "ES256", kid: "1" })
    .sign(key);
const idToken = (claims: JWTPayload = {}) => sign({ sub: "ada", aud: "client", nonce: "nonce", ...claims });
const accessToken = () => sign({ sub: "ada", aud: "sallyport" });

/** An issuer whose token endpoint answers so; what it was sent. */
function issuer(answer: (() => Promise<Response>) | null, metadata: object = {}) {
  const sent: { url: string; init: RequestInit }[] = [];
  const keys = new IssuerKeys(async (url) => {
    if (url === `${IDP}/jwks`) return Response.json({ keys: [jwk] });
    const document = {
      issuer: IDP,
      jwks_uri: `${IDP}/jwks`,
      authorization_endpoint: `${IDP}/auth?tenant=1`,
      token_endpoint: `${IDP}/token`,
    };
    return Response.json({ ...document, ...metadata });
  });
  const fetch = async (url: string, init: RequestInit) => {
    sent.push({ url, init });
    if (answer === null) throw new Error("socket hang up: verifier");
    return answer();
  };
  return { sent, outside: { keys, fetch } };
}

const finish = (
  outside: ReturnType<typeof issuer>["outside"],
  query = "code=c&state=state",
  settings = ISSUER,
) => finishSignIn(settings, ATTEMPT, new URLSearchParams(query), EDGE, outside, NOW);
const failsWith = (words: RegExp) => (error: Error & { code?: ErrorCode }) => {
  assert.equal(error.code, "unauthenticated");
  assert.match(error.message, words);
  assert.doesNotMatch(error.message, /verifier/);
  return true;
};

test("a sign-in asks for a code with PKCE, state and nonce, each new, and comes back to the public origin", async () => {
  const { outside } = issuer(null);
  const begin = () => beginSignIn(ISSUER, "a", EDGE, outside, NOW);
  const [one, other] = [await begin(), await begin()];
  const url = new URL(one.location);
  assert.equal(url.origin + url.pathname, `${IDP}/auth`);
  const query = Object.fromEntries(url.searchParams);
  const { code_challenge, state, nonce, ...rest } = query;
  assert.deepEqual(rest, {
    tenant: "1",
    audience: "sallyport",
    client_id: "client",
    scope: "openid profile email",
    response_type: "code",
    redirect_uri: `${EDGE}/approvals/callback`,
    code_challenge_method: "S256",
  });
  assert.deepEqual([state, nonce], [one.attempt.state, one.attempt.nonce]);
  assert.match(code_challenge ?? "", /^[\w-]{43}$/);
  assert.ok(!one.location.includes(one.attempt.verifier));
  const secrets = [one, other].flatMap(({ attempt: { state, nonce, verifier } }) => [state, nonce, verifier]);
  assert.equal(new Set(secrets).size, 6);
  assert.ok(secrets.every((secret) => /^[\w-]{43}$/.test(secret)));
});

test("scopes that the issuer does not know are not asked for; an audience that is a URL is a resource too", async () => {
  const { outside } = issuer(null, { scopes_supported: ["openid", "email"] });
  const settings = { ...ISSUER, audience: "https://api.example/" };
  const url = new URL((await beginSignIn(settings, "a", EDGE, outside, NOW)).location);
  assert.equal(url.searchParams.get("scope"), "openid email");
  assert.equal(url.searchParams.get("resource"), "https://api.example/");
});

test("the code is exchanged with the verifier, without following redirects, for the token of the audience", async () => {
  const access_token = await accessToken();
  const answers = { access_token, id_token: await idToken() };
  const { sent, outside } = issuer(async () => Response.json(answers));
  assert.equal(await finish(outside), access_token);
  const [{ url, init } = { url: "", init: {} }] = sent;
  assert.equal(url, `${IDP}/token`);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(String(init.body))), {
    grant_type: "authorization_code",
    client_id: "client",
    code: "c",
    redirect_uri: `${EDGE}/approvals/callback`,
    code_verifier: "verifier",
  });
  assert.equal(init.redirect, "manual");
  assert.ok(init.signal);
  const own = { ...ISSUER, audience: "client" };
  assert.equal(await finish(outside, undefined, own), answers.id_token);
});

test("what the token endpoint may answer wrongly signs nobody in, in bounded words", async () => {
  const access_token = await accessToken();
  const stranger = (await generateKeyPair("ES256")).privateKey;
  const good = { access_token, id_token: await idToken() };
  const cases: [answer: () => Response, words: RegExp][] = [
    [
      () => Response.json({ error: "invalid_grant", error_description: "x".repeat(9_999) }, { status: 400 }),
      /it says "x{200}"\.?$/,
    ],
    [() => Response.json({ error: "invalid_grant" }, { status: 400 }), /it says "invalid_grant"/],
    [() => Response.json({}, { status: 500 }), /HTTP 500/],
    [() => Response.json(good, { status: 201 }), /HTTP 201/],
    [() => new Response("<html>"), /HTTP 200, and no JSON/],
    [() => new Response(JSON.stringify({ ...good, more: "x".repeat(300_000) })), /no JSON/],
    [() => new Response(null, { status: 302, headers: { location: "https://evil.example" } }), /HTTP 302/],
    [() => Response.json(null), /no JSON object/],
    [() => Response.json({ access_token }), /no ID token/],
    [() => Response.json({ id_token: good.id_token }), /no token for the audience sallyport/],
    [() => Response.json({ ...good, access_token: "opaque" }), /no token for the audience/],
  ];
  const wrong: [claims: JWTPayload, words: RegExp][] = [
    [{ nonce: "another" }, /answer to another sign-in/],
    [{ nonce: undefined as unknown as string }, /answer to another sign-in/],
    [{ aud: "another" }, /"aud"/],
    [{ aud: ["client", "other"], azp: "other" }, /issued to another client/],
    [{ iss: "https://evil.example" }, /"iss"/],
    [{ exp: NOW / 1_000 - 31 }, /"exp"/],
    [{ sub: undefined as unknown as string }, /"sub"/],
  ];
  for (const [claims, words] of wrong) {
    const id_token = await idToken(claims);
    cases.push([() => Response.json({ access_token, id_token }), words]);
  }
  const forged = await sign({ sub: "ada", aud: "client", nonce: "nonce" }, stranger);
  cases.push([() => Response.json({ access_token, id_token: forged }), /signature/]);
  for (const [answer, words] of cases) {
    await assert.rejects(finish(issuer(async () => answer()).outside), failsWith(words));
  }
  await assert.rejects(finish(issuer(null).outside), failsWith(/no token in time/));
});

test("an issuer without usable endpoints offers no sign-in", async () => {
  for (const metadata of [
    { token_endpoint: "http://idp.example/token" },
    { authorization_endpoint: undefined },
    { authorization_endpoint: "javascript:alert(1)" },
  ]) {
    const { outside, sent } = issuer(null, metadata);
    await assert.rejects(beginSignIn(ISSUER, "a", EDGE, outside, NOW), failsWith(/no sign-in by browser/));
    await assert.rejects(finish(outside), failsWith(/no sign-in by browser/));
    assert.equal(sent.length, 0);
  }
  const { outside } = issuer(null, { issuer: "https://evil.example" });
  await assert.rejects(beginSignIn(ISSUER, "a", EDGE, outside, NOW), failsWith(/can't be reached/));
});

test("an answer without this attempt's state is none to it", () => {
  const answers = (query: string) => isAnswerTo(ATTEMPT, new URLSearchParams(query));
  assert.ok(answers("state=state"));
  for (const query of ["", "state=", "state=State", "state=state2", "state=x&state=state"]) {
    assert.ok(!answers(query), query);
  }
});
