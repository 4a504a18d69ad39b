import type { EndCode } from "../../../protocol/close-reason.ts";

/** What takes the rest of an exchange after the response's head. */
export interface Receiver {
  data(chunk: Uint8Array, message: { partial: boolean; text: boolean; last: boolean }): void;
  /** The connector has sent its last bytes. */
  end(): void;
  /** There is credit to send again. */
  drain(): void;
  /** It is over before its time: the client must see that, not a clean end. */
  broken(code: EndCode, reason: string): void;
}

/** What a receiver asks of its exchange. */
export interface Received {
  /** The client has these bytes: its connector may send more. */
  consumed(bytes: number): void;
  /** Everything is with the client. */
  complete(): void;
  /** It can't go on: the connector is told. */
  failed(code: EndCode, reason: string): void;
}
