import { randomBytes } from "node:crypto";
import { SallyportError } from "../../../protocol/errors.ts";
import { parseDataRow, type TransactionStatus } from "../../../protocol/postgres/backend.ts";
import * as frontend from "../../../protocol/postgres/frontend.ts";
import { BACKEND } from "../../../protocol/postgres/message-types.ts";
import type { MessageReader } from "../../../protocol/postgres/reader.ts";
import type { ParsedStatement } from "../../../protocol/sql/parser.ts";
import type { Conversation, Exchange, Request } from "../conversation.ts";

/** Bytes of one answer to the connector's own question. */
const MAX_ANSWER = 4 * 1024 * 1024;

/** The target refused the connector's own question. `body`: of its ErrorResponse, for the agent. */
export class OwnQueryFailed extends Error {
  readonly body: Uint8Array;

  constructor(body: Uint8Array) {
    super("the target refused a question of the connector");
    this.body = body;
  }
}

/** The target ignores everything until a Sync: a question can't be asked, and what it was for will not run. */
export class Skipping extends Error {}

/** A statement whose plan is asked, with the parameters that it is bound to. */
export interface PlannedText extends Omit<BoundText, "sql"> {
  /** The one statement, as the target gets it. */
  sent(): readonly ParsedStatement[];
}

/** A text with the parameters that it is bound to. */
export interface BoundText {
  sql: string;
  parameterTypes: number[];
  parameterFormats: number[];
  parameters: (Uint8Array | null)[];
}

interface Question {
  rows: (string | null)[][];
  error: Uint8Array | null;
  resolve(rows: (string | null)[][]): void;
  reject(error: Error): void;
}

/**
 * The connector's own questions on the agent's connection, where alone the answer is true: the session's settings, its
 * uncommitted tables, its plans. Asked only when everything sent before was answered, and in a way that leaves the
 * transaction, the batch and the agent's statements as they were: by the extended protocol, with names of our own.
 */
export class OwnQueries {
  readonly #talk: Conversation;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #name = `sallyport_${randomBytes(8).toString("hex")}`;
  readonly #waiters = new Set<() => boolean>();
  #question: Question | undefined;
  #part: Uint8Array[] = [];
  #size = 0;
  #over: SallyportError | undefined;

  constructor(talk: Conversation, write: (bytes: Uint8Array) => void) {
    this.#talk = talk;
    this.#write = write;
  }

  /** Resolves when everything sent was answered, or the target skips. The answers are asked for with a Flush. */
  async quiet(): Promise<void> {
    await this.until(() => this.#talk.answered || this.#talk.skipping);
  }

  /** Resolves when the condition, which messages of the target may change, holds. */
  until(condition: () => boolean): Promise<void> {
    if (this.#over) return Promise.reject(this.#over);
    if (condition()) return Promise.resolve();
    if (this.#talk.unsynced) this.#write(frontend.flush());
    return new Promise((resolve, reject) => {
      this.#waiters.add(() => {
        if (this.#over) reject(this.#over);
        else if (condition()) resolve();
        else return false;
        return true;
      });
    });
  }

  /** Asks; the rows as text. Throws `OwnQueryFailed`, `Skipping`. */
  async query(sql: string): Promise<(string | null)[][]> {
    return await this.#ask({ sql, parameterTypes: [], parameterFormats: [], parameters: [] });
  }

  /** The same for a text with parameters, which only the extended protocol can carry. */
  async queryBound(text: BoundText): Promise<(string | null)[][]> {
    return await this.#ask(text);
  }

  /** Asks whether the target can prepare a text, which does nothing. Throws `OwnQueryFailed`, `Skipping`. */
  async prepare(sql: string): Promise<void> {
    const parameters = { parameterTypes: [], parameterFormats: [], parameters: [] };
    await this.#ask({ sql, ...parameters }, ({ name }) => [
      ["parse", frontend.parse({ statement: name, sql, parameterTypes: [] })],
      ["close", frontend.close({ kind: "statement", name })],
    ]);
  }

  /** Ends the batch that is open, in which nothing may have run yet. Resolves when it has ended. */
  async endBatch(): Promise<void> {
    const exchange: Exchange = { request: "sync", own: true };
    this.#talk.sent(exchange);
    this.#write(frontend.sync());
    await this.until(() => !this.#talk.has(exchange));
  }

  /** Aborts the transaction that is open, by a statement that must fail; tells what became of it. */
  abort(done: (status: TransactionStatus) => void): void {
    const told = () => done(this.#talk.status);
    this.#talk.sent({ request: "query", own: true, done: told, failed: told });
    this.#write(frontend.query("sallyport: the result was cut"));
  }

  /** A message of the target, or a piece of one, that answers a question of ours. */
  take(message: MessageReader): void {
    const { type, first, last } = message;
    if (type !== BACKEND.DataRow.type && type !== BACKEND.ErrorResponse.type) return;
    if (first) {
      this.#part = [];
      this.#size = 0;
    }
    this.#size += message.end - message.start;
    if (this.#size > MAX_ANSWER) {
      throw new SallyportError("protocol_violation", "the target's answer to the connector is too long");
    }
    this.#part.push(Uint8Array.prototype.slice.call(message.bytes()));
    if (!last || this.#question === undefined) return;
    const body = Buffer.concat(this.#part).subarray(-message.length);
    this.#part = [];
    if (type === BACKEND.ErrorResponse.type) this.#question.error = body;
    else this.#question.rows.push(parseDataRow(body).map((value) => value?.toString("utf8") ?? null));
  }

  /** To be called after each message of the target. */
  settle(): void {
    for (const waiter of this.#waiters) if (waiter()) this.#waiters.delete(waiter);
  }

  /** The session is over: nobody waits any more. */
  end(): void {
    this.#over = new SallyportError("session_ended", "the session is over");
    this.#question?.reject(this.#over);
    this.settle();
  }

  async #ask(text: BoundText, messages = executed): Promise<(string | null)[][]> {
    // Another question may have been asked between two turns of this one.
    do {
      await this.quiet();
      if (this.#talk.skipping) throw new Skipping();
    } while (!this.#talk.answered);
    const { promise, resolve, reject } = Promise.withResolvers<(string | null)[][]>();
    const question: Question = { rows: [], error: null, resolve, reject };
    this.#question = question;
    const failed = () => {
      if (this.#question !== question) return;
      this.#question = undefined;
      reject(new OwnQueryFailed(question.error ?? new Uint8Array(0)));
    };
    const done = () => {
      this.#question = undefined;
      resolve(question.rows);
    };
    const own = (request: Request, last = false): Exchange =>
      last ? { request, own: true, failed, done } : { request, own: true, failed };
    this.#send(messages({ ...text, name: this.#name }), own);
    return await promise;
  }

  /**
   * Inside a batch that is open no Sync may be sent; outside, one of our own ends the batch. Never as a simple query,
   * which would destroy the agent's unnamed statement.
   */
  #send(messages: Sent[], own: (request: Request, last?: boolean) => Exchange): void {
    const alone = !this.#talk.unsynced;
    if (alone) messages.push(["sync", frontend.sync()]);
    for (const [index, [request]] of messages.entries()) {
      this.#talk.sent(own(request, index === messages.length - 1));
    }
    const bytes = messages.map(([, one]) => one);
    this.#write(Buffer.concat(alone ? bytes : [...bytes, frontend.flush()]));
  }
}

type Sent = [Request, Uint8Array];

/** The messages that run a text. */
function executed({
  name,
  sql,
  parameterTypes,
  parameterFormats,
  parameters,
}: BoundText & { name: string }): Sent[] {
  return [
    ["parse", frontend.parse({ statement: name, sql, parameterTypes })],
    [
      "bind",
      frontend.bind({ portal: name, statement: name, parameterFormats, parameters, resultFormats: [] }),
    ],
    ["execute", frontend.execute({ portal: name, maxRows: 0 })],
    ["close", frontend.close({ kind: "portal", name })],
    ["close", frontend.close({ kind: "statement", name })],
  ];
}
