import type { Limits, SessionFacts } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { register } from "../directory/sessions.ts";
import { loadSettings, sessionLimits } from "../directory/settings.ts";
import { getTarget } from "../directory/targets.ts";
import type { Env } from "../environment.ts";
import { mayOpen } from "../identity/access.ts";
import type { Identity } from "../identity/identity.ts";

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
  const [target, settings] = await Promise.all([
    getTarget(env.DIRECTORY, targetName),
    loadSettings(env.DIRECTORY),
  ]);
  if (!target || !mayOpen(target, identity)) {
    throw new SallyportError(
      "unknown_target",
      `there is no target ${JSON.stringify(targetName)} that ${identity.principal} may open`,
      "`sallyport targets` lists those that there are.",
    );
  }
  const assignment = await env.HUB.getByName(target.connector).assign(target.name, session);
  if (!assignment) {
    throw new SallyportError(
      "connector_offline",
      `no connector ${target.connector} that serves ${target.name} is online`,
      "Start `sallyport connector` in its network, or look at its log.",
    );
  }
  const limits = sessionLimits(settings);
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
  if (registered !== "ok") throw registered;
  return { facts, limits };
}
