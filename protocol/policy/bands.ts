import type { PlanEstimate } from "../control.ts";
import type { Mentions } from "./expression.ts";

/** Counts of a session, or of all sessions that a principal has on one connector. */
export interface Usage {
  statements: number;
  statementsLastMinute: number;
  rows: number;
  bytes: number;
  /** How often this statement's fingerprint was judged in the last minute. */
  repeatedLastMinute: number;
}

/** The parts of the context that are counted, not proved. */
export interface Counts {
  plan: PlanEstimate | null;
  session: Usage;
  principalUsage: Usage;
}

/** Between which of the policies' constants counts lie. It is asked for every statement that runs. */
export class Bands {
  readonly #exact: boolean;
  readonly #plan: boolean;
  readonly #compared: { record: keyof Counts; name: string; constants: number[] }[];

  constructor({ whole, unbounded, attributes, thresholds }: Mentions) {
    this.#exact = whole || unbounded;
    this.#plan = attributes.has("plan");
    this.#compared = [...thresholds].map(([path, constants]) => {
      const [record = "", name = ""] = path.split(".");
      return { record: record as keyof Counts, name, constants: [...constants].sort((a, b) => a - b) };
    });
  }

  /** Equal for counts that no comparison tells apart; null where a policy does more than compare them. */
  of(counts: Counts): string | null {
    if (this.#exact) return null;
    let band = this.#plan ? (counts.plan === null ? "-" : "+") : "";
    for (const { record, name, constants } of this.#compared) {
      const value = (counts[record] as Readonly<Record<string, number>> | null)?.[name];
      if (value === undefined) {
        band += " ";
        continue;
      }
      let below = 0;
      while (below < constants.length && constants[below]! < value) below += 1;
      band += `${constants[below] === value ? "=" : " "}${below}`;
    }
    return band;
  }
}
