import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import type { Env } from "../environment.ts";
import { wakeLedger } from "../ledger/stub.ts";
import { accessRequestRoutes } from "./access-requests.ts";
import { administrationRoutes } from "./administration.ts";
import { approvalRoutes } from "./approvals.ts";
import { connectorRoutes, enrolmentRoutes } from "./connectors.ts";
import { type SignedIn, signedIn } from "./edge.ts";
import { holdRoutes } from "./holds.ts";
import { leaseRoutes } from "./leases.ts";
import { ledgerRoutes, ledgerStatusRoutes } from "./ledger.ts";
import { policyRoutes } from "./policies.ts";
import { principalRoutes } from "./principals.ts";
import { publicRoutes } from "./public.ts";
import { searchRoutes } from "./search.ts";
import { sessionRoutes } from "./sessions.ts";
import { siemRoutes } from "./siem.ts";
import { slackRoutes } from "./slack.ts";
import { targetRoutes } from "./targets.ts";
import { tokenRoutes } from "./tokens.ts";
import { witnessRoutes } from "./witness.ts";

const whoami = new Hono<SignedIn>().get("/", signedIn, (c) => {
  const { principal, groups, onBehalfOf, administrator } = c.get("identity");
  return c.json({ principal, groups, onBehalfOf: onBehalfOf ?? null, administrator });
});

/** What changes the directory is a matter for the ledger, which looks soon: nobody waits for that. */
const noting = createMiddleware<{ Bindings: Env }>(async (c, next) => {
  await next();
  if (c.req.method !== "GET" && c.req.method !== "HEAD") c.executionCtx.waitUntil(wakeLedger(c.env));
});

/** The HTTP API. Order counts in one place: enrolment has no bearer, the other connector routes do. */
export const apiRoutes = new Hono<{ Bindings: Env }>()
  .use("/v1/*", noting)
  .route("/v1", publicRoutes)
  .route("/v1", administrationRoutes)
  .route("/v1/whoami", whoami)
  .route("/v1/policies", policyRoutes)
  .route("/v1/targets", targetRoutes)
  .route("/v1/tokens", tokenRoutes)
  .route("/v1/principals", principalRoutes)
  .route("/v1/connectors", enrolmentRoutes)
  .route("/v1/connectors", connectorRoutes)
  .route("/v1/approvals", approvalRoutes)
  .route("/v1/access-requests", accessRequestRoutes)
  .route("/v1/leases", leaseRoutes)
  .route("/v1/search", searchRoutes)
  .route("/v1/sessions", sessionRoutes)
  .route("/v1/holds", holdRoutes)
  .route("/v1/ledger", ledgerStatusRoutes)
  .route("/ledger", ledgerRoutes)
  .route("/v1/siem", siemRoutes)
  .route("/v1/witness", witnessRoutes)
  .route("/v1/slack", slackRoutes);
