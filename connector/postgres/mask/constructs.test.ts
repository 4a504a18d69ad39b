import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Catalog, NameContext, Relation } from "../../../protocol/sql/catalog.ts";
import { classify } from "../../../protocol/sql/classify.ts";
import { loadParser, parseSql } from "../../../protocol/sql/parser.ts";
import { nameParts } from "../../../protocol/sql/resolve/qualified-name.ts";
import { memoryCatalog, relation, routine } from "../../../protocol/sql/resolve/testing.ts";
import { resolveStatement } from "../../../protocol/sql/resolve.ts";
import { labelOf } from "../../mask/label-of.ts";
import type { Label } from "../../mask/labels.ts";
import { type RefusedConstruct, refusedConstruct } from "./constructs.ts";
import { SYSTEM_LABELS } from "./system-labels.ts";

before(() => loadParser());

const RELATIONS: Relation[] = [
  relation("public.customers", "id email note upper_email", { keys: [["id"], ["email"]] }),
  relation("public.orders", "id customer_id amount note", { keys: [["id"]] }),
  relation("public.people", "id name", { children: ["public.people_2025"] }),
  relation("public.people_2025", "id name", { parents: ["public.people"] }),
  relation("public.plain_parent", "id name"),
  relation("public.customers_pkey", "id", { kind: "index" }),
  relation("public.ids", "id", { kind: "view", view: "SELECT customers.id FROM public.customers;" }),
  relation("public.emails", "email", { kind: "view", view: "SELECT customers.email FROM public.customers;" }),
  relation("public.watch", "pid query", {
    kind: "view",
    view: "SELECT a.pid, a.query FROM pg_stat_get_activity(NULL::integer) a(pid, query);",
  }),
  relation("public.samples", "v", {
    kind: "view",
    view: "SELECT (pg_statistic.stavalues1)::text AS v FROM pg_statistic;",
  }),
  relation("public.remote", "id email", { kind: "foreign" }),
  relation("public.remote_known", "id email", { kind: "foreign" }),
  relation("pg_catalog.pg_class", "oid relname"),
  relation("pg_catalog.pg_settings", "name setting", {
    kind: "view",
    view: "SELECT a.name, a.setting FROM pg_show_all_settings() a(name, setting);",
  }),
  relation("pg_catalog.pg_statistic", "starelid stanullfrac stavalues1"),
  relation("pg_catalog.pg_stats", "tablename null_frac most_common_vals", {
    kind: "view",
    view: "SELECT c.relname AS tablename, s.stanullfrac AS null_frac, s.stavalues1 AS most_common_vals FROM (pg_statistic s JOIN pg_class c ON ((c.oid = s.starelid)));",
  }),
  relation("pg_catalog.pg_stat_activity", "pid query", {
    kind: "view",
    view: "SELECT s.pid, s.query FROM pg_stat_get_activity(NULL::integer) s(pid, query);",
  }),
];

const STABLE =
  `pg_get_viewdef format_type current_setting has_table_privilege pg_table_is_visible pg_get_expr now
  obj_description to_char age pg_show_all_settings table_to_xml pg_stat_get_backend_activity query_to_xml a_new_one
  row_to_json pg_cursor pg_stat_get_activity`.split(/\s+/);
const VOLATILE =
  `current_query set_config ts_stat pg_read_file lo_get lo_from_bytea nextval pg_sleep random pg_notify
  pg_logical_slot_peek_changes pg_relation_size clock_timestamp dblink`.split(/\s+/);
const IMMUTABLE = "lower length count md5 upper sum".split(" ");

const CATALOG: Catalog = memoryCatalog({
  relations: RELATIONS,
  routines: [
    ...STABLE.map((name) => routine(`pg_catalog.${name}`, { volatility: "stable" })),
    ...VOLATILE.map((name) => routine(`pg_catalog.${name}`, { volatility: "volatile" })),
    ...IMMUTABLE.map((name) => routine(`pg_catalog.${name}`)),
    routine("public.trusted", { volatility: "volatile" }),
    routine("public.pg_stat_statements", { volatility: "volatile", language: "c" }),
  ],
});
const NAMES: NameContext = {
  searchPath: ["pg_catalog", "public"],
  temporarySchema: null,
  trustedFunctions: new Set(["public.trusted", "public.pg_stat_statements"]),
};

const EMAIL: Label = { name: "pii.email", mask: { kind: "null" }, lookup: null };
const LABELS = new Map<string, ReadonlyMap<string, Label>>([
  [
    "public.customers",
    new Map([
      ["email", EMAIL],
      ["upper_email", EMAIL],
    ]),
  ],
  ["public.people", new Map([["name", EMAIL]])],
  ["public.people_2025", new Map([["name", EMAIL]])],
]);

function judge(sql: string, catalog: Catalog = CATALOG): RefusedConstruct | null {
  const parsed = parseSql(sql);
  assert.equal(parsed.length, 1, sql);
  const { tree } = parsed[0]!;
  const statement = classify(parsed, NAMES, catalog).statements[0]!;
  const { routines } = resolveStatement(tree, NAMES, catalog, []);
  return refusedConstruct(tree, statement, routines, (name) => LABELS.get(name) ?? null, {
    relation(name) {
      const [schema = "", own = ""] = nameParts(name);
      return catalog.relation(schema, own);
    },
    declared: (name) => name === "public.remote_known",
  });
}

function passes(...statements: string[]): void {
  for (const sql of statements) assert.equal(judge(sql)?.construct, undefined, sql);
}

function refuses(construct: RegExp, labels: string[], ...statements: string[]): void {
  for (const sql of statements) {
    const refused = judge(sql);
    assert.match(refused?.construct ?? "nothing", construct, sql);
    assert.deepEqual(refused?.labels, labels, sql);
    assert.notEqual(refused?.hint, "", sql);
  }
}

test("what the masks are put into passes here, whatever it reads", () => {
  passes(
    "SELECT email FROM customers",
    "INSERT INTO orders (note) SELECT email FROM customers",
    "UPDATE orders SET note = c.email FROM customers c RETURNING c.email",
    "DELETE FROM customers WHERE email = 'a'",
    "MERGE INTO orders o USING customers c ON c.id = o.id WHEN MATCHED THEN UPDATE SET note = c.email",
    "COPY customers TO STDOUT",
    "COPY (SELECT email FROM customers) TO STDOUT",
    "COPY customers FROM STDIN",
    "EXPLAIN ANALYZE SELECT email FROM customers",
    "PREPARE p AS SELECT email FROM customers",
    "DECLARE c CURSOR FOR SELECT email FROM customers",
    "CREATE TABLE t AS SELECT email FROM customers",
    "SELECT email INTO t FROM customers",
    "CREATE TEMP TABLE t AS EXECUTE p",
    "SELECT public.trusted(email) FROM customers",
  );
});

test("upkeep of labelled relations passes", () => {
  passes(
    "LOCK TABLE customers",
    "TRUNCATE customers",
    "DROP TABLE customers",
    "DROP VIEW emails",
    "ANALYZE customers",
    "VACUUM FULL customers",
    "COMMENT ON COLUMN customers.email IS 'of the customer'",
    "GRANT SELECT ON customers TO reader",
    "REVOKE SELECT (email) ON customers FROM reader",
    "REINDEX TABLE customers",
    "SECURITY LABEL ON TABLE customers IS 'x'",
    "CREATE INDEX ON customers (note)",
    "CREATE INDEX ON customers (lower(note)) WHERE id > 5",
    "CREATE UNIQUE INDEX ON customers (note)",
    "ALTER TABLE customers ADD COLUMN age int DEFAULT 5 CHECK (age > 0)",
    "ALTER TABLE customers ADD COLUMN b text GENERATED ALWAYS AS (lower(note)) STORED",
    "ALTER TABLE customers ALTER COLUMN email SET NOT NULL",
    "ALTER TABLE customers ALTER COLUMN email SET DEFAULT 'nobody'",
    "ALTER TABLE customers ALTER COLUMN email SET STATISTICS 500",
    "ALTER TABLE customers ALTER COLUMN note TYPE varchar(80)",
    "ALTER TABLE customers DROP COLUMN email",
    "ALTER TABLE customers VALIDATE CONSTRAINT c",
    "ALTER TABLE customers DROP CONSTRAINT c",
    "ALTER TABLE customers ADD CHECK (note <> '')",
    "ALTER TABLE customers ADD FOREIGN KEY (note) REFERENCES orders (id)",
    "ALTER TABLE customers RENAME CONSTRAINT a TO b",
    "ALTER TABLE customers RENAME COLUMN note TO remark",
    "ALTER TABLE customers SET (fillfactor = 70)",
    "ALTER TABLE customers OWNER TO reader",
    "ALTER TABLE customers ENABLE ROW LEVEL SECURITY",
    "ALTER INDEX customers_pkey RENAME TO pk",
  );
});

test("what touches nothing labelled passes", () => {
  passes(
    "ALTER TABLE orders RENAME TO purchases",
    "ALTER TABLE orders RENAME COLUMN note TO remark",
    "ALTER TABLE orders SET SCHEMA public",
    "ALTER TABLE orders ALTER COLUMN amount TYPE text USING amount::text",
    "ALTER TABLE orders ADD CHECK (amount > 0), ADD UNIQUE (note)",
    "ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id)",
    "CREATE UNIQUE INDEX ON orders (lower(note)) WHERE amount > 0",
    "CREATE TABLE t (id int PRIMARY KEY, customer_id int REFERENCES customers (id), o int REFERENCES orders)",
    "CREATE TABLE t (LIKE customers INCLUDING ALL)",
    "CREATE TABLE t () INHERITS (plain_parent)",
    "CREATE VIEW v AS SELECT id, note FROM customers",
    "CREATE VIEW v AS SELECT id FROM ids",
    "CREATE MATERIALIZED VIEW v AS SELECT sum(amount) FROM orders",
    "CREATE STATISTICS s ON id, note FROM customers",
    "CREATE DOMAIN d AS text CHECK (length(VALUE) < 5)",
    "CREATE TYPE mood AS ENUM ('a')",
    "CREATE TYPE pair AS (a int, b int)",
    "CREATE TYPE r AS RANGE (subtype = float8)",
    "ALTER DOMAIN d SET DEFAULT 'x'",
    "CREATE SCHEMA s CREATE TABLE t (id int)",
    "CREATE SEQUENCE s",
    "CREATE COLLATION c (provider = icu, locale = 'de')",
    "CREATE DATABASE d",
    "CREATE DATABASE d TEMPLATE template0",
    "CREATE ROLE r",
    "NOTIFY c, 'x'",
    "BEGIN",
    "SAVEPOINT s",
    "SHOW search_path",
    "DISCARD ALL",
    "FETCH 5 FROM c",
  );
});

test("what loses a label is refused", () => {
  refuses(
    /label may no longer fit/,
    ["pii.email"],
    "ALTER TABLE customers RENAME TO x",
    "ALTER TABLE public.customers RENAME TO x",
    "ALTER INDEX customers RENAME TO x",
    "ALTER TABLE customers RENAME COLUMN email TO x",
    "ALTER TABLE customers SET SCHEMA other",
    "ALTER TABLE people_2025 RENAME TO x",
    "ALTER TABLE people RENAME COLUMN name TO x",
  );
  refuses(
    /label may no longer fit/,
    [],
    "ALTER SCHEMA public RENAME TO x",
    "ALTER DATABASE shop RENAME TO x",
    // Under another name it may be declared to hold nothing labelled.
    "ALTER VIEW emails RENAME TO statistics_of_emails",
    "ALTER TABLE emails RENAME COLUMN email TO n",
    "ALTER VIEW emails SET SCHEMA reports",
  );
  refuses(
    /partitions or inheritance/,
    ["pii.email"],
    "ALTER TABLE people DETACH PARTITION people_2025",
    "ALTER TABLE people_2025 NO INHERIT people",
    "ALTER TABLE plain_parent ATTACH PARTITION customers DEFAULT",
    "ALTER TABLE customers INHERIT plain_parent",
    "ALTER TABLE orders INHERIT people",
  );
  refuses(
    /child or partition/,
    ["pii.email"],
    "CREATE TABLE x PARTITION OF people DEFAULT",
    "CREATE TABLE x () INHERITS (customers)",
  );
  refuses(/other relations inherit/, ["pii.email"], "ALTER TABLE ONLY people DROP COLUMN name");
  refuses(
    /computed from labelled/,
    ["pii.email"],
    "ALTER TABLE customers ALTER COLUMN upper_email DROP EXPRESSION",
  );
});

test("definitions that compute over stored values are refused where these are labelled", () => {
  refuses(
    /new type/,
    ["pii.email"],
    "ALTER TABLE customers ALTER COLUMN email TYPE int USING 1",
    "ALTER TABLE customers ALTER email TYPE varchar(3)",
  );
  refuses(
    /expression over labelled/,
    ["pii.email"],
    "ALTER TABLE customers ALTER COLUMN note TYPE text USING email",
    "ALTER TABLE customers ALTER COLUMN note TYPE text USING customers::text",
    "ALTER TABLE customers ALTER COLUMN note TYPE text USING (customers).email",
    "ALTER TABLE customers ALTER COLUMN note TYPE text USING email(customers.*)",
    'ALTER TABLE customers ALTER COLUMN note TYPE text USING U&"\\0065mail"',
    "ALTER TABLE customers ADD COLUMN b text GENERATED ALWAYS AS (lower(email)) STORED",
    "ALTER TABLE customers ADD COLUMN b int CHECK (email <> 'a')",
  );
  refuses(
    /constraint on labelled/,
    ["pii.email"],
    "ALTER TABLE customers ADD CHECK (email <> 'a') NOT VALID",
    "ALTER TABLE customers ADD UNIQUE (email)",
    "ALTER TABLE customers ADD PRIMARY KEY (id, email)",
    "ALTER TABLE customers ADD EXCLUDE USING gist (email WITH =)",
    "ALTER TABLE customers ADD EXCLUDE USING gist (id WITH =) WHERE (email = 'a')",
    "ALTER TABLE customers ADD FOREIGN KEY (email) REFERENCES orders (note)",
  );
  refuses(
    /index over labelled/,
    ["pii.email"],
    "CREATE INDEX ON customers (email)",
    // Rows would come in its order, without a word of it.
    "CREATE INDEX ON customers (id) INCLUDE (email)",
    "CREATE INDEX ON customers ((email::int))",
    "CREATE INDEX ON customers (id) WHERE email LIKE 'a%'",
    "CREATE INDEX ON customers ((customers))",
  );
  refuses(
    /CLUSTER of a relation/,
    ["pii.email"],
    "CLUSTER customers USING customers_email",
    "CLUSTER customers",
  );
  refuses(
    /foreign key to labelled/,
    ["pii.email"],
    "CREATE TABLE t (e text REFERENCES customers (email))",
    "CREATE TABLE t (e text, FOREIGN KEY (e) REFERENCES customers (email))",
    "CREATE TABLE t (e text REFERENCES customers)",
    "ALTER TABLE orders ADD FOREIGN KEY (note) REFERENCES customers (email)",
    "ALTER TABLE orders ADD COLUMN e text REFERENCES customers (email)",
    "CREATE SCHEMA s CREATE TABLE t (e text REFERENCES public.customers (email))",
  );
  refuses(
    /check of a domain/,
    [],
    "ALTER DOMAIN d ADD CHECK (VALUE NOT LIKE 'a%')",
    "ALTER DOMAIN d VALIDATE CONSTRAINT c",
  );
  refuses(
    /over labelled columns$/,
    ["pii.email"],
    "CREATE VIEW v AS SELECT email FROM customers",
    "CREATE VIEW v AS SELECT * FROM customers",
    "CREATE VIEW v AS SELECT c FROM customers c",
    "CREATE VIEW v AS SELECT id FROM customers WHERE email = 'a'",
    "CREATE VIEW v AS SELECT 1 FROM emails",
    "CREATE RECURSIVE VIEW v (e) AS SELECT email FROM customers",
    "CREATE MATERIALIZED VIEW v AS SELECT count(DISTINCT email) FROM customers",
    "EXPLAIN CREATE MATERIALIZED VIEW v AS SELECT email FROM customers",
    "CREATE SCHEMA s CREATE VIEW v AS SELECT email FROM public.customers",
    "CREATE STATISTICS s ON id, email FROM customers",
    "CREATE STATISTICS s ON (lower(email)) FROM customers",
  );
  refuses(
    /not known to be harmless/,
    ["pii.email"],
    "ALTER TABLE customers ENABLE RULE r",
    "ALTER TABLE customers CLUSTER ON customers_email",
    "ALTER TABLE customers OF pair",
  );
});

test("code that others would run is refused whatever it touches", () => {
  refuses(
    /which others would run without masks/,
    [],
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'",
    "ALTER FUNCTION f() STABLE",
    "ALTER FUNCTION leak() RENAME TO trusted",
    "ALTER FUNCTION other.trusted() SET SCHEMA public",
    "ALTER AGGREGATE a(int) RENAME TO b",
    "CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION trusted()",
    "CREATE RULE r AS ON INSERT TO orders DO ALSO NOTIFY x",
    "CREATE POLICY p ON orders USING (true)",
    "ALTER POLICY p ON orders USING (true)",
    "CREATE CAST (text AS int) WITH INOUT",
    "CREATE OPERATOR === (leftarg = text, rightarg = text, function = texteq)",
    "CREATE AGGREGATE a (int) (sfunc = int4pl, stype = int)",
    "CREATE TYPE t (input = int4in, output = int4out)",
    "CREATE TYPE r AS RANGE (subtype = float8, subtype_diff = float8mi)",
    "CREATE OPERATOR CLASS c FOR TYPE text USING btree AS STORAGE text",
    "CREATE EXTENSION dblink",
    "CREATE LANGUAGE plperl",
    "CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION trusted()",
    "CREATE ACCESS METHOD m TYPE INDEX HANDLER h",
    "CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM f",
    "LOAD 'auto_explain'",
  );
});

test("ways out of the database are refused whatever they touch", () => {
  refuses(/file or program/, [], "COPY orders TO '/tmp/x'", "COPY orders FROM PROGRAM 'id'");
  refuses(/copy of a database/, [], "CREATE DATABASE d TEMPLATE shop");
  refuses(/ALTER SYSTEM/, [], "ALTER SYSTEM SET work_mem = '4MB'");
  refuses(/foreign/, [], "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw");
  refuses(
    /foreign/,
    [],
    "CREATE FOREIGN TABLE t (id int) SERVER s",
    "IMPORT FOREIGN SCHEMA p FROM SERVER s INTO q",
  );
  refuses(/user mapping/, [], "CREATE USER MAPPING FOR reader SERVER s");
  refuses(
    /options of a foreign table/,
    [],
    "ALTER FOREIGN TABLE remote_known OPTIONS (SET table_name 'customers')",
  );
  refuses(/publication/, [], "CREATE PUBLICATION p FOR TABLE orders");
  refuses(/subscription/, [], "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p");
  refuses(/LISTEN/, [], "LISTEN changes");
  refuses(/^DO,/, [], "DO 'BEGIN END'");
});

test("a foreign table's rows are refused where the settings say nothing of them", () => {
  passes(
    "SELECT id FROM remote_known",
    "INSERT INTO remote_known VALUES (1, 'a')",
    "DROP FOREIGN TABLE remote",
  );
  refuses(
    /rows of the foreign table public.remote,/,
    [],
    "SELECT id FROM remote",
    "UPDATE remote SET id = 1",
    "COPY remote TO STDOUT",
    "SELECT (SELECT id FROM public.remote LIMIT 1)",
  );
});

test("functions that give what no mask is put over are refused, wherever they are called", () => {
  refuses(
    /shows the texts of statements/,
    ["system.statements"],
    "SELECT current_query()",
    "SELECT pg_stat_get_backend_activity(1)",
    "SELECT * FROM pg_cursor()",
    "SELECT * FROM pg_stat_get_activity(NULL)",
    "SELECT query FROM public.pg_stat_statements(true)",
    "UPDATE orders SET note = current_query()",
    "INSERT INTO orders (note) VALUES (current_query())",
    "CREATE TABLE t (a text DEFAULT current_query())",
    "ALTER TABLE orders ALTER COLUMN note SET DEFAULT current_query()",
    "CREATE VIEW v AS SELECT current_query()",
    "EXPLAIN SELECT current_query()",
    "SELECT 1 FROM orders ORDER BY current_query()",
    // Named by a view of somebody's.
    "SELECT pid FROM watch",
    "SELECT w.pid FROM watch w, pg_stat_activity",
  );
  refuses(
    /runs SQL that a string holds/,
    [],
    "SELECT query_to_xml('SELECT email FROM customers', true, true, '')",
    "SELECT table_to_xml('customers', true, true, '')",
    "SELECT * FROM ts_stat('SELECT 1')",
  );
  refuses(/files/, [], "SELECT pg_read_file('x')", "SELECT ('x'::text).pg_read_file");
  refuses(/large objects/, ["system.secrets"], "SELECT lo_get(5)");
  refuses(/changed rows/, [], "SELECT * FROM pg_logical_slot_peek_changes('s', NULL, NULL)");
  refuses(/isn't known/, [], "SELECT a_new_one()");
});

test("what tools ask of the catalog passes", () => {
  passes(
    "SELECT pg_get_viewdef(oid), format_type(oid, 1), obj_description(oid) FROM pg_class WHERE pg_table_is_visible(oid)",
    "SELECT has_table_privilege('customers', 'SELECT'), current_setting('server_version'), now()",
    "SELECT pid, query FROM pg_stat_activity",
    "SELECT name, setting FROM pg_settings",
    "SELECT tablename, null_frac FROM pg_stats",
    "SELECT lower(note), md5(note), row_to_json(o), to_char(amount, '9') FROM orders o",
    "SELECT nextval('s'), random(), pg_relation_size('customers'), pg_notify('a', 'b')",
    "SELECT lo_from_bytea(0, 'x')",
  );
});

test("samples that can't be masked are refused, the rest of their views passes", () => {
  refuses(
    /samples of rows/,
    ["system.samples"],
    "SELECT most_common_vals FROM pg_stats",
    "SELECT * FROM pg_stats",
    "SELECT s FROM pg_stats s",
    "SELECT stavalues1 FROM pg_statistic",
    "SELECT null_frac FROM pg_stats, pg_statistic",
    "COPY pg_statistic TO STDOUT",
    "SELECT v FROM samples",
  );
});

test("settings that would show texts or load code are refused", () => {
  refuses(
    /client_min_messages/,
    ["system.statements"],
    "SET client_min_messages = debug5",
    "SET LOCAL client_min_messages TO 'log'",
    "SELECT set_config('client_min_messages', 'debug1', false)",
    "SELECT set_config('client_min_messages', lower('DEBUG1'), false)",
    "ALTER ROLE reader SET client_min_messages = debug1",
    "ALTER DATABASE shop SET client_min_messages = debug1",
  );
  refuses(
    /shows the text or the plan/,
    ["system.statements"],
    "SET debug_print_plan = on",
    "SET auto_explain.log_level = notice",
    "SET pgaudit.log_client = on",
  );
  refuses(
    /loads code/,
    [],
    "SET allow_system_table_mods = on",
    "ALTER ROLE r SET session_preload_libraries = 'x'",
  );
  passes(
    "SET client_min_messages = warning",
    "SET client_min_messages TO 'ERROR'",
    "RESET client_min_messages",
    "SET search_path = public",
    "SET app.user_id = '5'",
    "SET debug_print_plan = off",
    "SELECT set_config('search_path', '', false)",
    "SELECT set_config(name, 'view', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'",
    "SET TimeZone = 'UTC'",
  );
});

test("PostgreSQL's own relations are not written", () => {
  refuses(
    /changes what statements mean/,
    [],
    "UPDATE pg_class SET relname = 'x' WHERE relname = 'customers'",
    "DELETE FROM pg_catalog.pg_statistic",
    "INSERT INTO pg_class (oid) VALUES (1)",
    "COPY pg_class FROM STDIN",
    "UPDATE pg_settings SET setting = 'debug1' WHERE name = 'client_min_messages'",
    "WITH x AS (UPDATE pg_class SET relname = 'x' RETURNING oid) SELECT * FROM x",
  );
  passes("GRANT SELECT ON pg_class TO reader", "ANALYZE pg_class");
});

test("the labels of PostgreSQL's own relations are found by name", () => {
  for (const [schema, relation, column] of [
    ["pg_catalog", "pg_stat_activity", "query"],
    ["pg_catalog", "pg_authid", "rolpassword"],
    ["pg_catalog", "pg_stats", "correlation"],
    ["monitoring", "pg_stat_statements", "query"],
  ] as const) {
    assert.equal(labelOf(SYSTEM_LABELS, schema, relation, column).kind, "whole", relation);
  }
  assert.equal(labelOf(SYSTEM_LABELS, "pg_catalog", "pg_stat_activity", "pid").kind, "unlabelled");
  assert.equal(labelOf(SYSTEM_LABELS, "public", "pg_stat_activity", "query").kind, "unlabelled");
});
