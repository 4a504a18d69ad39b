import { Hono } from "hono";
import type { Env } from "../environment.ts";
import { accessRequestRoutes } from "./access-requests.ts";
import { administrationRoutes } from "./administration.ts";
import { approvalRoutes } from "./approvals.ts";
import { connectorRoutes, enrolmentRoutes } from "./connectors.ts";
import { type SignedIn, signedIn } from "./edge.ts";
import { leaseRoutes } from "./leases.ts";
import { policyRoutes } from "./policies.ts";
import { principalRoutes } from "./principals.ts";
import { publicRoutes } from "./public.ts";
import { sessionRoutes } from "./sessions.ts";
import { slackRoutes } from "./slack.ts";
import { targetRoutes } from "./targets.ts";
import { tokenRoutes } from "./tokens.ts";

const whoami = new Hono<SignedIn>().get("/", signedIn, (c) => {
  const { principal, groups, onBehalfOf, administrator } = c.get("identity");
  return c.json({ principal, groups, onBehalfOf: onBehalfOf ?? null, administrator });
});

/** The HTTP API. Order counts in one place: enrolment has no bearer, the other connector routes do. */
export const apiRoutes = new Hono<{ Bindings: Env }>()
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
  .route("/v1/sessions", sessionRoutes)
  .route("/v1/slack", slackRoutes);
