import { type EndCode, readCloseReason } from "../../../protocol/close-reason.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import { ACK_EVERY, decodeAck, decodeHeader, encodeAck, FrameType } from "../../../protocol/frame.ts";
import type { RequestHead } from "../../../protocol/http/head.ts";
import { ExchangeStreams, type StreamWire } from "../../../protocol/tunnel/exchange-streams.ts";
import type { Peer } from "../readers.ts";
import { Exchange } from "./exchange.ts";
import type { Held } from "./held.ts";

/** Frames that are taken before that is said: many are too small to ask for credit. */
const ACK_EVERY_FRAMES = 64;

/** What the agent's side asks of its session. */
export interface AgentSide {
  /** A frame of the agent's. What it throws is no concern of an exchange's. */
  frame(frame: Uint8Array): void;
  /** Ends the session: its connector broke the protocol. */
  end(code: EndCode, reason: string): void;
  /** Resolves when everything that was appended to the log before is on disk. */
  logged(): Promise<void>;
}

/**
 * The agent's side of a session of mode `http`: no socket, but the requests to the edge's own address. Bytes that go
 * into a response are held back by nobody, unlike messages of a WebSocket: so what the log has is passed on once it is
 * on disk, in order, with one wait for all that came meanwhile.
 */
export class Exchanges implements Peer {
  readonly bufferedAmount = 0;
  readonly #agent: AgentSide;
  readonly #held: Held;
  readonly #streams: ExchangeStreams;
  #arrived: (Uint8Array | { code: EndCode; reason: string })[] = [];
  #passing = false;
  #received = 0;
  #untoldFrames = 0;
  #untoldBytes = 0;

  /** `newest`: the session's newest stream, of before the object lost its memory; 0 where there was none. */
  constructor(agent: AgentSide, held: Held, newest: number) {
    this.#agent = agent;
    this.#held = held;
    const wire: StreamWire = {
      send: (frame) => agent.frame(frame),
      acknowledge: (stream, bytes) => this.#acknowledge(stream, bytes),
    };
    this.#streams = new ExchangeStreams(wire, undefined, newest);
  }

  /** Serves one request. Throws as `Exchange.serve` does. */
  serve(request: Request, head: RequestHead): Promise<Response> {
    return Exchange.serve(this.#streams, request, head, this.#held);
  }

  send(data: string | Uint8Array): void {
    if (typeof data === "string") {
      const message = JSON.parse(data) as { type: string; code: EndCode; reason: string };
      if (message.type === "end") this.#arrive({ code: message.code, reason: message.reason });
    } else if (data[0] === FrameType.ack) {
      this.#streams.acknowledged(decodeHeader(data).stream, decodeAck(data).bytes);
    } else {
      this.#arrive(data);
    }
  }

  close(code: number, reason: string): void {
    this.#arrive(readCloseReason(code, reason));
  }

  remember(): void {}

  lastPing(): number {
    return 0;
  }

  #arrive(what: Uint8Array | { code: EndCode; reason: string }): void {
    this.#arrived.push(what);
    if (this.#passing) return;
    this.#passing = true;
    void this.#pass();
  }

  async #pass(): Promise<void> {
    while (this.#arrived.length > 0) {
      // First all of this turn: it is one commit.
      await Promise.resolve();
      const batch = this.#arrived;
      this.#arrived = [];
      try {
        await this.#agent.logged();
      } catch {
        this.#streams.end("storage_failed", "the edge could not record; nothing unrecorded was delivered");
      }
      for (const one of batch) this.#take(one);
    }
    this.#passing = false;
  }

  #take(one: Uint8Array | { code: EndCode; reason: string }): void {
    if (!(one instanceof Uint8Array)) {
      this.#streams.end(one.code, one.reason);
      return;
    }
    this.#received++;
    this.#untoldFrames++;
    this.#untoldBytes += one.length;
    try {
      this.#streams.receive(decodeHeader(one), Buffer.from(one.buffer, one.byteOffset, one.length));
    } catch (error) {
      const known = error instanceof SallyportError ? error : undefined;
      this.#agent.end(known?.code ?? "internal", known?.message ?? "an exchange failed at the edge");
      return;
    }
    if (this.#untoldFrames >= ACK_EVERY_FRAMES || this.#untoldBytes >= ACK_EVERY) this.#acknowledge(0, 0);
  }

  #acknowledge(stream: number, bytes: number): boolean {
    this.#untoldFrames = 0;
    this.#untoldBytes = 0;
    this.#agent.frame(encodeAck(stream, { frames: this.#received, bytes }));
    return true;
  }
}
