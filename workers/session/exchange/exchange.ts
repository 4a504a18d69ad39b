import type { EndCode } from "../../../protocol/close-reason.ts";
import { type ErrorCode, SallyportError } from "../../../protocol/errors.ts";
import { fieldValue } from "../../../protocol/http/fields.ts";
import type { RequestHead, ResponseHead } from "../../../protocol/http/head.ts";
import { readResponseHead } from "../../../protocol/http/reading.ts";
import type { ExchangeHandlers, ExchangeStream } from "../../../protocol/stream.ts";
import type { ExchangeStreams } from "../../../protocol/tunnel/exchange-streams.ts";
import { originHeaders } from "../../exchange/origin.ts";
import type { Held } from "./held.ts";
import { Messages } from "./messages.ts";
import type { Received, Receiver } from "./receiver.ts";
import { NoBody, ResponseBody } from "./response-body.ts";

/** Bytes of a request's body that are read at once: they are a frame, and an entry of the log. */
const PIECE = 64 * 1024;
/** Responses that have no body (RFC 9110 section 6.4.1). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Ends that would blame the client, as answers to it, for what its connector or its session did. */
const NOT_THE_CLIENT: Partial<Record<EndCode, ErrorCode>> = {
  closed: "target_closed",
  protocol_violation: "target_refused",
  bad_ticket: "connector_lost",
  idle: "target_closed",
};

/** One HTTP request to the edge's own address, as a stream of its session. */
export class Exchange implements ExchangeHandlers {
  /** The edge's. */
  readonly #host: string;
  readonly #head: RequestHead;
  readonly #held: Held;
  readonly #stream: ExchangeStream;
  readonly #answer = Promise.withResolvers<Response>();
  #receiver: Receiver | undefined;
  /** Nothing more is sent. */
  #sent = false;
  #over = false;
  #drained: (() => void) | undefined;

  private constructor(streams: ExchangeStreams, host: string, head: RequestHead, held: Held) {
    this.#host = host;
    this.#head = head;
    this.#held = held;
    this.#stream = streams.open(this);
  }

  /**
   * Sends a request, and resolves with the response's head. Throws `too_many`, `frame_too_large`, `session_ended`, and
   * with what the exchange was reset.
   */
  static async serve(
    streams: ExchangeStreams,
    request: Request,
    head: RequestHead,
    held: Held,
  ): Promise<Response> {
    const exchange = new Exchange(streams, new URL(request.url).host, head, held);
    request.signal.addEventListener("abort", () => exchange.#fail("agent_gone", "the client went away"));
    exchange.#begin(request.body);
    return exchange.#answer.promise;
  }

  onHead(json: unknown): void {
    let head: ResponseHead;
    try {
      head = readResponseHead(json);
      if (this.#receiver) throw new SallyportError("protocol_violation", "a second head of a response");
      if (head.status === 101 && !this.#head.websocket)
        throw new SallyportError("protocol_violation", "a change of protocol that was not asked for");
    } catch (error) {
      const reason = error instanceof SallyportError ? error.message : "it can't be read";
      this.#fail("target_refused", `the connector's response is none: ${reason}`);
      return;
    }
    // The platform has no interim responses.
    if (head.status >= 200 || head.status === 101) this.#respond(head);
  }

  onData(chunk: Uint8Array, message: { partial: boolean; text: boolean; last: boolean }): void {
    if (this.#receiver) this.#receiver.data(chunk, message);
    else this.#noResponse();
  }

  onDrain(): void {
    this.#drained?.();
    this.#receiver?.drain();
  }

  /** The platform has no trailers, so that those of the response go to the recording alone. */
  onEnd(): void {
    if (this.#receiver) this.#receiver.end();
    else this.#noResponse();
  }

  onReset(code: EndCode, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#drained?.();
    this.#receiver?.broken(code, reason);
    this.#answer.reject(new SallyportError(NOT_THE_CLIENT[code] ?? (code as ErrorCode), reason));
  }

  #begin(body: ReadableStream | null): void {
    try {
      this.#stream.head(this.#head);
    } catch (error) {
      this.#stream.reset("closed", "the head could not be sent");
      throw error;
    }
    if (this.#head.websocket) return;
    if (this.#head.body && body) void this.#upload(body);
    else this.#endRequest();
  }

  /** Sends the body as fast as the connector takes it: what has no credit stays with the client. */
  async #upload(body: ReadableStream): Promise<void> {
    const reader = body.getReader({ mode: "byob" });
    let buffer = new ArrayBuffer(PIECE);
    try {
      for (;;) {
        while (!this.#over && this.#stream.credit <= 0) await this.#credit();
        const { done, value } = await reader.read(new Uint8Array(buffer));
        if (this.#over) break;
        if (done) {
          this.#endRequest();
          return;
        }
        this.#stream.send([value]);
        buffer = value.buffer as ArrayBuffer;
      }
      await reader.cancel();
    } catch {
      this.#fail("agent_gone", "the request broke off");
    }
  }

  #credit(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  #endRequest(): void {
    this.#sent = true;
    this.#stream.end();
  }

  #respond({ status, fields, subprotocol }: ResponseHead): void {
    const received: Received = {
      consumed: (bytes) => this.#stream.consumed(bytes),
      complete: () => this.#complete(),
      failed: (code, reason) => this.#fail(code, reason),
    };
    const headers = originHeaders(fields, { host: this.#host, base: this.#head.base });
    if (status === 101) {
      const messages = new Messages(this.#stream, this.#held, received);
      this.#receiver = messages;
      this.#sent = true;
      if (subprotocol) headers.set("sec-websocket-protocol", subprotocol);
      this.#answer.resolve(new Response(null, { status, headers, webSocket: messages.client }));
      return;
    }
    if (this.#head.websocket) this.#endRequest();
    const length = fieldValue(fields, "content-length");
    if (BODILESS.has(status) || this.#head.method === "HEAD" || length === "0") {
      this.#receiver = new NoBody(received);
      this.#answer.resolve(new Response(null, { status, headers }));
      return;
    }
    const body = new ResponseBody(length === null ? null : Number(length), this.#held, received);
    this.#receiver = body;
    // The coding of the content is the target's, and stays as it is.
    this.#answer.resolve(new Response(body.readable, { status, headers, encodeBody: "manual" }));
  }

  /** The client has all of the response. A request that is not whole by now is not wanted. */
  #complete(): void {
    if (this.#over) return;
    this.#over = true;
    this.#drained?.();
    if (!this.#sent) this.#stream.reset("closed", "the response was complete before the request");
  }

  #noResponse(): void {
    this.#fail("target_refused", "the connector sent a body without a response's head");
  }

  /** Gives up: the connector is told, and the client sees an error, or a response that breaks off. */
  #fail(code: EndCode, reason: string): void {
    if (this.#over) return;
    this.#stream.reset(code, reason);
    this.onReset(code, reason);
  }
}
