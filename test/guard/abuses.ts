/** What a user can put into a database so that statements run it without naming it. */

const NOTE = "PERFORM nextval('play.ran')";
export const code = (signature: string, result: string, value: string) =>
  `CREATE FUNCTION play.${signature} RETURNS ${result} IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN ${NOTE}; RETURN ${value}; END $$;`;

interface Abuse {
  fixture: string;
  attacks: string[];
  /** What the same database may see all the same. */
  harmless: string[];
  /** The functions that are to be trusted for the attacks to be clear; null where that can't be said. */
  trusted: string[] | null;
}

export const POINT_CLASS = (type: string) => `
${code(`cmp(${type}, ${type})`, "int", "0")}
${["lt", "le", "eq", "ge", "gt"].map((name) => code(`${name}(${type}, ${type})`, "bool", "false")).join("\n")}
CREATE OPERATOR play.< (LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = play.lt);
CREATE OPERATOR play.<= (LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = play.le);
CREATE OPERATOR play.= (LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = play.eq);
CREATE OPERATOR play.>= (LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = play.ge);
CREATE OPERATOR play.> (LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = play.gt);`;
export const CLASS_MEMBERS = (type: string) => `OPERATOR 1 play.<, OPERATOR 2 play.<=, OPERATOR 3 play.=,
  OPERATOR 4 play.>=, OPERATOR 5 play.>, FUNCTION 1 play.cmp(${type}, ${type})`;
const COMPARISONS = ["cmp", "lt", "le", "eq", "ge", "gt"].map((name) => `play.${name}`);

export const ABUSES: Record<string, Abuse> = {
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
