import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type ErrorCode, SallyportError } from "../protocol/errors.ts";
import type { AgentStream } from "../protocol/stream.ts";
import { POSTGRES_MANNER } from "./refusal.ts";
import { type Ending, relay } from "./relay.ts";

/** How long closing waits for the edge to confirm that the tunnels are over, ms. */
export const GOODBYE_MS = 1_000;

export interface ListenerOptions {
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** Opens a tunnel for one connection. */
  open(): Promise<AgentStream>;
  /** How its clients are told what goes wrong; PostgreSQL's by default. */
  manner?: ClientManner;
  /** A tunnel could not be opened; the client has been told. */
  onRefused?(error: SallyportError): void;
  /** A request waits for people, who know it by this approval; of HTTP and Kubernetes alone, as others tell it in their own way. */
  onHeld?(approval: string): void;
  /** A tunnel is over. */
  onEnded?(ending: Ending): void;
}

/** How clients of one protocol are told what goes wrong. */
export interface ClientManner {
  /** Tells a client why there is no tunnel for it, and ends its connection. */
  refuse(socket: Socket, error: SallyportError): void;
  /** What a client is sent of an end of its tunnel that nobody has told it; null where nothing can be. */
  lastWords: ((code: ErrorCode, reason: string) => Uint8Array) | null;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Takes no more connections and ends those there are; waits a moment until the edge knows it. */
  close(): Promise<void>;
}

/** Listens for clients; each connection gets a tunnel of its own. Throws `conflict` for a taken port. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  const serving = new Set<Promise<void>>();
  // Half-open, as a client may end its direction and still wait for answers; no delay, as frames are gathered here.
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // What follows an error is "close", where it is dealt with.
    socket.on("error", () => {});
    const served = serve(socket, options).finally(() => serving.delete(served));
    serving.add(served);
  });
  return {
    ...(await bind(server, options)),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroySoon();
      await Promise.race([Promise.all([closed, ...serving]), sleep(GOODBYE_MS)]);
    },
  };
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

async function serve(socket: Socket, options: ListenerOptions): Promise<void> {
  const { refuse, lastWords } = options.manner ?? POSTGRES_MANNER;
  let stream: AgentStream;
  try {
    stream = await options.open();
  } catch (error) {
    const reason =
      error instanceof SallyportError
        ? error
        : new SallyportError("internal", "The tunnel could not be opened.", "See the output of sallyport.");
    options.onRefused?.(reason);
    refuse(socket, reason);
    return;
  }
  const ended = relay(socket, stream, lastWords);
  if (socket.closed) stream.close("agent_gone", "the client left before the tunnel was open");
  const ending = await ended;
  options.onEnded?.(ending);
}

/** Throws `conflict` for an address that can't be had. */
export async function bind(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<{ host: string; port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        new SallyportError(
          "conflict",
          `${host}:${port} can't be listened on (${error.code}).`,
          "Choose another address with --listen, or leave it out to get a free port.",
        ),
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("a TCP server has an address");
  return { host: address.address, port: address.port };
}
