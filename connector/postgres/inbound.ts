import { SallyportError } from "../../protocol/errors.ts";
import { WINDOW } from "../../protocol/frame.ts";
import { FRONTEND } from "../../protocol/postgres/message-types.ts";
import type { MessageReader } from "../../protocol/postgres/reader.ts";
import { type Conversation, MAX_WAITING, type Request } from "./conversation.ts";
import { CANCELLED } from "./guard/approval-messages.ts";
import { mustFail } from "./guard/must-fail.ts";
import type { OwnQueries } from "./guard/own-queries.ts";
import type { SessionGuard } from "./guard/session-guard.ts";
import type { AgentExchange, Verdict } from "./guard/verdict.ts";

const { CopyData, CopyDone, CopyFail, Flush, PasswordMessage, Sync, Terminate } = FRONTEND;

/** What happens to a message that asks for nothing. */
type Free = "pass" | "drop";

export interface InboundOptions {
  /** The agent's bytes. */
  reader: MessageReader;
  talk: Conversation;
  guard: SessionGuard;
  own: OwnQueries;
  /** To the target; `written` when the bytes have left. */
  write(bytes: Uint8Array, written: () => void): void;
  /** Gives the agent credit. */
  consumed(bytes: number): void;
  /** To the agent, in the place of the answer to a message that was dropped. */
  answer(bytes: Uint8Array): void;
  /** The agent is done, and what it has asked for is on its way to the target. `said`: by Terminate. */
  over(said: boolean): void;
  /** A cancel of the connector's own that is on its way to the target; null when none is. */
  cancelling(): Promise<void> | null;
  failed(error: unknown): void;
}

/**
 * From the agent to the target: each message is judged before its first byte goes on, in order. Bytes pass as they
 * came; a run of messages goes on as one span. While a verdict waits, what follows waits behind it.
 */
export class Inbound {
  readonly #options: InboundOptions;
  #data: Uint8Array = new Uint8Array(0);
  #from = -1;
  #to = 0;
  /** Bytes of the present chunks that the agent may send again. */
  #credit = 0;
  #pieces: Free = "pass";
  #busy = false;
  /** The agent cancelled what waits for its verdict. */
  #cancelled = false;
  #terminated = false;
  /** The agent's stream has ended. */
  #ended = false;
  /** Nothing but a Sync reaches the target: the agent was told an error that the target knows nothing of. */
  #untilSync = false;
  readonly #ahead: Uint8Array[] = [];
  #aheadBytes = 0;

  constructor(options: InboundOptions) {
    this.#options = options;
  }

  /** Takes what the reader holds already. */
  start(): void {
    this.#data = this.#options.reader.data;
    this.#run();
  }

  /** The chunk belongs to it. Throws `window_exceeded`, `protocol_violation`, `frame_too_large`. */
  push(chunk: Uint8Array): void {
    if (this.#busy) {
      this.#aheadBytes += chunk.length;
      // The sender keeps to its window, so no more can be ahead; one that doesn't would fill the memory.
      if (this.#aheadBytes > 2 * WINDOW) {
        throw new SallyportError("window_exceeded", "the agent sent more than its window allows");
      }
      this.#ahead.push(chunk);
      return;
    }
    this.#take(chunk);
  }

  /** Cancels what waits for its verdict; false when nothing does. */
  cancel(): boolean {
    this.#cancelled = this.#busy;
    if (this.#busy) this.#options.guard.cancel();
    return this.#cancelled;
  }

  /** The agent's stream has ended; what waits is done first, but for people. */
  end(): void {
    this.#ended = true;
    this.#options.guard.leave();
    this.#checkOver();
  }

  /** Sends what passed and still waits to leave: a question of the connector's own must not overtake it. */
  flush(): void {
    this.#flush(false);
  }

  /** As the target would after an error of the extended protocol. */
  skipToSync(): void {
    this.#untilSync = true;
  }

  #take(chunk: Uint8Array): void {
    const { reader } = this.#options;
    reader.push(chunk);
    this.#data = reader.data;
    this.#credit += chunk.length;
    this.#run();
  }

  #run(): void {
    const { reader } = this.#options;
    while (reader.next()) {
      if (!reader.first) {
        if (this.#pieces === "pass") this.#pass();
        continue;
      }
      const free = this.#free(reader.type);
      if (free !== undefined) {
        this.#pieces = free;
        if (free === "pass") this.#pass();
        continue;
      }
      const verdict = this.#judge(reader);
      if (verdict instanceof Promise) {
        this.#wait(verdict);
        return;
      }
      const hold = this.#apply(verdict);
      if (hold !== undefined) {
        this.#wait(hold);
        return;
      }
    }
    this.#flush(true);
    this.#checkOver();
  }

  #checkOver(): void {
    if (this.#busy || this.#ahead.length > 0) return;
    if (this.#terminated || this.#ended) this.#options.over(this.#terminated);
  }

  #wait(promise: Promise<Verdict | undefined>): void {
    this.#flush(false);
    this.#busy = true;
    promise.then((verdict) => this.#resume(verdict)).catch((error: unknown) => this.#options.failed(error));
  }

  #resume(decided: Verdict | undefined): void {
    const verdict = this.#cancelled && decided?.act === "pass" ? withdrawn(decided.exchange) : decided;
    this.#cancelled = false;
    const hold = verdict === undefined ? undefined : this.#apply(verdict);
    if (hold !== undefined) {
      this.#wait(hold);
      return;
    }
    this.#busy = false;
    this.#run();
    while (!this.#busy) {
      const chunk = this.#ahead.shift();
      if (chunk === undefined) break;
      this.#aheadBytes -= chunk.length;
      this.#take(chunk);
    }
  }

  /** What asks the target for nothing needs no verdict; undefined for what does. */
  #free(type: number): Free | undefined {
    const { talk } = this.#options;
    switch (type) {
      case PasswordMessage.type:
        throw outOfOrder("PasswordMessage");
      case Terminate.type:
        this.#checkTerminated();
        this.#terminated = true;
        return "pass";
      case CopyDone.type:
      case CopyFail.type:
        this.#checkTerminated();
        talk.copyEnded();
        return "pass";
      case CopyData.type:
        this.#checkTerminated();
        return "pass";
      case Flush.type:
        this.#checkTerminated();
        return "pass";
      case Sync.type:
        // The target ignores it in the middle of a COPY, and so must the count of answers.
        return talk.copyIn ? "drop" : undefined;
      default:
        return undefined;
    }
  }

  #judge(message: MessageReader): Verdict | Promise<Verdict> {
    const { talk, guard, own } = this.#options;
    this.#checkTerminated();
    if (message.type === Sync.type) this.#untilSync = false;
    else if (talk.skipping || this.#untilSync) return { act: "drop" };
    if (talk.copyIn) return { act: "disturb" };
    // It must not meet the statement that comes next.
    const cancelling = this.#options.cancelling();
    if (cancelling !== null) return cancelling.then(() => guard.judge(message));
    if (talk.waiting < MAX_WAITING) return guard.judge(message);
    return own.until(() => talk.waiting < MAX_WAITING / 2).then(() => guard.judge(message));
  }

  /** Does what was decided. What must happen before the next message is looked at is answered as a promise. */
  #apply(verdict: Verdict): Promise<undefined> | undefined {
    const { talk, reader, own } = this.#options;
    this.#pieces = "drop";
    switch (verdict.act) {
      case "drop":
        return undefined;
      case "answer":
        this.#options.answer(verdict.refusal.bytes);
        return undefined;
      case "disturb":
        // The target refuses any message in the middle of a COPY, takes it off, and answers for the COPY.
        this.#replace("query");
        return undefined;
      case "refuse":
        // What was decided while an earlier message failed.
        if (talk.skipping) return undefined;
        talk.sent({ request: verdict.request, refusal: verdict.refusal } as Parameters<
          Conversation["sent"]
        >[0]);
        this.#replace(verdict.request);
        return undefined;
      case "pass": {
        const { exchange } = verdict;
        if (talk.skipping && exchange.request !== "sync") {
          exchange.failed?.();
          exchange.approval?.withdraw("the target skips it after an error");
          return undefined;
        }
        exchange.approval?.used();
        talk.sent(exchange);
        if (verdict.instead === undefined) {
          this.#pieces = "pass";
          this.#pass();
        } else {
          if (!reader.last) throw new SallyportError("internal", "a judged message came in pieces");
          this.#flush(false);
          this.#options.write(verdict.instead, () => {});
        }
        if (exchange.copyIn !== true) return undefined;
        if (!reader.last) throw new SallyportError("internal", "a judged message came in pieces");
        this.#flush(false);
        return own.until(() => talk.copyIn || !talk.has(exchange)).then(() => undefined);
      }
    }
  }

  #replace(request: Request): void {
    const { reader, write } = this.#options;
    this.#flush(false);
    write(mustFail(request, reader), () => {});
  }

  #pass(): void {
    const { start, end } = this.#options.reader;
    if (this.#from >= 0 && this.#to !== start) this.#flush(false);
    if (this.#from < 0) this.#from = start;
    this.#to = end;
  }

  /** Sends the span. `all`: the chunk is done with, which gives the agent credit when it has left. */
  #flush(all: boolean): void {
    const credit = all ? this.#credit : 0;
    if (all) this.#credit = 0;
    if (this.#from >= 0) {
      const span = this.#data.subarray(this.#from, this.#to);
      this.#from = -1;
      this.#options.write(span, () => this.#options.consumed(credit));
    } else if (credit > 0) {
      // What the reader holds back is consumed too: it is bounded, and a message as long as the window would wait
      // for credit for ever.
      this.#options.consumed(credit);
    }
  }

  #checkTerminated(): void {
    if (this.#terminated) throw outOfOrder("a message after Terminate");
  }
}

/** As the server says it of a statement that it was about to run. */
function withdrawn(exchange: AgentExchange): Verdict {
  if (exchange.request === "sync") return { act: "pass", exchange };
  exchange.failed?.();
  exchange.approval?.withdraw("the agent cancelled the statement");
  return { act: "refuse", request: exchange.request, refusal: CANCELLED };
}

function outOfOrder(name: string): SallyportError {
  return new SallyportError(
    "protocol_violation",
    `the agent sent ${name} where PostgreSQL's protocol has none`,
  );
}
