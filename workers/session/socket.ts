import type { Peer, Side } from "./readers.ts";

/** What a socket is, kept across hibernation. `next`: where a reader that is behind stands. */
export interface Attachment {
  session: string;
  side: Side | "viewer";
  raw: boolean;
  next?: number;
}

/** A relay's peer over a hibernatable WebSocket. */
export class SocketPeer implements Peer {
  readonly #socket: WebSocket;
  readonly #attachment: Attachment;

  constructor(socket: WebSocket, attachment: Attachment) {
    this.#socket = socket;
    this.#attachment = attachment;
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

  remember(next: number | undefined): void {
    if (this.#attachment.next === next) return;
    if (next === undefined) delete this.#attachment.next;
    else this.#attachment.next = next;
    this.#socket.serializeAttachment(this.#attachment);
  }
}
