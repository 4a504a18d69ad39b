import { decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { addressOf } from "../address.ts";
import { connectorKey } from "../directory/connectors.ts";
import type { Env } from "../environment.ts";
import { bearerToken } from "./authenticate.ts";
import { SignInRefused } from "./sign-in-refused.ts";
import { type TellingEnv, tellingRefusal } from "./telling-refusal.ts";

/** A connector signs a token for each connection; it lives this long at most, in seconds. */
const MAX_LIFE_S = 60;
const SKEW_S = 30;

/**
 * Which connector sends this request, by a JWT that its enrolled key signed: `kid` is the key's RFC 7638
 * thumbprint, `iss` and `sub` the connector's name, `aud` the edge's origin. Answers the name and the thumbprint.
 * Throws `unauthenticated`.
 *
 * `jti` is not remembered: the token travels in one TLS connection to the edge that it names, for a minute at most.
 * Who could replay it already holds that connection, and a session needs its own one-time ticket besides.
 */
export function authenticateConnector(
  request: Request,
  env: ConnectorEnv,
  ctx: Pick<ExecutionContext, "waitUntil">,
): Promise<{ name: string; key: string }> {
  return tellingRefusal(env, ctx, addressOf(request, env), () => proven(request, env));
}

type ConnectorEnv = Pick<Env, "DIRECTORY" | "PUBLIC_URL"> & TellingEnv;

async function proven(request: Request, env: ConnectorEnv): Promise<{ name: string; key: string }> {
  const token = bearerToken(request);
  const key = keyId(token);
  const found = key === null ? null : await connectorKey(env.DIRECTORY, key);
  if (key === null || !found) {
    throw new SignInRefused("connector_unknown", "the connector's key is not known", {
      hint: "Enrol it: sallyport connector enroll.",
    });
  }
  if (found.revoked !== null) {
    throw new SignInRefused("connector_revoked", "the connector's key was revoked", {
      hint: "Enrol it again: sallyport connector enroll.",
    });
  }
  const now = Date.now();
  const claims = await jwtVerify(token, await importJWK({ ...found.jwk }, "EdDSA"), {
    algorithms: ["EdDSA"],
    issuer: found.connector,
    subject: found.connector,
    audience: origins(request, env),
    requiredClaims: ["exp", "iat", "jti"],
    clockTolerance: SKEW_S,
    currentDate: new Date(now),
  }).then(
    ({ payload }) => payload,
    (error: Error) => {
      throw new SignInRefused("connector_token", `the connector's token is not accepted: ${error.message}`, {
        hint: "Check the connector's edge URL and clock.",
      });
    },
  );
  if (claims.exp! > now / 1000 + MAX_LIFE_S + SKEW_S) {
    throw new SignInRefused("connector_token", `the connector's token lives longer than ${MAX_LIFE_S} s`);
  }
  return { name: found.connector, key };
}

function keyId(token: string): string | null {
  try {
    const { kid } = decodeProtectedHeader(token);
    return typeof kid === "string" && kid.length <= 64 ? kid : null;
  } catch {
    return null;
  }
}

/** What `aud` may be: the origin at which the edge was asked, or its public one. */
function origins(request: Request, { PUBLIC_URL }: Pick<Env, "PUBLIC_URL">): string[] {
  const own = new URL(request.url).origin;
  return PUBLIC_URL ? [own, new URL(PUBLIC_URL).origin] : [own];
}
