import type { Readable } from "node:stream";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Fields } from "../../../protocol/http/head.ts";
import { REAL_TIMERS, type Timers } from "../../guard/timers.ts";
import { Call, type CallDeps } from "./call.ts";
import { type HttpCredential, type HttpEndpoint, type HttpTargetConfig, hostField } from "./config.ts";
import { Connections } from "./connections.ts";
import { credentialOf } from "./credential.ts";
import { checkRequestLine, checkSubprotocols, connectionFields, passedFields } from "./request-head.ts";
import type { Told } from "./response-head.ts";
import { type OpenedWebSocket, openWebSocket } from "./websocket.ts";

/** What an agent asks of a target, once it may pass. `Upstream` checks and filters all of it again. */
export interface UpstreamRequest {
  method: string;
  /** Origin form; goes behind the target's base path byte for byte. */
  target: string;
  /** Under which path the agent reaches the target (`RequestHead.base`): locations are told with it. */
  base: string;
  /** The agent's, names in lower case. A streamed body is held to its `content-length`. */
  fields: Fields;
  /** Whole, or `stream`: it comes by `UpstreamCall.write`; only where `Upstream.streamsBodies`. */
  body: "none" | "stream" | Uint8Array;
  /** As whom the target is to act (`impersonationFields`); null where it isn't told. */
  identity: Fields | null;
}

/** None is called before `request` has returned, nor after `onError` or `abort`. */
export interface UpstreamHandlers {
  /** Status 102 to 199; at most `MAX_INTERIM`. */
  onInformational(status: number, fields: Fields): void;
  /**
   * Status 200 to 599; perhaps before the request's body has ended. `fields`: what may go to the agent, with the
   * `content-length` and `content-encoding` of the body as it comes. No more of `body` comes than is read.
   */
  onResponse(status: number, fields: Fields, body: Readable): void;
  /** Before the body's `end` reaches listeners that `onResponse` has added. Not called where there are none. */
  onTrailers(fields: Fields): void;
  /** The streamed body may go on. */
  onDrain(): void;
  /**
   * It has failed, once; after `onResponse` the response is cut off, and its body is destroyed. `target_unreachable`,
   * `target_refused`, `target_closed`, `too_many`, `invalid_request`, or `invalid_config`: the last names paths and variables,
   * and is for the connector's log alone.
   */
  onError(error: SallyportError): void;
}

/** A request under way. */
export interface UpstreamCall {
  /** Bytes of a streamed body; false where the caller should wait for `onDrain`. */
  write(chunk: Uint8Array): boolean;
  /** The streamed body is over. Trailers go on where the body is chunked; those that may not stand there are left out. */
  end(trailers?: Fields): void;
  /** Breaks it off; the connection is not used again. */
  abort(): void;
}

export interface UpstreamOptions extends HttpEndpoint {
  /** The target's name, for errors. */
  name: string;
  credential: HttpCredential;
  /** Each request must say as whom the target is to act. */
  impersonates: boolean;
}

/** What an agent asks for a WebSocket. */
export interface WebSocketRequest extends Pick<UpstreamRequest, "target" | "base" | "fields" | "identity"> {
  subprotocols: readonly string[];
}

/** The connections to one HTTP or Kubernetes target, of all sessions, with the connector's own credential. */
export class Upstream {
  /** Whether `body: "stream"` is possible; where it isn't, the credential signs bodies. */
  readonly streamsBodies: boolean;
  readonly #options: UpstreamOptions;
  readonly #deps: CallDeps;
  readonly #calls = new Set<{ abort(): void }>();
  readonly #closed = new AbortController();

  constructor(options: UpstreamOptions, timers: Timers = REAL_TIMERS, now: () => number = Date.now) {
    this.#options = options;
    const isEncrypted = options.tls.mode !== "disable";
    const credential = credentialOf(options.credential, { target: options.name, isEncrypted, now });
    this.streamsBodies = credential.streamsBodies;
    this.#deps = {
      ...options,
      connections: new Connections({ ...options, timers, now }),
      credential,
      timers,
      prepare: (request) => this.#prepare(request),
    };
  }

  /** Sends a request. Whatever is wrong with it, or fails, is told by `onError`. */
  request(request: UpstreamRequest, handlers: UpstreamHandlers): UpstreamCall {
    try {
      this.#admit();
      checkRequestLine(request);
      if (request.body === "stream" && !this.streamsBodies) throw this.#mustBeWhole();
      const call: Call = new Call(this.#deps, request, handlers, () => this.#calls.delete(call));
      this.#calls.add(call);
      void call.start();
      return call;
    } catch (error) {
      return failed(error, handlers);
    }
  }

  /** Opens a WebSocket. Rejects with what `onError` tells. `signal`'s reason is thrown when it aborts. */
  async websocket(request: WebSocketRequest, signal?: AbortSignal): Promise<OpenedWebSocket> {
    this.#admit();
    const get = { ...request, method: "GET", body: "none" } as const;
    checkRequestLine(get);
    checkSubprotocols(request.subprotocols);
    const signals = signal === undefined ? [this.#closed.signal] : [this.#closed.signal, signal];
    const held = { abort: () => {} };
    this.#calls.add(held);
    try {
      const [head] = await Promise.all([this.#prepare(get), this.#deps.connections.ready()]);
      const handshake = { ...head, subprotocols: request.subprotocols };
      const opened = await openWebSocket(this.#deps, handshake, AbortSignal.any(signals));
      if ("socket" in opened) {
        const { socket } = opened;
        held.abort = () => socket.terminate();
        socket.once("close", () => this.#calls.delete(held));
      } else {
        const { body } = opened;
        held.abort = () => body.destroy();
        body.once("close", () => this.#calls.delete(held));
      }
      return opened;
    } catch (error) {
      this.#calls.delete(held);
      throw error;
    }
  }

  /** Breaks off whatever is under way. */
  close(): void {
    this.#closed.abort(new SallyportError("session_ended", "the connector is ending"));
    for (const call of [...this.#calls]) call.abort();
    this.#deps.connections.destroy();
  }

  #admit(): void {
    const { name, limits } = this.#options;
    if (this.#closed.signal.aborted) throw this.#closed.signal.reason;
    if (this.#calls.size < limits.connections) return;
    throw new SallyportError(
      "too_many",
      `target ${name} has ${limits.connections} requests under way, which is its limit`,
      "Try again when others have ended; the connector's configuration can allow more (connections).",
    );
  }

  async #prepare(request: UpstreamRequest): Promise<{ path: string; fields: Fields; told: Told }> {
    const { name, basePath, impersonates } = this.#options;
    const { credential } = this.#deps;
    const { method, target, base, identity, body } = request;
    const isTold = identity?.some(([field, value]) => field === "impersonate-user" && value !== "") ?? false;
    if (impersonates !== isTold || (identity !== null && !impersonates)) {
      throw new SallyportError("internal", `a request to target ${name} does not say rightly as whom`);
    }
    const path = `${basePath}${target}`;
    const host = hostField(this.#options);
    const passed = passedFields(request.fields, credential.isOwn);
    const signable = { method, path, host, fields: passed, body: wholeOf(body) };
    const { fields, secrets } = await credential.prove(signable);
    const origin = `${this.#options.tls.mode === "disable" ? "http" : "https"}://${host}`;
    return {
      path,
      fields: [
        ["host", host],
        ...passed,
        ...connectionFields(request.fields),
        ...(identity ?? []),
        ...fields,
      ],
      told: { target: name, place: { origin, basePath, target }, base, secrets },
    };
  }

  #mustBeWhole(): SallyportError {
    return new SallyportError(
      "invalid_request",
      `target ${this.#options.name} takes no body that is streamed: its requests are signed`,
      "Send a shorter body, with its length.",
    );
  }
}

function wholeOf(body: UpstreamRequest["body"]): Uint8Array | null {
  if (body === "stream") return null;
  return body === "none" ? new Uint8Array() : body;
}

/** A call that has failed before it began; told once the caller has it. */
function failed(error: unknown, handlers: UpstreamHandlers): UpstreamCall {
  let isOver = false;
  queueMicrotask(() => {
    if (isOver) return;
    isOver = true;
    handlers.onError(
      error instanceof SallyportError
        ? error
        : new SallyportError("internal", "the request could not be sent"),
    );
  });
  return {
    write: () => true,
    end: () => {},
    abort: () => {
      isOver = true;
    },
  };
}

/** The connections to an HTTP target. */
export function httpUpstream(config: HttpTargetConfig): Upstream {
  return new Upstream({ ...config, impersonates: false });
}
