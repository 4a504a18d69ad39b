import { Hono } from "hono";
import type { Session } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { recordChange } from "../directory/changes.ts";
import { getSession, listSessions } from "../directory/sessions.ts";
import type { Env } from "../environment.ts";
import type { Identity } from "../identity/identity.ts";
import { sessionStub } from "../session/stub.ts";
import { actor, type SignedIn, signedIn } from "./edge.ts";
import { name, pageMembers, pageRequest, principalName, reason, sessionId } from "./names.ts";
import { owns } from "./ownership.ts";
import { endSessions } from "./revocation.ts";
import { body, object, oneOf, parse, query } from "./shape.ts";
import { From, requireUpgrade, watchRoutes } from "./watch.ts";

const Filter = object(
  {},
  { ...pageMembers, state: oneOf("open", "ended"), principal: principalName, target: name },
);
const Kill = object({ reason }, {});

export const sessionRoutes = new Hono<SignedIn>()
  .use(signedIn)
  .route("/", watchRoutes)
  .get("/", async (c) => {
    const { limit, cursor, ...filter } = query(c.req.raw, Filter);
    const identity = c.get("identity");
    const owner = identity.administrator ? {} : { owner: identity };
    return c.json(
      await listSessions(
        c.env.DIRECTORY,
        { ...filter, ...owner },
        pageRequest({ ...(limit && { limit }), ...(cursor && { cursor }) }),
      ),
    );
  })
  .get("/:id", async (c) => c.json(await visible(c.env, c.get("identity"), c.req.param("id"))))
  .post("/:id/kill", async (c) => {
    const identity = c.get("identity");
    const session = await visible(c.env, identity, c.req.param("id"));
    const { reason } = await body(c.req.raw, Kill);
    const by = actor(identity);
    await recordChange(c.env.DIRECTORY, by, {
      action: "session.kill",
      subject: session.id,
      before: { ended: session.ended },
      after: { reason },
    }).run();
    return c.json({ killed: await endSessions(c.env, [session], reason, by.principal) });
  })
  .get("/:id/recording", async (c) => {
    const { id } = await visible(c.env, c.get("identity"), c.req.param("id"));
    return new Response(await sessionStub(c.env, id).recording(id), {
      headers: {
        "content-type": "application/vnd.sallyport.recording",
        "content-disposition": `attachment; filename="${id}.sallyport"`,
      },
    });
  })
  .get("/:id/follow", async (c) => {
    const { id } = await visible(c.env, c.get("identity"), c.req.param("id"));
    const { from } = query(c.req.raw, From);
    requireUpgrade(c.req.header("upgrade"));
    // The bearer token ends here: the session's object has no use for it.
    return sessionStub(c.env, id).fetch(
      new Request(`https://session/follow/${id}?from=${from ?? 1}`, { headers: { upgrade: "websocket" } }),
    );
  });

/** The session, if it is there and its own or one administers. Throws `not_found`: others' sessions don't show. */
async function visible(env: Env, identity: Identity, id: string): Promise<Session> {
  const session = await getSession(env.DIRECTORY, parse(sessionId, id));
  if (!session || !(identity.administrator || owns(identity, session))) {
    throw new SallyportError("not_found", `there is no session ${id}`);
  }
  return session;
}
