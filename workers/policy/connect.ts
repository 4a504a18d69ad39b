import type { SessionFacts } from "../../protocol/control.ts";
import type { Target } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Decision } from "../../protocol/policy/decision.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
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
 * The error with which an opening ends, or null where it is allowed. What a principal may not open, and is not
 * listed for, is unknown to it: a refusal would tell that it is there.
 */
export function connectRefusal(
  { listed, decision }: ConnectDecision,
  principal: string,
  target: string,
): SallyportError | null {
  if (decision.verdict === "allow") return null;
  if (decision.verdict === "approve") {
    return new SallyportError(
      "forbidden",
      `opening ${target} needs an approval: ${decision.reason}`,
      "Approvals are not available yet; ask an administrator for another way.",
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
