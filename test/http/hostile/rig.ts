import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { connect as connectTcp } from "node:net";
import { WebSocketServer } from "ws";
import type { EndCode } from "../../../protocol/close-reason.ts";
import { Path } from "../../../protocol/control.ts";
import { EntryKind } from "../../../protocol/entry.ts";
import {
  decodeAck,
  decodeHeader,
  encodeFrame,
  FRAME_HEADER,
  FrameFlag,
  FrameType,
} from "../../../protocol/frame.ts";
import type { HttpRequest } from "../../../protocol/http/request.ts";
import { connect, type EdgeSocket } from "../../../protocol/tunnel/dial.ts";
import { type HttpGateway, startHttpGateway } from "../gateway.ts";
import { startServer, type TestServer } from "../server.ts";

/** Nobody reaches `/admin`, gets `role=admin`, sees what is masked, or what can't be looked into. */
const POLICIES = `
permit (principal, action, resource);
forbid (principal, action == Action::"connect", resource) unless { context.listed };
forbid (principal, action == Action::"unmask", resource);
forbid (principal, action == Action::"http:unreadable", resource);
forbid (principal, action in Action::"http:request", resource) when { context.under.contains("/admin") };
forbid (principal, action == Action::"http:put", resource)
when { !context.complete || context.fields.contains("role=admin") };
`;
/** In the place of the agent's token. */
export const TOKEN = "@TOKEN@";
/** The connector's credential. */
export const KEY = "the-service-key";
/** How long a hostile request may take until it is over, ms. */
const LIMIT_MS = 60_000;
const BROKEN_OFF: ReadonlySet<string> = new Set(["ECONNRESET", "HPE_INVALID_EOF_STATE"]);

/** A request as the target got it. */
export interface Seen {
  method: string;
  url: string;
  rawHeaders: string[];
  headers: NodeJS.Dict<string | string[]>;
  body: Buffer;
  isWhole: boolean;
}

export interface Rig {
  server: TestServer;
  gateway: HttpGateway;
  seen: Seen[];
  /** What could not be read as HTTP by the target. */
  malformed: Error[];
  /** Sends bytes to the edge and says that no more come; what it answers until it closes. */
  raw(bytes: string | Buffer): Promise<string>;
  tunnel(): Promise<RawTunnel>;
  /** What the connector said that it sends on, in all sessions. */
  judged(): Promise<HttpRequest[]>;
  stop(): Promise<void>;
}

/** Answers by path; any other with `ok`. */
export type Answers = Record<string, (response: ServerResponse) => void>;

export async function startRig(answers: Answers = {}): Promise<Rig> {
  process.env.SALLYPORT_TEST_KEY = KEY;
  const seen: Seen[] = [];
  const malformed: Error[] = [];
  const server = await startServer((request, response) => {
    const { method = "", url = "", rawHeaders, headers } = request;
    const chunks: Buffer[] = [];
    const one: Seen = { method, url, rawHeaders, headers, body: Buffer.alloc(0), isWhole: false };
    seen.push(one);
    // Never read, and never answered.
    if (url === "/stuck") return;
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      one.body = Buffer.concat(chunks);
      one.isWhole = true;
      const answer = answers[url];
      if (answer) answer(response);
      else response.setHeader("content-type", "text/plain").end("ok");
    });
  });
  server.server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // A request that its agent breaks off is broken off at the target.
    if (!BROKEN_OFF.has(error.code ?? "")) malformed.push(error);
    socket.destroy();
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.server.on("upgrade", (request, socket, head) => {
    const { method = "", url = "", rawHeaders, headers } = request;
    seen.push({ method, url, rawHeaders, headers, body: Buffer.alloc(0), isWhole: true });
    // Not answered until it is broken off.
    if (url === "/stuck") socket.resume().on("end", () => socket.end());
    else if (url === "/socket") sockets.handleUpgrade(request, socket, head, () => {});
    else socket.end("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok");
  });
  const credential = { type: "header", name: "x-api-key", value: { env: "SALLYPORT_TEST_KEY" } } as const;
  const gateway = await startHttpGateway({ target: { ...server.target, credential }, policies: POLICIES });
  const { port, hostname } = gateway.edge.edge.url;
  return {
    ...{ server, gateway, seen, malformed },
    raw: (bytes) => {
      const filled =
        typeof bytes === "string" ? Buffer.from(bytes.replaceAll(TOKEN, gateway.token), "latin1") : bytes;
      return within("the edge to answer", exchangeBytes(Number(port), hostname, filled));
    },
    tunnel: () => RawTunnel.open(gateway.edge.edge.url, gateway.token),
    async judged() {
      const sessions = await gateway.sessions();
      const events = await Promise.all(sessions.map(async ({ id }) => sentIn(await gateway.recording(id))));
      return events.flat();
    },
    async stop() {
      await gateway.stop();
      await server.stop();
    },
  };
}

/** Whether a request at the target is one of those that were judged: with its whole body, where that was read. */
export function isOneOf(judged: readonly HttpRequest[], { method, url, body }: Seen): boolean {
  const sha256 = createHash("sha256").update(body).digest("hex");
  return judged.some(
    (one) =>
      one.method === method &&
      one.target === url &&
      (one.streamed || (one.body === null ? body.length === 0 : one.body.sha256 === sha256)),
  );
}

function sentIn(entries: Awaited<ReturnType<HttpGateway["recording"]>>): HttpRequest[] {
  return entries.flatMap(({ kind, frame }) => {
    if (kind !== EntryKind.connector || (frame[1]! & FrameFlag.record) !== 0) return [];
    const event = JSON.parse(Buffer.from(frame.subarray(FRAME_HEADER)).toString());
    return event.event === "exchange_sent" ? [event.request as HttpRequest] : [];
  });
}

function exchangeBytes(port: number, host: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connectTcp({ port, host });
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    socket.end(bytes);
  });
}

/** Rejects where it takes longer than any hostile request may. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`waited too long for ${what}`)), LIMIT_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What became of a stream. */
export type Outcome = { status: number; body: string } | { reset: EndCode };

/** An agent's end of a framed tunnel that sends whatever a test says. */
export class RawTunnel {
  readonly socket: EdgeSocket;
  /** How the session ended. */
  readonly ended: Promise<string>;
  #newest = 0;
  readonly #acked = new Map<number, number>();
  readonly #streams = new Map<
    number,
    { status: number; chunks: Buffer[]; over: PromiseWithResolvers<Outcome> }
  >();

  private constructor(socket: EdgeSocket) {
    this.socket = socket;
    const ended = Promise.withResolvers<string>();
    this.ended = ended.promise;
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#frame(data);
      else {
        const message = JSON.parse(data.toString()) as { type: string; code: string };
        if (message.type === "end") ended.resolve(message.code);
      }
    });
    socket.on("close", (code: number) => ended.resolve(String(code)));
    socket.on("error", () => {});
  }

  static async open(edge: URL, token: string): Promise<RawTunnel> {
    const socket = connect(edge, Path.tunnel("shop"), { authorization: `Bearer ${token}` });
    const welcome = Promise.withResolvers<void>();
    socket.once("message", () => welcome.resolve());
    socket.once("error", (error) => welcome.reject(error));
    await within("welcome", welcome.promise);
    return new RawTunnel(socket);
  }

  /** A stream with this head, whatever it is, and this body: null for none, and no end either for undefined. */
  ask(head: unknown, body: Buffer | null | undefined = null, trailers?: unknown): Promise<Outcome> {
    const number = ++this.#newest;
    const outcome = this.expect(number);
    this.head(number, head);
    if (body !== undefined && body !== null) this.frame(FrameType.data, 0, number, body);
    if (trailers !== undefined) this.frame(FrameType.end, FrameFlag.head, number, json(trailers));
    else if (body !== undefined) this.frame(FrameType.end, 0, number);
    return outcome;
  }

  /** What becomes of a stream. */
  expect(number: number): Promise<Outcome> {
    const over = Promise.withResolvers<Outcome>();
    this.#streams.set(number, { status: 0, chunks: [], over });
    return within(`stream ${number}`, over.promise);
  }

  head(number: number, head: unknown): void {
    this.frame(FrameType.data, FrameFlag.head, number, Buffer.isBuffer(head) ? head : json(head));
  }

  frame(type: FrameType, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): void {
    this.socket.send(encodeFrame(type, flags, stream, payload));
  }

  /** Resolves when this holds; looked at whenever something has come. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const next = Promise.withResolvers<void>();
      this.socket.once("message", () => next.resolve());
      await within("what a test waits for", next.promise);
    }
  }

  /** The status of a stream's response, 0 before it is here. */
  status(stream: number): number {
    return this.#streams.get(stream)?.status ?? 0;
  }

  /** Bytes of a stream that the connector has taken. */
  acked(stream: number): number {
    return this.#acked.get(stream) ?? 0;
  }

  close(): void {
    this.socket.terminate();
  }

  #frame(data: Buffer): void {
    const { type, flags, stream } = decodeHeader(data);
    if (type === FrameType.ack) this.#acked.set(stream, decodeAck(data).bytes);
    const one = this.#streams.get(stream);
    if (one === undefined) return;
    const payload = data.subarray(FRAME_HEADER);
    if (type === FrameType.reset) {
      one.over.resolve({ reset: (JSON.parse(payload.toString()) as { code: EndCode }).code });
    } else if (type === FrameType.data || type === FrameType.end) {
      if ((flags & FrameFlag.head) === 0) one.chunks.push(payload);
      else if (type === FrameType.data)
        one.status = (JSON.parse(payload.toString()) as { status: number }).status;
      if (type === FrameType.end)
        one.over.resolve({ status: one.status, body: Buffer.concat(one.chunks).toString() });
    }
  }
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
