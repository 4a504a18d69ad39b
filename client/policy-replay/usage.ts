import type { Usage } from "../../protocol/policy/judge.ts";

const MINUTE_MS = 60_000;
/** The last minute is counted in steps of this length, ms, as the connector counts it. */
const STEP_MS = 1_000;
const STEPS = MINUTE_MS / STEP_MS;
/** Fingerprints of one counter; the one not seen for longest is forgotten. */
const MAX_FINGERPRINTS = 1_000;

/** What a session, or a principal, had done by a time of the recording. */
export class RecordedUsage {
  readonly #recent = new LastMinute();
  readonly #fingerprints = new Map<string, LastMinute>();
  #statements = 0;
  #rows = 0;
  #bytes = 0;

  statement(fingerprint: string, time: number): void {
    this.#statements++;
    this.#recent.add(time);
    const count = this.#fingerprints.get(fingerprint) ?? new LastMinute();
    this.#fingerprints.delete(fingerprint);
    this.#fingerprints.set(fingerprint, count);
    count.add(time);
    for (const oldest of this.#fingerprints.keys()) {
      if (this.#fingerprints.size <= MAX_FINGERPRINTS) break;
      this.#fingerprints.delete(oldest);
    }
  }

  delivered(rows: number, bytes: number): void {
    this.#rows += rows;
    this.#bytes += bytes;
  }

  of(fingerprint: string, time: number): Usage {
    return {
      statements: this.#statements,
      statementsLastMinute: this.#recent.count(time),
      rows: this.#rows,
      bytes: this.#bytes,
      repeatedLastMinute: this.#fingerprints.get(fingerprint)?.count(time) ?? 0,
    };
  }
}

/** How often something happened in the last minute. Time that goes back counts as standing still. */
class LastMinute {
  readonly #steps = new Uint32Array(STEPS);
  #step = 0;
  #sum = 0;

  add(time: number): void {
    this.#advance(time);
    this.#steps[this.#step % STEPS]! += 1;
    this.#sum++;
  }

  count(time: number): number {
    this.#advance(time);
    return this.#sum;
  }

  #advance(time: number): void {
    const step = Math.floor(time / STEP_MS);
    if (step - this.#step >= STEPS) {
      this.#steps.fill(0);
      this.#sum = 0;
      this.#step = step;
    }
    while (this.#step < step) {
      this.#step++;
      const index = this.#step % STEPS;
      this.#sum -= this.#steps[index]!;
      this.#steps[index] = 0;
    }
  }
}
