import type { Timers } from "../../guard/timers.ts";
import { count, Echo } from "./echo.ts";
import { LastLine } from "./prompt.ts";

/** Bytes of a secret's line at most; what is longer was no answer to a prompt. */
export const LONGEST_SECRET = 1024;
const LF = 0x0a;

export interface TypedInputOptions {
  terminal: boolean;
  timers: Timers;
  /** `logged` is called when the edge has it on disk. The bytes of `withheld` are a u32: how many there were. */
  record(kind: "input" | "withheld", bytes: Uint8Array, logged?: () => void): void;
}

/**
 * Records what an agent sends to a process, but for what answers a prompt for a secret: of that, how many bytes it had.
 *
 * At a terminal all passes at once, since what was encrypted is on record; it is told as `input` once the terminal has
 * shown it (`Echo`), so its record may stand behind that of the output that shows it. What isn't shown is `withheld`.
 *
 * Elsewhere it passes when it is on record. Where the last line of what the process said asks for a secret (`sudo -S`),
 * the line that follows is withheld, up to `LONGEST_SECRET` bytes. A secret that is sent before it was asked for can't
 * be told from other data: it is recorded.
 */
export class TypedInput {
  readonly #options: TypedInputOptions;
  readonly #echo: Echo | null;
  readonly #line = new LastLine(false);
  /** Of a secret's line, bytes so far; null outside of one. */
  #secret: number | null = null;

  constructor(options: TypedInputOptions) {
    this.#options = options;
    this.#echo = options.terminal ? new Echo(options.timers, options.record) : null;
  }

  /** What the agent sends. `pass` is called when it may go to the target. */
  typed(chunk: Uint8Array, pass: () => void): void {
    if (this.#echo === null) {
      this.#sent(chunk, pass);
      return;
    }
    pass();
    this.#echo.typed(chunk);
  }

  /** What the process answers, before it is masked. */
  shown(chunk: Uint8Array): void {
    if (this.#echo === null) this.#line.shown(chunk);
    else this.#echo.shown(chunk);
  }

  /** The channel is over: what is undecided is told as withheld. */
  end(): void {
    this.#echo?.end();
  }

  #sent(chunk: Uint8Array, pass: () => void): void {
    const { record } = this.#options;
    if (this.#secret === null && this.#line.asksForSecret) this.#secret = 0;
    if (this.#secret === null) {
      record("input", chunk, pass);
      return;
    }
    const line = chunk.indexOf(LF);
    const room = LONGEST_SECRET - this.#secret;
    const end = Math.min(line < 0 ? chunk.length : line, room);
    const rest = chunk.subarray(end);
    this.#secret += end;
    if (rest.length > 0) {
      this.#secret = null;
      this.#line.answered();
    }
    if (end > 0) record("withheld", count(end), rest.length === 0 ? pass : undefined);
    if (rest.length > 0) record("input", rest, pass);
  }
}
