import { SallyportError } from "../errors.ts";
import { Cursor } from "./cursor.ts";
import { BACKEND } from "./message-types.ts";
import { cstring, i32, message, u32 } from "./wire.ts";

/**
 * Messages of a server: parsers that take a body (`MessageReader.body()`) and throw `protocol_violation` for one
 * that isn't as PostgreSQL's documentation, "Message Formats", says; builders for what Sallyport itself sends.
 */

export type Authentication =
  | { kind: "ok" }
  | { kind: "cleartext" }
  | { kind: "md5"; salt: Buffer }
  | { kind: "sasl"; mechanisms: string[] }
  | { kind: "sasl-continue"; data: string }
  | { kind: "sasl-final"; data: string }
  /** Kerberos, GSSAPI, SSPI and what may come. */
  | { kind: "other"; code: number };

export function parseAuthentication(body: Uint8Array): Authentication {
  const cursor = new Cursor(body, "Authentication");
  const code = cursor.u32();
  switch (code) {
    case 0:
      return cursor.end({ kind: "ok" });
    case 3:
      return cursor.end({ kind: "cleartext" });
    case 5:
      return cursor.end({ kind: "md5", salt: cursor.bytes(4) });
    case 10: {
      const mechanisms: string[] = [];
      for (let name = cursor.cstring(); name !== ""; name = cursor.cstring()) mechanisms.push(name);
      return cursor.end({ kind: "sasl", mechanisms });
    }
    case 11:
      return { kind: "sasl-continue", data: cursor.rest().toString() };
    case 12:
      return { kind: "sasl-final", data: cursor.rest().toString() };
    default:
      return { kind: "other", code };
  }
}

export function authenticationOk(): Buffer {
  return message(BACKEND.Authentication, u32(0));
}

export interface BackendKeyData {
  processId: number;
  /** 4 bytes in protocol 3.0, up to 256 in 3.2. */
  secret: Uint8Array;
}

export function parseBackendKeyData(body: Uint8Array): BackendKeyData {
  const cursor = new Cursor(body, "BackendKeyData");
  return { processId: cursor.i32(), secret: cursor.rest() };
}

export function backendKeyData(key: BackendKeyData): Buffer {
  return message(BACKEND.BackendKeyData, i32(key.processId), key.secret);
}

export interface ProtocolNegotiation {
  /** The newest version that the server speaks, as on the wire (`PROTOCOL_3_0`). */
  version: number;
  /** Options of the client, `_pq_.NAME`, that the server doesn't know. */
  unknownOptions: string[];
}

export function parseNegotiateProtocolVersion(body: Uint8Array): ProtocolNegotiation {
  const cursor = new Cursor(body, "NegotiateProtocolVersion");
  return cursor.end({
    version: cursor.u32(),
    unknownOptions: cursor.list(cursor.u32(), () => cursor.cstring()),
  });
}

export function negotiateProtocolVersion(negotiation: ProtocolNegotiation): Buffer {
  const { version, unknownOptions } = negotiation;
  return message(
    BACKEND.NegotiateProtocolVersion,
    u32(version),
    u32(unknownOptions.length),
    ...unknownOptions.map(cstring),
  );
}

export function parseParameterStatus(body: Uint8Array): { name: string; value: string } {
  const cursor = new Cursor(body, "ParameterStatus");
  return cursor.end({ name: cursor.cstring(), value: cursor.cstring() });
}

export function parameterStatus(name: string, value: string): Buffer {
  return message(BACKEND.ParameterStatus, cstring(name), cstring(value));
}

/** `I` idle, `T` in a transaction, `E` in a failed transaction. */
export type TransactionStatus = "I" | "T" | "E";

export function parseReadyForQuery(body: Uint8Array): { status: TransactionStatus } {
  const cursor = new Cursor(body, "ReadyForQuery");
  const status = String.fromCharCode(cursor.u8());
  if (status !== "I" && status !== "T" && status !== "E") {
    throw new SallyportError("protocol_violation", "ReadyForQuery has an unknown transaction status");
  }
  return cursor.end({ status });
}

export function readyForQuery(status: TransactionStatus): Buffer {
  return message(BACKEND.ReadyForQuery, Buffer.from(status));
}

/**
 * Fields of ErrorResponse and NoticeResponse by their letter (documentation, "Error and Notice Message Fields"):
 * S severity, V severity not translated, C SQLSTATE, M message, D detail, H hint, P position, and others.
 */
export type ErrorFields = Map<string, string>;

export function parseErrorFields(body: Uint8Array, name: "ErrorResponse" | "NoticeResponse"): ErrorFields {
  const cursor = new Cursor(body, name);
  const fields: ErrorFields = new Map();
  for (let letter = cursor.u8(); letter !== 0; letter = cursor.u8()) {
    fields.set(String.fromCharCode(letter), cursor.cstring());
  }
  return cursor.end(fields);
}

export function errorFields(
  name: "ErrorResponse" | "NoticeResponse",
  fields: Iterable<readonly [letter: string, text: string]>,
): Buffer {
  const parts = [...fields].map(([letter, text]) => cstring(letter + text));
  return message(BACKEND[name], ...parts, new Uint8Array(1));
}

export interface Column {
  name: string;
  /** Object id of the table, 0 when the column is none of a table. */
  table: number;
  /** Number of the column in its table, or 0. */
  attribute: number;
  /** Object id of the type. */
  type: number;
  /** Bytes of the type, negative when they vary. */
  typeSize: number;
  typeModifier: number;
  /** 0 is text, 1 binary; 0 where it isn't known yet (Describe of a statement). */
  format: number;
}

export function parseRowDescription(body: Uint8Array): Column[] {
  const cursor = new Cursor(body, "RowDescription");
  return cursor.end(
    cursor.list(cursor.u16(), () => ({
      name: cursor.cstring(),
      table: cursor.u32(),
      attribute: cursor.i16(),
      type: cursor.u32(),
      typeSize: cursor.i16(),
      typeModifier: cursor.i32(),
      format: cursor.u16(),
    })),
  );
}

/** The values are views of the body. */
export function parseDataRow(body: Uint8Array): (Buffer | null)[] {
  const cursor = new Cursor(body, "DataRow");
  return cursor.end(cursor.list(cursor.u16(), () => cursor.value()));
}

/** The tag, such as `INSERT 0 1`. */
export function parseCommandComplete(body: Uint8Array): { tag: string } {
  const cursor = new Cursor(body, "CommandComplete");
  return cursor.end({ tag: cursor.cstring() });
}

/** Object ids of the types of a statement's parameters. */
export function parseParameterDescription(body: Uint8Array): number[] {
  const cursor = new Cursor(body, "ParameterDescription");
  return cursor.end(cursor.list(cursor.u16(), () => cursor.u32()));
}

export interface CopyResponse {
  /** 0 is text, 1 binary. */
  format: number;
  columnFormats: number[];
}

/** CopyInResponse, CopyOutResponse and CopyBothResponse. */
export function parseCopyResponse(body: Uint8Array): CopyResponse {
  const cursor = new Cursor(body, "CopyResponse");
  return cursor.end({ format: cursor.u8(), columnFormats: cursor.list(cursor.u16(), () => cursor.u16()) });
}

/** The function's result, or null; a view of the body. */
export function parseFunctionCallResponse(body: Uint8Array): Buffer | null {
  const cursor = new Cursor(body, "FunctionCallResponse");
  return cursor.end(cursor.value());
}

export interface Notification {
  processId: number;
  channel: string;
  payload: string;
}

export function parseNotification(body: Uint8Array): Notification {
  const cursor = new Cursor(body, "NotificationResponse");
  return cursor.end({ processId: cursor.i32(), channel: cursor.cstring(), payload: cursor.cstring() });
}
