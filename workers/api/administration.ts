import { Hono } from "hono";
import { readSettings, writeSettings } from "../directory/apply.ts";
import { listChanges } from "../directory/changes.ts";
import { planChanges, sessionsToEnd } from "../directory/plan.ts";
import { openSessions } from "../directory/sessions.ts";
import { actor, administrator, type SignedIn, signedIn } from "./edge.ts";
import { pageQuery, pageRequest } from "./names.ts";
import { endSessions } from "./revocation.ts";
import { Apply } from "./settings.ts";
import { body, query } from "./shape.ts";

/** Settings as code, and the record of what changed. */
export const administrationRoutes = new Hono<SignedIn>()
  .get("/settings", signedIn, administrator, async (c) =>
    c.json((await readSettings(c.env.DIRECTORY)).settings),
  )
  .get("/changes", signedIn, administrator, async (c) => {
    return c.json(await listChanges(c.env.DIRECTORY, pageRequest(query(c.req.raw, pageQuery))));
  })
  .post("/apply", signedIn, administrator, async (c) => {
    const { settings: wanted, dryRun } = await body(c.req.raw, Apply);
    const db = c.env.DIRECTORY;
    const { settings: current, revision } = await readSettings(db);
    const changes = planChanges(current, wanted);
    if (dryRun || changes.length === 0) return c.json({ changes });
    const by = actor(c.get("identity"));
    await writeSettings(db, wanted, changes, revision, by);
    const ending = sessionsToEnd(changes, await openSessions(db));
    const reasons = Map.groupBy(ending, ({ reason }) => reason);
    await Promise.all(
      Array.from(reasons, ([reason, group]) =>
        endSessions(
          c.env,
          group.map(({ session }) => session),
          reason,
          by.principal,
        ),
      ),
    );
    return c.json({ changes });
  });
