import { Hono } from "hono";
import type { Session } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { recordChange } from "../directory/changes.ts";
import { getSession, listSessions } from "../directory/sessions.ts";
import type { Env } from "../environment.ts";
import type { Identity, Subject } from "../identity/identity.ts";
import { sessionStub } from "../session/stub.ts";
import { actor, type SignedIn, signedIn } from "./edge.ts";
import { name, pageMembers, pageRequest, principalName, reason, sessionId } from "./names.ts";
import { endSessions } from "./revocation.ts";
import { body, object, oneOf, parse, query, wholeText } from "./shape.ts";

const Filter = object(
  {},
  { ...pageMembers, state: oneOf("open", "ended"), principal: principalName, target: name },
);
const Follow = object({}, { from: wholeText(1, Number.MAX_SAFE_INTEGER) });
const Kill = object({ reason }, {});

/**
 * Whether a session is one's own: those that one opened, and those that an agent opened for one. Who acts for a
 * user has, of the sessions of the same agent, only those for the same user.
 */
export function owns(
  subject: Pick<Subject, "principal" | "onBehalfOf">,
  session: Pick<Session, "principal" | "onBehalfOf">,
): boolean {
  if (subject.onBehalfOf !== undefined) {
    return session.principal === subject.principal && session.onBehalfOf === subject.onBehalfOf;
  }
  return session.principal === subject.principal || session.onBehalfOf === subject.principal;
}

export const sessionRoutes = new Hono<SignedIn>()
  .use(signedIn)
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
    const { from } = query(c.req.raw, Follow);
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      throw new SallyportError("invalid_request", "this is a WebSocket endpoint");
    }
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
