import { samePerson } from "../../protocol/approval/votes.ts";
import type { Session, Target } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
import type { Subject } from "../identity/identity.ts";

/** A session, as far as the right to watch it looks at it. */
export type Watchable = Pick<Session, "id" | "principal" | "onBehalfOf" | "kind" | "ended">;

/**
 * Why somebody may not watch a session, or null. Nobody watches their own: as its principal, as the user for whom that
 * acts, or by another agent of that user. Of all others the policies alone decide, also of administrators: to watch is
 * to vouch for what happens, and who administers may be asked to do that or not. `sees`: the session is not unknown to
 * this subject in any case. `target` is null when it is gone.
 */
export function watchRefusal(
  set: PolicySet,
  subject: Subject,
  session: Watchable,
  target: Target | null,
  sees: boolean,
): SallyportError | null {
  const { principal } = subject;
  const [own, other] = [session, subject].map(({ principal, onBehalfOf }) => ({
    by: principal,
    onBehalfOf: onBehalfOf ?? undefined,
  }));
  if (samePerson(own!, other!)) {
    return new SallyportError(
      "forbidden",
      `${principal} has a part in session ${session.id}, and nobody watches their own`,
      "Another person must watch it; your own you follow with `sallyport sessions replay --follow`.",
    );
  }
  const decision =
    target && set.decide(subject, "watch", target, { of: session.principal, kind: session.kind });
  if (decision?.verdict !== "allow") {
    if (!sees) return new SallyportError("not_found", `there is no session ${session.id}`);
    const why = decision ? decision.reason : "its target is gone";
    return new SallyportError(
      "forbidden",
      `${principal} may not watch session ${session.id}: ${why}`,
      'The policies must permit the action "watch"; see docs/policies.md.',
    );
  }
  if (session.ended !== null) {
    return new SallyportError("session_ended", `session ${session.id} is over: there is nothing to watch`);
  }
  return null;
}
