/** How far the witness is, as `GET /v1/witness` tells it. */
export interface WitnessStatus {
  /**
   * `off`: nothing is set. `misconfigured`: `problem` says what. `working`; `failing`: the last attempt failed, it goes on.
   * `conflict`: it has stopped, and goes on never.
   */
  state: "off" | "misconfigured" | "working" | "failing" | "conflict";
  /** Whether somebody should look: a conflict, a setting that can't be used, or a lag that is too long. */
  alarm: boolean;
  /** What can't be used of the settings, in words. */
  problem: string | null;
  table: string | null;
  region: string | null;
  origin: string | null;
  /** Leaves in the ledger. */
  size: number;
  /** Leaves of which it is known that they are written; the next one is to come. */
  cursor: number;
  /** Leaves that a written checkpoint covers. */
  covered: number;
  /** What no written checkpoint covers yet: leaves, and how long ago the oldest of them happened, ms. */
  lag: { leaves: number; ms: number };
  /** The lag that is too long, ms. */
  maxLagMs: number;
  /** When something was last written, ms since 1970. */
  lastWritten: number | null;
  /** What keeps it from going on; null where nothing does. */
  error: WitnessFailure | null;
  /** The same key with another content, at this table or one before it: kept for ever. */
  conflicts: WitnessConflict[];
}

export interface WitnessFailure {
  words: string;
  /** When it first and last failed, without anything written between, ms since 1970. */
  since: number;
  time: number;
  attempts: number;
  /** When it is tried again. */
  next: number;
}

export interface WitnessConflict {
  table: string;
  region: string;
  time: number;
  /** `leaf 17`, or `checkpoint 18`. */
  place: string;
  /** SHA-256, hex: of what the edge has, and of what the witness has. */
  ours: string;
  theirs: string;
  words: string;
}
