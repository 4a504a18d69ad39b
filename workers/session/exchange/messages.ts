import { closeFrame, type EndCode } from "../../../protocol/close-reason.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { ExchangeStream } from "../../../protocol/stream.ts";
import { FromClient } from "./from-client.ts";
import type { Held } from "./held.ts";
import type { Received, Receiver } from "./receiver.ts";
import { ToClient } from "./to-client.ts";

/** RFC 6455 section 7.4.1: no code was sent; the connection broke; what a peer can't have sent. */
const NO_CODE = 1005;
const BROKEN = 1006;
const INTERNAL = 1011;

/** The WebSocket that an exchange became: messages as data frames, and Close as the end frame. */
export class Messages implements Receiver {
  /** For the response of status 101. */
  readonly client: WebSocket;
  readonly #socket: WebSocket;
  readonly #exchange: Received;
  readonly #from: FromClient;
  readonly #to: ToClient;
  #close: Uint8Array = new Uint8Array();
  #over = false;

  constructor(stream: ExchangeStream, held: Held, exchange: Received) {
    const pair = new WebSocketPair();
    this.client = pair[0];
    const socket = pair[1];
    this.#socket = socket;
    this.#exchange = exchange;
    this.#from = new FromClient(stream, held);
    this.#to = new ToClient(
      socket,
      held,
      (bytes) => exchange.consumed(bytes),
      (ms) => scheduler.wait(ms),
    );
    // An exchange keeps its object awake: what it runs on the target ends with it.
    socket.accept();
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) =>
      this.#when(() => this.#from.take(data as string | ArrayBuffer)),
    );
    socket.addEventListener("close", ({ code, reason }) => this.#when(() => this.#closed(code, reason)));
    socket.addEventListener("error", () => this.#when(() => this.#closed(BROKEN, "")));
  }

  data(chunk: Uint8Array, { partial, text, last }: Parameters<Receiver["data"]>[1]): void {
    if (last) this.#close = chunk;
    else this.#when(() => this.#to.data(chunk, partial, text));
  }

  /** The target has closed: so does this end, after all that came before, and says so to both. */
  end(): void {
    void this.#to.sent().then(() => {
      if (this.#over) return;
      const { code, reason } = readClose(this.#close);
      this.#shut(code, reason);
      this.#from.end(this.#close);
      this.#stop();
      this.#exchange.complete();
    });
  }

  drain(): void {
    this.#when(() => this.#from.drain());
  }

  broken(code: EndCode, reason: string): void {
    if (this.#over) return;
    this.#stop();
    const close = closeFrame(code === "closed" ? "target_closed" : code, reason);
    this.#shut(close.code, close.reason);
  }

  #closed(code: number, reason: string): void {
    if (code === BROKEN) throw new SallyportError("agent_gone", "the client's connection broke");
    this.#from.close(closePayload(code, reason));
  }

  #when(step: () => void): void {
    if (this.#over) return;
    try {
      step();
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      this.broken(error.code, error.message);
      this.#exchange.failed(error.code, error.message);
    }
  }

  #stop(): void {
    this.#over = true;
    this.#from.stop();
    this.#to.stop();
  }

  #shut(code: number | undefined, reason: string): void {
    try {
      if (code === undefined) this.#socket.close();
      else this.#socket.close(code, reason);
    } catch {
      // A code that no peer may send, such as 1006: it says that something went wrong, and so does this.
      this.#socket.close(INTERNAL, "");
    }
  }
}

/** The payload of a Close frame (RFC 6455 section 5.5.1). */
function closePayload(code: number, reason: string): Uint8Array {
  if (code === NO_CODE) return new Uint8Array();
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}

/** Reads what `closePayload` wrote; code undefined where there is none. */
function readClose(payload: Uint8Array): { code: number | undefined; reason: string } {
  if (payload.length < 2) return { code: undefined, reason: "" };
  const bytes = Buffer.from(payload);
  return { code: bytes.readUInt16BE(), reason: bytes.toString("utf8", 2) };
}
