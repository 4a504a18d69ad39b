/**
 * How a recording is deleted, as data: what comes next. Each state is durable before the effect that follows from it begins,
 * and each effect may be done twice: a crash anywhere resumes at the same step. That there is a state at all is the point of
 * no return: it is written in one transaction with the check that nothing holds the recording. Nothing here knows a clock or
 * a store.
 */
export interface DeletionState {
  readonly step: DeletionStep;
  /** When it is to go on, ms since 1970. */
  readonly due: number;
  /** Failures in a row. */
  readonly failures: number;
  /** Why it stands still until somebody has looked; null while nothing is wrong. */
  readonly fault: string | null;
  /** The ledger's index of the entry; null until it is there. */
  readonly entry: number | null;
  /** When all was done, ms since 1970; null before. */
  readonly deleted: number | null;
}

/**
 * `note` in the ledger, before anything is gone; `remove` the objects; `forget` what search and approvals have of it; then it is
 * `done`, and this state stays as the stub.
 */
export type DeletionStep = "note" | "remove" | "forget" | "done";

/** The wait after a first failure, doubled after each, and the longest; and the wait after a fault; ms. */
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 60 * 60_000;
const FAULT_WAIT_MS = 60 * 60_000;

/** It is decided, and nobody reads the recording any more. */
export function decided(now: number): DeletionState {
  return { step: "note", due: now, failures: 0, fault: null, entry: null, deleted: null };
}

/** The ledger has the entry. */
export function noted(state: DeletionState, entry: number): DeletionState {
  return { ...well(state), step: "remove", entry };
}

export function removed(state: DeletionState): DeletionState {
  return { ...well(state), step: "forget" };
}

export function forgotten(state: DeletionState, now: number): DeletionState {
  return { ...well(state), step: "done", deleted: now };
}

/** A step failed and is done again, later each time. */
export function failed(state: DeletionState, now: number): DeletionState {
  const failures = state.failures + 1;
  return { ...state, failures, due: now + Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS) };
}

/** Going on would contradict the ledger. It is tried again, in case somebody has mended it. */
export function faulted(state: DeletionState, fault: string, now: number): DeletionState {
  return { ...state, fault, due: now + FAULT_WAIT_MS };
}

function well(state: DeletionState): DeletionState {
  return { ...state, failures: 0, fault: null };
}
