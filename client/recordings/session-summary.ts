import type { ApprovalAsk } from "../../protocol/approval/approval.ts";
import type { ConnectorEvent, EdgeEvent, PolicyStamp, SessionFacts } from "../../protocol/control.ts";
import type { ApprovalEntry } from "../../protocol/postgres/transcript/approval-entry.ts";
import { addDetected, type Found } from "./masking-words.ts";

/** What every session has, whatever its target. */
export interface CommonSummary {
  /** From the recording's first entry; null when it has none. */
  facts: SessionFacts | null;
  /** How it ended; null when the recording does not say, as of a live session. */
  end: { time: number; code: string; reason: string; by?: string } | null;
  entries: number;
  /** What became of questions to people. */
  approvals: ApprovalCounts;
  /** What detectors found in what went to the agent, by detector. */
  detected: Found;
  /** The policy sets that judged, in order; at most `MAX_POLICIES`, the latest. */
  policies: PolicyStamp[];
}

export interface ApprovalCounts {
  asked: number;
  approved: number;
  /** Of those approved, by an earlier approval that covered them, and by nobody's word of their own. */
  covered: number;
  denied: number;
  expired: number;
  withdrawn: number;
  /** Released: what was held went to the target. */
  used: number;
  /** Answers that did not count. */
  rejected: number;
}

const MAX_POLICIES = 100;

/** Gathers what every session has. */
export class CommonSummarizer {
  readonly #counts: ApprovalCounts = {
    asked: 0,
    approved: 0,
    covered: 0,
    denied: 0,
    expired: 0,
    withdrawn: 0,
    used: 0,
    rejected: 0,
  };
  readonly #detected = new Map<string, Found[string]>();
  #facts: SessionFacts | null = null;
  #end: CommonSummary["end"] = null;
  #policies: PolicyStamp[] = [];
  #entries = 0;

  /** Counts an entry, told or not. */
  entry(): void {
    this.#entries++;
  }

  edge(event: EdgeEvent, time: number): void {
    if (event.event === "opened") this.#facts = event.facts;
    if (event.event !== "ended") return;
    const { code, reason, by } = event;
    this.#end = { time, code, reason, ...(by !== undefined && { by }) };
  }

  connector(event: ConnectorEvent | ApprovalAsk): void {
    if (event.event === "policy") {
      const { version, revision } = event;
      this.#policies = [...this.#policies, { version, revision }].slice(-MAX_POLICIES);
    }
    if (event.event === "detected") addDetected(this.#detected, event.found);
  }

  /** Counts an entry of an approval; answers what it says became of what was held, or null. */
  approval(entry: ApprovalEntry): { outcome: string; failed: boolean } | null {
    const counts = this.#counts;
    switch (entry.event) {
      case "approval_asked":
        counts.asked++;
        return { outcome: `held: ${entry.question.reason}`, failed: false };
      case "approval_rejected":
        counts.rejected++;
        return null;
      case "approval_used":
        counts.used++;
        return null;
      case "approval_decided": {
        const { status, by, under } = entry;
        if (status === "lapsed") return null;
        counts[status]++;
        if (under !== null) counts.covered++;
        const people = by.length === 0 ? "" : ` by ${by.join(", ")}`;
        return { outcome: `${status}${people}`, failed: status !== "approved" };
      }
      default:
        return null;
    }
  }

  get summary(): CommonSummary {
    return {
      facts: this.#facts,
      end: this.#end,
      entries: this.#entries,
      approvals: { ...this.#counts },
      detected: Object.fromEntries(this.#detected),
      policies: this.#policies,
    };
  }
}
