import type { ByteSet } from "./automaton.ts";
import type { DetectorName } from "./modes.ts";

/** A value that a detector found: `text[start, end)`. */
export interface Found {
  start: number;
  end: number;
  /** What is not certain is counted, never overwritten. */
  certain: boolean;
  /** Where the text is seen in parts and the value reaches the end of one: bytes that still belong to it. */
  more?: ByteSet;
}

/** What is known of a text beside its bytes; flags. */
export const Hint = {
  none: 0,
  /** The column's name says that it has social security numbers. */
  ssn: 1,
  /** … payment cards. */
  card: 2,
  /** … passwords, tokens or keys. */
  secret: 4,
  /** The text is a number, or an array of numbers: what is overwritten must be one as well. */
  number: 8,
  /** The text's type is not known, or it has several cells: a cell that is a number should stay one. */
  cells: 16,
} as const;

/**
 * Looks at what stands around an anchor, `text[start, end)`. Nothing before `from` or from `to` on may be read, and how
 * much is read is bounded or told by what was found, so that any text takes linear time.
 */
export type Find = (
  text: Uint8Array,
  start: number,
  end: number,
  from: number,
  to: number,
  hint: number,
) => Found | null;

/** How far from its anchor a value goes, and what around it has a say: how long one must wait for the rest of a stream. */
export interface Reach {
  /** Bytes before the anchor that may belong to the value; none by default. */
  before?: number;
  /** What may stand between the anchor's start and the value's end. */
  bytes: ByteSet;
  /** Bytes from the anchor's start to the value's end; more are found without the rest. */
  most: number;
  /** Bytes behind the value that are looked at; by default only the one that is not of `bytes`. */
  after?: number;
}

/** Bytes that stand in every value of its kind, and what to do where they were found. */
export interface Anchor {
  detector: DetectorName;
  steps: readonly ByteSet[];
  find: Find;
  reach: Reach;
}
