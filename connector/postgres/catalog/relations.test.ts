import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import type { Routine } from "../../../protocol/sql/catalog.ts";
import { type PostgresServer, startPostgres } from "../../../test/postgres-server.ts";
import { FIXTURE } from "./fixture.ts";
import type { SqlSource } from "./source.ts";
import { ask, relation, sourceOf } from "./testing.ts";

let server: PostgresServer;
let admin: pg.Client;
let ordinary: pg.Client;
let lite: PGlite;
const sources = new Map<string, SqlSource>();

before(async () => {
  server = await startPostgres();
  const { host, port, superuser: user, password } = server;
  admin = new pg.Client({ host, port, user, password, database: "postgres" });
  await admin.connect();
  await admin.query(FIXTURE);
  await admin.query("CREATE ROLE ordinary LOGIN PASSWORD 'pencil'");
  ordinary = new pg.Client({ host, port, user: "ordinary", password: "pencil", database: "postgres" });
  await ordinary.connect();
  lite = new PGlite();
  await lite.exec(FIXTURE);
  sources.set("PostgreSQL 15, superuser", sourceOf(admin));
  sources.set("PostgreSQL 15, a role without rights", sourceOf(ordinary));
  sources.set("PostgreSQL 18", {
    async query(text) {
      const { rows } = await lite.query<(string | null)[]>(text, [], { rowMode: "array", parsers: TEXT });
      return rows.map((row) => row.map((value) => (value === null ? null : String(value))));
    },
  });
});

const asText = (value: string) => value;
const TEXT = { 114: asText, 23: asText, 25: asText };

after(async () => {
  await ordinary?.end();
  await admin?.end();
  await server?.stop();
  await lite?.close();
});

for (const who of ["PostgreSQL 15, superuser", "PostgreSQL 15, a role without rights", "PostgreSQL 18"]) {
  const source: SqlSource = { query: (text) => sources.get(who)!.query(text) };
  const writes = async (name: string) => (await relation(source, "app", name)).writeSideEffects;
  const reads = async (name: string) => (await relation(source, "app", name)).readSideEffects;

  describe(`a relation, as ${who} tells it`, () => {
    test("has its columns in order, without dropped ones, and its kind", async () => {
      const plain = await relation(source, "app", "plain");
      assert.deepEqual(plain.columns, ["id", "name", 'Odd "name']);
      assert.deepEqual([plain.kind, plain.temporary, plain.view], ["table", false, null]);
      assert.deepEqual([plain.writeSideEffects, plain.readSideEffects], [[], []]);
      assert.ok(plain.oid >= 16384);
      const kinds = {
        inner_view: "view",
        stored: "materialized-view",
        counter: "sequence",
        pair: "composite",
      };
      for (const [name, kind] of Object.entries({ ...kinds, parts: "partitioned", plain_pkey: "index" })) {
        assert.equal((await relation(source, "app", name)).kind, kind);
      }
      assert.equal((await relation(source, "app", "far")).kind, "foreign");
      assert.equal((await relation(source, "pg_catalog", "pg_class")).kind, "table");
    });

    test("is none where there is none", async () => {
      for (const [schema, name] of [
        ["app", "absent"],
        ["absent", "plain"],
        ["app", "PLAIN"],
        ["", ""],
        ["app", "p\0"],
      ]) {
        assert.equal(await ask(source, "relation", schema!, name!), null);
      }
    });

    test("has as keys what fixes one row: not partial, deferrable, expressions, other equality", async () => {
      const { keys } = await relation(source, "app", "keys");
      assert.deepEqual(keys.sort(), [["a", "b"], ["c"]]);
      assert.deepEqual((await relation(source, "app", "parts")).keys, [["id", "day"]]);
    });

    test("has no keys where children have rows that they don't hold for", async () => {
      assert.deepEqual((await relation(source, "app", "parent")).keys, []);
    });

    test("has all descendants and ancestors, with names that can't be mistaken", async () => {
      const parent = await relation(source, "app", "parent");
      assert.deepEqual(parent.children, ['app."grand.child"', "app.child"]);
      assert.deepEqual((await relation(source, "app", "grand.child")).parents, ["app.child", "app.parent"]);
      assert.deepEqual((await relation(source, "app", "parts")).children, ["app.parts_1", "app.parts_1_low"]);
      assert.deepEqual((await relation(source, "app", "parts_1_low")).parents, ["app.parts", "app.parts_1"]);
    });

    test("has of each column a type that is the same under any search_path, without its domains", async () => {
      const { columns, details } = await relation(source, "app", "detailed");
      const of = Object.fromEntries(columns.map((name, n) => [name, details![n]!]));
      const types = Object.fromEntries(columns.map((name) => [name, of[name]!.type]));
      assert.deepEqual(types, {
        text: "pg_catalog.text",
        v: "character varying(40)",
        n: "numeric(10,2)",
        t: "timestamp(3) with time zone",
        c: 'pg_catalog."char"',
        b: "boolean",
        bits: "bit(8)",
        code: "character varying(10)",
        code_list: "character varying(10)[]",
        code_array: "character varying(10)[]",
        tags: "pg_catalog.text[]",
        tag_lists: "app.tags[]",
        mood: "app.mood",
        moods: "app.mood[]",
        odd: 'app."Odd ""type"',
        rows: "app.plain[]",
        name: "pg_catalog.name",
        ci: "interval(3)",
        cc: "pg_catalog.text",
        g: "pg_catalog.text",
        h: "pg_catalog.text",
        ch: "character(3)",
        no_modifier: "pg_catalog.bpchar",
        sum: "numeric",
        fixed: "pg_catalog.text",
      });
      const told = (name: string) => `${of[name]!.base} ${of[name]!.category} ${of[name]!.collation}`;
      assert.equal(told("text"), "text S null");
      assert.equal(told("code_array"), "_varchar A null");
      assert.equal(told("mood"), "null E null");
      assert.equal(told("moods"), "null A null");
      assert.equal(told("odd"), "null C null");
      assert.equal(told("name"), 'name S pg_catalog."C"', "for the type has a collation of its own");
      assert.equal(told("cc"), 'text S app."Odd c"');
      assert.equal(told("g"), 'text S pg_catalog."C"', "of its domain");
      assert.equal(told("h"), 'text S pg_catalog."POSIX"');
      assert.deepEqual([of.sum!.generatedFrom, of.fixed!.generatedFrom], [["n", "v"], []]);
      const heir = await relation(source, "app", "detailed_heir");
      assert.deepEqual(heir.details!.at(-1)!.generatedFrom, ["text"]);
      assert.deepEqual(heir.details!.at(heir.columns.indexOf("sum"))!.generatedFrom, ["n", "v"]);
      const [catalogued] = (await relation(source, "pg_catalog", "pg_attribute")).details!;
      assert.equal(catalogued!.type, "pg_catalog.oid");
    });

    test("is told with rules and triggers that fire", async () => {
      assert.match((await writes("ruled")).join(), /rule r of app\.ruled/);
      assert.deepEqual(await writes("triggered"), ["the trigger t of app.triggered runs"]);
      assert.deepEqual(await writes("untriggered"), []);
      assert.match(
        (await writes("parts")).join(),
        /trigger deep/,
        "of a partition, when written through the parent",
      );
    });

    test("is told with stored expressions that do more than make a value", async () => {
      assert.deepEqual(await writes("harmless"), []);
      assert.deepEqual(await writes("defaulted"), ["the column id of app.defaulted calls app.f"]);
      assert.deepEqual(await writes("dangerous"), [
        "the column id of app.dangerous calls pg_catalog.pg_read_file",
      ]);
      assert.deepEqual(await writes("xml_default"), [
        "the column id of app.xml_default calls pg_catalog.schema_to_xml",
      ]);
      assert.deepEqual(await writes("generated"), ["the column twice of app.generated calls app.immutable"]);
      assert.deepEqual(await writes("checked"), ["the check c of app.checked calls app.valid"]);
      assert.deepEqual(await writes("operated"), ["the check c of app.operated calls app.same"]);
      assert.deepEqual(await writes("indexed"), ["the index indexed_f of app.indexed calls app.immutable"]);
      for (const name of ["defaulted", "generated", "checked", "indexed"])
        assert.deepEqual(await reads(name), []);
    });

    test("is told with policies that call functions or read other tables, for reads too", async () => {
      assert.deepEqual([await reads("secured"), await writes("secured")], [[], []]);
      assert.deepEqual(await reads("calling"), ["the policy calls of app.calling calls app.valid"]);
      assert.deepEqual(await writes("calling"), await reads("calling"));
      assert.deepEqual(await reads("looking"), ["the policy looks of app.looking reads other rows"]);
      assert.deepEqual(await reads("unsecured"), [], "row security is off");
    });

    test("is told with types whose values run code, however deep", async () => {
      assert.deepEqual([await reads("typed"), await writes("typed")], [[], []]);
      assert.match(
        (await writes("coded_table")).join(),
        /domain of a column of app\.coded_table calls app\.valid/,
      );
      assert.match(
        (await reads("cast_table")).join(),
        /casts of a column of app\.cast_table call app\.to_text/,
      );
    });

    test("leaves out what the configuration trusts", async () => {
      assert.deepEqual(
        (await relation(source, "app", "triggered", new Set(["app.noted"]))).writeSideEffects,
        [],
      );
      const { cascades } = await relation(source, "app", "orders", new Set(["app.noted"]));
      assert.deepEqual(cascades!.sideEffects, []);
      const trusted = new Set(["app.f", "app.valid", "app.to_text"]);
      for (const name of ["defaulted", "checked", "calling", "coded_table", "cast_table"]) {
        const { readSideEffects, writeSideEffects } = await relation(source, "app", name, trusted);
        assert.deepEqual([readSideEffects, writeSideEffects], [[], []], name);
      }
      assert.notDeepEqual((await relation(source, "app", "generated", trusted)).writeSideEffects, []);
    });

    test("has what foreign keys write when its rows go or change, all levels", async () => {
      const { cascades } = await relation(source, "app", "orders");
      assert.deepEqual(cascades, {
        onDelete: ["app.items", "app.notes"],
        onUpdate: ["app.marks"],
        sideEffects: ["a foreign key's action runs triggers or rules of app.notes"],
      });
      assert.deepEqual((await relation(source, "app", "strict")).cascades, {
        onDelete: [],
        onUpdate: [],
        sideEffects: [],
      });
    });

    test("of a view has its text, where every name outside pg_catalog has its schema", async () => {
      const { view } = await relation(source, "app", "outer_view");
      for (const name of ["app.inner_view", "app.pg_authid", "OPERATOR(app.=)", "FROM", "pg_roles"]) {
        assert.ok(view?.includes(name), `${name} in ${view}`);
      }
      assert.match((await relation(source, "app", "inner_view")).view ?? "", /app\.f\(.*app\.plain/s);
    });
  });

  describe(`a materialized view and a view's barrier, as ${who} tells them`, () => {
    test("are the text, written as a view's is, and whether conditions must wait", async () => {
      const stored = await relation(source, "app", "stored_names");
      assert.equal(stored.view, null);
      assert.match(stored.materialized ?? "", /app\.f\(.*app\.plain/s);
      assert.equal((await relation(source, "app", "inner_view")).materialized, undefined);
      const barriers = await Promise.all(
        ["barred", "barred_too", "unbarred", "inner_view"].map((name) => relation(source, "app", name)),
      );
      assert.deepEqual(
        barriers.map(({ barrier }) => barrier),
        [true, true, false, false],
      );
    });
  });

  describe(`functions, operators and types, as ${who} tells them`, () => {
    test("all overloads of a name are there", async () => {
      const own = { schema: "app", name: "f", builtin: false };
      assert.deepEqual(
        new Set((await ask(source, "functions", "app", "f")) as object[]),
        new Set([
          { ...own, kind: "function", volatility: "volatile", securityDefiner: false, language: "sql" },
          { ...own, kind: "function", volatility: "stable", securityDefiner: true, language: "plpgsql" },
        ]),
      );
      const kindOf = async (schema: string, name: string) => {
        const [first] = (await ask(source, "functions", schema, name)) as Routine[];
        return `${first?.kind} ${first?.builtin}`;
      };
      assert.equal(await kindOf("app", "p"), "procedure false");
      assert.equal(await kindOf("app", "total"), "aggregate false");
      assert.equal(await kindOf("pg_catalog", "row_number"), "window true");
      assert.equal(await kindOf("pg_catalog", "pg_read_file"), "function true");
      assert.deepEqual(await ask(source, "functions", "app", "absent"), []);
    });

    test("an operator is a user's when its function is", async () => {
      assert.equal(await ask(source, "operator", "app", "="), true);
      assert.equal(await ask(source, "operator", "app", "==="), false, "PostgreSQL's own function behind it");
      assert.equal(await ask(source, "operator", "pg_catalog", "="), false);
      assert.equal(await ask(source, "operator", "app", "+"), false);
      assert.equal(await ask(source, "operator", "app", "=", new Set(["app.same"])), false);
    });

    test("a type is a user's when code of a user's runs for its values", async () => {
      const types: Record<string, boolean> = {
        short: false,
        coded: true,
        coded_twice: true,
        _coded: true,
        mood: false,
        cast_mood: true,
        holds: true,
        _holds: true,
        coded_range: true,
        number_range: false,
        coded_table: true,
        plain: false,
        absent: false,
      };
      for (const [name, user] of Object.entries(types))
        assert.equal(await ask(source, "type", "app", name), user, name);
      assert.equal(await ask(source, "type", "pg_catalog", "int4"), false);
      assert.equal(await ask(source, "type", "app", "coded", new Set(["app.valid"])), false);
    });
  });
}

describe("an extension's types and operators", () => {
  test("are not a user's code: only a superuser can install C", async () => {
    await admin.query("CREATE EXTENSION citext; CREATE TABLE public.mails (mail citext UNIQUE)");
    const source = sourceOf(ordinary);
    const mails = await relation(source, "public", "mails");
    assert.deepEqual([mails.readSideEffects, mails.writeSideEffects, mails.keys], [[], [], [["mail"]]]);
    assert.equal(await ask(source, "operator", "public", "="), false);
    assert.equal(await ask(source, "type", "public", "citext"), false);
    const [first] = (await ask(source, "functions", "public", "citext_eq")) as Routine[];
    assert.deepEqual(
      [first?.builtin, first?.language],
      [false, "c"],
      "a call by name is one of a user's function",
    );
  });
});

describe("what runs beside more than is told", () => {
  test("is not taken for trusted, where all that is told is", async () => {
    const columns = (name: string) =>
      Array.from({ length: 201 }, (_, n) => `c${n} int DEFAULT app.${n === 200 ? name : "f"}(1)`).join();
    await admin.query(
      `CREATE TABLE app.wide (${columns("immutable")}); CREATE TABLE app.narrow (a int DEFAULT app.f(1))`,
    );
    const trusted = new Set(["app.f"]);
    const source = sourceOf(ordinary);
    assert.match(
      (await relation(source, "app", "wide", trusted)).writeSideEffects.join(),
      /more runs beside the rows/,
    );
    assert.deepEqual((await relation(source, "app", "narrow", trusted)).writeSideEffects, []);
  });

  test("is not the same trigger in every partition", async () => {
    await admin.query(`
      CREATE TABLE app.days (day int) PARTITION BY LIST (day);
      CREATE TRIGGER t AFTER INSERT ON app.days FOR EACH ROW EXECUTE FUNCTION app.noted();
      DO $$ BEGIN FOR n IN 1..210 LOOP
        EXECUTE 'CREATE TABLE app.day_' || n || ' PARTITION OF app.days FOR VALUES IN (' || n || ')'; END LOOP; END $$`);
    const source = sourceOf(ordinary);
    assert.deepEqual((await relation(source, "app", "days")).writeSideEffects, [
      "the trigger t of app.days runs",
    ]);
    assert.deepEqual((await relation(source, "app", "days", new Set(["app.noted"]))).writeSideEffects, []);
  });
});

describe("the temporary relations of other sessions", () => {
  test("are not among a table's kin, since nobody else reaches them; one's own are", async () => {
    await admin.query("CREATE TEMP TABLE heir () INHERITS (app.plain)");
    assert.deepEqual((await relation(sourceOf(ordinary), "app", "plain")).children, []);
    const [child] = (await relation(sourceOf(admin), "app", "plain")).children;
    assert.match(child ?? "", /^pg_temp_\d+\.heir$/);
    await admin.query("DROP TABLE pg_temp.heir");
  });
});
