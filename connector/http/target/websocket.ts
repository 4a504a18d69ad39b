import type { ClientRequest, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { WebSocket } from "ws";
import type { Fields } from "../../../protocol/http/head.ts";
import { type CallDeps, MAX_INTERIM } from "./call.ts";
import { MAX_RESPONSE_HEAD, responseFields, responseHead, type Told } from "./response-head.ts";
import { badResponse, unreachable, upstreamError } from "./upstream-error.ts";

/** Bytes of a message of the target's; it is read as a whole. */
export const MAX_TARGET_MESSAGE = 4 * 1024 * 1024;

/** `socket` is open, and paused. `refused`: the status of a response that is as any other. */
export type OpenedWebSocket =
  | { socket: WebSocket; fields: Fields; subprotocol: string | null }
  | { refused: number; fields: Fields; body: Readable };

export interface Handshake {
  path: string;
  fields: Fields;
  told: Told;
  subprotocols: readonly string[];
}

/**
 * Opens a WebSocket to the target (RFC 6455 section 4.1), without extensions: what is compressed can't be looked into.
 * Rejects with `target_unreachable`, `target_refused`, `target_closed`, or the signal's reason.
 */
export function openWebSocket(
  deps: CallDeps,
  { path, fields, told, subprotocols }: Handshake,
  signal: AbortSignal,
): Promise<OpenedWebSocket> {
  const { name, limits, timers, connections } = deps;
  return new Promise((resolve, reject) => {
    let request: ClientRequest | null = null;
    let interim = 0;
    let raw: string[] = [];
    let chosen: string | null = null;
    let isSettled = false;
    const fail = (error: unknown) => {
      if (isSettled) return;
      settle();
      request?.destroy();
      socket.terminate();
      reject(error);
    };
    const late = timers.after(limits.headMs, () =>
      fail(unreachable(name, `it did not answer within ${limits.headMs / 1000} s`)),
    );
    const abandoned = () => fail(signal.reason);
    const settle = () => {
      isSettled = true;
      late();
      signal.removeEventListener("abort", abandoned);
    };
    // The URL stands for nothing: the agent's connections lead to the configured target alone.
    const socket = new WebSocket("ws://target", [], {
      agent: connections,
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: MAX_TARGET_MESSAGE,
      insecureHTTPParser: false,
      maxHeaderSize: MAX_RESPONSE_HEAD,
      finishRequest: (outgoing) => {
        request = outgoing;
        outgoing.path = path;
        outgoing.maxHeadersCount = 0;
        for (const [field, values] of grouped(fields)) outgoing.setHeader(field, values);
        // ws takes tokens alone, and Kubernetes asks for `SPDY/3.1+portforward.k8s.io`.
        if (subprotocols.length > 0) outgoing.setHeader("sec-websocket-protocol", subprotocols.join(","));
        outgoing.on("information", () => {
          interim += 1;
          if (interim > MAX_INTERIM)
            fail(badResponse(name, `it sent more than ${MAX_INTERIM} interim responses`));
        });
        outgoing.end();
      },
    });
    signal.addEventListener("abort", abandoned, { once: true });
    socket.on("error", (error) => fail(handshakeError(name, error)));
    socket.once("upgrade", (response: IncomingMessage) => {
      raw = response.rawHeaders;
      chosen = response.headers["sec-websocket-protocol"] ?? null;
      // A server may choose none (RFC 6455 section 4.2.2).
      delete response.headers["sec-websocket-protocol"];
      if (chosen === null || subprotocols.includes(chosen)) return;
      fail(badResponse(name, "it does not open a WebSocket (it chose a subprotocol that was not asked for)"));
    });
    socket.once("open", () => {
      socket.pause();
      try {
        resolve({ socket, fields: responseFields(raw, told), subprotocol: chosen });
        settle();
      } catch (error) {
        fail(error);
      }
    });
    socket.once("unexpected-response", (_request, response: IncomingMessage) => {
      // The body's end is told by its own events.
      response.on("error", () => {});
      try {
        const { status, fields } = responseHead(response, told);
        resolve({ refused: status, fields, body: response });
        settle();
      } catch (error) {
        fail(error);
      }
    });
  });
}

function grouped(fields: Fields): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of fields) groups.set(name, [...(groups.get(name) ?? []), value]);
  return groups;
}

/** Errors of ws have no code, and words of its own, which quote nothing. */
function handshakeError(target: string, error: Error): Error {
  if ("code" in error || error.name === "SallyportError") return upstreamError(target, error, "connecting");
  return badResponse(target, `it does not open a WebSocket (${error.message})`);
}
