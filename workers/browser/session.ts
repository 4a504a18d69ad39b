import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { SallyportError } from "../../protocol/errors.ts";
import { addressOf } from "../address.ts";
import type { Env } from "../environment.ts";
import { authenticateToken } from "../identity/authenticate.ts";
import type { Identity } from "../identity/identity.ts";
import { clearText, getText, setText } from "./cookies.ts";
import type { Place } from "./place.ts";
import { seal, unseal } from "./sealed.ts";

export type BrowserContext = Context<{ Bindings: Env }>;

/** How long a person stays signed in at most, ms. */
const MAX_SESSION_MS = 60 * 60_000;

/** Who is signed in at a browser. */
export interface BrowserSession {
  identity: Identity;
  /** What forms of this session's pages carry. */
  csrf: string;
}

/**
 * Signs a person in by a token: what it proves now is asked again at each request, so the session holds the token
 * itself. It ends with the token, or after an hour. Throws as `authenticateToken` does.
 */
export async function startSession(c: BrowserContext, place: Place, token: string): Promise<Identity> {
  const identity = await authenticateToken(token, c.env, c.executionCtx, addressOf(c.req.raw, c.env));
  const now = Date.now();
  const { credential } = identity;
  const ends = credential.kind === "bootstrap" ? Number.POSITIVE_INFINITY : credential.expires;
  const expires = Math.min(ends, now + MAX_SESSION_MS);
  const sealed = await seal(c.env, "session", { token, csrf: secretText() }, expires);
  setText(c, "session", sealed, { secure: place.secure, lifeMs: expires - now });
  return identity;
}

/**
 * Who is signed in, proved anew: null without a session, or when its time is over. Throws as `authenticateToken` does
 * when the token has lost its force, and takes the session away.
 */
export async function currentSession(c: BrowserContext, place: Place): Promise<BrowserSession | null> {
  const sealed = getText(c, "session", place.secure);
  const claims = sealed === null ? null : await unseal(c.env, "session", sealed, Date.now());
  if (typeof claims?.token !== "string" || typeof claims.csrf !== "string") return null;
  try {
    return {
      identity: await authenticateToken(claims.token, c.env, c.executionCtx, addressOf(c.req.raw, c.env)),
      csrf: claims.csrf,
    };
  } catch (error) {
    if (error instanceof SallyportError) endSession(c, place);
    throw error;
  }
}

export function endSession(c: BrowserContext, place: Place): void {
  clearText(c, "session", place.secure);
}

/** Lets a form pass only with what this session's pages carry. Throws `forbidden`. */
export function requireOwnForm({ csrf }: BrowserSession, given: string): void {
  if (sameText(csrf, given)) return;
  throw new SallyportError(
    "forbidden",
    "this form is not of the session that is signed in now",
    "Nothing was done. Read the page again, and answer there.",
  );
}

/** 256 random bits. */
export function secretText(): string {
  return randomBytes(32).toString("base64url");
}

/** Whether two secrets are the same, in a time that does not depend on where they differ. */
export function sameText(one: string, other: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}
