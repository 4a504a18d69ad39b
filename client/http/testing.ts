import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { EndCode } from "../../protocol/close-reason.ts";
import type { ExchangeKind } from "../../protocol/control.ts";
import type { SallyportError } from "../../protocol/errors.ts";
import { decodeAck, decodeHeader, encodeAck, FrameType } from "../../protocol/frame.ts";
import type { RequestHead, ResponseHead } from "../../protocol/http/head.ts";
import type { ExchangeHandlers, ExchangeStream, ExchangeTunnel } from "../../protocol/stream.ts";
import { ExchangeStreams } from "../../protocol/tunnel/exchange-streams.ts";
import type { Listener } from "../listener.ts";
import type { Ending } from "../relay.ts";
import { listenHttp } from "./listener.ts";

/** A tunnel whose other end is the test's, in this process; what is in between arrives in later turns. */
export class MemoryTunnel implements ExchangeTunnel {
  readonly session = "s1";
  onClose: (code: EndCode, reason: string) => void = () => {};
  readonly #agent: ExchangeStreams;
  readonly #connector: ExchangeStreams;

  constructor(accept: (stream: ExchangeStream) => void) {
    const towards = (to: () => ExchangeStreams) => {
      const give = (frame: Buffer) =>
        void setImmediate(() => {
          const header = decodeHeader(frame);
          if (header.type === FrameType.ack) to().acknowledged(header.stream, decodeAck(frame).bytes);
          else to().receive(header, frame);
        });
      return {
        send: give,
        acknowledge: (stream: number, bytes: number) => {
          give(encodeAck(stream, { frames: 0, bytes }));
          return true;
        },
      };
    };
    this.#agent = new ExchangeStreams(towards(() => this.#connector));
    this.#connector = new ExchangeStreams(
      towards(() => this.#agent),
      accept,
    );
  }

  /** Streams that are open at the agent's end, and at the connector's. */
  get size(): [number, number] {
    return [this.#agent.size, this.#connector.size];
  }

  open(handlers: ExchangeHandlers): ExchangeStream {
    return this.#agent.open(handlers);
  }

  close(code: EndCode, reason: string): void {
    this.end(code, reason);
  }

  /** The session is over. */
  end(code: EndCode, reason: string): void {
    this.#connector.end(code, reason);
    this.#agent.end(code, reason);
    this.onClose(code, reason);
  }
}

/** An exchange as a test's target sees it. */
export class Served implements ExchangeHandlers {
  readonly stream: ExchangeStream;
  head!: RequestHead;
  readonly chunks: Buffer[] = [];
  bytes = 0;
  trailers: unknown;
  /** By default what comes is consumed at once. */
  consumes = true;
  messages: { text: boolean; partial: boolean; last: boolean; length: number }[] = [];
  readonly begun = Promise.withResolvers<void>();
  readonly ended = Promise.withResolvers<void>();
  readonly reset = Promise.withResolvers<{ code: EndCode; reason: string }>();
  onDrain: () => void = () => {};
  onChunk: (chunk: Uint8Array, message: { partial: boolean; text: boolean; last: boolean }) => void =
    () => {};

  constructor(stream: ExchangeStream) {
    this.stream = stream;
    stream.handlers = this;
  }
  onHead(head: unknown): void {
    this.head = head as RequestHead;
    this.begun.resolve();
  }
  onData(chunk: Uint8Array, message: { partial: boolean; text: boolean; last: boolean }): void {
    this.bytes += chunk.length;
    this.messages.push({ ...message, length: chunk.length });
    this.onChunk(chunk, message);
    if (!this.consumes) return;
    this.chunks.push(Buffer.from(chunk));
    this.stream.consumed(chunk.length);
  }
  onEnd(trailers: unknown): void {
    this.trailers = trailers;
    this.ended.resolve();
  }
  onReset(code: EndCode, reason: string): void {
    this.reset.resolve({ code, reason });
  }
  get body(): string {
    return Buffer.concat(this.chunks).toString();
  }
  /** Answers whole. */
  answer(status: number, body = "", fields: ResponseHead["fields"] = []): void {
    this.stream.head({ status, fields });
    this.stream.end({ chunks: body === "" ? [] : [Buffer.from(body)] });
  }
}

export interface LocalListener {
  listener: Listener;
  url: string;
  tunnels: MemoryTunnel[];
  served: Served[];
  refused: SallyportError[];
  endings: Ending[];
  /** The next exchange, once its head is here. */
  next(): Promise<Served>;
}

/** A listener whose sessions `serve` answers. `open` may fail in the place of a session. */
export async function localListener(
  context: TestContext,
  serve: (served: Served) => void = () => {},
  options: { kind?: ExchangeKind; open?: () => Promise<void> } = {},
): Promise<LocalListener> {
  const tunnels: MemoryTunnel[] = [];
  const served: Served[] = [];
  const refused: SallyportError[] = [];
  const endings: Ending[] = [];
  const waiting: ((served: Served) => void)[] = [];
  let told = 0;
  const tell = () => {
    while (waiting.length > 0 && told < served.length) waiting.shift()!(served[told++]!);
  };
  const listener = await listenHttp({
    host: "127.0.0.1",
    port: 0,
    kind: options.kind ?? "http",
    async open() {
      await options.open?.();
      const tunnel = new MemoryTunnel((stream) => {
        const one = new Served(stream);
        void one.begun.promise.then(() => {
          served.push(one);
          serve(one);
          tell();
        });
      });
      tunnels.push(tunnel);
      return tunnel;
    },
    onRefused: (error) => refused.push(error),
    onEnded: (ending) => endings.push(ending),
  });
  context.after(() => listener.close());
  return {
    listener,
    url: `http://127.0.0.1:${listener.port}`,
    tunnels,
    served,
    refused,
    endings,
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        tell();
      }),
  };
}

/** A client of bytes: sends them, and reads until the connection ends or `until` is in what came. */
export class RawClient {
  readonly socket: Socket;
  received = "";

  constructor({ listener }: { listener: Listener }) {
    this.socket = connect(listener.port, listener.host);
    this.socket.setEncoding("latin1");
    this.socket.on("data", (text: string) => {
      this.received += text;
    });
    this.socket.on("error", () => {});
  }
  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }
  async until(text: string): Promise<string> {
    while (!this.received.includes(text)) {
      if (this.socket.destroyed) throw new Error(`the connection ended: ${this.received}`);
      await Promise.race([once(this.socket, "data"), once(this.socket, "close")]);
    }
    return this.received;
  }
  /** Everything until the other side ends the connection. */
  async whole(): Promise<string> {
    if (!this.socket.closed) await once(this.socket, "close");
    return this.received;
  }
}
