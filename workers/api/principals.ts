import { Hono } from "hono";
import { SallyportError } from "../../protocol/errors.ts";
import { openSessionsOf } from "../directory/open-sessions.ts";
import { disablePrincipal, enablePrincipal, listPrincipals } from "../directory/principals.ts";
import { BOOTSTRAP } from "../identity/authenticate.ts";
import { dismissWatchers, endSessions } from "../session/revocation.ts";
import { actor, administrator, type SignedIn, signedIn } from "./edge.ts";
import { pageQuery, pageRequest, principalName, reason } from "./names.ts";
import { body, object, parse, query } from "./shape.ts";

const Reason = object({}, { reason });

export const principalRoutes = new Hono<SignedIn>()
  .use(signedIn, administrator)
  .get("/", async (c) => {
    return c.json(await listPrincipals(c.env.DIRECTORY, pageRequest(query(c.req.raw, pageQuery))));
  })
  .post("/:name/disable", async (c) => {
    const principal = parse(principalName, c.req.param("name"));
    if (principal === BOOTSTRAP) {
      throw new SallyportError(
        "invalid_request",
        "the bootstrap principal can't be disabled",
        "Remove BOOTSTRAP_TOKEN_SHA256 from the edge.",
      );
    }
    const { reason } = await body(c.req.raw, Reason);
    const by = actor(c.get("identity"));
    await disablePrincipal(c.env.DIRECTORY, principal, reason ?? null, by);
    const sessions = await openSessionsOf(c.env.DIRECTORY, { principal });
    const [killed] = await Promise.all([
      endSessions(c.env, sessions, `the principal ${principal} was disabled`, by.principal),
      dismissWatchers(c.env, { principal }),
    ]);
    return c.json({ killed });
  })
  .post("/:name/enable", async (c) => {
    const principal = parse(principalName, c.req.param("name"));
    const { reason } = await body(c.req.raw, Reason);
    await enablePrincipal(c.env.DIRECTORY, principal, reason ?? null, actor(c.get("identity")));
    return c.json({});
  });
