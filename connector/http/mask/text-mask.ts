import { SallyportError } from "../../../protocol/errors.ts";
import type { Timers } from "../../guard/timers.ts";
import type { Detectors } from "../../mask/detectors/modes.ts";
import { StreamMask } from "../../mask/terminal/stream-mask.ts";
import type { BodyMask, Findings } from "./body-mask.ts";

/** What went on later than the call that brought it. */
export type Late = (chunks: Buffer[]) => void;

/** A text that detectors look through. Its length stays. The beginning of what could be a value waits for some ms. */
export class TextMask implements BodyMask {
  readonly #mask: StreamMask;
  #out: Buffer[] | null = null;
  /** The first bytes, until there are enough to tell what they are. */
  #head: Buffer | null = Buffer.alloc(0);

  constructor(detectors: Detectors, timers: Timers, late: Late) {
    const out = (bytes: Buffer) => {
      if (this.#out === null) late([bytes]);
      else this.#out.push(bytes);
    };
    this.#mask = new StreamMask({ detectors, terminal: false, timers, out });
  }

  write(chunk: Buffer): Buffer[] {
    return this.#collect(() => this.#mask.push(this.#begun(chunk, false)));
  }

  end(): Buffer[] {
    return this.#collect(() => {
      this.#mask.push(this.#begun(Buffer.alloc(0), true));
      this.#mask.flush();
      this.#mask.end();
    });
  }

  stop(): void {
    this.#mask.end();
  }

  use(detectors: Detectors): void {
    this.#mask.use(detectors);
  }

  take(): Findings {
    return { labels: {}, found: this.#mask.take() };
  }

  /** Throws `protocol_violation` for UTF-16 and UTF-32, which no detector reads. */
  #begun(chunk: Buffer, isLast: boolean): Buffer {
    if (this.#head === null) return chunk;
    const head = Buffer.concat([this.#head, chunk]);
    if (head.length < 2 && !isLast) {
      this.#head = head;
      return Buffer.alloc(0);
    }
    this.#head = null;
    const mark = head.length < 2 ? 0 : head.readUInt16BE(0);
    const isWide =
      mark === 0xfeff || mark === 0xfffe || (head.length > 1 && (head[0] === 0) !== (head[1] === 0));
    if (isWide) {
      throw new SallyportError(
        "protocol_violation",
        "the target's text is in UTF-16 or UTF-32, though its content type does not say so",
        "Values in it can't be masked. Ask for UTF-8.",
      );
    }
    return head;
  }

  #collect(step: () => void): Buffer[] {
    const out: Buffer[] = [];
    this.#out = out;
    try {
      step();
    } finally {
      this.#out = null;
    }
    return out;
  }
}
