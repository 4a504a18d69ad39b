import type { Destination, Outgoing } from "./destination.ts";

/** What became of a batch: its first `settled` events were delivered, or are among the `refused`, each for good. */
export interface Settlement {
  settled: number;
  refused: { one: Outgoing; detail: string }[];
  /** Why it went no further; null where all are settled. */
  failure: { detail: string; retryAfterMs: number } | null;
}

/** Events that are refused, each alone, before a destination that has taken none is left in peace for a while. */
const MAX_SUSPECTS = 3;
/** Failures in a row after which one event that is refused alone is given up though nothing else was taken. */
const PATIENCE = 6;

/**
 * Sends a batch, in order. What is refused for what is in it is sent in halves, until the events that are to blame stand
 * alone. Those are given up only where the destination has taken another event of the batch: one that refuses everything is
 * set up wrong, and gets them all again. After `attempts` failures in a row one event is given up all the same, so that
 * nothing blocks for ever.
 */
export async function deliver(
  destination: Destination,
  batch: readonly Outgoing[],
  attempts: number,
  now: number,
): Promise<Settlement> {
  const settlement: Settlement = { settled: 0, refused: [], failure: null };
  let hasTaken = false;
  // What is next to be sent, the last first: a stack of halves.
  const waiting: (readonly Outgoing[])[] = [batch];
  while (waiting.length > 0) {
    const part = waiting.pop()!;
    const sent = await destination.send(part, now);
    if (sent.outcome === "delivered") {
      hasTaken = true;
      settlement.settled += part.length;
    } else if (sent.outcome === "failed") {
      settlement.failure = { detail: sent.detail, retryAfterMs: sent.retryAfterMs ?? 0 };
      break;
    } else if (part.length > 1) {
      const middle = Math.ceil(part.length / 2);
      waiting.push(part.slice(middle), part.slice(0, middle));
    } else {
      settlement.settled++;
      settlement.refused.push({ one: part[0]!, detail: sent.detail });
      if (!hasTaken && settlement.refused.length >= MAX_SUSPECTS) break;
    }
  }
  if (hasTaken || settlement.refused.length === 0) return settlement;
  return suspected(settlement, attempts);
}

/** Nothing was taken, some was refused: the destination is to blame, or, after a while, the first event. */
function suspected({ refused, failure }: Settlement, attempts: number): Settlement {
  const [first] = refused;
  const given = attempts + 1 >= PATIENCE ? [first!] : [];
  return {
    settled: given.length,
    refused: given,
    failure: failure ?? { detail: first!.detail, retryAfterMs: 0 },
  };
}

/** The waits after failures: one second, doubled after each, five minutes at most; half of it is chance. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;

/** How long to wait after so many failures in a row, ms; `random` from 0 to 1. */
export function backoff(attempts: number, random: number, retryAfterMs = 0): number {
  const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_WAIT_MS);
  return Math.ceil(Math.max(retryAfterMs, wait * (0.5 + random / 2)));
}
