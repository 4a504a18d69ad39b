import type { Entry } from "../entry.ts";
import type { Activity } from "./activity.ts";

/** Reads activities from the entries of sessions with one kind of target, in order. Never throws for what they hold. */
export interface KindReader {
  /** Those whose outcome is known with this entry. */
  entry(entry: Entry): Activity[];
  /** The others, as far as the entries tell of them until now; they are given later. */
  readonly open: Activity[];
  /** The others, where there are no more entries. */
  end(): Activity[];
  /** Values that were masked, by label or detector, where it is not told in the answer to what. */
  readonly unassigned: ReadonlyMap<string, number>;
}
