import { type Case, entry } from "./case.ts";

/** Ways to hide what a statement does from someone who reads its text. */
export const EVASIONS: readonly Case[] = [
  entry("sElEcT Pg_ReAd_FiLe('/etc/passwd')", "escape select", { effects: "read-file" }),
  entry("SELECT \"pg_read_file\"('x')", "escape select", { effects: "read-file" }),
  entry("SELECT pg_catalog . /* here */ pg_read_file -- there\n ('x')", "escape select", {
    effects: "read-file",
  }),
  entry("SELECT U&\"pg\\005fread\\005ffile\"('x')", "escape select", { effects: "read-file" }),
  entry("SELECT U&\"pg!005fread_file\" UESCAPE '!' ('x')", "escape select", { effects: "read-file" }),
  entry("SELECT ('/etc/passwd'::text).pg_read_file", "escape select", {
    effects: "read-file",
    because: "x.f is f(x)",
  }),
  entry("SELECT a.pg_read_file FROM unnest(ARRAY['/etc/passwd']) a", "escape select", {
    effects: "read-file",
  }),
  entry("SELECT (ARRAY['/etc/passwd'])[1].pg_read_file", "escape select", { effects: "read-file" }),
  entry("SELECT (x).pg_ls_dir FROM (SELECT '.'::text AS x) q", "escape select", { effects: "read-file" }),
  entry("SELECT 1 ORDER BY pg_sleep(1)", "select", { effects: "sleep" }),
  entry("SELECT 1 LIMIT (SELECT 1 FROM pg_sleep(1))", "select", { effects: "sleep" }),
  entry("SELECT 1 OFFSET length(pg_read_file('x'))", "escape select", { effects: "read-file" }),
  entry("SELECT CASE WHEN false THEN pg_sleep(1) END", "select", { effects: "sleep" }),
  entry("SELECT count(*) FILTER (WHERE pg_sleep(1) IS NULL) FROM customers", "select", {
    reads: "customers",
    effects: "sleep",
  }),
  entry("SELECT count(*) FROM customers GROUP BY pg_sleep(1)", "select", {
    reads: "customers",
    effects: "sleep",
  }),
  entry("SELECT count(*) FROM customers HAVING pg_sleep(1) IS NULL", "select", {
    reads: "customers",
    effects: "sleep",
  }),
  entry("SELECT sum(id) OVER (ORDER BY pg_sleep(1)) FROM customers", "select", {
    reads: "customers",
    effects: "sleep",
  }),
  entry("SELECT sum(id) OVER w FROM customers WINDOW w AS (PARTITION BY pg_sleep(1))", "select", {
    reads: "customers",
    effects: "sleep",
  }),
  entry("SELECT string_agg(name, '' ORDER BY pg_sleep(1)) FROM customers", "select", {
    reads: "customers",
    effects: "sleep",
  }),
  entry("SELECT * FROM customers c JOIN orders o ON pg_sleep(1) IS NULL", "select", {
    reads: "customers orders",
    effects: "sleep",
  }),
  entry("SELECT * FROM customers, LATERAL pg_read_file(name)", "escape select", {
    reads: "customers",
    effects: "read-file",
  }),
  entry("SELECT * FROM ROWS FROM (pg_ls_dir('.'), generate_series(1, 2)) x", "escape select", {
    effects: "read-file",
  }),
  entry("SELECT DISTINCT ON (pg_sleep(1)) 1", "select", { effects: "sleep" }),
  entry("VALUES (pg_sleep(1))", "select", { effects: "sleep" }),
  entry("SELECT ARRAY[pg_read_file('x')]", "escape select", { effects: "read-file" }),
  entry("SELECT ROW(pg_read_file('x'))", "escape select", { effects: "read-file" }),
  entry("SELECT coalesce(NULL, pg_read_file('x'))", "escape select", { effects: "read-file" }),
  entry("SELECT (SELECT (SELECT pg_read_file('x')))", "escape select", { effects: "read-file" }),
  entry("SELECT XMLELEMENT(name a, pg_read_file('x'))", "escape select", { effects: "read-file" }),
  entry("SELECT JSON_OBJECT('a': pg_read_file('x'))", "escape select", { effects: "read-file" }),
  entry("SELECT JSON_ARRAY(SELECT token FROM app.secrets)", "select", { reads: "app.secrets" }),
  entry("SELECT * FROM JSON_TABLE(pg_read_file('x')::jsonb, '$' COLUMNS (a int)) j", "escape select", {
    effects: "read-file",
  }),
  entry("SELECT GREATEST(1, length(pg_read_file('x')))", "escape select", { effects: "read-file" }),
  entry("SELECT * FROM customers TABLESAMPLE SYSTEM (length(pg_read_file('x')))", "escape select", {
    reads: "customers",
    effects: "read-file",
  }),
  entry("INSERT INTO products VALUES (1, pg_read_file('x'), 2)", "escape insert", {
    writes: "products",
    effects: "read-file",
  }),
  entry(
    "INSERT INTO products (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = pg_read_file('x')",
    "escape insert update",
    { writes: "products", reads: "products", effects: "read-file" },
  ),
  entry("UPDATE products SET name = pg_read_file('x') WHERE id = 1", "escape update", {
    reads: "products",
    writes: "products",
    effects: "read-file",
    where: "key",
  }),
  entry("DELETE FROM orders WHERE pg_sleep(1) IS NULL", "delete", {
    writes: "orders",
    effects: "sleep",
    where: "constant",
  }),
  entry("DELETE FROM orders WHERE id = 1 RETURNING pg_read_file('x')", "delete escape select", {
    reads: "orders",
    writes: "orders",
    effects: "read-file",
    where: "key",
  }),
  entry("EXECUTE p (pg_read_file('x'))", "escape select", { effects: "read-file" }),
  entry("EXPLAIN SELECT pg_read_file('x')", "escape explain", { effects: "read-file" }),
  entry("CREATE TABLE t (a text DEFAULT pg_read_file('x'))", "create escape", {
    writes: "t",
    effects: "read-file",
  }),
  entry("CREATE TABLE t (a text CHECK (pg_sleep(1) IS NULL))", "create", { writes: "t", effects: "sleep" }),
  entry("CREATE TABLE t (a text GENERATED ALWAYS AS (pg_read_file('x')) STORED)", "create escape", {
    writes: "t",
    effects: "read-file",
  }),
  entry("CREATE INDEX ON customers ((pg_read_file(name)))", "create escape", {
    reads: "customers",
    writes: "customers",
    effects: "read-file",
  }),
  entry("ALTER TABLE customers ALTER name TYPE text USING pg_read_file(name)", "alter escape", {
    reads: "customers",
    writes: "customers",
    effects: "read-file",
  }),
  entry("CREATE VIEW v AS SELECT pg_read_file('x')", "create escape", { writes: "v", effects: "read-file" }),
  entry(
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $f$ SELECT pg_read_file('x') $f$",
    "create escape select",
    { effects: "read-file" },
  ),
  entry(
    "CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT * FROM app.secrets GRANT ALL ON t TO PUBLIC",
    "create grant",
    { reads: "app.secrets", writes: "s.t s.v", opaque: true, because: "t is not there yet" },
  ),
  entry("SELECT ('customers_id_seq'::regclass).nextval", "select", { effects: "sequence" }),
  entry("SELECT x.nextval FROM unnest(ARRAY['customers_id_seq'::regclass]) x", "select", {
    effects: "sequence",
  }),
  entry("SELECT ('x'::text).refresh_totals", "select", { opaque: true }),
  entry("COPY customers FROM STDIN WHERE pg_read_file('x') IS NULL", "escape insert", {
    writes: "customers",
    effects: "read-file",
  }),
  entry("ALTER TABLE customers ADD COLUMN b text DEFAULT pg_read_file('x')", "alter escape", {
    writes: "customers",
    effects: "read-file",
  }),
  entry("CREATE POLICY p ON customers USING (pg_read_file('x') IS NULL)", "create escape grant", {
    writes: "customers",
    effects: "read-file",
  }),
  entry(
    "CREATE RULE r AS ON UPDATE TO orders WHERE pg_read_file('x') IS NULL DO NOTHING",
    "alter create escape",
    { writes: "orders", effects: "read-file" },
  ),
  entry("CREATE RULE r AS ON INSERT TO orders DO NOTIFY x", "alter create notify", {
    writes: "orders",
    effects: "notify",
  }),
  entry("CREATE TABLE x (a int) PARTITION BY RANGE ((length(pg_read_file('x'))))", "create escape", {
    writes: "x",
    effects: "read-file",
  }),
  entry("CREATE DOMAIN d AS text DEFAULT pg_read_file('x')", "create escape", { effects: "read-file" }),
  entry("ALTER DOMAIN short SET DEFAULT pg_read_file('x')", "alter escape", { effects: "read-file" }),
  entry(
    "CREATE FUNCTION f(a text DEFAULT pg_read_file('x')) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "create escape select",
    { effects: "read-file" },
  ),
  entry("SELECT * FROM XMLTABLE('/a' PASSING (pg_read_file('x')::xml) COLUMNS a int)", "escape select", {
    effects: "read-file",
  }),
  entry("SELECT * FROM customers ORDER BY id USING OPERATOR(evil.=)", "select", {
    reads: "customers",
    opaque: true,
  }),
  entry("UPDATE orders SET note[length(pg_read_file('x'))] = 'a' WHERE id = 1", "escape update", {
    reads: "orders",
    writes: "orders",
    effects: "read-file",
    where: "key",
  }),
  entry("INSERT INTO orders (note[length(pg_read_file('x'))]) VALUES ('a')", "escape insert", {
    writes: "orders",
    effects: "read-file",
  }),
  entry(
    "ALTER TABLE customers ADD CONSTRAINT c EXCLUDE USING gist (pg_read_file(name) WITH =)",
    "alter escape",
    { reads: "customers", writes: "customers", effects: "read-file" },
  ),
  entry("EXECUTE p (set_config('role', 'x', false))", "assume-role select set", {
    effects: "change-setting",
    settings: "role",
  }),
  entry("SELECT 1 FROM customers c GROUP BY c.pg_sleep", "select", { reads: "customers", effects: "sleep" }),
  entry("SELECT refresh_totals()", "select", { opaque: true }),
  entry("SELECT public.refresh_totals()", "select", { opaque: true }),
  entry("SELECT * FROM customers ORDER BY refresh_totals()", "select", { reads: "customers", opaque: true }),
  entry("SELECT c.total FROM customers c", "select", {
    reads: "customers",
    opaque: true,
    because: "no column: the function public.total(c)",
  }),
  entry("SELECT (c).total FROM customers c", "select", { reads: "customers", opaque: true }),
  entry("SELECT nosuchfunction(1)", "select", { opaque: true }),
  entry("SELECT nosuchfunction()", "select", { opaque: true }),
  entry("SELECT * FROM nosuchtable", "select", { opaque: true }),
  entry("SELECT evil.slugify('x')", "select", { opaque: true, because: "only public.slugify is trusted" }),
  entry("SELECT 1 OPERATOR(evil.=) 2", "select", { opaque: true }),
  entry("SELECT 1 OPERATOR(pg_catalog.=) 2", "select"),
  entry("SELECT 'x'::us_postal_code", "select", { opaque: true }),
  entry("SELECT CAST(name AS us_postal_code) FROM customers", "select", { reads: "customers", opaque: true }),
  entry("SELECT us_postal_code 'x'", "select", { opaque: true }),
  entry("SELECT us_postal_code('x')", "select", { opaque: true }),
  entry("SELECT 'app.secrets'::regclass", "select", { because: "it names the table and reads none of it" }),
  entry("SELECT * FROM settings_view", "assume-role select set", {
    reads: "settings_view",
    effects: "change-setting",
    settings: "*",
    because: "a view calls set_config under its reader",
  }),
  entry("SELECT set_config('ro' || 'le', 'admin', false)", "assume-role select set", {
    effects: "change-setting",
    settings: "*",
  }),
  entry("SELECT set_config(U&'\\0072ole', 'admin', false)", "assume-role select set", {
    effects: "change-setting",
    settings: "role",
  }),
  entry("SELECT (set_config('role', 'admin', false)).x", "assume-role select set", {
    effects: "change-setting",
    settings: "role",
  }),
  entry(
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t, pg_sleep(1)) SELECT * FROM t",
    "select",
    { effects: "sleep" },
  ),
  entry("/* SELECT 1 */ DROP TABLE customers -- SELECT 1", "drop", { writes: "customers" }),
  entry("\u0009DROP\u000aTABLE\u000dcustomers", "drop", { writes: "customers" }),
  entry('DROP TABLE "customers"', "drop", { writes: "customers" }),
  entry('DROP TABLE U&"custom\\0065rs"', "drop", { writes: "customers" }),
  entry('SELECT * FROM "Customers"', "select", { opaque: true, because: "another name than customers" }),
  entry("SELECT * FROM CUSTOMERS", "select", { reads: "customers" }),
  entry("COPY(DELETE FROM orders RETURNING pg_read_file('x'))TO STDOUT", "delete escape select", {
    writes: "orders",
    effects: "read-file",
    where: "missing",
  }),
];

/** What looks dangerous and is not. */
export const INNOCENT: readonly Case[] = [
  entry("SELECT 'DROP TABLE customers; DELETE FROM orders'", "select"),
  entry("SELECT $$ DROP TABLE customers $$", "select"),
  entry("SELECT $drop$ DELETE FROM orders; $$ $drop$", "select"),
  entry("SELECT E'it\\'s; DROP TABLE customers; --'", "select"),
  entry("SELECT '\\'; -- DROP TABLE customers", "select", { because: "a backslash escapes nothing here" }),
  entry("SELECT 'it''s; DELETE FROM orders'", "select"),
  entry("SELECT 1 -- ; DROP TABLE customers", "select"),
  entry("SELECT 1 /* ; DROP TABLE customers; /* nested */ DELETE FROM orders */", "select"),
  entry('SELECT 1 AS "DROP TABLE customers"', "select"),
  entry("SELECT 1 AS delete", "select"),
  entry("SELECT name AS update FROM customers AS insert", "select", { reads: "customers" }),
  entry("SELECT 'pg_read_file(''/etc/passwd'')'", "select"),
  entry("SELECT 'COPY customers TO PROGRAM ''sh'''", "select"),
  entry("INSERT INTO orders (note) VALUES ('DROP TABLE customers')", "insert", { writes: "orders" }),
  entry("UPDATE orders SET note = 'TRUNCATE orders' WHERE id = 1", "update", {
    reads: "orders",
    writes: "orders",
    where: "key",
  }),
  entry("SELECT * FROM customers WHERE name = '; DROP TABLE customers; --'", "select", {
    reads: "customers",
  }),
  entry("SELECT * FROM customers WHERE email LIKE '%pg_sleep%'", "select", { reads: "customers" }),
  entry('SELECT note AS "pg_read_file" FROM orders', "select", { reads: "orders" }),
  entry("WITH pg_sleep AS (SELECT 1) SELECT * FROM pg_sleep", "select"),
  entry("SELECT U&'\\0044ROP TABLE customers'", "select"),
  entry("SELECT X'DEADBEEF', B'1010'", "select"),
  entry("SELECT 'a'\n'; DROP TABLE customers'", "select", { because: "one literal in two parts" }),
  entry("EXPLAIN SELECT 'DELETE FROM orders'", "explain"),
  entry("PREPARE p AS SELECT 'DROP TABLE customers'", "select"),
  entry("SELECT interval '1 day', date '2026-01-01', time '12:00'", "select"),
  entry('LISTEN "DROP TABLE customers"', "notify", { effects: "notify" }),
  entry('SAVEPOINT "drop"', "transaction"),
  entry("SET application_name = 'DROP TABLE customers'", "set", {
    effects: "change-setting",
    settings: "application_name",
  }),
];
