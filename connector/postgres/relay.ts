import { randomBytes } from "node:crypto";
import type { ApprovalNews } from "../../protocol/approval/approval.ts";
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
import { BACKEND } from "../../protocol/postgres/message-types.ts";
import type { MessageReader } from "../../protocol/postgres/reader.ts";
import type { ConnectorStream, StreamHandlers } from "../../protocol/stream.ts";
import type { PostgresTargetConfig } from "../config.ts";
import { Approvals } from "../guard/approvals.ts";
import { REAL_TIMERS } from "../guard/timers.ts";
import { cancelOnTarget } from "./cancel.ts";
import { Conversation } from "./conversation.ts";
import type { PostgresDeps } from "./gate.ts";
import { heldNotice } from "./guard/approval-messages.ts";
import { OwnQueries } from "./guard/own-queries.ts";
import type { Refusal } from "./guard/refusal.ts";
import { Reporter } from "./guard/reporter.ts";
import { SessionCatalog } from "./guard/session-catalog.ts";
import { SessionGuard } from "./guard/session-guard.ts";
import type { Sight } from "./guard/sight.ts";
import { TargetTimeouts } from "./guard/target-timeouts.ts";
import { Inbound } from "./inbound.ts";
import { Net } from "./mask/net.ts";
import { Outbound } from "./outbound.ts";
import { Outbox } from "./outbox.ts";
import { type Admission, secretBytes } from "./startup.ts";
import type { TargetConnection } from "./target.ts";

/** What a session has become when its target is ready. */
export interface Opened {
  stream: ConnectorStream;
  target: PostgresTargetConfig;
  deps: PostgresDeps;
  admission: Admission;
  sight: Sight;
  connection: TargetConnection;
  /** The reader of the agent's bytes; it may hold some that came behind the StartupMessage. */
  agent: MessageReader;
}

/** Both directions of a session once its target is ready, and how it ends. */
export class Relay implements StreamHandlers {
  readonly #opened: Opened;
  readonly #stream: ConnectorStream;
  readonly #talk: Conversation;
  readonly #outbox: Outbox;
  readonly #own: OwnQueries;
  readonly #catalog: SessionCatalog;
  readonly #reporter: Reporter;
  readonly #approvals: Approvals;
  readonly #timeouts: TargetTimeouts;
  readonly #net: Net | null;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  /** The agent has said that it is done; the target closes next. */
  #ending = false;
  #over = false;
  /** A result was cut, and its statement is being cancelled. */
  #cancelling: Promise<void> | null = null;
  #unregister: () => void = () => {};
  readonly #unsubscribe: () => void;

  constructor(opened: Opened) {
    const { stream, target, deps, admission, sight, connection, agent } = opened;
    const { socket, reader } = connection;
    const { guard } = deps;
    this.#opened = opened;
    this.#stream = stream;
    this.#talk = new Conversation(connection.status);
    this.#outbox = new Outbox(stream, () => socket.pause());
    this.#own = new OwnQueries(this.#talk, (bytes) => {
      this.#inbound.flush();
      socket.write(bytes);
    });
    this.#reporter = new Reporter((event) => stream.event(event), stream.facts.policy.version);
    this.#catalog = new SessionCatalog(
      guard.catalog(target, admission.database),
      this.#own,
      this.#talk,
      new Set(target.trustedFunctions),
    );
    const timers = deps.timers ?? REAL_TIMERS;
    this.#approvals = new Approvals({
      ask: (ask) => stream.askEdge(ask),
      timers,
      now: guard.now,
    });
    this.#timeouts = new TargetTimeouts(this.#own, this.#talk, timers, () => this.#catalog.serverVersion);
    this.#unsubscribe = guard.policies.onChange(() => this.#checkPolicies());
    const usage = guard.usage(stream.facts.principal);
    this.#inbound = new Inbound({
      reader: agent,
      talk: this.#talk,
      own: this.#own,
      guard: new SessionGuard({
        facts: stream.facts,
        database: admission.database,
        policies: guard.policies,
        texts: guard.texts,
        usage,
        talk: this.#talk,
        own: this.#own,
        catalog: this.#catalog,
        reporter: this.#reporter,
        approvals: this.#approvals,
        tell: (words) => this.#notice(heldNotice(words)),
        timeouts: this.#timeouts,
        masks: sight.masks,
        now: guard.now,
      }),
      write: (bytes, written) => void socket.write(bytes, written),
      consumed: (bytes) => {
        if (!this.#over) this.#stream.consumed(bytes);
      },
      answer: (bytes) => this.#outbox.add(bytes, false, true),
      over: (said) => this.#agentDone(said),
      cancelling: () => this.#cancelling,
      failed: (error) => this.#failed(error),
    });
    const net = Net.of(sight.detectors);
    this.#net = net;
    this.#outbound = new Outbound({
      target: target.name,
      reader,
      talk: this.#talk,
      own: this.#own,
      catalog: this.#catalog,
      outbox: this.#outbox,
      net,
      masks: sight.masks !== null,
      rested: () => {
        const found = net?.found() ?? null;
        if (found !== null) this.#reporter.detected(found);
        this.#reporter.flush();
      },
      counted: (rows, bytes) => usage.result(rows, bytes),
      cut: (limit) => {
        this.#reporter.cut(limit.passed!, limit[limit.passed!]);
        this.#cancelling = this.#cancelOnTarget().finally(() => {
          this.#cancelling = null;
        });
      },
      skipToSync: () => this.#inbound.skipToSync(),
      diverged: (refusal) => this.#diverged(refusal),
    });
  }

  /** Tells the agent that it may begin, then relays, first what it sent ahead. */
  start(ahead: Uint8Array[]): void {
    const { connection, deps, sight } = this.#opened;
    const { socket } = connection;
    this.#greet();
    // They may have changed since the session was admitted.
    if (deps.guard.policies.current?.set !== sight.set) this.#checkPolicies();
    if (this.#over) return;
    socket.on("data", (chunk: Buffer) => this.#guarded(() => this.#outbound.push(chunk)));
    socket.on("end", () => this.#targetGone());
    socket.on("close", () => this.#targetGone());
    this.#guarded(() => this.#outbound.run());
    this.#guarded(() => this.#inbound.start());
    for (const chunk of ahead) this.onData(chunk);
    if (this.#stream.credit > 0) socket.resume();
  }

  onData(chunk: Uint8Array): void {
    this.#guarded(() => this.#inbound.push(chunk));
  }

  onDrain(): void {
    this.#opened.connection.socket.resume();
  }

  onEnd(): void {
    this.#guarded(() => this.#inbound.end());
  }

  onClose(): void {
    this.#stop();
  }

  onApproval(news: ApprovalNews): void {
    this.#guarded(() => this.#approvals.news(news));
  }

  /** Cancels what runs on the target, or waits to. */
  async cancel(): Promise<void> {
    const { session } = this.#stream.facts;
    if (!this.#over) this.#stream.event({ event: "cancel_requested", session });
    if (!this.#inbound.cancel()) await this.#cancelOnTarget();
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

  #agentDone(said: boolean): void {
    if (this.#over || this.#ending) return;
    this.#ending = true;
    const { socket } = this.#opened.connection;
    // An agent that ends inside a message has nothing more to say, and Terminate would be taken for its rest.
    if (said || !this.#opened.agent.boundary) socket.end();
    else socket.end(terminate());
  }

  /** What the policies of this moment change for the session: it may end. */
  #checkPolicies(): void {
    const { stream, target, admission, sight, deps } = this.#opened;
    const { guard } = deps;
    const detectors = guard.detectors(stream.facts, target, admission.database);
    if (detectors !== null) this.#net?.use(detectors);
    const error =
      guard.revoked(stream.facts) ?? guard.resighted(stream.facts, target, admission.database, sight);
    if (error !== null && !this.#over) this.#finish(error.code, error.message, error);
  }

  /** Says something to the agent's user as soon as a message may stand. */
  #notice(bytes: Uint8Array): void {
    const say = () => {
      if (!this.#over) this.#outbox.add(bytes, false, true);
    };
    if (this.#outbox.boundary) say();
    else this.#own.until(() => this.#outbox.boundary).then(say, () => {});
  }

  #guarded(step: () => void): void {
    if (this.#over) return;
    try {
      step();
    } catch (cause) {
      this.#failed(cause);
    }
  }

  #failed(cause: unknown): void {
    if (this.#over) return;
    const error =
      cause instanceof SallyportError ? cause : new SallyportError("internal", "the relay failed");
    const { session } = this.#stream.facts;
    this.#opened.deps.log(cause instanceof Error ? cause.message : "unknown failure", { session });
    this.#stream.event({ event: "refused", code: error.code, message: error.message });
    this.#finish(error.code, error.message, error);
  }

  /** The target has done more than the agent may be told: only the end of the session is true for both. */
  #diverged(refusal: Refusal): void {
    this.#outbox.add(refusal.bytes, false, true);
    this.#failed(
      new SallyportError(
        "limit_exceeded",
        "a result was cut by policy in the middle of other work, so the session ends",
        "Send statements that read much apart from those that write.",
      ),
    );
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
    const told = this.#outbound.last === BACKEND.ErrorResponse.type;
    this.#finish(error.code, error.message, told ? null : error);
  }

  /** Tells the agent, where a message may stand, and ends the session. */
  #finish(code: EndCode, reason: string, error: SallyportError | null): void {
    if (this.#over) return;
    this.#outbox.flush();
    this.#reporter.flush();
    const last = error !== null && this.#outbox.boundary ? [errorResponse(error)] : [];
    this.#stream.end(last);
    this.#stream.close(code, reason);
    this.#stop();
  }

  #stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#unregister();
    this.#unsubscribe();
    this.#outbox.discard();
    this.#reporter.stop();
    this.#approvals.end();
    this.#timeouts.stop();
    this.#own.end();
    this.#catalog.release();
    this.#opened.connection.socket.destroy();
    // The server notices a closed connection only when it next reads or writes; a statement may run for long.
    const working = this.#talk.unsynced || !this.#talk.answered;
    if (working && this.#opened.connection.socket.errored === null) void this.#cancelOnTarget();
  }

  async #cancelOnTarget(): Promise<void> {
    const { target, connection, deps } = this.#opened;
    if (connection.key === null) return;
    try {
      await cancelOnTarget(target, connection.key, deps.connectTimeoutMs);
    } catch (error) {
      const words = error instanceof Error ? error.message : "unknown failure";
      const { session } = this.#stream.facts;
      deps.log(`its statement could not be cancelled: ${words}`, { session });
    }
  }
}
