import type { Side } from "./readers.ts";
import type { Relay } from "./relay.ts";
import { type Attachment, SocketPeer } from "./socket.ts";

/** What a socket is to its session. */
export interface Link {
  relay: Relay;
  side: Side | "viewer";
  raw: boolean;
  peer: SocketPeer;
}

/** The sockets of one object's sessions. */
export class Links {
  readonly #links = new Map<WebSocket, Link>();
  readonly #lastPing: (socket: WebSocket) => number;

  /** `lastPing`: when a socket pinged last, ms since 1970. */
  constructor(lastPing: (socket: WebSocket) => number) {
    this.#lastPing = lastPing;
  }

  find(socket: WebSocket): Link | undefined {
    return this.#links.get(socket);
  }

  /** Binds an accepted socket to its session, also for the time after the object's memory is lost. */
  bind(socket: WebSocket, relay: Relay, what: Pick<Attachment, "side" | "raw" | "watcher">): Link {
    const attachment: Attachment = { session: relay.record.id, ...what };
    socket.serializeAttachment(attachment);
    return this.#add(socket, relay, attachment);
  }

  /** Binds a socket that outlived the object's memory. */
  rebind(socket: WebSocket, relay: Relay, attachment: Attachment): Link {
    return this.#add(socket, relay, attachment);
  }

  /** Forgets a socket; what it was, if anything. */
  remove(socket: WebSocket): Link | undefined {
    const link = this.#links.get(socket);
    this.#links.delete(socket);
    return link;
  }

  /** Closes the sockets of a session; of one side only, where it is given. */
  close(relay: Relay, code: number, reason: string, side?: Side): void {
    for (const [socket, link] of this.#links) {
      if (link.relay !== relay || (side !== undefined && link.side !== side)) continue;
      this.#links.delete(socket);
      socket.close(code, reason);
    }
  }

  #add(socket: WebSocket, relay: Relay, attachment: Attachment): Link {
    const { side, raw } = attachment;
    const link: Link = { relay, side, raw, peer: new SocketPeer(socket, attachment, this.#lastPing) };
    this.#links.set(socket, link);
    return link;
  }
}
