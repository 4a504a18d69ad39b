import { type Context, Hono } from "hono";
import { Header, type SessionTrace, SUBPROTOCOL } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { addressOf } from "../address.ts";
import { connectorKey } from "../directory/connectors.ts";
import { markVoid } from "../directory/sessions.ts";
import type { Env } from "../environment.ts";
import { newSessionId, REPLICA_HEADER } from "../hub/object.ts";
import { authenticateConnector } from "../identity/connector.ts";
import { VISITOR_HEADER, type Visitor } from "../session/doorways.ts";
import { sessionStub } from "../session/stub.ts";
import { traced } from "../telemetry/request-trace.ts";
import { authenticateAgent, OPENING_HEADER, type Opening, prepare } from "./opening.ts";

type Call = Context<{ Bindings: Env }>;

/** Everything that becomes a WebSocket, but for viewers. */
export const tunnelRoutes = new Hono<{ Bindings: Env }>()
  .get("/v1/tunnel/:target", async (c) => {
    requireUpgrade(c);
    const target = c.req.param("target");
    const mode = framed(c) ? "framed" : "raw";
    // A driver that can't set headers sends its token as the password, once its socket is open.
    const isVisitor = mode === "raw" && !c.req.header("authorization");
    return traced(c.req.raw, "/v1/tunnel/:target", c.env, c.executionCtx, async (trace) => {
      if (isVisitor) return openDoorway(c, target, trace.session());
      const identity = await trace.step("authenticate", () =>
        authenticateAgent(c.req.raw, c.env, c.executionCtx),
      );
      const opening = await prepare(c.env, identity, target, mode, addressOf(c.req.raw, c.env), {}, trace);
      return trace.step("open session", () => openAgent(c, opening));
    });
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
    const connector = await authenticateConnector(c.req.raw, c.env, c.executionCtx);
    const instance = c.req.header(Header.instance) ?? "";
    if (!/^[0-9a-f]{32}$/.test(instance))
      throw new SallyportError("invalid_request", "the connector's instance is not 32 hex characters");
    const hub = c.env.HUB.getByName(connector.name);
    const response = await hub.fetch("https://hub/", {
      headers: {
        upgrade: "websocket",
        [REPLICA_HEADER]: JSON.stringify(connector),
        [Header.instance]: instance,
      },
    });
    // A revocation may have come between: it has closed the sockets that were there, and this was not yet one.
    const key = await connectorKey(c.env.DIRECTORY, connector.key);
    if (key?.revoked !== null) await hub.dropKey(connector.key);
    return response;
  })
  .get("/v1/connector/dial/:session", (c) => {
    requireUpgrade(c);
    const session = sessionId(c);
    return upgrade(c, session, `/connector/${session}`, {
      [Header.ticket]: c.req.header(Header.ticket) ?? "",
    });
  });

async function openAgent(c: Call, opening: Opening): Promise<Response> {
  const { session } = opening.facts;
  const response = await upgrade(c, session, `/agent/${session}`, {
    [OPENING_HEADER]: JSON.stringify(opening),
  });
  if (response.status !== 101) {
    await markVoid(
      c.env.DIRECTORY,
      session,
      "session_ended",
      "the session was ended before it opened",
      Date.now(),
    );
  }
  return response;
}

function openDoorway(c: Call, target: string, trace: SessionTrace | undefined): Promise<Response> {
  const session = newSessionId();
  const address = addressOf(c.req.raw, c.env);
  const visitor: Visitor = { session, target, address, ...(trace && { trace }) };
  return upgrade(c, session, `/doorway/${session}`, { [VISITOR_HEADER]: JSON.stringify(visitor) });
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
