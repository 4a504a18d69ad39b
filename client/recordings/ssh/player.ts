import type { SshTranscriptEvent } from "../../../protocol/ssh/transcript/transcript.ts";
import type { Styler } from "../recorded-text.ts";
import { SafeOutput } from "../terminal/safe-output.ts";
import { type NarratorOptions, SshNarrator, withheldText } from "./narrate.ts";

/** Lines that wait while a terminal is played. */
const MAX_WAITING = 500;
/** Terminals that are remembered; a session has a few. */
const MAX_TERMINALS = 1_000;

/**
 * Tells an SSH session in a terminal: what ran in terminals of its own is played there, what is safe of it, and the rest
 * told as lines; while a terminal is played, until it ends.
 */
export class Player {
  readonly #style: Styler;
  readonly #narrator: SshNarrator;
  readonly #channel: number | undefined;
  readonly #terminals = new Set<number>();
  #played: { channel: number; output: SafeOutput } | null = null;
  #waiting: string[] = [];
  #leftOut = 0;

  constructor(style: Styler, options: NarratorOptions = {}) {
    this.#style = style;
    this.#narrator = new SshNarrator(style, options);
    this.#channel = options.channel;
  }

  /** Whether a terminal is played now. */
  get playing(): boolean {
    return this.#played !== null;
  }

  /** What is to be written for this event, often nothing. */
  tell(event: SshTranscriptEvent): string {
    if (event.type === "terminal") this.#remember(event.channel);
    this.#begin(event);
    const played = this.#played;
    if (!played) return lines(this.#narrator.tell(event));
    const isIts = "channel" in event && event.channel === played.channel;
    if (isIts && event.type === "bytes") {
      return event.stream === "input" ? "" : played.output.push(event.bytes);
    }
    if (isIts && event.type === "withheld") {
      return played.output.alternate ? "" : this.#style("dim", withheldText(event.characters));
    }
    this.#wait(this.#narrator.tell(event));
    const isOver = isIts && (event.type === "exit" || event.type === "closed");
    return isOver || isEnd(event) ? this.#stop() : "";
  }

  /** What is left when the recording has ended, or is left: afterwards the terminal is as it was before. */
  end(): string {
    return this.#stop() + lines(this.#narrator.end());
  }

  /** A terminal is played from its first output on; one at a time. */
  #begin(event: SshTranscriptEvent): void {
    if (this.#played || event.type !== "bytes" || event.stream === "input") return;
    const { channel } = event;
    if (!this.#terminals.has(channel) || (this.#channel ?? channel) !== channel) return;
    this.#played = { channel, output: new SafeOutput() };
  }

  #stop(): string {
    if (!this.#played) return "";
    const restored = this.#played.output.restore();
    this.#played = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.#leftOut > 0) waiting.unshift(`… ${this.#leftOut} lines before these; --text tells all`);
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

function isEnd(event: SshTranscriptEvent): boolean {
  return event.type === "edge" && event.event.event === "ended";
}

function lines(told: string[]): string {
  return told.map((line) => `${line}\n`).join("");
}
