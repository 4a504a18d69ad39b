import { MAX_APPROVALS } from "../approval/approval.ts";
import type {
  ApprovalNoted,
  LedgerEntry,
  SessionDeleted,
  SessionSealed,
  SessionStarted,
  SessionVoid,
} from "../ledger/entry.ts";

/** An entry where it was found. */
export interface Found<Entry extends LedgerEntry = LedgerEntry> {
  index: number;
  /** Its leaf's hash. */
  leaf: Uint8Array;
  entry: Entry;
  /** When the witness was given it, ms since 1970; null elsewhere. */
  written: number | null;
}

/** Entries of one session's approvals that are kept: each question is noted when it is asked, answered and over. */
const MAX_KEPT = 4 * MAX_APPROVALS;

/** What a ledger, a witness or an evidence file holds of one session. */
export class SessionEntries {
  started: Found<SessionStarted> | null = null;
  sealed: Found<SessionSealed> | null = null;
  void: Found<SessionVoid> | null = null;
  deleted: Found<SessionDeleted> | null = null;
  readonly approvals: Found<ApprovalNoted>[] = [];

  /** Takes an entry of this session; of two with the same key the first stands. */
  add(found: Found): void {
    const { type } = found.entry;
    if (type === "session_started") this.started ??= found as Found<SessionStarted>;
    else if (type === "session_sealed") this.sealed ??= found as Found<SessionSealed>;
    else if (type === "session_void") this.void ??= found as Found<SessionVoid>;
    else if (type === "session_deleted") this.deleted ??= found as Found<SessionDeleted>;
    else if (type === "approval" && this.approvals.length < MAX_KEPT) {
      this.approvals.push(found as Found<ApprovalNoted>);
    }
  }
}

/** The session that an entry is about, or null. */
export function sessionOf(entry: LedgerEntry): string | null {
  return "session" in entry ? entry.session : null;
}
