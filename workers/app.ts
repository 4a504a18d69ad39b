import { Hono } from "hono";
import { SallyportError } from "../protocol/errors.ts";
import { apiRoutes } from "./api/routes.ts";
import { browserRoutes } from "./browser/routes.ts";
import type { Env } from "./environment.ts";
import { problemResponse } from "./problem.ts";
import { tunnelRoutes } from "./tunnel/routes.ts";

/** What goes with every answer: it is for its caller alone, and no page, unless it says otherwise itself. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
};

/** The edge: the HTTP API, the tunnels, and pages for people. Every error leaves as problem+json, or as a page. */
export const app = new Hono<{ Bindings: Env }>()
  .use(async (c, next) => {
    await next();
    // A response that was copied to change its headers would lose its WebSocket.
    if (c.res.status === 101) return;
    c.res = new Response(c.res.body, c.res);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    }
  })
  .route("/", apiRoutes)
  .route("/", tunnelRoutes)
  .route("/", browserRoutes)
  .onError((error) => problemResponse(error))
  .notFound(() => problemResponse(new SallyportError("not_found", "there is nothing at this address")));
