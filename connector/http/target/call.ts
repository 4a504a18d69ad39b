import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Fields } from "../../../protocol/http/head.ts";
import type { Timers } from "../../guard/timers.ts";
import type { HttpEndpoint } from "./config.ts";
import type { Connections } from "./connections.ts";
import type { Credential } from "./credential.ts";
import { type Framing, framingOf, passedTrailers } from "./request-head.ts";
import {
  MAX_RESPONSE_HEAD,
  responseFields,
  responseHead,
  responseTrailers,
  type Told,
  unasked,
} from "./response-head.ts";
import type { UpstreamCall, UpstreamHandlers, UpstreamRequest } from "./upstream.ts";
import { badResponse, type Stage, unreachable, upstreamError } from "./upstream-error.ts";

/** Interim responses that a target may send for one request. */
export const MAX_INTERIM = 32;
/** RFC 9110 section 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** What calls to one target share. */
export interface CallDeps extends HttpEndpoint {
  /** The target's name, for errors. */
  name: string;
  connections: Connections;
  credential: Credential;
  timers: Timers;
  /** The head of a request as it goes out: path, and fields but those of framing; what of its response may be told. */
  prepare(request: UpstreamRequest): Promise<{ path: string; fields: Fields; told: Told }>;
}

type Prepared = Awaited<ReturnType<CallDeps["prepare"]>>;

/** One request of one connection, from its head until its response has ended. */
export class Call implements UpstreamCall {
  readonly #deps: CallDeps;
  readonly #asked: UpstreamRequest;
  readonly #handlers: UpstreamHandlers;
  readonly #over: () => void;
  readonly #framing: Framing;
  #request: ClientRequest | null = null;
  #response: IncomingMessage | null = null;
  /** What was written before there was a connection. */
  #early: Uint8Array[] = [];
  #trailers: Fields | null = null;
  #written = 0;
  #interim = 0;
  #isRetried = false;
  #isOver = false;
  #stopTimer = () => {};

  /** `over` is called once. Throws `invalid_request`. */
  constructor(deps: CallDeps, asked: UpstreamRequest, handlers: UpstreamHandlers, over: () => void) {
    this.#deps = deps;
    this.#asked = asked;
    this.#handlers = handlers;
    this.#over = over;
    this.#framing = framingOf(asked);
  }

  async start(): Promise<void> {
    try {
      const [prepared] = await Promise.all([this.#deps.prepare(this.#asked), this.#deps.connections.ready()]);
      if (!this.#isOver) this.#send(prepared);
    } catch (error) {
      this.fail(error, "connecting");
    }
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver || this.#asked.body !== "stream" || this.#trailers !== null) return true;
    this.#written += chunk.length;
    const { length } = this.#framing;
    if (length !== null && this.#written > length) {
      this.fail(wrongLength("more"), "sent");
      return true;
    }
    if (this.#request !== null) return this.#request.write(chunk);
    this.#early.push(chunk);
    return false;
  }

  end(trailers: Fields = []): void {
    if (this.#isOver || this.#asked.body !== "stream" || this.#trailers !== null) return;
    const { length } = this.#framing;
    if (length !== null && this.#written < length) {
      this.fail(wrongLength("fewer"), "sent");
      return;
    }
    this.#trailers = passedTrailers(trailers, this.#deps.credential.isOwn);
    if (this.#request !== null) this.#finish(this.#request, this.#trailers);
  }

  abort(): void {
    if (this.#isOver) return;
    this.#ended();
    this.#response?.destroy();
    this.#request?.destroy();
  }

  /** Ends it with an error. */
  fail(error: unknown, stage: Stage): void {
    if (this.#isOver) return;
    this.abort();
    this.#handlers.onError(upstreamError(this.#deps.name, error, stage));
  }

  #ended(): void {
    this.#isOver = true;
    this.#early = [];
    this.#stopTimer();
    this.#over();
  }

  #send(prepared: Prepared): void {
    const { connections, host, port } = this.#deps;
    const { fields, path } = prepared;
    const request = httpRequest({
      agent: connections,
      host,
      port,
      method: this.#asked.method,
      path,
      headers: [...fields, ...this.#framing.fields].flat(),
      setHost: false,
      insecureHTTPParser: false,
      maxHeaderSize: MAX_RESPONSE_HEAD,
    });
    // All of them are looked at; their number is bounded by their length.
    request.maxHeadersCount = 0;
    this.#request = request;
    let socket: Socket | null = null;
    let before = 0;
    request.once("socket", (one: Socket) => {
      socket = one;
      before = one.bytesRead;
    });
    request.on("error", (error) => {
      if (this.#isOver || request !== this.#request) return;
      const isSilent = socket !== null && socket.bytesRead === before;
      if (request.reusedSocket && isSilent && this.#mayRetry()) this.#retry(prepared);
      else this.fail(error, this.#stage(socket));
    });
    request.on("information", ({ statusCode, rawHeaders }) =>
      this.#guarded(() => this.#informed(statusCode, rawHeaders, prepared.told)),
    );
    request.on("response", (response) => this.#guarded(() => this.#answered(response, prepared.told)));
    request.on("upgrade", (_response, upgraded) => {
      upgraded.destroy();
      this.fail(unasked(this.#deps.name), "sent");
    });
    request.on("drain", () => {
      if (!this.#isOver) this.#handlers.onDrain();
    });
    request.once("finish", () => this.#awaitHead());
    this.#sendBody(request);
  }

  #sendBody(request: ClientRequest): void {
    const { body } = this.#asked;
    if (body !== "stream") {
      request.end(body === "none" ? undefined : body);
      return;
    }
    const early = this.#early;
    this.#early = [];
    request.flushHeaders();
    let mayGoOn = true;
    for (const chunk of early) mayGoOn = request.write(chunk);
    if (this.#trailers !== null) this.#finish(request, this.#trailers);
    else if (early.length > 0 && mayGoOn) this.#handlers.onDrain();
  }

  #finish(request: ClientRequest, trailers: Fields): void {
    if (this.#framing.length === null && trailers.length > 0)
      request.addTrailers(trailers.map(([...line]) => line));
    request.end();
  }

  /** The whole request is out: now the target is to say something. */
  #awaitHead(): void {
    if (this.#isOver || this.#response !== null) return;
    const { name, limits, timers } = this.#deps;
    this.#stopTimer();
    this.#stopTimer = timers.after(limits.headMs, () =>
      this.fail(unreachable(name, `it did not answer within ${limits.headMs / 1000} s`), "sent"),
    );
  }

  #stage(socket: Socket | null): Stage {
    if (this.#response !== null) return "answered";
    return socket !== null && this.#deps.connections.wasReady(socket) ? "sent" : "connecting";
  }

  /** A connection that the target closed while nobody used it. */
  #mayRetry(): boolean {
    return !this.#isRetried && this.#asked.body === "none" && IDEMPOTENT.has(this.#asked.method);
  }

  #retry(prepared: Prepared): void {
    this.#isRetried = true;
    this.#stopTimer();
    // The others have waited for as long, or longer.
    this.#deps.connections.dropIdle();
    this.#send(prepared);
  }

  #informed(status: number, raw: string[], told: Told): void {
    if (status === 101) throw unasked(this.#deps.name);
    this.#interim += 1;
    if (this.#interim > MAX_INTERIM) {
      throw badResponse(this.#deps.name, `it sent more than ${MAX_INTERIM} interim responses`);
    }
    const fields = responseFields(raw, told);
    // Nobody asked whether to go on (RFC 9110 section 15.2.1): `Expect` is not passed on.
    if (status !== 100) this.#handlers.onInformational(status, fields);
  }

  #answered(response: IncomingMessage, told: Told): void {
    this.#response = response;
    this.#stopTimer();
    const { status, fields } = responseHead(response, told);
    response.on("error", (error) => this.fail(error, "answered"));
    response.on("end", () =>
      this.#guarded(() => {
        const trailers = responseTrailers(response.rawTrailers, told);
        if (trailers.length > 0) this.#handlers.onTrailers(trailers);
        this.#stopTimer();
        if (this.#request?.writableFinished) this.#ended();
        else this.#request?.once("finish", () => !this.#isOver && this.#ended());
      }),
    );
    this.#handlers.onResponse(status, fields, response);
  }

  #guarded(step: () => void): void {
    if (this.#isOver) return;
    try {
      step();
    } catch (error) {
      this.fail(error, "answered");
    }
  }
}

function wrongLength(what: "more" | "fewer"): SallyportError {
  return new SallyportError(
    "invalid_request",
    `the request's body has ${what} bytes than its content-length says`,
    "Send the length of the body, or leave content-length out.",
  );
}
