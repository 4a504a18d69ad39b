import type { CopyDirection, CopySummary } from "./events.ts";
import { type Gathered, KEPT_COPY } from "./gather.ts";

/** Counts the data of one COPY and keeps its beginning. */
export class CopyCount {
  readonly direction: CopyDirection;
  binary = false;
  #bytes = 0;
  #messages = 0;
  #preview = Buffer.alloc(0);

  constructor(direction: CopyDirection) {
    this.direction = direction;
  }

  get empty(): boolean {
    return this.#messages === 0;
  }

  add({ body, length }: Gathered): void {
    this.#bytes += length;
    this.#messages++;
    const room = KEPT_COPY - this.#preview.length;
    if (room > 0) this.#preview = Buffer.concat([this.#preview, body.subarray(0, room)]);
  }

  summary(outcome: CopySummary["outcome"], reason?: string): CopySummary {
    const preview = this.binary
      ? `\\x${this.#preview.toString("hex")}`
      : new TextDecoder("utf-8").decode(this.#preview, { stream: true });
    return {
      outcome,
      bytes: this.#bytes,
      messages: this.#messages,
      preview,
      ...(reason !== undefined && { reason }),
    };
  }
}
