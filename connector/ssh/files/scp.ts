import { SallyportError } from "../../../protocol/errors.ts";
import { ScpConversation, type ScpRelayOptions } from "./scp-conversation.ts";
import { carryToTarget } from "./scp-sink.ts";
import { carryToAgent } from "./scp-source.ts";

export type { ScpRelayOptions } from "./scp-conversation.ts";

/** Carries the scp of an agent, message by message, to a process of the target's that runs `scpLine`, and back. */
export class ScpRelay {
  readonly #options: ScpRelayOptions;
  readonly #talk: ScpConversation;
  #isOver = false;
  #targetHasEnded = false;

  constructor(options: ScpRelayOptions) {
    this.#options = options;
    this.#talk = new ScpConversation(options);
  }

  /** Begins to read both streams. */
  start(): void {
    const { agent, target, command } = this.#options;
    for (const event of ["close", "error"]) agent.on(event, () => this.stop());
    for (const event of ["end", "close", "error"]) target.on(event, () => this.#targetEnded());
    const carry = command.mode === "sink" ? carryToTarget : carryToAgent;
    carry(this.#talk).then(
      () => this.#carried(),
      (cause) => this.#failed(cause),
    );
  }

  /** Ends it, as from outside. A file that is on its way is told as closed. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#talk.stop();
  }

  #targetEnded(): void {
    this.#targetHasEnded = true;
    this.#talk.targetEnded();
  }

  /** The agent has no more, or the target; the target may still end by itself. */
  #carried(): void {
    const { target } = this.#options;
    if (target.writable) target.end();
    this.#over(null);
  }

  #failed(cause: unknown): void {
    const isTyped = cause instanceof SallyportError;
    const error = isTyped ? cause : new SallyportError("internal", "the scp relay failed");
    // A side that ends as it should leaves whoever waits for it with just that error.
    const hasEnded = this.#isOver || (this.#targetHasEnded && error.code === "target_closed");
    this.#over(hasEnded ? null : error);
  }

  #over(error: SallyportError | null): void {
    this.#isOver = true;
    this.#talk.stop();
    this.#options.over(error);
  }
}
