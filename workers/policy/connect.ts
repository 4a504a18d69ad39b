import type { Lease, SessionFacts } from "../../protocol/control.ts";
import type { Target } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Decision } from "../../protocol/policy/decision.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
import { leaseCovers, type StandingLease } from "../directory/leases.ts";
import { mayOpen } from "../identity/access.ts";
import type { Subject } from "../identity/identity.ts";

/** What the policies say of a connection. */
export interface ConnectDecision {
  /** The target's list names the principal, its user, or a group. */
  listed: boolean;
  decision: Decision;
}

/** Asks a policy set whether this subject may open the target. */
export function decideConnect(
  set: PolicySet,
  subject: Subject,
  target: Target,
  mode: SessionFacts["mode"],
): ConnectDecision {
  const listed = mayOpen(target, subject);
  return { listed, decision: set.decide(subject, "connect", target, { listed, mode }) };
}

/**
 * The lease by which an opening that needs an approval is allowed, or null: the longest of those whose approvers are
 * all that are asked for now. Whether they are this holder's, and stand, is the directory's to say.
 */
export function leaseFor({ decision }: ConnectDecision, leases: readonly StandingLease[]): Lease | null {
  if (decision.verdict !== "approve") return null;
  const found = leases.find((lease) => leaseCovers(lease, decision.approvals));
  return found ? { id: found.id, until: found.until, by: found.by } : null;
}

/**
 * The error with which an opening without a lease ends, or null where it is allowed. What a principal may not open,
 * and is not listed for, is unknown to it: a refusal would tell that it is there. Where an approval would open it,
 * the policies themselves offer the target, and `GET /v1/targets` lists it.
 */
export function connectRefusal(
  { listed, decision }: ConnectDecision,
  principal: string,
  target: string,
): SallyportError | null {
  if (decision.verdict === "allow") return null;
  if (decision.verdict === "approve") {
    return new SallyportError(
      "approval_required",
      `opening ${target} needs an approval: ${decision.reason}`,
      `Ask for it: sallyport connect ${target} --reason '…'`,
    );
  }
  if (!listed) return unknownTarget(principal, target);
  const by =
    decision.policies.length === 0 ? "No policy permits it" : `Policy ${decision.policies.join(", ")}`;
  return new SallyportError(
    "forbidden",
    `${principal} may not open ${target}: ${decision.reason}`,
    `${by}; an administrator sees why with \`sallyport policy explain\`.`,
  );
}

export function unknownTarget(principal: string, target: string): SallyportError {
  return new SallyportError(
    "unknown_target",
    `there is no target ${JSON.stringify(target)} that ${principal} may open`,
    "`sallyport targets` lists those that there are.",
  );
}
