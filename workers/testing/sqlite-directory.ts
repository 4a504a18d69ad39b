import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { fileURLToPath } from "node:url";

const MIGRATIONS = fileURLToPath(import.meta.resolve("../../infra/migrations"));

/**
 * An empty directory in memory, for unit tests in Node: the part of D1 that the directory uses, on SQLite. As on D1,
 * each call and each batch is one transaction; `step` is waited for before it, so that a test chooses their order.
 */
export function sqliteDirectory(
  step: () => Promise<void> = async () => {},
  database = newDatabase(),
): D1Database {
  return new Directory(database, step) as unknown as D1Database;
}

export function newDatabase(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  for (const name of readdirSync(MIGRATIONS).sort()) {
    database.exec(readFileSync(join(MIGRATIONS, name), "utf8"));
  }
  return database;
}

class Directory {
  readonly #database: DatabaseSync;
  readonly #step: () => Promise<void>;

  constructor(database: DatabaseSync, step: () => Promise<void>) {
    this.#database = database;
    this.#step = step;
  }

  prepare(sql: string): Statement {
    return new Statement(this.#database, this.#step, sql, []);
  }

  async batch(statements: Statement[]): Promise<Result[]> {
    await this.#step();
    this.#database.exec("BEGIN");
    try {
      const results = statements.map((statement) => statement.execute());
      this.#database.exec("COMMIT");
      return results;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

interface Result {
  results: Record<string, unknown>[];
  meta: { changes: number };
}

class Statement {
  readonly #database: DatabaseSync;
  readonly #step: () => Promise<void>;
  readonly #sql: string;
  readonly #values: SQLInputValue[];

  constructor(database: DatabaseSync, step: () => Promise<void>, sql: string, values: SQLInputValue[]) {
    this.#database = database;
    this.#step = step;
    this.#sql = sql;
    this.#values = values;
  }

  bind(...values: SQLInputValue[]): Statement {
    return new Statement(this.#database, this.#step, this.#sql, values);
  }

  execute(): Result {
    const before = this.#changes();
    const results = this.#database.prepare(this.#sql).all(...this.#values);
    return { results, meta: { changes: this.#changes() - before } };
  }

  async all(): Promise<Result> {
    await this.#step();
    return this.execute();
  }

  async run(): Promise<Result> {
    return this.all();
  }

  async first(): Promise<Record<string, unknown> | null> {
    return (await this.all()).results[0] ?? null;
  }

  #changes(): number {
    return Number(this.#database.prepare("SELECT total_changes() AS n").get()!.n);
  }
}
