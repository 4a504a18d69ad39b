import { createHash } from "node:crypto";
import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { ConnectorIdentity } from "../../connector/identity.ts";
import type { ConnectorSession } from "../../connector/session.ts";
import type { Uplink } from "../../connector/uplink.ts";
import type { EndCode } from "../../protocol/close-reason.ts";
import type { TargetKind } from "../../protocol/control.ts";
import type { Target } from "../../protocol/directory.ts";
import type { Fields, RequestHead } from "../../protocol/http/head.ts";
import type { ExchangeStream } from "../../protocol/stream.ts";
import { startTestEdge, startUplink, type TestEdge } from "../gateway.ts";

/** Bytes that a test sends at once. */
const CHUNK = 100_000;

/** An exchange as a connector sees it, for a test to answer. */
export class Served {
  readonly stream: ExchangeStream;
  readonly session: ConnectorSession;
  readonly head: Promise<RequestHead>;
  /** The request's last bytes have come. */
  readonly ended: Promise<void>;
  readonly reset: Promise<{ code: EndCode; reason: string; at: number }>;
  readonly hash = createHash("sha256");
  received = 0;
  sent = 0;
  /** Frames of WebSocket messages, and the Close frame's payload. */
  readonly messages: { bytes: Buffer; text: boolean; partial: boolean; last: boolean }[] = [];
  /** While false, what comes is not consumed. */
  #consuming = true;
  #unconsumed = 0;
  #waiting: (() => void)[] = [];

  constructor(session: ConnectorSession, stream: ExchangeStream) {
    this.session = session;
    this.stream = stream;
    const head = Promise.withResolvers<RequestHead>();
    const ended = Promise.withResolvers<void>();
    const reset = Promise.withResolvers<{ code: EndCode; reason: string; at: number }>();
    this.head = head.promise;
    this.ended = ended.promise;
    this.reset = reset.promise;
    stream.handlers = {
      onHead: (json) => head.resolve(json as RequestHead),
      onData: (chunk, message) => {
        this.hash.update(chunk);
        this.received += chunk.length;
        this.messages.push({ bytes: Buffer.from(chunk), ...message });
        if (this.#consuming) stream.consumed(chunk.length);
        else this.#unconsumed += chunk.length;
        this.#tell();
      },
      onDrain: () => this.#tell(),
      onEnd: () => {
        ended.resolve();
        this.#tell();
      },
      onReset: (code, reason) => {
        reset.resolve({ code, reason, at: performance.now() });
        this.#tell();
      },
    };
  }

  /** Stops or goes on with taking what comes. */
  consume(on: boolean): void {
    this.#consuming = on;
    if (on) this.stream.consumed(this.#unconsumed);
    this.#unconsumed = 0;
  }

  /** Waits until something has come for which this holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  respond(status: number, fields: Fields = []): void {
    this.stream.head({ status, fields });
  }

  /** Answers a whole response. */
  answer(status: number, fields: Fields = [], body = ""): void {
    this.respond(status, fields);
    this.stream.end({ chunks: [Buffer.from(body)] });
  }

  /** Sends within the window; as messages of a WebSocket, where they are. */
  async send(bytes: Uint8Array, message?: { partial: boolean; text: boolean }): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += CHUNK) {
      await this.until(() => this.stream.credit > 0);
      const chunk = bytes.subarray(offset, offset + CHUNK);
      this.stream.send([chunk], message);
      this.sent += chunk.length;
    }
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** An edge with a connector whose exchanges a test answers. */
export interface EdgeService {
  gateway: TestEdge;
  identity: ConnectorIdentity;
  uplink: Uplink;
  token: string;
  /** Sessions that were opened, in order. */
  sessions: ConnectorSession[];
  /** The next exchange that nobody has taken yet. */
  next(): Promise<Served>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** A request by `node:http`, which tells what is on the wire; resolves with the response's head. */
  request(
    path: string,
    options?: RequestOptions,
    body?: (request: ClientRequest) => void,
  ): Promise<{ request: ClientRequest; response: IncomingMessage }>;
  /** The recording of a session, as it is downloaded. */
  recording(session: string): Promise<Buffer>;
  stop(): Promise<void>;
}

export async function startEdgeService(): Promise<EdgeService> {
  const gateway = await startTestEdge();
  const target = (name: string, kind: TargetKind, connector = "main"): Target => ({
    name,
    kind,
    connector,
    description: "",
    allow: ["service/*"],
  });
  await gateway.apply({
    targets: [
      target("web", "http"),
      target("kube", "kubernetes"),
      target("orders", "postgres"),
      target("host", "ssh"),
      target("nobody", "kubernetes", "absent"),
    ],
  });
  const identity = await gateway.enroll("main");
  const arrived: Served[] = [];
  const waiting: ((served: Served) => void)[] = [];
  const sessions: ConnectorSession[] = [];
  const serve = (session: ConnectorSession) => {
    sessions.push(session);
    session.handlers = {
      onData() {},
      onDrain() {},
      onEnd() {},
      onClose() {},
      onExchange: (stream) => {
        const served = new Served(session, stream);
        const taker = waiting.shift();
        if (taker) taker(served);
        else arrived.push(served);
      },
    };
  };
  const uplink = await startUplink(gateway.edge.url, identity, serve, {
    targets: ["web", "kube"],
    spares: 1,
  });
  const token = await gateway.serviceToken("agent");
  const authorization = `Bearer ${token}`;
  const next = (): Promise<Served> => {
    const one = arrived.shift();
    return one ? Promise.resolve(one) : new Promise((resolve) => waiting.push(resolve));
  };
  return {
    gateway,
    identity,
    uplink,
    token,
    sessions,
    next,
    fetch: (path, init = {}) =>
      fetch(new URL(path, gateway.edge.url), {
        ...init,
        headers: { authorization, ...(init.headers as Record<string, string>) },
      }),
    request(path, options = {}, body = (sent) => sent.end()) {
      return new Promise((resolve, reject) => {
        const sent = request({
          host: gateway.edge.url.hostname,
          port: gateway.edge.url.port,
          path,
          agent: false,
          ...options,
          headers: { authorization, ...(options.headers as Record<string, string>) },
        });
        sent.once("response", (response) => resolve({ request: sent, response }));
        sent.once("error", reject);
        body(sent);
      });
    },
    async recording(session) {
      const response = await fetch(new URL(`/v1/sessions/${session}/recording`, gateway.edge.url), {
        headers: { authorization: `Bearer ${gateway.edge.adminToken}` },
      });
      return Buffer.from(await response.arrayBuffer());
    },
    async stop() {
      uplink.stop();
      await gateway.stop();
    },
  };
}

/** A response's whole body. Rejects when it breaks off. */
export async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
