/**
 * One thing that an agent asked of a target, as a recording tells it: what is searched for, told to a SIEM and audited.
 * Made of a recording's entries by `activities`; nothing in it was hidden from the agent by a mask.
 */
export interface Activity {
  /** The entry (seq) at which it was asked: unique in its session together with `item`. */
  seq: number;
  /** Of several in one entry, such as a query of several statements: 0 for the first. */
  item: number;
  /** When it was asked, ms since 1970. */
  time: number;
  kind: "statement" | "command" | "shell" | "file" | "forward" | "request";
  /**
   * The statement, the command line, `read /path (sftp)`, `GET /path?query`: as the agent wrote it, at most `MAX_TEXT`
   * characters. Of requests to an API server what it takes them for is the first line. Empty where the recording lacks it.
   */
  text: string;
  /** Whether `text` was cut. */
  isCut: boolean;
  /**
   * What was decided at last: `approve` where people let it pass, or are still asked (`outcome` is `unknown` then); `block`
   * where policies, people or the connector's own rules refused it, or its answer.
   */
  verdict: "allow" | "approve" | "block";
  /**
   * Cedar actions, such as `postgres:select` or `http:get`. Of statements those of the facts that the connector told of
   * them or of the same but for literals, or else those that the target's tags tell; empty where neither does.
   */
  actions: string[];
  /** The policies that decided, and their reason, where it was not simply allowed. */
  policies: string[];
  reason: string | null;
  /** The approval's number in its session. */
  approval: number | null;
  /**
   * How it came out: `ok`, `error`, `refused` (it never reached the target), or `unknown` where the recording ends before
   * or does not tell. Operations on files and forwards are `ok` where nothing says that they failed.
   */
  outcome: "ok" | "error" | "refused" | "unknown";
  /** What the target said of it in short: SQLSTATE, exit status, HTTP status; null where it said none. */
  status: string | null;
  /** How long it took, ms, the time for which it was held left out; null where that is not known. */
  durationMs: number | null;
  /** Values that were masked in what came back, by label or detector. */
  masked: Record<string, number>;
}

/** Characters of an activity's text that are kept. */
export const MAX_TEXT = 4_096;
