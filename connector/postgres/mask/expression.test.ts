import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import type { ColumnDetail } from "../../../protocol/sql/catalog.ts";
import { loadParser, parseSql } from "../../../protocol/sql/parser.ts";
import { type PostgresServer, startPostgres } from "../../../test/postgres-server.ts";
import type { Mask } from "../../mask/labels.ts";
import { literal } from "../catalog/queries.ts";
import type { SqlSource } from "../catalog/source.ts";
import { relation, sourceOf } from "../catalog/testing.ts";
import { isPlaceholder, maskExpression, maskPaths, SHOWN_KEYS, Unmaskable } from "./expression.ts";

const KEYS = { session: "ab".repeat(32), target: "cd".repeat(32) };
const NULL: Mask = { kind: "null" };
const HASH: Mask = { kind: "hash", scope: "session" };
const hidden = (value: string): Mask => ({ kind: "constant", value });
const partial = (as: "email" | "phone" | "card" | "last4" | "text"): Mask => ({ kind: "partial", as });
const step = (of: number): Mask => ({ kind: "range", step: of });
const unit = (of: "month" | "year" | "decade"): Mask => ({ kind: "range", unit: of });

const PARTIALS = (["email", "phone", "card", "last4", "text"] as const).map(partial);
const TEXT_MASKS = [...PARTIALS, HASH, hidden("hidden")];
const DATE_MASKS = [unit("month"), unit("year"), unit("decade")];

const TEXTS = [
  ...[
    "",
    " ",
    "a",
    "ab",
    "abc",
    "abcd",
    "@",
    "@@",
    "a@",
    "@b.com",
    "a@b",
    "a@b.",
    "x@y.secretlabel",
    "***",
    "NULL",
  ],
  ...[
    "back\\slash",
    "\\x41",
    "\\",
    "\\u0041",
    "é€😀漢字",
    "\t\n\r",
    "%_",
    "$$",
    "{}",
    '"',
    "'; DROP TABLE x; --",
  ],
  ...[
    "jane.doe@example.com",
    "O'Brien",
    "4111 1111 1111 1111",
    "+49 (0)30 1234567",
    "555-1234",
    "٣٤٥٦٧٨٩٠١٢",
  ],
  "n".repeat(10_000),
];
const INTEGERS = ["0", "1", "-1", "999", "1000", "-1000", "-1001", "32767", "-32768"];
const FLOATS = [
  ...INTEGERS,
  "NaN",
  "Infinity",
  "-Infinity",
  "0.1",
  "-0.1",
  "1e-37",
  "-0",
  "3.4e38",
  "-3.4e38",
];
const NUMBERS = [...INTEGERS, "NaN", "0.001", "-0.001", "123456789.123456789"];
const DATES = [
  "infinity",
  "-infinity",
  "2024-05-17",
  "1999-12-31",
  "0001-01-01",
  "0001-12-31 BC",
  "4714-11-24 BC",
  "4700-01-01 BC",
];
const JSONS = ["null", "{}", "[]", "1", "1.50", "true", '""', '"x"', '{"a": {"b": "c"}}', '[{"a": 1}]'];

/** What a column of each type holds, and what it can be masked as beside null. */
const COLUMNS: Record<string, { type: string; values: string[]; masks: Mask[] }> = {
  plain: { type: "text", values: TEXTS, masks: TEXT_MASKS },
  one: { type: "varchar(1)", values: TEXTS, masks: TEXT_MASKS },
  three: { type: "varchar(3)", values: TEXTS, masks: TEXT_MASKS },
  six: { type: "varchar(6)", values: TEXTS, masks: TEXT_MASKS },
  forty: { type: "varchar(40)", values: TEXTS, masks: TEXT_MASKS },
  fixed: { type: "char(3)", values: TEXTS, masks: TEXT_MASKS },
  long_fixed: { type: "char(20)", values: TEXTS, masks: TEXT_MASKS },
  no_modifier: { type: "bpchar", values: TEXTS, masks: TEXT_MASKS },
  named: { type: "name", values: TEXTS, masks: TEXT_MASKS },
  collated: { type: 'varchar(40) COLLATE "C"', values: TEXTS, masks: TEXT_MASKS },
  unordered: { type: 'text COLLATE app."Odd c"', values: TEXTS, masks: TEXT_MASKS },
  domain: { type: "app.twice", values: TEXTS, masks: TEXT_MASKS },
  byte: { type: '"char"', values: ["a", ""], masks: [hidden("x")] },
  small: { type: "int2", values: INTEGERS, masks: [HASH, hidden("0"), step(1000), step(100_000)] },
  whole: {
    type: "int4",
    values: [...INTEGERS, "2147483647", "-2147483648"],
    masks: [HASH, step(1000), step(2), step(1e12)],
  },
  big: {
    type: "int8",
    values: [...INTEGERS, "9223372036854775807", "-9223372036854775808", "-9223372036854775000"],
    masks: [HASH, hidden("-1"), step(1000), step(Number.MAX_SAFE_INTEGER)],
  },
  exact: {
    type: "numeric",
    values: [...NUMBERS, "Infinity", "-Infinity", `-${"9".repeat(131_072)}`, `1e-16000`, "9e131071"],
    masks: [HASH, hidden("0"), step(1000), step(0.25), step(1e300)],
  },
  scaled: {
    type: "numeric(10,2)",
    values: ["NaN", "0", "-99999999.99", "99999999.99", "12.34", "-0.01"],
    masks: [HASH, step(1000), step(0.05)],
  },
  tiny: { type: "numeric(2,2)", values: ["0.99", "-0.99", "0"], masks: [HASH, step(0.1), step(1000)] },
  hundreds: { type: "numeric(3,-2)", values: ["99900", "-99900", "100"], masks: [HASH, step(1000)] },
  fractions: { type: "numeric(2,4)", values: ["0.0099", "-0.0099", "0"], masks: [HASH, step(0.001)] },
  single: { type: "float4", values: FLOATS, masks: [hidden("0"), step(1000), step(0.1), step(1e30)] },
  double: {
    type: "float8",
    values: [...FLOATS, "1.7e308", "-1.7e308", "5e-324"],
    masks: [step(1000), step(0.1), step(1e-200), step(1e200)],
  },
  truth: { type: "bool", values: ["t", "f"], masks: [hidden("false")] },
  day: {
    type: "date",
    values: [...DATES, "5874897-12-31", "294276-12-31", "294000-01-01"],
    masks: [...DATE_MASKS, hidden("1970-01-01")],
  },
  moment: { type: "timestamp", values: [...DATES, "294276-12-31 23:59:59.999999"], masks: DATE_MASKS },
  milli: { type: "timestamp(3)", values: DATES, masks: DATE_MASKS },
  zoned: {
    type: "timestamp(0) with time zone",
    values: [...DATES.slice(0, 6), "4714-11-24 00:00:00+00 BC", "2024-05-31 23:30-08"],
    masks: DATE_MASKS,
  },
  clock: { type: "time(3)", values: ["00:00", "24:00"], masks: [hidden("12:00")] },
  span: { type: "interval day to second(3)", values: ["1 day", "-5 months"], masks: [hidden("0")] },
  bits: { type: "bit(8)", values: ["10101010"], masks: [hidden("00000000")] },
  bytes: { type: "bytea", values: ["", "\\x00ff", "abc"], masks: [HASH, hidden("\\x00")] },
  id: {
    type: "uuid",
    values: ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    masks: [HASH],
  },
  address: { type: "inet", values: ["::1"], masks: [hidden("0.0.0.0")] },
  feeling: { type: "app.mood", values: ["sad"], masks: [hidden("happy")] },
  couple: { type: "app.pair", values: ["(1,2)", "(,)"], masks: [hidden("(0,0)")] },
  document: { type: "jsonb", values: JSONS, masks: [HASH, hidden("hidden"), hidden('{"a": 1}')] },
  json: {
    type: "json",
    values: [...JSONS, '"\\u0000"', '{"a":1,"a":2}', "1e999999"],
    masks: [HASH, hidden('hid"den')],
  },
  tags: {
    type: "text[]",
    values: ["{}", "{a,NULL,abcd@x.com}", "{{a,b},{c,d}}", "[3:4]={x,y}"],
    masks: [...TEXT_MASKS, hidden("{x}")],
  },
  short_tags: { type: "varchar(3)[]", values: ["{}", "{a,abc}"], masks: TEXT_MASKS },
  counts: {
    type: "int4[]",
    values: ["{}", "{1,-2147483648}"],
    masks: [HASH, step(1000), hidden("5"), hidden("{5}")],
  },
  amounts: { type: "numeric(10,2)[]", values: ["{-99999999.99,NaN}"], masks: [HASH, step(1000)] },
  days: { type: "date[]", values: ["{infinity,2024-05-17}"], masks: DATE_MASKS },
  codes: { type: "app.twice[]", values: ["{a,b}"], masks: TEXT_MASKS },
  code_list: { type: "app.codes", values: ["{a,b}"], masks: TEXT_MASKS },
  moods: { type: "app.mood[]", values: ["{sad}"], masks: [hidden("{happy}")] },
};
const EVERY_MASK = [...PARTIALS, HASH, step(1000), ...DATE_MASKS];

const SETUP = `
CREATE SCHEMA app; CREATE SCHEMA held;
CREATE TYPE app.mood AS ENUM ('sad', 'happy');
CREATE TYPE app.pair AS (a int, b int);
CREATE DOMAIN app.once AS varchar(10) CHECK (length(VALUE) >= 0);
CREATE DOMAIN app.twice AS app.once;
CREATE DOMAIN app.codes AS app.twice[];
CREATE COLLATION app."Odd c" (PROVIDER = icu, LOCALE = 'en-u-ks-level2', DETERMINISTIC = false);
`;

interface Server {
  source: SqlSource;
  run(sql: string): Promise<unknown>;
}

let server: PostgresServer;
let client: pg.Client;
let lite: PGlite;
const servers = new Map<string, Server>();

before(async () => {
  await loadParser();
  server = await startPostgres();
  const { host, port, superuser: user, password } = server;
  client = new pg.Client({ host, port, user, password, database: "postgres" });
  await client.connect();
  lite = new PGlite();
  servers.set("PostgreSQL 15", { source: sourceOf(client), run: (sql) => client.query(sql) });
  servers.set("PostgreSQL 18", {
    run: (sql) => lite.exec(sql),
    source: {
      async query(text) {
        const parsers = { 114: asText, 23: asText, 25: asText, 16: asText, 17: asText };
        const { rows } = await lite.query<(string | null)[]>(text, [], { rowMode: "array", parsers });
        return rows.map((row) => row.map((value) => (value === null ? null : String(value))));
      },
    },
  });
  for (const { run } of servers.values()) {
    await run(SETUP);
    for (const [name, { type, values }] of Object.entries(COLUMNS)) {
      // An explicit cast cuts what is too long.
      const rows = values
        .map((value) => `(${literal(value)}::${type.replace(/ COLLATE .*/, "")})`)
        .join(", ");
      await run(`CREATE TABLE held.${name} (v ${type}); INSERT INTO held.${name} VALUES ${rows}, (NULL)`);
    }
  }
});

const asText = (value: string) => value;

after(async () => {
  await client?.end();
  await server?.stop();
  await lite?.close();
});

async function detail(source: SqlSource, table: string): Promise<ColumnDetail> {
  return (await relation(source, "held", table)).details![0]!;
}

const shown = (mask: Mask) => JSON.stringify(mask);

/** Names in an expression that a search_path would decide about. */
function unqualified(expression: string): string[] {
  const found: string[] = [];
  const parts = (list: unknown) => (list as { String: { sval: string } }[]).map((part) => part.String.sval);
  const check = (what: string, name: string[]) => {
    if (!["pg_catalog", "app"].includes(name[0]!)) found.push(`${what} ${name.join(".")}`);
  };
  const visit = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (key === "FuncCall") check("function", parts(child.funcname));
      if (key === "A_Expr") check("operator", parts(child.name));
      if (key === "typeName") check("type", parts(child.names));
      if (key === "CollateClause") check("collation", parts(child.collname));
      if (["RangeVar", "CaseExpr"].includes(key) && (key === "RangeVar" || child.arg !== undefined))
        found.push(key);
      visit(child);
    }
  };
  visit(parseSql(`SELECT ${expression}`)[0]!.tree);
  return found;
}

for (const who of ["PostgreSQL 15", "PostgreSQL 18"]) {
  describe(`a masked value, in ${who}`, () => {
    test("is of the column's type, modifier and collation, an error for no value, and NULL for NULL alone", async () => {
      const { source, run } = servers.get(who)!;
      for (const [name, { type, masks }] of Object.entries(COLUMNS)) {
        const column = await detail(source, name);
        for (const mask of [NULL, ...masks] as Mask[]) {
          const what: string = `${name} as ${shown(mask)}`;
          const expression = maskExpression("t.v", column, mask, KEYS);
          assert.deepEqual(unqualified(expression), [], what);
          const collate = column.collation === null ? "" : ` COLLATE ${column.collation}`;
          await run(
            `DROP TABLE IF EXISTS app.result, app.wanted; CREATE TABLE app.wanted (m ${column.type}${collate})`,
          );
          await run(`CREATE TABLE app.result AS SELECT t.v, ${expression} AS m FROM held.${name} t`).catch(
            (error) => {
              throw new Error(what, { cause: error });
            },
          );
          const types = await source.query(`
            SELECT pg_catalog.format_type(a.atttypid, a.atttypmod), a.attcollation::text FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = ANY ('{app.wanted,app.result}'::regclass[]) AND a.attnum > 0 ORDER BY a.attrelid, a.attnum`);
          const [wanted, own, masked] = types;
          assert.deepEqual(masked, wanted, what);
          if (!type.includes("app.twice") && !type.includes("app.codes")) assert.deepEqual(masked, own, what);
          // Only what is immutable can be there, and no subquery.
          if (column.category !== "A") {
            await run(`DROP TABLE IF EXISTS app.computed; CREATE TABLE app.computed
              (v ${type}, m ${column.type}${collate} GENERATED ALWAYS AS (${expression.replaceAll("t.v", "v")}) STORED)`);
          }
          const isNull = mask.kind === "null" ? "num_nulls(m) = 0" : "num_nulls(m) <> num_nulls(v)";
          const wrong = await source.query(`SELECT v::text, m::text FROM app.result WHERE ${isNull}`);
          assert.deepEqual(wrong, [], what);
        }
      }
    });

    test("is refused for the types that have none of its kind", async () => {
      const { source } = servers.get(who)!;
      for (const [name, { masks }] of Object.entries(COLUMNS)) {
        const column = await detail(source, name);
        for (const mask of EVERY_MASK) {
          const attempt = () => maskExpression("t.v", column, mask, KEYS);
          const isSupported = masks.some((one) => one.kind === mask.kind && "unit" in one === "unit" in mask);
          if (!isSupported) assert.throws(attempt, Unmaskable, `${name} as ${shown(mask)}`);
        }
      }
    });

    test("is the one of the kind", async () => {
      const { source } = servers.get(who)!;
      const masked = async (type: string, value: string, mask: Mask) => {
        const columns = Object.entries(COLUMNS).find(([, column]) => column.type === type)!;
        const column = await detail(source, columns[0]);
        const expression = maskExpression("t.v", column, mask, KEYS);
        const constant = `(${literal(value)}::text)::${type.replace(/ COLLATE .*/, "")}`;
        return (await source.query(`SELECT (${expression})::text FROM (SELECT ${constant} AS v) t`))[0]![0];
      };
      const CASES: [type: string, value: string, mask: Mask, masked: string][] = [
        ["text", "jane.doe@example.com", partial("email"), "j***@***.com"],
        ["text", "j@example.com", partial("email"), "***@***.com"],
        ["text", "x@y.secretlabel", partial("email"), "***@***"],
        ["text", "nobody", partial("email"), "n***"],
        ["text", "Jane", partial("text"), "J***"],
        ["text", "Al", partial("text"), "***"],
        ["text", "", partial("text"), "***"],
        ["text", "4111 1111 1111 1234", partial("card"), "***1234"],
        ["text", "+49 (0)30 1234567", partial("phone"), "***4567"],
        ["text", "555-1234", partial("phone"), "***"],
        ["text", "DE02ABCD", partial("last4"), "***ABCD"],
        ["text", "ABC1234", partial("last4"), "***"],
        ["varchar(3)", "Jan", partial("text"), "***"],
        ["varchar(1)", "J", partial("text"), "*"],
        ["varchar(6)", "jane@x", partial("email"), "j***@*"],
        ["varchar(6)", "x", hidden("confidential"), "confid"],
        ["int4", "-1", step(1000), "-1000"],
        ["int4", "1999", step(1000), "1000"],
        ["int2", "-32768", step(1000), "-32768"],
        ["int2", "32767", step(100_000), "0"],
        ["int8", "-9223372036854775000", step(1000), "-9223372036854775808"],
        ["numeric(10,2)", "-99999999.99", step(1000), "-99999999.99"],
        ["numeric(10,2)", "1234.56", step(1000), "1000.00"],
        ["numeric", "-0.3", step(0.25), "-0.50"],
        ["float8", "-0.5", step(1000), "-1000"],
        ["float8", "1.7e308", step(1000), "1e+18"],
        ["date", "2024-05-17", unit("month"), "2024-05-01"],
        ["date", "1999-12-31", unit("decade"), "1990-01-01"],
        ["date", "4714-11-24 BC", unit("year"), "4713-01-01 BC"],
        ["date", "infinity", unit("year"), "infinity"],
        ["timestamp", "2024-05-17 10:00", unit("year"), "2024-01-01 00:00:00"],
        ["text[]", "{jane@x.org,NULL}", partial("email"), "{j***@***.org,NULL}"],
        ["text[]", "{{anna,bert},{carl,dora}}", partial("text"), "{a***,b***,c***,d***}"],
        ["text[]", "{anna}", hidden("x"), "{x}"],
        ["int4[]", "{1,1999}", step(1000), "{0,1000}"],
        ["jsonb", '{"a": 1}', hidden("hidden"), '"hidden"'],
      ];
      for (const [type, value, mask, wanted] of CASES) {
        assert.equal(await masked(type, value, mask), wanted, `${type} ${value} ${shown(mask)}`);
      }
      for (const type of ["text", "uuid", "int4", "numeric(2,2)", "bytea", "jsonb"]) {
        const value =
          { int4: "5", "numeric(2,2)": "0.05", jsonb: "{}" }[type] ?? "00000000-0000-0000-0000-000000000000";
        const hash: string = (await masked(type, value, HASH))!;
        assert.equal(await masked(type, value, HASH), hash);
        assert.doesNotMatch(hash, /^-/);
        assert.notEqual(hash, await masked(type, value, { kind: "hash", scope: "target" }), "another key");
      }
      assert.match((await masked("text", "x", HASH))!, /^masked_[0-9a-f]{32}$/);
      assert.match((await masked("varchar(6)", "x", HASH))!, /^[0-9a-f]{6}$/);
      assert.equal(await masked("text", "abc", HASH), await masked("varchar(40)", "abc", HASH));
      assert.equal(await masked("text", "abc", HASH), await masked("name", "abc", HASH));
      assert.equal(await masked("text", "abc", HASH), await masked('text COLLATE app."Odd c"', "abc", HASH));
      assert.equal(
        (await masked("text", "abc", HASH))!.slice(0, 20),
        await masked("char(20)", "abc", HASH),
        "the blanks at the end are no part of it",
      );
      assert.notEqual(await masked("text", "abc", HASH), await masked("text", "abd", HASH));
      assert.equal(await masked("numeric", "1.0", HASH), await masked("numeric", "1.000", HASH));
      assert.equal(await masked("numeric", "7", HASH), await masked("int8", "7", HASH));
    });

    test("of a part shows no more of a value than that", async () => {
      const { source } = servers.get(who)!;
      const real = [
        "jane.doe@example.com",
        "bob@mail.example.co.uk",
        "Margaret Hamilton",
        "+1 (555) 010-4477",
        "4111 1111 1111 1234",
      ];
      real.push(
        "12 Long Street, Springfield",
        "secret@internal",
        "first.last@sub.domain.technology",
        "078-05-1120",
      );
      const column = await detail(source, "plain");
      for (const mask of PARTIALS) {
        const expression = maskExpression("t.v", column, mask, KEYS);
        const allowed = mask.kind === "partial" && ["email", "text"].includes(mask.as) ? 3 : 4;
        for (const value of real) {
          const [row] = await source.query(
            `SELECT ${expression} FROM (SELECT ${literal(value)}::text AS v) t`,
          );
          assert.ok(isPlaceholder(row![0]!, mask), row![0]!);
          const masked = row![0]!.replace(/[.][a-z]+$/, "");
          for (let at = 0; at + allowed < masked.length; at++) {
            const piece = masked.slice(at, at + allowed + 1);
            assert.ok(
              !value.includes(piece) && !value.replace(/\D/g, "").includes(piece),
              `${value} in ${masked}`,
            );
          }
        }
      }
    });

    test("inside a JSON document leaves all else, and nothing slips by in another shape", async () => {
      const { source } = servers.get(who)!;
      const masked = async (type: "json" | "jsonb", document: string, paths: string[], mask: Mask) => {
        const column = await detail(source, type === "json" ? "json" : "document");
        const labelled = paths.map((path) => ({ path: path === "" ? [] : path.split("."), mask }));
        const expression = maskPaths("t.v", column, labelled, KEYS);
        assert.deepEqual(unqualified(expression), []);
        const [row] = await source.query(
          `SELECT ${expression}::text, pg_typeof(${expression}) FROM (SELECT ${literal(document)}::${type} AS v) t`,
        );
        assert.equal(row![1], type);
        return JSON.parse(row![0]!);
      };
      const NAME = ["patient.name"];
      const CASES: [document: unknown, paths: string[], mask: Mask, wanted: unknown][] = [
        [
          { patient: { name: "Jane", age: 4 }, x: 1 },
          NAME,
          partial("text"),
          { patient: { name: "J***", age: 4 }, x: 1 },
        ],
        [{ patient: { name: '"\\ane' } }, NAME, partial("text"), { patient: { name: '"***' } }],
        [{ patient: { age: 4 } }, NAME, hidden("x"), { patient: { age: 4 } }],
        [{ other: [1] }, NAME, HASH, { other: [1] }],
        [{}, NAME, NULL, {}],
        [{ patient: { name: null } }, NAME, hidden("x"), { patient: { name: null } }],
        [{ patient: { name: "Jane" } }, NAME, hidden('"x'), { patient: { name: '"x' } }],
        [{ patient: [{ name: "Jane" }], x: 1 }, NAME, partial("text"), { patient: null, x: 1 }],
        [{ patient: '{"name":"Jane"}' }, NAME, partial("text"), { patient: null }],
        [{ patient: null }, NAME, partial("text"), { patient: null }],
        [[{ patient: { name: "Jane" } }], NAME, partial("text"), null],
        ["Jane", NAME, partial("text"), null],
        [{ patient: { name: { first: "Jane" } } }, NAME, partial("text"), { patient: { name: null } }],
        [{ patient: { name: true } }, NAME, HASH, { patient: { name: null } }],
        [{ phone: 15550104477 }, ["phone"], partial("phone"), { phone: "***4477" }],
        [{ pay: 1999, x: { y: "2024-05-17" } }, ["pay"], step(1000), { pay: 1000, x: { y: "2024-05-17" } }],
        [{ pay: "1999" }, ["pay"], step(1000), { pay: null }],
        [{ born: "1987-05-17T10:00:00Z" }, ["born"], unit("decade"), { born: "1980-01-01" }],
        [{ born: "17 May 1987" }, ["born"], unit("decade"), { born: null }],
        [{ a: { b: 1, c: 2 }, d: 3 }, ["a.b", "a.c", "d"], NULL, { a: { b: null, c: null }, d: null }],
        [{ a: { b: 1, c: 2 } }, ["a.b", "a"], NULL, { a: null }],
        [{ a: 1 }, [""], NULL, null],
      ];
      for (const [document, paths, mask, wanted] of CASES) {
        for (const type of ["json", "jsonb"] as const) {
          const text = JSON.stringify(document);
          assert.deepEqual(await masked(type, text, paths, mask), wanted, `${type} ${text} ${shown(mask)}`);
        }
      }
      const hash = await masked("jsonb", '{"a": "Jane", "b": {"c": "Jane"}}', ["a", "b.c"], HASH);
      assert.match(hash.a, /^masked_[0-9a-f]{32}$/);
      assert.equal(hash.a, hash.b.c);
      const equal = await masked("jsonb", '{"a": 1.0, "b": 1.00}', ["a", "b"], HASH);
      assert.equal(equal.a, equal.b);
    });

    test("inside a json text is no error and no leak for what jsonb can't hold", async () => {
      const { source } = servers.get(who)!;
      const column = await detail(source, "json");
      const expression = maskPaths("t.v", column, [{ path: ["name"], mask: partial("text") }], KEYS);
      const masked = async (document: string) => {
        const [row] = await source.query(
          `SELECT ${expression}::text FROM (SELECT ${literal(document)}::json AS v) t`,
        );
        return row![0]!;
      };
      assert.equal(await masked('{"name": "Jane", "name": "Anna", "x": 1}'), '{"x": 1, "name": "A***"}');
      for (const odd of [
        ...[
          '"\\u0000"',
          '"\\ud800"',
          '"\\ude00"',
          '"\\ud83d\\\\\\ude00"',
          '"\\\\\\ud800x"',
          '"\\ud83dx\\ude00"',
        ],
        ...["1e999999", "1e-99999", "1E+20000", "1".repeat(140_000), `0.${"0".repeat(20_000)}1`],
      ]) {
        assert.equal(await masked(`{"name": "Jane", "x": ${odd}}`), "null", odd.slice(0, 30));
      }
      for (const [even, x] of [
        ['"\\ud83d\\ude00"', "😀"],
        ['"\\\\ud800"', "\\ud800"],
        ['"\\\\\\ud83d\\ude00"', "\\😀"],
        ['"\\u00e9"', "é"],
        ["1e300", 1e300],
      ] as const) {
        assert.deepEqual(
          JSON.parse(await masked(`{"name": "Jane", "x": ${even}}`)),
          { name: "J***", x },
          even,
        );
      }
    });
  });
}

describe("an expression", () => {
  test("may stand wherever an operand may", async () => {
    const { source } = servers.get("PostgreSQL 15")!;
    for (const mask of [NULL, HASH, partial("text")]) {
      const text = maskExpression("t.v", await detail(source, "plain"), mask, KEYS);
      const unordered = maskExpression("t.v", await detail(source, "unordered"), mask, KEYS);
      const list = maskExpression("t.v", await detail(source, "tags"), mask, KEYS);
      await source.query(`SELECT ${text} || 'x', 'x' || ${text} COLLATE "C", ${text}::varchar, count(*) FROM held.plain t
        WHERE NOT ${text} = 'a' AND ${text} IS NOT NULL GROUP BY ${text} ORDER BY ${text} DESC`);
      await source.query(
        `SELECT ${unordered} COLLATE "C" || 'x' FROM held.unordered t WHERE ${unordered} < t.v`,
      );
      await source.query(
        `SELECT ${list}[1], ${list} || 'x'::text FROM held.tags t WHERE 'a' = ANY (${list})`,
      );
      await source.query(`SELECT ${list.replaceAll("t.v", "v")} FROM held.tags AS sallyport_element`);
    }
    const number = maskExpression("t.v", await detail(source, "whole"), step(10), KEYS);
    assert.deepEqual(await source.query(`SELECT - ${number} + 1 FROM held.whole t WHERE t.v = 999`), [
      ["-989"],
    ]);
  });

  test("means the same where other functions, operators and types stand before PostgreSQL's", async () => {
    const { host, port, superuser: user, password } = server;
    const hostile = new pg.Client({ host, port, user, password, database: "postgres" });
    await hostile.connect();
    try {
      await hostile.query(`
        CREATE SCHEMA evil;
        CREATE FUNCTION evil."left"(text, int) RETURNS text LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION evil.replace(text, text, text) RETURNS text LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION evil.regexp_replace(text, text, text, text) RETURNS text LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION evil.length(text) RETURNS int LANGUAGE sql AS 'SELECT 100';
        CREATE FUNCTION evil.strpos(text, text) RETURNS int LANGUAGE sql AS 'SELECT 0';
        CREATE FUNCTION evil.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION evil.jsonb_set(jsonb, text[], jsonb, bool) RETURNS jsonb LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION evil.trap(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION evil.trap(int, int) RETURNS bool LANGUAGE sql AS 'SELECT true';
        CREATE FUNCTION evil.trap(int8, int8) RETURNS int8 LANGUAGE sql AS 'SELECT $1';
        CREATE OPERATOR evil.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.trap);
        CREATE OPERATOR evil.>= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.trap);
        CREATE OPERATOR evil.- (LEFTARG = int8, RIGHTARG = int8, FUNCTION = evil.trap);
        CREATE OPERATOR evil.% (LEFTARG = int8, RIGHTARG = int8, FUNCTION = evil.trap);
        CREATE TEMP TABLE unnest (a int); CREATE TEMP TABLE sallyport_element (one text);`);
      for (const type of [
        "text",
        "int4",
        "int8",
        "jsonb",
        "numeric",
        "bytea",
        "bool",
        "date",
        "varchar",
        "json",
        "bpchar",
        "uuid",
      ]) {
        await hostile.query(
          `CREATE DOMAIN pg_temp.${type} AS pg_catalog.int2; CREATE DOMAIN evil.${type} AS pg_catalog.int2`,
        );
      }
      await hostile.query("SET search_path = pg_temp, evil, pg_catalog");
      const wrong = await hostile.query(`SELECT "left"('secret'::pg_catalog.text, 1) AS whole`);
      assert.equal(wrong.rows[0].whole, "secret", "the attack works");
      const own = sourceOf(client);
      const theirs = sourceOf(hostile);
      for (const [name, { masks }] of Object.entries(COLUMNS)) {
        const column = await detail(theirs, name);
        assert.deepEqual(column, await detail(own, name), "the column is told the same");
        for (const mask of masks) {
          const query = `SELECT ${maskExpression("t.v", column, mask, KEYS)} FROM held.${name} t`;
          assert.deepEqual(await theirs.query(query), await own.query(query), `${name} ${shown(mask)}`);
        }
      }
    } finally {
      await hostile.end();
    }
  });

  test("leaves the index of another column to serve, and is computed for what is found alone", async () => {
    await client.query(`CREATE TABLE held.many AS SELECT id, 'user' || id || '@example.com' AS email, 'x' AS name FROM generate_series(1, 20000) id;
      CREATE UNIQUE INDEX many_id ON held.many (id); ANALYZE held.many`);
    const column = await detail(sourceOf(client), "plain");
    for (const mask of [...PARTIALS, HASH, hidden("x"), NULL]) {
      const masked = maskExpression("email", column, mask, SHOWN_KEYS);
      const explained = async (sql: string) =>
        (await client.query(`EXPLAIN (COSTS OFF) ${sql}`)).rows.map((row) => row["QUERY PLAN"]);
      const direct = await explained("SELECT * FROM held.many t WHERE id = 5");
      const rewritten = await explained(
        `SELECT * FROM (SELECT id, ${masked} AS email, name FROM held.many) t WHERE id = 5`,
      );
      assert.match(direct.join("\n"), /Index Scan using many_id/);
      assert.deepEqual(
        rewritten.map((line) => line.replace("on many", "on many t")),
        direct,
      );
    }
  });

  test("of an extension's text type is a part or a hash of its text", async () => {
    await client.query(
      "CREATE EXTENSION citext SCHEMA app; CREATE TABLE held.mails (v app.citext); INSERT INTO held.mails VALUES ('Jane@X.org')",
    );
    const source = sourceOf(client);
    const column = await detail(source, "mails");
    const masked = async (mask: Mask) => {
      const expression = maskExpression("t.v", column, mask, KEYS);
      return (
        await source.query(`SELECT ${expression}::text, pg_typeof(${expression}) FROM held.mails t`)
      )[0]!;
    };
    assert.deepEqual(await masked(partial("email")), ["J***@***.org", "app.citext"]);
    assert.deepEqual(await masked(hidden("x")), ["x", "app.citext"]);
    const text = maskExpression("t.v", await detail(source, "plain"), HASH, KEYS);
    const [plain] = await source.query(`SELECT ${text} FROM (SELECT 'Jane@X.org'::text AS v) t`);
    assert.equal((await masked(HASH))[0], plain![0]);
  });
});

describe("a mask that hides nothing or can't be", () => {
  const column = (type: string, base: string, category = "N"): ColumnDetail => ({
    type,
    base,
    category,
    collation: null,
    generatedFrom: [],
  });

  test("is refused", () => {
    const REFUSED: [ColumnDetail, Mask][] = [
      [column("integer", "int4"), step(1)],
      [column("integer", "int4"), step(0.5)],
      [column("numeric(10,2)", "numeric"), step(0.01)],
      [column("numeric", "numeric"), step(0)],
      [column("numeric", "numeric"), step(-5)],
      [column("numeric", "numeric"), step(Number.NaN)],
      [column("double precision", "float8"), step(1e-300)],
      [column("pg_catalog.text", "text", "S"), hidden("a\0b")],
      [column("pg_catalog.text", "text", "S"), hidden("\ud800")],
    ];
    for (const [detail, mask] of REFUSED)
      assert.throws(() => maskExpression("v", detail, mask, KEYS), Unmaskable, shown(mask));
    const text = column("pg_catalog.text", "text", "S");
    const target: Mask = { kind: "hash", scope: "target" };
    assert.throws(() => maskExpression("v", text, target, { ...KEYS, target: null }), /maskKey/);
    assert.throws(() => maskPaths("v", text, [{ path: ["a"], mask: NULL }], KEYS), Unmaskable);
  });

  test("shows no key where the key is not to be shown", () => {
    const text = column("pg_catalog.text", "text", "S");
    assert.ok(!maskExpression("v", text, HASH, SHOWN_KEYS).includes(KEYS.session));
    assert.ok(maskExpression("v", text, HASH, KEYS).includes(KEYS.session));
    assert.ok(!maskExpression("v", text, { kind: "hash", scope: "target" }, KEYS).includes(KEYS.session));
  });
});

describe("a value that the agent writes", () => {
  test("is a placeholder when it looks like what a mask gave", () => {
    assert.ok(isPlaceholder("j***@***.com", partial("email")));
    assert.ok(isPlaceholder('{"email": "j***@***.com"}', partial("email")));
    assert.ok(!isPlaceholder("jane@example.com", partial("email")));
    assert.ok(isPlaceholder(`masked_${"0a".repeat(16)}`, HASH));
    assert.ok(isPlaceholder("masked_0123456789", HASH), "of a shorter column");
    assert.ok(!isPlaceholder("masked_ball", HASH));
    const ssn: ColumnDetail = {
      type: "character varying(11)",
      base: "varchar",
      category: "S",
      collation: null,
      generatedFrom: [],
    };
    assert.ok(isPlaceholder("0123456789a", HASH, ssn));
    assert.ok(!isPlaceholder("123-45-6789", HASH, ssn));
    assert.ok(isPlaceholder("hidden ", hidden("hidden")));
    assert.ok(!isPlaceholder("0", hidden("0")));
    assert.ok(!isPlaceholder("", hidden("")));
    assert.ok(!isPlaceholder("1000", step(1000)));
    assert.ok(!isPlaceholder("NULL", NULL));
  });
});
