/**
 * The one decision point: every message that an agent sends after its startup is judged before its first byte
 * goes to the target. Policy puts its judge here; until then there is one verdict, and no other is pretended.
 */

/** A client's message, as the reader shows it: valid only while the judge runs. */
export interface FrontendMessage {
  /** The type byte, see `FRONTEND` in protocol/postgres/message-types.ts. */
  readonly type: number;
  /** Bytes of the body, as announced. */
  readonly length: number;
  /**
   * The whole body, or null for a message that passes in pieces: CopyData, and any above `MAX_JUDGED`. A judge
   * that must see what it can't see has to refuse.
   */
  body(): Uint8Array | null;
}

/** A tagged union: `block` and `approve` are to join it with what they carry. */
export type Decision = { verdict: "allow" };

export type Judge = (message: FrontendMessage) => Decision;

/** Longest message, header included, that is held until it is whole so that it can be judged. Bytes. */
export const MAX_JUDGED = 1024 * 1024;

const ALLOW: Decision = { verdict: "allow" };

export const allowAll: Judge = () => ALLOW;
