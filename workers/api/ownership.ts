import type { Session } from "../../protocol/directory.ts";
import type { Subject } from "../identity/identity.ts";

/**
 * Whether a session is one's own: those that one opened, and those that an agent opened for one. Who acts for a
 * user has, of the sessions of the same agent, only those for the same user.
 */
export function owns(
  subject: Pick<Subject, "principal" | "onBehalfOf">,
  session: Pick<Session, "principal" | "onBehalfOf">,
): boolean {
  if (subject.onBehalfOf !== undefined) {
    return session.principal === subject.principal && session.onBehalfOf === subject.onBehalfOf;
  }
  return session.principal === subject.principal || session.onBehalfOf === subject.principal;
}
