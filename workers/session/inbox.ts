/** So many sessions, or streams of them, with something to log within this time, ms, make it worth to commit them together. */
export const BUSY = 4;
/**
 * Long against a commit. Counted over one millisecond, an object whose disk takes a commit of one each was never
 * busy, however many sessions waited for it.
 */
export const SPAN_MS = 16;

/**
 * Gathers what sockets send into one commit when many sessions share an object. The runtime commits after each
 * event, and a commit is what an event costs most on a disk; so a busy object lets messages wait for the next turn
 * of the clock, about a millisecond, and handles all that have come as one event. One that serves few sessions
 * handles each at once. Nothing that waits here has been recorded, confirmed or delivered, so losing it loses
 * nothing: its sender has it still.
 */
export class Inbox<T> {
  readonly #handle: (message: T) => void;
  readonly #defer: (flush: () => void) => void;
  #waiting: T[] = [];
  #since = 0;
  #busyBefore = false;
  readonly #sessions = new Set<string>();

  /** `defer` runs its argument at the next turn of the clock. */
  constructor(handle: (message: T) => void, defer: (flush: () => void) => void) {
    this.#handle = handle;
    this.#defer = defer;
  }

  push(session: string, message: T, now: number): void {
    this.#note(session, now);
    if (this.#waiting.length > 0) {
      this.#waiting.push(message);
    } else if (this.#busyBefore || this.#sessions.size >= BUSY) {
      this.#waiting.push(message);
      this.#defer(() => this.flush());
    } else {
      this.#handle(message);
    }
  }

  /** Handles all that waits, in the order it came. Whoever acts on a session from elsewhere calls this first. */
  flush(): void {
    const messages = this.#waiting;
    this.#waiting = [];
    for (const message of messages) this.#handle(message);
  }

  #note(session: string, now: number): void {
    if (now - this.#since >= SPAN_MS) {
      this.#busyBefore = this.#sessions.size >= BUSY && now - this.#since < 2 * SPAN_MS;
      this.#since = now;
      this.#sessions.clear();
    }
    this.#sessions.add(session);
  }
}
