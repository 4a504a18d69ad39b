import { PING, PONG } from "../../protocol/control.ts";

/** What happens on a socket that was taken. */
export interface SocketEvents {
  webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void;
  webSocketClose(socket: WebSocket): void;
  webSocketError(socket: WebSocket): void;
}

/**
 * How an object takes its sockets. Hibernation lets an object whose sockets are idle be forgotten. One that sessions
 * share is hardly ever idle, and each message would pay a quarter of its cost for the possibility.
 */
export class Sockets {
  readonly #ctx: DurableObjectState;
  readonly #hibernates: boolean;
  readonly #events: SocketEvents;
  /** When each socket that can't hibernate pinged last. */
  readonly #pings = new WeakMap<WebSocket, number>();

  /** `shards`: how many objects share all sessions; 0 when each session has its own. */
  constructor(ctx: DurableObjectState, shards: number, events: SocketEvents) {
    this.#ctx = ctx;
    this.#hibernates = shards === 0;
    this.#events = events;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /** Accepts a socket. */
  take(socket: WebSocket): void {
    if (this.#hibernates) {
      this.#ctx.acceptWebSocket(socket);
      return;
    }
    socket.accept();
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      if (data === PING) this.#answer(socket);
      else this.#events.webSocketMessage(socket, data as string | ArrayBuffer);
    });
    socket.addEventListener("close", () => this.#events.webSocketClose(socket));
    socket.addEventListener("error", () => this.#events.webSocketError(socket));
  }

  /** When a socket pinged last, ms since 1970; 0 when it never did. The runtime answers pings without waking the object. */
  lastPing(socket: WebSocket): number {
    if (!this.#hibernates) return this.#pings.get(socket) ?? 0;
    return this.#ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
  }

  #answer(socket: WebSocket): void {
    this.#pings.set(socket, Date.now());
    socket.send(PONG);
  }
}
