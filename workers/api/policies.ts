import { Hono } from "hono";
import { SallyportError } from "../../protocol/errors.ts";
import { currentPolicies, policiesOf } from "../directory/policies.ts";
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
