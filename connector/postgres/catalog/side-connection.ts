import { SallyportError } from "../../../protocol/errors.ts";
import { PROTOCOL_3_0, query, terminate } from "../../../protocol/postgres/frontend.ts";
import type { PostgresTargetConfig } from "../../config.ts";
import { connectionError, readChunk } from "../dial.ts";
import { openTarget, type TargetConnection, TargetRefusal } from "../target.ts";
import { Answer } from "./answer.ts";
import type { SqlSource } from "./source.ts";

export interface SideConnectionOptions {
  /** How long connecting, and one answer, may take, ms. */
  timeoutMs?: number;
  /** How long it stays open without a question, ms. */
  idleMs?: number;
  /** Milliseconds since any moment, never going back. */
  now?: () => number;
}

/** Longer than the questions' own statement_timeout, so that a slow target says so itself. */
const TIMEOUT_MS = 10_000;
/** DROP DATABASE waits 5 s for others to leave. While sessions use the catalog, it is asked more often than this. */
const IDLE_MS = 3_000;
/** After a failure: how long questions fail at once before the next attempt, doubling. */
const MIN_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 10_000;
/**
 * In the startup they count for more than what ALTER ROLE sets, which the role may have done itself. A lock that
 * somebody holds for long must not keep other questions waiting.
 */
const SETTINGS: [string, string][] = [
  ["default_transaction_read_only", "on"],
  ["statement_timeout", "5s"],
  ["lock_timeout", "1s"],
  ["idle_in_transaction_session_timeout", "10s"],
  ["jit", "off"],
];
/** Questions that wait for those before them. */
const MAX_WAITING = 1_000;

/**
 * A connection of the connector's own to one database of a target, with the target's role, for questions about the
 * catalog. It opens with the first question, one question at a time, and closes when nobody has asked for a while.
 */
export class SideConnection implements SqlSource {
  /** Called each time the connection is lost: what it told may be out of date from here on. */
  onLost: () => void = () => {};

  readonly #target: PostgresTargetConfig;
  readonly #database: string;
  readonly #timeoutMs: number;
  readonly #idleMs: number;
  readonly #now: () => number;
  #connection: TargetConnection | null = null;
  #idle: NodeJS.Timeout | undefined;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #failure: { error: SallyportError; until: number; backoffMs: number } | null = null;
  readonly #ended = new AbortController();

  constructor(target: PostgresTargetConfig, database: string, options: SideConnectionOptions = {}) {
    this.#target = target;
    this.#database = database;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#idleMs = options.idleMs ?? IDLE_MS;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Whether it is open now. */
  get connected(): boolean {
    return this.#connection !== null;
  }

  /**
   * As `SqlSource` says. Throws `target_unreachable` where there is no connection, or no answer within the time limit;
   * what else `openTarget` throws; `too_many` when a thousand questions wait already.
   */
  async query(sql: string): Promise<(string | null)[][]> {
    if (this.#waiting >= MAX_WAITING) {
      throw new SallyportError(
        "too_many",
        `too many statements wait for the catalog of target ${this.#target.name}`,
        "Try again.",
      );
    }
    this.#waiting++;
    const before = this.#last;
    const answer = (async () => {
      await before;
      return await this.#ask(sql);
    })();
    this.#last = answer.catch(() => {});
    try {
      return await answer;
    } finally {
      this.#waiting--;
    }
  }

  /** Closes it for good. */
  end(): void {
    const reason = new SallyportError("session_ended", "the connector ends");
    this.#ended.abort(reason);
    if (this.#connection !== null) this.#close(this.#connection);
  }

  async #ask(sql: string): Promise<(string | null)[][]> {
    clearTimeout(this.#idle);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(this.#late()), this.#timeoutMs);
    const signal = AbortSignal.any([controller.signal, this.#ended.signal]);
    try {
      signal.throwIfAborted();
      const answer = (await this.#again(sql, signal)) ?? (await this.#first(sql, signal));
      if (answer.error !== null) throw answer.error;
      return answer.rows;
    } finally {
      clearTimeout(timer);
      if (this.#connection !== null && this.#waiting <= 1) this.#wait(this.#connection);
    }
  }

  /** Asks over the open connection. Null without one, or when it turns out that it was closed meanwhile. */
  async #again(sql: string, signal: AbortSignal): Promise<Answer | null> {
    if (this.#connection === null) return null;
    try {
      return await this.#converse(this.#connection, sql, signal);
    } catch (error) {
      if (error instanceof SallyportError && error.code === "target_closed") return null;
      throw error;
    }
  }

  async #first(sql: string, signal: AbortSignal): Promise<Answer> {
    const connection = await this.#open(signal);
    try {
      return await this.#converse(connection, sql, signal);
    } catch (error) {
      if (!(error instanceof SallyportError && error.code === "target_closed")) throw error;
      throw this.#failed(
        new SallyportError(
          "target_unreachable",
          `target ${this.#target.name} closed the connection to its catalog`,
          "Try again; the server's own log says why it closed.",
        ),
      );
    }
  }

  async #open(signal: AbortSignal): Promise<TargetConnection> {
    const failure = this.#failure;
    if (failure !== null && this.#now() < failure.until) throw failure.error;
    try {
      const connection = await this.#connect(signal);
      connection.socket.once("close", () => this.#lost(connection));
      this.#connection = connection;
      return connection;
    } catch (error) {
      throw this.#failed(connectionError(this.#target, error));
    }
  }

  /** Questions fail at once for a while, so that a target that is down isn't called for each statement. */
  #failed(error: SallyportError): SallyportError {
    const before = this.#failure?.backoffMs ?? MIN_BACKOFF_MS / 2;
    const backoffMs = Math.min(2 * before, MAX_BACKOFF_MS);
    this.#failure = { error, until: this.#now() + backoffMs, backoffMs };
    return error;
  }

  /** Poolers refuse settings that they don't know: then a question has our own time limit alone. */
  async #connect(signal: AbortSignal): Promise<TargetConnection> {
    const parameters: [string, string][] = [
      ["user", this.#target.user],
      ["database", this.#database],
      ["application_name", "sallyport catalog"],
      ["client_encoding", "UTF8"],
    ];
    const open = (more: [string, string][]) =>
      openTarget(this.#target, { version: PROTOCOL_3_0, parameters: [...parameters, ...more] }, signal);
    try {
      return await open(SETTINGS);
    } catch (error) {
      const refused =
        error instanceof TargetRefusal && SETTINGS.some(([name]) => error.message.includes(name));
      if (!refused) throw error;
      return await open([]);
    }
  }

  async #converse(connection: TargetConnection, sql: string, signal: AbortSignal): Promise<Answer> {
    const { socket, reader } = connection;
    const abandon = () => socket.destroy(signal.reason as Error);
    signal.addEventListener("abort", abandon, { once: true });
    const answer = new Answer();
    try {
      socket.write(query(sql));
      while (!answer.take(reader)) reader.push(await readChunk(socket));
      if (answer.status !== "I") {
        throw new SallyportError("protocol_violation", "a query of the connector's left a transaction open");
      }
      this.#failure = null;
      return answer;
    } catch (error) {
      this.#close(connection);
      if (signal.aborted) throw signal.reason;
      // A connection that breaks is as good as one that is closed.
      throw error instanceof SallyportError
        ? error
        : new SallyportError("target_closed", "the connection broke");
    } finally {
      signal.removeEventListener("abort", abandon);
    }
  }

  /** Nothing is asked: looks whether the connection stays, and for how long. */
  #wait(connection: TargetConnection): void {
    this.#idle = setTimeout(() => this.#close(connection), this.#idleMs);
    this.#idle.unref();
  }

  #close(connection: TargetConnection): void {
    if (!connection.socket.destroyed) connection.socket.end(terminate());
    connection.socket.destroySoon();
    this.#lost(connection);
  }

  #lost(connection: TargetConnection): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    clearTimeout(this.#idle);
    this.onLost();
  }

  #late(): SallyportError {
    return new SallyportError(
      "target_unreachable",
      `the catalog of target ${this.#target.name} gave no answer in time`,
      "Try again; the server may be overloaded.",
    );
  }
}
