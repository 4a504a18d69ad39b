import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type WebSocket from "ws";
import { WebSocketServer } from "ws";
import { SallyportError } from "../../protocol/errors.ts";
import type { ExchangeStream } from "../../protocol/stream.ts";
import { Answer } from "./answer.ts";
import { type ExchangeOpener, heldBy } from "./exchange.ts";
import { endError } from "./refusal.ts";
import { requestHead, subprotocolsOf } from "./request-head.ts";
import { Messages } from "./websocket-messages.ts";

/** Bytes of one message of a client: it is read whole before it is sent on. */
const MAX_MESSAGE = 16 * 1024 * 1024;

/** The subprotocol that the target chose, for a handshake that is about to end. */
const chosen = new WeakMap<IncomingMessage, string>();

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MAX_MESSAGE,
});
// Not by `handleProtocols`: ws takes tokens alone, and kubectl offers `SPDY/3.1+portforward.k8s.io`.
server.on("headers", (headers, request) => {
  const subprotocol = chosen.get(request);
  if (subprotocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${subprotocol}`);
});

/** Whether a request asks for a WebSocket (RFC 6455 section 4.2.1). */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

/**
 * Carries a WebSocket of a local client over a stream. The client's handshake is answered when the target has answered
 * its own: with its subprotocol, or with its refusal. Until then the client has nothing to send (RFC 6455 section 4.1);
 * `early` is what it sent all the same.
 */
export async function serveWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  early: Buffer,
  opener: ExchangeOpener,
): Promise<void> {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.on("finish", () => (socket as Socket).destroySoon());
  const answer = new Answer(response, opener.kind);
  let stream: ExchangeStream | undefined;
  let messages: Messages | undefined;
  let isOver = false;

  const fail = (error: SallyportError) => {
    if (isOver) return;
    isOver = true;
    if (messages) messages.fail(error);
    else answer.fail(error);
  };
  const guarded = (step: () => void) => {
    if (isOver) return;
    try {
      step();
    } catch (error) {
      const known =
        error instanceof SallyportError ? error : new SallyportError("internal", "This listener failed.");
      stream?.reset(known.code, known.message);
      fail(new SallyportError("target_closed", `The response can't be told: ${known.message}.`));
    }
  };
  const upgrade = (subprotocol: string | null | undefined) => {
    if (subprotocol) {
      if (!subprotocolsOf(request).includes(subprotocol))
        throw new SallyportError("protocol_violation", "the target chose a subprotocol that nobody offered");
      chosen.set(request, subprotocol);
    }
    delete request.headers["sec-websocket-protocol"];
    response.detachSocket(socket as Socket);
    socket.off("data", leave).off("end", leave);
    // Answers the client by itself where the handshake is none.
    server.handleUpgrade(request, socket, Buffer.alloc(0), (webSocket: WebSocket) => {
      messages = new Messages(webSocket, stream!);
    });
  };

  const leave = () => void socket.destroy();
  // Only who reads hears that the client has left.
  socket.on("data", leave).on("end", leave);
  if (early.length > 0) leave();
  socket.on("error", () => {});
  socket.on("close", () => {
    if (isOver || messages) return;
    isOver = true;
    stream?.reset("agent_gone", "the client's connection is gone");
  });

  try {
    const head = requestHead(request, true);
    stream = await opener.open({
      onHead: (json) =>
        guarded(() => {
          const head = Answer.read(json);
          if (messages || answer.begun)
            throw new SallyportError("protocol_violation", "the connector sent a head that nobody asked for");
          const approval = heldBy(head);
          if (approval !== null) opener.held(approval);
          else if (head.status === 101) upgrade(head.subprotocol);
          else if (head.status >= 200) {
            answer.begin(head);
            stream!.end();
          }
        }),
      onData: (chunk, message) =>
        guarded(() => {
          if (messages) messages.receive(chunk, message);
          else answer.write(chunk, () => stream!.consumed(chunk.length));
        }),
      onDrain: () => messages?.drain(),
      onEnd: (trailers) =>
        guarded(() => {
          isOver = true;
          if (messages) messages.receiveEnd();
          else answer.finish(trailers);
        }),
      onReset: (code, reason) => fail(endError(code, reason)),
    });
    if (isOver) stream.reset("agent_gone", "the client's connection is gone");
    else stream.head(head);
  } catch (error) {
    stream?.reset("agent_gone", "the request can't be sent");
    fail(error instanceof SallyportError ? error : new SallyportError("internal", "This listener failed."));
  }
}
