import { Hono } from "hono";
import type { PolicyInForce } from "../../protocol/control.ts";
import type { PolicyRecord } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { keyedConnectors } from "../directory/connectors.ts";
import { currentPolicies, policiesOf } from "../directory/policies.ts";
import type { Env } from "../environment.ts";
import { admitPolicies } from "../policy/sets.ts";
import { administrator, type SignedIn, signedIn } from "./edge.ts";
import { parse, pattern } from "./shape.ts";

const version = pattern(/^[0-9a-f]{64}$/, "a version: 64 characters of 0-9 and a-f");

/** The policy sets: the one in force, and each that ever was. */
export const policyRoutes = new Hono<SignedIn>()
  .use(signedIn, administrator)
  .get("/", async (c) => c.json(await currentPolicies(c.env.DIRECTORY)))
  .get("/:version", async (c) => {
    const wanted = parse(version, c.req.param("version"));
    const found = await policiesOf(c.env.DIRECTORY, wanted);
    if (!found) throw new SallyportError("not_found", `there are no policies of version ${wanted}`);
    return c.json(found);
  });

/** What is wrong with a policy text, each with its line and column and what to do; none when it may be in force. */
export function policyProblems(text: string): string[] {
  return admitPolicies(text).map(({ line, column, message, hint }) => {
    const words = hint === null ? message : `${message}. ${hint}`;
    return `settings.policies:${line}:${column} ${words.replaceAll(/\s*\n\s*/g, " ")}`;
  });
}

/**
 * Tells every connector what is in force now, before whoever changed it is answered. One whose hub can't be reached
 * is told when its control socket comes again.
 */
export async function announcePolicies(env: Env, record: PolicyRecord): Promise<void> {
  const { version, revision, text } = record;
  const message: PolicyInForce = { type: "policy", version, revision, text };
  const names = await keyedConnectors(env.DIRECTORY);
  await Promise.all(
    names.map(async (name) => {
      const hub = env.HUB.getByName(name);
      try {
        await hub.policies(message);
      } catch (error) {
        console.error(`the hub of connector ${name} did not take the policies:`, error);
        // Their control sockets are closed, as a new one begins with what is in force.
        await hub.reconnect().catch(() => {});
      }
    }),
  );
}
