import type { Limits, SessionFacts } from "../../protocol/control.ts";
import type { Target } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { register } from "../directory/sessions.ts";
import { loadSettings, sessionLimits } from "../directory/settings.ts";
import { getTarget } from "../directory/targets.ts";
import type { Env } from "../environment.ts";
import { mayOpen } from "../identity/access.ts";
import { authenticate, bearerToken } from "../identity/authenticate.ts";
import type { Identity } from "../identity/identity.ts";
import { hashSecret } from "../identity/secret.ts";
import { sessionStub } from "../session/stub.ts";
import { Remembered } from "./remembered.ts";

/** What a session's object needs to open it for an agent. */
export interface Opening {
  facts: SessionFacts;
  limits: Limits;
}

/** Carries an `Opening` as JSON from the Worker to the object. */
export const OPENING_HEADER = "sallyport-opening";

/**
 * Decides whether this identity may open the target, finds a connector for it, and registers the session. What the
 * identity may not open is unknown to it. Throws `unknown_target`, `connector_offline` and what `register` finds.
 */
export async function prepare(
  env: Env,
  identity: Identity,
  targetName: string,
  mode: SessionFacts["mode"],
  agentAddress: string,
  session?: string,
): Promise<Opening> {
  const { target, limits } = await lookUp(env, targetName, identity);
  const assignment = await env.HUB.getByName(target.connector).assign(target.name, session);
  if (!assignment) {
    throw new SallyportError(
      "connector_offline",
      `no connector ${target.connector} that serves ${target.name} is online`,
      "Start `sallyport connector` in its network, or look at its log.",
    );
  }
  const opened = Date.now();
  const { credential } = identity;
  const facts: SessionFacts = {
    session: assignment.session,
    principal: identity.principal,
    ...(identity.onBehalfOf !== undefined && { onBehalfOf: identity.onBehalfOf }),
    groups: identity.groups,
    target: target.name,
    kind: target.kind,
    connector: target.connector,
    opened,
    // An OIDC token proves who opens; a service token is itself the right, so its end is the session's.
    until:
      credential.kind === "service-token"
        ? Math.min(opened + limits.maxMs, credential.expires)
        : opened + limits.maxMs,
    address: agentAddress,
    mode,
  };
  const registered = await register(env.DIRECTORY, { ...facts, instance: assignment.instance }, credential);
  if (registered === "ok") return { facts, limits };
  // The connector that was to serve it may wait there: it must not wait for ever.
  await sessionStub(env, facts.session).kill(facts.session, registered.code, registered.message, "edge");
  throw registered;
}

const targets = new Remembered<{ target: Target; limits: Limits }>();

async function lookUp(
  env: Env,
  name: string,
  identity: Identity,
): Promise<{ target: Target; limits: Limits }> {
  const now = Date.now();
  const known = targets.get(name, now);
  if (known && mayOpen(known.target, identity)) return known;
  const [target, settings] = await Promise.all([getTarget(env.DIRECTORY, name), loadSettings(env.DIRECTORY)]);
  if (!target || !mayOpen(target, identity)) {
    throw new SallyportError(
      "unknown_target",
      `there is no target ${JSON.stringify(name)} that ${identity.principal} may open`,
      "`sallyport targets` lists those that there are.",
    );
  }
  return targets.set(name, { target, limits: sessionLimits(settings) }, now);
}

const bearers = new Remembered<Identity>();

/** As `authenticate`, for opening a session: a service token's bearer is remembered, as `register` checks it again. */
export async function authenticateAgent(
  request: Request,
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
): Promise<Identity> {
  const now = Date.now();
  const key = hashSecret(bearerToken(request));
  const known = bearers.get(key, now);
  if (known) return known;
  const identity = await authenticate(request, env, ctx);
  return identity.credential.kind === "service-token" ? bearers.set(key, identity, now) : identity;
}
