import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What we need of D1; the same statements run in production through `wrangler d1 migrations apply`. */
export interface Database {
  prepare(sql: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
}
export interface Statement {
  bind(...values: unknown[]): Statement;
  all<Row>(): Promise<{ results: Row[] }>;
  run(): Promise<unknown>;
}

/**
 * Brings the directory's schema up to date: each `NNNN_name.sql` of the folder once, in order of name, each in
 * one transaction with the row that remembers it. Returns the names that were applied now.
 */
export async function migrate(database: Database, folder: string, now: number): Promise<string[]> {
  await database
    .prepare("CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, applied INTEGER NOT NULL)")
    .run();
  const { results } = await database.prepare("SELECT name FROM schema_migrations").all<{ name: string }>();
  const known = new Set(results.map((row) => row.name));
  const pending = readdirSync(folder)
    .filter((name) => name.endsWith(".sql") && !known.has(name))
    .sort();
  for (const name of pending) {
    const statements = splitStatements(readFileSync(join(folder, name), "utf8"));
    await database.batch([
      ...statements.map((sql) => database.prepare(sql)),
      database.prepare("INSERT INTO schema_migrations (name, applied) VALUES (?, ?)").bind(name, now),
    ]);
  }
  return pending;
}

/**
 * The statements of a migration file. A statement ends with `;` at the end of a line, a trigger with `END;`;
 * whole-line `--` comments are dropped. That is all that our own files use.
 */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let lines: string[] = [];
  for (const line of sql.split("\n")) {
    if (line.trim() === "" || line.trimStart().startsWith("--")) continue;
    lines.push(line);
    const text = lines.join("\n");
    const inTrigger = /^\s*CREATE\s+(TEMP\s+)?TRIGGER\b/i.test(text) && !/\bEND\s*;\s*$/i.test(text);
    if (!inTrigger && /;\s*(--.*)?$/.test(line)) {
      statements.push(text);
      lines = [];
    }
  }
  if (lines.length > 0) statements.push(lines.join("\n"));
  return statements;
}
