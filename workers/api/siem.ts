import { Hono } from "hono";
import { siemStatus } from "../siem/status.ts";
import { administrator, type SignedIn, signedIn } from "./edge.ts";

/** How the delivery of events to a SIEM stands. */
export const siemRoutes = new Hono<SignedIn>().get("/", signedIn, administrator, async (c) =>
  c.json(await siemStatus(c.env, Date.now())),
);
