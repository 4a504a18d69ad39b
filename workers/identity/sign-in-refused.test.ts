import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";
import type { Issuer } from "../../protocol/directory.ts";
import type { RefusedSignIns } from "../../protocol/ocsf/sign-in.ts";
import type { Env } from "../environment.ts";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import { authenticateToken } from "./authenticate.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { verifyOidc } from "./oidc.ts";
import { hashSecret } from "./secret.ts";
import { SignInRefused } from "./sign-in-refused.ts";

const URL_OF_ISSUER = "https://idp.example";
const ISSUER: Issuer = {
  name: "corp",
  issuer: URL_OF_ISSUER,
  audience: "sallyport",
  algorithms: ["ES256"],
  principalClaim: "sub",
  groupsClaim: "groups",
  requiredClaims: { team: "data" },
  skewSeconds: 0,
};
const NOW = Date.UTC(2026, 10, 22);

describe("a refused sign-in tells why, and who it was where that is proved alone", () => {
  let ours: CryptoKey;
  let theirs: CryptoKey;
  let keys: IssuerKeys;

  before(async () => {
    const pair = await generateKeyPair("ES256");
    ours = pair.privateKey;
    theirs = (await generateKeyPair("ES256")).privateKey;
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: "k" };
    keys = new IssuerKeys(async (url) =>
      url.endsWith("/jwks")
        ? Response.json({ keys: [jwk] })
        : Response.json({ issuer: URL_OF_ISSUER, jwks_uri: `${URL_OF_ISSUER}/jwks` }),
    );
  });

  interface Shape {
    claims?: Record<string, unknown>;
    header?: Record<string, string>;
    key?: "theirs";
    audience?: string;
    ends?: number;
    begins?: number;
    iss?: string;
  }

  async function token({
    claims = {},
    header = {},
    key,
    audience,
    ends = 60,
    begins,
    iss,
  }: Shape): Promise<string> {
    const jwt = new SignJWT({ sub: "ada", team: "data", ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "k", ...header })
      .setIssuer(iss ?? URL_OF_ISSUER)
      .setAudience(audience ?? "sallyport")
      .setExpirationTime(NOW / 1_000 + ends);
    if (begins !== undefined) jwt.setNotBefore(NOW / 1_000 + begins);
    return jwt.sign(key === "theirs" ? theirs : ours);
  }

  const CASES: [reason: string, principal: string | null, issuer: string | null, of: Shape | string][] = [
    ["malformed", null, null, "a.b.c"],
    ["wrong_type", null, null, { header: { typ: "logout+jwt" } }],
    ["unknown_issuer", null, "https://evil.example/????", { iss: "https://evil.example/\u0000\n\u202eé" }],
    ["unknown_issuer", null, "x".repeat(200), { iss: "x".repeat(5_000) }],
    ["wrong_signature", null, "corp", { key: "theirs" }],
    ["unknown_key", null, "corp", { header: { kid: "other" } }],
    ["expired", "corp/ada", "corp", { ends: -1 }],
    ["not_yet_valid", "corp/ada", "corp", { begins: 30 }],
    ["wrong_audience", "corp/ada", "corp", { audience: "elsewhere" }],
    ["wrong_claims", null, "corp", { claims: { team: "web" } }],
    // Signed by nobody that is known: whoever it says that it is, it may not be.
    ["wrong_signature", null, "corp", { key: "theirs", ends: -1 }],
  ];
  for (const [reason, principal, issuer, of] of CASES) {
    test(`${reason}: ${principal ?? "nobody"}, ${issuer?.slice(0, 30) ?? "no issuer"}`, async () => {
      const text = typeof of === "string" ? of : await token(of);
      const error = await verifyOidc(text, [ISSUER], keys, NOW).catch((error: unknown) => error);
      assert.ok(error instanceof SignInRefused, String(error));
      assert.deepEqual(
        [error.reason, error.who.principal ?? null, error.who.issuer ?? null],
        [reason, principal, issuer],
      );
      assert.equal(error.code, "unauthenticated");
    });
  }
});

test("a service token that is refused is told once a SIEM is set, and nothing of its text is", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const database = newDatabase();
  const secret = (name: string) => `syp_${name.repeat(43)}`;
  const insert = database.prepare(
    `INSERT INTO tokens (name, hash, principal, administrator, created, created_by, expires, revoked)
     VALUES (?, ?, ?, 0, 0, 'x', ?, ?)`,
  );
  const far = Date.now() + 86_400_000;
  insert.run("a", hashSecret(secret("a")), "service/a", far, 1);
  insert.run("b", hashSecret(secret("b")), "service/b", 1, null);
  insert.run("c", hashSecret(secret("c")), "service/c", far, null);
  insert.run("d", hashSecret(secret("d")), "service/d", far, null);
  database.exec("INSERT INTO principals (name, first_seen, disabled) VALUES ('service/c', 0, 1)");
  const told: RefusedSignIns[] = [];
  const env = (siem: object) =>
    ({
      DIRECTORY: sqliteDirectory(async () => {}, database),
      LEDGER: {
        getByName: () => ({ refusedSignIns: async (all: RefusedSignIns[]) => void told.push(...all) }),
      },
      ...siem,
    }) as unknown as Env;
  const tries = async (env: Env, name: string) => {
    const waiting: Promise<unknown>[] = [];
    const ctx = { waitUntil: (one: Promise<unknown>) => void waiting.push(one) };
    const result = await authenticateToken(secret(name), env, ctx, "203.0.113.7").catch(
      (error: unknown) => error,
    );
    return { result, waiting };
  };
  for (const name of "abc") {
    const { result, waiting } = await tries(env({}), name);
    assert.ok(result instanceof SignInRefused && waiting.length === 0, "without a SIEM nobody is told");
  }
  const on = env({ SIEM_URL: "https://siem.example" });
  const { waiting } = await tries(on, "a");
  await Promise.all(waiting);
  assert.deepEqual(
    told.map(({ first: _, last: __, ...one }) => one),
    [{ reason: "revoked", principal: "service/a", issuer: null, address: "203.0.113.7", count: 1 }],
  );
  const reasons = await Promise.all(
    [..."bcx"].map(async (name) => {
      const { result } = await tries(on, name);
      assert.ok(result instanceof SignInRefused);
      return [result.reason, result.code, result.who.principal ?? null];
    }),
  );
  assert.deepEqual(reasons, [
    ["expired", "unauthenticated", "service/b"],
    ["disabled", "forbidden", "service/c"],
    ["unknown_token", "unauthenticated", null],
  ]);
  assert.ok(!JSON.stringify(told).includes("aaaa"));
  assert.equal(((await tries(on, "d")).result as { principal: string }).principal, "service/d");
});
