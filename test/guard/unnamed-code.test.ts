import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { CatalogCache } from "../../connector/postgres/catalog/cache.ts";
import { OwnCatalog } from "../../connector/postgres/catalog/own-catalog.ts";
import { PROBE, readProbe } from "../../connector/postgres/catalog/session-state.ts";
import { sourceOf } from "../../connector/postgres/catalog/testing.ts";
import { targetConfig } from "../../connector/postgres/test-stream.ts";
import type { Catalog, NameContext } from "../../protocol/sql/catalog.ts";
import { classify } from "../../protocol/sql/classify.ts";
import { loadParser, parseSql } from "../../protocol/sql/parser.ts";
import { type PostgresServer, startPostgres } from "../postgres-server.ts";
import { ABUSES, CLASS_MEMBERS, code, POINT_CLASS } from "./abuses.ts";

/**
 * Statements that run a user's function without naming it. Each runs on the server itself first, where the function
 * moves a sequence, which no rollback moves back: so the attack is real. Then the classifier must call it opaque.
 */

const COMMANDS = [
  "CREATE TABLE made (id int)",
  "CREATE TEMP TABLE made (id int)",
  "CREATE TABLE made AS SELECT 1 AS one",
  "SELECT 1 AS one INTO made",
  "SELECT 1 AS one INTO TEMP made UNION SELECT 2",
  "CREATE MATERIALIZED VIEW made AS SELECT 1 AS one",
  "REFRESH MATERIALIZED VIEW m",
  "CREATE VIEW made AS SELECT 1 AS one",
  "CREATE OR REPLACE VIEW v AS SELECT 1 AS one",
  "CREATE SEQUENCE made",
  "ALTER SEQUENCE s RESTART",
  "CREATE SCHEMA made",
  "CREATE SCHEMA made CREATE TABLE one (id int)",
  "CREATE INDEX ON t (id)",
  "CREATE STATISTICS made ON id, (id + 1) FROM t",
  "CREATE TYPE made AS ENUM ('a')",
  "CREATE TYPE made AS (a int)",
  "CREATE TYPE made AS RANGE (SUBTYPE = int)",
  "ALTER TYPE e ADD VALUE 'b'",
  "ALTER TYPE c ADD ATTRIBUTE b int",
  "ALTER TYPE e RENAME TO made",
  "CREATE DOMAIN made AS int",
  "ALTER DOMAIN d SET NOT NULL",
  "CREATE FUNCTION play.made() RETURNS int LANGUAGE sql AS 'SELECT 1'",
  "CREATE PROCEDURE play.made() LANGUAGE sql AS 'SELECT 1'",
  "ALTER FUNCTION play.f(int) COST 2",
  "ALTER PROCEDURE play.p() RENAME TO made",
  "CREATE AGGREGATE play.made(int) (SFUNC = int4pl, STYPE = int4)",
  "CREATE OPERATOR play.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
  'CREATE COLLATION made FROM "C"',
  "CREATE CAST (macaddr AS int) WITH INOUT",
  "CREATE TRIGGER made BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION play.on_row()",
  "CREATE RULE made AS ON INSERT TO t DO INSTEAD NOTHING",
  "CREATE POLICY made ON t",
  "ALTER TABLE t ADD COLUMN n int",
  "ALTER TABLE t RENAME COLUMN id TO n",
  "ALTER TABLE t RENAME TO made",
  "ALTER VIEW v RENAME TO made",
  "ALTER VIEW v RENAME COLUMN one TO two",
  "ALTER VIEW v ALTER COLUMN one SET DEFAULT 1",
  "ALTER TABLE v RENAME TO made",
  "ALTER INDEX i RENAME TO made",
  "ALTER MATERIALIZED VIEW m RENAME TO made",
  "ALTER MATERIALIZED VIEW m SET (fillfactor = 70)",
  "ALTER INDEX i SET (fillfactor = 70)",
  "ALTER TABLE t SET SCHEMA play",
  "ALTER SEQUENCE s SET SCHEMA play",
  "ALTER SCHEMA play RENAME TO made",
  "ALTER SCHEMA play OWNER TO CURRENT_USER",
  "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
  "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public",
  "COMMENT ON TABLE t IS 'x'",
  "GRANT SELECT ON t TO public",
  "REVOKE SELECT ON t FROM public",
  "DROP TABLE t",
  "DROP VIEW v",
  "DROP SEQUENCE s",
  "DROP INDEX i",
  "DROP TYPE c",
  "DROP DOMAIN d",
  "DROP FUNCTION play.f(int)",
  "DROP PROCEDURE play.p()",
  "DROP ROUTINE play.p()",
  "DROP MATERIALIZED VIEW m",
  "DROP OWNED BY CURRENT_USER",
  "CREATE EXTENSION dblink",
  "CREATE FOREIGN DATA WRAPPER made",
  "CREATE TEXT SEARCH CONFIGURATION made (COPY = simple)",
  "CREATE PUBLICATION made FOR TABLE t",
];
const TAGS = [
  "SELECT INTO",
  "REFRESH MATERIALIZED VIEW",
  "COMMENT",
  "GRANT",
  "REVOKE",
  ...["CREATE", "ALTER", "DROP"].flatMap((verb) =>
    [
      ...[
        "TABLE",
        "TABLE AS",
        "MATERIALIZED VIEW",
        "VIEW",
        "SEQUENCE",
        "SCHEMA",
        "INDEX",
        "STATISTICS",
        "TYPE",
      ],
      ...[
        "DOMAIN",
        "FUNCTION",
        "PROCEDURE",
        "ROUTINE",
        "AGGREGATE",
        "OPERATOR",
        "COLLATION",
        "CAST",
        "TRIGGER",
      ],
      ...[
        "RULE",
        "POLICY",
        "DEFAULT PRIVILEGES",
        "OWNED",
        "EXTENSION",
        "FOREIGN DATA WRAPPER",
        "PUBLICATION",
      ],
      "TEXT SEARCH CONFIGURATION",
    ].map((object) => `${verb} ${object}`),
  ),
];
/** A catalog without names, in which each command has an event trigger of its own. */
const NOTHING: Catalog = {
  serverVersion: 150_000,
  relation: () => null,
  functions: () => [],
  userOperator: () => false,
  userType: () => false,
  hooks: () => TAGS.map((name) => ({ kind: "event-trigger", name, tags: [name], function: "play.tag" })),
};
const NAMES: NameContext = {
  searchPath: ["pg_catalog", "public"],
  temporarySchema: null,
  trustedFunctions: new Set(),
};

describe("code that no statement names", { timeout: 340_000 }, () => {
  let server: PostgresServer;
  let admin: pg.Client;

  async function open(database: string): Promise<pg.Client> {
    const { host, port, superuser: user, password } = server;
    const client = new pg.Client({ host, port, user, password, database });
    await client.connect();
    return client;
  }

  before(async () => {
    await loadParser();
    server = await startPostgres();
    admin = await open("postgres");
  });

  after(async () => {
    await admin?.end();
    await server?.stop();
  });

  async function opaque(client: pg.Client, sql: string, trusted: string[] = []): Promise<string[]> {
    const source = sourceOf(client);
    const trustedFunctions = new Set(trusted);
    const names = { ...readProbe(await source.query(PROBE)), trustedFunctions };
    const catalog = new OwnCatalog(source, 150_000, trustedFunctions);
    for (;;) {
      const { statements, missing } = classify(parseSql(sql), names, catalog);
      if (missing.length === 0) return statements.flatMap(({ facts }) => facts.opaque);
      await catalog.load(missing);
    }
  }

  const ran = async (client: pg.Client) =>
    (await client.query<{ at: string }>("SELECT concat(last_value, is_called) AS at FROM play.ran")).rows[0]!
      .at;

  /** Whether a user's function ran. */
  async function runs(client: pg.Client, sql: string): Promise<boolean> {
    const before = await ran(client);
    await client.query("BEGIN");
    try {
      await client.query(sql);
    } finally {
      await client.query("ROLLBACK");
    }
    return (await ran(client)) !== before;
  }

  let databases = 0;
  for (const [name, { fixture, attacks, harmless, trusted }] of Object.entries(ABUSES)) {
    test(`${name} makes a statement opaque that runs it`, async () => {
      const database = `abuse_${++databases}`;
      await admin.query(`CREATE DATABASE ${database}`);
      const client = await open(database);
      try {
        await client.query(`CREATE SCHEMA play; CREATE SEQUENCE play.ran; ${fixture}`);
        const problems: string[] = [];
        for (const sql of attacks) {
          if (sql.startsWith("COPY")) await client.query(sql.replace("TO STDOUT", "TO '/dev/null'"));
          else if (!(await runs(client, sql))) problems.push(`no attack: ${sql}`);
          if ((await opaque(client, sql)).length === 0) problems.push(`clear: ${sql}`);
          if (trusted === null || sql.includes("EXECUTE")) continue;
          const left = await opaque(client, sql, trusted);
          if (left.length > 0) problems.push(`opaque though trusted: ${sql}: ${left}`);
        }
        for (const sql of harmless) {
          const reasons = await opaque(client, sql);
          if (reasons.length > 0) problems.push(`opaque: ${sql}: ${reasons}`);
          if (!/^(?:COPY|BEGIN)/.test(sql) && (await runs(client, sql))) problems.push(`an attack: ${sql}`);
        }
        assert.deepEqual(problems, []);
      } finally {
        await client.end();
      }
    });
  }

  test("event triggers for one command are found by the tag that the server itself gives", async () => {
    await admin.query("CREATE DATABASE tagged");
    const client = await open("tagged");
    try {
      await client.query(`CREATE SCHEMA play; CREATE SEQUENCE play.ran; ${code("f(int)", "int", "1")}
        CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW v AS SELECT 1 AS one; CREATE SEQUENCE s; CREATE TYPE e AS ENUM ('a');
        CREATE TYPE c AS (a int); CREATE DOMAIN d AS int; CREATE MATERIALIZED VIEW m AS SELECT 1 AS one; CREATE INDEX i ON t (id);
        CREATE FUNCTION play.on_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE PROCEDURE play.p() LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION play.tag() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', tg_tag; END $$;
        CREATE EVENT TRIGGER tags ON ddl_command_start EXECUTE FUNCTION play.tag()`);
      const differences: unknown[] = [];
      for (const sql of COMMANDS) {
        const told = await client.query(sql).then(
          () => "none",
          (error: Error) => error.message,
        );
        const [statement] = parseSql(sql);
        const { facts } = classify([statement!], NAMES, NOTHING).statements[0]!;
        const own = [...facts.opaque].find((reason) => reason.startsWith("the event trigger"));
        if (own !== `the event trigger ${told} calls play.tag`) differences.push([sql, told, facts.tag, own]);
      }
      assert.deepEqual(differences, []);
    } finally {
      await client.end();
    }
  });

  test("is noticed by the shared catalog when others make it", async () => {
    await admin.query("CREATE DATABASE changing");
    const client = await open("changing");
    const source = { ...sourceOf(client), onLost: () => {}, end: () => {} };
    const cache = new CatalogCache(targetConfig({}), "changing", () => {}, { source, pollMs: 1 << 30 });
    try {
      await client.query(`CREATE SCHEMA play; CREATE SEQUENCE play.ran; CREATE TABLE plain (id int); ${POINT_CLASS("point")}
        ${code("twice(int)", "int", "2")} ${code("to_int(macaddr)", "int", "1")}
        CREATE FUNCTION play.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'`);
      await cache.lookNow();
      for (const [sql, expected] of [
        [
          `CREATE OPERATOR CLASS play.ops DEFAULT FOR TYPE point USING btree AS ${CLASS_MEMBERS("point")}`,
          /ops/,
        ],
        ["CREATE CAST (macaddr AS int) WITH FUNCTION play.to_int(macaddr)", /macaddr AS int4/],
        ["CREATE EVENT TRIGGER noted ON ddl_command_end EXECUTE FUNCTION play.on_ddl()", /noted/],
      ] as const) {
        await cache.load([{ kind: "hooks", schema: "", name: "" }]);
        assert.doesNotMatch(JSON.stringify(cache.hooks()), expected);
        await client.query(sql);
        await cache.lookNow();
        assert.equal(cache.hooks(), undefined, sql);
        await cache.load([{ kind: "hooks", schema: "", name: "" }]);
        assert.match(JSON.stringify(cache.hooks()), expected);
      }
      const replaced = { kind: "functions", schema: "pg_catalog", name: "bit_length" } as const;
      await cache.load([replaced]);
      assert.ok(cache.functions("pg_catalog", "bit_length")?.every(({ builtin }) => builtin));
      await client.query(
        "CREATE OR REPLACE FUNCTION pg_catalog.bit_length(text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
      );
      await cache.lookNow();
      await cache.load([replaced]);
      assert.equal(cache.functions("pg_catalog", "bit_length")?.filter(({ builtin }) => !builtin).length, 1);
      await cache.load([{ kind: "relation", schema: "public", name: "plain" }]);
      await client.query("CREATE STATISTICS twice ON (play.twice(id)) FROM plain");
      await cache.lookNow();
      assert.equal(cache.relation("public", "plain"), undefined);
    } finally {
      cache.stop();
      await client.end();
    }
  });
});
