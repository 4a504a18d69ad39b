/**
 * Bytes that an object holds for clients that read slowly, of all its exchanges: what is in their queues was logged and
 * not yet taken. Each is bounded by its stream's window, and all of them by this.
 */
export class Held {
  #bytes = 0;

  /** Whether there is room for so many more; they count from here on. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > MAX_HELD) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** An object has 128 MB in all. */
export const MAX_HELD = 48 * 1024 * 1024;
