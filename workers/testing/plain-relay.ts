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

  /** Upgrades: /control, /agent/ID, /connector/ID. */
  override async fetch(request: Request): Promise<Response> {
    const [, side, session = ""] = new URL(request.url).pathname.split("/");
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.ctx.acceptWebSocket(ours);
    this.#places.set(ours, { side: side as Place["side"], session });
    if (side === "control") {
      this.#control = ours;
    } else if (side === "agent") {
      this.#pairs.set(session, { agent: ours, early: [] });
      this.#control?.send(session);
    } else {
      const pair = this.#pairs.get(session);
      if (pair) {
        pair.connector = ours;
        for (const message of pair.early) ours.send(message);
        pair.early = [];
      }
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
    for (const other of [pair?.agent, pair?.connector]) if (other !== socket) other?.close(1000);
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
