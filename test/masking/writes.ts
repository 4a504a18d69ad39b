import { LITERALS } from "./expressions.ts";
import { type Made, QueryWriter, SQL_TYPES, scopeOf } from "./queries.ts";
import { type Column, TABLES, type Table } from "./schema.ts";

const WRITABLE = TABLES.filter(({ labelled }) => labelled !== undefined);
const KEYED = WRITABLE.filter(({ key }) => key !== undefined);

/** Constants for labelled columns, of the type that each has. */
const LABELLED: Record<string, readonly string[]> = {
  feeling: ["'glad'", "NULL"],
  line: ["'new street 7'", "NULL"],
  ssn: ["'111-22-3333'", "NULL"],
  body: ['\'{"patient": {"name": "New"}}\'', "'{}'", "NULL"],
  payload: ['\'{"ip": "10.9.9.9"}\'', "NULL"],
  profile: ['\'{"contact": {"email": "new@json.example"}}\'', "NULL"],
  email: ["'new@mail.example'", "'n@x.example'"],
};

/** Writes INSERT, UPDATE, DELETE and MERGE: plain columns get any value, labelled ones constants. */
export class ChangeWriter extends QueryWriter {
  /** A whole statement that writes, and the table. */
  change(): Made {
    this.begin();
    const kind = this.random.weighted({ insert: 4, update: 5, delete: 3, merge: 1, inside: 2 });
    if (kind !== "inside") return this.finished(this.#statement(kind, true), false);
    const inner = this.#statement(this.random.pick(["insert", "update", "delete"]), true);
    if (!inner.includes(" RETURNING ")) return this.finished(inner, false);
    const tail = this.random.pick([
      "SELECT * FROM w",
      "SELECT count(*) FROM w",
      "SELECT w::text FROM w",
      "SELECT * FROM w, codes",
      "SELECT row_to_json(w)::text, (SELECT max(email) FROM customers) FROM w",
    ]);
    return this.finished(`WITH w AS (${inner}) ${tail}`, false);
  }

  #statement(kind: "insert" | "update" | "delete" | "merge", returning: boolean): string {
    if (kind === "insert") return this.#insert(returning);
    if (kind === "update") return this.#update(returning);
    return kind === "delete" ? this.#delete(returning) : this.#merge();
  }

  #isLabelled(table: Table, { name }: Column): boolean {
    return table.labelled?.includes(name) === true;
  }

  /** What a column is set to. */
  #value(table: Table, column: Column): string {
    if (!this.#isLabelled(table, column)) return this.expression(column.type, 2);
    const own = LABELLED[column.name];
    if (own) return this.random.pick(own);
    const literals = LITERALS[column.type].filter(
      (literal) => !literal.includes("***") && literal !== "'hidden'",
    );
    return `(${this.random.pick(literals)})::${SQL_TYPES[column.type]}`;
  }

  /** A value of plain columns; of any, now and then: that is refused. */
  #plainValue(table: Table, alias: string, column: Column): string {
    if (this.random.chance(0.03)) return this.expression(column.type, 2);
    const columns = table.columns.filter((one) => !this.#isLabelled(table, one));
    this.scopes.push(scopeOf({ items: [{ alias, columns }], visible: columns }));
    this.scopes.at(-1)!.rows.length = 0;
    const sql = this.expression(column.type, 1);
    this.scopes.pop();
    return sql;
  }

  /** A written table's whole row is refused: it is asked for now and then. */
  #scope(items: { alias: string; columns: Column[] }[], visible: Column[]): void {
    const scope = scopeOf({ items, visible });
    if (!this.random.chance(0.2)) scope.rows.splice(0, 1);
    this.scopes.push(scope);
  }

  /** The target in scope, as it stands after the command's word. */
  #target(table: Table): { sql: string; alias: string; columns: Column[] } {
    const { random } = this;
    const name = random.chance(0.2) ? `shop.${table.name}` : table.name;
    const shown = table.family && random.chance(0.3) ? random.pick([`ONLY ${name}`, `${name} *`]) : name;
    const alias = random.chance(0.4) ? random.pick(["t", "x", '"The Row"', "codes"]) : table.name;
    const sql = alias === table.name ? shown : `${shown}${random.pick([" AS", ""])} ${alias}`;
    return { sql, alias, columns: table.columns };
  }

  #insert(returning: boolean): string {
    const { random } = this;
    const table = random.pick(KEYED);
    const settable = table.columns.filter(({ name }) => name !== "email_lower");
    const required = settable.filter(
      ({ name }) => REQUIRED.has(name) || name === "order_id" || name === table.key,
    );
    const others = random
      .shuffled(settable.filter((one) => !required.includes(one)))
      .slice(0, 1 + random.below(4));
    const columns = random.shuffled([...required, ...others]);
    const conflict = table.name !== "events" && random.chance(0.3) && PRIMARY.has(table.name);
    const value = (column: Column, n: number) => {
      if (column.name === table.key) return String((conflict && random.chance(0.5) ? 1 : 900) + n);
      if (column.name === "at") return `date '2026-0${1 + n}-11'`;
      if (column.name === "customer_id") return random.pick(["1", "2", "NULL"]);
      if (column.name === "order_id") return "77";
      return random.chance(0.1) && !REQUIRED.has(column.name) ? "DEFAULT" : this.#value(table, column);
    };
    const rows = Array.from(
      { length: 1 + random.below(2) },
      (_, n) => `(${columns.map((one) => value(one, n)).join(", ")})`,
    );
    let source = `VALUES ${rows.join(", ")}`;
    if (random.chance(0.25)) {
      const plain = columns.map((column) => {
        const labelled = this.#isLabelled(table, column);
        const sql = value(column, 0).replace("DEFAULT", "NULL");
        return labelled || sql === "NULL"
          ? `(${sql})::${TYPE_NAMES[column.name] ?? SQL_TYPES[column.type]}`
          : sql;
      });
      source = `SELECT ${plain.join(", ")} FROM codes WHERE codes.id = 1`;
    }
    const alias = random.chance(0.3) ? " AS t" : "";
    let sql = `INSERT INTO ${table.name}${alias} (${columns.map(({ name }) => name).join(", ")}) ${source}`;
    const name = alias === "" ? table.name : "t";
    if (conflict) sql += this.#onConflict(table, name);
    return sql + (returning ? this.#returning(name, table.columns) : "");
  }

  #onConflict(table: Table, name: string): string {
    const { random } = this;
    const plain = table.columns.filter(
      (column) => !this.#isLabelled(table, column) && column.name !== table.key,
    );
    const target = table.name === "lines" ? "(order_id, line)" : `(${table.key})`;
    if (random.chance(0.3) || plain.length === 0)
      return random.pick([` ON CONFLICT ${target} DO NOTHING`, " ON CONFLICT DO NOTHING"]);
    this.scopes.push(
      scopeOf({
        items: [
          { alias: name, columns: table.columns },
          { alias: "excluded", columns: plain },
        ],
        visible: [],
      }),
    );
    const column = random.pick(plain);
    const where = random.chance(0.3) ? ` WHERE ${this.expression("bool", 1)}` : "";
    const value = random.pick([`excluded.${column.name}`, this.#plainValue(table, name, column)]);
    this.scopes.pop();
    return ` ON CONFLICT ${target} DO UPDATE SET ${column.name} = ${value}${where}`;
  }

  #update(returning: boolean): string {
    const { random } = this;
    const table = random.pick(WRITABLE);
    const { sql, alias, columns } = this.#target(table);
    const more = random.chance(0.3)
      ? random.pick(TABLES.filter(({ name }) => name !== alias && name !== table.name))
      : null;
    const items = [{ alias, columns }, ...(more ? [{ alias: "other", columns: more.columns }] : [])];
    this.#scope(
      items,
      items.flatMap((item) => item.columns),
    );
    const settable = columns.filter(
      ({ name }) => name !== "email_lower" && name !== table.key && !FIXED.has(name),
    );
    const chosen = random.shuffled(settable).slice(0, 1 + random.below(3));
    const labelled = (column: Column) => this.#isLabelled(table, column);
    const several = chosen.length > 1 && random.chance(0.3);
    const sets = several
      ? `(${chosen.map(({ name }) => name).join(", ")}) = ROW (${chosen.map((one) => this.#setValue(table, alias, one)).join(", ")})`
      : chosen
          .map(
            (one) =>
              `${one.name} = ${random.chance(0.05) && !REQUIRED.has(one.name) && !labelled(one) ? "DEFAULT" : this.#setValue(table, alias, one)}`,
          )
          .join(", ");
    const from = more ? ` FROM ${more.name} AS other` : "";
    const join = more
      ? `${alias}.${random.pick(columns).name} IS NOT NULL AND other.${more.columns[0]!.name}::text = ${alias}.${columns[0]!.name}::text AND `
      : "";
    const where = more || random.chance(0.8) ? ` WHERE ${join}${this.expression("bool", 2)}` : "";
    const text = `UPDATE ${sql} SET ${sets}${from}${where}`;
    const tail = returning ? this.#returning(alias, columns) : "";
    this.scopes.pop();
    // A row that several others fit may take any one's values.
    return more && !/^(\w+) = ('|NULL|\d)/.test(sets)
      ? text.replace(sets, () => `${chosen[0]!.name} = ${this.#constant(table, chosen[0]!)}`)
      : text + tail;
  }

  #constant(table: Table, column: Column): string {
    return this.#isLabelled(table, column)
      ? this.#value(table, column)
      : this.random.pick(LITERALS[column.type]);
  }

  #setValue(table: Table, alias: string, column: Column): string {
    const value = this.#isLabelled(table, column)
      ? this.#value(table, column)
      : this.#plainValue(table, alias, column);
    const type = TYPE_NAMES[column.name] ?? SQL_TYPES[column.type];
    return this.#isLabelled(table, column) ? value : `(${value})::${type}`;
  }

  #delete(returning: boolean): string {
    const { random } = this;
    const table = random.pick(WRITABLE);
    const { sql, alias, columns } = this.#target(table);
    const more = random.chance(0.25) ? random.pick(TABLES) : null;
    const items = [{ alias, columns }, ...(more ? [{ alias: "other", columns: more.columns }] : [])];
    this.#scope(
      items,
      items.flatMap((item) => item.columns),
    );
    const where = random.chance(0.85) ? ` WHERE ${this.expression("bool", 2)}` : "";
    const tail = returning && !more ? this.#returning(alias, columns) : "";
    this.scopes.pop();
    return `DELETE FROM ${sql}${more ? ` USING ${more.name} AS other` : ""}${where}${tail}`;
  }

  #merge(): string {
    const { random } = this;
    const table = random.pick(KEYED.filter(({ name }) => PRIMARY.has(name)));
    const plain = table.columns.filter(
      (one) => !this.#isLabelled(table, one) && one.name !== table.key && !FIXED.has(one.name),
    );
    const column = random.pick(plain);
    const items = [
      { alias: "t", columns: table.columns },
      {
        alias: "s",
        columns: [
          { name: "id", type: "int" as const },
          { name: "v", type: "text" as const },
        ],
      },
    ];
    this.#scope(items, []);
    const also = random.chance(0.4) ? ` AND ${this.expression("bool", 1)}` : "";
    const value = this.#setValue(table, "t", column);
    this.scopes.pop();
    const source = random.pick([
      "(VALUES (1, 'one'), (2, 'two')) AS s (id, v)",
      "(SELECT id, label AS v FROM codes) AS s",
      "(SELECT id, email AS v FROM customers) AS s",
    ]);
    const matched = random.pick([`UPDATE SET ${column.name} = ${value}`, "DELETE", "DO NOTHING"]);
    return `MERGE INTO ${table.name} AS t USING ${source} ON t.${table.key} = s.id WHEN MATCHED${also} THEN ${matched}`;
  }

  #returning(alias: string, columns: Column[]): string {
    const { random } = this;
    if (random.chance(0.25)) return "";
    const column = random.pick(columns).name;
    this.#scope([{ alias, columns }], columns);
    const list = random.pick([
      "*",
      `${alias}.*`,
      column,
      `${alias}.${column}`,
      `${column}, ${column} AS again, ${this.expression("text", 1)} AS e`,
      `${this.expression("text", 2)} AS e, ${this.expression("int", 1)} AS f`,
      `*, ${this.expression("text", 1)} AS e`,
    ]);
    this.scopes.pop();
    return ` RETURNING ${list}`;
  }
}

const REQUIRED: ReadonlySet<string> = new Set(["email", "at"]);
const FIXED: ReadonlySet<string> = new Set(["at", "customer_id", "order_id", "line"]);
const PRIMARY: ReadonlySet<string> = new Set(["customers", "orders", "lines", "codes", "documents"]);
const TYPE_NAMES: Record<string, string> = {
  feeling: "mood",
  balance: "numeric(10,2)",
  total: "numeric(10,2)",
};
