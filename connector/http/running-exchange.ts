import type { Readable } from "node:stream";
import { SallyportError } from "../../protocol/errors.ts";
import { APPROVAL_FIELD, type Fields, type RequestHead } from "../../protocol/http/head.ts";
import { readTrailers } from "../../protocol/http/reading.ts";
import type { ExchangeStream } from "../../protocol/stream.ts";
import { farewell } from "../kubernetes/farewell.ts";
import type { Allowed, Asker, Judged } from "./guard.ts";
import type { IncomingBody } from "./incoming-body.ts";
import type { Refusal } from "./refusal.ts";
import { ResponseRelay } from "./response-relay.ts";
import type { ExchangeSession, Serving } from "./session.ts";
import type { UpstreamCall } from "./target/upstream.ts";
import { WebSocketRelay } from "./websocket-relay.ts";

export interface RunningExchangeOptions {
  stream: ExchangeStream;
  session: ExchangeSession;
  serving: Serving;
  head: RequestHead;
  judged: Judged;
  answer: Allowed;
  /** For what else must be asked. */
  asker: Asker;
  body: IncomingBody;
  /** The body, where it was read as a whole. */
  whole: Buffer | null;
  /** The head of the response is about to be sent: from here on nothing else can be said. */
  answered(): void;
  /** All has gone on, both ways or as far as anybody wants it. */
  ended(): void;
  /** The response may not pass. */
  refused(refusal: Refusal): void;
  failed(error: unknown): void;
}

/** Statuses of responses that never have a body (RFC 9110 section 6.4.1). */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/** An exchange that was let through: its request goes to the target, and the response, masked, to the agent. */
export class RunningExchange {
  readonly judged: Judged;
  readonly answer: Allowed;
  readonly #options: RunningExchangeOptions;
  #call: UpstreamCall | null = null;
  #relay: ResponseRelay | null = null;
  #socket: WebSocketRelay | null = null;
  #trailers: Fields = [];
  #bytes = 0;
  #isOver = false;

  constructor(options: RunningExchangeOptions) {
    this.#options = options;
    this.judged = options.judged;
    this.answer = options.answer;
  }

  /** Begins. `fields` go to the target. */
  start(fields: Fields): void {
    const { websocket } = this.#options.head;
    if (websocket === undefined) this.#send(fields);
    else this.#open(fields, websocket.subprotocols).catch(this.#options.failed);
  }

  /** A WebSocket's message; throws `protocol_violation` before there is one. */
  fromAgent(chunk: Uint8Array, message: { partial: boolean; text: boolean; last: boolean }): void {
    if (this.#socket === null) {
      throw new SallyportError("protocol_violation", "a message before the WebSocket");
    }
    this.#socket.fromAgent(chunk, message);
  }

  /** The agent closes its WebSocket. */
  agentEnded(): void {
    this.#socket?.agentEnded();
  }

  /** The agent takes more. */
  drain(): void {
    this.#relay?.drain();
    this.#socket?.drain();
  }

  /** Nobody wants the rest. */
  stop(): void {
    this.#isOver = true;
    this.#call?.abort();
    this.#relay?.stop();
    this.#socket?.stop();
  }

  #send(fields: Fields): void {
    const { session, serving, head, body, whole, stream, failed } = this.#options;
    const { method, target, base } = head;
    const sent = whole ?? (head.body ? "stream" : "none");
    const request = { method, target, base, fields, body: sent, identity: serving.identity } as const;
    const call = session.upstream.request(request, {
      onInformational: (status, informed) => {
        if (this.#relay === null) stream.head({ status, fields: serving.masks.responseFields(informed) });
      },
      onResponse: (status, answered, content) => {
        this.#answer(status, answered, content).catch(failed);
      },
      onTrailers: (trailers) => {
        this.#trailers = trailers;
      },
      onDrain: () => body.goOn(),
      onError: failed,
    });
    this.#call = call;
    if (sent !== "stream") {
      body.drop();
      return;
    }
    body.sendTo({
      write: (chunk) => call.write(chunk),
      end: (trailers) => {
        try {
          call.end(trailers === null ? [] : readTrailers(trailers));
        } catch (error) {
          failed(error);
        }
      },
    });
  }

  async #answer(status: number, fields: Fields, body: Readable): Promise<void> {
    const { session, serving, head, stream, answered, failed } = this.#options;
    if (status === 401 && session.provesItself) {
      body.destroy();
      throw new SallyportError(
        "target_refused",
        `target ${session.name} does not take the connector's credential`,
        "The credential may have expired; tell the connector's operator.",
      );
    }
    const response = { status, fields, body };
    const { request } = this.judged;
    const passage = serving.masks.response(stream.number, request, pathOf(this.judged), response);
    if (passage.unreadable !== null && !(await this.#mayPass(passage.unreadable))) {
      body.destroy();
      return;
    }
    if (this.#isOver) {
      body.destroy();
      return;
    }
    answered();
    const told = { status, fields: [...passage.fields, ...approvedFields(this.answer.approval)] };
    if (head.method === "HEAD" || BODILESS.has(status)) {
      body.resume();
      stream.head(told);
      stream.end();
      this.#finish();
      return;
    }
    this.#relay = new ResponseRelay({
      stream,
      head: told,
      body: passage.body,
      through: passage.through,
      trailers: () => passage.trailers(this.#trailers),
      sent: (bytes) => this.#sent(bytes),
      ended: () => this.#finish(),
      failed,
    });
  }

  /** Whether a response of this type, which can't be looked into, may reach the agent; says so where it may not. */
  async #mayPass({ type, why }: { type: string; why: string }): Promise<boolean> {
    const { serving, asker, refused } = this.#options;
    const answer = await serving.guard.ask({ ...this.judged, unreadable: type }, asker);
    if (answer.allowed) return true;
    refused({ ...answer.refusal, message: `${answer.refusal.message} (the response: ${why})` });
    return false;
  }

  async #open(fields: Fields, subprotocols: readonly string[]): Promise<void> {
    const { session, serving, head, stream, asker, answered, ended, failed } = this.#options;
    const { target, base } = head;
    const { identity, masks, guard } = serving;
    const asked = { target, base, fields, subprotocols, identity };
    const opened = await session.upstream.websocket(asked, asker.signal);
    if ("refused" in opened) {
      await this.#answer(opened.refused, opened.fields, opened.body);
      return;
    }
    if (this.#isOver) {
      opened.socket.terminate();
      return;
    }
    const { judged } = this;
    const mayPass = () => guard.verdict({ ...judged, unreadable: "" }) === "allow";
    answered();
    stream.head({
      status: 101,
      fields: masks.responseFields(opened.fields),
      subprotocol: opened.subprotocol,
    });
    this.#socket = new WebSocketRelay({
      stream,
      socket: opened.socket,
      mask: masks.messages(stream.number, judged.request, pathOf(judged), opened.subprotocol, mayPass),
      farewell: farewell(judged.request, opened.subprotocol),
      timers: session.timers,
      sent: (bytes) => this.#sent(bytes),
      ended,
      failed,
    });
  }

  #sent(bytes: number): void {
    const { session } = this.#options;
    this.#bytes += bytes;
    session.usage.result(0, bytes);
    const most = this.answer.bytes;
    if (most === null || this.#bytes <= most) return;
    session.record({ event: "cut", limit: "bytes", value: most });
    throw new SallyportError("limit_exceeded", `the policies allow a response ${most} bytes`);
  }

  /** The response is complete; a target that has all of the request, too, may get the next one on its connection. */
  #finish(): void {
    if (this.#options.body.isDone) this.#call = null;
    this.#options.ended();
  }
}

/** As labels of HTTP targets are for it. */
function pathOf({ facts }: Judged): string {
  return facts.type === "http" ? facts.path : "";
}

/** By which approval it was released; kubectl prints warnings. */
function approvedFields(approval: string | null): Fields {
  if (approval === null) return [];
  return [
    [APPROVAL_FIELD, approval],
    ["warning", `299 sallyport "released by approval ${approval}"`],
  ];
}
