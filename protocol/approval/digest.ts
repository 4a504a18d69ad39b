import { createHash } from "node:crypto";
import type { HttpRequest } from "../http/request.ts";
import type { SshRequest } from "../ssh/request.ts";
import type { HeldRequest } from "./approval.ts";

/** Exactly what an approval is for. */
export interface DigestedStatement {
  principal: string;
  onBehalfOf?: string | undefined;
  session: string;
  target: string;
  database: string;
  /** The message that would run it. */
  message: "query" | "bind" | "execute";
  /** The text of the message, or of the prepared statement that it binds; UTF-8. */
  sql: string;
  /** Texts that it runs beside its own: of prepared statements, of cursors. */
  runs: readonly string[];
  /** Object ids, as the Parse gave them. */
  parameterTypes: readonly number[];
  /** As the Bind gave them. */
  parameterFormats: readonly number[];
  parameters: readonly (Uint8Array | null)[];
}

/** Another encoding is another tag. */
const STATEMENT = "sallyport statement approval v1";
const SSH_REQUEST = "sallyport ssh request approval v1";
const HTTP_REQUEST = "sallyport http request approval v1";

/**
 * SHA-256 of a statement with its parameters and of who would run it where, 64 lower-case hex digits. No two different
 * ones are encoded alike: every part has its length before it, every list its count, and NULL is told from the empty
 * value. Strings must be well-formed, or two that aren't would be the same bytes.
 */
export function statementDigest(statement: DigestedStatement): string {
  const digest = new Digest(STATEMENT);
  digest.text(statement.principal);
  digest.optional(statement.onBehalfOf, (user) => digest.text(user));
  digest.text(statement.session);
  digest.text(statement.target);
  digest.text(statement.database);
  digest.text(statement.message);
  digest.text(statement.sql);
  digest.list(statement.runs, (text) => digest.text(text));
  digest.list(statement.parameterTypes, (type) => digest.number(type));
  digest.list(statement.parameterFormats, (format) => digest.number(format));
  digest.list(statement.parameters, (value) => digest.optional(value, (bytes) => digest.bytes(bytes)));
  return digest.hex();
}

/**
 * SHA-256 of a request and of the account that it would run as, likewise. It is over nothing that people aren't shown,
 * so whoever has the question can compute it.
 */
export function requestDigest(account: string, request: HeldRequest): string {
  return request.type === "http" ? httpDigest(account, request) : sshDigest(account, request);
}

function sshDigest(account: string, request: SshRequest): string {
  const digest = new Digest(SSH_REQUEST);
  digest.text(account);
  digest.text(request.type);
  switch (request.type) {
    case "exec":
      digest.text(request.command);
      digest.number(request.terminal ? 1 : 0);
      break;
    case "shell":
      digest.number(request.terminal ? 1 : 0);
      break;
    case "file":
      digest.text(request.protocol);
      digest.text(request.operation);
      digest.text(request.path);
      digest.optional(request.other, (other) => digest.text(other));
      break;
    case "forward":
      digest.text(request.direction);
      digest.text(request.host);
      digest.number(request.port);
  }
  return digest.hex();
}

/** What a Kubernetes target takes it for follows from method and target: that it is one is enough. */
function httpDigest(account: string, request: HttpRequest): string {
  const { method, target, contentType, fields, body, streamed, websocket, kubernetes } = request;
  const digest = new Digest(HTTP_REQUEST);
  digest.text(account);
  digest.text(kubernetes === null ? "http" : "kubernetes");
  digest.text(method);
  digest.text(target);
  digest.optional(contentType, (type) => digest.text(type));
  digest.list(fields, ([name, value]) => {
    digest.text(name);
    digest.text(value);
  });
  digest.optional(body, ({ bytes, sha256 }) => {
    digest.number(bytes);
    digest.text(sha256);
  });
  digest.number(streamed ? 1 : 0);
  digest.number(websocket ? 1 : 0);
  return digest.hex();
}

/** SHA-256 over parts of which none can be moved into the next. */
class Digest {
  readonly #hash = createHash("sha256");

  constructor(tag: string) {
    this.text(tag);
  }

  number(value: number): void {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(value);
    this.#hash.update(bytes);
  }

  bytes(value: Uint8Array): void {
    this.number(value.length);
    this.#hash.update(value);
  }

  text(value: string): void {
    this.bytes(Buffer.from(value));
  }

  optional<Value>(value: Value | null | undefined, one: (value: Value) => void): void {
    this.number(value === null || value === undefined ? 0 : 1);
    if (value !== null && value !== undefined) one(value);
  }

  list<Value>(values: readonly Value[], one: (value: Value) => void): void {
    this.number(values.length);
    for (const value of values) one(value);
  }

  hex(): string {
    return this.#hash.digest("hex");
  }
}
