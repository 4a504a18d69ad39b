import type { RefusedSignIns } from "../../protocol/ocsf/sign-in.ts";
import type { logLine } from "../log-line.ts";
import { RefusalCounts } from "./refused-sign-ins.ts";

/** How often one instance of the Worker reports at most, ms. It may run on for 30 s after a response. */
export const GATHER_MS = 15_000;
/** After so long a report that is under way is given up: whoever waited for it is gone. ms */
const LOST_MS = 60_000;

/** What a test replaces. */
export interface GathererMeans {
  clock(): number;
  sleep(ms: number): Promise<void>;
  /** Keeps them durably. May reject. */
  send(refused: RefusedSignIns[]): Promise<void>;
  log: typeof logLine;
}

/**
 * Gathers the refused sign-ins that one instance of the Worker sees: the first is reported at once, those of the next
 * `GATHER_MS` together after it, by whatever request came first. So a flood costs a report each `GATHER_MS`, and memory for
 * `MAX_APART` different ones; an instance that is killed loses the counts of `GATHER_MS` at most.
 */
export class SignInGatherer {
  readonly #counts = new RefusalCounts();
  #reported = Number.NEGATIVE_INFINITY;
  /** When the report that is under way began; null without one. */
  #begun: number | null = null;

  /** A promise that is to be kept alive until it is settled; null where another one is. It never rejects. */
  note(refused: RefusedSignIns, means: GathererMeans): Promise<void> | null {
    this.#counts.add(refused);
    const now = means.clock();
    if (this.#begun !== null && now - this.#begun < LOST_MS) return null;
    this.#begun = now;
    return this.#report(means, now);
  }

  async #report(means: GathererMeans, begun: number): Promise<void> {
    const wait = this.#reported + GATHER_MS - means.clock();
    if (wait > 0) await means.sleep(Math.min(wait, GATHER_MS));
    // Another one took over.
    if (this.#begun !== begun) return;
    this.#reported = means.clock();
    const refused = this.#counts.take();
    // What comes while it is sent has a report of its own.
    this.#begun = null;
    try {
      if (refused.length > 0) await means.send(refused);
    } catch (error) {
      means.log("warning", "refused sign-ins could not be reported", { error });
      for (const one of refused) this.#counts.add(one);
    }
  }
}
