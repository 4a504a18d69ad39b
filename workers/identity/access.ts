import type { Target } from "../../protocol/directory.ts";
import { isAllowed, namesPrincipal } from "../../protocol/principal-pattern.ts";
import type { Subject } from "./identity.ts";

/**
 * Whether a principal may open a tunnel to a target. An agent that acts for a user may when either is allowed: the
 * agent by name, the user by name or group.
 */
export function mayOpen(target: Pick<Target, "allow">, subject: Subject): boolean {
  return isAllowed(target.allow, subject);
}

/**
 * Whether settings make a principal an administrator. An agent never inherits it from the user for whom it acts,
 * neither by name nor by group: an agent that administers is listed itself.
 */
export function mayAdminister(administrators: readonly string[], subject: Subject): boolean {
  const groups = subject.onBehalfOf === undefined ? subject.groups : [];
  return administrators.some((pattern) => namesPrincipal(pattern, subject.principal, groups));
}
