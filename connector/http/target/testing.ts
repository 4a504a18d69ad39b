import { once } from "node:events";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { SallyportError } from "../../../protocol/errors.ts";
import type { Fields } from "../../../protocol/http/head.ts";
import type { Timers } from "../../guard/timers.ts";
import { DEFAULT_LIMITS } from "./config.ts";
import { Upstream, type UpstreamCall, type UpstreamOptions, type UpstreamRequest } from "./upstream.ts";

/** For tests: a target on this machine without TLS and credential, but for `change`. */
export function optionsAt(port: number, change: Partial<UpstreamOptions> = {}): UpstreamOptions {
  return {
    name: "shop",
    host: "127.0.0.1",
    port,
    basePath: "",
    tls: { mode: "disable" },
    limits: DEFAULT_LIMITS,
    credential: { type: "none" },
    impersonates: false,
    ...change,
  };
}

/** For tests: the upstream of such a target, which ends with the test. */
export function upstreamAt(
  t: TestContext,
  port: number,
  change: Partial<UpstreamOptions> = {},
  timers?: Timers,
  now?: () => number,
): Upstream {
  const upstream = new Upstream(optionsAt(port, change), timers, now);
  t.after(() => upstream.close());
  return upstream;
}

export async function portOf(t: TestContext, server: Server | NetServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** For tests: an HTTP server; answers its port. */
export function serve(t: TestContext, listener: RequestListener): Promise<number> {
  return portOf(t, createHttpServer(listener));
}

/** For tests: a server that gets whole requests without a body, and answers with any bytes. */
export function serveRaw(
  t: TestContext,
  answer: (socket: Socket, head: string, count: number) => void,
): Promise<number> {
  const sockets = new Set<Socket>();
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  let count = 0;
  return portOf(
    t,
    createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
          const head = text.slice(0, end + 4);
          text = text.slice(end + 4);
          count += 1;
          answer(socket, head, count);
        }
      });
    }),
  );
}

export interface Answer {
  status: number;
  fields: Fields;
  body: string;
  trailers: Fields;
  interim: { status: number; fields: Fields }[];
}

/** For tests: a GET of `/`, but for `change`. */
export function requestOf(change: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    method: "GET",
    target: "/",
    base: "/t/shop",
    fields: [],
    body: "none",
    identity: null,
    ...change,
  };
}

/** For tests: sends a request, and reads its answer to the end; rejects with what `onError` tells. */
export function ask(
  upstream: Upstream,
  change: Partial<UpstreamRequest> = {},
  started: (call: UpstreamCall) => void = () => {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const interim: Answer["interim"] = [];
    let trailers: Fields = [];
    const call = upstream.request(requestOf(change), {
      onInformational: (status, fields) => interim.push({ status, fields }),
      onResponse: (status, fields, body) => {
        const chunks: Buffer[] = [];
        body.on("data", (chunk: Buffer) => chunks.push(chunk));
        body.on("end", () =>
          resolve({ status, fields, body: Buffer.concat(chunks).toString(), trailers, interim }),
        );
      },
      onTrailers: (fields) => {
        trailers = fields;
      },
      onDrain: () => {},
      onError: reject,
    });
    started(call);
  });
}

/** For tests: the error of a request that must fail. */
export async function failure(answer: Promise<unknown>): Promise<SallyportError> {
  return await answer.then(
    () => {
      throw new Error("it was answered");
    },
    (error) => error as SallyportError,
  );
}

/** For tests: a listener that keeps what it was asked, and says nothing of its own. */
export function recording(): { seen: IncomingMessage[]; listener: RequestListener } {
  const seen: IncomingMessage[] = [];
  return {
    seen,
    listener: (request, response) => {
      seen.push(request);
      request.resume();
      response.end("ok");
    },
  };
}

/** For tests: timers that only run when they are told to. */
export class HeldTimers implements Timers {
  #waiting: { ms: number; call: () => void }[] = [];

  after(ms: number, call: () => void): () => void {
    const entry = { ms, call };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((one) => one !== entry);
    };
  }

  get waiting(): number[] {
    return this.#waiting.map(({ ms }) => ms);
  }

  /** Lets all of this many ms run. */
  run(ms: number): void {
    const due = this.#waiting.filter((one) => one.ms === ms);
    this.#waiting = this.#waiting.filter((one) => one.ms !== ms);
    for (const { call } of due) call();
  }
}
