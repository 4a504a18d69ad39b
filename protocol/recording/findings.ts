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
export const CHECK_NAMES = Object.keys(CHECKS) as CheckName[];
export type Verdict = "verified" | "incomplete" | "failed";

export interface Check<Name extends string = CheckName> {
  name: Name;
  /** `absent`: there was nothing to check, or an earlier failure kept it from being reached. */
  state: "ok" | "failed" | "absent";
  sentence: string;
  /** The first entry that fails it, counted from 1. */
  entry?: number;
}

/** At most this many notes are kept; a clock that runs backwards would make one an entry. */
const MAX_NOTES = 20;

/** Collects checks; the first word on each stands, but that a failure comes before all else. */
export class Findings<Name extends string = CheckName> {
  readonly #names: readonly Name[];
  readonly #checks = new Map<Name, Check<Name>>();
  readonly #notes: string[] = [];

  /** `names`: what is looked at, in the order in which it is told. */
  constructor(names: readonly Name[]) {
    this.#names = names;
  }

  ok(name: Name, sentence: string): void {
    this.#add({ name, state: "ok", sentence });
  }

  absent(name: Name, sentence: string): void {
    this.#add({ name, state: "absent", sentence });
  }

  fail(name: Name, sentence: string, entry?: number): void {
    this.#add({ name, state: "failed", sentence, ...(entry !== undefined && { entry }) });
  }

  note(sentence: string): void {
    if (this.#notes.length < MAX_NOTES) this.#notes.push(sentence);
  }

  result(): { verdict: Verdict; checks: Check<Name>[]; firstWrong: number | null; notes: string[] } {
    const checks = this.#names.map(
      (name): Check<Name> => this.#checks.get(name) ?? { name, state: "absent", sentence: "not reached" },
    );
    const wrong = checks.flatMap((check) => check.entry ?? []);
    return {
      verdict: verdictOf(checks.map(({ state }) => state)),
      checks,
      firstWrong: wrong.length > 0 ? Math.min(...wrong) : null,
      notes: this.#notes,
    };
  }

  #add(check: Check<Name>): void {
    const stands = this.#checks.get(check.name)?.state;
    if (stands === undefined || (check.state === "failed" && stands !== "failed"))
      this.#checks.set(check.name, check);
  }
}

/** Where findings of these names go; it may take others as well. */
export type FindingsOf<Name extends string> = Pick<Findings<Name>, "ok" | "absent" | "fail" | "note">;

/** What checks come to together: one that failed spoils all, one that is absent leaves it open. */
export function verdictOf(states: Iterable<Check["state"]>): Verdict {
  const all = new Set(states);
  return all.has("failed") ? "failed" : all.has("absent") ? "incomplete" : "verified";
}
