import { FRONTEND } from "../../protocol/postgres/message-types.ts";

const QUERY = FRONTEND.Query.type;
const FUNCTION_CALL = FRONTEND.FunctionCall.type;
const SYNC = FRONTEND.Sync.type;

/** Messages that may make the server work without a ReadyForQuery of their own: a Sync is to follow. */
const EXTENDED = new Set([
  FRONTEND.Parse.type,
  FRONTEND.Bind.type,
  FRONTEND.Describe.type,
  FRONTEND.Execute.type,
  FRONTEND.Close.type,
]);

/**
 * Whether a target may be working, by counting what asks for a ReadyForQuery and what came. It errs on the side of
 * work: a Sync that a server ignores in the middle of COPY stays counted, which costs a cancel too many.
 */
export class Work {
  #awaited = 0;
  #unsynced = false;

  get idle(): boolean {
    return this.#awaited === 0 && !this.#unsynced;
  }

  /** The agent sent a message of this type. */
  sent(type: number): void {
    if (EXTENDED.has(type)) {
      this.#unsynced = true;
    } else if (type === SYNC || type === QUERY || type === FUNCTION_CALL) {
      this.#awaited += 1;
      this.#unsynced = false;
    }
  }

  /** The target sent a ReadyForQuery. */
  ready(): void {
    if (this.#awaited > 0) this.#awaited -= 1;
  }

  /** The target is gone. */
  done(): void {
    this.#awaited = 0;
    this.#unsynced = false;
  }
}
