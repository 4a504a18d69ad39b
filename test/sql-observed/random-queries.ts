/** A source of numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Few names, so that relations, aliases, WITH queries, columns and output names collide all the time. */
const NAMES = ["orders", "tree", "notes", "target", "n", "id"];
const COLUMNS = ["id", "n", "note", "orders", "tree", "body", "status", "label", "leaf", "a", "total"];
const TABLES: Record<string, string> = {
  orders: "id customer_id total status note",
  tree: "id leaf",
  "app.tree": "id parent label",
  notes: "id body orders",
  "public.notes": "id body orders",
  "other.target": "id a b",
  "other.orders": "id hidden",
  "pg_temp.tree": "id leaf",
  rich_customers: "id name",
  events: "id kind",
  "ONLY animals": "id name",
  scratch_view: "v name",
};

/** A query and, as far as it is known, the names of its columns. */
interface Query {
  sql: string;
  columns: string[];
}

/**
 * Writes queries of which the server takes some: it is asked, and what it refuses doesn't count. References are
 * mostly to what is in scope, at any level; some are to whatever the name may mean there.
 */
export class QueryWriter {
  readonly #random: () => number;
  /** References that may be valid where the writer is, inner ones last. */
  #known: string[] = [];
  /** Names of WITH queries, with their columns. */
  #ctes: [string, string[]][] = [];

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  query(depth = 3): string {
    return this.#query(depth).sql;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T;
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #query(depth: number): Query {
    const known = this.#known;
    const ctes = this.#ctes;
    const clause = this.#chance(0.3) && depth > 0 ? `${this.#with(depth)} ` : "";
    const { sql, columns } = this.#select(depth);
    this.#ctes = ctes;
    this.#known = known;
    return { sql: clause + sql, columns };
  }

  #with(depth: number): string {
    const names = new Set([this.#pick(NAMES), ...(this.#chance(0.4) ? [this.#pick(NAMES)] : [])]);
    const recursive = this.#chance(0.3);
    const queries: string[] = [];
    for (const name of names) {
      const { sql, columns } = this.#query(depth - 1);
      const renamed = this.#chance(0.3) ? [this.#pick(COLUMNS)] : [];
      queries.push(`${name}${renamed.length > 0 ? `(${renamed})` : ""} AS (${sql})`);
      this.#ctes = [...this.#ctes, [name, [...renamed, ...columns.slice(renamed.length)]]];
    }
    return `WITH ${recursive ? "RECURSIVE " : ""}${queries.join(", ")}`;
  }

  #select(depth: number): Query {
    const from = this.#chance(0.93) ? ` FROM ${this.#from(depth)}` : "";
    const columns: string[] = [];
    const targets: string[] = [];
    do {
      const [target, name] = this.#target(depth);
      targets.push(target);
      columns.push(...name);
    } while (this.#chance(0.3));
    const where = this.#chance(0.4) ? ` WHERE ${this.#condition(depth)}` : "";
    const order = this.#chance(0.2) ? ` ORDER BY ${this.#pick([...columns, this.#reference()])}` : "";
    return { sql: `SELECT ${targets.join(", ")}${from}${where}${order}`, columns };
  }

  #target(depth: number): [string, string[]] {
    if (this.#chance(0.1)) return ["*", this.#known.slice(-3)];
    const expression = this.#expression(depth);
    if (!this.#chance(0.4)) return [expression, [expression.split(".").at(-1) ?? ""]];
    const name = this.#pick(COLUMNS);
    return [`${expression} AS ${name}`, [name]];
  }

  #from(depth: number): string {
    const items = [this.#item(depth)];
    while (this.#chance(0.3)) items.push(this.#item(depth));
    return items.join(", ");
  }

  #item(depth: number): string {
    const choice = this.#random();
    if (choice < 0.2 && depth > 0) return this.#join(depth);
    const outer = this.#known;
    if (choice < 0.4 && depth > 0) {
      const lateral = this.#chance(0.5);
      if (!lateral) this.#known = outer.slice(0, Math.floor(outer.length / 2));
      const { sql, columns } = this.#query(depth - 1);
      this.#known = outer;
      return `${lateral ? "LATERAL " : ""}(${sql}) AS ${this.#alias(columns)}`;
    }
    if (choice < 0.45) return `unnest(ARRAY[${this.#reference()}::text]) AS ${this.#alias([])}`;
    if (choice < 0.65 && this.#ctes.length > 0) {
      const [name, columns] = this.#pick(this.#ctes);
      if (this.#chance(0.5)) return `${name} AS ${this.#alias(columns)}`;
      this.#offer(name, columns);
      return name;
    }
    const table = this.#pick(Object.keys(TABLES));
    const columns = TABLES[table]?.split(" ") ?? [];
    if (this.#chance(0.5)) return `${table} AS ${this.#alias(columns)}`;
    this.#offer(table.replace("ONLY ", ""), columns);
    this.#offer(table.replace(/^.*[. ]/, ""), columns);
    return table;
  }

  #join(depth: number): string {
    const left = this.#item(depth - 1);
    const right = this.#item(depth - 1);
    const how = this.#random();
    if (how < 0.35) return `(${left} JOIN ${right} USING (id))`;
    if (how < 0.5) return `(${left} NATURAL JOIN ${right})`;
    if (how < 0.8) return `(${left} LEFT JOIN ${right} ON ${this.#condition(depth - 1)})`;
    return `(${left} CROSS JOIN ${right}) AS ${this.#alias(this.#known.slice(-4).map((name) => name.split(".").at(-1) ?? ""))}`;
  }

  #alias(columns: string[]): string {
    const name = this.#pick(NAMES);
    const renamed = this.#chance(0.2) ? [this.#pick(COLUMNS)] : [];
    this.#offer(name, [...renamed, ...columns.slice(renamed.length)]);
    return `${name}${renamed.length > 0 ? `(${renamed})` : ""}`;
  }

  #offer(item: string, columns: string[]): void {
    this.#known = [...this.#known, ...columns.flatMap((column) => [column, `${item}.${column}`])];
  }

  #reference(): string {
    const choice = this.#random();
    if (choice < 0.7 && this.#known.length > 0) return this.#pick(this.#known);
    if (choice < 0.85 && this.#known.length > 0) return this.#pick(this.#known.slice(-8));
    return this.#chance(0.6) ? this.#pick(COLUMNS) : `${this.#pick(NAMES)}.${this.#pick(COLUMNS)}`;
  }

  #expression(depth: number): string {
    const choice = this.#random();
    if (choice < 0.15 && depth > 0) return `(${this.#query(depth - 1).sql} LIMIT 1)`;
    if (choice < 0.2) return `coalesce(${this.#reference()}::text, 'x')`;
    return this.#reference();
  }

  #condition(depth: number): string {
    const choice = this.#random();
    if (choice < 0.3 && depth > 0) return `EXISTS (${this.#query(depth - 1).sql})`;
    if (choice < 0.5) return `${this.#reference()} IS NOT NULL`;
    return `${this.#reference()}::text = ${this.#expression(depth)}::text`;
  }
}
