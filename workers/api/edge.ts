import { createMiddleware } from "hono/factory";
import { SallyportError } from "../../protocol/errors.ts";
import type { Actor } from "../directory/changes.ts";
import type { Env } from "../environment.ts";
import { authenticate } from "../identity/authenticate.ts";
import type { Identity } from "../identity/identity.ts";

/** What routes behind `signedIn` have. */
export interface SignedIn {
  Bindings: Env;
  Variables: { identity: Identity };
}

/** Lets a request pass whose bearer token proves somebody. */
export const signedIn = createMiddleware<SignedIn>(async (c, next) => {
  c.set("identity", await authenticate(c.req.raw, c.env, c.executionCtx));
  await next();
});

/** After `signedIn`: lets only administrators pass. */
export const administrator = createMiddleware<SignedIn>(async (c, next) => {
  const { principal, administrator } = c.get("identity");
  if (!administrator) throw new SallyportError("forbidden", `${principal} is not an administrator`);
  await next();
});

/** Who changes something, now. */
export function actor({ principal }: Identity): Actor {
  return { principal, time: Date.now() };
}
