import { SallyportError } from "../../protocol/errors.ts";
import type { TransactionStatus } from "../../protocol/postgres/backend.ts";
import { BACKEND, messageName } from "../../protocol/postgres/message-types.ts";

/** What a message sent to the target asks for. `call` is the function-call message. */
export type Request = "parse" | "bind" | "describe" | "execute" | "close" | "sync" | "query" | "call";

/**
 * What waits for the target's answer. Its members decide what becomes of that answer; all are called in the order of
 * the answers.
 */
export interface Exchange {
  readonly request: Request;
  /** The answer is not the agent's: the connector asked for itself. */
  readonly own?: boolean;
  /** The target took it: ParseComplete, BindComplete, CommandComplete and the like; for a query, its ReadyForQuery after no error. */
  done?(): void;
  /** The target refused it, or skipped it after an earlier error. */
  failed?(): void;
  /** Its ReadyForQuery told the transaction's state, after `done` or `failed`; never of what the target skipped. */
  readied?(): void;
}

/** What an arrived message is to the agent. */
export interface Arrival {
  /** The exchange that it answers; undefined for what a server says unasked (notices, settings, notifications). */
  exchange: Exchange | undefined;
  /** The exchange is over with it. */
  last: boolean;
}

const UNASKED: Arrival = { exchange: undefined, last: false };
const {
  BindComplete,
  CloseComplete,
  CommandComplete,
  CopyInResponse,
  EmptyQueryResponse,
  ErrorResponse,
  FunctionCallResponse,
  NoData,
  NoticeResponse,
  NotificationResponse,
  ParameterDescription,
  ParameterStatus,
  ParseComplete,
  PortalSuspended,
  ReadyForQuery,
  RowDescription,
} = BACKEND;

/** Which message ends the exchange of a request of the extended protocol. */
const ENDS: Record<Exclude<Request, "sync" | "query" | "call">, ReadonlySet<number>> = {
  parse: new Set([ParseComplete.type]),
  bind: new Set([BindComplete.type]),
  close: new Set([CloseComplete.type]),
  describe: new Set([RowDescription.type, NoData.type]),
  execute: new Set([CommandComplete.type, EmptyQueryResponse.type, PortalSuspended.type]),
};

/** Which messages may stand in an exchange beside those that end it. */
const WITHIN: Record<Request, ReadonlySet<number>> = {
  parse: new Set(),
  bind: new Set(),
  close: new Set(),
  describe: new Set([ParameterDescription.type]),
  execute: typesOf("DHGdc"),
  sync: new Set(),
  query: typesOf("TDCIHGdc"),
  call: new Set([FunctionCallResponse.type]),
};

const READIED: ReadonlySet<Request> = new Set(["sync", "query", "call"]);

/** Requests that may wait for their answers at once. A client that pipelines more waits for some of them. */
export const MAX_WAITING = 10_000;

/**
 * Knows which request each message of the target answers (documentation, "Message Flow"): in order, and after an
 * error of the extended protocol nothing until the next Sync. So the connector can put an answer of its own in the
 * place of the target's, and tell when the target is at rest. Anything that answers nothing is a fault of the target.
 */
export class Conversation {
  readonly #waiting: Exchange[] = [];
  #status: TransactionStatus;
  /** Messages of the extended protocol were sent since the last Sync. */
  #unsynced = false;
  /** The batch that is open has bound or run something of the agent's. */
  #begun = false;
  /** The target ignores all until a Sync, which was not sent yet. */
  #skipping = false;
  #errored = false;
  #copyIn = false;
  /** Execute messages answered since the last ReadyForQuery. */
  #executes = 0;

  constructor(status: TransactionStatus) {
    this.#status = status;
  }

  /** As the last ReadyForQuery told. */
  get status(): TransactionStatus {
    return this.#status;
  }

  /** Whose answer comes next. */
  get head(): Exchange | undefined {
    return this.#waiting[0];
  }

  /** The exchange still waits for its answer, or for the rest of it. */
  has(exchange: Exchange): boolean {
    return this.#waiting.includes(exchange);
  }

  /** Everything sent was answered. */
  get answered(): boolean {
    return this.#waiting.length === 0;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** A batch of the extended protocol is open: a simple query now would end its transaction. */
  get unsynced(): boolean {
    return this.#unsynced;
  }

  /** A batch is open in which nothing was bound and nothing has run: a Sync would undo and commit nothing. */
  get preparedOnly(): boolean {
    return this.#unsynced && !this.#begun;
  }

  /** What is sent before the next Sync, the target ignores. */
  get skipping(): boolean {
    return this.#skipping;
  }

  /** The target waits for CopyData. */
  get copyIn(): boolean {
    return this.#copyIn;
  }

  /** The agent has sent the last of its CopyData, or gives it up. */
  copyEnded(): void {
    this.#copyIn = false;
  }

  /**
   * The batch that is being answered had one Execute, and nothing of it waits but its Sync: what the agent believes of
   * its transaction can still be made true.
   */
  get batchEnds(): boolean {
    return this.#executes === 1 && (this.#waiting[0] === undefined || this.#waiting[0].request === "sync");
  }

  /** A request goes to the target. */
  sent(exchange: Exchange): void {
    const { request } = exchange;
    if (request === "sync") {
      this.#unsynced = false;
      this.#begun = false;
      this.#skipping = false;
    } else if (this.#skipping) {
      exchange.failed?.();
      return;
    } else if (request !== "query" && request !== "call") {
      this.#unsynced = true;
      if (exchange.own !== true && (request === "bind" || request === "execute")) this.#begun = true;
    }
    this.#waiting.push(exchange);
  }

  /** A message arrived. `status`: of a ReadyForQuery. Throws `protocol_violation` for one that answers nothing. */
  received(type: number, status: TransactionStatus | null): Arrival {
    if (type === NoticeResponse.type || type === NotificationResponse.type || type === ParameterStatus.type) {
      return UNASKED;
    }
    const exchange = this.#waiting[0];
    if (type === ErrorResponse.type) return this.#error(exchange);
    if (exchange === undefined) throw unexpected(type);
    if (status !== null) return this.#ready(exchange, status);
    const { request } = exchange;
    if (!READIED.has(request) && ENDS[request as keyof typeof ENDS].has(type)) {
      this.#waiting.shift();
      this.#copyIn = false;
      if (request === "execute") this.#executes += 1;
      exchange.done?.();
      return { exchange, last: true };
    }
    if (!WITHIN[request].has(type)) throw unexpected(type);
    this.#copyIn = type === CopyInResponse.type;
    return { exchange, last: false };
  }

  #ready(exchange: Exchange, status: TransactionStatus): Arrival {
    if (!READIED.has(exchange.request)) throw unexpected(ReadyForQuery.type);
    this.#waiting.shift();
    this.#status = status;
    this.#executes = 0;
    this.#copyIn = false;
    const failed = this.#errored;
    this.#errored = false;
    if (failed) exchange.failed?.();
    else exchange.done?.();
    exchange.readied?.();
    return { exchange, last: true };
  }

  #error(exchange: Exchange | undefined): Arrival {
    this.#copyIn = false;
    // An administrator's words, and then the connection closes.
    if (exchange === undefined) return UNASKED;
    if (READIED.has(exchange.request)) {
      this.#errored = true;
      return { exchange, last: false };
    }
    // The target skips to the next Sync: what was sent until there gets no answer.
    let next = this.#waiting.findIndex(({ request }) => request === "sync");
    if (next < 0) {
      next = this.#waiting.length;
      this.#skipping = true;
    }
    for (const skipped of this.#waiting.splice(0, next)) skipped.failed?.();
    return { exchange, last: true };
  }
}

function typesOf(letters: string): ReadonlySet<number> {
  return new Set(Buffer.from(letters));
}

function unexpected(type: number): SallyportError {
  const name = messageName("backend", type) ?? "a message";
  return new SallyportError("protocol_violation", `the target sent ${name}, which answers nothing`);
}
