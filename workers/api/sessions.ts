import { Hono } from "hono";
import { ARCHIVE_TYPE } from "../../protocol/recording/encryption/archive.ts";
import { RECORDING_TYPE } from "../../protocol/recording.ts";
import { recordChange } from "../directory/changes.ts";
import { findRecording } from "../directory/recordings.ts";
import { listSessions } from "../directory/sessions.ts";
import type { Env } from "../environment.ts";
import { type SessionEntries, startedStream } from "../session/entries.ts";
import { followSealed } from "../session/follow-sealed.ts";
import { endSessions } from "../session/revocation.ts";
import { sealedEntries, sealedFile } from "../session/sealed-recording.ts";
import { unreadable } from "../session/sealing/archive.ts";
import { sessionStub } from "../session/stub.ts";
import { actor, type SignedIn, signedIn } from "./edge.ts";
import { evidenceRoutes } from "./evidence.ts";
import { name, pageMembers, pageRequest, principalName, reason } from "./names.ts";
import { deletionRoutes } from "./retention.ts";
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
    const { type, bytes } = await recording(c.env, id);
    const name = type === ARCHIVE_TYPE ? `${id}.sallyport.tar` : `${id}.sallyport`;
    return new Response(bytes, {
      headers: { "content-type": type, "content-disposition": `attachment; filename="${name}"` },
    });
  })
  .get("/:id/follow", async (c) => {
    const { id } = await visibleSession(c.env, c.get("identity"), c.req.param("id"));
    const { from } = query(c.req.raw, From);
    requireUpgrade(c.req.header("upgrade"));
    const sealed = await readableEntries(c.env, id);
    if (sealed) return followSealed(id, sealed, from ?? 1, c.executionCtx);
    // The bearer token ends here: the session's object has no use for it.
    const live = await sessionStub(c.env, id).fetch(
      new Request(`https://session/follow/${id}?from=${from ?? 1}`, { headers: { upgrade: "websocket" } }),
    );
    if (live.status !== 404) return live;
    // It was sealed meanwhile.
    const after = await readableEntries(c.env, id);
    return after ? followSealed(id, after, from ?? 1, c.executionCtx) : live;
  });

/** The export file, from object storage or from the session's object; of an encrypted recording its archive. */
async function recording(env: Env, id: string): Promise<{ type: string; bytes: ReadableStream }> {
  const sealed = async () => {
    const file = await sealedFile(env, id);
    return file && { type: file.type, bytes: await startedStream(file.bytes) };
  };
  const found = await sealed();
  if (found) return found;
  try {
    return { type: RECORDING_TYPE, bytes: await sessionStub(env, id).recording(id) };
  } catch (error) {
    // It was sealed meanwhile.
    const after = await sealed();
    if (!after) throw error;
    return after;
  }
}

/** The entries of a sealed session; null while it is not sealed. Throws `recording_encrypted`, at once. */
async function readableEntries(env: Env, id: string): Promise<SessionEntries | null> {
  const recording = await findRecording(env.DIRECTORY, id);
  if (recording?.isEncrypted) throw unreadable();
  return sealedEntries(env, id);
}
