import { Hono } from "hono";
import { listTargets } from "../directory/targets.ts";
import { type SignedIn, signedIn } from "./edge.ts";
import { explainRoutes } from "./explain.ts";
import { pageQuery, pageRequest } from "./names.ts";
import { query } from "./shape.ts";

export const targetRoutes = new Hono<SignedIn>().route("/", explainRoutes).get("/", signedIn, async (c) => {
  const identity = c.get("identity");
  const page = await listTargets(
    c.env.DIRECTORY,
    identity.administrator ? null : identity,
    pageRequest(query(c.req.raw, pageQuery)),
  );
  const connectors = [...new Set(page.items.map(({ connector }) => connector))];
  const replicas = new Map(
    await Promise.all(
      connectors.map(async (name) => [name, await c.env.HUB.getByName(name).replicas()] as const),
    ),
  );
  const items = page.items.map((target) => ({
    ...target,
    online: replicas.get(target.connector)!.some(({ targets }) => serves(targets, target.name)),
  }));
  return c.json({ ...page, items });
});

/** A replica that lists none serves whatever its file has. */
function serves(targets: string[], name: string): boolean {
  return targets.length === 0 || targets.includes(name);
}
