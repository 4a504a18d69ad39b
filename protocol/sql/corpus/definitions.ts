import { type Case, entry } from "./case.ts";

/** CREATE, ALTER and DROP of what a database holds. */
export const DEFINITIONS: readonly Case[] = [
  entry("CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL DEFAULT 'x')", "create", { writes: "t" }),
  entry("CREATE TEMP TABLE t (a int) ON COMMIT DROP", "create", { writes: "pg_temp.t" }),
  entry("CREATE UNLOGGED TABLE app.t (a int)", "create", { writes: "app.t" }),
  entry("CREATE TABLE t (LIKE customers INCLUDING ALL)", "create", { reads: "customers", writes: "t" }),
  entry("CREATE TABLE t (x us_postal_code)", "create", {
    writes: "t",
    opaque: true,
    because: "the domain's check runs a user's function",
  }),
  entry("CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS a WITH NO DATA", "create", {
    writes: "t",
    tag: "CREATE TABLE AS",
  }),
  entry("CREATE VIEW v AS SELECT * FROM customers", "create", { reads: "customers", writes: "v" }),
  entry("CREATE OR REPLACE TEMP VIEW v AS SELECT * FROM app.secrets", "create", {
    reads: "app.secrets",
    writes: "pg_temp.v",
  }),
  entry("CREATE MATERIALIZED VIEW mv AS SELECT * FROM customers", "create select", {
    tag: "CREATE MATERIALIZED VIEW",
    reads: "customers",
    writes: "mv",
  }),
  entry("CREATE INDEX CONCURRENTLY ON customers (name)", "create", { writes: "customers" }),
  entry("CREATE UNIQUE INDEX i ON customers (lower(email)) WHERE name IS NOT NULL", "create", {
    reads: "customers",
    writes: "customers",
  }),
  entry("CREATE SEQUENCE s START 101", "create", { writes: "s" }),
  entry("CREATE SCHEMA accounting", "create"),
  entry("CREATE TYPE mood AS ENUM ('sad', 'ok')", "create"),
  entry("CREATE TYPE pair AS (a int, b int)", "create"),
  entry("CREATE TYPE floatrange AS RANGE (subtype = float8)", "create"),
  entry("CREATE DOMAIN short AS text CHECK (length(VALUE) < 10)", "create"),
  entry("CREATE STATISTICS s (ndistinct) ON id, name FROM customers", "create", { reads: "customers" }),
  entry("CREATE TEXT SEARCH CONFIGURATION c (COPY = english)", "create", {
    tag: "CREATE TEXT SEARCH CONFIGURATION",
  }),
  entry("ALTER TABLE customers ADD COLUMN phone text", "alter", { writes: "customers" }),
  entry("ALTER TABLE customers DROP COLUMN name", "alter drop", { writes: "customers" }),
  entry("ALTER TABLE customers ADD COLUMN a int, DROP COLUMN name CASCADE", "alter drop", {
    writes: "customers",
    opaque: true,
    because: "CASCADE reaches what it does not name",
  }),
  entry("ALTER TABLE customers ALTER COLUMN name SET NOT NULL", "alter", { writes: "customers" }),
  entry("ALTER TABLE customers RENAME TO clients", "alter", { writes: "customers" }),
  entry("ALTER TABLE customers RENAME COLUMN name TO title", "alter", {
    tag: "ALTER TABLE",
    writes: "customers",
  }),
  entry("ALTER TABLE customers OWNER TO admin", "alter grant", { writes: "customers" }),
  entry("ALTER TABLE customers DISABLE TRIGGER ALL", "alter grant", { writes: "customers" }),
  entry("ALTER TABLE customers ENABLE REPLICA TRIGGER t", "alter grant", { writes: "customers" }),
  entry("ALTER TABLE customers DISABLE ROW LEVEL SECURITY", "alter grant", { writes: "customers" }),
  entry("ALTER TABLE customers NO FORCE ROW LEVEL SECURITY", "alter grant", { writes: "customers" }),
  entry("ALTER TABLE customers DISABLE RULE r", "alter grant", { writes: "customers" }),
  entry("ALTER TABLE customers SET SCHEMA app", "alter", { writes: "customers" }),
  entry("ALTER INDEX i RENAME TO j", "alter", {
    writes: "i",
    opaque: true,
    because: "there is no such index",
  }),
  entry("ALTER SEQUENCE customers_id_seq RESTART", "alter", {
    writes: "customers_id_seq",
    effects: "sequence",
  }),
  entry("ALTER VIEW active_customers ALTER COLUMN id SET DEFAULT 1", "alter", {
    tag: "ALTER VIEW",
    writes: "active_customers",
  }),
  entry("ALTER TYPE mood ADD VALUE 'happy'", "alter"),
  entry("ALTER DOMAIN short ADD CHECK (length(VALUE) > 1)", "alter"),
  entry("COMMENT ON TABLE customers IS 'DROP TABLE customers'", "alter", {
    tag: "COMMENT",
    writes: "customers",
  }),
  entry("DROP TABLE customers", "drop", { tag: "DROP TABLE", writes: "customers" }),
  entry("DROP TABLE IF EXISTS customers, orders CASCADE", "drop", {
    writes: "customers orders",
    opaque: true,
    because: "CASCADE reaches what it does not name",
  }),
  entry("DROP VIEW active_customers", "drop", { tag: "DROP VIEW", writes: "active_customers" }),
  entry("DROP MATERIALIZED VIEW order_totals", "drop", {
    tag: "DROP MATERIALIZED VIEW",
    writes: "order_totals",
  }),
  entry("DROP SEQUENCE customers_id_seq", "drop", { writes: "customers_id_seq" }),
  entry("DROP SCHEMA accounting CASCADE", "drop", {
    opaque: true,
    because: "what stands in it goes with it",
  }),
  entry("DROP FUNCTION slugify(text)", "drop", { tag: "DROP FUNCTION" }),
  entry("DROP TYPE mood", "drop"),
  entry("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'", "create select"),
  entry(
    "CREATE FUNCTION n() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM app.secrets $$",
    "create select",
    { reads: "app.secrets" },
  ),
  entry(
    "CREATE FUNCTION n() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM app.secrets; END",
    "create select",
    { reads: "app.secrets" },
  ),
  entry("CREATE FUNCTION d() RETURNS void LANGUAGE sql AS 'DELETE FROM orders'", "create delete", {
    writes: "orders",
  }),
  entry("CREATE FUNCTION d() RETURNS void BEGIN ATOMIC DELETE FROM orders; END", "create delete", {
    writes: "orders",
  }),
  entry("CREATE FUNCTION one() RETURNS int RETURN 1", "create select"),
  entry("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$", "create", {
    opaque: true,
  }),
  entry("CREATE OR REPLACE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN NULL; END $$", "create", {
    tag: "CREATE PROCEDURE",
    opaque: true,
  }),
  entry("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'not sql at all'", "create", { opaque: true }),
  entry("CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'import os'", "administer create", {
    effects: "run-program",
    opaque: true,
  }),
  entry("CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/evil.so', 'f'", "administer create", {
    effects: "run-program",
    opaque: true,
  }),
  entry("CREATE FUNCTION f() RETURNS int LANGUAGE internal AS 'pg_read_file'", "administer create", {
    effects: "run-program",
    opaque: true,
  }),
  entry("ALTER FUNCTION slugify(text) IMMUTABLE", "alter"),
  entry("CREATE RULE r AS ON INSERT TO orders DO ALSO DELETE FROM products", "alter create delete", {
    writes: "orders products",
  }),
  entry(
    "CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refresh_totals()",
    "alter create",
    { writes: "orders", opaque: true },
  ),
  entry("CREATE AGGREGATE a (int) (sfunc = int4pl, stype = int)", "create", { tag: "CREATE AGGREGATE" }),
  entry("CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq)", "create", {
    tag: "CREATE OPERATOR",
  }),
];

/** Who may do what, and whose rights a session has. */
export const RIGHTS: readonly Case[] = [
  entry("GRANT SELECT ON customers TO analyst", "grant", { writes: "customers" }),
  entry("GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC", "grant", {
    opaque: true,
    because: "which tables it does not say",
  }),
  entry("REVOKE UPDATE (name) ON customers FROM analyst", "grant", { tag: "REVOKE", writes: "customers" }),
  entry("GRANT admin TO agent", "grant", { tag: "GRANT ROLE" }),
  entry("GRANT pg_read_server_files TO agent WITH ADMIN OPTION", "grant"),
  entry("REVOKE admin FROM agent", "grant"),
  entry("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO agent", "grant"),
  entry("CREATE ROLE agent2 LOGIN SUPERUSER PASSWORD 'x'", "create grant"),
  entry("CREATE USER agent3", "create grant"),
  entry("ALTER ROLE agent SUPERUSER", "alter grant"),
  entry("ALTER GROUP admins ADD USER agent", "alter grant"),
  entry("DROP ROLE agent", "drop grant"),
  entry("REASSIGN OWNED BY admin TO agent", "grant", {
    opaque: true,
    because: "which objects it does not say",
  }),
  entry("DROP OWNED BY agent", "drop grant", { opaque: true, because: "what the role owns goes" }),
  entry("CREATE POLICY p ON customers USING (true)", "create grant", { writes: "customers" }),
  entry("CREATE POLICY p ON customers USING (EXISTS (SELECT 1 FROM app.secrets))", "create grant", {
    reads: "app.secrets",
    writes: "customers",
  }),
  entry("ALTER POLICY p ON customers TO PUBLIC", "alter grant", { writes: "customers" }),
  entry("DROP POLICY p ON customers", "drop grant", { writes: "customers" }),
  entry("SECURITY LABEL FOR x ON TABLE customers IS 'secret'", "alter grant", { writes: "customers" }),
  entry("ALTER SCHEMA public OWNER TO agent", "alter grant"),
  entry("ALTER FUNCTION refresh_totals() OWNER TO agent", "alter grant"),
  entry("CREATE SCHEMA AUTHORIZATION admin", "create grant"),
  entry("ALTER FUNCTION slugify(text) SECURITY DEFINER", "alter grant"),
  entry("ALTER FUNCTION slugify(text) SECURITY INVOKER", "alter"),
  entry(
    "CREATE FUNCTION one() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "create grant select",
  ),
  entry("SET ROLE admin", "assume-role", { effects: "change-setting", settings: "role" }),
  entry("SET LOCAL ROLE 'admin'", "assume-role", { effects: "change-setting", settings: "role" }),
  entry("RESET ROLE", "assume-role", { effects: "change-setting", settings: "role" }),
  entry("SET role TO admin", "assume-role", { effects: "change-setting", settings: "role" }),
  entry('SET "RoLe" = admin', "assume-role", { effects: "change-setting", settings: "role" }),
  entry("SET SESSION AUTHORIZATION admin", "assume-role", {
    effects: "change-setting",
    settings: "session_authorization",
  }),
  entry("RESET SESSION AUTHORIZATION", "assume-role", {
    effects: "change-setting",
    settings: "session_authorization",
  }),
  entry("SELECT set_config('role', 'admin', false)", "assume-role select set", {
    effects: "change-setting",
    settings: "role",
  }),
  entry("SELECT set_config('Session_Authorization', 'admin', true)", "assume-role select set", {
    effects: "change-setting",
    settings: "session_authorization",
  }),
];
