import { SallyportError } from "../../../protocol/errors.ts";
import type { Timers } from "../../guard/timers.ts";
import type { Detectors } from "../../mask/detectors/modes.ts";
import { StreamMask } from "../../mask/terminal/stream-mask.ts";

/** Standard output and standard error; 0 is input, 3 the status, 4 the terminal's size, 255 closes one. */
const OUTPUTS = [1, 2] as const;
const MOST_CHANNELS = 256;

export interface ChannelMaskOptions {
  detectors: Detectors;
  /** Whether `tty=true` was asked for. */
  terminal: boolean;
  timers: Timers;
  /** A message for the agent; called within `push`, and later for what was held. The bytes don't change any more. */
  out(message: Buffer): void;
}

/** Masks what the processes of an exec or attach say (`remotecommand` in k8s.io/apiserver). Other channels go on as they are. */
export class ChannelMask {
  readonly #options: ChannelMaskOptions;
  readonly #masks: ReadonlyMap<number, StreamMask>;

  constructor(options: ChannelMaskOptions) {
    this.#options = options;
    const { detectors, terminal, timers } = options;
    this.#masks = new Map(
      OUTPUTS.map((channel) => [
        channel,
        new StreamMask({ detectors, terminal, timers, out: (bytes) => this.#say(channel, bytes) }),
      ]),
    );
  }

  /**
   * A whole message of the target's, which is the mask's own from here on. Throws `protocol_violation` for one without
   * a channel, or as text.
   */
  push(message: Buffer, isText: boolean): void {
    const channel = message[0];
    if (channel === undefined || isText) {
      throw new SallyportError(
        "protocol_violation",
        "the target sent a message without a channel",
        "The stream can't be looked into. Use a client that speaks v5.channel.k8s.io or v4.channel.k8s.io.",
      );
    }
    const mask = this.#masks.get(channel);
    // An empty message opens a channel.
    if (mask === undefined || message.length === 1) {
      if (channel >= 3) this.#flush();
      this.#options.out(message);
    } else mask.push(message.subarray(1));
  }

  /** The target has said all. */
  end(): void {
    this.#flush();
    for (const mask of this.#masks.values()) mask.end();
  }

  /** Nobody wants what is held. */
  stop(): void {
    for (const mask of this.#masks.values()) mask.end();
  }

  use(detectors: Detectors): void {
    for (const mask of this.#masks.values()) mask.use(detectors);
  }

  /** What was found since the last call, of each output. */
  take(): NonNullable<ReturnType<StreamMask["take"]>>[] {
    return [...this.#masks.values()].flatMap((mask) => mask.take() ?? []);
  }

  /** The status and the closing of a channel come behind all that was said before. */
  #flush(): void {
    for (const mask of this.#masks.values()) mask.flush();
  }

  #say(channel: number, bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#options.out(Buffer.concat([Buffer.from([channel % MOST_CHANNELS]), bytes]));
  }
}
