import { randomBytes } from "node:crypto";
import type { SessionDeleted, SessionSealed } from "../../protocol/ledger/entry.ts";

/** The ledger's entry of a deletion that is decided now: it repeats what the ledger says of the seal. */
export function entryOf(
  sealed: SessionSealed,
  reason: string,
  by: string | null,
  now: number,
): SessionDeleted {
  const { session, target, principal, archive, edgeSeal } = sealed;
  return {
    type: "session_deleted",
    key: `session_deleted/${session}`,
    nonce: randomBytes(16).toString("hex"),
    time: now,
    session,
    target,
    principal,
    reason,
    by,
    archive,
    head: edgeSeal.head,
  };
}
