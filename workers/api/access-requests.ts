import { Hono } from "hono";
import {
  type Approval,
  type ApprovalId,
  type ConnectQuestion,
  MAX_APPROVAL_REASON,
} from "../../protocol/approval/approval.ts";
import type { AccessAnswer } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Approve } from "../../protocol/policy/decision.ts";
import { policiesInForce } from "../approval/answer.ts";
import { accessApprovalId, approvalHost, approvalOwner } from "../approval/stub.ts";
import { claimRequest, dropClaim, type Holder, indexApproval } from "../directory/approvals.ts";
import { standingLeases } from "../directory/leases.ts";
import { getTarget } from "../directory/targets.ts";
import type { Env } from "../environment.ts";
import { newSessionId } from "../hub/object.ts";
import type { Subject } from "../identity/identity.ts";
import { connectRefusal, decideConnect, leaseFor, unknownTarget } from "../policy/connect.ts";
import { type SignedIn, signedIn } from "./edge.ts";
import { name } from "./names.ts";
import { body, object, pattern, whole } from "./shape.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const WEEK = 7 * 24 * HOUR;
/** Requests that one principal may make in an hour: each is put to people. */
const MAX_PER_HOUR = 30;
/** A request that is in the way may end just now; then it is looked at again. */
const MAX_ROUNDS = 4;

const purpose = pattern(
  new RegExp(`^(?=.*\\S)[^\\p{Cc}]{1,${MAX_APPROVAL_REASON}}$`, "u"),
  `why access is needed, in 1 to ${MAX_APPROVAL_REASON} characters`,
);
const Wanted = object({ target: name, reason: purpose }, { lasts: whole(SECOND, WEEK) });

/** Asks people for the right to open a target. */
export const accessRequestRoutes = new Hono<SignedIn>().post("/", signedIn, async (c) => {
  const { target: targetName, reason, lasts } = await body(c.req.raw, Wanted);
  const identity = c.get("identity");
  const { DIRECTORY } = c.env;
  const target = await getTarget(DIRECTORY, targetName);
  if (!target) throw unknownTarget(identity.principal, targetName);
  const connect = decideConnect(await policiesInForce(c.env), identity, target, "framed");
  const { decision } = connect;
  if (decision.verdict === "allow") return c.json({ status: "allowed" } satisfies AccessAnswer);
  if (decision.verdict === "block") throw connectRefusal(connect, identity.principal, target.name);
  const lease = leaseFor(
    connect,
    await standingLeases(DIRECTORY, { ...identity, target: target.name }, Date.now()),
  );
  const standing = lease && (await approvalHost(c.env, lease.id).viewApproval(lease.id));
  if (standing) return c.json(standing satisfies AccessAnswer);
  const question = questionOf(decision, reason, lasts);
  const { approval, made } = await request(c.env, identity, target.name, question);
  return c.json(approval satisfies AccessAnswer, made ? 201 : 200);
});

function questionOf(decision: Approve, purpose: string, lasts: number | undefined): ConnectQuestion {
  const { policies, reason, approvals, expiresMs, lastsMs, scope } = decision;
  return {
    kind: "connect",
    purpose,
    policies,
    reason,
    approvals,
    expiresMs,
    lastsMs: Math.min(lastsMs, lasts ?? lastsMs),
    scope,
  };
}

/** Asks, or finds what the same holder asks already: a pool's connections that come together share one request. */
async function request(
  env: Env,
  subject: Subject,
  target: string,
  question: ConnectQuestion,
): Promise<{ approval: Approval; made: boolean }> {
  const { principal, onBehalfOf } = subject;
  const asker = { principal, target, ...(onBehalfOf !== undefined && { onBehalfOf }) };
  const ask = (id: ApprovalId) => {
    const { owner } = approvalOwner(id);
    return env.ACCESS.getByName(owner).ask(owner, asker, question) as Promise<Approval>;
  };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const now = Date.now();
    const holder = { principal, onBehalfOf: onBehalfOf ?? null, target };
    const claim = newRequest(accessApprovalId(newSessionId()), holder, question, now);
    const claimed = await claimRequest(env.DIRECTORY, claim, now - HOUR);
    if (claimed?.id === claim.id) {
      if (claimed.recent > MAX_PER_HOUR) {
        await dropClaim(env.DIRECTORY, claim.id);
        throw new SallyportError(
          "too_many",
          `${principal} has made ${MAX_PER_HOUR} access requests within an hour, its limit`,
          "Ask again later; each request is put to people.",
        );
      }
      return { approval: await ask(claim.id), made: true };
    }
    if (!claimed) continue;
    // Where the question of an earlier claim never arrived, it is put now.
    const found = (await approvalHost(env, claimed.id).viewApproval(claimed.id)) ?? (await ask(claimed.id));
    if (found.status === "pending") return { approval: found, made: false };
    await indexApproval(env.DIRECTORY, found);
    if (found.status === "approved") return { approval: found, made: false };
  }
  throw new SallyportError("conflict", "requests for this target come and go at this moment", "Ask again.");
}

/** The request as it is entered before it is asked. */
function newRequest(id: ApprovalId, holder: Holder, question: ConnectQuestion, now: number): Approval {
  return {
    id,
    kind: "connect",
    session: null,
    ...holder,
    status: "pending",
    asked: now,
    expires: now + question.expiresMs,
    question,
    votes: [],
    decided: null,
    until: null,
  };
}
