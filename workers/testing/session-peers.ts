import type { SessionFacts } from "../../protocol/control.ts";
import { FRAME_HEADER, FrameType } from "../../protocol/frame.ts";
import type { Peer } from "../session/readers.ts";

export const ID = "0123456789abcdef0123456789abcdef";
export const KEY = { name: "main", instance: "i1", key: "k1" };
export const SECRET = { secret: "s", hash: "h" };

/** A socket that keeps what it was sent. */
export class FakePeer implements Peer {
  readonly texts: { type: string; [member: string]: unknown }[] = [];
  readonly frames: Buffer[] = [];
  closed: number | undefined;
  bufferedAmount = 0;
  remembered: number | undefined;
  pinged = 0;
  send(data: string | Uint8Array): void {
    if (typeof data === "string") this.texts.push(JSON.parse(data));
    else this.frames.push(Buffer.from(data));
  }
  close(code: number): void {
    this.closed = code;
  }
  remember(next: number | undefined): void {
    this.remembered = next;
  }
  lastPing(): number {
    return this.pinged;
  }
  /** Payloads of the data frames that came. */
  get payloads(): string[] {
    return this.frames
      .filter((frame) => frame[0] !== FrameType.ack)
      .map((frame) => frame.subarray(FRAME_HEADER).toString());
  }
}

export const facts = (mode: SessionFacts["mode"] = "framed"): SessionFacts => ({
  session: ID,
  principal: "service/agent",
  groups: [],
  target: "orders",
  kind: "postgres",
  connector: "main",
  opened: 0,
  until: 1e12,
  address: "127.0.0.1",
  mode,
  listed: true,
  policy: { version: "a".repeat(64), revision: 1 },
});
