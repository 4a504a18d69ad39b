import { type Audited, CONTROL_NAMES, type Control, type Finding } from "./controls.ts";

/** Findings of each control that are kept whole; all are counted. */
export const MAX_FINDINGS = 1_000;

/** What became of one control. */
export interface ControlResult {
  control: Control;
  /** `met`: everything was tested, and is as it should be. `untested`: nothing deviates, but not everything could be tested, or there was nothing. */
  state: "met" | "deviations" | "untested";
  items: number;
  deviations: number;
  untested: number;
  /** The first of them. */
  findings: Finding[];
  /** Ids of the sessions in which something was tested. */
  sessions: string[];
}

/** Gathers what an audit finds; memory is bounded by the number of sessions. */
export class Results implements Audited {
  readonly #counts = new Map(
    CONTROL_NAMES.map((control) => [
      control,
      { items: 0, deviations: 0, untested: 0, findings: [] as Finding[], sessions: new Set<string>() },
    ]),
  );

  tested(control: Control, session: string, items = 1): void {
    const counts = this.#counts.get(control)!;
    counts.items += items;
    if (items > 0) counts.sessions.add(session);
  }

  found(finding: Finding): void {
    const counts = this.#counts.get(finding.control)!;
    if (finding.kind === "deviation") counts.deviations++;
    else counts.untested++;
    if (counts.findings.length < MAX_FINDINGS) counts.findings.push(finding);
  }

  all(): ControlResult[] {
    return CONTROL_NAMES.map((control) => {
      const { sessions, ...counts } = this.#counts.get(control)!;
      const isWhole = counts.untested === 0 && counts.items > 0;
      const state = counts.deviations > 0 ? "deviations" : isWhole ? "met" : "untested";
      return { control, state, ...counts, sessions: [...sessions].sort() };
    });
  }
}
