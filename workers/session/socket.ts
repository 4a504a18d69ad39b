import type { Peer, Side } from "./readers.ts";
import type { Watcher } from "./watchers.ts";

/** What a socket is, kept across hibernation. */
export interface Attachment {
  session: string;
  side: Side | "viewer";
  raw: boolean;
  /** Of a viewer that watches. */
  watcher?: Watcher;
  /** Where a reader that is behind stands. */
  next?: number;
}

/** A relay's peer over a hibernatable WebSocket. */
export class SocketPeer implements Peer {
  readonly #socket: WebSocket;
  readonly #attachment: Attachment;
  readonly #lastPing: (socket: WebSocket) => number;

  constructor(socket: WebSocket, attachment: Attachment, lastPing: (socket: WebSocket) => number) {
    this.#socket = socket;
    this.#attachment = attachment;
    this.#lastPing = lastPing;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(data: string | Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data);
  }

  close(code: number, reason: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close(code, reason);
  }

  lastPing(): number {
    return this.#lastPing(this.#socket);
  }

  remember(next: number | undefined): void {
    if (this.#attachment.next === next) return;
    if (next === undefined) delete this.#attachment.next;
    else this.#attachment.next = next;
    this.#socket.serializeAttachment(this.#attachment);
  }
}
