import type { EndCode } from "../../protocol/close-reason.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { WINDOW } from "../../protocol/frame.ts";
import { errorResponse } from "../../protocol/postgres/error-response.ts";
import { parseStartup } from "../../protocol/postgres/frontend.ts";
import { MessageReader } from "../../protocol/postgres/reader.ts";
import type { ConnectorStream, StreamHandlers } from "../../protocol/stream.ts";
import type { PostgresTargetConfig } from "../config.ts";
import type { Timers } from "../guard/timers.ts";
import { toldError } from "../guard/told-error.ts";
import type { Log } from "../log.ts";
import type { CancelRegistry } from "./cancel.ts";
import { CONNECT_TIMEOUT_MS } from "./dial.ts";
import type { Guard } from "./guard/guard.ts";
import { Relay } from "./relay.ts";
import { type Admission, admit } from "./startup.ts";
import { openTarget, TargetRefusal } from "./target.ts";

/** What the gate needs of the connector around it. */
export interface PostgresDeps {
  /** What all sessions of this process judge by. */
  guard: Guard;
  /** The keys given out by all sessions of this process. */
  cancels: CancelRegistry;
  /** Asks the other replicas to cancel what a key names that isn't held here. */
  cancelElsewhere(principal: string, target: string, processId: number, secret: Uint8Array): void;
  /** Tells the operator; has what the agent isn't told, such as hosts and paths, but no secret. */
  log: Log;
  /** What waits of held statements are timed by; the process's own by default. */
  timers?: Timers;
  /** How long a target may take until it is ready, ms; `CONNECT_TIMEOUT_MS` by default. */
  connectTimeoutMs?: number;
}

/**
 * Serves one session of a Postgres target: ends the protocol towards the agent (`stream`) and towards the target,
 * and relays between. The agent is never asked for a password, since the tunnel has told who it is. Never throws:
 * whatever fails is told to the agent as an ErrorResponse where one can stand, and ends the session.
 */
export function servePostgres(
  stream: ConnectorStream,
  target: PostgresTargetConfig,
  deps: PostgresDeps,
): void {
  stream.handlers = new Gate(stream, target, deps);
}

/** Longest message of an agent that is held until it is whole so that it can be judged, header included. Bytes. */
const MAX_JUDGED = 1024 * 1024;
/** Every message of a client but CopyData is judged whole; a Bind may be longer, for it is judged by its beginning. */
const READ_WHOLE = { whole: "BCDEFHPQSXcfp", wholeLimit: MAX_JUDGED, firstPiece: 16 * 1024 };

const NO_ENCRYPTION = Buffer.from("N");

/** The session until its target is ready; then the `Relay` takes the stream over. */
class Gate implements StreamHandlers {
  readonly #stream: ConnectorStream;
  readonly #target: PostgresTargetConfig;
  readonly #deps: PostgresDeps;
  readonly #reader = new MessageReader("frontend", READ_WHOLE);
  /** What an agent sends ahead while the target connects. */
  readonly #ahead: Uint8Array[] = [];
  #aheadBytes = 0;
  #state: "startup" | "opening" | "cancelling" | "over" = "startup";
  #admission: Admission | undefined;
  readonly #opening = new AbortController();

  constructor(stream: ConnectorStream, target: PostgresTargetConfig, deps: PostgresDeps) {
    this.#stream = stream;
    this.#target = target;
    this.#deps = deps;
  }

  onData(chunk: Uint8Array): void {
    try {
      if (this.#state === "opening") this.#keepAhead(chunk);
      else if (this.#state !== "over") this.#begin(chunk);
    } catch (error) {
      this.#refuse(error);
    }
  }

  onDrain(): void {}

  onEnd(): void {
    if (this.#state === "cancelling") return;
    this.#finish("closed", "the agent ended the session before it began");
  }

  onClose(code: EndCode, reason: string): void {
    this.#state = "over";
    this.#opening.abort(new SallyportError(code === "closed" ? "session_ended" : code, reason));
  }

  #begin(chunk: Uint8Array): void {
    this.#stream.consumed(chunk.length);
    this.#reader.push(chunk);
    // What follows the StartupMessage stays in the reader for the relay.
    while (this.#admission === undefined && this.#reader.next()) this.#startup();
    if (this.#admission !== undefined) void this.#open(this.#admission);
  }

  #startup(): void {
    const body = this.#reader.body();
    if (body === null) throw new SallyportError("internal", "a startup message came in pieces");
    const packet = parseStartup(body);
    switch (packet.kind) {
      case "ssl":
      case "gssenc":
        // The tunnel is the encryption.
        this.#stream.send([NO_ENCRYPTION]);
        break;
      case "cancel":
        this.#state = "cancelling";
        void this.#cancel(packet.processId, packet.secret);
        break;
      case "startup":
        this.#admission = admit(packet, this.#target, this.#stream.facts);
    }
  }

  /** The sender keeps to its window, so no more can be ahead; one that doesn't would fill the memory. */
  #keepAhead(chunk: Uint8Array): void {
    this.#aheadBytes += chunk.length;
    if (this.#aheadBytes > 2 * WINDOW) {
      throw new SallyportError("window_exceeded", "the agent sent more than its window allows");
    }
    this.#ahead.push(chunk);
  }

  async #open(admission: Admission): Promise<void> {
    this.#state = "opening";
    const limitMs = this.#deps.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    const timer = setTimeout(() => this.#opening.abort(tooSlow(this.#target, limitMs)), limitMs);
    try {
      const { guard } = this.#deps;
      const { facts } = this.#stream;
      const set = await guard.admit(facts, admission);
      const sight = await guard.sight(set, facts, this.#target, admission);
      const connection = await openTarget(this.#target, admission, this.#opening.signal);
      this.#state = "over";
      if (this.#opening.signal.aborted) {
        connection.socket.destroy();
        return;
      }
      const relay = new Relay({
        stream: this.#stream,
        target: this.#target,
        deps: this.#deps,
        admission,
        sight,
        connection,
        agent: this.#reader,
      });
      this.#stream.handlers = relay;
      relay.start(this.#ahead);
    } catch (error) {
      this.#refuse(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #cancel(processId: number, secret: Uint8Array): Promise<void> {
    const { principal } = this.#stream.facts;
    const { name } = this.#target;
    const found = this.#deps.cancels.find(principal, name, processId, secret);
    if (found === null) {
      this.#deps.cancelElsewhere(principal, name, processId, secret);
    } else {
      this.#stream.event({ event: "cancel_requested", session: found.session });
      await found.cancel();
    }
    // libpq takes the end of this connection as the sign that the cancel has been passed on.
    this.#finish("closed", "the cancel request was passed on");
  }

  #refuse(cause: unknown): void {
    if (this.#state === "over") return;
    const { facts } = this.#stream;
    const { name, host, port } = this.#target;
    const words = cause instanceof Error ? cause.message : "unknown failure";
    this.#deps.log(`${host}:${port}: ${words}`, { session: facts.session, target: name });
    const error = toldError(cause, name, "the gate failed");
    this.#stream.event({ event: "refused", code: error.code, message: error.message });
    const sqlstate = error instanceof TargetRefusal ? error.sqlstate : undefined;
    this.#finish(error.code, error.message, errorResponse(error, "FATAL", sqlstate));
  }

  #finish(code: EndCode, reason: string, ...last: Uint8Array[]): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#opening.abort(new SallyportError("session_ended", reason));
    this.#stream.end(last);
    this.#stream.close(code, reason);
  }
}

function tooSlow({ name }: PostgresTargetConfig, limitMs: number): SallyportError {
  return new SallyportError(
    "target_unreachable",
    `target ${name} was not ready within ${limitMs / 1000} s`,
    "Check that the server runs and is not overloaded, and that no firewall drops the connector's packets.",
  );
}
