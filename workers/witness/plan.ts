import type { Failure } from "./failure.ts";

/** How far the witness is. */
export interface Progress {
  /** Leaves that are written, from the first on: the next one's index. */
  cursor: number;
  /** The size of the largest checkpoint that is written; 0 for none. */
  covered: number;
  /** Attempts in a row that brought nothing on. */
  attempts: number;
  /** Not before this time, ms since 1970. */
  due: number;
  /** Something else stands under a key: nothing is written any more. */
  isStopped: boolean;
}

export type Step =
  | { do: "rest" }
  | { do: "wait"; until: number }
  /** To write `count` leaves from `from` on. */
  | { do: "leaves"; from: number; count: number }
  /** To write the checkpoint: all of its leaves are there. */
  | { do: "checkpoint" }
  /** More leaves were written than the ledger has: it is not the one that was witnessed. */
  | { do: "stop" };

/** Leaves that are read and written between two looks at the clock: 4 MiB at most. */
export const BATCH = 64;
/** The first wait after a failure and the longest, ms; the longest where somebody must help. */
export const FIRST_WAIT_MS = 500;
export const LONGEST_WAIT_MS = 60_000;
export const LONGEST_HELP_WAIT_MS = 300_000;

/**
 * What is to be done for a checkpoint of `size` leaves: first each leaf in order, then the checkpoint. A checkpoint is seen
 * through before a newer one is looked at, so that a ledger which grows faster than it is witnessed has checkpoints.
 */
export function nextStep(progress: Progress, size: number, now: number): Step {
  const { cursor, covered, due, isStopped } = progress;
  if (isStopped) return { do: "rest" };
  if (size < cursor) return { do: "stop" };
  if (size === covered) return { do: "rest" };
  if (due > now) return { do: "wait", until: due };
  if (cursor < size) return { do: "leaves", from: cursor, count: Math.min(size - cursor, BATCH) };
  return { do: "checkpoint" };
}

/** The wait before attempt number `attempts + 1`, ms: exponential with full jitter. `random` is from 0 to 1. */
export function waitAfter(failure: Pick<Failure, "kind">, attempts: number, random: number): number {
  const longest = failure.kind === "help" ? LONGEST_HELP_WAIT_MS : LONGEST_WAIT_MS;
  // 2^30 times the first wait is longer than any.
  const most = Math.min(longest, FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 30));
  return Math.ceil(most * random);
}

/** How many of the outcomes, from the first on, are done: the cursor goes no further, whatever came after. */
export function donePrefix(outcomes: readonly { done: boolean }[]): number {
  const first = outcomes.findIndex(({ done }) => !done);
  return first < 0 ? outcomes.length : first;
}
