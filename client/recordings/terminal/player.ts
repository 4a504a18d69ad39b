import { counted } from "../../../protocol/evidence/words.ts";
import type { TerminalEvent } from "../../../protocol/terminal-events.ts";
import type { Styler } from "../recorded-text.ts";
import { SafeOutput } from "./safe-output.ts";
import { withheldText } from "./words.ts";

/** Lines that wait while a terminal is played. */
const MAX_WAITING = 500;
/** Terminals that are remembered; a session has a few. */
const MAX_TERMINALS = 1_000;

export interface PlayerOptions<Event> {
  style: Styler;
  /** Tells as lines what is not played. */
  narrator: { tell(event: Event): string[]; end(): string[] };
  /** What the event says of a terminal; null where nothing. Asked of each event once, in order. */
  terminalOf(event: Event): TerminalEvent | null;
  /** The session's last. */
  isEnd(event: Event): boolean;
  /** Of the terminals, play this one alone. */
  channel?: number | undefined;
}

/**
 * Tells a session in a terminal: what ran in terminals of its own is played there, what is safe of it, and the rest
 * told as lines; while a terminal is played, until it ends.
 */
export class Player<Event> {
  readonly #options: PlayerOptions<Event>;
  readonly #terminals = new Set<number>();
  #played: { channel: number; output: SafeOutput } | null = null;
  #waiting: string[] = [];
  #leftOut = 0;

  constructor(options: PlayerOptions<Event>) {
    this.#options = options;
  }

  /** Whether a terminal is played now. */
  get playing(): boolean {
    return this.#played !== null;
  }

  /** What is to be written for this event, often nothing. */
  tell(event: Event): string {
    const { narrator, style, terminalOf, isEnd } = this.#options;
    const own = terminalOf(event);
    if (own?.type === "terminal") this.#remember(own.channel);
    if (own) this.#begin(own);
    const played = this.#played;
    if (!played) return lines(narrator.tell(event));
    const isIts = own?.channel === played.channel;
    if (isIts && own.type === "bytes") {
      return own.stream === "input" ? "" : played.output.push(own.bytes);
    }
    if (isIts && own.type === "withheld") {
      return played.output.alternate ? "" : style("dim", withheldText(own.characters));
    }
    this.#wait(narrator.tell(event));
    const isOver = isIts && (own.type === "exit" || own.type === "closed");
    return isOver || isEnd(event) ? this.#stop() : "";
  }

  /** What is left when the recording has ended, or is left: afterwards the terminal is as it was before. */
  end(): string {
    return this.#stop() + lines(this.#options.narrator.end());
  }

  /** A terminal is played from its first output on; one at a time. */
  #begin(event: TerminalEvent): void {
    if (this.#played || event.type !== "bytes" || event.stream === "input") return;
    const { channel } = event;
    if (!this.#terminals.has(channel) || (this.#options.channel ?? channel) !== channel) return;
    this.#played = { channel, output: new SafeOutput() };
  }

  #stop(): string {
    if (!this.#played) return "";
    const restored = this.#played.output.restore();
    this.#played = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.#leftOut > 0)
      waiting.unshift(`… ${counted(this.#leftOut, "line")} before these; --text tells all`);
    this.#leftOut = 0;
    return `${restored}\r\n${lines(waiting)}`;
  }

  #wait(more: string[]): void {
    this.#waiting.push(...more);
    const over = this.#waiting.length - MAX_WAITING;
    if (over <= 0) return;
    this.#waiting.splice(0, over);
    this.#leftOut += over;
  }

  #remember(channel: number): void {
    this.#terminals.add(channel);
    for (const oldest of this.#terminals) {
      if (this.#terminals.size <= MAX_TERMINALS) break;
      this.#terminals.delete(oldest);
    }
  }
}

function lines(told: string[]): string {
  return told.map((line) => `${line}\n`).join("");
}
