import { SallyportError } from "../../protocol/errors.ts";
import { addressOf } from "../address.ts";
import { disabledAmong } from "../directory/principals.ts";
import { loadSettings } from "../directory/settings.ts";
import { findToken, noteTokenUse } from "../directory/tokens.ts";
import type { Env } from "../environment.ts";
import { mayAdminister } from "./access.ts";
import type { Identity } from "./identity.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { verifyOidc } from "./oidc.ts";
import { hashSecret, SecretPrefix, sameHash } from "./secret.ts";
import { SignInRefused } from "./sign-in-refused.ts";
import { type TellingEnv, tellingRefusal } from "./telling-refusal.ts";

/** The principal of the bootstrap token. It can't be disabled; remove the binding instead. */
export const BOOTSTRAP = "bootstrap";

const MAX_TOKEN = 16 * 1024;
/** The keys and endpoints of all issuers, for whatever this instance of the Worker verifies. */
export const issuerKeys = new IssuerKeys((url, init) => fetch(url, init));

type IdentityEnv = Pick<Env, "DIRECTORY" | "BOOTSTRAP_TOKEN_SHA256"> & TellingEnv;

/**
 * Who sends this request, by its bearer token: a service token, the bootstrap token, or a JWT of a configured
 * issuer. Throws `unauthenticated`, or `forbidden` when the principal, or the user for whom it acts, is disabled;
 * that is told to a SIEM. `address`: where the request comes from.
 */
export function authenticate(
  request: Request,
  env: IdentityEnv,
  ctx: Pick<ExecutionContext, "waitUntil">,
  address = addressOf(request, env),
): Promise<Identity> {
  return tellingRefusal(env, ctx, address, () => identityOf(bearerToken(request), env, ctx));
}

/** Whom a token proves, by whatever way it came: every rule of `authenticate` holds. Throws as it does. */
export function authenticateToken(
  token: string,
  env: IdentityEnv,
  ctx: Pick<ExecutionContext, "waitUntil">,
  address: string,
): Promise<Identity> {
  return tellingRefusal(env, ctx, address, () => identityOf(token, env, ctx));
}

async function identityOf(
  token: string,
  env: IdentityEnv,
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

/** The bearer token (RFC 6750 section 2.1), taken from nowhere but the header. Throws `unauthenticated`; without a word no SignInRefused. */
export function bearerToken(request: Request): string {
  const header = request.headers.get("authorization") ?? "";
  const [, token = ""] = /^bearer (.*)$/i.exec(header) ?? [];
  if (isToken(token)) return token;
  const message = "the request has no bearer token";
  const hint =
    "Send `Authorization: Bearer TOKEN`; a token in a URL is not looked at. Get one: sallyport login.";
  if (header === "") throw new SallyportError("unauthenticated", message, hint);
  throw new SignInRefused("malformed", message, { hint });
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
  if (!found) throw new SignInRefused("unknown_token", "the service token is not known");
  const { token, principalDisabled, settings } = found;
  const { principal } = token;
  if (token.revoked !== null)
    throw new SignInRefused("revoked", "the service token was revoked", { principal });
  if (token.expires <= now)
    throw new SignInRefused("expired", "the service token has expired", { principal });
  if (principalDisabled) throw disabled(principal, principal, null);
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
  if (name !== undefined) throw disabled(name, subject.principal, issuer);
  return {
    ...subject,
    administrator: mayAdminister(administrators, subject),
    credential: { kind: "oidc", issuer, expires },
  };
}

function disabled(name: string, principal: string, issuer: string | null): SignInRefused {
  return new SignInRefused("disabled", `the principal ${name} is disabled`, {
    hint: "Ask an administrator.",
    code: "forbidden",
    principal,
    issuer,
  });
}
