/** What `GET /v1/siem` answers: how the delivery of events stands. Times are ms since 1970. */
export interface SiemStatus {
  destinations: SiemDestination[];
  /** Events that were given up, the latest first, 20 at most. */
  quarantined: {
    destination: string;
    /** `metadata.uid`: it begins with the session's id, or is the key of an entry of the ledger. */
    uid: string;
    time: number;
    classUid: number;
    bytes: number;
    /** What the destination answered. */
    detail: string;
  }[];
}

/** One destination. */
export interface SiemDestination {
  name: "http" | "r2";
  format: string;
  /** Its host and port, or where it is in the bucket. */
  place: string;
  state: "ok" | "failing" | "misconfigured";
  error: string | null;
  errorTime: number | null;
  /** Failures in a row, of one of the objects that fail. */
  attempts: number;
  /** Sessions of which something waits, the ledger counted as one; and since when the oldest does. */
  waiting: number;
  oldest: number | null;
  /** How long the oldest has waited, ms. */
  lagMs: number;
  delivered: number;
  lastDelivered: number | null;
  quarantined: number;
}
