import { type Context, Hono } from "hono";
import type { Approval, ApprovalSummary } from "../../protocol/approval/approval.ts";
import type { Page, TrailEntry } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { answerApproval, findApproval, policiesInForce, unknownApproval } from "../approval/answer.ts";
import { type Held, heldBy, isOwnQuestion, mayAnswerFor } from "../approval/rights.ts";
import { approvalHost, approvalOwner } from "../approval/stub.ts";
import { type IndexedApproval, indexApproval, listApprovals } from "../directory/approvals.ts";
import { recordChange } from "../directory/changes.ts";
import { openSessionsOf } from "../directory/open-sessions.ts";
import { allTargets, getTarget } from "../directory/targets.ts";
import type { Env } from "../environment.ts";
import type { Identity } from "../identity/identity.ts";
import { actor, type SignedIn, signedIn } from "./edge.ts";
import { name, pageMembers, pageRequest, principalName, reason, sessionId } from "./names.ts";
import { owns } from "./ownership.ts";
import { body, object, oneOf, query, wholeText } from "./shape.ts";

/** Seconds that a request may wait for an approval to change. */
const MAX_WAIT_S = 25;
/** The first and the longest pause between two looks, ms. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

const Filter = object(
  {},
  {
    ...pageMembers,
    status: oneOf("pending", "approved", "used", "lapsed", "denied", "expired", "withdrawn"),
    target: name,
    principal: principalName,
    session: sessionId,
  },
);
const Wait = object({}, { wait: wholeText(0, MAX_WAIT_S) });
const MayExplain = object({}, { reason });
const MustExplain = object({ reason }, {});

export const approvalRoutes = new Hono<SignedIn>()
  .use(signedIn)
  .get("/", async (c) => {
    const { limit, cursor, ...filter } = query(c.req.raw, Filter);
    const page = await listApprovals(
      c.env.DIRECTORY,
      filter,
      await sightOf(c.env, c.get("identity")),
      pageRequest({ ...(limit && { limit }), ...(cursor && { cursor }) }),
      Date.now(),
    );
    const items = page.items.map(({ actions: _actions, ...summary }): ApprovalSummary => summary);
    return c.json({ ...page, items } satisfies Page<ApprovalSummary>);
  })
  .get("/:id", async (c) => {
    const { wait } = query(c.req.raw, Wait);
    const { approval } = await visible(c.env, c.get("identity"), c.req.param("id"));
    return c.json(await changed(c.env, approval, (wait ?? 0) * 1_000));
  })
  .get("/:id/trail", async (c) => {
    const { approval } = await visible(c.env, c.get("identity"), c.req.param("id"));
    const { accessRequest, owner } = approvalOwner(approval.id);
    if (!accessRequest) {
      throw new SallyportError(
        "invalid_request",
        `the trail of a held ${approval.kind} is its session's recording`,
        `See it with: sallyport replay ${owner}`,
      );
    }
    const items: TrailEntry[] = await c.env.ACCESS.getByName(owner).trail(approval.id);
    return c.json({ items, next: null } satisfies Page<TrailEntry>);
  })
  .post("/:id/approve", (c) => answered(c, c.req.param("id"), "approve"))
  .post("/:id/deny", (c) => answered(c, c.req.param("id"), "deny"))
  .post("/:id/revoke", async (c) => {
    const { reason } = await body(c.req.raw, MustExplain);
    const identity = c.get("identity");
    const { approval, mayAnswer } = await visible(c.env, identity, c.req.param("id"));
    if (!identity.administrator && !mayAnswer) {
      throw new SallyportError(
        "forbidden",
        `${identity.principal} may not revoke this`,
        "Who may approve it, or administers, can; `withdraw` gives back what is one's own.",
      );
    }
    const { id } = approval;
    const by = actor(identity);
    const lease = approval.kind === "connect" ? { lease: id } : null;
    const standing = lease ? await openSessionsOf(c.env.DIRECTORY, lease) : [];
    // That a lease is revoked is recorded with it.
    if (approval.status === "pending" || (approval.status === "approved" && !lease)) {
      await recordChange(c.env.DIRECTORY, by, {
        action: "approval.revoke",
        subject: id,
        before: { status: approval.status, until: approval.until },
        after: { reason },
      }).run();
    }
    const revoked = await approvalHost(c.env, id).revokeApproval(id, by.principal, reason);
    const after = (await approvalHost(c.env, id).viewApproval(id)) ?? approval;
    // What was revoked before is revoked: asked again, because the first answer was lost, it is no error.
    const before = after.status === "lapsed" && (after.until ?? 0) > by.time;
    if (!revoked && !before) throw ended(after);
    await index(c, after);
    return c.json({ approval: after, killed: standing.length });
  })
  .post("/:id/withdraw", async (c) => {
    const given = await body(c.req.raw, MayExplain);
    const identity = c.get("identity");
    const { approval } = await visible(c.env, identity, c.req.param("id"));
    if (!owns(identity, approval)) {
      throw new SallyportError(
        "forbidden",
        "only who asked can withdraw this",
        "Others deny it, or revoke it.",
      );
    }
    const { id } = approval;
    if (approval.kind !== "connect") {
      throw new SallyportError(
        "invalid_request",
        `a held ${approval.kind} is withdrawn where it waits`,
        "Cancel it in its client, or end its session.",
      );
    }
    const words = given.reason || `${identity.principal} asks no more`;
    const withdrawn = await approvalHost(c.env, id).withdrawApproval(id, words);
    const after = (await approvalHost(c.env, id).viewApproval(id)) ?? approval;
    if (!withdrawn && after.status !== "withdrawn") throw ended(after);
    await index(c, after);
    return c.json(after);
  });

async function answered(c: Context<SignedIn>, id: string, answer: "approve" | "deny"): Promise<Response> {
  const { reason } = await body(c.req.raw, MayExplain);
  const identity = c.get("identity");
  try {
    const approval = await answerApproval(c.env, id, {
      identity,
      answer,
      channel: "api",
      reason: reason || null,
    });
    await index(c, approval);
    return c.json(approval);
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== "forbidden") throw error;
    // Who may see it is told why; to others it is not there.
    await visible(c.env, identity, id);
    throw error;
  }
}

/** Brings the listing up before the answer; the object does so as well, from its alarm, so a failure is none. */
async function index(c: Context<SignedIn>, approval: Approval): Promise<void> {
  await indexApproval(c.env.DIRECTORY, approval).catch(() => {});
}

function ended({ id, status }: Approval): SallyportError {
  return new SallyportError("conflict", `the approval ${id} is over already: it is ${status}`);
}

/** An approval that somebody may see: its own, one that it may answer, or any for administrators. Throws `not_found`. */
export async function visible(
  env: Env,
  identity: Identity,
  id: string,
): Promise<{ approval: Approval; mayAnswer: boolean }> {
  const approval = await findApproval(env, id);
  if (!approval) throw unknownApproval(id, identity.principal);
  const mine = owns(identity, approval);
  const mayAnswer =
    !mine &&
    (await isApprover(env, identity, heldBy(approval)).catch((error: unknown) => {
      // Where the policies in force can't be used nobody may answer; administrators still see, and revoke.
      if (!identity.administrator) throw error;
      return false;
    }));
  if (!mine && !mayAnswer && !identity.administrator) throw unknownApproval(id, identity.principal);
  return { approval, mayAnswer };
}

async function isApprover(env: Env, identity: Identity, held: Held): Promise<boolean> {
  if (isOwnQuestion(identity, held)) return false;
  const [target, set] = await Promise.all([getTarget(env.DIRECTORY, held.target), policiesInForce(env)]);
  return target !== null && mayAnswerFor(set, identity, target, held).length > 0;
}

/** Which rows of a listing somebody may see, by the policies in force. */
async function sightOf(env: Env, identity: Identity): Promise<(approval: IndexedApproval) => boolean> {
  if (identity.administrator) return () => true;
  const [all, set] = await Promise.all([allTargets(env.DIRECTORY), policiesInForce(env)]);
  const targets = new Map(all.map((target) => [target.name, target]));
  const known = new Map<string, boolean>();
  return (approval) => {
    if (owns(identity, approval)) return true;
    const { target: name, principal, onBehalfOf, actions, approvals } = approval;
    const target = targets.get(name);
    if (target === undefined || isOwnQuestion(identity, approval)) return false;
    const key = JSON.stringify([name, principal, onBehalfOf, actions, approvals]);
    const may = known.get(key) ?? mayAnswerFor(set, identity, target, approval).length > 0;
    known.set(key, may);
    return may;
  };
}

/** The approval once it has another vote or is no longer pending; as it is when the time (ms) is over. */
async function changed(env: Env, first: Approval, forMs: number): Promise<Approval> {
  const end = Date.now() + forMs;
  let approval = first;
  let pause = FIRST_PAUSE_MS;
  const stands = () => approval.status === "pending" && approval.votes.length === first.votes.length;
  while (stands() && Date.now() < end) {
    const ms = Math.min(pause, end - Date.now());
    await new Promise((resolve) => setTimeout(resolve, ms));
    pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
    approval = (await approvalHost(env, first.id).viewApproval(first.id)) ?? first;
  }
  return approval;
}
