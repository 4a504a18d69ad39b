import { Hono } from "hono";
import type { Session } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { getSession } from "../directory/sessions.ts";
import type { Env } from "../environment.ts";
import { carryOut } from "../retention/carry-out.ts";
import { decideByHand, findDeletion } from "../retention/deletions.ts";
import { goneError } from "../retention/gone.ts";
import { holdsOf } from "../retention/holds.ts";
import { deletionMeans, sealedReader } from "../retention/means.ts";
import { entryOf } from "../retention/stub.ts";
import { actor, administrator, type SignedIn } from "./edge.ts";
import { words } from "./names.ts";
import { owns } from "./ownership.ts";
import { body, object } from "./shape.ts";
import { visibleSession } from "./visible-session.ts";

const Delete = object({ reason: words }, {});

/**
 * Deleting a sealed recording by hand, for administrators; nobody deletes the recording of an own session. Answers the session
 * with what has become of it: what could not be done at once the sweep goes on with. Behind `signedIn`.
 */
export const deletionRoutes = new Hono<SignedIn>().post("/:id/delete", administrator, async (c) => {
  const identity = c.get("identity");
  const { id, ...session } = await visibleSession(c.env, identity, c.req.param("id"));
  const { reason } = await body(c.req.raw, Delete);
  if (owns(identity, session))
    throw new SallyportError(
      "forbidden",
      `session ${id} is ${identity.principal}'s own: somebody else must delete its recording`,
      "Ask another administrator.",
    );
  if (session.deletion) throw goneError(id, session.deletion);
  if (session.sealed === null) throw notSealed(id, session.ended);
  const sealed = await sealedReader(c.env)(id);
  if ("fault" in sealed)
    throw new SallyportError("conflict", `the recording of session ${id} can't be deleted: ${sealed.fault}`);
  const by = actor(identity);
  if (!(await decideByHand(c.env.DIRECTORY, entryOf(sealed, reason, by.principal, by.time), by)))
    throw await refused(c.env, id);
  const deletion = await findDeletion(c.env.DIRECTORY, id);
  const work = carryOut(deletion!, deletionMeans(c.env));
  // What is decided must come about though whoever asked has hung up.
  c.executionCtx.waitUntil(work.catch(() => {}));
  const { step } = await work;
  const after = await getSession(c.env.DIRECTORY, id);
  return c.json(after satisfies Session | null, step === "done" ? 200 : 202);
});

function notSealed(id: string, ended: number | null): SallyportError {
  return new SallyportError(
    "conflict",
    `the recording of session ${id} is not sealed, and what is not sealed is not deleted`,
    ended === null
      ? "It is open: end it first (sallyport sessions kill)."
      : "Try again when it is: sallyport sessions list",
  );
}

/** Why a recording may not go. */
async function refused({ DIRECTORY }: Env, id: string): Promise<SallyportError> {
  const session = await getSession(DIRECTORY, id);
  if (session?.deletion) return goneError(id, session.deletion);
  const holds = await holdsOf(DIRECTORY, id);
  return new SallyportError(
    "conflict",
    `the recording of session ${id} is held${holds.length > 0 ? ` by ${holds.join(", ")}` : ""}`,
    "sallyport holds list says why; what is held is not deleted.",
  );
}
