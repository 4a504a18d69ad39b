import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import { SallyportError } from "../../protocol/errors.ts";
import { addHold, type Held, listHolds, releaseHold } from "../retention/holds.ts";
import { actor, administrator, type SignedIn, signedIn } from "./edge.ts";
import { name, pageMembers, pageRequest, principalName, sessionId, words } from "./names.ts";
import { body, object, oneOf, parse, pattern, query } from "./shape.ts";

const holdId = pattern(/^[0-9a-f]{16}$/, "a hold's id: 16 characters of 0-9 and a-f");
const NewHold = object({ reason: words }, { session: sessionId, target: name, principal: principalName });
const Release = object({ reason: words }, {});
const Listing = object({}, { ...pageMembers, released: oneOf("true", "false") });

/** Legal holds, for administrators. */
export const holdRoutes = new Hono<SignedIn>()
  .use(signedIn, administrator)
  .get("/", async (c) => {
    const { limit, cursor, released } = query(c.req.raw, Listing);
    const request = pageRequest({ ...(limit && { limit }), ...(cursor && { cursor }) });
    return c.json(await listHolds(c.env.DIRECTORY, { isReleased: released === "true" }, request));
  })
  .post("/", async (c) => {
    const { reason, session = null, target = null, principal = null } = await body(c.req.raw, NewHold);
    const held: Held = { session, target, principal };
    if (Object.values(held).filter((one) => one !== null).length !== 1)
      throw new SallyportError(
        "invalid_request",
        "a hold is for exactly one of session, target and principal",
        "Add one hold for each.",
      );
    const id = randomBytes(8).toString("hex");
    const hold = await addHold(c.env.DIRECTORY, { id, reason, ...held }, actor(c.get("identity")));
    if (!hold)
      throw new SallyportError(
        "gone",
        `the recording of session ${session} is being deleted, or was: nothing can hold it any more`,
        "sallyport sessions list says since when.",
      );
    return c.json(hold, 201);
  })
  .delete("/:id", async (c) => {
    const id = parse(holdId, c.req.param("id"));
    const { reason } = await body(c.req.raw, Release);
    return c.json(await releaseHold(c.env.DIRECTORY, id, reason, actor(c.get("identity"))));
  });
