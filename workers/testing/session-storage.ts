import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { LOG_SCHEMA, SessionLog, type Sql, type SqlValue } from "../session/log.ts";

/** The storage of a Session object, over node:sqlite. */
export function sessionStorage(): Sql & { close(): void } {
  const database = new DatabaseSync(":memory:");
  database.exec(LOG_SCHEMA);
  return {
    exec(query, ...bindings) {
      const statement = database.prepare(query);
      const rows = statement.all(...(bindings as SQLInputValue[]));
      return rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value as SqlValue)])),
      );
    },
    close: () => database.close(),
  };
}

/** Durable Objects answer blobs as ArrayBuffers. */
function plain(value: SqlValue): SqlValue {
  return value instanceof Uint8Array ? new Uint8Array(value).buffer : value;
}

export function newLog(sql: Sql, session = "a".repeat(32), number = 1): SessionLog {
  return new SessionLog(sql, session, number);
}
