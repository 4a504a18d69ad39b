import { AGGREGATES, EXPRESSIONS, LITERALS, SETS, TABLE_FUNCTIONS, WINDOWS } from "./expressions.ts";
import { Chooser } from "./random.ts";
import { type Column, TABLES, type Table, type Type } from "./schema.ts";

/** A statement, and what must be known to compare its results. */
export interface Made {
  sql: string;
  /** In their text form, as `$1` and so on; null is NULL. */
  parameters: (string | null)[];
  /** Its rows come in one order only. */
  ordered: boolean;
}

/** What a query gives. */
export interface Query {
  sql: string;
  columns: Column[];
  ordered: boolean;
}

/** A reference that is valid where the writer stands. */
interface Reference {
  sql: string;
  type: Type;
  cast: boolean;
  /** The item whose column it is; null for a name alone and for what isn't a column. */
  item: string | null;
}

/** What follows FROM at one level, or, of groups, what stands for it. */
export interface Scope {
  references: Reference[];
  /** Aliases whose whole row can be had. */
  rows: string[];
  /** All aliases. */
  aliases: string[];
}

interface Item {
  alias: string | null;
  columns: Column[];
  /** Its columns have names of the query's: a whole row of a table has its own in JSON, a masked one these. */
  renamed?: true;
}

interface From {
  sql: string;
  items: Item[];
  /** What `*` gives, and names alone mean. */
  visible: Column[];
  /** It can stand in parentheses. */
  joined?: true;
}

interface With {
  name: string;
  columns: Column[];
}

export const TYPES: Type[] = ["int", "num", "text", "bool", "date", "stamp", "json", "texts"];
const OFTEN: Type[] = [...TYPES, "text", "text", "text", "int", "int"];
const GROUPABLE: Type[] = ["text", "int", "date", "bool", "num"];
/** Few, so that aliases, WITH queries, columns and tables have the same names all the time. */
const NAMES = [
  "a",
  "b",
  "c",
  "o",
  "customers",
  "orders",
  "email",
  '"E mail"',
  '"Größe"',
  "t",
  "staff",
  '"x y"',
  "codes",
];
const COLUMN_NAMES = [
  "id",
  "email",
  "name",
  "v",
  '"E mail"',
  '"größe"',
  "note",
  "n",
  "country",
  "phone",
  "w",
];
const SLOT =
  /\{(?:(ref|lit|one|many|sorted):)?(int|num|text|bool|date|stamp|json|texts|any|pattern|row|small|pair1?|exists|from|window|total|all)\}/g;

/**
 * Writes queries over the schema that PostgreSQL mostly takes: references are to what is in scope, of the type that
 * is asked for. Whatever order rows come in, the results are the same.
 */
export class QueryWriter {
  readonly random: Chooser;
  protected scopes: Scope[] = [];
  protected parameters: (string | null)[] = [];
  #withs: With[] = [];
  /** Parts of expressions that are left. */
  #budget = 0;
  /** Literals become parameters so often. */
  #parameterShare = 0;

  constructor(seed: number) {
    this.random = new Chooser(seed);
  }

  /** A whole statement that reads. */
  read(): Made {
    this.begin();
    const { sql, ordered } = this.query(3, null, this.random.chance(0.5));
    // Rows of a view with UNION can be locked, those of its query can't.
    const unlockable = /\b(UNION|INTERSECT|EXCEPT|GROUP BY|VALUES|TABLE|everybody)\b/i;
    const locking = !ordered && this.random.chance(0.04) && !unlockable.test(sql);
    const lock = locking ? ` FOR ${this.random.pick(["UPDATE", "SHARE", "NO KEY UPDATE", "KEY SHARE"])}` : "";
    return this.finished(sql + lock, ordered);
  }

  /** Parameters of parts that were not taken are left out. */
  protected finished(sql: string, ordered: boolean): Made {
    const parameters: (string | null)[] = [];
    const text = sql.replace(/\$(\d+)::/g, (_, n: string) => {
      parameters.push(this.parameters[Number(n) - 1] ?? null);
      return `$${parameters.length}::`;
    });
    return { sql: text, parameters, ordered };
  }

  protected begin(): void {
    this.scopes = [];
    this.#withs = [];
    this.parameters = [];
    this.#budget = 40;
    this.#parameterShare = this.random.chance(0.25) ? 0.4 : 0;
  }

  /** `types`: those of its columns, or any. `total`: ordered by all of them. */
  query(depth: number, types: Type[] | null, total: boolean, rows?: "one"): Query {
    const { random } = this;
    const withs = this.#withs;
    const prefix = depth > 1 && random.chance(0.22) ? this.#with(depth) : "";
    const body = this.#body(depth, types);
    this.#withs = withs;
    let { sql } = body;
    const sortable = total || rows === "one";
    if (sortable) {
      const positions = random.shuffled(body.columns.map((_, n) => n + 1));
      const order = positions.map(
        (n) => `${n}${random.pick(["", "", " DESC", " ASC NULLS FIRST", " NULLS LAST", " DESC NULLS LAST"])}`,
      );
      sql += ` ORDER BY ${order.join(", ")}`;
      if (rows === "one")
        sql += random.pick([" LIMIT 1", " FETCH FIRST ROW ONLY", " FETCH FIRST 1 ROWS ONLY"]);
      else if (random.chance(0.3)) sql += this.#limit();
    }
    return { sql: prefix + sql, columns: body.columns, ordered: sortable };
  }

  #limit(): string {
    const { random } = this;
    return random.pick([
      ` LIMIT ${1 + random.below(9)}`,
      ` LIMIT ${1 + random.below(9)} OFFSET ${random.below(3)}`,
      " LIMIT ALL",
      ` OFFSET ${random.below(4)} ROWS FETCH NEXT 5 ROWS ONLY`,
      " LIMIT (SELECT count(*) FROM codes WHERE label < 'H')",
      " LIMIT (SELECT length(min(email)) FROM customers) OFFSET length('ab')",
      " LIMIT greatest(1, 3 + 1)",
    ]);
  }

  #with(depth: number): string {
    const { random } = this;
    const clauses: string[] = [];
    let recursive = random.chance(0.3);
    const names = random.shuffled(NAMES).slice(0, 1 + random.below(2));
    for (const name of names) {
      if (recursive && random.chance(0.6)) {
        const { sql, columns } = this.#recursion(name);
        clauses.push(sql);
        this.#withs = [...this.#withs, { name, columns }];
        continue;
      }
      const made = this.#apart(() => this.query(depth - 1, null, random.chance(0.2)));
      const renamed = random.chance(0.4) ? distinctNames(random, 1 + random.below(made.columns.length)) : [];
      const columns = rename(made.columns, renamed);
      const list = renamed.length > 0 ? ` (${renamed.join(", ")})` : "";
      clauses.push(
        `${name}${list} AS ${random.pick(["", "", "MATERIALIZED ", "NOT MATERIALIZED "])}(${made.sql})`,
      );
      this.#withs = [...this.#withs, { name, columns }];
    }
    recursive ||= random.chance(0.1);
    return `WITH ${recursive ? "RECURSIVE " : ""}${clauses.join(", ")} `;
  }

  #recursion(name: string): { sql: string; columns: Column[] } {
    const { random } = this;
    const seed = this.#apart(() => this.query(1, ["text"], false)).sql;
    const all = random.chance(0.5) ? " ALL" : "";
    const step = random.pick([
      `SELECT n + 1, v || 'x' FROM ${name} WHERE n < 3`,
      `SELECT r.n + 1, upper(r.v) FROM ${name} AS r WHERE r.n < 2`,
      `SELECT r.n + 1, coalesce(k.email, r.v)::text FROM ${name} r JOIN shop.customers k ON k.id = r.n WHERE r.n < 3`,
      `SELECT r.n + 1, s.name FROM ${name} r, shop.staff s WHERE s.id = r.n + 6 AND r.n < 3`,
    ]);
    const columns: Column[] = [
      { name: "n", type: "int" },
      { name: "v", type: "text" },
    ];
    const [more, added] = random.pick<[string, Column[]]>([
      ["", []],
      ["", []],
      [" SEARCH DEPTH FIRST BY v SET ord", []],
      [" CYCLE n, v SET looped USING path", [{ name: "looped", type: "bool" }]],
    ]);
    return {
      sql: `${name} (n, v) AS (SELECT 1, q.e::text FROM (${seed}) AS q(e) UNION${all} ${step})${more}`,
      columns: [...columns, ...added],
    };
  }

  #body(depth: number, types: Type[] | null): Query {
    const { random } = this;
    const choice = random.weighted({
      select: 12,
      set: depth > 1 ? 2 : 0,
      values: 0.15,
      table: types === null ? 0.5 : 0,
      nested: 0.3,
    });
    if (choice === "set") return this.#setOperation(depth, types ?? this.#someTypes());
    if (choice === "values") return this.#values(types ?? this.#someTypes());
    if (choice === "table") {
      const { name, columns } = random.pick<With>([...this.#withs, ...this.#withs, ...TABLES]);
      // A type that only a cast makes comparable stays as it is here.
      return { sql: `TABLE ${name}`, columns, ordered: false };
    }
    if (choice === "nested") {
      const inner = this.#body(depth, types);
      return { ...inner, sql: `(${inner.sql})` };
    }
    return this.#select(depth, types);
  }

  #someTypes(): Type[] {
    return Array.from({ length: 1 + this.random.below(3) }, () => this.random.pick(OFTEN));
  }

  #values(types: Type[]): Query {
    const row = () => `(${types.map((type) => this.#cast(this.expression(type, 1), type)).join(", ")})`;
    const rows = Array.from({ length: 1 + this.random.below(3) }, row);
    const columns = types.map((type, n) => ({ name: `column${n + 1}`, type }));
    return { sql: `VALUES ${rows.join(", ")}`, columns, ordered: false };
  }

  #cast(sql: string, type: Type): string {
    return `(${sql})::${SQL_TYPES[type]}`;
  }

  #setOperation(depth: number, types: Type[]): Query {
    const { random } = this;
    const left = this.#body(depth - 1, types);
    const right = this.#body(depth - 1, types);
    const operator = random.pick([
      "UNION",
      "UNION ALL",
      "INTERSECT",
      "EXCEPT",
      "EXCEPT ALL",
      "INTERSECT ALL",
    ]);
    return { sql: `(${left.sql}) ${operator} (${right.sql})`, columns: left.columns, ordered: false };
  }

  #select(depth: number, types: Type[] | null): Query {
    const { random } = this;
    if (random.chance(0.04)) return this.#targets("", depth, types ?? this.#someTypes(), "");
    const from = this.#apart(() => this.#from(depth), true);
    const scope = scopeOf(from);
    this.scopes.push(scope);
    const where = random.chance(0.45) ? ` WHERE ${this.expression("bool", depth)}` : "";
    const grouped = random.chance(0.2);
    let made: Query;
    if (grouped) made = this.#grouped(types, scope, ` FROM ${from.sql}${where}`);
    else if (types === null && random.chance(0.25)) made = this.#star(from, where);
    else made = this.#targets(` FROM ${from.sql}${where}`, depth, types ?? this.#someTypes(), from.sql);
    this.scopes.pop();
    return made;
  }

  #star(from: From, where: string): Query {
    const { random } = this;
    const named = from.items.filter(({ alias }) => alias !== null);
    if (random.chance(0.4) && named.length > 0) {
      const { alias, columns } = random.pick(named);
      const more = random.chance(0.4) ? this.expression("text", 1) : null;
      const extra: Column[] = more === null ? [] : [{ name: "extra", type: "text" }];
      const sql = `SELECT ${alias}.*${more === null ? "" : `, ${more} AS extra`} FROM ${from.sql}${where}`;
      return { sql, columns: [...columns, ...extra], ordered: false };
    }
    return { sql: `SELECT * FROM ${from.sql}${where}`, columns: from.visible, ordered: false };
  }

  /** A select list of these types. */
  #targets(rest: string, depth: number, types: Type[], from: string): Query {
    const { random } = this;
    const distinct = from !== "" && random.chance(0.12);
    const windows = from !== "" && !distinct && random.chance(0.15);
    const sets = !distinct && !windows && random.chance(0.06);
    const on = distinct && random.chance(0.4) ? this.#column(random.pick(["text", "int"])) : null;
    const columns: Column[] = [];
    const list = types.map((type, n) => {
      let sql = this.expression(type, depth);
      if (windows && type in WINDOWS && random.chance(0.7)) {
        sql = this.#filled(random.pick(WINDOWS[type as keyof typeof WINDOWS]), depth);
      } else if (sets && n === 0 && SETS[type] !== undefined) sql = this.#filled(random.pick(SETS[type]), 1);
      return this.#named(sql, type, columns);
    });
    if (on !== null) {
      const order = [on, ...this.#everything()];
      const sql = `SELECT DISTINCT ON (${on}) ${list.join(", ")}${rest} ORDER BY ${order.join(", ")}`;
      return { sql: `SELECT * FROM (${sql}) AS d`, columns, ordered: false };
    }
    return { sql: `SELECT ${distinct ? "DISTINCT " : ""}${list.join(", ")}${rest}`, columns, ordered: false };
  }

  /** The expression as a target, with a name that is known. */
  #named(sql: string, type: Type, columns: Column[]): string {
    const { random } = this;
    const bare = /^(?:\w+|"[^".]+")\.(\w+|"[^".]+")$/.exec(sql)?.[1];
    if (bare !== undefined && random.chance(0.7)) {
      columns.push({ name: bare, type });
      return sql;
    }
    const name =
      columns.length === 0 || random.chance(0.5) ? random.pick(COLUMN_NAMES) : `x${columns.length}`;
    columns.push({ name, type });
    return `${sql} AS ${name}`;
  }

  #grouped(types: Type[] | null, scope: Scope, rest: string): Query {
    const { random } = this;
    const keys: Reference[] = [];
    for (let count = random.below(3); count > 0; count--) {
      const type = random.pick(GROUPABLE);
      const sql = random.chance(0.7)
        ? this.#column(type)
        : this.#own(() => this.expression(type, 2, "plain"));
      // A constant would be a column's position.
      if (
        sql === null ||
        !/^\(*(?!date\b|true\b|false\b|E'|timestamptz\b|NULL)[\p{L}"]/u.test(sql) ||
        sql.includes("$")
      )
        continue;
      keys.push({ sql, type, cast: false, item: null });
    }
    const inner: Scope = { references: [...keys], rows: [], aliases: scope.aliases };
    const targetTypes = types ?? this.#someTypes();
    for (const type of new Set([...targetTypes, ...targetTypes])) {
      if (!(type in AGGREGATES)) continue;
      const sql = this.#own(() => this.#filled(random.pick(AGGREGATES[type as keyof typeof AGGREGATES]), 1));
      inner.references.push({ sql, type, cast: false, item: null });
    }
    // Inside, only groups can be referred to.
    this.scopes.pop();
    this.scopes.push(inner);
    const columns: Column[] = [];
    const list = targetTypes.map((type) =>
      this.#named(this.expression(type, random.below(2), "plain"), type, columns),
    );
    if (types === null && keys.length > 0 && random.chance(0.6)) {
      const key = random.pick(keys);
      list.push(this.#named(key.sql, key.type, columns));
    }
    const having = random.chance(0.25) ? ` HAVING ${this.expression("bool", 1, "plain")}` : "";
    this.scopes.pop();
    this.scopes.push(scope);
    return {
      sql: `SELECT ${list.join(", ")}${rest}${this.#groupBy(keys.map(({ sql }) => sql))}${having}`,
      columns,
      ordered: false,
    };
  }

  #groupBy(keys: string[]): string {
    if (keys.length === 0) return this.random.chance(0.2) ? " GROUP BY ()" : "";
    const list = keys.join(", ");
    return this.random.pick([
      ` GROUP BY ${list}`,
      ` GROUP BY ${list}`,
      ` GROUP BY DISTINCT ${list}`,
      ` GROUP BY ROLLUP (${list})`,
      ` GROUP BY CUBE (${list})`,
      ` GROUP BY GROUPING SETS ((${list}), (${keys[0]}), ())`,
    ]);
  }

  /** All that is in scope, so that rows that are alike in it are alike. */
  #everything(): string[] {
    const scope = this.scopes.at(-1)!;
    return [...new Set(scope.references.filter(({ item }) => item !== null).map(({ sql }) => sql))];
  }

  /** Has its parts written where what is in scope here is not. `lateral`: as at this level, with outer ones. */
  #apart<T>(work: () => T, outer = false): T {
    const { scopes } = this;
    this.scopes = outer ? [...scopes] : [];
    const done = work();
    this.scopes = scopes;
    return done;
  }

  #inside<T>(scopes: Scope[], work: () => T): T {
    this.scopes.push(...scopes);
    const done = work();
    this.scopes.splice(this.scopes.length - scopes.length);
    return done;
  }

  #from(depth: number): From {
    const { random } = this;
    const used = new Set<string>();
    let from = this.#joined(depth, used);
    while (random.chance(0.2)) {
      const next = this.#joined(Math.max(0, depth - 1), used, [scopeOf(from)]);
      from = {
        sql: `${from.sql}, ${next.sql}`,
        items: [...from.items, ...next.items],
        visible: [...from.visible, ...next.visible],
      };
    }
    return from;
  }

  /** `lateral`: what stands before it and LATERAL items see. */
  #joined(depth: number, used: Set<string>, lateral: Scope[] = []): From {
    const { random } = this;
    let left = this.#item(depth, used, lateral);
    for (let joins = 0; joins < 2 && random.chance(0.3); joins++)
      left = this.#join(left, depth, used, lateral);
    return left;
  }

  #join(left: From, depth: number, used: Set<string>, lateral: Scope[]): From {
    const { random } = this;
    const kind = random.pick([
      "JOIN",
      "INNER JOIN",
      "LEFT JOIN",
      "RIGHT OUTER JOIN",
      "FULL JOIN",
      "LEFT JOIN",
      "CROSS JOIN",
    ]);
    const canSee = kind === "JOIN" || kind === "LEFT JOIN" || kind === "CROSS JOIN";
    const right =
      depth > 1 && random.chance(0.15)
        ? parenthesised(this.#joined(depth - 1, used))
        : this.#item(depth - 1, used, canSee ? [...lateral, scopeOf(left)] : []);
    const items = [...left.items, ...right.items];
    if (kind === "CROSS JOIN") {
      return {
        sql: `${left.sql} CROSS JOIN ${right.sql}`,
        items,
        visible: [...left.visible, ...right.visible],
        joined: true,
      };
    }
    const common = commonColumns(left.visible, right.visible);
    if (common !== null && common.length > 0 && random.chance(0.5)) {
      const natural = random.chance(0.3);
      const named = natural ? common : random.shuffled(common).slice(0, 1 + random.below(2));
      const merged = named.map((name) => left.visible.find((column) => column.name === name)!);
      const rest = (columns: Column[]) => columns.filter(({ name }) => !named.includes(name));
      const visible = [...merged, ...rest(left.visible), ...rest(right.visible)];
      if (natural) return { sql: `${left.sql} NATURAL ${kind} ${right.sql}`, items, visible, joined: true };
      const alias = random.chance(0.15) ? freeName(random, used) : null;
      return {
        sql: `${left.sql} ${kind} ${right.sql} USING (${named.join(", ")})${alias === null ? "" : ` AS ${alias}`}`,
        items: alias === null ? items : [...items, { alias, columns: merged }],
        visible,
        joined: true,
      };
    }
    const both: From = { sql: "", items, visible: [...left.visible, ...right.visible] };
    this.scopes.push(scopeOf(both));
    const condition =
      kind === "FULL JOIN" ? this.#equality(left, right) : this.#condition(left, right, depth);
    this.scopes.pop();
    const sql = `${left.sql} ${kind} ${right.sql} ON ${condition}`;
    if (random.chance(0.08)) return this.#aliasedJoin(`(${sql})`, both, used);
    return { ...both, sql, joined: true };
  }

  #aliasedJoin(sql: string, both: From, used: Set<string>): From {
    const alias = freeName(this.random, used);
    const renamed = distinctNames(this.random, this.random.below(Math.min(11, both.visible.length) + 1));
    const columns = rename(both.visible, renamed);
    const list = renamed.length > 0 ? ` (${renamed.join(", ")})` : "";
    return { sql: `${sql} AS ${alias}${list}`, items: [{ alias, columns }], visible: columns };
  }

  #equality(left: From, right: From): string {
    for (const type of this.random.shuffled(GROUPABLE)) {
      const one = this.#columnOf(left, type);
      const other = this.#columnOf(right, type);
      if (one !== null && other !== null) return `${one} = ${other}`;
    }
    return "true";
  }

  #condition(left: From, right: From, depth: number): string {
    const equal = this.#equality(left, right);
    const more = this.random.weighted({ none: 2, also: 1, only: 0.6 });
    if (more === "none") return equal;
    return more === "also"
      ? `${equal} AND ${this.expression("bool", 1)}`
      : this.expression("bool", depth - 1);
  }

  #columnOf(from: From, type: Type): string | null {
    const found = scopeOf(from).references.filter(
      (one) => one.type === type && one.item !== null && !one.cast,
    );
    return found.length === 0 ? null : this.random.pick(found).sql;
  }

  #item(depth: number, used: Set<string>, lateral: Scope[]): From {
    const { random } = this;
    const choice = random.weighted({
      table: 10,
      with: this.#withs.length > 0 ? 6 : 0,
      query: depth > 0 ? 3 : 0,
      lateral: depth > 0 && lateral.length > 0 ? 4 : 0,
      function: lateral.length > 0 ? 1.5 : 0.2,
      values: 0.3,
    });
    if (choice === "table") return this.#table(random.pick(TABLES), used);
    if (choice === "with") {
      const { name, columns } = random.pick(this.#withs);
      return this.#aliased(name, name, columns, used);
    }
    if (choice === "function") return this.#inside(lateral, () => this.#function(used));
    if (choice === "values") {
      const made = this.#apart(() => this.#values(["int", "text"]));
      return this.#aliased(`(${made.sql})`, null, made.columns, used);
    }
    const write = () => this.query(depth - 1, null, random.chance(0.3));
    const made = choice === "lateral" ? this.#inside(lateral, write) : this.#apart(write, true);
    return this.#aliased(`${choice === "lateral" ? "LATERAL " : ""}(${made.sql})`, null, made.columns, used);
  }

  #table(table: Table, used: Set<string>): From {
    const { random } = this;
    // A WITH query of the same name stands before it.
    const hidden = this.#withs.some(({ name }) => name === table.name);
    const qualified = hidden || random.chance(0.15) ? `shop.${table.name}` : table.name;
    const name =
      table.family && random.chance(0.4)
        ? random.pick([`ONLY ${qualified}`, `ONLY (${qualified})`, `${qualified} *`])
        : qualified;
    const from = this.#aliased(name, table.name, table.columns, used);
    if (table.view || !random.chance(0.02)) return from;
    return {
      ...from,
      sql: `${from.sql} TABLESAMPLE ${random.pick(["BERNOULLI (100)", "SYSTEM (100) REPEATABLE (3)"])}`,
    };
  }

  #function(used: Set<string>): From {
    const { random } = this;
    const [template, type] = random.pick(TABLE_FUNCTIONS);
    const call = this.#filled(template, 1);
    const alias = freeName(random, used);
    const ordinal = random.chance(0.3);
    const columns: Column[] = [
      { name: "v", type },
      ...(ordinal ? [{ name: "n", type: "int" } as Column] : []),
    ];
    const sql = random.chance(0.2) ? `ROWS FROM (${call})` : call;
    const rest = `${ordinal ? " WITH ORDINALITY" : ""} AS ${alias} (${columns.map(({ name }) => name).join(", ")})`;
    return { sql: sql + rest, items: [{ alias, columns }], visible: columns };
  }

  #aliased(sql: string, own: string | null, columns: Column[], used: Set<string>): From {
    const { random } = this;
    const bare = own !== null && !used.has(own) && random.chance(0.4);
    const alias = bare ? own : freeName(random, used);
    used.add(alias);
    const renamed =
      !bare && random.chance(0.15) ? distinctNames(random, 1 + random.below(columns.length)) : [];
    const visible = rename(columns, renamed);
    const list = renamed.length > 0 ? ` (${renamed.join(", ")})` : "";
    const text = bare ? sql : `${sql} ${random.chance(0.5) ? "AS " : ""}${alias}${list}`;
    const item: Item = { alias, columns: visible, ...(renamed.length > 0 && { renamed: true }) };
    return { sql: text, items: [item], visible };
  }

  /** `plain`: nothing but references of this scope, literals and functions. */
  expression(type: Type, depth: number, plain?: "plain"): string {
    const { random } = this;
    this.#budget--;
    if (this.#budget < 0 || depth <= 0 || random.chance(0.35)) return this.#reference(type);
    const templates = EXPRESSIONS[type].filter(
      (template) =>
        (plain === undefined || !/\{(one|many|sorted|pair1?|exists|from|row|ref)\b/.test(template)) &&
        (this.hasRow() || !template.includes("{row}")),
    );
    return this.#filled(random.pick(templates), depth - 1);
  }

  protected hasRow(): boolean {
    return (this.scopes.at(-1)?.rows.length ?? 0) > 0;
  }

  #filled(template: string, depth: number): string {
    const { random } = this;
    const any = () => random.pick(OFTEN);
    return template.replace(SLOT, (_, how: string | undefined, what: string): string => {
      const type = what === "any" ? any() : (what as Type);
      if (how === "lit") return this.literal(what as Type | "pattern");
      if (how === "ref") return this.#reference(type);
      if (how === "one") return this.query(Math.min(depth, 1), [type], false, "one").sql;
      if (how === "many") return this.query(Math.min(depth, 1), [type], random.chance(0.2)).sql;
      if (how === "sorted") return this.query(Math.min(depth, 1), [type], true).sql;
      if (what === "small") return String(1 + random.below(4));
      if (what === "row")
        return random.pick(this.scopes.at(-1)?.rows.length ? this.scopes.at(-1)!.rows : ["ROW(1)"]);
      if (what === "pair") return this.query(Math.min(depth, 1), ["int", "text"], false).sql;
      if (what === "pair1") return this.query(Math.min(depth, 1), ["int", "text"], false, "one").sql;
      if (what === "exists") return this.query(Math.min(depth, 1), null, false).sql;
      if (what === "from") return this.#apart(() => this.#from(1)).sql;
      if (what === "window") return `(ORDER BY ${this.#column(random.pick(["text", "int"])) ?? "1 + 1"})`;
      if (what === "all") return this.#everything().join(", ") || "1";
      if (what === "total") return `(ORDER BY ${this.#everything().join(", ") || "1"})`;
      const sql = this.expression(type, depth);
      // A literal's type is unknown where any will do.
      return what === "any" && /^(?:E?'[^:]*'|\$\$.*\$\$)$/.test(sql) ? `${sql}::text` : sql;
    });
  }

  /** Without references to outer queries: an aggregate of such would be theirs. */
  #own<T>(work: () => T): T {
    const { scopes } = this;
    this.scopes = scopes.slice(-1);
    const done = work();
    this.scopes = scopes;
    return done;
  }

  /** A column of this query's own FROM. */
  #column(type: Type): string | null {
    const found =
      this.scopes.at(-1)?.references.filter((one) => one.type === type && one.item !== null) ?? [];
    if (found.length === 0) return null;
    const { sql, cast } = this.random.pick(found);
    return cast ? `${sql}::text` : sql;
  }

  literal(type: Type | "pattern"): string {
    const { random } = this;
    const literal = random.pick(LITERALS[type]);
    const value = /^'([^']*)'$|^(-?\d+)$/.exec(literal);
    if (value === null || this.parameters.length > 8 || !random.chance(this.#parameterShare)) return literal;
    this.parameters.push(value[1] ?? value[2] ?? null);
    return `$${this.parameters.length}::${type === "int" ? "int" : "text"}`;
  }

  #reference(type: Type): string {
    const { random } = this;
    const own: Reference[] = [];
    const outer: Reference[] = [];
    const shadows = new Set<string>();
    for (let level = this.scopes.length - 1; level >= 0; level--) {
      const { references, aliases } = this.scopes[level]!;
      const innermost = level === this.scopes.length - 1;
      for (const one of references) {
        if (one.type !== type) continue;
        if (innermost) own.push(one);
        else if (one.item !== null && !shadows.has(one.item)) outer.push(one);
      }
      for (const alias of aliases) shadows.add(alias);
    }
    const from = outer.length > 0 && random.chance(own.length > 0 ? 0.2 : 0.8) ? outer : own;
    if (random.chance(0.05)) return this.literal(type);
    if (from.length === 0) {
      const all = this.scopes.at(-1)?.references ?? [];
      const convert = CONVERTED[type];
      if (all.length === 0 || convert === null || random.chance(0.2)) return this.literal(type);
      return convert(random.pick(all).sql);
    }
    const { sql, cast } = random.pick(from);
    return cast ? `${sql}::text` : sql;
  }
}

/** Made of a column of any type where none of this one is in scope; null: not. */
const CONVERTED: Record<Type, ((sql: string) => string) | null> = {
  text: (sql) => `(${sql})::text`,
  int: (sql) => `length((${sql})::text)`,
  num: (sql) => `(octet_length((${sql})::text))::numeric`,
  bool: (sql) => `(${sql} IS NULL)`,
  date: null,
  stamp: null,
  json: (sql) => `to_jsonb(${sql})`,
  texts: (sql) => `ARRAY[(${sql})::text]`,
};

export const SQL_TYPES: Record<Type, string> = {
  int: "int",
  num: "numeric",
  text: "text",
  bool: "bool",
  date: "date",
  stamp: "timestamptz",
  json: "jsonb",
  texts: "text[]",
};

export function scopeOf({ items, visible }: Pick<From, "items" | "visible">): Scope {
  const references: Reference[] = [];
  const rows: string[] = [];
  const aliases: string[] = [];
  const names = new Map<string, number>();
  for (const { name } of visible) names.set(name, (names.get(name) ?? 0) + 1);
  for (const { alias, columns, renamed } of items) {
    if (alias === null) continue;
    aliases.push(alias);
    const doubled = (name: string) => columns.filter((column) => column.name === name).length > 1;
    for (const { name, type, cast } of columns) {
      if (doubled(name)) continue;
      references.push({ sql: `${alias}.${name}`, type, cast: cast === true, item: alias });
    }
    // A column of that name would be meant instead.
    if (!names.has(alias) && !renamed) rows.push(alias);
  }
  for (const { name, type, cast } of visible) {
    if (names.get(name) === 1) references.push({ sql: name, type, cast: cast === true, item: null });
  }
  return { references, rows, aliases };
}

function parenthesised(from: From): From {
  return from.joined ? { ...from, sql: `(${from.sql})` } : from;
}

/** Names that both have, once each, or null where a natural join would not be taken. */
function commonColumns(left: Column[], right: Column[]): string[] | null {
  const names = new Set(
    left.map(({ name }) => name).filter((name) => right.some((column) => column.name === name)),
  );
  for (const name of names) {
    const [one, another] = [left, right].map((columns) => columns.filter((column) => column.name === name));
    if (one!.length > 1 || another!.length > 1 || one![0]!.type !== another![0]!.type) return null;
    if (one![0]!.cast || another![0]!.cast) return null;
  }
  return [...names];
}

function rename(columns: Column[], names: string[]): Column[] {
  return columns.map((column, n) => ({ ...column, name: names[n] ?? column.name }));
}

function distinctNames(random: Chooser, count: number): string[] {
  return random.shuffled(COLUMN_NAMES).slice(0, count);
}

function freeName(random: Chooser, used: Set<string>): string {
  for (const name of random.shuffled(NAMES)) {
    if (used.has(name)) continue;
    used.add(name);
    return name;
  }
  const name = `z${used.size}`;
  used.add(name);
  return name;
}
