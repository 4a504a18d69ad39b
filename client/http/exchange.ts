import type { IncomingMessage, ServerResponse } from "node:http";
import type { ExchangeKind } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { MAX_PAYLOAD } from "../../protocol/frame.ts";
import { fieldValue } from "../../protocol/http/fields.ts";
import { APPROVAL_FIELD, type ResponseHead } from "../../protocol/http/head.ts";
import type { ExchangeHandlers, ExchangeStream } from "../../protocol/stream.ts";
import { Answer } from "./answer.ts";
import { endError } from "./refusal.ts";
import { requestHead, requestTrailers } from "./request-head.ts";

/** How requests get to the target. */
export interface ExchangeOpener {
  readonly kind: ExchangeKind;
  /** Opens a stream, and a session for it if need be. Throws `SallyportError`. */
  open(handlers: ExchangeHandlers): Promise<ExchangeStream>;
  /** A request waits for people, who know it by this approval. */
  held(approval: string): void;
}

/** The approval that a request waits for, as an interim head says; null for all other heads. */
export function heldBy({ status, fields }: ResponseHead): string | null {
  return status < 200 ? fieldValue(fields, APPROVAL_FIELD) : null;
}

/**
 * Carries one request of a local client, and the response to it, over a stream. Bytes go both ways at once, each way as
 * fast as its reader reads. `expectsContinue`: the client waits for a 100 before it sends the body.
 */
export async function serveExchange(
  request: IncomingMessage,
  response: ServerResponse,
  opener: ExchangeOpener,
  expectsContinue: boolean,
): Promise<void> {
  const answer = new Answer(response, opener.kind);
  let stream: ExchangeStream | undefined;
  /** Nothing more is to be said to the client. */
  let isOver = false;

  const fail = (error: SallyportError) => {
    if (isOver) return;
    isOver = true;
    answer.fail(error);
    request.resume();
  };
  /** What the connector said can't be told to the client. */
  const guarded = (step: () => void) => {
    if (isOver) return;
    try {
      step();
    } catch (error) {
      const known = asError(error);
      stream?.reset(known.code, known.message);
      fail(new SallyportError("target_closed", `The response can't be told: ${known.message}.`));
    }
  };

  response.on("close", () => {
    if (isOver) return;
    isOver = true;
    stream?.reset("agent_gone", "the client's connection is gone");
  });
  response.on("error", () => {});
  request.on("error", () => {});

  try {
    const head = requestHead(request, false);
    const sending = { drain() {} };
    stream = await opener.open({
      onHead: (json) =>
        guarded(() => {
          const head = Answer.read(json);
          if (head.status === 101 || answer.begun) throw unexpected("a head that nobody asked for");
          const approval = heldBy(head);
          if (approval !== null) opener.held(approval);
          else if (head.status < 200) answer.interim(head);
          else answer.begin(head);
        }),
      onData: (chunk) =>
        guarded(() => {
          if (!answer.begun) throw unexpected("a body before its head");
          answer.write(chunk, () => stream!.consumed(chunk.length));
        }),
      onDrain: () => sending.drain(),
      onEnd: (trailers) =>
        guarded(() => {
          if (!answer.begun) throw unexpected("an end before a head");
          answer.finish(trailers);
          isOver = true;
          // The response may be whole before the request is: what is left of that nobody wants.
          if (!request.complete) stream!.reset("closed", "the response ended before the request");
          request.resume();
        }),
      onReset: (code, reason) => fail(endError(code, reason)),
    });
    // The client may have left while the session was opened.
    if (isOver) {
      stream.reset("agent_gone", "the client's connection is gone");
      return;
    }
    stream.head(head);
    if (!head.body) {
      stream.end();
      request.resume();
      return;
    }
    if (expectsContinue) response.writeContinue();
    sending.drain = sendBody(request, stream, (error) => {
      stream!.reset("agent_gone", error.message);
      fail(error);
    });
  } catch (error) {
    const known = asError(error);
    stream?.reset("agent_gone", known.message);
    fail(known);
  }
}

/**
 * Sends the body as it comes: what arrives in one turn of the event loop as one frame. Answers what to call when there
 * is credit again.
 */
function sendBody(
  request: IncomingMessage,
  stream: ExchangeStream,
  fail: (error: SallyportError) => void,
): () => void {
  let pending: Buffer[] = [];
  let size = 0;
  const flush = () => {
    if (size === 0) return;
    stream.send(pending);
    pending = [];
    size = 0;
    if (stream.credit <= 0) request.pause();
  };
  request.on("data", (chunk: Buffer) => {
    if (size === 0) setImmediate(flush);
    pending.push(chunk);
    size += chunk.length;
    if (size >= MAX_PAYLOAD) flush();
  });
  request.on("end", () => {
    flush();
    try {
      const trailers = requestTrailers(request);
      stream.end(trailers === null ? undefined : { trailers });
    } catch (error) {
      fail(asError(error));
    }
  });
  return () => request.resume();
}

function unexpected(what: string): SallyportError {
  return new SallyportError("protocol_violation", `the connector sent ${what}`);
}

function asError(error: unknown): SallyportError {
  if (error instanceof SallyportError) return error;
  return new SallyportError(
    "internal",
    "This listener failed on the request.",
    "See the output of sallyport.",
  );
}
