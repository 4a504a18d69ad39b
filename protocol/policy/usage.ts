import type { Usage } from "./bands.ts";

const MINUTE_MS = 60_000;
/** The last minute is counted in steps of this length, ms: a count is at most one step late. */
const STEP_MS = 1_000;
const STEPS = MINUTE_MS / STEP_MS;
/** Fingerprints of one counter; the one not seen for longest is forgotten. */
const MAX_FINGERPRINTS = 1_000;
/** Principals that one process counts. */
const MAX_PRINCIPALS = 10_000;

/** How often something happened in the last minute. Time that goes back counts as standing still. */
class LastMinute {
  readonly #steps = new Uint32Array(STEPS);
  #step = 0;
  #sum = 0;

  add(now: number, times = 1): void {
    this.#advance(now);
    this.#steps[this.#step % STEPS]! += times;
    this.#sum += times;
  }

  count(now: number): number {
    this.#advance(now);
    return this.#sum;
  }

  #advance(now: number): void {
    const step = Math.floor(now / STEP_MS);
    if (step - this.#step >= STEPS) {
      this.#steps.fill(0);
      this.#sum = 0;
      this.#step = step;
    }
    while (this.#step < step) {
      this.#step += 1;
      const index = this.#step % STEPS;
      this.#sum -= this.#steps[index]!;
      this.#steps[index] = 0;
    }
  }
}

/**
 * Counts what a session, or a principal, has done; policies see it as `Usage`. Times are ms since 1970: the connector's
 * clock, or a recording's.
 */
export class UsageCounter {
  readonly #recent = new LastMinute();
  readonly #fingerprints = new Map<string, LastMinute>();
  readonly #lookups = new Map<string, LastMinute>();
  #statements = 0;
  #rows = 0;
  #bytes = 0;

  /** A statement is about to run. */
  statement(fingerprint: string, now: number): void {
    this.#statements += 1;
    this.#recent.add(now);
    const count = this.#fingerprints.get(fingerprint) ?? new LastMinute();
    this.#fingerprints.delete(fingerprint);
    if (this.#fingerprints.size >= MAX_FINGERPRINTS) {
      this.#fingerprints.delete(this.#fingerprints.keys().next().value!);
    }
    this.#fingerprints.set(fingerprint, count);
    count.add(now);
  }

  /**
   * Exact values of labelled columns are asked for: false, and not counted, where they would be more than `most` in a
   * minute. `label`: with the target that it belongs to.
   */
  lookup(label: string, values: number, most: number, now: number): boolean {
    const recent = this.#lookups.get(label) ?? new LastMinute();
    if (recent.count(now) + values > most) return false;
    this.#lookups.set(label, recent);
    recent.add(now, values);
    return true;
  }

  /** Rows and bytes of a result went to the agent. */
  result(rows: number, bytes: number): void {
    this.#rows += rows;
    this.#bytes += bytes;
  }

  of(fingerprint: string, now: number): Usage {
    return {
      statements: this.#statements,
      statementsLastMinute: this.#recent.count(now),
      rows: this.#rows,
      bytes: this.#bytes,
      repeatedLastMinute: this.#fingerprints.get(fingerprint)?.count(now) ?? 0,
    };
  }
}

/** Counts for one session, and with it for its principal. */
export class SessionUsage {
  readonly #session = new UsageCounter();
  readonly #principal: UsageCounter;

  constructor(principal: UsageCounter) {
    this.#principal = principal;
  }

  statement(fingerprint: string, now: number): void {
    this.#session.statement(fingerprint, now);
    this.#principal.statement(fingerprint, now);
  }

  result(rows: number, bytes: number): void {
    this.#session.result(rows, bytes);
    this.#principal.result(rows, bytes);
  }

  /** As the counter's: a principal's sessions share it. */
  lookup(label: string, values: number, most: number, now: number): boolean {
    return this.#principal.lookup(label, values, most, now);
  }

  of(fingerprint: string, now: number): { session: Usage; principalUsage: Usage } {
    return {
      session: this.#session.of(fingerprint, now),
      principalUsage: this.#principal.of(fingerprint, now),
    };
  }
}

/** The counters of the principals that have sessions on this process; a principal's sessions share one. */
export class Principals {
  readonly #counters = new Map<string, UsageCounter>();

  of(principal: string): UsageCounter {
    const counter = this.#counters.get(principal) ?? new UsageCounter();
    // The one not asked for longest goes; a session that has it keeps it.
    this.#counters.delete(principal);
    if (this.#counters.size >= MAX_PRINCIPALS) this.#counters.delete(this.#counters.keys().next().value!);
    this.#counters.set(principal, counter);
    return counter;
  }
}
