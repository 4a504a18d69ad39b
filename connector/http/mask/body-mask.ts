import type { DetectorName, Detectors } from "../../mask/detectors/modes.ts";
import type { Count } from "../../mask/detectors/scanner.ts";

/** What was masked or found since it was asked last. */
export interface Findings {
  /** Values that were masked, by label. */
  labels: Readonly<Record<string, number>>;
  /** What detectors found; null: nothing. */
  found: Partial<Record<DetectorName, Count>> | null;
}

/** Masks one body as it comes: decoded bytes in, bytes for the agent out. */
export interface BodyMask {
  /**
   * The chunk is the mask's own from here on. Throws `protocol_violation` or `limit_exceeded` where what follows can't
   * be looked through and may have labelled values: the response must break off.
   */
  write(chunk: Buffer): Buffer[];
  /** The body has ended. Throws as `write`. */
  end(): Buffer[];
  /** Nobody wants what is held. */
  stop(): void;
  /** The detectors' modes have changed; the same are on. */
  use(detectors: Detectors): void;
  take(): Findings;
}

/** Counts of labels. */
export class LabelCounts {
  #counts = new Map<string, number>();

  readonly count = (label: string): void => {
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + 1);
  };

  take(): Record<string, number> {
    const counts = Object.fromEntries(this.#counts);
    this.#counts = new Map();
    return counts;
  }
}
