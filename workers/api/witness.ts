import { Hono } from "hono";
import { administrator, type SignedIn, signedIn } from "./edge.ts";

/** How far the witness outside this cloud is. */
export const witnessRoutes = new Hono<SignedIn>().get("/", signedIn, administrator, async (c) => {
  const { witness } = await c.env.LEDGER.getByName("ledger").status();
  return c.json(witness);
});
