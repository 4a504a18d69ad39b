import { createHash } from "node:crypto";

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
const TAG = "sallyport statement approval v1";

/**
 * SHA-256 of a statement with its parameters and of who would run it where, 64 lower-case hex digits. No two different
 * ones are encoded alike: every part has its length before it, every list its count, and NULL is told from the empty
 * value. Strings must be well-formed, or two that aren't would be the same bytes.
 */
export function statementDigest(statement: DigestedStatement): string {
  const hash = createHash("sha256");
  const number = (value: number) => {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(value);
    hash.update(bytes);
  };
  const bytes = (value: Uint8Array) => {
    number(value.length);
    hash.update(value);
  };
  const text = (value: string) => bytes(Buffer.from(value));
  const optional = <Value>(value: Value | null | undefined, one: (value: Value) => void) => {
    number(value === null || value === undefined ? 0 : 1);
    if (value !== null && value !== undefined) one(value);
  };
  const list = <Value>(values: readonly Value[], one: (value: Value) => void) => {
    number(values.length);
    for (const value of values) one(value);
  };
  text(TAG);
  text(statement.principal);
  optional(statement.onBehalfOf, text);
  text(statement.session);
  text(statement.target);
  text(statement.database);
  text(statement.message);
  text(statement.sql);
  list(statement.runs, text);
  list(statement.parameterTypes, number);
  list(statement.parameterFormats, number);
  list(statement.parameters, (value) => optional(value, bytes));
  return hash.digest("hex");
}
