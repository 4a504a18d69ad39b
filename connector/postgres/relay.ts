import { randomBytes } from "node:crypto";
import type { EndCode } from "../../protocol/close-reason.ts";
import { SallyportError } from "../../protocol/errors.ts";
import {
  authenticationOk,
  backendKeyData,
  negotiateProtocolVersion,
  readyForQuery,
} from "../../protocol/postgres/backend.ts";
import { errorResponse } from "../../protocol/postgres/error-response.ts";
import { terminate } from "../../protocol/postgres/frontend.ts";
import { BACKEND, FRONTEND, messageName } from "../../protocol/postgres/message-types.ts";
import type { MessageReader } from "../../protocol/postgres/reader.ts";
import type { ConnectorStream, StreamHandlers } from "../../protocol/stream.ts";
import type { PostgresTargetConfig } from "../config.ts";
import { cancelOnTarget } from "./cancel.ts";
import type { PostgresDeps } from "./gate.ts";
import { Outbox } from "./outbox.ts";
import { type Admission, secretBytes } from "./startup.ts";
import type { TargetConnection } from "./target.ts";
import { Work } from "./work.ts";

/** What a session has become when its target is ready. */
export interface Opened {
  stream: ConnectorStream;
  target: PostgresTargetConfig;
  deps: PostgresDeps;
  admission: Admission;
  connection: TargetConnection;
  /** The reader of the agent's bytes; it may hold some that came behind the StartupMessage. */
  agent: MessageReader;
}

const READY = BACKEND.ReadyForQuery.type;
const ERROR = BACKEND.ErrorResponse.type;
const TERMINATE = FRONTEND.Terminate.type;
const PASSWORD = FRONTEND.PasswordMessage.type;

/** What belongs to a startup, or to replication, which is refused there. */
const NOT_IN_SESSION = new Set([
  BACKEND.Authentication.type,
  BACKEND.BackendKeyData.type,
  BACKEND.NegotiateProtocolVersion.type,
  BACKEND.CopyBothResponse.type,
]);

/**
 * Both directions of a session once its target is ready. Bytes pass as they came: each direction's reader finds the
 * messages, and a run of them goes on as one span.
 */
export class Relay implements StreamHandlers {
  readonly #opened: Opened;
  readonly #stream: ConnectorStream;
  readonly #outbox: Outbox;
  readonly #work = new Work();
  #lastFromTarget = READY;
  /** The agent has said that it is done; the target closes next. */
  #ending = false;
  #over = false;
  #unregister: () => void = () => {};

  constructor(opened: Opened) {
    this.#opened = opened;
    this.#stream = opened.stream;
    this.#outbox = new Outbox(opened.stream, () => opened.connection.socket.pause());
  }

  /** Tells the agent that it may begin, then relays, first what it sent ahead. */
  start(ahead: Uint8Array[]): void {
    const { socket, reader } = this.#opened.connection;
    this.#greet();
    socket.on("data", (chunk: Buffer) => {
      reader.push(chunk);
      this.#guarded(() => this.#fromTarget());
    });
    socket.on("end", () => this.#targetGone());
    socket.on("close", () => this.#targetGone());
    this.#guarded(() => this.#fromTarget());
    this.#guarded(() => this.#fromAgent(0));
    for (const chunk of ahead) this.onData(chunk);
    if (this.#stream.credit > 0) socket.resume();
  }

  onData(chunk: Uint8Array): void {
    if (this.#over) return;
    this.#opened.agent.push(chunk);
    this.#guarded(() => this.#fromAgent(chunk.length));
  }

  onDrain(): void {
    this.#opened.connection.socket.resume();
  }

  onEnd(): void {
    if (this.#over || this.#ending) return;
    this.#ending = true;
    const { socket } = this.#opened.connection;
    // An agent that ends inside a message has nothing more to say, and Terminate would be taken for its rest.
    if (this.#opened.agent.boundary) socket.end(terminate());
    else socket.end();
  }

  onClose(): void {
    this.#stop();
  }

  /** Cancels what runs on the target. */
  async cancel(): Promise<void> {
    const { session } = this.#stream.facts;
    if (!this.#over) this.#stream.event({ event: "cancel_requested", session });
    await this.#cancelOnTarget();
  }

  /** The agent gets a key of the connector's own, which only this principal can use, only on this target. */
  #greet(): void {
    const { admission, connection, target, deps } = this.#opened;
    const { facts } = this.#stream;
    const { key } = connection;
    this.#stream.event({
      event: "target_connected",
      host: target.host,
      port: target.port,
      database: admission.database,
      user: target.user,
      tls: connection.tls,
      processId: key?.processId ?? 0,
    });
    const greeting: Uint8Array[] = [];
    if (admission.negotiation !== null) greeting.push(negotiateProtocolVersion(admission.negotiation));
    greeting.push(authenticationOk(), ...connection.greeting);
    if (key !== null) {
      const own = { processId: key.processId, secret: randomBytes(secretBytes(admission.version)) };
      const { principal, session } = facts;
      this.#unregister = deps.cancels.register({
        ...own,
        principal,
        target: target.name,
        session,
        cancel: () => this.cancel(),
      });
      greeting.push(backendKeyData(own));
    }
    greeting.push(readyForQuery(connection.status));
    this.#stream.send(greeting);
  }

  /** Passes on what the agent's reader has. `credit`: how many bytes the agent may send again for it. */
  #fromAgent(credit: number): void {
    const { agent, connection } = this.#opened;
    const { data } = agent;
    let from = -1;
    let to = 0;
    while (agent.next()) {
      if (agent.first) this.#admit(agent);
      if (from < 0) from = agent.start;
      to = agent.end;
    }
    if (from >= 0) {
      connection.socket.write(data.subarray(from, to), () => {
        if (!this.#over) this.#stream.consumed(credit);
      });
    } else {
      // What the reader holds back is consumed too: it is bounded, and a message as long as the window would wait
      // for credit for ever.
      this.#stream.consumed(credit);
    }
    if (this.#ending) connection.socket.end();
  }

  /** Every message of the agent passes here before its first byte goes to the target. */
  #admit(message: MessageReader): void {
    const { type } = message;
    if (type === PASSWORD) throw outOfOrder("the agent", "PasswordMessage");
    if (this.#ending) throw outOfOrder("the agent", "a message after Terminate");
    if (this.#opened.deps.judge(message).verdict !== "allow") {
      throw new SallyportError("forbidden", "the message was not allowed");
    }
    this.#work.sent(type);
    if (type === TERMINATE) this.#ending = true;
  }

  /** Passes on what the target's reader has. */
  #fromTarget(): void {
    const { reader } = this.#opened.connection;
    const { data } = reader;
    let from = -1;
    let to = 0;
    try {
      while (reader.next()) {
        if (reader.first) this.#seen(reader.type);
        if (from < 0) from = reader.start;
        to = reader.end;
      }
    } finally {
      // What came before a fault is in order; the agent gets it.
      if (from >= 0) {
        const waitedFor = this.#lastFromTarget === READY && this.#work.idle;
        this.#outbox.add(data.subarray(from, to), !reader.boundary, waitedFor && reader.boundary);
      }
    }
  }

  #seen(type: number): void {
    if (NOT_IN_SESSION.has(type)) {
      throw outOfOrder(`target ${this.#opened.target.name}`, messageName("backend", type) ?? "a message");
    }
    if (type === READY) this.#work.ready();
    this.#lastFromTarget = type;
  }

  #guarded(step: () => void): void {
    if (this.#over) return;
    try {
      step();
    } catch (cause) {
      const error =
        cause instanceof SallyportError ? cause : new SallyportError("internal", "the relay failed");
      this.#opened.deps.log(
        `session ${this.#stream.facts.session}: ${cause instanceof Error ? cause.message : "unknown failure"}`,
      );
      this.#stream.event({ event: "refused", code: error.code, message: error.message });
      this.#finish(error.code, error.message, error);
    }
  }

  #targetGone(): void {
    if (this.#over) return;
    if (this.#ending) {
      this.#finish("closed", "the agent ended the session", null);
      return;
    }
    const error = new SallyportError(
      "target_closed",
      `target ${this.#opened.target.name} closed the connection`,
      "Connect again; the server's own log says why it closed.",
    );
    // A target that says why it goes, as PostgreSQL does when it is shut down, has told the agent already.
    this.#work.done();
    this.#finish(error.code, error.message, this.#lastFromTarget === ERROR ? null : error);
  }

  /** Tells the agent, where a message may stand, and ends the session. */
  #finish(code: EndCode, reason: string, error: SallyportError | null): void {
    this.#outbox.flush();
    const last = error !== null && this.#outbox.boundary ? [errorResponse(error)] : [];
    this.#stream.end(last);
    this.#stream.close(code, reason);
    this.#stop();
  }

  #stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#unregister();
    this.#outbox.discard();
    this.#opened.connection.socket.destroy();
    // The server notices a closed connection only when it next reads or writes; a statement may run for long.
    if (!this.#work.idle) void this.#cancelOnTarget();
  }

  async #cancelOnTarget(): Promise<void> {
    const { target, connection, deps } = this.#opened;
    if (connection.key === null) return;
    try {
      await cancelOnTarget(target, connection.key, deps.connectTimeoutMs);
    } catch (error) {
      const words = error instanceof Error ? error.message : "unknown failure";
      deps.log(`session ${this.#stream.facts.session}: its statement could not be cancelled: ${words}`);
    }
  }
}

function outOfOrder(who: string, name: string): SallyportError {
  return new SallyportError("protocol_violation", `${who} sent ${name} where PostgreSQL's protocol has none`);
}
