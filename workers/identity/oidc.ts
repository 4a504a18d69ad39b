import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from "jose";
import type { Issuer } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { logLine } from "../log-line.ts";
import { subjectOf } from "./claims.ts";
import type { Subject } from "./identity.ts";
import { type IssuerKeys, IssuerUnavailable } from "./issuer-keys.ts";

/**
 * What `typ` a bearer token may have: an access token (RFC 9068), a plain JWT, or none, as Kubernetes service
 * accounts. Others are for something else (RFC 8725 section 3.11), such as a logout token.
 */
const ACCEPTED_TYPES: ReadonlySet<string> = new Set(["jwt", "at+jwt", "application/at+jwt"]);

/**
 * Verifies a JWT of one of these issuers at this time (ms): issuer, signature, algorithm, audience, expiry, type,
 * required claims. Throws `unauthenticated`, saying which of them is wrong.
 */
export async function verifyOidc(
  token: string,
  issuers: readonly Issuer[],
  keys: IssuerKeys,
  now: number,
): Promise<{ subject: Subject; issuer: string; expires: number }> {
  const issuer = pickIssuer(token, issuers);
  try {
    const { payload } = await jwtVerify(token, await keys.of(issuer, now), {
      issuer: issuer.issuer,
      audience: issuer.audience,
      algorithms: issuer.algorithms,
      clockTolerance: issuer.skewSeconds,
      requiredClaims: ["exp", issuer.principalClaim],
      currentDate: new Date(now),
    });
    return { subject: subjectOf(payload, issuer), issuer: issuer.issuer, expires: payload.exp! * 1000 };
  } catch (error) {
    throw explain(error, issuer);
  }
}

/** The unverified `iss` only chooses whose keys must have signed the token. */
function pickIssuer(token: string, issuers: readonly Issuer[]): Issuer {
  let iss: string | undefined;
  let typ: string | undefined;
  try {
    iss = decodeJwt(token).iss;
    typ = decodeProtectedHeader(token).typ;
  } catch {
    throw new SallyportError("unauthenticated", "the token is not a well-formed JWT");
  }
  if (typ !== undefined && !ACCEPTED_TYPES.has(String(typ).toLowerCase())) {
    throw new SallyportError("unauthenticated", "the token is of a type that is not for access");
  }
  const issuer = issuers.find((candidate) => candidate.issuer === iss);
  if (!issuer) {
    throw new SallyportError(
      "unauthenticated",
      "the token is of an issuer that this edge does not know",
      "An administrator adds issuers with: sallyport apply.",
    );
  }
  return issuer;
}

function explain(error: unknown, issuer: Issuer): SallyportError {
  const refuse = (message: string, hint?: string) => new SallyportError("unauthenticated", message, hint);
  if (error instanceof SallyportError) return error;
  if (error instanceof errors.JWTExpired) {
    return refuse("the token has expired", "Get a new one: sallyport login.");
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "aud") {
      return refuse(
        "the token is for another audience",
        `Ask ${issuer.name} for the audience ${issuer.audience}.`,
      );
    }
    if (error.claim === "nbf") return refuse("the token is not valid yet", "Check the clocks.");
    return refuse(`the token's claim ${error.claim} is missing or wrong`);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return refuse("the token's signature is wrong");
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return refuse(
      "the token's signature algorithm is not accepted",
      `${issuer.name} may use ${issuer.algorithms.join(", ")}.`,
    );
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return refuse(`the token is not signed by a key that ${issuer.name} publishes`);
  }
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) {
    return refuse("the token is not a well-formed JWT");
  }
  const known = error instanceof IssuerUnavailable ? error : String(error);
  logLine("warning", "the keys of an issuer can't be had", { issuer: issuer.name, error: known });
  return refuse(
    `the token can't be checked: the keys of ${issuer.name} can't be had`,
    "Try again; if it stays so, the issuer is down or its settings are wrong.",
  );
}
