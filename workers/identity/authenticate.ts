import { SallyportError } from "../../protocol/errors.ts";
import { disabledAmong } from "../directory/principals.ts";
import { loadSettings } from "../directory/settings.ts";
import { findToken, noteTokenUse } from "../directory/tokens.ts";
import type { Env } from "../environment.ts";
import { mayAdminister } from "./access.ts";
import type { Identity } from "./identity.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { verifyOidc } from "./oidc.ts";
import { hashSecret, SecretPrefix, sameHash } from "./secret.ts";

/** The principal of the bootstrap token. It can't be disabled; remove the binding instead. */
export const BOOTSTRAP = "bootstrap";

const MAX_TOKEN = 16 * 1024;
/** The keys and endpoints of all issuers, for whatever this instance of the Worker verifies. */
export const issuerKeys = new IssuerKeys((url, init) => fetch(url, init));

/**
 * Who sends this request, by its bearer token: a service token, the bootstrap token, or a JWT of a configured
 * issuer. Throws `unauthenticated`, or `forbidden` when the principal, or the user for whom it acts, is disabled.
 */
export async function authenticate(
  request: Request,
  env: Pick<Env, "DIRECTORY" | "BOOTSTRAP_TOKEN_SHA256">,
  ctx: Pick<ExecutionContext, "waitUntil">,
): Promise<Identity> {
  return authenticateToken(bearerToken(request), env, ctx);
}

/** Whom a token proves, by whatever way it came: every rule of `authenticate` holds. Throws as it does. */
export async function authenticateToken(
  token: string,
  env: Pick<Env, "DIRECTORY" | "BOOTSTRAP_TOKEN_SHA256">,
  ctx: Pick<ExecutionContext, "waitUntil">,
): Promise<Identity> {
  const now = Date.now();
  const hash = hashSecret(token);
  if (env.BOOTSTRAP_TOKEN_SHA256 && sameHash(hash, env.BOOTSTRAP_TOKEN_SHA256)) {
    return { principal: BOOTSTRAP, groups: [], administrator: true, credential: { kind: "bootstrap" } };
  }
  return token.startsWith(SecretPrefix.serviceToken)
    ? byServiceToken(hash, env.DIRECTORY, ctx, now)
    : byOidc(token, env.DIRECTORY, now);
}

/** The bearer token (RFC 6750 section 2.1), taken from nowhere but the header. Throws `unauthenticated`. */
export function bearerToken(request: Request): string {
  const header = request.headers.get("authorization") ?? "";
  const [, token = ""] = /^bearer (.*)$/i.exec(header) ?? [];
  if (!isToken(token)) {
    throw new SallyportError(
      "unauthenticated",
      "the request has no bearer token",
      "Send `Authorization: Bearer TOKEN`; a token in a URL is not looked at. Get one: sallyport login.",
    );
  }
  return token;
}

/** Whether a text has the form of a bearer token (RFC 6750 section 2.1), at most 16 KiB. */
export function isToken(text: string): boolean {
  return text.length <= MAX_TOKEN && /^[\w.~+/-]+=*$/.test(text);
}

async function byServiceToken(
  hash: string,
  db: D1Database,
  ctx: Pick<ExecutionContext, "waitUntil">,
  now: number,
): Promise<Identity> {
  const found = await findToken(db, hash);
  if (!found) throw new SallyportError("unauthenticated", "the service token is not known");
  const { token, principalDisabled, settings } = found;
  if (token.revoked !== null) throw new SallyportError("unauthenticated", "the service token was revoked");
  if (token.expires <= now) throw new SallyportError("unauthenticated", "the service token has expired");
  if (principalDisabled) throw disabled(token.principal);
  ctx.waitUntil(noteTokenUse(db, token, now));
  const subject = { principal: token.principal, groups: [] };
  return {
    ...subject,
    administrator: token.administrator || mayAdminister(settings.administrators, subject),
    credential: { kind: "service-token", id: token.name, expires: token.expires },
  };
}

async function byOidc(token: string, db: D1Database, now: number): Promise<Identity> {
  const { issuers, administrators } = await loadSettings(db);
  const { subject, issuer, expires } = await verifyOidc(token, issuers, issuerKeys, now);
  const [name] = await disabledAmong(db, [subject.principal, subject.onBehalfOf ?? subject.principal]);
  if (name !== undefined) throw disabled(name);
  return {
    ...subject,
    administrator: mayAdminister(administrators, subject),
    credential: { kind: "oidc", issuer, expires },
  };
}

function disabled(principal: string): SallyportError {
  return new SallyportError("forbidden", `the principal ${principal} is disabled`, "Ask an administrator.");
}
