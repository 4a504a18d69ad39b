import type { ConnectorEvent } from "../../protocol/control.ts";
import type { Timers } from "../guard/timers.ts";

/** What was masked is told together, after this many ms. */
const TOLD_MS = 1_000;

/** Counts the masked values of one response, for the recording. */
export class MaskedTally {
  readonly #exchange: number;
  readonly #record: (event: ConnectorEvent) => void;
  readonly #timers: Timers;
  #fields: Record<string, number> = {};
  #stopTimer: (() => void) | null = null;

  constructor(exchange: number, record: (event: ConnectorEvent) => void, timers: Timers) {
    this.#exchange = exchange;
    this.#record = record;
    this.#timers = timers;
  }

  add(labels: Readonly<Record<string, number>>): void {
    for (const [label, count] of Object.entries(labels)) {
      this.#fields[label] = (this.#fields[label] ?? 0) + count;
      this.#stopTimer ??= this.#timers.after(TOLD_MS, () => this.#tell());
    }
  }

  /** The response has ended: the rest is told now. */
  stop(): void {
    this.#stopTimer?.();
    this.#tell();
  }

  #tell(): void {
    this.#stopTimer = null;
    if (Object.keys(this.#fields).length === 0) return;
    this.#record({ event: "exchange_masked", exchange: this.#exchange, fields: this.#fields });
    this.#fields = {};
  }
}
