import { Hono } from "hono";
import { SallyportError } from "../../protocol/errors.ts";
import { policiesInForce } from "../approval/answer.ts";
import { getSession } from "../directory/sessions.ts";
import { getTarget } from "../directory/targets.ts";
import { noteWatch } from "../directory/watches.ts";
import type { Env } from "../environment.ts";
import { authenticate } from "../identity/authenticate.ts";
import type { Identity } from "../identity/identity.ts";
import { watchRefusal } from "../policy/watch.ts";
import { sessionStub } from "../session/stub.ts";
import { WATCHER_HEADER, type Watcher } from "../session/watchers.ts";
import type { SignedIn } from "./edge.ts";
import { sessionId } from "./names.ts";
import { owns } from "./ownership.ts";
import { object, parse, query, wholeText } from "./shape.ts";

/** The query of a viewer: from which entry it reads. */
export const From = object({}, { from: wholeText(1, Number.MAX_SAFE_INTEGER) });

/** Watching a session: a viewer's socket that counts. Behind `signedIn`. */
export const watchRoutes = new Hono<SignedIn>().get("/:id/watch", async (c) => {
  const id = parse(sessionId, c.req.param("id"));
  const { from } = query(c.req.raw, From);
  requireUpgrade(c.req.header("upgrade"));
  const identity = c.get("identity");
  await checkWatch(c.env, identity, id);
  const watcher = watcherOf(identity, Date.now());
  await noteWatch(c.env.DIRECTORY, id, watcher);
  const stub = sessionStub(c.env, id);
  const response = await stub.fetch(
    new Request(`https://session/watch/${id}?from=${from ?? 1}`, {
      headers: { upgrade: "websocket", [WATCHER_HEADER]: JSON.stringify(watcher) },
    }),
  );
  // A revocation that came between has looked for sockets when this was not yet one.
  try {
    await checkWatch(c.env, await authenticate(c.req.raw, c.env, c.executionCtx), id);
  } catch {
    await stub.dismissWatchers(id, { principal: identity.principal });
  }
  return response;
});

/** Throws `invalid_request` for what is not a WebSocket's upgrade. */
export function requireUpgrade(header: string | undefined): void {
  if (header?.toLowerCase() !== "websocket") {
    throw new SallyportError("invalid_request", "this is a WebSocket endpoint");
  }
}

/** Throws why somebody may not watch a session now; `not_found` also where it may not know of it. */
async function checkWatch(env: Env, identity: Identity, id: string): Promise<void> {
  const session = await getSession(env.DIRECTORY, id);
  if (!session) throw new SallyportError("not_found", `there is no session ${id}`);
  const [target, set] = await Promise.all([getTarget(env.DIRECTORY, session.target), policiesInForce(env)]);
  const sees = identity.administrator || owns(identity, session);
  const refusal = watchRefusal(set, identity, session, target, sees);
  if (refusal) throw refusal;
}

/** A service token is itself the right, so its end is the end of watching; another credential proves who came. */
function watcherOf({ principal, onBehalfOf, credential }: Identity, since: number): Watcher {
  return {
    principal,
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    ...(credential.kind === "service-token" && { token: credential.id, until: credential.expires }),
    since,
  };
}
