import { createHash } from "node:crypto";
import { decodeJwt, jwtVerify } from "jose";
import type { Issuer } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { boundedText } from "../bounded.ts";
import { type IssuerEndpoints, type IssuerKeys, IssuerUnavailable } from "../identity/issuer-keys.ts";
import { logLine } from "../log-line.ts";
import { sameText, secretText } from "./session.ts";

/** Where an issuer sends the browser back to, at the edge's public origin. */
export const CALLBACK = "/approvals/callback";

/** How long an issuer's token endpoint may take to answer, ms, and how much. */
const TOKEN_LIMIT_MS = 10_000;
const MAX_ANSWER = 256 * 1024;
const SKEW_S = 30;
/** As for bearer tokens: with a shared secret, a public client could sign its own. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

/** An issuer at which people sign in. */
export type SignInIssuer = Issuer & { clientId: string };

/** A sign-in that has begun, as the browser keeps it, sealed, until the issuer sends it back. */
export interface Attempt {
  issuer: string;
  /** The approval whose page the person goes on to. */
  approval: string;
  state: string;
  nonce: string;
  verifier: string;
}

/** What signing in needs of the outside. */
export interface Outside {
  keys: IssuerKeys;
  fetch(url: string, init: RequestInit): Promise<Response>;
}

export function signInIssuers(issuers: readonly Issuer[]): SignInIssuer[] {
  return issuers.filter((issuer): issuer is SignInIssuer => issuer.clientId !== undefined);
}

/**
 * Begins a sign-in by authorization code (OpenID Connect Core 1.0, section 3.1) with PKCE (RFC 7636, S256), state and
 * nonce. Answers where the browser goes, and what is to be kept. Throws `unauthenticated` where the issuer offers none.
 */
export async function beginSignIn(
  issuer: SignInIssuer,
  approval: string,
  publicOrigin: string,
  { keys }: Outside,
  now: number,
): Promise<{ location: string; attempt: Attempt }> {
  const { authorization, scopes } = await endpointsOf(issuer, keys, now);
  const attempt = {
    issuer: issuer.issuer,
    approval,
    state: secretText(),
    nonce: secretText(),
    verifier: secretText(),
  };
  const location = new URL(authorization);
  const parameters = {
    ...audienceParameters(issuer),
    client_id: issuer.clientId,
    scope: ["openid", ...["profile", "email"].filter((scope) => scopes?.includes(scope) ?? true)].join(" "),
    response_type: "code",
    redirect_uri: publicOrigin + CALLBACK,
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: createHash("sha256").update(attempt.verifier).digest("base64url"),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) location.searchParams.set(name, value);
  return { location: location.href, attempt };
}

/** Whether the browser comes back from this attempt, by its state; any other changes nothing. */
export function isAnswerTo(attempt: Pick<Attempt, "state">, query: URLSearchParams): boolean {
  return sameText(attempt.state, query.get("state") ?? "");
}

/**
 * Ends a sign-in: answers the token for the edge, which is still to be verified as any bearer token is. Throws
 * `unauthenticated`, in words for the person; nothing in them is secret.
 */
export async function finishSignIn(
  issuer: SignInIssuer,
  attempt: Attempt,
  query: URLSearchParams,
  publicOrigin: string,
  outside: Outside,
  now: number,
): Promise<string> {
  const { token: endpoint, namesItself } = await endpointsOf(issuer, outside.keys, now);
  // RFC 9207 section 2.4: against an answer of another issuer.
  const iss = query.get("iss");
  if (iss === null ? namesItself : iss !== issuer.issuer) throw failed(issuer, "the answer is not from it");
  const error = query.get("error");
  if (error !== null) throw failed(issuer, `it says ${quoted(query.get("error_description") ?? error)}`);
  const code = query.get("code");
  if (!code) throw failed(issuer, "its answer has no code");
  const { access_token, id_token } = await requestTokens(issuer, endpoint, outside, {
    grant_type: "authorization_code",
    client_id: issuer.clientId,
    code,
    redirect_uri: publicOrigin + CALLBACK,
    code_verifier: attempt.verifier,
  });
  await verifyIdToken(issuer, id_token, attempt.nonce, outside.keys, now);
  const bearer = [access_token, id_token].find((token) => isFor(token, issuer.audience));
  if (typeof bearer !== "string") {
    throw failed(issuer, `it gave no token for the audience ${issuer.audience}`);
  }
  return bearer;
}

async function endpointsOf(
  issuer: Issuer,
  keys: IssuerKeys,
  now: number,
): Promise<Omit<IssuerEndpoints, "authorization" | "token"> & { authorization: URL; token: URL }> {
  try {
    const { authorization, token, ...rest } = await keys.endpoints(issuer, now);
    if (authorization && token) return { ...rest, authorization, token };
  } catch (error) {
    if (!(error instanceof IssuerUnavailable)) throw error;
    logLine("warning", "an issuer can't be asked", { issuer: issuer.name, error });
    throw failed(issuer, "it can't be reached, or its settings are wrong");
  }
  throw failed(issuer, "it offers no sign-in by browser");
}

async function requestTokens(
  issuer: Issuer,
  endpoint: URL,
  { fetch }: Outside,
  parameters: Record<string, string>,
): Promise<Record<string, unknown>> {
  let status = 0;
  let answer: unknown;
  try {
    const response = await fetch(endpoint.href, {
      method: "POST",
      body: new URLSearchParams(parameters).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(TOKEN_LIMIT_MS),
    });
    status = response.status;
    answer = JSON.parse(await boundedText(response.body, MAX_ANSWER));
  } catch {
    // The reason may quote what was sent, or answered.
    throw failed(
      issuer,
      status === 0 ? "it gave no token in time" : `it answered HTTP ${status}, and no JSON`,
    );
  }
  if (typeof answer !== "object" || answer === null) throw failed(issuer, "its answer is no JSON object");
  const members = answer as Record<string, unknown>;
  if (status === 200) return members;
  const { error, error_description } = members;
  const words = typeof error_description === "string" ? error_description : error;
  throw failed(issuer, typeof words === "string" ? `it says ${quoted(words)}` : `it answered HTTP ${status}`);
}

/** OpenID Connect Core 1.0, section 3.1.3.7: the nonce ties the answer to this browser's attempt. */
async function verifyIdToken(
  issuer: SignInIssuer,
  token: unknown,
  nonce: string,
  keys: IssuerKeys,
  now: number,
): Promise<void> {
  if (typeof token !== "string") throw failed(issuer, "it sent no ID token");
  const { payload } = await jwtVerify(token, await keys.of(issuer, now), {
    issuer: issuer.issuer,
    audience: issuer.clientId,
    algorithms: ALGORITHMS,
    requiredClaims: ["sub", "exp", "iat"],
    clockTolerance: SKEW_S,
    currentDate: new Date(now),
  }).catch((error: Error) => {
    throw failed(issuer, `its ID token is not valid: ${error.message}`);
  });
  if (typeof payload.nonce !== "string" || !sameText(payload.nonce, nonce)) {
    throw failed(issuer, "its ID token is the answer to another sign-in");
  }
  if (payload.azp !== undefined && payload.azp !== issuer.clientId) {
    throw failed(issuer, "its ID token was issued to another client");
  }
}

/** Whether it is a JWT for this audience; only chooses which token to verify. */
function isFor(token: unknown, audience: string): boolean {
  try {
    return [decodeJwt(String(token)).aud].flat().includes(audience);
  } catch {
    return false;
  }
}

/** As `sallyport login` asks: issuers take the audience under one of two names; RFC 8707 wants an absolute URI. */
function audienceParameters({ audience, clientId }: SignInIssuer): Record<string, string> {
  if (audience === clientId) return {};
  return { audience, ...(URL.canParse(audience) && { resource: audience }) };
}

/** An issuer's own words, bounded. */
function quoted(words: string): string {
  return JSON.stringify(words.slice(0, 200));
}

function failed(issuer: Issuer, why: string): SallyportError {
  return new SallyportError(
    "unauthenticated",
    `the sign-in at ${issuer.name} failed: ${why}`,
    "Open the approval's link again.",
  );
}
