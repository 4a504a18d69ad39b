import type { OcsfEvent } from "../../protocol/ocsf/event.ts";

/** Names of destinations, as the status has them. */
export type DestinationName = "http" | "r2";

/** An event on its way: its JSON is made once. */
export interface Outgoing {
  event: OcsfEvent;
  json: string;
  /** Bytes of `json`. */
  bytes: number;
  /** The session it is of, or `ledger`, and where in its order it stands there. */
  source: string;
  position: Position;
}

/** Where an event stands in the order of its source: it was the `item`th that became known with entry `seq`. */
export interface Position {
  seq: number;
  item: number;
}

/** What became of a batch. `detail` is shown to administrators: it holds no address and no secret. */
export type Sent =
  | { outcome: "delivered" }
  /** It was not taken, or nobody knows whether it was: the same again, later. */
  | { outcome: "failed"; detail: string; retryAfterMs?: number }
  /** It was not taken for what is in it: one of its events, or how many they are. */
  | { outcome: "refused"; detail: string };

/** Where events go. */
export interface Destination {
  readonly name: DestinationName;
  /** Whether what is sent stays in the edge's own storage. */
  readonly isEdges: boolean;
  /** How long events may wait for others, ms. What is over waits for nothing. */
  readonly lingerMs: number;
  /** Bounds of a batch; one event that is larger goes alone. */
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Whether a batch may hold events of several sources. */
  readonly mixes: boolean;
  /** Sends a batch, of one event at least, within a time limit of its own. */
  send(batch: readonly Outgoing[], now: number): Promise<Sent>;
}

/** Whether a position is after another. */
export function isAfter(one: Position, other: Position): boolean {
  return one.seq > other.seq || (one.seq === other.seq && one.item > other.item);
}
