import { Hono } from "hono";
import type { ListedTarget, Target } from "../../protocol/directory.ts";
import { hostKeysOf } from "../directory/host-keys.ts";
import { currentStamp } from "../directory/policies.ts";
import { listTargets } from "../directory/targets.ts";
import type { Env } from "../environment.ts";
import type { Identity } from "../identity/identity.ts";
import { decideConnect } from "../policy/connect.ts";
import { loadPolicies } from "../policy/sets.ts";
import { type SignedIn, signedIn } from "./edge.ts";
import { explainRoutes } from "./explain.ts";
import { labelScanRoutes } from "./label-scan.ts";
import { pageQuery, pageRequest } from "./names.ts";
import { query } from "./shape.ts";

export const targetRoutes = new Hono<SignedIn>()
  .route("/", explainRoutes)
  .route("/", labelScanRoutes)
  .get("/", signedIn, async (c) => {
    const identity = c.get("identity");
    const request = pageRequest(query(c.req.raw, pageQuery));
    const accessTo = await accessOf(c.env, identity);
    const see = (target: Target) => {
      const access = accessTo(target);
      return access === "none" && !identity.administrator ? null : { ...target, access };
    };
    const page = await listTargets(c.env.DIRECTORY, see, request);
    const connectors = [...new Set(page.items.map(({ connector }) => connector))];
    const replicas = new Map(
      await Promise.all(
        connectors.map(async (name) => [name, await c.env.HUB.getByName(name).replicas()] as const),
      ),
    );
    const hostKeys = await hostKeysOf(
      c.env.DIRECTORY,
      page.items.filter(({ kind }) => kind === "ssh").map(({ connector }) => connector),
    );
    const items = page.items.map(
      (target): ListedTarget => ({
        ...target,
        hostKey: target.kind === "ssh" ? (hostKeys.get(target.connector) ?? null) : null,
        online: replicas.get(target.connector)!.some(({ targets }) => serves(targets, target.name)),
      }),
    );
    return c.json({ ...page, items });
  });

/**
 * Tells what opening a target with the client would come to. Where the policies in force can't be used nothing can be
 * opened: an administrator, who can mend that, is shown so, and others get the error.
 */
async function accessOf(env: Env, identity: Identity): Promise<(target: Target) => ListedTarget["access"]> {
  try {
    const set = await loadPolicies(env.DIRECTORY, (await currentStamp(env.DIRECTORY)).version);
    return (target) => ACCESS[decideConnect(set, identity, target, "framed").decision.verdict];
  } catch (error) {
    if (!identity.administrator) throw error;
    return () => "none";
  }
}

const ACCESS = { allow: "allow", approve: "approve", block: "none" } as const;

/** A replica that lists none serves whatever its file has. */
function serves(targets: string[], name: string): boolean {
  return targets.length === 0 || targets.includes(name);
}
