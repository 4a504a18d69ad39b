import type { StatusAnswer } from "../../../protocol/sftp/packets.ts";
import type { FileRequest } from "../../../protocol/ssh/request.ts";
import type { FileGuard } from "./file-guard.ts";
import { judgeThenPass, type Operation } from "./judged.ts";
import type { Turns } from "./turns.ts";

/** Most requests of a channel that wait. */
export const MAX_WAITING = 64;

/** A request that waits for its verdict. */
export interface Waiting extends Omit<Operation, "pass"> {
  id: number;
  packet: Buffer;
}

export interface VerdictQueueOptions {
  guard: FileGuard;
  turns: Turns;
  /** It may pass; resolves when the target has answered. */
  forward(waiting: Waiting, resolved: FileRequest[]): Promise<void>;
  refuse(waiting: Waiting, words: string): void;
  /** The target can't resolve its path. */
  unresolved(waiting: Waiting, why: StatusAnswer): void;
  /** `length` is less than it was. */
  moved(): void;
  failed(cause: unknown): void;
}

/** Requests that must be judged, one after the other: the next is looked at when the target has answered the last. */
export class VerdictQueue {
  readonly #options: VerdictQueueOptions;
  readonly #queue: Waiting[] = [];
  #isRunning = false;
  #isOver = false;

  constructor(options: VerdictQueueOptions) {
    this.#options = options;
  }

  /** How many wait, with the one whose turn it is. */
  get length(): number {
    return this.#queue.length + (this.#isRunning ? 1 : 0);
  }

  add(waiting: Waiting): void {
    this.#queue.push(waiting);
    if (!this.#isRunning) void this.#run();
  }

  /** Nothing more is forwarded or refused. */
  stop(): void {
    this.#isOver = true;
    this.#queue.length = 0;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      for (let waiting = this.#queue.shift(); waiting !== undefined; waiting = this.#queue.shift()) {
        await this.#decide(waiting);
        if (!this.#isOver && this.#queue.length > 0) this.#options.moved();
      }
    } catch (cause) {
      if (!this.#isOver) this.#options.failed(cause);
    }
    this.#isRunning = false;
    if (!this.#isOver) this.#options.moved();
  }

  async #decide(waiting: Waiting): Promise<void> {
    const { guard, turns, forward, refuse, unresolved } = this.#options;
    const operation = { ...waiting, pass: (resolved: FileRequest[]) => forward(waiting, resolved) };
    const outcome = await judgeThenPass(guard, turns, operation, () => this.#isOver);
    if (this.#isOver || typeof outcome === "string") return;
    if ("refused" in outcome) refuse(waiting, outcome.refused);
    else unresolved(waiting, outcome.unresolved);
  }
}
