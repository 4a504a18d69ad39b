import { createHash } from "node:crypto";
import type { ExchangeKind } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { dropExchangeKey, findExchangeSession, markVoid } from "../directory/sessions.ts";
import type { Env } from "../environment.ts";
import type { Identity } from "../identity/identity.ts";
import { sessionStub } from "../session/stub.ts";
import type { RequestTrace } from "../telemetry/request-trace.ts";
import { policyInForce, prepare } from "../tunnel/opening.ts";
import { Remembered } from "../tunnel/remembered.ts";

/** The session that exchanges of one agent with one target share. */
export interface Found {
  session: string;
  kind: ExchangeKind;
}

/** Whose session is looked for, and where from it is asked for. */
export interface Seeker {
  identity: Identity;
  target: string;
  address: string;
}

/** How long one request may take to open a session for which others of this isolate wait, ms. */
const OPENING_MS = 15_000;
const OPENING_POLL_MS = 5;

const sessions = new Remembered<Found>();
/** Sessions that are being opened, by key, and until when others wait for it. */
const opening = new Map<string, number>();

/**
 * What must be the same for two requests to share a session: who asks, by which credential, from where, and the
 * policies by which the session was opened. Another of those is another session, opened by all its rules.
 */
export async function exchangeKey(env: Env, { identity, target, address }: Seeker): Promise<string> {
  const { principal, onBehalfOf, groups, credential } = identity;
  const by =
    credential.kind === "service-token" ? credential.id : credential.kind === "oidc" ? credential.issuer : "";
  const { version } = await policyInForce(env);
  const parts = [
    principal,
    onBehalfOf ?? null,
    [...groups].sort(),
    credential.kind,
    by,
    target,
    address,
    version,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** The session of this key that is open, as far as is known here. */
export async function find(env: Env, key: string): Promise<Found | null> {
  const now = Date.now();
  const found = sessions.get(key, now) ?? (await findExchangeSession(env.DIRECTORY, key));
  // What is in use is remembered on: the object itself says when it is over.
  return found && sessions.set(key, found, now);
}

/** This session is over: the key leads to it no more. */
export async function forget(env: Env, key: string, { session }: Found): Promise<void> {
  if (sessions.get(key, Date.now())?.session === session) sessions.delete(key);
  await dropExchangeKey(env.DIRECTORY, session);
}

/**
 * Opens a session for this key, by every rule of opening one; of requests that come at once one opens it for all, in
 * this isolate. Two isolates may open two, of which either will do. Throws what `prepare` does, `session_ended`.
 */
export async function open(env: Env, key: string, seeker: Seeker, trace: RequestTrace): Promise<Found> {
  const patience = Date.now() + OPENING_MS;
  while ((opening.get(key) ?? 0) > Date.now() && Date.now() < patience) {
    await scheduler.wait(OPENING_POLL_MS);
    const opened = sessions.get(key, Date.now());
    if (opened) return opened;
  }
  opening.set(key, Date.now() + OPENING_MS);
  try {
    return sessions.set(key, await openNow(env, key, seeker, trace), Date.now());
  } finally {
    opening.delete(key);
  }
}

async function openNow(
  env: Env,
  key: string,
  { identity, target, address }: Seeker,
  trace: RequestTrace,
): Promise<Found> {
  const prepared = await prepare(env, identity, target, "http", address, { exchangeKey: key }, trace);
  const { session, kind } = prepared.facts;
  try {
    await trace.step("open session", async () => sessionStub(env, session).openExchanges(prepared));
  } catch (error) {
    const reason = "the session was ended before it opened";
    await markVoid(env.DIRECTORY, session, "session_ended", reason, Date.now());
    throw error;
  }
  if (kind !== "http" && kind !== "kubernetes")
    throw new SallyportError("internal", `a session of kind ${kind} carries no exchanges`);
  return { session, kind };
}
