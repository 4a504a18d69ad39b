import type { ApprovalState } from "../approval/machine.ts";
import type { SessionRecord } from "./record.ts";

/** What the relay asks of its shell. */
export interface Effects {
  save(record: SessionRecord): void;
  /** Asks the hub for a replica to join. */
  dial(record: SessionRecord): void;
  /** Asks the hub whether the connector's process is still there; ends the session if it is not. */
  checkConnector(record: SessionRecord): void;
  /** The session is over and has all the seals it will get. */
  settle(record: SessionRecord): void;
  /** The log has grown so far that its older entries are to go into object storage. */
  seal(record: SessionRecord): void;
  /** Nobody came to a parked session: its record may go. */
  discard(record: SessionRecord): void;
  /** People must hear of this approval. */
  tell(state: ApprovalState, what: "asked" | "voted" | "ended", now: number): void;
  /** `expire` must be called at this time, ms since 1970. */
  wake(at: number): void;
}
