import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import type { Connector } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { PolicyInForce } from "../../protocol/hub-messages.ts";
import { apiRoutes } from "../api/routes.ts";
import { type Registering, register } from "../directory/registration.ts";
import type { Env } from "../environment.ts";
import type { Uptake } from "../hub/object.ts";
import { authenticate } from "../identity/authenticate.ts";
import { authenticateConnector } from "../identity/connector.ts";
import { workerCedar } from "../policy/cedar.ts";
import { problemResponse } from "../problem.ts";
import { sessionStub } from "../session/stub.ts";
import { Connect } from "../tunnel/opening.ts";

export { AccessRequest } from "../approval/access-object.ts";

/**
 * The edge's API for test/stub-edge.ts, with objects that only remember what was asked of them: so that a test
 * registers sessions without a connector and sees which ones a revocation reached.
 */
export class Session extends DurableObject<Env> {
  kill(session: string, code: string, reason: string, by: string): boolean {
    this.ctx.storage.kv.put(session, { code, reason, by });
    return true;
  }

  recording(session: string): ReadableStream {
    const kill = this.ctx.storage.kv.get<{ reason: string }>(session);
    if (!kill) throw new SallyportError("not_found", `there is no recording of session ${session}`);
    return new Blob([kill.reason]).stream();
  }

  killed(session: string): unknown {
    return this.ctx.storage.kv.get(session) ?? null;
  }
}

export class ConnectorHub extends DurableObject<Env> {
  replicas(): Connector["replicas"] {
    return [];
  }

  dropKey(): void {}

  /** The hub of the connector `broken` fails, until it was told to let its replicas come again. */
  policies(message: PolicyInForce, expected: readonly string[]): Uptake {
    if (this.ctx.id.name === "broken") throw new Error("the hub is broken");
    this.ctx.storage.kv.put("told", message.revision);
    return { taken: [...expected], cut: [] };
  }

  reconnect(): void {
    this.ctx.storage.kv.put("told", "reconnect");
  }

  told(): unknown {
    return this.ctx.storage.kv.get("told") ?? null;
  }
}

const app = new Hono<{ Bindings: Env }>()
  .route("/", apiRoutes)
  .post("/test/register", async (c) => {
    const identity = await authenticate(c.req.raw, c.env, c.executionCtx);
    const { session, target } = await c.req.json<{ session: string; target: string }>();
    const opened = Date.now();
    const registering: Registering = {
      session,
      target,
      principal: identity.principal,
      groups: identity.groups,
      ...(identity.onBehalfOf !== undefined && { onBehalfOf: identity.onBehalfOf }),
      kind: "postgres",
      connector: "main",
      opened,
      until: opened + 60_000,
      address: "127.0.0.1",
      mode: "framed",
      instance: "i",
    };
    const { decide } = new Connect(c.env, identity, "framed");
    const result = await register(c.env.DIRECTORY, registering, identity.credential, decide);
    if (result !== "ok") throw result;
    return c.json({});
  })
  .get("/test/killed/:session", async (c) => {
    const session = c.req.param("session");
    const stub = sessionStub(c.env, session) as unknown as DurableObjectStub<Session>;
    return c.json({ killed: await stub.killed(session) });
  })
  .get("/test/told/:connector", async (c) => {
    const hub = c.env.HUB.getByName(c.req.param("connector")) as unknown as DurableObjectStub<ConnectorHub>;
    return c.json({ told: await hub.told() });
  })
  .post("/test/directory", async (c) => {
    const { sql } = await c.req.json<{ sql: string }>();
    await c.env.DIRECTORY.prepare(sql).run();
    return c.json({});
  })
  .post("/test/cedar", async (c) => {
    const { text } = await c.req.json<{ text: string }>();
    try {
      return c.json({ parsed: workerCedar().policySetTextToParts(text).type });
    } catch (error) {
      return c.json({ failed: error instanceof Error ? error.message : "unknown" });
    }
  })
  .get("/test/connector", async (c) => c.json(await authenticateConnector(c.req.raw, c.env, c.executionCtx)))
  .onError((error) => problemResponse(error));

export default { fetch: app.fetch };
