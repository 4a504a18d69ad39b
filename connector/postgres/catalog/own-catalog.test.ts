import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import pg from "pg";
import type { NameContext } from "../../../protocol/sql/catalog.ts";
import { type PostgresServer, startPostgres } from "../../../test/postgres-server.ts";
import { OwnCatalog } from "./own-catalog.ts";
import { PROBE, readProbe } from "./session-state.ts";
import { type SqlSource, TargetSqlError } from "./source.ts";
import { ask, relation, sourceOf } from "./testing.ts";

let server: PostgresServer;
let admin: pg.Client;
let agent: pg.Client;
let source: SqlSource;

before(async () => {
  server = await startPostgres();
  admin = new pg.Client(address("admin"));
  await admin.connect();
  await admin.query(`
    CREATE ROLE agent LOGIN PASSWORD 'admin-password'; GRANT CREATE, TEMPORARY ON DATABASE postgres TO agent;
    CREATE SCHEMA app AUTHORIZATION agent; CREATE SCHEMA evil AUTHORIZATION agent;
    SET ROLE agent;
    CREATE TABLE app.base (id int, secret text); CREATE TABLE app.other (id int);
    CREATE VIEW app.v AS SELECT id FROM app.base`);
});

after(async () => {
  await admin?.end();
  await server?.stop();
});

function address(user: string) {
  return { host: server.host, port: server.port, user, password: server.password, database: "postgres" };
}

beforeEach(async () => {
  agent = new pg.Client(address("agent"));
  await agent.connect();
  source = sourceOf(agent);
});

afterEach(() => agent.end());

const state = async () => readProbe(await source.query(PROBE));

describe("a session's own catalog", () => {
  test("has what the transaction has not committed, which nobody else sees", async () => {
    await agent.query(
      "BEGIN; CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.other; CREATE TABLE app.new (a int)",
    );
    const own = new OwnCatalog(source, 0);
    assert.equal(own.relation("app", "v"), undefined);
    await own.load([
      { kind: "relation", schema: "app", name: "v" },
      { kind: "relation", schema: "app", name: "new" },
      { kind: "functions", schema: "app", name: "none" },
    ]);
    assert.match(own.relation("app", "v")?.view ?? "", /app\.other/);
    assert.deepEqual(own.relation("app", "new")?.columns, ["a"]);
    assert.deepEqual(own.functions("app", "none"), []);
    assert.equal(own.serverVersion, 150000 + (own.serverVersion % 10000));
    assert.equal(await ask(sourceOf(admin), "relation", "app", "new"), null);
    await agent.query("ROLLBACK");
  });

  test("leaves the transaction and its settings as they were", async () => {
    await agent.query("SET search_path = evil, app; BEGIN; SET LOCAL search_path = app, evil; SELECT 1");
    const before = await state();
    await relation(source, "app", "v");
    await ask(source, "relation", "app", "absent");
    assert.deepEqual(await state(), before);
    await agent.query("SAVEPOINT s; SET search_path = app");
    await relation(source, "app", "v");
    assert.deepEqual((await state()).searchPath, ["pg_catalog", "app"]);
    await agent.query("ROLLBACK TO s");
    assert.deepEqual(await state(), before);
    await agent.query("COMMIT");
    assert.deepEqual((await state()).searchPath, ["pg_catalog", "evil", "app"]);
  });

  test("leaves the settings as they were where the session set them in the same transaction", async () => {
    await agent.query("BEGIN; SET search_path = evil");
    await relation(source, "app", "v");
    await agent.query("COMMIT");
    assert.deepEqual((await state()).searchPath, ["pg_catalog", "evil"]);
    await agent.query("BEGIN; SET search_path = ''");
    await relation(source, "app", "v");
    await agent.query("COMMIT");
    assert.deepEqual((await state()).searchPath, ["pg_catalog"]);
  });

  test("knows a temporary table, and that a view's text never means it", async () => {
    await agent.query(`CREATE TEMP TABLE base (mine int); CREATE TEMP TABLE pg_class (mine int);
      CREATE TEMP VIEW tv AS SELECT b.mine, c.relname FROM pg_temp.base b, pg_catalog.pg_class c;
      SET search_path = pg_temp, app`);
    const { temporarySchema, searchPath } = await state();
    assert.ok(temporarySchema);
    assert.deepEqual(searchPath, ["pg_catalog", temporarySchema, "app"]);
    const temporary = await relation(source, temporarySchema, "base");
    assert.deepEqual([temporary.temporary, temporary.columns], [true, ["mine"]]);
    assert.match((await relation(source, "app", "v")).view ?? "", /FROM app\.base/);
    await agent.query(`CREATE TYPE pg_temp.mood AS ENUM ('sad'); CREATE DOMAIN pg_temp.text AS pg_catalog.text;
      CREATE TABLE pg_temp.typed (m pg_temp.mood, ms pg_temp.mood[], t pg_temp.text, c pg_catalog."char")`);
    const typed = await relation(source, temporarySchema, "typed");
    assert.deepEqual(
      typed.details!.map(({ type }) => type),
      [`${temporarySchema}.mood`, `${temporarySchema}.mood[]`, "pg_catalog.text", 'pg_catalog."char"'],
    );
    const { view } = await relation(source, temporarySchema, "tv");
    assert.match(
      view ?? "",
      /FROM base b,\s+pg_class c/,
      "pg_catalog before pg_temp, so that both are clear",
    );
  });

  test("is not deceived by functions, operators, tables and types that stand before pg_catalog's", async () => {
    const before = {
      view: await relation(source, "app", "v"),
      functions: await ask(source, "functions", "pg_catalog", "lower"),
      operator: await ask(source, "operator", "evil", "="),
      type: await ask(source, "type", "app", "v"),
    };
    await agent.query(`
      SET search_path = evil, pg_catalog;
      CREATE FUNCTION evil.pg_get_viewdef(oid) RETURNS text LANGUAGE sql AS $$SELECT 'SELECT 1'$$;
      CREATE FUNCTION evil.never(oid, oid) RETURNS bool LANGUAGE sql AS 'SELECT false';
      CREATE FUNCTION evil.never(name, name) RETURNS bool LANGUAGE sql AS 'SELECT false';
      CREATE FUNCTION evil.never(text, text) RETURNS bool LANGUAGE sql AS 'SELECT false';
      CREATE FUNCTION evil.never("char", "char") RETURNS bool LANGUAGE sql AS 'SELECT false';
      CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.never);
      CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.never);
      CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.never);
      CREATE OPERATOR evil.= (LEFTARG = "char", RIGHTARG = "char", FUNCTION = evil.never);
      CREATE TABLE evil.pg_class (LIKE pg_catalog.pg_class);
      CREATE DOMAIN evil.oid AS text; CREATE DOMAIN evil.name AS text`);
    assert.equal(
      (await agent.query("SELECT 'a'::text = 'a'::text AS equal")).rows[0].equal,
      false,
      "the attack works",
    );
    assert.deepEqual(await relation(source, "app", "v"), before.view);
    assert.deepEqual(await ask(source, "functions", "pg_catalog", "lower"), before.functions);
    assert.deepEqual(await ask(source, "type", "app", "v"), before.type);
    assert.deepEqual([before.operator, await ask(source, "operator", "evil", "=")], [false, true]);
    assert.deepEqual((await state()).searchPath, ["evil", "pg_catalog"]);
  });

  test("says so when somebody holds a lock on what a view reads", async () => {
    await admin.query("BEGIN; LOCK TABLE app.base");
    try {
      await agent.query("SET lock_timeout = '1ms'");
      const locked = await relation(source, "app", "v").catch((error: unknown) => error);
      assert.ok(locked instanceof TargetSqlError && locked.locked, String(locked));
      assert.deepEqual((await relation(source, "app", "base")).columns, ["id", "secret"]);
    } finally {
      await admin.query("ROLLBACK");
    }
  });

  test("believes an answer for a second only, since others may change what it saw", async () => {
    let now = 0;
    const own = new OwnCatalog(source, 150000, new Set(), () => now);
    await own.load([{ kind: "type", schema: "app", name: "base" }]);
    now = 999;
    assert.equal(own.userType("app", "base"), false);
    now = 1000;
    assert.equal(own.userType("app", "base"), undefined);
  });
});

describe("the session's state", () => {
  test("is its schemas as they are searched, its temporary schema, and its roles", async () => {
    await agent.query("SET search_path = absent, app, public");
    const { searchPath, temporarySchema, currentUser, sessionUser, serverVersion } = await state();
    assert.deepEqual(searchPath, ["pg_catalog", "app", "public"]);
    assert.deepEqual([temporarySchema, currentUser, sessionUser], [null, "agent", "agent"]);
    assert.ok(serverVersion >= 150000);
    await agent.query("CREATE TEMP TABLE t (a int)");
    const later = await state();
    assert.match(later.temporarySchema ?? "", /^pg_temp_\d+$/);
    assert.deepEqual(later.searchPath, [later.temporarySchema, "pg_catalog", "app", "public"]);
    const names: Omit<NameContext, "trustedFunctions"> = later;
    assert.ok(names);
  });

  test("is a refusal where the server reads statements in another way than the parser", async () => {
    for (const setting of ["standard_conforming_strings = off", "client_encoding = LATIN1"]) {
      await agent.query(`SET ${setting}`);
      await assert.rejects(state(), { code: "forbidden", message: new RegExp(setting.split(" ")[0]!) });
      await agent.query(`RESET ${setting.split(" ")[0]}`);
    }
    assert.ok(await state());
  });

  test("is a typed error where the answer is none", () => {
    const good = ['["public"]', null, "a", "a", "150004", "on", "UTF8"];
    assert.deepEqual(readProbe([good]).searchPath, ["public"]);
    const changed = (at: number, value: string | null) => [good.map((one, n) => (n === at ? value : one))];
    const faults = [[], [good, good], [good.slice(1)], changed(0, null), changed(0, "{}"), changed(0, "[1]")];
    faults.push(
      changed(0, "[".repeat(100_000)),
      changed(0, JSON.stringify(Array(1001).fill("s"))),
      changed(0, '[""]'),
    );
    faults.push(
      changed(1, "x".repeat(2000)),
      changed(2, null),
      changed(3, ""),
      changed(4, "15"),
      changed(4, "-1"),
    );
    for (const rows of faults) assert.throws(() => readProbe(rows), { code: "protocol_violation" });
    for (const at of [5, 6]) assert.throws(() => readProbe(changed(at, null)), { code: "forbidden" });
  });
});
