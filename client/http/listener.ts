import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExchangeKind } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { ExchangeTunnel } from "../../protocol/stream.ts";
import { bind, GOODBYE_MS, type Listener } from "../listener.ts";
import type { Ending } from "../relay.ts";
import { Answer } from "./answer.ts";
import { type ExchangeOpener, serveExchange } from "./exchange.ts";
import { LazyTunnel } from "./lazy-tunnel.ts";
import { checkOrigin } from "./same-machine.ts";
import { asksForWebSocket, serveWebSocket } from "./websocket.ts";

/** Bytes of a request's head. Its JSON must fit into one frame, `MAX_HEAD`. */
const MAX_HEADER = 32 * 1024;
/** How long a client may take for a request's head, and stay silent between requests, ms. A request has no limit. */
const HEAD_MS = 30_000;
const KEEP_ALIVE_MS = 75_000;
/** Clients at once: more than streams, as most may be idle. */
const MAX_CONNECTIONS = 1_024;

export interface HttpListenerOptions {
  host: string;
  /** 0 takes a free port. */
  port: number;
  kind: ExchangeKind;
  /** Opens a session. */
  open(): Promise<ExchangeTunnel>;
  /** A session could not be opened, or a request not be sent on it; the client has been told. */
  onRefused?(error: SallyportError): void;
  /** A request waits for people, who know it by this approval. */
  onHeld?(approval: string): void;
  /** A session is over. */
  onEnded?(ending: Ending): void;
}

/** A local HTTP server: each request to it is an exchange of one session. Throws `conflict` for a taken port. */
export async function listenHttp(options: HttpListenerOptions): Promise<Listener> {
  const tunnel = new LazyTunnel(options.open, (ending) => options.onEnded?.(ending));
  const opener: ExchangeOpener = {
    kind: options.kind,
    held: (approval) => options.onHeld?.(approval),
    async open(handlers) {
      try {
        return await tunnel.open(handlers);
      } catch (error) {
        const known =
          error instanceof SallyportError
            ? error
            : new SallyportError(
                "internal",
                "The session could not be opened.",
                "See the output of sallyport.",
              );
        options.onRefused?.(known);
        throw known;
      }
    },
  };
  const upgraded = new Set<Duplex>();
  const server = createServer({
    insecureHTTPParser: false,
    requireHostHeader: true,
    maxHeaderSize: MAX_HEADER,
    headersTimeout: HEAD_MS,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
    // Any other upgrade may be passed over: the request is answered as it is.
    shouldUpgradeCallback: asksForWebSocket,
  });
  // Some are left out silently by default; that there are too many is told.
  server.maxHeadersCount = 0;
  server.maxConnections = MAX_CONNECTIONS;
  const serve = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => {
    const error = refusal(request, options.host);
    if (error) refuse(request, response, options.kind, error);
    else void serveExchange(request, response, opener, expectsContinue);
  };
  server.on("request", (request, response) => serve(request, response, false));
  server.on("checkContinue", (request, response) => serve(request, response, true));
  server.on("upgrade", (request, socket, early) => {
    upgraded.add(socket);
    socket.on("close", () => upgraded.delete(socket));
    const error = refusal(request, options.host);
    const refusing: ExchangeOpener = { ...opener, open: () => Promise.reject(error) };
    void serveWebSocket(request, socket, early, error ? refusing : opener);
  });
  return {
    ...(await bind(server, options)),
    async close() {
      server.close();
      await Promise.race([tunnel.close(), sleep(GOODBYE_MS)]);
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
    },
  };
}

function refusal(request: IncomingMessage, listening: string): SallyportError | null {
  try {
    checkOrigin(request, listening);
    return null;
  } catch (error) {
    return error as SallyportError;
  }
}

/** Answers, and reads no body of whoever may not ask. */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  kind: ExchangeKind,
  error: SallyportError,
): void {
  response.shouldKeepAlive = false;
  new Answer(response, kind).fail(error);
  request.resume();
}
