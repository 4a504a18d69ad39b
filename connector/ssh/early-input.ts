import type { ServerChannel } from "ssh2";

/** Bytes that are kept. */
const MOST = 256 * 1024;
/** What a terminal's keys for interrupt and end of file send. */
const INTERRUPTS = [0x03, 0x04];

/** What an agent sends on its channel before what it asked for may run. */
export class EarlyInput {
  /** People are asked, or waited for: the keys that interrupt do. */
  isHeld = false;
  readonly chunks: Buffer[] = [];
  readonly #agent: ServerChannel;
  readonly #interrupted: () => void;
  readonly #hasTerminal: boolean;
  #bytes = 0;
  #hasEnded = false;

  constructor(agent: ServerChannel, hasTerminal: boolean, interrupted: () => void) {
    this.#agent = agent;
    this.#hasTerminal = hasTerminal;
    this.#interrupted = interrupted;
    agent.on("data", this.#hear);
    agent.on("end", this.#end);
  }

  /** The agent has sent all that it will. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** From here on somebody else reads the channel, which stands still until then. */
  close(): void {
    this.#agent.off("data", this.#hear);
    this.#agent.off("end", this.#end);
    this.#agent.pause();
  }

  readonly #hear = (chunk: Buffer): void => {
    if (this.isHeld && this.#hasTerminal && chunk.some((byte) => INTERRUPTS.includes(byte))) {
      this.#interrupted();
      return;
    }
    this.chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= MOST) this.#agent.pause();
  };

  readonly #end = (): void => {
    this.#hasEnded = true;
  };
}
