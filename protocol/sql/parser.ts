import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Node } from "@pgsql/types";
import pgQueryModule, { type PgQueryModule } from "libpg-query/wasm/libpg-query.js";
import { SallyportError } from "../errors.ts";
import { fingerprintOf, tooDeep } from "./fingerprint.ts";
import { checkRowAssignments } from "./row-assignments.ts";

/** Bytes of UTF-8 that one string of SQL may have. */
export const MAX_SQL_BYTES = 256 * 1024;
/** Statements that one string may have. */
export const MAX_STATEMENTS = 1_000;

/** One alone multiplies with nothing. */
const TWO_ASSIGNMENTS = /\bset\b[\s\S]*\bset\b/i;

/** One statement of a string, as PostgreSQL's grammar reads it. */
export interface ParsedStatement {
  tree: Node;
  /** Its own text, without the blanks around it and the semicolon after it. */
  text: string;
  /** See fingerprint.ts: 32 hex digits. */
  fingerprint: string;
}

/** PostgreSQL's grammar refuses the text (SQLSTATE 42601). The message is PostgreSQL's own and may quote a token. */
export class SqlSyntaxError extends Error {
  override readonly name = "SqlSyntaxError";
  /** In characters (not bytes, not UTF-16 units) from 1, as in the field `P` of an ErrorResponse. */
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/** A token: `start` and `end` are bytes of UTF-8. */
export interface SqlToken {
  start: number;
  end: number;
  text: string;
  /** `IDENT`, `ICONST`, `SQL_COMMENT`, …; `UNKNOWN` for keywords. */
  tokenName: string;
  /** `NO_KEYWORD`, `RESERVED_KEYWORD`, … */
  keywordName: string;
}

let compiled: WebAssembly.Module | null = null;
let active: PgQueryModule | null = null;
let spare: PgQueryModule | null = null;
let loading: Promise<void> | null = null;

/**
 * Makes `parseSql` ready; once a process, further calls wait for the first. `binary` is libpg-query.wasm where it
 * can't be found beside its package.
 */
export function loadParser(binary?: Uint8Array<ArrayBuffer>): Promise<void> {
  loading ??= (async () => {
    const bytes =
      binary ?? (await readFile(createRequire(import.meta.url).resolve("libpg-query/wasm/libpg-query.wasm")));
    compiled = await WebAssembly.compile(bytes);
    active = await instantiate(compiled);
    spare = await instantiate(compiled);
  })();
  return loading;
}

function instantiate(module: WebAssembly.Module): Promise<PgQueryModule> {
  return pgQueryModule({
    instantiateWasm: (imports, receive) => receive(new WebAssembly.Instance(module, imports)),
  });
}

/**
 * Parses a string of SQL with PostgreSQL 18's grammar, under standard_conforming_strings = on. Empty strings and
 * comments alone give no statement. Throws SqlSyntaxError for what the grammar refuses, and SallyportError
 * `invalid_request` for text that is no UTF-8 or has a zero byte, `limit_exceeded` beyond the bounds above.
 */
export function parseSql(sql: string): ParsedStatement[] {
  checkText(sql);
  if (TWO_ASSIGNMENTS.test(sql)) checkRowAssignments(scanTokens(sql));
  const json = callParser(
    (module, query) => readParseResult(module, module._wasm_parse_query_raw(query)),
    sql,
  );
  const { stmts } = JSON.parse(json) as { stmts?: RawStatement[] };
  if (stmts === undefined) return [];
  if (stmts.length > MAX_STATEMENTS) {
    throw new SallyportError(
      "limit_exceeded",
      `The string has ${stmts.length} statements; at most ${MAX_STATEMENTS} are taken.`,
      "Send them in several strings.",
    );
  }
  const bytes = isAscii(sql) ? null : new TextEncoder().encode(sql);
  const statements: ParsedStatement[] = [];
  for (const { stmt, stmt_location: start = 0, stmt_len: length = 0 } of stmts) {
    if (stmt === undefined) continue;
    const end = length === 0 ? undefined : start + length;
    const text =
      bytes === null ? sql.slice(start, end) : new TextDecoder().decode(bytes.subarray(start, end));
    // It bounds the tree's depth, too, for all who walk it after.
    statements.push({ tree: stmt, text: trimBlanks(text), fingerprint: fingerprintOf(stmt) });
  }
  return statements;
}

/** The text's tokens as PostgreSQL's lexer cuts them, comments included. Throws as `parseSql` does. */
export function scanTokens(sql: string): SqlToken[] {
  checkText(sql);
  const json = callParser((module, query) => readString(module, module._wasm_scan(query)), sql);
  if (!json.startsWith("{")) throw new SqlSyntaxError(json, 1);
  return (JSON.parse(json) as { tokens?: SqlToken[] }).tokens ?? [];
}

interface RawStatement {
  stmt?: Node;
  /** Both in bytes of UTF-8. */
  stmt_location?: number;
  stmt_len?: number;
}

function checkText(sql: string): void {
  // A UTF-16 unit is three bytes of UTF-8 at most.
  const bytes = sql.length * 3 <= MAX_SQL_BYTES ? 0 : Buffer.byteLength(sql);
  if (bytes > MAX_SQL_BYTES) {
    throw new SallyportError(
      "limit_exceeded",
      `The SQL text has ${bytes} bytes; at most ${MAX_SQL_BYTES} (256 KiB) of UTF-8 are taken.`,
      "Send values as parameters, or load rows with COPY … FROM STDIN.",
    );
  }
  if (!sql.isWellFormed()) {
    throw new SallyportError(
      "invalid_request",
      "The SQL text has half a surrogate pair, which no UTF-8 can hold.",
    );
  }
  if (sql.includes("\0")) throw new SallyportError("invalid_request", "The SQL text has a zero byte.");
}

/**
 * Lends `call` the module and the text in its memory. A call that the stack cuts short leaves the module's own stack
 * pointer and memory as they were in mid-flight (23 such calls overwrote its data in a test), so that module is
 * thrown away and the spare takes its place.
 */
function callParser<T>(call: (module: PgQueryModule, query: number) => T, sql: string): T {
  const module = active;
  if (module === null) {
    void restock();
    throw new SallyportError("internal", "The SQL parser is not ready.", "Try again.");
  }
  try {
    const query = writeText(module, sql);
    const result = call(module, query);
    module._free(query);
    return result;
  } catch (error) {
    if (error instanceof SqlSyntaxError) throw error;
    active = spare;
    spare = null;
    void restock();
    // RangeError: V8's stack. RuntimeError: a trap. Anything else the module throws is as little a parse tree.
    throw tooDeep();
  }
}

let restocking = false;

/** Makes modules in the background until there is an active one and a spare. */
async function restock(): Promise<void> {
  if (restocking || compiled === null) return;
  restocking = true;
  try {
    while (active === null || spare === null) {
      const module = await instantiate(compiled);
      if (active === null) active = module;
      else spare = module;
    }
  } catch {
    // No memory for another module now; the next call that finds none asks again.
  } finally {
    restocking = false;
  }
}

/** Allocates; whoever calls frees. Node's own conversions are ten times as fast as the module's. */
function writeText(module: PgQueryModule, text: string): number {
  const length = Buffer.byteLength(text);
  const pointer = module._malloc(length + 1);
  if (pointer === 0) throw new RangeError("out of memory");
  const memory = Buffer.from(module.HEAPU8.buffer, pointer, length + 1);
  memory.write(text, 0, length, "utf8");
  memory[length] = 0;
  return pointer;
}

function textAt(module: PgQueryModule, pointer: number): string {
  const end = module.HEAPU8.indexOf(0, pointer);
  if (end === -1) throw new RangeError("a text without an end");
  return Buffer.from(module.HEAPU8.buffer, pointer, end - pointer).toString("utf8");
}

function readParseResult(module: PgQueryModule, result: number): string {
  if (result === 0) throw new RangeError("out of memory");
  const error = module.getValue(result + 8, "i32");
  if (error !== 0) {
    const message = textAt(module, module.getValue(error, "i32"));
    const position = module.getValue(error + 16, "i32");
    module._wasm_free_parse_result(result);
    throw new SqlSyntaxError(message, Math.max(1, position));
  }
  const json = textAt(module, module.getValue(result, "i32"));
  module._wasm_free_parse_result(result);
  return json;
}

function readString(module: PgQueryModule, pointer: number): string {
  if (pointer === 0) throw new RangeError("out of memory");
  const text = textAt(module, pointer);
  module._wasm_free_string(pointer);
  return text;
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

/** Space, tab, newline, return, form feed and vertical tab: a no-break space, say, is part of an identifier. */
const BLANKS = " \t\n\r\f\v";

/** Not by a regular expression: a run of blanks in the middle would take it quadratic time. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && BLANKS.includes(text[start]!)) start += 1;
  while (end > start && BLANKS.includes(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}
