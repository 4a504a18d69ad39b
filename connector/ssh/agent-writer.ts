import type { ServerChannel } from "ssh2";
import type { SessionUsage } from "../../protocol/policy/usage.ts";
import { RecordKind } from "../../protocol/ssh/record.ts";
import { forgetSent, heedSocket } from "./bounds.ts";
import type { Recorder } from "./recorder.ts";
import type { TunnelSocket } from "./tunnel-socket.ts";

/** Bytes that may wait for the agent's window, or for the tunnel. */
const MOST = 256 * 1024;

type Step = { stream: ServerChannel | ServerChannel["stderr"]; bytes: Buffer } | { act(): void };

export interface AgentWriterDeps {
  recorder: Recorder;
  socket: TunnelSocket;
  usage: SessionUsage;
}

/**
 * What one channel tells the agent: each byte is recorded, then sent, in the order in which it was given. One write is on
 * its way at a time: of two that wait for the same window, as standard output and error do, ssh2 may forget one.
 */
export class AgentWriter {
  readonly #channel: ServerChannel;
  readonly #number: number;
  readonly #recorder: Recorder;
  readonly #usage: SessionUsage;
  readonly #steps: Step[] = [];
  #waiting = 0;
  #isBusy = false;
  #isOver = false;
  #room: (() => void)[] = [];

  constructor(channel: ServerChannel, number: number, { recorder, socket, usage }: AgentWriterDeps) {
    this.#channel = channel;
    this.#number = number;
    this.#recorder = recorder;
    this.#usage = usage;
    heedSocket(channel, socket);
  }

  /** Whether whoever writes should wait for `room`. */
  get isFull(): boolean {
    return !this.#isOver && this.#waiting >= MOST;
  }

  /** Calls back once there is room; at once where there is. */
  room(callback: () => void): void {
    if (this.isFull) this.#room.push(callback);
    else callback();
  }

  /** `bytes` must not change any more. */
  output(bytes: Buffer): void {
    this.#add(RecordKind.output, this.#channel, bytes);
  }

  error(bytes: Buffer): void {
    this.#add(RecordKind.error, this.#channel.stderr, bytes);
  }

  /** Does something once all before it has left. */
  after(act: () => void): void {
    if (this.#isOver) return;
    this.#steps.push({ act });
    this.#next();
  }

  /** The channel is gone. */
  stop(): void {
    this.#isOver = true;
    this.#steps.length = 0;
    this.#waiting = 0;
    this.#tellRoom();
  }

  #add(kind: RecordKind, stream: ServerChannel | ServerChannel["stderr"], bytes: Buffer): void {
    if (this.#isOver || bytes.length === 0) return;
    this.#recorder.record(kind, this.#number, bytes);
    this.#usage.result(0, bytes.length);
    this.#waiting += bytes.length;
    this.#steps.push({ stream, bytes });
    this.#next();
  }

  #next(): void {
    while (!this.#isBusy && !this.#isOver && this.#steps.length > 0) {
      const step = this.#steps.shift()!;
      if ("act" in step) {
        step.act();
      } else {
        this.#isBusy = true;
        const { length } = step.bytes;
        step.stream.write(step.bytes, () => {
          forgetSent(this.#channel);
          this.#done(length);
        });
      }
    }
  }

  #done(bytes: number): void {
    this.#isBusy = false;
    if (this.#isOver) return;
    this.#waiting -= bytes;
    if (!this.isFull) this.#tellRoom();
    this.#next();
  }

  #tellRoom(): void {
    const room = this.#room;
    this.#room = [];
    for (const callback of room) callback();
  }
}
