import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import WebSocket from "ws";
import type { Path } from "../path.ts";
import type { Origin } from "./host.ts";

/** A client of one connection that is kept, to a service: directly, or by the way in that a path has. */
export class Caller {
  readonly #origin: string;
  readonly #headers: Record<string, string>;
  readonly #ca: string | undefined;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #request: typeof httpRequest;

  constructor(to: Origin, at: Path) {
    // Where the product speaks, its token counts, and it has no TLS here; a relay passes on what the service speaks.
    const { base, token } = at.entry ?? { base: "", token: to.token };
    const secure = at.entry === undefined && to.ca !== null;
    this.#origin = `${secure ? "https" : "http"}://${at.host}:${at.port}${base}`;
    this.#headers = token === null ? {} : { authorization: `Bearer ${token}` };
    this.#ca = secure ? to.ca! : undefined;
    const kept = { keepAlive: true, maxSockets: 1 };
    this.#agent = secure ? new HttpsAgent({ ...kept, ca: this.#ca }) : new HttpAgent(kept);
    this.#request = secure ? httpsRequest : httpRequest;
  }

  /** A request with its response's body. Throws for any status but 200 and 201. */
  async ask(method: string, path: string, body?: Body): Promise<Buffer> {
    const chunks: Buffer[] = [];
    await this.#read(method, path, body, (chunk) => chunks.push(chunk));
    return Buffer.concat(chunks);
  }

  /** The same without keeping the body: answers its bytes. */
  async count(path: string): Promise<number> {
    let bytes = 0;
    await this.#read("GET", path, undefined, (chunk) => {
      bytes += chunk.length;
    });
    return bytes;
  }

  /** Changes an object of Kubernetes by a merge patch (RFC 7396). */
  async change(path: string, patch: object): Promise<void> {
    const send = (request: ClientRequest) => void request.end(JSON.stringify(patch));
    await this.ask("PATCH", path, { type: "application/merge-patch+json", send });
  }

  /** A response that goes on; the caller destroys it. */
  async open(path: string): Promise<IncomingMessage> {
    const response = await this.#response("GET", path, undefined);
    if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
    return response;
  }

  /** Resolves once it is open. */
  async webSocket(path: string, subprotocols: string[]): Promise<WebSocket> {
    const socket = new WebSocket(this.#origin.replace(/^http/, "ws") + path, subprotocols, {
      headers: this.#headers,
      ca: this.#ca,
      perMessageDeflate: false,
    });
    await new Promise((resolve, reject) => {
      socket.once("open", resolve).once("error", reject);
    });
    return socket;
  }

  stop(): void {
    this.#agent.destroy();
  }

  async #read(
    method: string,
    path: string,
    body: Body | undefined,
    take: (chunk: Buffer) => void,
  ): Promise<void> {
    const response = await this.#response(method, path, body);
    const failed = response.statusCode !== 200 && response.statusCode !== 201;
    const words: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (failed) words.push(chunk);
      else take(chunk);
    }
    if (failed) throw new Error(`${method} ${path}: ${response.statusCode} ${Buffer.concat(words)}`);
  }

  #response(method: string, path: string, body: Body | undefined): Promise<IncomingMessage> {
    const headers = { ...this.#headers, ...(body && { "content-type": body.type }) };
    return new Promise((resolve, reject) => {
      const asked = this.#request(this.#origin + path, { method, headers, agent: this.#agent }, resolve);
      asked.once("error", reject);
      if (body === undefined) asked.end();
      else body.send(asked);
    });
  }
}

/** A request's body. `send` writes and ends it. */
export interface Body {
  type: string;
  send(request: ClientRequest): void;
}

/** So many pieces, as fast as they are taken; without a length, so in chunks. */
export function pieces(count: number, piece: Buffer): Body {
  return {
    type: "application/octet-stream",
    send(request) {
      let sent = 0;
      const go = () => {
        while (sent < count) {
          sent += 1;
          if (!request.write(piece)) {
            request.once("drain", go);
            return;
          }
        }
        request.end();
      };
      go();
    },
  };
}
