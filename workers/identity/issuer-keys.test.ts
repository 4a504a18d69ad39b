import assert from "node:assert/strict";
import { test } from "node:test";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import type { Issuer } from "../../protocol/directory.ts";
import { IssuerKeys, IssuerUnavailable } from "./issuer-keys.ts";
import { issuerUrl } from "./issuer-url.ts";
import { verifyOidc } from "./oidc.ts";

const URL_OF_ISSUER = "https://idp.example/tenant";
const ISSUER: Issuer = {
  name: "corp",
  issuer: URL_OF_ISSUER,
  audience: "sallyport",
  algorithms: ["ES256"],
  principalClaim: "sub",
  groupsClaim: "groups",
  requiredClaims: {},
  skewSeconds: 0,
};

/** An issuer's two documents, as functions so that a test changes them; counts the fetches. */
function site(documents: Record<string, () => Response>) {
  const fetched: string[] = [];
  const keys = new IssuerKeys(async (url) => {
    fetched.push(url);
    return documents[url]?.() ?? new Response("", { status: 404 });
  });
  return { keys, fetched };
}
const DISCOVERY = `${URL_OF_ISSUER}/.well-known/openid-configuration`;
const JWKS = "https://keys.example/jwks";
const discovery = (more: object = {}) => Response.json({ issuer: URL_OF_ISSUER, jwks_uri: JWKS, ...more });

async function signer(
  kid: string,
): Promise<{ jwk: JWK; key: CryptoKey; token: (now: number) => Promise<string> }> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const token = (now: number) =>
    new SignJWT({ sub: "a" })
      .setProtectedHeader({ alg: "ES256", kid })
      .setIssuer(URL_OF_ISSUER)
      .setAudience("sallyport")
      .setExpirationTime(Math.floor(now / 1000) + 60)
      .sign(privateKey);
  return { jwk: { ...(await exportJWK(publicKey)), kid }, key: privateKey, token };
}

test("what is fetched is an https address, or http on loopback, and nothing else", () => {
  for (const good of [
    "https://a.example",
    "https://a.example/x/",
    "http://127.0.0.1:1",
    "http://localhost",
    "http://[::1]:2",
  ]) {
    assert.ok(issuerUrl(good), good);
  }
  for (const bad of [
    "http://a.example",
    "http://127.0.0.1.a.example",
    "http://localhost.a.example",
    "file:///etc/passwd",
    "ftp://127.0.0.1",
    "https://user@a.example",
    "https://a.example?x",
    "https://a.example/#x",
    "a.example",
    "",
    `https://a.example/${"x".repeat(500)}`,
  ]) {
    assert.equal(issuerUrl(bad), null, bad);
  }
});

test("discovery that redirects, lies, or points elsewhere gives no keys", async () => {
  const cases: [() => Response, RegExp][] = [
    [() => Response.redirect("https://evil.example", 302), /answered 302/],
    [() => new Response("", { status: 500 }), /answered 500/],
    [() => discovery({ issuer: "https://idp.example/other" }), /another issuer/],
    [() => discovery({ issuer: `${URL_OF_ISSUER}/` }), /another issuer/],
    [() => discovery({ jwks_uri: "http://keys.example" }), /no acceptable jwks_uri/],
    [() => discovery({ jwks_uri: 7 }), /no acceptable jwks_uri/],
    [() => Response.json(null), /another issuer/],
    [() => new Response("no json"), /JSON/],
    [() => new Response("x".repeat(300_000)), /over 262144 bytes/],
  ];
  for (const [answer, words] of cases) {
    const { keys } = site({ [DISCOVERY]: answer });
    await assert.rejects(
      keys.of(ISSUER, 0),
      (error) => error instanceof IssuerUnavailable && words.test(error.message),
    );
  }
});

test("an issuer that fails is not asked again at once, and soon after it is", async () => {
  let up = false;
  const { keys, fetched } = site({
    [DISCOVERY]: () => (up ? discovery() : new Response("", { status: 503 })),
  });
  for (const now of [0, 1, 4_999]) await assert.rejects(keys.of(ISSUER, now), IssuerUnavailable);
  assert.equal(fetched.length, 1);
  up = true;
  await keys.of(ISSUER, 5_000);
  await keys.of(ISSUER, 600_000);
  assert.equal(fetched.length, 2);
  await keys.of(ISSUER, 605_001);
  assert.equal(fetched.length, 3);
});

test("changed settings never meet what was fetched under the old ones", async () => {
  const { keys, fetched } = site({ [DISCOVERY]: () => discovery() });
  const before = await keys.of(ISSUER, 0);
  assert.notEqual(await keys.of({ ...ISSUER, audience: "other" }, 0), before);
  assert.equal(fetched.length, 2);
});

test("an unknown key is fetched once in the cooldown; a withdrawn one dies with the cache", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const [old, fresh] = [await signer("old"), await signer("fresh")];
  let published = [old.jwk];
  const { keys, fetched } = site({
    [DISCOVERY]: () => discovery(),
    [JWKS]: () => Response.json({ keys: published }),
  });
  const verify = async ({ token }: typeof old) =>
    verifyOidc(await token(Date.now()), [ISSUER], keys, Date.now());
  const fetches = () => fetched.filter((url) => url === JWKS).length;
  await verify(old);
  published = [old.jwk, fresh.jwk];
  for (let i = 0; i < 5; i++) await assert.rejects(verify(fresh), /not signed by a key that corp publishes/);
  assert.equal(fetches(), 1);
  t.mock.timers.tick(5_000);
  await verify(fresh);
  assert.equal(fetches(), 2);
  published = [fresh.jwk];
  await verify(old);
  t.mock.timers.tick(600_000);
  await assert.rejects(verify(old), /not signed by a key that corp publishes/);
  await verify(fresh);
});

test("endpoints are https, or http on loopback, without a user or a fragment; a bad one is none, and keys are had all the same", async () => {
  const token_endpoint = "https://idp.example/token?policy=a";
  const good = { token_endpoint, authorization_endpoint: "https://idp.example/auth" };
  const read = async (more: object) => {
    const { keys } = site({ [DISCOVERY]: () => discovery(more), [JWKS]: () => Response.json({ keys: [] }) });
    await keys.of(ISSUER, 0);
    return keys.endpoints(ISSUER, 0);
  };
  const found = await read({ ...good, authorization_response_iss_parameter_supported: true });
  assert.equal(found.token?.href, token_endpoint);
  assert.equal(found.authorization?.href, "https://idp.example/auth");
  assert.deepEqual([found.namesItself, found.scopes], [true, null]);
  assert.deepEqual((await read({ ...good, scopes_supported: ["openid", 7] })).scopes, ["openid"]);
  const bad = [
    "http://idp.example/auth",
    "https://a:b@idp.example/",
    "https://idp.example/#x",
    "javascript:1",
    7,
  ];
  for (const authorization_endpoint of bad) {
    const { authorization, token } = await read({ ...good, authorization_endpoint });
    assert.equal(authorization, null, String(authorization_endpoint));
    assert.equal(token?.href, token_endpoint);
  }
});
