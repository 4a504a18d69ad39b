import { SallyportError } from "../../protocol/errors.ts";
import {
  parseErrorFields,
  parseParameterStatus,
  parseReadyForQuery,
  readyForQuery,
  type TransactionStatus,
} from "../../protocol/postgres/backend.ts";
import { BACKEND, messageName } from "../../protocol/postgres/message-types.ts";
import type { MessageReader } from "../../protocol/postgres/reader.ts";
import { PINNED } from "../../protocol/sql/settings.ts";
import type { Conversation, Exchange } from "./conversation.ts";
import type { OwnQueries } from "./guard/own-queries.ts";
import { Refusal } from "./guard/refusal.ts";
import type { ResultLimit } from "./guard/result-limit.ts";
import type { SessionCatalog } from "./guard/session-catalog.ts";
import type { AgentExchange } from "./guard/verdict.ts";
import type { Outbox } from "./outbox.ts";

const READY = BACKEND.ReadyForQuery.type;
const ERROR = BACKEND.ErrorResponse.type;
const DATA_ROW = BACKEND.DataRow.type;
const COPY_DATA = BACKEND.CopyData.type;

/** What belongs to a startup, or to replication, which is refused there. */
const NOT_IN_SESSION = new Set([
  BACKEND.Authentication.type,
  BACKEND.BackendKeyData.type,
  BACKEND.NegotiateProtocolVersion.type,
  BACKEND.CopyBothResponse.type,
]);

/** What becomes of the pieces of a message: `own` answers the connector's own question. */
type Course = "pass" | "drop" | "own";

export interface OutboundOptions {
  target: string;
  reader: MessageReader;
  talk: Conversation;
  own: OwnQueries;
  catalog: SessionCatalog;
  outbox: Outbox;
  /** Before the agent is told that the target is ready: what was found belongs into the recording now. */
  rested(): void;
  /** Rows and bytes of results that went to the agent. */
  counted(rows: number, bytes: number): void;
  /** A result passed its limit: what runs is to be cancelled. */
  cut(limit: ResultLimit): void;
  /** The agent was told an error that the target knows nothing of: its batch is over. */
  skipToSync(): void;
  /** A result was cut where the target has done more than the agent may believe: the session can't go on. */
  diverged(refusal: Refusal): void;
}

/**
 * From the target to the agent. Bytes pass as they came, but for errors that stand for a refusal of ours, results
 * beyond a policy's limit, and the answers to the connector's own questions.
 */
export class Outbound {
  readonly #options: OutboundOptions;
  #course: Course = "pass";
  #last = READY;
  #rows = 0;
  #bytes = 0;
  /** A result was cut after the target had finished it: at the next ReadyForQuery its transaction is to be aborted. */
  #abort = false;

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  /** The type of the last message that the target sent. */
  get last(): number {
    return this.#last;
  }

  push(chunk: Uint8Array): void {
    this.#options.reader.push(chunk);
    this.run();
  }

  /** Passes on what the reader has. Throws `protocol_violation`. */
  run(): void {
    const { reader, talk, own, outbox } = this.#options;
    const { data } = reader;
    let from = -1;
    let to = 0;
    const flush = (partial: boolean, urgent: boolean) => {
      if (from >= 0) outbox.add(data.subarray(from, to), partial, urgent);
      from = -1;
    };
    try {
      while (reader.next()) {
        if (reader.first) this.#course = this.#received(reader, () => flush(false, false));
        else if (this.#course === "own") own.take(reader);
        if (this.#course === "pass") {
          if (from >= 0 && to !== reader.start) flush(false, false);
          if (from < 0) from = reader.start;
          to = reader.end;
        }
      }
    } finally {
      // What came before a fault is in order; the agent gets it.
      const rested = this.#last === READY && talk.answered && reader.boundary;
      if (from >= 0) flush(this.#course === "pass" && !reader.boundary, rested);
      else if (rested) outbox.flush();
      if (this.#bytes > 0) this.#options.counted(this.#rows, this.#bytes);
      this.#rows = 0;
      this.#bytes = 0;
    }
    own.settle();
  }

  #received(reader: MessageReader, flush: () => void): Course {
    const { talk, own, catalog } = this.#options;
    const { type } = reader;
    if (NOT_IN_SESSION.has(type)) throw outOfOrder(this.#options.target, type);
    this.#last = type;
    const { head } = talk;
    // Before the exchange is over, so that whoever asked finds the whole answer.
    if (head?.own === true) own.take(reader);
    const status = type === READY ? readyStatus(reader) : null;
    const { exchange } = talk.received(type, status);
    if (type === ERROR) catalog.failed();
    if (status !== null) {
      catalog.ready(status);
      this.#options.rested();
    }
    if (type === BACKEND.ParameterStatus.type) checkPinned(reader);
    if (exchange === undefined) return head?.own === true && isOfOwn(reader) ? "drop" : "pass";
    if (exchange.own === true) return "own";
    if (type === DATA_ROW || type === COPY_DATA) {
      this.#rows += 1;
      this.#bytes += reader.length;
    }
    return this.#answer(exchange, reader, status, flush);
  }

  #answer(
    exchange: AgentExchange,
    reader: MessageReader,
    status: TransactionStatus | null,
    flush: () => void,
  ): Course {
    const { limit, refusal } = exchange;
    const { type } = reader;
    if (refusal !== undefined) return this.#refused(refusal, reader, status, flush);
    if (limit !== undefined) {
      if (limit.passed === null) {
        if ((type === DATA_ROW || type === COPY_DATA) && !limit.take(reader.length)) {
          this.#options.cut(limit);
          return "drop";
        }
      } else {
        return this.#beyond(exchange, limit, reader, status, flush);
      }
    }
    if (status !== null && this.#abort) return this.#abortFirst(status, flush);
    return "pass";
  }

  /** The answer to a message that had to fail: the error is ours, ReadyForQuery the target's. */
  #refused(
    refusal: Refusal,
    reader: MessageReader,
    status: TransactionStatus | null,
    flush: () => void,
  ): Course {
    if (status !== null) return "pass";
    if (reader.type !== ERROR) {
      throw new SallyportError("protocol_violation", "the target took a message that can't be taken");
    }
    if (isFatal(reader)) return "pass";
    flush();
    this.#options.outbox.add(refusal.bytes, false, false);
    return "drop";
  }

  /** What comes of a result after it has passed its limit. */
  #beyond(
    exchange: Exchange,
    limit: ResultLimit,
    reader: MessageReader,
    status: TransactionStatus | null,
    flush: () => void,
  ): Course {
    const { outbox } = this.#options;
    if (reader.type === ERROR && isFatal(reader)) return "pass";
    if (reader.type === ERROR) {
      // The cancel was in time: the target itself has ended the statement.
      flush();
      outbox.add(limit.refusal.bytes, false, false);
      limit.told = true;
      return "drop";
    }
    const over = status !== null || !this.#options.talk.has(exchange);
    if (!over) return "drop";
    if (limit.told) return "pass";
    // The target was faster than the cancel. What it did beside reading can't be taken back.
    flush();
    limit.told = true;
    if (!limit.readOnly || (exchange.request === "execute" && !this.#options.talk.batchEnds)) {
      this.#options.diverged(limit.refusal);
      return "drop";
    }
    outbox.add(limit.refusal.bytes, false, false);
    // The Sync may be on its way already.
    if (exchange.request === "execute" && this.#options.talk.answered) this.#options.skipToSync();
    this.#abort = true;
    return status === null ? "drop" : this.#abortFirst(status, flush);
  }

  /** An error aborts a transaction: one that the agent was told must do it on the target too. */
  #abortFirst(status: TransactionStatus, flush: () => void): Course {
    this.#abort = false;
    if (status !== "T") return "pass";
    const { own, talk, outbox } = this.#options;
    if (!talk.answered) {
      this.#options.diverged(REFUSED_TO_GO_ON);
      return "drop";
    }
    flush();
    own.abort((aborted) => {
      outbox.add(readyForQuery(aborted), false, true);
    });
    return "drop";
  }
}

const REFUSED_TO_GO_ON = Refusal.of(
  "54000",
  "a result was cut by policy while more statements were under way in its transaction",
);

/** Code that a policy let run unseen may have changed what the parser relies on: no statement can be judged then. */
function checkPinned(reader: MessageReader): void {
  const body = reader.body();
  if (body === null) throw new SallyportError("protocol_violation", "a ParameterStatus is too long");
  const { name, value } = parseParameterStatus(body);
  if (Object.hasOwn(PINNED, name) && PINNED[name] !== value) {
    throw new SallyportError(
      "forbidden",
      `${name} was changed to something else than ${PINNED[name]}, with which statements can't be judged`,
      "What the last statement ran has changed it; leave that out.",
    );
  }
}

/** Whether it is said about the connector's own question: the agent did not ask it. */
function isOfOwn(reader: MessageReader): boolean {
  if (reader.type === BACKEND.NoticeResponse.type) return true;
  const body = reader.type === BACKEND.ParameterStatus.type ? reader.body() : null;
  // Set for the time of the question, and set back.
  return body !== null && parseParameterStatus(body).name === "search_path";
}

function readyStatus(reader: MessageReader): TransactionStatus {
  const body = reader.body();
  if (body === null) throw new SallyportError("internal", "ReadyForQuery came in pieces");
  return parseReadyForQuery(body).status;
}

/** Whether the target ends the connection with this error. */
function isFatal(reader: MessageReader): boolean {
  const body = reader.body();
  if (body === null) return false;
  const fields = parseErrorFields(body, "ErrorResponse");
  const severity = fields.get("V") ?? fields.get("S") ?? "";
  return severity === "FATAL" || severity === "PANIC";
}

function outOfOrder(target: string, type: number): SallyportError {
  const name = messageName("backend", type) ?? "a message";
  return new SallyportError(
    "protocol_violation",
    `target ${target} sent ${name} where PostgreSQL's protocol has none`,
  );
}
