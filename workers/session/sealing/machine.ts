import type { Agreement, SessionSealed } from "../../../protocol/ledger/entry.ts";
import type { SealedPart } from "../../../protocol/recording/sealed.ts";
import type { Tallies } from "./tallies.ts";

/**
 * How a recording gets from the rows of its object into object storage, as data: where it is, and what comes next. Each
 * state is durable before the effect that follows from it begins, and each effect may be done twice: a crash anywhere
 * resumes at the same step. Nothing here knows a clock, a store or randomness.
 */
export interface Sealing {
  readonly step: SealingStep;
  /** When it is to go on, ms since 1970. */
  readonly due: number;
  /** Failures in a row. */
  readonly failures: number;
  /** Why it stands still until somebody has looked; null while nothing is wrong. */
  readonly fault: string | null;
  /** The part that is made now, and what counts after the part before it. */
  readonly part: number;
  readonly tallies: Tallies;
  /**
   * What this part's object may be: one for each time that it was packed, the newest `MAX_ATTEMPTS`. Packing may be random
   * (encryption), and an object may arrive minutes after its sender has crashed, so any of them is right; they hold the same
   * entries.
   */
  readonly attempts: readonly Attempt[];
  /** What double entry has shown. */
  readonly judged: Judged | null;
  /** What of the ledger's entry must be the same each time it is sent. */
  readonly note: { nonce: string; time: number } | null;
}

/**
 * `pack`: the next part is to be made. `look`: it may have been put. `trim`: a live session's rows that are in the part are
 * removed. Then, once the session is over and all parts are there: `judge` the double entry, `note` in the ledger, `index` for
 * search, `mark` in the directory, `free` the rows. Before the edge can't read a recording any more, as it is encrypted, it waits
 * in `tell` until everybody who is told of the session has been. `rest`: nothing is left but the record, for a while.
 */
export type SealingStep =
  | "pack"
  | "look"
  | "trim"
  | "judge"
  | "note"
  | "index"
  | "tell"
  | "mark"
  | "free"
  | "rest";

/** A part as it was packed. */
export interface Attempt extends SealedPart {
  /** It ends with the recording's trailer: no part follows. */
  isFinal: boolean;
  /** What counts after it. */
  tallies: Tallies;
}

export interface Judged {
  agreement: Agreement;
  edgeHeads: SessionSealed["edgeHeads"];
}

/** How long the record of a sealed session stays, so that whoever comes late hears that the session is over, ms. */
export const REST_MS = 10 * 60_000;
/** The wait after a first failure, doubled after each, and the longest; and the wait after a fault; ms. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 5 * 60_000;
const FAULT_WAIT_MS = 60 * 60_000;
/** After so many failures, about a day, a recording is sealed without being searchable. */
export const INDEX_TRIES = 300;
/** Attempts of one part that are known: the oldest of so many is hours old where the store fails each time. */
export const MAX_ATTEMPTS = 32;
/** How often it is looked whether all have been told, ms; and how long after the end of the session at most. */
const TELL_WAIT_MS = 1_000;
export const TELL_MS = 7 * 24 * 60 * 60_000;

/** The sealing of a session begins; of a live one when its rows are many. */
export function begun(tallies: Tallies, now: number): Sealing {
  return {
    step: "pack",
    due: now,
    failures: 0,
    fault: null,
    part: 1,
    tallies,
    attempts: [],
    judged: null,
    note: null,
  };
}

/** A session that never opened has no recording: only its record is to go. */
export function nothingToSeal(tallies: Tallies, now: number): Sealing {
  return { ...begun(tallies, now), step: "rest", due: now + REST_MS };
}

/** The part was packed: to be kept before the object is put. The range of entries is that of earlier attempts, if any. */
export function packed(state: Sealing, attempt: Attempt): Sealing {
  const known = state.attempts.some(({ sha256 }) => sha256 === attempt.sha256);
  const attempts = known ? state.attempts : [...state.attempts, attempt].slice(-MAX_ATTEMPTS);
  return { ...state, step: "look", attempts };
}

/** What came of looking for the part's object: the state, and the part when it is there. */
export function looked(
  state: Sealing,
  found: { bytes: number; sha256: string | null } | null,
  now: number,
): { state: Sealing; part: Attempt | null } {
  if (found === null) return { state: { ...state, step: "pack", fault: null }, part: null };
  const part = state.attempts.find(({ sha256, bytes }) => sha256 === found.sha256 && bytes === found.bytes);
  if (part === undefined) {
    const fault = `where part ${state.part} belongs in object storage lies something else`;
    return { state: faulted(state, fault, now), part: null };
  }
  const done = { ...well(state), attempts: [], tallies: part.tallies };
  if (part.isFinal) return { state: { ...done, step: "judge" }, part };
  return { state: { ...done, step: "trim" }, part };
}

/** The rows that the part holds may stay or are gone; the next part comes when other sessions had their turn. */
export function trimmed(state: Sealing, now: number): Sealing {
  return { ...well(state), step: "pack", part: state.part + 1, due: now };
}

/** A live session has not enough for a part: it waits for `wanted`. */
export function waiting(state: Sealing): Sealing {
  return { ...well(state), due: Number.POSITIVE_INFINITY };
}

/** The session is over, or has many rows: whatever is left of it is due. A failure or fault keeps its own time. */
export function wanted(state: Sealing, now: number): Sealing {
  return Number.isFinite(state.due) && state.due < Number.MAX_SAFE_INTEGER ? state : { ...state, due: now };
}

/** `note` is fresh: it stays from here on. */
export function judged(state: Sealing, result: Judged, note: NonNullable<Sealing["note"]>): Sealing {
  return { ...well(state), step: "note", judged: result, note };
}

export function noted(state: Sealing): Sealing {
  return { ...well(state), step: "index" };
}

/** Activities are indexed, or it was tried so often that the recording itself must be at fault. */
export function indexed(state: Sealing, isEncrypted: boolean): Sealing {
  return { ...well(state), step: isEncrypted ? "tell" : "mark" };
}

/** Somebody is yet to be told of the session: it is looked again soon, and later as long as it lasts. */
export function telling(state: Sealing, now: number): Sealing {
  const waited = now - (state.note?.time ?? now);
  return { ...well(state), due: now + Math.min(Math.max(TELL_WAIT_MS, waited / 10), LONGEST_WAIT_MS) };
}

/** Nobody is to be told any more, or it is given up. */
export function told(state: Sealing): Sealing {
  return { ...well(state), step: "mark" };
}

export function marked(state: Sealing): Sealing {
  return { ...well(state), step: "free" };
}

export function freed(state: Sealing, now: number): Sealing {
  return { ...well(state), step: "rest", due: now + REST_MS };
}

/** A step failed and is done again, later each time. */
export function failed(state: Sealing, now: number): Sealing {
  const failures = state.failures + 1;
  return { ...state, failures, due: now + Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS) };
}

/** Going on would lose or contradict something. Nothing is removed; it is looked at again, in case somebody has mended it. */
export function faulted(state: Sealing, fault: string, now: number): Sealing {
  return { ...state, fault, due: now + FAULT_WAIT_MS };
}

function well(state: Sealing): Sealing {
  return { ...state, failures: 0, fault: null };
}
