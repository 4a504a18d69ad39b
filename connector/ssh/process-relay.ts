import type { ClientChannel, ServerChannel } from "ssh2";
import { RecordKind } from "../../protocol/ssh/record.ts";
import type { HeldWords } from "../guard/approval-words.ts";
import type { Timers } from "../guard/timers.ts";
import type { Detectors } from "../mask/detectors/modes.ts";
import { StreamMask } from "../mask/terminal/stream-mask.ts";
import { TypedInput } from "../mask/terminal/typed-input.ts";
import type { AgentWriter } from "./agent-writer.ts";
import { exitSignal } from "./exit-signal.ts";
import type { Recorder } from "./recorder.ts";
import { said } from "./said.ts";

/** Bytes of an agent's that may wait to be recorded and to be taken by the target. */
const MOST_INPUT = 1024 * 1024;

export interface ProcessRelayOptions {
  /** The channel's number in the session. */
  channel: number;
  agent: ServerChannel;
  writer: AgentWriter;
  target: ClientChannel;
  terminal: boolean;
  detectors: Detectors;
  /** What the detectors found, if anything. */
  found(counts: ReturnType<StreamMask["take"]>): void;
  recorder: Recorder;
  timers: Timers;
  /** All is told, and both channels are closed or on their way to be. */
  over(): void;
}

/**
 * Carries what a process on the target says and is told, once it may run. To the agent: masked, recorded, sent. To the
 * target: recorded, and sent when the edge has it on disk; but what is typed at a terminal at once, since whether it may
 * be recorded shows only when the terminal has answered.
 */
export class ProcessRelay {
  readonly #options: ProcessRelayOptions;
  readonly #output: StreamMask;
  readonly #error: StreamMask;
  readonly #typed: TypedInput;
  #isFrozen = false;
  #isOver = false;
  /** Bytes of the agent's that the target has not taken. */
  #input = 0;
  #agentEnded = false;
  /** Of the target's channel, what has not ended yet. */
  readonly #open = new Set(["output", "error", "channel"]);

  constructor(options: ProcessRelayOptions) {
    const { writer, detectors, terminal, timers, channel, recorder } = options;
    this.#options = options;
    const mask = (out: (bytes: Buffer) => void) => new StreamMask({ detectors, terminal, timers, out });
    this.#output = mask((bytes) => writer.output(bytes));
    this.#error = mask((bytes) => writer.error(bytes));
    this.#typed = new TypedInput({
      terminal,
      timers,
      record: (kind, bytes, logged) => recorder.record(RecordKind[kind], channel, bytes, logged),
    });
  }

  /** `early`: what the agent sent before. */
  start(early: readonly Buffer[], agentEnded: boolean): void {
    const { agent, target } = this.#options;
    target.on("data", (chunk: Buffer) => this.#said(this.#output, chunk));
    target.stderr.on("data", (chunk: Buffer) => this.#said(this.#error, chunk));
    target.on("end", () => this.#ended("output"));
    target.stderr.on("end", () => this.#ended("error"));
    target.on("close", () => this.#ended("channel"));
    // What follows is "close".
    target.on("error", () => {});
    // `dumped` is true or false, whatever ssh2's types say.
    target.on("exit", (status: number | null, signal?: string, dumped?: unknown, description?: string) =>
      this.#exited(status, signal ?? null, dumped === true, description ?? ""),
    );
    for (const chunk of early) this.#heard(chunk);
    agent.on("data", (chunk: Buffer) => this.#heard(chunk));
    agent.on("end", () => this.#agentDone());
    if (agentEnded) this.#agentDone();
    this.#flow();
  }

  /** Stands still, in both directions, until `thaw`. */
  freeze(): void {
    this.#isFrozen = true;
    const { agent, target } = this.#options;
    agent.pause();
    target.pause();
    target.stderr.pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#flow();
  }

  /** The detectors' modes have changed. */
  use(detectors: Detectors): void {
    this.#output.use(detectors);
    this.#error.use(detectors);
  }

  /** Tells the agent something between what the process says. */
  tell(words: HeldWords): void {
    const { writer, terminal } = this.#options;
    writer.error(said(words, terminal));
  }

  /** Nothing more is carried. */
  stop(): void {
    this.#isOver = true;
    this.#typed.end();
    this.#output.end();
    this.#error.end();
  }

  #said(mask: StreamMask, chunk: Buffer): void {
    if (this.#isOver) return;
    this.#typed.shown(chunk);
    mask.push(chunk);
    this.#options.found(mask.take());
    this.#flow();
  }

  #heard(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#input += chunk.length;
    const { target } = this.#options;
    const taken = () => {
      this.#input -= chunk.length;
      this.#flow();
    };
    this.#typed.typed(chunk, () => {
      if (!this.#isOver && target.writable) target.write(chunk, taken);
    });
    this.#flow();
  }

  #agentDone(): void {
    this.#agentEnded = true;
    this.#flow();
  }

  /** Lets flow what there is room for. */
  #flow(): void {
    if (this.#isOver) return;
    const { agent, target, writer } = this.#options;
    if (this.#agentEnded && this.#input === 0 && target.writable) target.end();
    if (this.#isFrozen) return;
    if (this.#input >= MOST_INPUT) agent.pause();
    else agent.resume();
    if (!writer.isFull) {
      target.resume();
      target.stderr.resume();
    } else if (!target.isPaused()) {
      target.pause();
      target.stderr.pause();
      writer.room(() => this.#flow());
    }
  }

  /** What the masks hold goes on. */
  #flush(): void {
    for (const mask of [this.#output, this.#error]) {
      mask.flush();
      this.#options.found(mask.take());
    }
  }

  #exited(status: number | null, signal: string | null, dumped: boolean, description: string): void {
    const { agent, writer, recorder, channel } = this.#options;
    this.#flush();
    recorder.event({ event: "exited", channel, status, signal });
    writer.after(() => {
      if (signal !== null) exitSignal(agent, signal, dumped, description);
      else if (status !== null) agent.exit(status);
    });
  }

  /** Both of its outputs have ended, and it is closed. */
  #ended(what: string): void {
    this.#open.delete(what);
    if (this.#open.size > 0 || this.#isOver) return;
    this.#flush();
    this.#typed.end();
    this.#options.writer.after(() => this.#options.over());
  }
}
