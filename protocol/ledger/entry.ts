import type { Approval } from "../approval/approval.ts";
import type { ConnectorSeal, EdgeSeal, TargetKind } from "../control.ts";

/**
 * What the ledger is a log of. An entry is UTF-8 JSON of exactly one of these, at most `MAX_ENTRY` bytes; its leaf is
 * SHA-256(0x00 | entry), RFC 6962 section 2.1. `key` is unique in the ledger: what is appended twice stands there once.
 * `nonce` is 16 random bytes (hex): nobody guesses an entry from its hash, which is public.
 */
export type LedgerEntry =
  | SessionStarted
  | SessionSealed
  | SessionVoid
  | SessionDeleted
  | ApprovalNoted
  | PolicyApplied
  | DirectoryChanged
  | EdgeKeyUsed;

/** Bytes of an entry, so that its length fits two of them: c2sp.org/tlog-tiles. */
export const MAX_ENTRY = 0xffff;

interface Noted {
  key: string;
  nonce: string;
  /** When it happened, by the edge's clock, ms since 1970. */
  time: number;
}

/** A session was registered; written in the same transaction. Key `session_started/ID`. */
export interface SessionStarted extends Noted {
  type: "session_started";
  session: string;
  target: string;
  kind: TargetKind;
  principal: string;
  onBehalfOf: string | null;
  connector: string;
  address: string;
  /** Until when it may last, ms since 1970. */
  until: number;
}

/** Edge and connector say the same of a recording; or not; or the connector has said nothing. */
export type Agreement = "agreed" | "differs" | "absent";

/** A session's recording is whole and sealed. Key `session_sealed/ID`. */
export interface SessionSealed extends Noted {
  type: "session_sealed";
  session: string;
  target: string;
  principal: string;
  onBehalfOf: string | null;
  endCode: string;
  /** Both halves of the double entry, as in the recording's trailer. */
  edgeSeal: EdgeSeal;
  connectorSeal: Omit<ConnectorSeal, "type"> | null;
  agreement: Agreement;
  /** Where they differ: the heads that the edge computed over the same frames, as a connector's seal has them. */
  edgeHeads: Pick<ConnectorSeal, "agentFrames" | "agentHead" | "connectorFrames" | "connectorHead"> | null;
  /** Objects of the archive, their bytes, and SHA-256 (hex) over the SHA-256 of each in order. */
  parts: number;
  bytes: number;
  archive: string;
}

/** A session was registered but never opened, so that there is no recording. Key `session_void/ID`. */
export interface SessionVoid extends Noted {
  type: "session_void";
  session: string;
  target: string;
  principal: string;
  endCode: string;
  reason: string;
}

/** A sealed recording was removed; this and its seal stay. Key `session_deleted/ID`. */
export interface SessionDeleted extends Noted {
  type: "session_deleted";
  session: string;
  target: string;
  principal: string;
  /** The retention rule that was due, in words, or why somebody removed it. */
  reason: string;
  /** Who removed it; null for a retention rule. */
  by: string | null;
  /** What the seal said: SHA-256 of the archive, and the recording's last hash. */
  archive: string;
  head: string;
}

/** What became of an approval. Key `approval/ID/STATUS`. */
export interface ApprovalNoted extends Noted {
  type: "approval";
  approval: string;
  approvalKind: string;
  session: string | null;
  principal: string;
  onBehalfOf: string | null;
  target: string;
  status: Approval["status"];
  by: string | null;
  reason: string | null;
  /** Until when it lasts, ms since 1970. */
  until: number | null;
}

/** A set of policies came into force. Key `policy/REVISION`. */
export interface PolicyApplied extends Noted {
  type: "policy";
  revision: number;
  /** SHA-256 (hex) of its text. */
  version: string;
  principal: string;
}

/** An administrator changed the directory. Key `change/ID`. */
export interface DirectoryChanged extends Noted {
  type: "change";
  change: number;
  principal: string;
  action: string;
  subject: string;
  /** SHA-256 (hex) of the JSON before and after, as the change log has them. */
  before: string;
  after: string;
}

/** The edge signs with this key from now on. Key `edge_key/THUMBPRINT`. */
export interface EdgeKeyUsed extends Noted {
  type: "edge_key";
  /** RFC 7638, and the public key's 32 bytes in base64url. */
  thumbprint: string;
  x: string;
}

/** One entry with its place in the ledger. */
export interface IndexedEntry {
  index: number;
  entry: LedgerEntry;
}
