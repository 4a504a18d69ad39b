import { Hono } from "hono";
import { recordChange } from "../directory/changes.ts";
import { listSessions } from "../directory/sessions.ts";
import type { Env } from "../environment.ts";
import { startedStream } from "../session/entries.ts";
import { followSealed } from "../session/follow-sealed.ts";
import { sealedEntries } from "../session/sealed-recording.ts";
import { sessionStub } from "../session/stub.ts";
import { actor, type SignedIn, signedIn } from "./edge.ts";
import { evidenceRoutes } from "./evidence.ts";
import { name, pageMembers, pageRequest, principalName, reason } from "./names.ts";
import { deletionRoutes } from "./retention.ts";
import { endSessions } from "./revocation.ts";
import { body, object, oneOf, query } from "./shape.ts";
import { visibleSession } from "./visible-session.ts";
import { From, requireUpgrade, watchRoutes } from "./watch.ts";

const Filter = object(
  {},
  { ...pageMembers, state: oneOf("open", "ended"), principal: principalName, target: name },
);
const Kill = object({ reason }, {});

export const sessionRoutes = new Hono<SignedIn>()
  .use(signedIn)
  .route("/", watchRoutes)
  .route("/", evidenceRoutes)
  .route("/", deletionRoutes)
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
  .get("/:id", async (c) => c.json(await visibleSession(c.env, c.get("identity"), c.req.param("id"))))
  .post("/:id/kill", async (c) => {
    const identity = c.get("identity");
    const session = await visibleSession(c.env, identity, c.req.param("id"));
    const { reason } = await body(c.req.raw, Kill);
    const by = actor(identity);
    await recordChange(c.env.DIRECTORY, by, {
      action: "session.kill",
      subject: session.id,
      before: { ended: session.ended },
      after: { reason },
    }).run();
    // The object of a session that is over may have forgotten it.
    const live = session.ended === null ? [session] : [];
    return c.json({ killed: await endSessions(c.env, live, reason, by.principal) });
  })
  .get("/:id/recording", async (c) => {
    const { id } = await visibleSession(c.env, c.get("identity"), c.req.param("id"));
    return new Response(await recording(c.env, id), {
      headers: {
        "content-type": "application/vnd.sallyport.recording",
        "content-disposition": `attachment; filename="${id}.sallyport"`,
      },
    });
  })
  .get("/:id/follow", async (c) => {
    const { id } = await visibleSession(c.env, c.get("identity"), c.req.param("id"));
    const { from } = query(c.req.raw, From);
    requireUpgrade(c.req.header("upgrade"));
    const sealed = await sealedEntries(c.env, id);
    if (sealed) return followSealed(sealed, from ?? 1, c.executionCtx);
    // The bearer token ends here: the session's object has no use for it.
    const live = await sessionStub(c.env, id).fetch(
      new Request(`https://session/follow/${id}?from=${from ?? 1}`, { headers: { upgrade: "websocket" } }),
    );
    if (live.status !== 404) return live;
    // It was sealed meanwhile.
    const after = await sealedEntries(c.env, id);
    return after ? followSealed(after, from ?? 1, c.executionCtx) : live;
  });

/** The export file, from object storage or from the session's object. */
async function recording(env: Env, id: string): Promise<ReadableStream> {
  const sealed = await sealedEntries(env, id);
  if (sealed) return startedStream(sealed.file());
  try {
    return await sessionStub(env, id).recording(id);
  } catch (error) {
    // It was sealed meanwhile.
    const after = await sealedEntries(env, id);
    if (!after) throw error;
    return startedStream(after.file());
  }
}
