/**
 * What a verification looks at, in the order in which it is told. Every one must be ok for a recording to be
 * verified; the words say what it claims.
 */
export const CHECKS = {
  format: "layout of the file",
  sequence: "no entry missing, doubled or moved",
  chain: "hash chain",
  frames: "content of entries",
  opening: "beginning",
  ending: "end",
  "edge-seal": "seal of the edge",
  "connector-key": "identity of the connector",
  "connector-seal": "seal of the connector",
} as const;

export type CheckName = keyof typeof CHECKS;
export type Verdict = "verified" | "incomplete" | "failed";

export interface Check {
  name: CheckName;
  /** `absent`: there was nothing to check, or an earlier failure kept it from being reached. */
  state: "ok" | "failed" | "absent";
  sentence: string;
  /** The first entry that fails it, counted from 1. */
  entry?: number;
}

/** At most this many notes are kept; a clock that runs backwards would make one an entry. */
const MAX_NOTES = 20;

/** Collects checks; the first word on each stands. */
export class Findings {
  readonly #checks = new Map<CheckName, Check>();
  readonly #notes: string[] = [];

  ok(name: CheckName, sentence: string): void {
    this.#add({ name, state: "ok", sentence });
  }

  absent(name: CheckName, sentence: string): void {
    this.#add({ name, state: "absent", sentence });
  }

  fail(name: CheckName, sentence: string, entry?: number): void {
    this.#add({ name, state: "failed", sentence, ...(entry !== undefined && { entry }) });
  }

  note(sentence: string): void {
    if (this.#notes.length < MAX_NOTES) this.#notes.push(sentence);
  }

  result(): { verdict: Verdict; checks: Check[]; firstWrong: number | null; notes: string[] } {
    const names = Object.keys(CHECKS) as CheckName[];
    const checks = names.map(
      (name): Check => this.#checks.get(name) ?? { name, state: "absent", sentence: "not reached" },
    );
    const wrong = checks.flatMap((check) => check.entry ?? []);
    const states = new Set(checks.map((check) => check.state));
    return {
      verdict: states.has("failed") ? "failed" : states.has("absent") ? "incomplete" : "verified",
      checks,
      firstWrong: wrong.length > 0 ? Math.min(...wrong) : null,
      notes: this.#notes,
    };
  }

  #add(check: Check): void {
    if (!this.#checks.has(check.name)) this.#checks.set(check.name, check);
  }
}
