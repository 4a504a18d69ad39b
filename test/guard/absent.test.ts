import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { OwnCatalog } from "../../connector/postgres/catalog/own-catalog.ts";
import { PROBE, readProbe } from "../../connector/postgres/catalog/session-state.ts";
import { sourceOf } from "../../connector/postgres/catalog/testing.ts";
import { type Refusal, refusalOfAbsent } from "../../connector/postgres/guard/refusal.ts";
import { parseErrorFields } from "../../protocol/postgres/backend.ts";
import { classify } from "../../protocol/sql/classify.ts";
import type { ClassifiedStatement } from "../../protocol/sql/facts.ts";
import { loadParser, parseSql } from "../../protocol/sql/parser.ts";
import { type PostgresServer, startPostgres } from "../postgres-server.ts";

/** What the guard says of names that don't exist, against what PostgreSQL says of the same statement. */

const FIXTURE = `
CREATE TABLE t (id int PRIMARY KEY, name text);
CREATE TABLE u (id int, other text);
CREATE VIEW v AS SELECT id FROM t;
CREATE TYPE mood AS ENUM ('sad');
CREATE TYPE pair AS (a int, b int);
CREATE TABLE composite (p pair);
CREATE FUNCTION mine(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE SCHEMA empty;
`;

/** The guard's error is PostgreSQL's, word for word. */
const SAME = [
  "SELECT * FROM nosuch",
  "SELECT * FROM public.nosuch",
  "SELECT * FROM nosuch.t",
  "SELECT * FROM empty.t",
  'SELECT * FROM "No "" such"',
  "SELECT * FROM pg_temp.nosuch",
  "SELECT * FROM t JOIN nosuch USING (id)",
  "SELECT * FROM t WHERE id IN (SELECT id FROM nosuch)",
  "WITH c AS (SELECT * FROM nosuch) SELECT * FROM c",
  "WITH c AS (SELECT 1 AS id) SELECT nosuch FROM c",
  "TABLE nosuch",
  "INSERT INTO nosuch VALUES (1)",
  "UPDATE nosuch SET id = 1",
  "DELETE FROM nosuch WHERE id = 1",
  "MERGE INTO nosuch USING t ON true WHEN MATCHED THEN DELETE",
  "COPY nosuch TO STDOUT",
  "COPY nosuch.t TO STDOUT",
  "COPY t (nosuch) TO STDOUT",
  "COPY t (nosuch) FROM STDIN",
  "BEGIN; LOCK TABLE nosuch",
  "TRUNCATE nosuch",
  "TRUNCATE nosuch.t",
  "EXPLAIN SELECT * FROM nosuch",
  "PREPARE s AS SELECT * FROM nosuch",
  "CREATE TABLE made AS SELECT * FROM nosuch",
  "CREATE VIEW made AS SELECT nosuch FROM t",
  "ALTER TABLE nosuch ADD COLUMN x int",
  "ALTER TABLE nosuch.t ADD COLUMN x int",
  "CREATE INDEX ON nosuch (id)",
  "ANALYZE nosuch",
  "COMMENT ON TABLE nosuch IS 'x'",
  "GRANT SELECT ON nosuch TO public",
  "DROP TABLE nosuch.t",
  "DROP TABLE nosuch",
  "DROP VIEW nosuch",
  "DROP INDEX nosuch",
  "DROP SEQUENCE nosuch",
  "DROP MATERIALIZED VIEW nosuch",
  "DROP FOREIGN TABLE nosuch",
  "DROP TRIGGER x ON nosuch",
  "SELECT nosuch FROM t",
  "SELECT nosuch",
  "SELECT t.nosuch FROM t",
  "SELECT a.nosuch FROM t AS a",
  "SELECT public.t.nosuch FROM t",
  "SELECT a.id FROM t",
  "SELECT a.* FROM t",
  "SELECT t.id FROM t AS a",
  "SELECT v.nosuch FROM v",
  "SELECT ctid FROM v",
  "SELECT id FROM t WHERE nosuch = 1",
  "SELECT id FROM t ORDER BY nosuch",
  "SELECT id FROM t GROUP BY nosuch",
  "SELECT id FROM t HAVING nosuch > 1",
  "SELECT (SELECT nosuch FROM u) FROM t",
  "SELECT * FROM t JOIN u ON t.nosuch = u.id",
  "SELECT * FROM t JOIN u USING (nosuch)",
  "SELECT count(nosuch) FROM t",
  "SELECT nosuch::text FROM t",
  "SELECT s.nosuch FROM (SELECT 1 AS one) s",
  "SELECT a.one FROM (VALUES (1)) a (uno)",
  "INSERT INTO t (nosuch) VALUES (1)",
  "INSERT INTO t VALUES (1) RETURNING nosuch",
  "INSERT INTO t SELECT nosuch FROM u",
  "INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET nosuch = 1",
  "UPDATE t SET nosuch = 1",
  "UPDATE t SET id = 1 WHERE nosuch = 1",
  "UPDATE t SET id = nosuch",
  "DELETE FROM t WHERE nosuch",
  "DELETE FROM t USING u WHERE u.nosuch = t.id",
  "SELECT nosuch()",
  "SELECT public.nosuch()",
  "SELECT nosuch.f()",
  "SELECT nosuch.f(1, 2)",
  "SELECT * FROM nosuch()",
  "CALL nosuch()",
  "SELECT nosuch(nosuch_too) FROM t",
  "SELECT * FROM t TABLESAMPLE nosuch (10)",
  "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION nosuch()",
];

/** Its SQLSTATE is PostgreSQL's; the message has no types of arguments. */
const SAME_STATE = [
  "SELECT nosuch(1)",
  "SELECT nosuch('x')",
  "SELECT nosuch(1, 'x')",
  "SELECT nosuch(id) FROM t",
  "SELECT nosuch(id + 1) FROM t",
  "SELECT public.nosuch(name, 1) FROM t",
  "SELECT nosuch(DISTINCT id, 1) FROM t",
  "SELECT id FROM t WHERE nosuch(id, 2)",
  "SELECT * FROM nosuch(1, 2)",
  "CALL nosuch(1, 2)",
];

/** Something else, or more, is unclear, or what is named may exist: the guard's own refusal stays. */
const NOT_ABSENT = [
  "SELECT id FROM t",
  "SELECT mine(1)",
  "SELECT mine(1) FROM nosuch",
  "SELECT nosuch, mine(1) FROM t",
  "DO $$ BEGIN PERFORM nosuch; END $$",
  "DROP TABLE t CASCADE",
  "DROP TABLE nosuch CASCADE",
  "SELECT mood('sad')",
  "SELECT a(ROW(1, 2)::pair)",
  "SELECT b((SELECT p FROM composite))",
  "SELECT nosuch(t) FROM t",
  "SELECT t.mine FROM t",
  "SET search_path = empty; SELECT * FROM nosuch",
  "SELECT mine(1); SELECT * FROM nosuch",
  "CREATE FUNCTION made() RETURNS int LANGUAGE sql AS 'SELECT nosuch FROM t'",
];

describe("names that don't exist", { timeout: 300_000 }, () => {
  let server: PostgresServer;
  let client: pg.Client;
  let other: pg.Client;

  before(async () => {
    await loadParser();
    server = await startPostgres();
    const { host, port, superuser: user, password } = server;
    const open = async () => {
      const opened = new pg.Client({ host, port, user, password, database: "postgres" });
      await opened.connect();
      return opened;
    };
    client = await open();
    other = await open();
    await client.query(FIXTURE);
  });

  after(async () => {
    await client?.end();
    await other?.end();
    await server?.stop();
  });

  async function classified(sql: string): Promise<ClassifiedStatement[]> {
    const source = sourceOf(client);
    const names = { ...readProbe(await source.query(PROBE)), trustedFunctions: new Set<string>() };
    const catalog = new OwnCatalog(source, 150_000);
    for (;;) {
      const { statements, missing } = classify(parseSql(sql), names, catalog);
      if (missing.length === 0) return statements;
      await catalog.load(missing);
    }
  }

  async function told(sql: string): Promise<Map<string, string> | null> {
    const refusal = refusalOfAbsent(await classified(sql));
    return refusal === undefined ? null : fields(refusal);
  }

  function fields(refusal: Refusal): Map<string, string> {
    return parseErrorFields(refusal.bytes.subarray(5), "ErrorResponse");
  }

  async function error(sql: string): Promise<{ state: string; message: string }> {
    try {
      await other.query(sql);
    } catch (thrown) {
      assert.ok(thrown instanceof pg.DatabaseError);
      return { state: thrown.code ?? "", message: thrown.message };
    } finally {
      await other.query("ROLLBACK");
    }
    throw new Error(`${sql} did not fail`);
  }

  test("are told by PostgreSQL's own SQLSTATE and message", async () => {
    const differences: unknown[] = [];
    for (const sql of SAME) {
      const [own, { state, message }] = [await told(sql), await error(sql)];
      if (own?.get("C") === state && own.get("M") === message) continue;
      differences.push([sql, own && [own.get("C"), own.get("M")], [state, message]]);
    }
    assert.deepEqual(differences, []);
  });

  test("are told by PostgreSQL's SQLSTATE where the message would have types of arguments", async () => {
    const differences: unknown[] = [];
    for (const sql of SAME_STATE) {
      const [own, { state, message }] = [await told(sql), await error(sql)];
      const start = own?.get("M")?.split(" does not exist")[0] ?? "nothing";
      if (own?.get("C") !== state || !message.startsWith(start)) differences.push([sql, own, state, message]);
    }
    assert.deepEqual(differences, []);
  });

  test("are not told where something else is unclear, or where what is named may exist", async () => {
    for (const sql of NOT_ABSENT) assert.equal(await told(sql), null, sql);
  });

  test("leave the statement opaque, and their error says who gave it", async () => {
    for (const sql of [...SAME, ...SAME_STATE]) {
      const statements = await classified(sql);
      assert.ok(
        statements.some(({ facts }) => facts.opaque.length > 0),
        sql,
      );
    }
    const own = (await told("SELECT * FROM nosuch"))!;
    assert.match(own.get("D")!, /Sallyport looked it up .* did not send/);
    assert.match(own.get("H")!, /search_path/);
    assert.equal(own.get("S"), "ERROR");
  });
});
