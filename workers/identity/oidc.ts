import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from "jose";
import type { Issuer } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { SignInReason } from "../../protocol/ocsf/sign-in.ts";
import { logLine } from "../log-line.ts";
import { subjectOf } from "./claims.ts";
import type { Subject } from "./identity.ts";
import { type IssuerKeys, IssuerUnavailable } from "./issuer-keys.ts";
import { SignInRefused } from "./sign-in-refused.ts";

/** Characters of an issuer that nobody knows, as it is told on. */
const MAX_CLAIMED = 200;

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
    throw new SignInRefused("malformed", "the token is not a well-formed JWT");
  }
  if (typ !== undefined && !ACCEPTED_TYPES.has(String(typ).toLowerCase())) {
    throw new SignInRefused("wrong_type", "the token is of a type that is not for access");
  }
  const issuer = issuers.find((candidate) => candidate.issuer === iss);
  if (!issuer) {
    throw new SignInRefused("unknown_issuer", "the token is of an issuer that this edge does not know", {
      hint: "An administrator adds issuers with: sallyport apply.",
      issuer: typeof iss === "string" ? printable(iss) : null,
    });
  }
  return issuer;
}

/** What an unknown token claims, as nobody can be harmed by reading it. */
function printable(text: string): string {
  return text.slice(0, MAX_CLAIMED).replaceAll(/[^!-~]/g, "?");
}

function explain(error: unknown, issuer: Issuer): SallyportError {
  const refuse = (reason: SignInReason, message: string, hint?: string) =>
    new SignInRefused(reason, message, {
      issuer: issuer.name,
      principal: provenBy(error, issuer),
      ...(hint !== undefined && { hint }),
    });
  // Of the token's claims, once its signature was right.
  if (error instanceof SallyportError) return refuse("wrong_claims", error.message, error.hint);
  if (error instanceof errors.JWTExpired) {
    return refuse("expired", "the token has expired", "Get a new one: sallyport login.");
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "aud") {
      return refuse(
        "wrong_audience",
        "the token is for another audience",
        `Ask ${issuer.name} for the audience ${issuer.audience}.`,
      );
    }
    if (error.claim === "nbf")
      return refuse("not_yet_valid", "the token is not valid yet", "Check the clocks.");
    return refuse("wrong_claims", `the token's claim ${error.claim} is missing or wrong`);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return refuse("wrong_signature", "the token's signature is wrong");
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return refuse(
      "wrong_algorithm",
      "the token's signature algorithm is not accepted",
      `${issuer.name} may use ${issuer.algorithms.join(", ")}.`,
    );
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return refuse("unknown_key", `the token is not signed by a key that ${issuer.name} publishes`);
  }
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) {
    return refuse("malformed", "the token is not a well-formed JWT");
  }
  const known = error instanceof IssuerUnavailable ? error : String(error);
  logLine("warning", "the keys of an issuer can't be had", { issuer: issuer.name, error: known });
  return refuse(
    "issuer_unavailable",
    `the token can't be checked: the keys of ${issuer.name} can't be had`,
    "Try again; if it stays so, the issuer is down or its settings are wrong.",
  );
}

/** Whose token it was: claims are looked at only once the signature was right. Null where that isn't proved. */
function provenBy(error: unknown, issuer: Issuer): string | null {
  const isProved = error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed;
  if (!isProved) return null;
  try {
    return subjectOf(error.payload, issuer).principal;
  } catch {
    return null;
  }
}
