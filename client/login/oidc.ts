import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { SallyportError } from "../../protocol/errors.ts";
import { fetchOnce, isPrivate, readJson } from "../json-fetch.ts";

/** An OIDC issuer at which one can log in, as the edge names it (`GET /v1/login`). */
export interface LoginIssuer {
  name: string;
  issuer: string;
  clientId: string;
  audience: string;
}

/** What we use of an issuer's metadata (OpenID Connect Discovery 1.0, RFC 8414). */
export interface Metadata {
  issuer: string;
  token_endpoint: string;
  jwks_uri: string;
  authorization_endpoint?: string;
  device_authorization_endpoint?: string;
  revocation_endpoint?: string;
  scopes_supported?: string[];
  authorization_response_iss_parameter_supported?: boolean;
}

/** What a login or a refresh brings. `expires` is ms since 1970. */
export interface Tokens {
  /** What the edge is sent. */
  bearer: string;
  expires: number;
  refresh: string | undefined;
}

/** An error that the token endpoint answered (RFC 6749 section 5.2), before it is put in words. */
export class TokenRefused extends Error {
  readonly error: string;
  constructor(error: string, description: string) {
    super(description);
    this.error = error;
  }
}

const ANSWER_MS = 15_000;
const ENDPOINTS = [
  "token_endpoint",
  "jwks_uri",
  "authorization_endpoint",
  "device_authorization_endpoint",
  "revocation_endpoint",
] as const;
/** Public-key algorithms for ID tokens: with a shared secret, a public client could sign its own. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/** Reads the issuer's metadata. Throws `unauthenticated` when it can't be had or is not of this issuer. */
export async function discover(issuer: LoginIssuer): Promise<Metadata> {
  const base = issuer.issuer.replace(/\/$/, "");
  const url = new URL(`${base}/.well-known/openid-configuration`);
  const response = await issuerFetch(issuer, url, {});
  const metadata = (await readJson(response)) as Metadata | undefined;
  if (!response.ok || metadata === undefined) {
    throw failed(issuer, `its metadata at ${url.href} can't be read (HTTP status ${response.status})`);
  }
  if (metadata.issuer !== issuer.issuer) {
    throw failed(issuer, "its metadata is that of another issuer");
  }
  for (const name of ENDPOINTS) {
    const endpoint = metadata[name];
    const needed = name === "token_endpoint" || name === "jwks_uri";
    const url = endpoint === undefined ? null : URL.parse(endpoint);
    if ((needed || endpoint !== undefined) && (!url || !isPrivate(url))) {
      throw failed(issuer, `its metadata has no usable ${name}`);
    }
  }
  return metadata;
}

/** The scope, audience and resource (RFC 8707) that a login asks for. */
export function requestParameters(issuer: LoginIssuer, metadata: Metadata): Record<string, string> {
  const supported = metadata.scopes_supported;
  const wanted = ["profile", "email", "offline_access"].filter((scope) => supported?.includes(scope) ?? true);
  return {
    client_id: issuer.clientId,
    scope: ["openid", ...wanted].join(" "),
    ...audienceParameters(issuer),
  };
}

/** Asks the token endpoint. Throws `TokenRefused`, or `unauthenticated` when there is no answer to understand. */
export async function requestTokens(
  issuer: LoginIssuer,
  metadata: Metadata,
  parameters: Record<string, string>,
  check: { nonce?: string; now: number },
): Promise<Tokens> {
  const answer = await postForm(issuer, metadata.token_endpoint, {
    client_id: issuer.clientId,
    ...parameters,
  });
  const { access_token, id_token, refresh_token, expires_in } = answer as Record<string, unknown>;
  const idToken = typeof id_token === "string" ? id_token : undefined;
  if (idToken !== undefined) await verifyIdToken(issuer, metadata, idToken, check);
  else if (check.nonce !== undefined) throw failed(issuer, "it sent no ID token");
  const bearer = [access_token, idToken].find((token) => isFor(token, issuer.audience));
  if (bearer === undefined) {
    throw failed(
      issuer,
      `it gave no token for the audience ${issuer.audience}`,
      "An administrator corrects this at the issuer (let this client have access tokens for that audience), or in " +
        "`issuers` of the configuration file (the client id as audience makes the ID token the one that is used).",
    );
  }
  const lifetime = typeof expires_in === "number" ? check.now + expires_in * 1_000 : check.now;
  return {
    bearer: String(bearer),
    expires: (decodeJwt(String(bearer)).exp ?? lifetime / 1_000) * 1_000,
    refresh: typeof refresh_token === "string" ? refresh_token : undefined,
  };
}

/** Posts a form and answers the JSON object. Throws `TokenRefused` for an OAuth error. */
export async function postForm(
  issuer: LoginIssuer,
  endpoint: string,
  parameters: Record<string, string>,
): Promise<Record<string, unknown>> {
  const response = await issuerFetch(issuer, new URL(endpoint), {
    method: "POST",
    body: new URLSearchParams(parameters),
    headers: { accept: "application/json" },
  });
  const answer = await readJson(response);
  if (typeof answer !== "object" || answer === null) {
    throw failed(issuer, `it answered with HTTP status ${response.status}, and no JSON`);
  }
  const { error, error_description } = answer as { error?: unknown; error_description?: unknown };
  if (typeof error === "string") throw new TokenRefused(error, String(error_description ?? error));
  if (!response.ok) throw failed(issuer, `it answered with HTTP status ${response.status}`);
  return answer as Record<string, unknown>;
}

/** Tells the issuer that a refresh token is no longer wanted (RFC 7009), if it takes that. */
export async function revoke(issuer: LoginIssuer, refresh: string): Promise<void> {
  const { revocation_endpoint } = await discover(issuer);
  if (revocation_endpoint === undefined) return;
  await issuerFetch(issuer, new URL(revocation_endpoint), {
    method: "POST",
    body: new URLSearchParams({
      client_id: issuer.clientId,
      token: refresh,
      token_type_hint: "refresh_token",
    }),
  });
}

export function failed(issuer: LoginIssuer, why: string, hint?: string): SallyportError {
  return new SallyportError("unauthenticated", `The login at ${issuer.name} failed: ${why}.`, hint);
}

/** OpenID Connect Core 1.0 section 3.1.3.7. */
async function verifyIdToken(
  issuer: LoginIssuer,
  metadata: Metadata,
  idToken: string,
  check: { nonce?: string; now: number },
): Promise<void> {
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri), { timeoutDuration: ANSWER_MS });
  try {
    const { payload } = await jwtVerify(idToken, keys, {
      issuer: metadata.issuer,
      audience: issuer.clientId,
      algorithms: ALGORITHMS,
      requiredClaims: ["sub", "exp", "iat"],
      clockTolerance: 30,
      currentDate: new Date(check.now),
    });
    if (check.nonce !== undefined && payload.nonce !== check.nonce) {
      throw new Error("it is the answer to another login");
    }
    if (payload.azp !== undefined && payload.azp !== issuer.clientId) {
      throw new Error("it was issued to another client");
    }
  } catch (error) {
    throw failed(issuer, `its ID token is not valid: ${(error as Error).message}`);
  }
}

/** Whether it is a JWT for this audience. The edge verifies it; this only chooses which token to send. */
function isFor(token: unknown, audience: string): boolean {
  try {
    return [decodeJwt(String(token)).aud].flat().includes(audience);
  } catch {
    return false;
  }
}

/** Issuers take the audience under one of two names; RFC 8707 wants an absolute URI. */
function audienceParameters({ audience, clientId }: LoginIssuer): Record<string, string> {
  if (audience === clientId) return {};
  return { audience, ...(URL.canParse(audience) && { resource: audience }) };
}

function issuerFetch(issuer: LoginIssuer, url: URL, init: RequestInit): Promise<Response> {
  return fetchOnce(url, init, ANSWER_MS, (why) => failed(issuer, `${url.origin} can't be reached: ${why}`));
}
