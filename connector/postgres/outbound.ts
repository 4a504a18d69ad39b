import { SallyportError } from "../../protocol/errors.ts";
import {
  type ErrorFields,
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
import type { Net, Passage } from "./mask/net.ts";
import { errorStart, withheld, withoutText } from "./mask/withheld.ts";
import type { Outbox } from "./outbox.ts";

const READY = BACKEND.ReadyForQuery.type;
const ERROR = BACKEND.ErrorResponse.type;
const DATA_ROW = BACKEND.DataRow.type;
const COPY_DATA = BACKEND.CopyData.type;
const NOTICE = BACKEND.NoticeResponse.type;

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
  /** Detectors that look through all that goes to the agent; null where the target has none. */
  net: Net | null;
  /** The session has masks: what shows the texts of its statements, which are not the agent's, is kept from it. */
  masks: boolean;
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

const EMPTY = new Uint8Array(0);

/** What passes of one chunk: spans of it that touch are one, with what the net held back in between. */
class Run implements Passage {
  readonly #outbox: Outbox;
  #bytes: Uint8Array | null = null;
  #data: Uint8Array = EMPTY;
  #from = 0;
  #to = -1;
  /** What passed so far ends inside a message. */
  #inside = false;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  span(data: Uint8Array, start: number, end: number): void {
    if (this.#to !== start) {
      this.flush(false);
      this.#data = data;
      this.#from = start;
    }
    this.#to = end;
    this.#inside = true;
  }

  bytes(bytes: Uint8Array): void {
    this.flush(false);
    this.#bytes = bytes;
    this.#inside = true;
  }

  /** A message is over, or, unless `boundary`, a piece of one. */
  end(boundary: boolean): void {
    this.#inside = !boundary;
  }

  /** Hands on what passed; false when that is nothing. */
  flush(urgent: boolean): boolean {
    const bytes = this.#bytes ?? (this.#to < 0 ? null : this.#data.subarray(this.#from, this.#to));
    this.#bytes = null;
    this.#data = EMPTY;
    this.#to = -1;
    if (bytes === null) return false;
    this.#outbox.add(bytes, this.#inside, urgent);
    return true;
  }
}

/**
 * From the target to the agent. Bytes pass as they came, but for errors that stand for a refusal of ours, results
 * beyond a policy's limit, the answers to the connector's own questions, what is said about statements of which labelled
 * columns are a part, and what the net masks.
 */
export class Outbound {
  readonly #options: OutboundOptions;
  #course: Course = "pass";
  #last = READY;
  #rows = 0;
  #bytes = 0;
  /** A result was cut after the target had finished it: at the next ReadyForQuery its transaction is to be aborted. */
  #abort = false;
  /** Labels of the statements that the open transaction has run. */
  readonly #labels = new Set<string>();
  readonly #run: Run;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#run = new Run(options.outbox);
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
    const { reader, talk, own, outbox, net } = this.#options;
    const passing = this.#run;
    const flush = () => void passing.flush(false);
    try {
      while (reader.next()) {
        const { first, type } = reader;
        if (first && net?.holding && type !== COPY_DATA) {
          net.settle(passing);
          passing.end(true);
        }
        if (first) this.#course = this.#received(reader, flush);
        else if (this.#course === "own") own.take(reader);
        if (this.#course !== "pass") continue;
        if (net === null) passing.span(reader.data, reader.start, reader.end);
        else net.take(reader, passing);
        passing.end(reader.last && !net?.holding);
      }
    } finally {
      // What came before a fault is in order; the agent gets it.
      const rested = this.#last === READY && talk.answered && reader.boundary;
      if (!passing.flush(rested) && rested) outbox.flush();
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
    if (exchange === undefined) {
      if (head?.own === true && isOfOwn(reader)) return "drop";
      return type === NOTICE ? this.#notice(head, reader, flush) : "pass";
    }
    if (exchange.own === true) return "own";
    if (type === DATA_ROW || type === COPY_DATA) {
      this.#rows += 1;
      this.#bytes += reader.length;
    }
    const { masked } = exchange as AgentExchange;
    if (masked !== undefined) for (const label of masked.labels) this.#labels.add(label);
    const course = this.#answer(exchange, reader, status, flush);
    if (status === "I") this.#labels.clear();
    if (course === "pass" && (type === DATA_ROW || type === COPY_DATA)) masked?.row();
    return course;
  }

  /** A word of the target's that is no answer. */
  #notice(head: AgentExchange | undefined, reader: MessageReader, flush: () => void): Course {
    if (!this.#options.masks) return "pass";
    const fields = errorStart(reader);
    // debug_print_parse and log_statement would show the text that the target got in the place of the agent's.
    if (TO_LOG.test(fields.get("V") ?? fields.get("S") ?? "LOG")) return "drop";
    // Deferred triggers speak when the transaction ends.
    const labels = head?.masked?.labels ?? (head?.request === "sync" ? [...this.#labels].sort() : []);
    if (labels.length === 0) return "pass";
    flush();
    this.#options.outbox.add(withheld("NoticeResponse", fields, labels), false, false);
    return "drop";
  }

  /** An error that the agent is told, but for what it may show of labelled columns. */
  #error(exchange: AgentExchange, reader: MessageReader, flush: () => void): Course {
    const fields = this.#labels.size === 0 ? null : errorStart(reader);
    const labels = exchange.masked?.labels ?? (isOfConstraint(fields) ? [...this.#labels].sort() : []);
    if (fields === null || labels.length === 0) return "pass";
    const ofText = exchange.request === "parse" || exchange.request === "describe";
    const whole = ofText ? reader.body() : null;
    flush();
    const told = whole === null ? withheld("ErrorResponse", fields, labels) : withoutText(whole);
    this.#options.outbox.add(this.#caught(told), false, false);
    return "drop";
  }

  /** Bytes of our own in which words of the target may stand, as the net leaves them. */
  #caught(bytes: Uint8Array): Uint8Array {
    const { net } = this.#options;
    return net === null ? bytes : net.message(bytes);
  }

  #answer(
    exchange: AgentExchange,
    reader: MessageReader,
    status: TransactionStatus | null,
    flush: () => void,
  ): Course {
    const { limit, refusal } = exchange;
    const { type } = reader;
    if (refusal !== undefined) return this.#refused(exchange, refusal, reader, status, flush);
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
    if (type === ERROR) return this.#error(exchange, reader, flush);
    if (status !== null && this.#abort) return this.#abortFirst(status, flush);
    return "pass";
  }

  /** The answer to a message that had to fail: the error is ours, ReadyForQuery the target's. */
  #refused(
    exchange: AgentExchange,
    refusal: Refusal,
    reader: MessageReader,
    status: TransactionStatus | null,
    flush: () => void,
  ): Course {
    if (status !== null) return "pass";
    if (reader.type !== ERROR) {
      throw new SallyportError("protocol_violation", "the target took a message that can't be taken");
    }
    if (isFatal(reader)) return this.#error(exchange, reader, flush);
    flush();
    this.#options.outbox.add(this.#caught(refusal.bytes), false, false);
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
    if (reader.type === ERROR && isFatal(reader)) return this.#error(exchange, reader, flush);
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
  const fields = errorStart(reader);
  const severity = fields.get("V") ?? fields.get("S") ?? "";
  return severity === "FATAL" || severity === "PANIC";
}

/** Severities that `client_min_messages` asks for: what a server otherwise writes into its log. */
const TO_LOG = /^(LOG|DEBUG\d?)$/;

/** Class 23: constraints may be checked as late as a transaction's end, and their errors quote rows. */
function isOfConstraint(fields: ErrorFields | null): boolean {
  return fields?.get("C")?.startsWith("23") ?? true;
}

function outOfOrder(target: string, type: number): SallyportError {
  const name = messageName("backend", type) ?? "a message";
  return new SallyportError(
    "protocol_violation",
    `target ${target} sent ${name} where PostgreSQL's protocol has none`,
  );
}
