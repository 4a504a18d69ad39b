import { createHash } from "node:crypto";
import type { PolicyStamp } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { PolicyInForce } from "../../protocol/hub-messages.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
import { isPolicyStamp } from "../../protocol/policy/reading.ts";

export interface HeldPolicy {
  set: PolicySet;
  stamp: PolicyStamp;
}

interface Waiter {
  revision: number;
  settle(): void;
}

/**
 * The policy set that this connector judges by, as the edge told it last. It never goes back to an older revision.
 * One that can't be used leaves none, so that everything is refused until the edge sends another.
 */
export class PolicyHolder {
  readonly #load: (text: string) => PolicySet;
  readonly #log: (message: string) => void;
  readonly #listeners = new Set<() => void>();
  readonly #waiters = new Set<Waiter>();
  #revision = -1;
  #current: HeldPolicy | null = null;
  #fault: string | null = null;

  /** `load` makes a set of its text, and throws for one that is not valid. */
  constructor(load: (text: string) => PolicySet, log: (message: string) => void) {
    this.#load = load;
    this.#log = log;
  }

  /** What to judge by; null before the first set has come, and while the last one can't be used. */
  get current(): HeldPolicy | null {
    return this.#current;
  }

  /** Takes what the edge says is in force. An older revision, and the same once more, change nothing. Never throws. */
  put(message: PolicyInForce): void {
    if (!isPolicyStamp(message)) {
      this.#fail("the edge sent policies without their version");
      return;
    }
    const { version, revision } = message;
    if (revision < this.#revision) return;
    const held = this.#current?.stamp;
    if (held?.revision === revision && held.version === version) return;
    const twice = held?.revision === revision;
    this.#revision = revision;
    try {
      if (twice) throw new Error("the edge sent another text under the same revision");
      if (typeof message.text !== "string" || sha256(message.text) !== version) {
        throw new Error("their text is not the one that their version names");
      }
      this.#current = { set: this.#load(message.text), stamp: { version, revision } };
      this.#fault = null;
    } catch (error) {
      const why = error instanceof Error ? error.message : "they can't be loaded";
      this.#fail(`policies of revision ${revision} (${version.slice(0, 12)}) can't be used: ${why}`);
      return;
    }
    this.#log(`policies of revision ${revision} (${version.slice(0, 12)}) are in force`);
    this.#changed();
  }

  /**
   * The set in force once it is of this revision or a later one. Throws `forbidden` when none has come after
   * `timeoutMs`, or at once when what came can't be used.
   */
  async atLeast(revision: number, timeoutMs: number): Promise<PolicySet> {
    if (this.#ready(revision)) return this.#answer(revision);
    await new Promise<void>((resolve) => {
      const waiter: Waiter = {
        revision,
        settle: () => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve();
        },
      };
      const timer = setTimeout(waiter.settle, timeoutMs);
      this.#waiters.add(waiter);
    });
    return this.#answer(revision);
  }

  /** Calls `listener` after each change of `current`, to none too. Answers how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #ready(revision: number): boolean {
    return this.#revision >= revision && (this.#current !== null || this.#fault !== null);
  }

  #answer(revision: number): PolicySet {
    if (this.#current !== null && this.#current.stamp.revision >= revision) return this.#current.set;
    throw new SallyportError(
      "forbidden",
      this.#fault === null
        ? `the policies of revision ${revision} have not reached this connector`
        : "the policies in force can't be used by this connector, so it refuses everything",
      this.#fault === null
        ? "Try again; if it stays so, look at the connector's log."
        : "The connector's log says why; `sallyport apply` puts others in force.",
    );
  }

  #fail(why: string): void {
    this.#current = null;
    this.#fault = why;
    this.#log(`${why}. Everything is refused until the edge sends others.`);
    this.#changed();
  }

  #changed(): void {
    for (const waiter of [...this.#waiters]) if (this.#ready(waiter.revision)) waiter.settle();
    for (const listener of [...this.#listeners]) listener();
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
