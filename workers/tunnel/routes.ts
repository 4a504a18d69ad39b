import { type Context, Hono } from "hono";
import { Header, type SessionFacts, SUBPROTOCOL } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { markEnded, register } from "../directory/sessions.ts";
import { loadSettings, sessionLimits } from "../directory/settings.ts";
import { getTarget } from "../directory/targets.ts";
import type { Env } from "../environment.ts";
import { REPLICA_HEADER } from "../hub/object.ts";
import { mayOpen } from "../identity/access.ts";
import { authenticate } from "../identity/authenticate.ts";
import { authenticateConnector } from "../identity/connector.ts";
import type { Identity } from "../identity/identity.ts";
import { OPENING_HEADER, type Opening } from "../session/object.ts";
import { sessionStub } from "../session/stub.ts";

type Call = Context<{ Bindings: Env }>;

/** Everything that becomes a WebSocket, but for viewers. */
export const tunnelRoutes = new Hono<{ Bindings: Env }>()
  .get("/v1/tunnel/:target", async (c) => {
    requireUpgrade(c);
    const identity = await authenticate(c.req.raw, c.env, c.executionCtx);
    const mode = framed(c) ? "framed" : "raw";
    const opening = await prepare(c.env, identity, c.req.param("target"), mode, address(c));
    return openAgent(c, opening);
  })
  .get("/v1/resume/:session", (c) => {
    requireUpgrade(c);
    const session = sessionId(c);
    return upgrade(c, session, `/resume/${session}`, {
      [Header.resume]: c.req.header(Header.resume) ?? "",
      [Header.received]: c.req.header(Header.received) ?? "",
    });
  })
  .get("/v1/connector", async (c) => {
    requireUpgrade(c);
    const connector = await authenticateConnector(c.req.raw, c.env);
    const instance = c.req.header(Header.instance) ?? "";
    if (!/^[0-9a-f]{32}$/.test(instance))
      throw new SallyportError("invalid_request", "the connector's instance is not 32 hex characters");
    return c.env.HUB.getByName(connector.name).fetch("https://hub/", {
      headers: {
        upgrade: "websocket",
        [REPLICA_HEADER]: JSON.stringify(connector),
        [Header.instance]: instance,
      },
    });
  })
  .get("/v1/connector/dial/:session", (c) => {
    requireUpgrade(c);
    const session = sessionId(c);
    return upgrade(c, session, `/connector/${session}`, {
      [Header.ticket]: c.req.header(Header.ticket) ?? "",
    });
  });

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

async function openAgent(c: Call, opening: Opening): Promise<Response> {
  const { session } = opening.facts;
  const response = await upgrade(c, session, `/agent/${session}`, {
    [OPENING_HEADER]: JSON.stringify(opening),
  });
  if (response.status !== 101) {
    await markEnded(
      c.env.DIRECTORY,
      session,
      "session_ended",
      "the session was ended before it opened",
      Date.now(),
    );
  }
  return response;
}

/** Hands the socket to the session's object, with headers of our own making only. */
function upgrade(c: Call, session: string, path: string, headers: Record<string, string>): Promise<Response> {
  const protocol: Record<string, string> = framed(c) ? { "sec-websocket-protocol": SUBPROTOCOL } : {};
  return sessionStub(c.env, session).fetch(
    new Request(`https://session${path}`, { headers: { upgrade: "websocket", ...protocol, ...headers } }),
  );
}

function requireUpgrade(c: Call): void {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    throw new SallyportError(
      "invalid_request",
      "this address speaks WebSocket",
      "Use `sallyport connect`, or a WebSocket client; see docs/protocol.md.",
    );
  }
}

function framed(c: Call): boolean {
  return (c.req.header("sec-websocket-protocol") ?? "").split(",").some((one) => one.trim() === SUBPROTOCOL);
}

function sessionId(c: Call): string {
  const id = c.req.param("session") ?? "";
  if (!/^[0-9a-f]{32}$/.test(id)) throw new SallyportError("not_found", "this is not a session's id");
  return id;
}

function address(c: Call): string {
  return c.req.header("cf-connecting-ip") ?? "unknown";
}
