/** For how long recordings are kept; a part of the settings. */
export interface RetentionSettings {
  /** Of sessions that no rule matches, ms after their end; null for ever. */
  default: number | null;
  /** The first that matches counts. */
  rules: RetentionRule[];
}

/** What a rule names must all be so; it names one of the three at least. */
export interface RetentionRule {
  /** A target's name, with `*` for any characters. */
  target?: string;
  /** A principal or `group:NAME`, with `*`: of who opened the session, or of the user for whom it was opened. */
  principal?: string;
  /** A label or detector of which values were masked in the session. */
  label?: string;
  /** How long, ms after the session's end; null for ever. */
  keep: number | null;
}

export const KEEP_FOREVER: RetentionSettings = { default: null, rules: [] };

/** How long a recording may be told to be kept, ms. */
export const MIN_KEEP_MS = 86_400_000;
export const MAX_KEEP_MS = 36_500 * MIN_KEEP_MS;
/** The same for people. */
export const KEEP_FORM = "a duration from 1d to 36500d, or forever";

/** Keeps recordings whatever rules say: exactly one of session, target and principal. */
export interface Hold {
  id: string;
  session: string | null;
  /** Exactly this target; of a principal also the sessions that agents opened for it. */
  target: string | null;
  principal: string | null;
  reason: string;
  /** Times are ms since 1970. */
  added: number;
  addedBy: string;
  released: { at: number; by: string; reason: string } | null;
}

/** What `POST /v1/holds` answers: the hold, and how many recordings of what it names were deleted before, or are being. */
export interface HoldAdded extends Hold {
  late: number;
}

/** What has become of a recording that was to be deleted. */
export interface SessionDeletion {
  state: "deleting" | "deleted";
  /** When it was decided; from then on nobody reads it. ms since 1970. */
  at: number;
  /** The retention rule, or why somebody deleted it. */
  reason: string;
  /** Null for a rule. */
  by: string | null;
  /** The ledger's entry; null until it is there. */
  entry: number | null;
  /** Why it stands still: somebody must look. */
  fault: string | null;
}
