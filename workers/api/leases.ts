import { Hono } from "hono";
import { listLeases } from "../directory/leases.ts";
import { type SignedIn, signedIn } from "./edge.ts";
import { name, pageMembers, pageRequest, principalName } from "./names.ts";
import { object, oneOf, query } from "./shape.ts";

const Filter = object(
  {},
  { ...pageMembers, state: oneOf("standing", "over"), principal: principalName, target: name },
);

/** Rights to open targets that others approved: one's own, or, for administrators, all. */
export const leaseRoutes = new Hono<SignedIn>().use(signedIn).get("/", async (c) => {
  const { limit, cursor, ...filter } = query(c.req.raw, Filter);
  const identity = c.get("identity");
  const owner = identity.administrator ? {} : { owner: identity };
  return c.json(
    await listLeases(
      c.env.DIRECTORY,
      { ...filter, ...owner },
      pageRequest({ ...(limit && { limit }), ...(cursor && { cursor }) }),
      Date.now(),
    ),
  );
});
