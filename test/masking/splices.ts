import type { Chooser } from "./random.ts";

/** Tables as a text may write their names; all are the same few. */
const TABLES = [
  "customers",
  "orders",
  '"Odd Table"',
  "public.customers",
  'public."größe"',
  '"quo""te"',
  "public . orders",
  "lines",
];
const ALIASES = ["a", "b", '"A b"', '"c""d"', "ü1", "x1", "only_one", '"李"'];
const COLUMNS = ["id", "email", '"E mail"', "größe", "n", '"a.b"'];
const STRINGS = [
  "'李é𝄞'",
  "E'\\'; --'",
  "$$ FROM customers $$",
  "'a''b'",
  "U&'\\0041'",
  "$größe$ ( $größe$",
  "1.5e3",
  "B'10'",
];

/**
 * Statements as the grammar has them, whatever their names mean: nests of joins, parentheses, aliases of all sorts, and
 * strings of several bytes a letter before what is replaced.
 */
export class SpliceWriter {
  readonly #random: Chooser;
  #aliases = 0;
  /** Names under which columns can be had, as far as the writer has got. */
  #named: string[] = [];

  constructor(random: Chooser) {
    this.#random = random;
  }

  /** A text of one statement or several. */
  text(): string {
    const random = this.#random;
    const count = random.chance(0.2) ? 2 + random.below(2) : 1;
    return Array.from({ length: count }, () => this.#statement()).join(random.pick([";", " ; ", ";;\n"]));
  }

  #statement(): string {
    this.#aliases = 0;
    this.#named = [];
    const random = this.#random;
    const kind = random.weighted({
      select: 8,
      table: 1,
      update: 2,
      delete: 2,
      insert: 1,
      copy: 0.6,
      explain: 0.6,
      create: 0.5,
      declare: 0.4,
      merge: 0.5,
    });
    if (kind === "select") return this.#query(3);
    if (kind === "table") return `TABLE ${this.#relation()}`;
    if (kind === "update") return this.#update();
    if (kind === "delete") return this.#delete();
    if (kind === "insert") return `INSERT INTO plain (id) ${this.#query(1)}`;
    if (kind === "copy")
      return `COPY (${this.#query(2)}) TO STDOUT${random.pick(["", " (FORMAT csv)", " WITH CSV HEADER"])}`;
    if (kind === "explain")
      return `EXPLAIN ${random.pick(["", "(COSTS OFF) ", "VERBOSE "])}${this.#query(2)}`;
    if (kind === "create")
      return `CREATE TEMP TABLE made AS ${this.#query(2)}${random.pick(["", " WITH NO DATA"])}`;
    if (kind === "declare") return `DECLARE c CURSOR FOR ${this.#query(2)}`;
    return `MERGE INTO plain AS t USING ${this.#item(1)} ON t.id = 1 WHEN MATCHED THEN DELETE`;
  }

  #update(): string {
    const random = this.#random;
    const [target, name] = this.#target();
    const from = random.chance(0.4) ? ` FROM ${this.#from(1)}` : "";
    const returning = random.chance(0.5)
      ? ` RETURNING ${random.pick([`${name}.email`, `${name}.email AS e, ${random.pick(STRINGS)}`, `upper(${name}.email || 'x')`])}`
      : "";
    return `UPDATE ${target} SET plain = ${random.pick(STRINGS)}${from} WHERE ${random.pick([`${name}.email = 'a'`, `${name}.id IN (${this.#query(1)})`, "true"])}${returning}`;
  }

  #delete(): string {
    const random = this.#random;
    const [target, name] = this.#target();
    const using = random.chance(0.4) ? ` USING ${this.#from(1)}` : "";
    return `DELETE FROM ${target}${using} WHERE ${random.pick(STRINGS)} <> ${name}.email${random.chance(0.4) ? ` RETURNING ${name}.id, ${name}."E mail"` : ""}`;
  }

  #target(): [string, string] {
    const random = this.#random;
    const table = random.pick(TABLES.filter((name) => !name.includes(".")));
    const shown = random.pick([table, `ONLY ${table}`, `ONLY (${table})`, `${table} *`, `public.${table}`]);
    if (random.chance(0.5)) return [shown, table];
    const alias = random.pick(["t", '"The Row"', "größt"]);
    return [`${shown}${random.pick([" AS ", " "])}${alias}`, alias];
  }

  #query(depth: number): string {
    const random = this.#random;
    const kind = random.weighted({
      select: 8,
      table: 0.8,
      set: depth > 0 ? 1.5 : 0,
      paren: 0.5,
      with: depth > 0 ? 1 : 0,
      values: 0.2,
    });
    if (kind === "table") return `TABLE ${this.#relation()}`;
    if (kind === "paren") return `(${this.#query(depth)})`;
    if (kind === "values") return `VALUES (${random.pick(STRINGS)})`;
    if (kind === "set")
      return `(${this.#query(depth - 1)}) ${random.pick(["UNION", "UNION ALL", "INTERSECT", "EXCEPT"])} (${this.#query(depth - 1)})`;
    if (kind === "with") {
      const name = random.pick(["w", "customers", "orders"]);
      return `WITH ${name} AS ${random.pick(["", "MATERIALIZED "])}(${this.#query(depth - 1)}) SELECT ${random.pick(STRINGS)} FROM ${this.#from(depth - 1)}, ${name} AS w9`;
    }
    const from = this.#from(depth);
    const where = random.chance(0.4) ? ` WHERE ${random.pick(STRINGS)} = ${this.#scalar(depth)}` : "";
    const tail = random.pick(["", "", " ORDER BY 1", " LIMIT 3", " FOR UPDATE", " GROUP BY 1"]);
    return `SELECT ${this.#targets(depth)} FROM ${from}${where}${tail}`;
  }

  #targets(depth: number): string {
    const random = this.#random;
    const list = Array.from({ length: 1 + random.below(3) }, () =>
      random.pick([random.pick(STRINGS), "*", random.pick(COLUMNS), this.#qualified(), this.#scalar(depth)]),
    );
    return list.join(", ");
  }

  #scalar(depth: number): string {
    const random = this.#random;
    if (depth <= 0 || random.chance(0.6)) return random.pick(COLUMNS);
    return random.pick([
      `(${this.#query(0)})`,
      `EXISTS (${this.#query(0)})`,
      `ARRAY(${this.#query(0)})`,
      `(id IN (${this.#query(0)}))`,
    ]);
  }

  #from(depth: number): string {
    const random = this.#random;
    return Array.from({ length: 1 + random.below(2) }, () => this.#item(depth)).join(
      random.pick([",", ", "]),
    );
  }

  #item(depth: number): string {
    const random = this.#random;
    const kind = random.weighted({
      table: 6,
      join: depth > 0 ? 4 : 0,
      query: depth > 0 ? 1 : 0,
      sample: 0.7,
      function: 0.3,
    });
    if (kind === "table") return this.#relation() + this.#alias();
    if (kind === "sample") {
      const method = random.pick(["SYSTEM (10)", "bernoulli ( 1 + (2) )", "pg_catalog.system(3)"]);
      return `${this.#relation()}${this.#alias()} TABLESAMPLE ${method}${random.pick(["", " REPEATABLE (7)", " REPEATABLE ( (1) )"])}`;
    }
    if (kind === "function") return `generate_series(1, 2)${this.#as()}`;
    if (kind === "query") return `${random.pick(["", "LATERAL "])}(${this.#query(depth - 1)})${this.#as()}`;
    const join = this.#join(depth);
    if (random.chance(0.4)) return join;
    return random.pick([
      `(${join})`,
      `((${join}))`,
      `(${join})${this.#as()}`,
      `((${join}) CROSS JOIN ${this.#relation()}${this.#alias()})`,
    ]);
  }

  #join(depth: number): string {
    const random = this.#random;
    const kind = random.pick([
      "JOIN",
      "LEFT JOIN",
      "FULL OUTER JOIN",
      "INNER JOIN",
      "NATURAL JOIN",
      "CROSS JOIN",
      "NATURAL LEFT JOIN",
    ]);
    const [left, right] = [this.#item(depth - 1), this.#item(depth - 1)];
    const on = /^(?:NATURAL|CROSS)/.test(kind)
      ? ""
      : random.pick([
          ` ON true`,
          ` ON (${random.pick(STRINGS)} = email)`,
          ` USING (id)`,
          ` USING (id, email) AS j${this.#aliases++}`,
        ]);
    return `${left} ${kind} ${right}${on}`;
  }

  #relation(): string {
    const random = this.#random;
    const table = random.pick(TABLES);
    return random
      .weighted({ "": 6, only: 1, parens: 1, star: 1 })
      .replace(/^$/, table)
      .replace(/^only$/, () => `ONLY ${table}`)
      .replace(/^parens$/, () => `ONLY (${table})`)
      .replace(/^star$/, () => `${table} *`);
  }

  #alias(): string {
    return this.#random.chance(0.2) ? "" : this.#as();
  }

  #as(): string {
    const random = this.#random;
    const name = this.#aliases++ < ALIASES.length ? ALIASES[this.#aliases - 1]! : `z${this.#aliases}`;
    const list = random.chance(0.25) ? random.pick(["(id)", " (id, email)", '("E mail")']) : "";
    this.#named.push(name);
    return `${random.pick([" AS ", " ", "\nas\t"])}${name}${list}`;
  }

  /** A column of what was named last, which mostly is in scope. */
  #qualified(): string {
    const alias = this.#named.at(-1 - this.#random.below(2));
    return `${alias === undefined ? "" : `${alias}.`}${this.#random.pick(COLUMNS)}`;
  }
}
