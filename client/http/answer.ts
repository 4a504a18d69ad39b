import type { ServerResponse } from "node:http";
import type { ExchangeKind } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { type Fields, MAX_FIELDS, type ResponseHead } from "../../protocol/http/head.ts";
import { readFields, readResponseHead, readTrailers } from "../../protocol/http/reading.ts";
import { refusalOf } from "./refusal.ts";

/** Bytes that wait for a client before interim responses are left out, which nobody may depend on. */
const MAX_WAITING = 64 * 1024;

/** The response to a local client, as a connector tells it piece by piece. Nothing of it is taken on trust. */
export class Answer {
  readonly #response: ServerResponse;
  readonly #kind: ExchangeKind;
  /** Bytes of the body to come, where its length was told. */
  #left = Number.POSITIVE_INFINITY;
  #isBodyless = false;

  constructor(response: ServerResponse, kind: ExchangeKind) {
    this.#response = response;
    this.#kind = kind;
  }

  /** Whether the final head is out. */
  get begun(): boolean {
    return this.#response.headersSent;
  }

  /** Reads a response's head. Throws `protocol_violation`. */
  static read(json: unknown): ResponseHead {
    const head = readResponseHead(json);
    // As they were sent: the connector has taken off what is not for agents, and adds fields of its own.
    return { ...head, fields: readFields((json as ResponseHead).fields) };
  }

  /** Tells an interim response (RFC 9110 section 15.2) to who can understand one. */
  interim({ status, fields }: ResponseHead): void {
    const { req, socket } = this.#response;
    if (req.httpVersionMinor === 0 || socket === null || socket.writableLength > MAX_WAITING) return;
    // Whoever waits for a 100 has been told to go on.
    if (status === 100) return;
    this.#response.writeInformation(status, collected(fields));
  }

  /** Sends the final head. */
  begin({ status, fields }: ResponseHead): void {
    const { req } = this.#response;
    this.#isBodyless = req.method === "HEAD" || status === 204 || status === 304;
    const length = fields.find(([name]) => name === "content-length");
    if (length !== undefined && !this.#isBodyless) this.#left = Number(length[1]);
    const isChunked = length === undefined && !this.#isBodyless && req.httpVersionMinor > 0;
    const sent = fields.filter(
      ([name]) => !(name === "trailer" && !isChunked) && !(name === "content-length" && status === 204),
    );
    this.#response.writeHead(status, sent.flat());
    this.#response.flushHeaders();
  }

  /** Sends bytes of the body; `done` once the client's socket has taken them. Throws `protocol_violation`. */
  write(chunk: Uint8Array, done: () => void): void {
    if (this.#isBodyless) {
      done();
      return;
    }
    this.#left -= chunk.length;
    // More would be taken for the beginning of the next response.
    if (this.#left < 0)
      throw new SallyportError("protocol_violation", "the response is longer than it said it would be");
    this.#response.write(chunk, (error) => {
      if (!error) done();
    });
  }

  /** Sends the end, and trailers where the body's form has a place for them. Throws `protocol_violation`. */
  finish(trailers: unknown): void {
    if (Number.isFinite(this.#left) && this.#left > 0)
      throw new SallyportError("protocol_violation", "the response is shorter than it said it would be");
    const fields = trailers === null ? [] : readTrailers(trailers);
    if (fields.length > 0) this.#response.addTrailers([...fields] as [string, string][]);
    this.#response.end();
  }

  /** Tells why there is no answer; where one has begun the connection breaks, so that nobody takes it for whole. */
  fail(error: SallyportError): void {
    if (this.begun) {
      this.#response.destroy();
      return;
    }
    const status = error.code === "frame_too_large" ? 431 : undefined;
    const { head, body } = refusalOf(this.#kind, error, status);
    this.begin(head);
    this.#response.end(this.#isBodyless ? undefined : body);
  }
}

/** Fields by name; those of one name in a list. */
function collected(fields: Fields): Record<string, string | string[]> {
  const byName: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of fields.slice(0, MAX_FIELDS)) {
    const before = byName[name];
    byName[name] = before === undefined ? value : [before, value].flat();
  }
  return byName;
}
