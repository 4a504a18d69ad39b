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

/**
 * Statements that run a user's function without naming it. Each runs on the server itself first, where the function
 * moves a sequence, which no rollback moves back: so the attack is real. Then the classifier must call it opaque.
 */

const NOTE = "PERFORM nextval('play.ran')";
const code = (signature: string, result: string, value: string) =>
  `CREATE FUNCTION play.${signature} RETURNS ${result} IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN ${NOTE}; RETURN ${value}; END $$;`;

interface Abuse {
  fixture: string;
  attacks: string[];
  /** What the same database may see all the same. */
  harmless: string[];
  /** The functions that are to be trusted for the attacks to be clear; null where that can't be said. */
  trusted: string[] | null;
}

const POINT_CLASS = (type: string) => `
${code(`cmp(${type}, ${type})`, "int", "0")}
${["lt", "le", "eq", "ge", "gt"].map((name) => code(`${name}(${type}, ${type})`, "bool", "false")).join("\n")}
CREATE OPERATOR play.< (LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = play.lt);
CREATE OPERATOR play.<= (LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = play.le);
CREATE OPERATOR play.= (LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = play.eq);
CREATE OPERATOR play.>= (LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = play.ge);
CREATE OPERATOR play.> (LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = play.gt);`;
const CLASS_MEMBERS = (type: string) => `OPERATOR 1 play.<, OPERATOR 2 play.<=, OPERATOR 3 play.=,
  OPERATOR 4 play.>=, OPERATOR 5 play.>, FUNCTION 1 play.cmp(${type}, ${type})`;
const COMPARISONS = ["cmp", "lt", "le", "eq", "ge", "gt"].map((name) => `play.${name}`);

const ABUSES: Record<string, Abuse> = {
  "an implicit cast between PostgreSQL's own types": {
    fixture: `${code("to_int(macaddr8)", "int", "1")}
      CREATE CAST (macaddr8 AS int) WITH FUNCTION play.to_int(macaddr8) AS IMPLICIT;
      CREATE TABLE macs (m macaddr8); INSERT INTO macs VALUES ('08:00:2b:01:02:03:04:05');
      CREATE TABLE ints (id int); INSERT INTO ints VALUES (1);`,
    attacks: [
      "SELECT m + 1 FROM macs",
      "SELECT * FROM ints WHERE id = (SELECT m FROM macs)",
      "SELECT id FROM ints JOIN macs ON id = m",
      "INSERT INTO ints SELECT m FROM macs",
      "UPDATE ints SET id = m FROM macs",
      "COPY (SELECT m + 1 FROM macs) TO STDOUT",
      "CREATE TABLE made AS SELECT m + 1 AS n FROM macs",
      "PREPARE s AS SELECT m + 1 FROM macs; EXECUTE s",
      "ALTER TABLE macs ALTER COLUMN m TYPE int",
    ],
    harmless: ["SELECT 1", "SELECT 1, 'x'", "COPY macs TO STDOUT", "SHOW work_mem", "BEGIN"],
    trusted: ["play.to_int"],
  },
  "an assignment cast between PostgreSQL's own types": {
    fixture: `${code("to_bool(numeric)", "bool", "true")}
      CREATE CAST (numeric AS bool) WITH FUNCTION play.to_bool(numeric) AS ASSIGNMENT;
      CREATE TABLE bools (b bool);`,
    attacks: ["SELECT 1 WHERE 1.5", "SELECT WHERE 1.5", "INSERT INTO bools VALUES (1.5)"],
    harmless: ["SELECT 1.5"],
    trusted: ["play.to_bool"],
  },
  "an explicit cast between PostgreSQL's own types": {
    fixture: `${code("to_int(macaddr)", "int", "1")}
      CREATE CAST (macaddr AS int) WITH FUNCTION play.to_int(macaddr);
      CREATE DOMAIN positive AS int;
      CREATE TABLE macs (m macaddr); INSERT INTO macs VALUES ('08:00:2b:01:02:03');`,
    attacks: [
      "SELECT m::int FROM macs",
      "SELECT CAST(m AS pg_catalog.int4) FROM macs",
      "SELECT m::positive FROM macs",
      "SELECT ARRAY[m]::int[] FROM macs",
      "SELECT ARRAY[m]::_int4 FROM macs",
    ],
    harmless: [
      "SELECT * FROM macs",
      "SELECT m::text, lower(m::text) FROM macs",
      "INSERT INTO macs VALUES (NULL)",
    ],
    trusted: ["play.to_int"],
  },
  "an operator class for one of PostgreSQL's own types": {
    fixture: `${POINT_CLASS("point")}
      CREATE OPERATOR CLASS play.ops DEFAULT FOR TYPE point USING btree AS ${CLASS_MEMBERS("point")};
      CREATE TABLE points (p point); INSERT INTO points VALUES ('(1,1)'), ('(2,2)');`,
    attacks: [
      "SELECT p FROM points ORDER BY p",
      "SELECT DISTINCT p FROM points",
      "SELECT p FROM points GROUP BY p",
      "SELECT rank() OVER (ORDER BY p) FROM points",
      "SELECT GREATEST(p, '(3,3)') FROM points",
      "SELECT p FROM points UNION SELECT p FROM points",
      "CREATE INDEX ON points (p)",
      "ANALYZE points",
      "SELECT 1 ORDER BY GREATEST('(1,1)'::point, '(2,2)'::point)",
    ],
    harmless: ["SELECT 1", "SHOW work_mem"],
    trusted: COMPARISONS,
  },
  "an operator class for a user's type": {
    fixture: `CREATE TYPE play.pair AS (a int, b int); ${POINT_CLASS("play.pair")}
      CREATE OPERATOR CLASS play.ops DEFAULT FOR TYPE play.pair USING btree AS ${CLASS_MEMBERS("play.pair")};
      CREATE TABLE pairs (p play.pair); INSERT INTO pairs VALUES ('(1,1)'), ('(2,2)');
      CREATE TABLE plain (id int);`,
    attacks: [
      "SELECT p FROM pairs ORDER BY p",
      "SELECT DISTINCT p FROM pairs",
      "SELECT ROW(1, 1)::play.pair UNION SELECT ROW(2, 2)::play.pair",
    ],
    harmless: ["SELECT id FROM plain ORDER BY id", "SELECT ROW(1, 1) UNION SELECT ROW(2, 2)"],
    trusted: COMPARISONS,
  },
  "a range over an operator class": {
    fixture: `${POINT_CLASS("point")}
      CREATE OPERATOR CLASS play.ops FOR TYPE point USING btree AS ${CLASS_MEMBERS("point")};
      CREATE TYPE play.span AS RANGE (SUBTYPE = point, SUBTYPE_OPCLASS = play.ops);
      CREATE TABLE spans (s play.span);`,
    attacks: ['INSERT INTO spans VALUES (\'["(1,1)","(2,2)"]\')', 'SELECT \'["(1,1)","(2,2)"]\'::play.span'],
    harmless: ["SELECT 1"],
    trusted: null,
  },
  "an event trigger": {
    fixture: `CREATE FUNCTION play.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN ${NOTE}; END $$;
      CREATE TABLE plain (id int);
      CREATE EVENT TRIGGER starts ON ddl_command_start EXECUTE FUNCTION play.on_ddl();`,
    attacks: [
      "CREATE TABLE made (id int)",
      "CREATE TABLE made AS SELECT 1",
      "SELECT 1 AS one INTO made",
      "CREATE TEMP TABLE made (id int)",
      "CREATE VIEW made AS SELECT 1",
      "CREATE SCHEMA made",
      "CREATE SEQUENCE made",
      "CREATE TYPE made AS ENUM ('a')",
      "CREATE INDEX ON plain (id)",
      "ALTER TABLE plain ADD COLUMN n int",
      "ALTER TABLE plain RENAME TO other",
      "ALTER TABLE plain SET SCHEMA play",
      "ALTER TABLE plain OWNER TO CURRENT_USER",
      "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public",
      "DROP TABLE plain",
      "DROP TABLE IF EXISTS nowhere",
      "COMMENT ON TABLE plain IS 'x'",
      "GRANT SELECT ON plain TO public",
      "REVOKE SELECT ON plain FROM public",
    ],
    harmless: [
      "SELECT id FROM plain",
      "INSERT INTO plain VALUES (1)",
      "TRUNCATE plain",
      "ANALYZE plain",
      "BEGIN",
    ],
    trusted: ["play.on_ddl"],
  },
  "an event trigger for some commands": {
    fixture: `CREATE FUNCTION play.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN ${NOTE}; END $$;
      CREATE TABLE plain (id int);
      CREATE EVENT TRIGGER ends ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'SELECT INTO')
        EXECUTE FUNCTION play.on_ddl();
      CREATE EVENT TRIGGER drops ON sql_drop WHEN TAG IN ('DROP TABLE', 'ALTER TABLE') EXECUTE FUNCTION play.on_ddl();
      CREATE EVENT TRIGGER off ON ddl_command_end EXECUTE FUNCTION play.on_ddl();
      ALTER EVENT TRIGGER off DISABLE;`,
    attacks: [
      "CREATE TABLE made (id int)",
      "SELECT 1 AS one INTO made",
      "DROP TABLE plain",
      "ALTER TABLE plain DROP COLUMN id",
    ],
    harmless: ["CREATE TABLE made AS SELECT 1", "CREATE VIEW made AS SELECT 1", "DROP VIEW IF EXISTS made"],
    trusted: ["play.on_ddl"],
  },
  "the default of a domain": {
    fixture: `${code("given()", "int", "1")}
      CREATE DOMAIN play.number AS int DEFAULT play.given();
      CREATE TABLE numbers (id int, n play.number); CREATE TABLE plain (id int); INSERT INTO plain VALUES (1);`,
    attacks: [
      "INSERT INTO numbers (id) VALUES (1)",
      "INSERT INTO numbers DEFAULT VALUES",
      "ALTER TABLE plain ADD COLUMN n play.number",
    ],
    harmless: ["SELECT * FROM numbers", "DELETE FROM plain"],
    trusted: ["play.given"],
  },
  "the key of a partitioned table": {
    fixture: `${code("key(int)", "int", "$1")}
      CREATE TABLE parts (id int) PARTITION BY RANGE (play.key(id));
      CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (100);
      CREATE TABLE high PARTITION OF parts FOR VALUES FROM (100) TO (200);
      INSERT INTO parts VALUES (1);`,
    attacks: ["INSERT INTO parts VALUES (1)", "INSERT INTO low VALUES (1)", "UPDATE parts SET id = 150"],
    harmless: ["SELECT id FROM parts WHERE id = 1"],
    trusted: ["play.key"],
  },
  "statistics on an expression": {
    fixture: `${code("twice(int)", "int", "2")}
      CREATE TABLE plain (id int); INSERT INTO plain SELECT generate_series(1, 10);
      CREATE STATISTICS twice ON (play.twice(id)) FROM plain;`,
    attacks: ["ANALYZE plain"],
    harmless: ["INSERT INTO plain VALUES (1)", "SELECT * FROM plain", "UPDATE plain SET id = 1"],
    trusted: ["play.twice"],
  },
  "what a foreign key's action writes": {
    fixture: `${code("fine(int)", "bool", "true")} ${code("twice(int)", "int", "2")}
      CREATE DOMAIN play.fine_int AS int CHECK (play.fine(VALUE));
      CREATE TABLE whole (id int PRIMARY KEY); CREATE TABLE whole_2 (id int PRIMARY KEY);
      CREATE TABLE whole_3 (id int PRIMARY KEY); CREATE TABLE whole_4 (id int PRIMARY KEY);
      CREATE TABLE whole_5 (id int PRIMARY KEY);
      CREATE TABLE checked (id int REFERENCES whole ON UPDATE CASCADE CHECK (play.fine(id)));
      CREATE TABLE generated (id int REFERENCES whole_2 ON DELETE SET NULL, n int GENERATED ALWAYS AS (play.twice(id)) STORED);
      CREATE TABLE indexed (id int REFERENCES whole_3 ON UPDATE CASCADE);
      CREATE INDEX ON indexed (play.twice(id));
      CREATE TABLE domained (id play.fine_int REFERENCES whole_4 ON UPDATE CASCADE);
      CREATE TABLE defaulted (id int DEFAULT play.twice(1) REFERENCES whole_5 ON DELETE SET DEFAULT);
      INSERT INTO whole VALUES (1); INSERT INTO whole_2 VALUES (1); INSERT INTO whole_3 VALUES (1);
      INSERT INTO whole_4 VALUES (1); INSERT INTO whole_5 VALUES (1), (2);
      INSERT INTO checked VALUES (1); INSERT INTO generated VALUES (1); INSERT INTO indexed VALUES (1);
      INSERT INTO domained VALUES (1); INSERT INTO defaulted VALUES (1);`,
    attacks: [
      "UPDATE whole SET id = 5",
      "DELETE FROM whole_2",
      "UPDATE whole_3 SET id = 5",
      "UPDATE whole_4 SET id = 5",
      "DELETE FROM whole_5 WHERE id = 1",
    ],
    harmless: ["INSERT INTO whole VALUES (7)", "SELECT * FROM whole_2", "SELECT * FROM whole_4"],
    trusted: ["play.fine", "play.twice"],
  },
  "a trigger that a partition has from its parent": {
    fixture: `CREATE FUNCTION play.on_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${NOTE}; RETURN NEW; END $$;
      CREATE TABLE parts (id int) PARTITION BY RANGE (id);
      CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (100);
      CREATE TRIGGER noted BEFORE INSERT ON parts FOR EACH ROW EXECUTE FUNCTION play.on_row();`,
    attacks: ["INSERT INTO low VALUES (1)", "INSERT INTO parts VALUES (1)"],
    harmless: ["SELECT * FROM parts"],
    trusted: null,
  },
  "a function of PostgreSQL's own that a superuser replaced": {
    fixture: `${code("note()", "int", "1")}
      CREATE OR REPLACE FUNCTION pg_catalog.bit_length(text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT play.note()';`,
    attacks: [
      "SELECT bit_length('x'::text)",
      "SELECT pg_catalog.bit_length(relname::text) FROM pg_class LIMIT 1",
    ],
    harmless: ["SELECT octet_length('x'::text), upper('x'), age(now()), lpad('x', 3)"],
    trusted: ["pg_catalog.bit_length"],
  },
};

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

describe("code that no statement names", { timeout: 120_000 }, () => {
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
