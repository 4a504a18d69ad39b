import type { ConnectorEvent } from "../../protocol/control.ts";
import type { DetectorName } from "../mask/detectors/modes.ts";
import type { Count } from "../mask/detectors/scanner.ts";
import type { Timers } from "./timers.ts";

/** What is found is told together, after this many ms. */
const TOLD_MS = 1_000;

/** Counts what detectors find in what one session tells its agent, for the recording. */
export class Findings {
  readonly #record: (event: ConnectorEvent) => void;
  readonly #timers: Timers;
  #found = new Map<DetectorName, Count>();
  #stopTimer: (() => void) | undefined;

  /** `record`: writes to the session's recording. */
  constructor(record: (event: ConnectorEvent) => void, timers: Timers) {
    this.#record = record;
    this.#timers = timers;
  }

  add(counts: Partial<Record<DetectorName, Count>> | null): void {
    if (counts === null) return;
    for (const [name, { masked, reported }] of Object.entries(counts) as [DetectorName, Count][]) {
      const sum = this.#found.get(name) ?? { masked: 0, reported: 0 };
      this.#found.set(name, { masked: sum.masked + masked, reported: sum.reported + reported });
    }
    this.#stopTimer ??= this.#timers.after(TOLD_MS, () => this.#tell());
  }

  /** The session ends: what was found is told now. */
  stop(): void {
    this.#stopTimer?.();
    this.#tell();
  }

  #tell(): void {
    this.#stopTimer = undefined;
    if (this.#found.size === 0) return;
    const found = Object.fromEntries(this.#found);
    this.#found = new Map();
    this.#record({ event: "detected", found });
  }
}
