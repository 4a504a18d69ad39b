import type { Timers } from "../../guard/timers.ts";
import { DETECTOR_NAMES, type DetectorName, type Detectors } from "../detectors/modes.ts";
import type { Count } from "../detectors/scanner.ts";
import { ControlSequences, type Shown } from "./control-sequences.ts";
import { MOST_APPENDED, type Unsent, VisibleText } from "./visible-text.ts";

/**
 * How long the beginning of what could be a value waits for its rest, ms. The pieces of one write of a program come
 * within a few; somebody who types does not see so short a wait.
 */
export const HOLD_MS = 30;
/** Bytes that wait at most, control sequences included. */
export const MOST_HELD = 32 * 1024;

export interface StreamMaskOptions {
  detectors: Detectors;
  /** Whether a terminal shows it: bytes that are controls only there are no text. */
  terminal: boolean;
  timers: Timers;
  /** What may go on; called within `push`, and later for what was held. The bytes don't change any more. */
  out(bytes: Buffer): void;
}

/**
 * Masks, in place and in their length, values that detectors find in what a process says, however it is cut into chunks
 * and whatever control sequences stand between its characters; those are never changed. What can't be the beginning of
 * a value goes on within `push`. The rest waits for `HOLD_MS`: a value that comes more slowly is masked from there on
 * where the detectors know it, and the first `TELLING - 1` characters of one may have gone before.
 *
 * Text within a sequence (titles, links) is looked at as a text of its own. Not seen are values that are encoded (the
 * clipboard's Base64 in OSC 52), that a program itself breaks into lines or places on the screen piece by piece, that
 * consist of parameters of a sequence, that lie in groups of four characters or more between zero bytes, and web tokens
 * of more than `FAR` bytes.
 */
export class StreamMask {
  readonly #options: StreamMaskOptions;
  readonly #isOff: boolean;
  readonly #sequences: ControlSequences;
  readonly #main: VisibleText;
  /** The text of strings within sequences. */
  #inner: VisibleText | null = null;
  #isInner = false;
  #detectors: Detectors;
  #unsent: Unsent = { bytes: Buffer.alloc(0), at: 0, sent: 0 };
  /** Of the stream, all bytes so far; those before the part that is being read. */
  #end = 0;
  #part = 0;
  #stopTimer: (() => void) | null = null;
  /** What the timer is for lies before this. */
  #timed = 0;

  constructor(options: StreamMaskOptions) {
    this.#options = options;
    this.#detectors = options.detectors;
    this.#isOff = DETECTOR_NAMES.every((name) => options.detectors[name] === "off");
    this.#main = new VisibleText(options.detectors);
    this.#sequences = new ControlSequences(this.#shown(), options.terminal);
  }

  /** Takes what a process says; the chunk is the mask's own from here on. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.#isOff) {
      this.#options.out(chunk);
      return;
    }
    const unsent = this.#unsent;
    const held = this.#end - unsent.sent;
    if (held > 0) unsent.bytes = Buffer.concat([unsent.bytes.subarray(unsent.sent - unsent.at), chunk]);
    else unsent.bytes = chunk;
    unsent.at = unsent.sent;
    let position = this.#end;
    for (let at = 0; at < chunk.length; at += MOST_APPENDED) {
      this.#part = this.#end;
      const part = unsent.bytes.subarray(held + at, held + Math.min(chunk.length, at + MOST_APPENDED));
      this.#sequences.push(part);
      this.#end += part.length;
      position = Math.min(this.#end, this.#main.look(unsent), this.#inner?.look(unsent) ?? this.#end);
    }
    if (this.#end - position > MOST_HELD) this.#release();
    else this.#send(position);
    this.#time();
  }

  /** What is held goes on: nothing more is said, for now. */
  flush(): void {
    this.#main.finish(this.#unsent);
    this.#inner?.finish(this.#unsent);
    this.#send(this.#end);
    this.#time();
  }

  /** Nothing is said any more, and what is held is not wanted. */
  end(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
  }

  /** The detectors' modes have changed; the same are on. */
  use(detectors: Detectors): void {
    this.#detectors = detectors;
    this.#main.use(detectors);
    this.#inner?.use(detectors);
  }

  /** What was found since the last call, or null. */
  take(): Partial<Record<DetectorName, Count>> | null {
    const [main, inner] = [this.#main.take(), this.#inner?.take() ?? null];
    if (main === null || inner === null) return main ?? inner;
    for (const name of DETECTOR_NAMES) {
      const [one, other] = [main[name], inner[name]];
      if (other === undefined) continue;
      const masked = (one?.masked ?? 0) + other.masked;
      main[name] = { masked, reported: (one?.reported ?? 0) + other.reported };
    }
    return main;
  }

  #shown(): Shown {
    const text = () => (this.#isInner ? this.#inner! : this.#main);
    return {
      text: (bytes, start, end) => text().append(bytes, start, end, this.#part + start),
      gap: (byte) => text().separate(byte),
      back: (places) => text().back(places),
      drop: (bytes) => text().drop(bytes),
      string: (begins) => {
        this.#isInner = begins;
        this.#inner ??= new VisibleText(this.#detectors);
        this.#inner.finish(this.#unsent);
        this.#inner.restart();
      },
      alternate: () => {},
    };
  }

  /** Masks what is a value already, and lets all go. */
  #release(): void {
    this.#main.settle(this.#unsent);
    this.#inner?.settle(this.#unsent);
    this.#send(this.#end);
  }

  #send(position: number): void {
    const { bytes, at, sent } = this.#unsent;
    if (position <= sent) return;
    this.#unsent.sent = position;
    this.#options.out(Buffer.from(bytes.buffer, bytes.byteOffset + sent - at, position - sent));
  }

  #time(): void {
    const { sent } = this.#unsent;
    if (this.#stopTimer !== null && sent >= this.#timed) this.end();
    if (this.#stopTimer !== null || sent === this.#end) return;
    this.#timed = this.#end;
    this.#stopTimer = this.#options.timers.after(HOLD_MS, () => {
      this.#stopTimer = null;
      this.#release();
    });
  }
}
