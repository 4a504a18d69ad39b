import type { Duplex } from "node:stream";
import type { ServerChannel } from "ssh2";
import { RecordKind } from "../../protocol/ssh/record.ts";
import type { ForwardRequest } from "../../protocol/ssh/request.ts";
import { AgentWriter } from "./agent-writer.ts";
import type { AgentChannel, Connection } from "./connection.ts";

/** Bytes of an agent's that may wait to be recorded and to be taken by the target. */
const MOST_INPUT = 1024 * 1024;

/** A connection that is forwarded, in whichever direction it was made: recorded both ways, and nothing else. */
export class ForwardedChannel implements AgentChannel {
  readonly #number: number;
  readonly #request: ForwardRequest;
  readonly #connection: Connection;
  #agent: ServerChannel | undefined;
  #target: Duplex | undefined;
  #writer: AgentWriter | undefined;
  #input = 0;
  #isOver = false;

  constructor(number: number, request: ForwardRequest, connection: Connection) {
    this.#number = number;
    this.#request = request;
    this.#connection = connection;
  }

  get unread(): number {
    return Math.max(this.#agent?.readableLength ?? 0, this.#target?.readableLength ?? 0);
  }

  carry(agent: ServerChannel, target: Duplex): void {
    const { recorder } = this.#connection;
    const writer = new AgentWriter(agent, this.#number, this.#connection);
    this.#agent = agent;
    this.#target = target;
    this.#writer = writer;
    target.on("data", (chunk: Buffer) => {
      writer.output(chunk);
      if (!writer.isFull) return;
      target.pause();
      writer.room(() => target.resume());
    });
    target.on("end", () => writer.after(() => agent.end()));
    agent.on("data", (chunk: Buffer) => {
      this.#input += chunk.length;
      if (this.#input >= MOST_INPUT) agent.pause();
      const taken = () => {
        this.#input -= chunk.length;
        if (this.#input < MOST_INPUT) agent.resume();
        if (this.#input === 0 && agent.readableEnded) target.end();
      };
      recorder.record(RecordKind.input, this.#number, chunk, () => {
        if (!this.#isOver && target.writable) target.write(chunk, taken);
      });
    });
    agent.on("end", () => {
      if (this.#input === 0) target.end();
    });
    for (const side of [agent, target]) {
      // What follows is "close".
      side.on("error", () => {});
      side.on("close", () => this.stop());
    }
  }

  policiesChanged(): void {
    if (this.#connection.guard.blocked(this.#request) !== null) this.stop();
  }

  notice(): boolean {
    return false;
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#writer?.stop();
    this.#agent?.close();
    this.#target?.destroy();
    this.#connection.closed(this, this.#number);
  }
}
