import { decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { SallyportError } from "../../protocol/errors.ts";
import { connectorKey } from "../directory/connectors.ts";
import type { Env } from "../environment.ts";
import { bearerToken } from "./authenticate.ts";

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
export async function authenticateConnector(
  request: Request,
  env: Pick<Env, "DIRECTORY" | "PUBLIC_URL">,
): Promise<{ name: string; key: string }> {
  const token = bearerToken(request);
  const key = keyId(token);
  const found = key === null ? null : await connectorKey(env.DIRECTORY, key);
  if (key === null || !found) {
    throw new SallyportError(
      "unauthenticated",
      "the connector's key is not known",
      "Enrol it: sallyport connector enroll.",
    );
  }
  if (found.revoked !== null) {
    throw new SallyportError(
      "unauthenticated",
      "the connector's key was revoked",
      "Enrol it again: sallyport connector enroll.",
    );
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
      throw new SallyportError(
        "unauthenticated",
        `the connector's token is not accepted: ${error.message}`,
        "Check the connector's edge URL and clock.",
      );
    },
  );
  if (claims.exp! > now / 1000 + MAX_LIFE_S + SKEW_S) {
    throw new SallyportError("unauthenticated", `the connector's token lives longer than ${MAX_LIFE_S} s`);
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
