import { SallyportError } from "../errors.ts";
import { Cursor } from "./cursor.ts";
import { FRONTEND } from "./message-types.ts";
import { StartupCode } from "./reader.ts";
import { cstring, i32, message, u16, u32, untyped } from "./wire.ts";

/**
 * Messages of a client: builders that make whole messages, parsers that take a body (`MessageReader.body()`)
 * and throw `protocol_violation` for one that isn't as PostgreSQL's documentation, "Message Formats", says.
 */

/** Versions as they stand on the wire: the major in the upper half, the minor in the lower. */
export const PROTOCOL_3_0 = 0x3_0000;
export const PROTOCOL_3_2 = 0x3_0002;

export type StartupPacket =
  | { kind: "ssl" }
  | { kind: "gssenc" }
  | { kind: "cancel"; processId: number; secret: Buffer }
  | { kind: "startup"; version: number; parameters: [name: string, value: string][] };

/** A message of the startup phase. The parameters are in the order sent, repeated names included. */
export function parseStartup(body: Uint8Array): StartupPacket {
  const cursor = new Cursor(body, "a startup message");
  const code = cursor.u32();
  if (code === StartupCode.ssl) return cursor.end({ kind: "ssl" });
  if (code === StartupCode.gssenc) return cursor.end({ kind: "gssenc" });
  if (code === StartupCode.cancel) {
    return { kind: "cancel", processId: cursor.i32(), secret: cursor.rest() };
  }
  const parameters: [string, string][] = [];
  // Another major version may say anything in another form; the version alone answers it.
  if (code >>> 16 !== 3) return { kind: "startup", version: code, parameters };
  for (let name = cursor.cstring(); name !== ""; name = cursor.cstring()) {
    parameters.push([name, cursor.cstring()]);
  }
  return cursor.end({ kind: "startup", version: code, parameters });
}

export function sslRequest(): Buffer {
  return untyped(u32(StartupCode.ssl));
}

export function gssencRequest(): Buffer {
  return untyped(u32(StartupCode.gssenc));
}

export function cancelRequest(processId: number, secret: Uint8Array): Buffer {
  return untyped(u32(StartupCode.cancel), i32(processId), secret);
}

export function startupMessage(version: number, parameters: Iterable<readonly [string, string]>): Buffer {
  const pairs = [...parameters].flatMap(([name, value]) => [cstring(name), cstring(value)]);
  return untyped(u32(version), ...pairs, new Uint8Array(1));
}

/** Also the answer to an MD5 challenge. */
export function passwordMessage(password: string): Buffer {
  return message(FRONTEND.PasswordMessage, cstring(password));
}

export function saslInitialResponse(mechanism: string, data: string): Buffer {
  const bytes = Buffer.from(data);
  return message(FRONTEND.PasswordMessage, cstring(mechanism), u32(bytes.length), bytes);
}

export function saslResponse(data: string): Buffer {
  return message(FRONTEND.PasswordMessage, Buffer.from(data));
}

export function query(sql: string): Buffer {
  return message(FRONTEND.Query, cstring(sql));
}

export function parseQuery(body: Uint8Array): { sql: string } {
  const cursor = new Cursor(body, "Query");
  return cursor.end({ sql: cursor.cstring() });
}

export interface Parse {
  /** Empty for the unnamed statement. */
  statement: string;
  sql: string;
  /** Object ids; 0 leaves the type to the server. */
  parameterTypes: number[];
}

export function parse(parts: Parse): Buffer {
  const { statement, sql, parameterTypes } = parts;
  return message(
    FRONTEND.Parse,
    cstring(statement),
    cstring(sql),
    u16(parameterTypes.length),
    ...parameterTypes.map(u32),
  );
}

export function parseParse(body: Uint8Array): Parse {
  const cursor = new Cursor(body, "Parse");
  return cursor.end({
    statement: cursor.cstring(),
    sql: cursor.cstring(),
    parameterTypes: cursor.list(cursor.u16(), () => cursor.u32()),
  });
}

export interface Bind {
  portal: string;
  statement: string;
  /** 0 is text, 1 binary. None: all text; one: for all; else one for each parameter. */
  parameterFormats: number[];
  parameters: (Uint8Array | null)[];
  /** The same for the columns of the result. */
  resultFormats: number[];
}

export function bind(parts: Bind): Buffer {
  return message(
    FRONTEND.Bind,
    cstring(parts.portal),
    cstring(parts.statement),
    u16(parts.parameterFormats.length),
    ...parts.parameterFormats.map(u16),
    u16(parts.parameters.length),
    ...parts.parameters.flatMap(value),
    u16(parts.resultFormats.length),
    ...parts.resultFormats.map(u16),
  );
}

export function parseBind(body: Uint8Array): Bind {
  const cursor = new Cursor(body, "Bind");
  return cursor.end({
    portal: cursor.cstring(),
    statement: cursor.cstring(),
    parameterFormats: cursor.list(cursor.u16(), () => cursor.u16()),
    parameters: cursor.list(cursor.u16(), () => cursor.value()),
    resultFormats: cursor.list(cursor.u16(), () => cursor.u16()),
  });
}

/** The names of a Bind of which only the beginning is there. */
export function parseBindNames(beginning: Uint8Array): Pick<Bind, "portal" | "statement"> {
  const cursor = new Cursor(beginning, "Bind");
  return { portal: cursor.cstring(), statement: cursor.cstring() };
}

/** What Describe and Close name. */
export interface Named {
  kind: "statement" | "portal";
  name: string;
}

export function describe(named: Named): Buffer {
  return message(FRONTEND.Describe, Buffer.from(named.kind === "statement" ? "S" : "P"), cstring(named.name));
}

export function close(named: Named): Buffer {
  return message(FRONTEND.Close, Buffer.from(named.kind === "statement" ? "S" : "P"), cstring(named.name));
}

export function parseDescribe(body: Uint8Array): Named {
  return parseNamed(body, "Describe");
}

export function parseClose(body: Uint8Array): Named {
  return parseNamed(body, "Close");
}

function parseNamed(body: Uint8Array, messageName: string): Named {
  const cursor = new Cursor(body, messageName);
  const letter = String.fromCharCode(cursor.u8());
  if (letter !== "S" && letter !== "P") {
    throw new SallyportError("protocol_violation", `${messageName} names neither a statement nor a portal`);
  }
  return cursor.end({ kind: letter === "S" ? "statement" : "portal", name: cursor.cstring() });
}

export interface Execute {
  portal: string;
  /** 0 is all. */
  maxRows: number;
}

export function execute(parts: Execute): Buffer {
  return message(FRONTEND.Execute, cstring(parts.portal), i32(parts.maxRows));
}

export function parseExecute(body: Uint8Array): Execute {
  const cursor = new Cursor(body, "Execute");
  return cursor.end({ portal: cursor.cstring(), maxRows: cursor.i32() });
}

export interface FunctionCall {
  /** Object id. */
  function: number;
  argumentFormats: number[];
  arguments: (Uint8Array | null)[];
  resultFormat: number;
}

export function functionCall(parts: FunctionCall): Buffer {
  return message(
    FRONTEND.FunctionCall,
    u32(parts.function),
    u16(parts.argumentFormats.length),
    ...parts.argumentFormats.map(u16),
    u16(parts.arguments.length),
    ...parts.arguments.flatMap(value),
    u16(parts.resultFormat),
  );
}

export function parseFunctionCall(body: Uint8Array): FunctionCall {
  const cursor = new Cursor(body, "FunctionCall");
  return cursor.end({
    function: cursor.u32(),
    argumentFormats: cursor.list(cursor.u16(), () => cursor.u16()),
    arguments: cursor.list(cursor.u16(), () => cursor.value()),
    resultFormat: cursor.u16(),
  });
}

export function copyData(data: Uint8Array): Buffer {
  return message(FRONTEND.CopyData, data);
}

export function copyFail(reason: string): Buffer {
  return message(FRONTEND.CopyFail, cstring(reason));
}

export function parseCopyFail(body: Uint8Array): { reason: string } {
  const cursor = new Cursor(body, "CopyFail");
  return cursor.end({ reason: cursor.cstring() });
}

export function copyDone(): Buffer {
  return message(FRONTEND.CopyDone);
}

export function sync(): Buffer {
  return message(FRONTEND.Sync);
}

export function flush(): Buffer {
  return message(FRONTEND.Flush);
}

export function terminate(): Buffer {
  return message(FRONTEND.Terminate);
}

function value(bytes: Uint8Array | null): Uint8Array[] {
  return bytes === null ? [i32(-1)] : [i32(bytes.length), bytes];
}
