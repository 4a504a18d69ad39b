import type { SessionFacts } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Decision } from "../../protocol/policy/decision.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
import type { PolicyHolder } from "./policy-holder.ts";
import { policyTarget, subjectOf } from "./subject.ts";

/** How long the policy set that a session was opened under may take to arrive, ms. */
export const POLICY_MS = 5_000;

/**
 * Checks that a session may be opened by the policies of this moment, and answers them. `now`: ms since 1970. Throws
 * `forbidden`, `approval_required`.
 */
export async function admitted(policies: PolicyHolder, facts: SessionFacts, now: number): Promise<PolicySet> {
  const set = await policies.atLeast(facts.policy.revision, POLICY_MS);
  checkConnect(set, facts, now);
  return set;
}

/** The error that must end a session which the policies of this moment would not let open; null otherwise. */
export function revoked(policies: PolicyHolder, facts: SessionFacts, now: number): SallyportError | null {
  const held = policies.current;
  // Whatever is asked for is refused until there is one; the session itself may stay.
  if (held === null) return null;
  try {
    checkConnect(held.set, facts, now);
    return null;
  } catch (error) {
    return error as SallyportError;
  }
}

/** The error for what is refused while a session starts, when nobody can be asked. */
export function refusedBy(
  { verdict, reason, policies }: Exclude<Decision, { verdict: "allow" }>,
  what: string,
): SallyportError {
  const words =
    verdict === "block"
      ? "is blocked by policy"
      : "needs an approval, which can't be asked for while a session starts";
  const hint = policies.length === 0 ? undefined : `Decided by ${policies.join(", ")}.`;
  return new SallyportError("forbidden", `${what} ${words}: ${reason}`, hint);
}

/** A connection that needs an approval has one, its lease, until that is over. */
function checkConnect(set: PolicySet, facts: SessionFacts, now: number): void {
  const { listed, mode, lease, target } = facts;
  const decision = set.decide(subjectOf(facts), "connect", policyTarget(facts), { listed, mode });
  if (decision.verdict === "allow") return;
  if (decision.verdict === "block") throw refusedBy(decision, `opening ${target}`);
  if (lease !== undefined && now < lease.until) return;
  const words = lease === undefined ? "needs an approval" : "needs another approval, for its lease is over";
  throw new SallyportError(
    "approval_required",
    `opening ${target} ${words}: ${decision.reason}`,
    `Ask for it with \`sallyport connect ${target} --reason '…'\`.`,
  );
}
