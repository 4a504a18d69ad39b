import type { EndCode } from "../../protocol/close-reason.ts";
import type { SessionFacts } from "../../protocol/control.ts";
import { ERRORS, SallyportError } from "../../protocol/errors.ts";
import { fieldValue } from "../../protocol/http/fields.ts";
import { APPROVAL_FIELD, type Fields, type RequestHead } from "../../protocol/http/head.ts";
import { readRequestHead } from "../../protocol/http/reading.ts";
import type { ExchangeHandlers, ExchangeStream } from "../../protocol/stream.ts";
import type { Asker } from "./guard.ts";
import { IncomingBody } from "./incoming-body.ts";
import { judgedRequest } from "./judged-request.ts";
import { recorded } from "./recorded.ts";
import { type Refusal, refusalOf, refusalResponse } from "./refusal.ts";
import { RunningExchange } from "./running-exchange.ts";
import type { ExchangeSession, Serving } from "./session.ts";

/** How long an exchange waits for people, at most; and where it doesn't say, by how it came, s. */
const MOST_WAIT_S = 600;
const WAIT_S = { http: 30, framed: MOST_WAIT_S, raw: MOST_WAIT_S } as const;

/** RFC 2518 section 10.1. */
const PROCESSING = 102;

/** One exchange, from its head to its end: judged, and then let run or refused. */
export class Exchange implements ExchangeHandlers {
  readonly #stream: ExchangeStream;
  readonly #session: ExchangeSession;
  readonly #body: IncomingBody;
  readonly #gone = new AbortController();
  #head: RequestHead | null = null;
  #serving: Serving | null = null;
  #running: RunningExchange | null = null;
  #isAnswered = false;
  #isOver = false;

  constructor(stream: ExchangeStream, session: ExchangeSession) {
    this.#stream = stream;
    this.#session = session;
    this.#body = new IncomingBody(stream, session.bodies);
    stream.handlers = this;
  }

  onHead(json: unknown): void {
    this.#when(() => {
      const head = readRequestHead(json);
      this.#head = head;
      if (!head.body) this.#body.end(null);
      this.#serve(head).catch((error) => this.#fail(error));
    });
  }

  onData(chunk: Uint8Array, message: { partial: boolean; text: boolean; last: boolean }): void {
    this.#when(() => {
      if (this.#head?.websocket === undefined) this.#body.data(chunk);
      else if (this.#running === null) this.#break("protocol_violation", "a message before the WebSocket");
      else this.#running.fromAgent(chunk, message);
    });
  }

  onEnd(trailers: unknown): void {
    if (this.#head?.websocket !== undefined) this.#running?.agentEnded();
    else if (this.#head?.body) this.#body.end(trailers);
  }

  onDrain(): void {
    this.#running?.drain();
  }

  /** The agent gives up, or the session is over. */
  onReset(): void {
    this.#over();
  }

  /** The policies are others now: what they block ends. */
  policiesChanged(): void {
    if (this.#running === null || this.#isOver) return;
    const { judged, answer } = this.#running;
    const refusal = this.#serving!.guard.blockedSince(judged, answer);
    if (refusal !== null) this.end(refusal);
  }

  /** Nobody watches the session any more: what needs it ends. */
  unwatched(): void {
    if (this.#running?.answer.watched) this.end(this.#serving!.guard.unwatched);
  }

  /** Ends it with these words, where there is still a place for them. */
  end(refusal: Refusal): void {
    if (this.#isOver) return;
    if (this.#isAnswered) this.#break(refusal.code, refusal.message);
    else this.#refuse(refusal);
  }

  async #serve(head: RequestHead): Promise<void> {
    const serving = await this.#session.ready;
    if (this.#isOver) return;
    this.#serving = serving;
    const { rules, guard, masks } = serving;
    const request = rules.request(head);
    const isSeen = masks.hasPlaceholders || guard.seesBody(request);
    const refusal = rules.refusal(request, isSeen);
    if (refusal !== null) {
      this.#refuse(refusal);
      return;
    }
    const read = await judgedRequest(head, request, isSeen, this.#body, serving);
    if ("refusal" in read) {
      this.#refuse(read.refusal);
      return;
    }
    const { judged, whole } = read;
    masks.checkRequest(judged.request, whole);
    const { mode } = this.#session;
    const asker: Asker = {
      exchange: this.#stream.number,
      waitMs: waitOf(head.fields, mode),
      held: (approval) => this.#tellHeld(approval),
      signal: this.#gone.signal,
    };
    const answer = await guard.ask(judged, asker);
    if (this.#isOver) return;
    if (!answer.allowed) {
      this.#refuse(answer.refusal);
      return;
    }
    const fields = masks.requestFields(rules.fields(judged.request, read.head));
    this.#session.record({
      event: "exchange_sent",
      exchange: this.#stream.number,
      ...recorded(judged),
      impersonated: rules.account === "" ? null : rules.account,
    });
    this.#running = new RunningExchange({
      stream: this.#stream,
      session: this.#session,
      serving,
      head: read.head,
      judged,
      answer,
      asker,
      body: this.#body,
      whole,
      answered: () => {
        this.#isAnswered = true;
      },
      ended: () => this.#over(),
      refused: (words) => this.#refuse(words),
      failed: (error) => this.#fail(error),
    });
    this.#running.start(fields);
  }

  /** At the edge's own address there are no interim responses. */
  #tellHeld(approval: string): void {
    if (this.#isOver || this.#isAnswered || this.#session.mode === "http") return;
    this.#stream.head({ status: PROCESSING, fields: [[APPROVAL_FIELD, approval]] });
  }

  #refuse(refusal: Refusal): void {
    if (this.#isOver) return;
    const { head, body } = refusalResponse(this.#session.kind, refusal);
    this.#isAnswered = true;
    this.#stream.head(head);
    this.#stream.end(this.#head?.method === "HEAD" ? undefined : { chunks: [body] });
    this.#over();
  }

  /** Whatever went wrong: told where there is still a place for it, else the response is broken off. */
  #fail(error: unknown): void {
    if (this.#isOver) return;
    const known = this.#session.told(error);
    if (FAILURES.has(known.code)) {
      const { code, message } = known;
      this.#session.record({ event: "exchange_failed", exchange: this.#stream.number, code, message });
    }
    this.end(refusalOf(known));
  }

  #break(code: EndCode, reason: string): void {
    if (this.#isOver) return;
    this.#stream.reset(code, reason);
    this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#gone.abort(OVER);
    this.#body.drop();
    this.#running?.stop();
    this.#session.closed(this);
  }

  #when(step: () => void): void {
    if (this.#isOver) return;
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }
}

/** Made once: without a reason each exchange's end would make an exception with its stack. */
const OVER = new SallyportError("agent_gone", "the exchange is over");

/** Failures of the target, or of ours, rather than of what was asked for. */
const FAILURES: ReadonlySet<string> = new Set([
  "invalid_config",
  ...Object.entries(ERRORS).flatMap(([code, { status }]) => (status >= 500 ? [code] : [])),
]);

/** RFC 7240 section 4.3. In ms. */
function waitOf(fields: Fields, mode: SessionFacts["mode"]): number {
  const wait = /(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])/i.exec(fieldValue(fields, "prefer") ?? "")?.[1];
  return Math.min(wait === undefined ? WAIT_S[mode] : Number(wait), MOST_WAIT_S) * 1_000;
}
