import { DurableObject } from "cloudflare:workers";
import type { Env } from "../environment.ts";

/** What a socket is: the connector's control socket has no session. */
interface Place {
  side: "agent" | "connector" | "control";
  session: string;
}

interface Pair {
  agent?: WebSocket;
  connector?: WebSocket;
  /** Of the agent, until there is a connector. */
  early: (string | ArrayBuffer)[];
}

/**
 * The same hops as the edge's, and nothing else, for test/bench: one object that passes messages on. It knows no
 * users, records nothing and keeps nothing.
 */
export class Session extends DurableObject<Env> {
  readonly #places = new Map<WebSocket, Place>();
  readonly #pairs = new Map<string, Pair>();
  #control: WebSocket | undefined;

  /** An object whose sockets are idle is forgotten; the sockets stay, with their places. */
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    for (const socket of ctx.getWebSockets()) this.#place(socket, socket.deserializeAttachment() as Place);
  }

  /** Upgrades: /control, /agent/ID, /connector/ID. */
  override async fetch(request: Request): Promise<Response> {
    const [, side, session = ""] = new URL(request.url).pathname.split("/");
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.ctx.acceptWebSocket(ours);
    const place: Place = { side: side as Place["side"], session };
    ours.serializeAttachment(place);
    this.#place(ours, place);
    if (side === "agent") this.#control?.send(session);
    const pair = this.#pairs.get(session);
    if (side === "connector" && pair) {
      for (const message of pair.early) ours.send(message);
      pair.early = [];
    }
    return new Response(null, { status: 101, webSocket: theirs });
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const place = this.#places.get(socket);
    const pair = place && this.#pairs.get(place.session);
    if (!pair) return;
    if (place.side === "connector") pair.agent?.send(message);
    else if (pair.connector) pair.connector.send(message);
    else pair.early.push(message);
  }

  override webSocketClose(socket: WebSocket): void {
    const place = this.#places.get(socket);
    this.#places.delete(socket);
    if (!place) return;
    const pair = this.#pairs.get(place.session);
    this.#pairs.delete(place.session);
    for (const other of [pair?.agent, pair?.connector]) other?.close(1000);
  }

  #place(socket: WebSocket, place: Place): void {
    this.#places.set(socket, place);
    if (place.side === "control") {
      this.#control = socket;
      return;
    }
    const pair = this.#pairs.get(place.session) ?? { early: [] };
    pair[place.side] = socket;
    this.#pairs.set(place.session, pair);
  }
}

/** Not used: the edge's host binds a class of this name. */
export class ConnectorHub extends DurableObject<Env> {}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.headers.get("upgrade") !== "websocket") return new Response("a plain relay");
    return await env.SESSION.getByName("relay").fetch(request);
  },
  scheduled() {},
};
