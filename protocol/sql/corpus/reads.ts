import { type Case, entry } from "./case.ts";

/** Queries in the manner of PostgreSQL's documentation (chapters 2, 7, 9, 14) and its regression suite. */
export const READS: readonly Case[] = [
  entry("SELECT 1", "select"),
  entry("SELECT", "select"),
  entry("VALUES (1, 'one'), (2, 'two')", "select", { tag: "SELECT" }),
  entry("TABLE customers", "select", { reads: "customers", tag: "SELECT" }),
  entry("SELECT * FROM customers", "select", { reads: "customers" }),
  entry("SELECT * FROM ONLY customers", "select", { reads: "customers" }),
  entry("SELECT * FROM public.customers AS c (a, b)", "select", { reads: "customers" }),
  entry("SELECT ALL id FROM customers", "select", { reads: "customers" }),
  entry("SELECT DISTINCT ON (customer_id) * FROM orders ORDER BY customer_id, amount DESC", "select", {
    reads: "orders",
  }),
  entry("SELECT count(*) FROM orders WHERE status = 'open'", "select", { reads: "orders" }),
  entry("SELECT count(*) FILTER (WHERE amount > 10) FROM orders", "select", { reads: "orders" }),
  entry("SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id", "select", {
    reads: "customers orders",
  }),
  entry("SELECT * FROM orders NATURAL LEFT JOIN order_items", "select", { reads: "order_items orders" }),
  entry("SELECT * FROM orders o FULL JOIN order_items i USING (id)", "select", {
    reads: "order_items orders",
  }),
  entry("SELECT * FROM orders, customers, products", "select", { reads: "customers orders products" }),
  entry(
    "SELECT * FROM orders CROSS JOIN LATERAL (SELECT * FROM customers c WHERE c.id = orders.customer_id) x",
    "select",
    {
      reads: "customers orders",
    },
  ),
  entry("SELECT (SELECT max(amount) FROM orders) FROM customers", "select", { reads: "customers orders" }),
  entry("SELECT * FROM customers WHERE id IN (SELECT customer_id FROM orders)", "select", {
    reads: "customers orders",
  }),
  entry("SELECT * FROM customers WHERE EXISTS (SELECT 1 FROM app.secrets)", "select", {
    reads: "app.secrets customers",
  }),
  entry("SELECT * FROM customers ORDER BY (SELECT token FROM app.secrets LIMIT 1)", "select", {
    reads: "app.secrets customers",
  }),
  entry("SELECT ARRAY(SELECT token FROM app.secrets)", "select", { reads: "app.secrets" }),
  entry("SELECT CASE WHEN EXISTS (TABLE app.secrets) THEN 1 END", "select", { reads: "app.secrets" }),
  entry("SELECT * FROM customers LIMIT 10", "select", { reads: "customers", limit: 10 }),
  entry("SELECT * FROM customers LIMIT 0", "select", { reads: "customers", limit: 0 }),
  entry("SELECT * FROM customers LIMIT ALL", "select", { reads: "customers" }),
  entry("SELECT * FROM customers LIMIT $1", "select", { reads: "customers" }),
  entry("SELECT * FROM customers LIMIT 5 + 5", "select", { reads: "customers" }),
  entry("SELECT * FROM customers OFFSET 10 FETCH FIRST 5 ROWS ONLY", "select", {
    reads: "customers",
    limit: 5,
  }),
  entry("SELECT * FROM customers FETCH FIRST ROW ONLY", "select", { reads: "customers", limit: 1 }),
  entry("SELECT * FROM customers ORDER BY name FETCH FIRST 5 ROWS WITH TIES", "select", {
    reads: "customers",
  }),
  entry("SELECT * FROM (SELECT * FROM customers LIMIT 5) x", "select", {
    reads: "customers",
    because: "the inner limit bounds only the inner query",
  }),
  entry("(SELECT id FROM customers LIMIT 1) UNION ALL SELECT id FROM orders", "select", {
    reads: "customers orders",
  }),
  entry("SELECT id FROM customers UNION SELECT id FROM orders LIMIT 7", "select", {
    reads: "customers orders",
    limit: 7,
  }),
  entry(
    "SELECT id FROM customers INTERSECT SELECT id FROM orders EXCEPT SELECT id FROM app.secrets",
    "select",
    {
      reads: "app.secrets customers orders",
    },
  ),
  entry(
    "SELECT customer_id, sum(amount) FROM orders GROUP BY customer_id HAVING sum(amount) > 100",
    "select",
    { reads: "orders" },
  ),
  entry(
    "SELECT customer_id, status, sum(amount) FROM orders GROUP BY GROUPING SETS ((customer_id), (status), ())",
    "select",
    { reads: "orders" },
  ),
  entry("SELECT status, count(*) FROM orders GROUP BY ROLLUP (status)", "select", { reads: "orders" }),
  entry("SELECT rank() OVER (PARTITION BY customer_id ORDER BY amount DESC) FROM orders", "select", {
    reads: "orders",
  }),
  entry(
    "SELECT sum(amount) OVER w FROM orders WINDOW w AS (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
    "select",
    { reads: "orders" },
  ),
  entry("WITH recent AS (SELECT * FROM orders) SELECT * FROM recent", "select", { reads: "orders" }),
  entry("WITH orders AS (SELECT 1 AS id) SELECT * FROM orders", "select", {
    because: "the CTE hides the table",
  }),
  entry("WITH orders AS (SELECT 1 AS id) SELECT * FROM public.orders", "select", { reads: "orders" }),
  entry("WITH orders AS (SELECT * FROM orders) SELECT * FROM orders", "select", {
    reads: "orders",
    because: "inside itself a CTE is not known",
  }),
  entry(
    "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t",
    "select",
  ),
  entry(
    "WITH RECURSIVE tree AS (SELECT id, name FROM customers UNION ALL SELECT c.id, c.name FROM customers c, tree) SELECT * FROM tree",
    "select",
    {
      reads: "customers",
    },
  ),
  entry(
    "WITH a AS MATERIALIZED (SELECT * FROM customers), b AS (SELECT * FROM a) SELECT * FROM b, products",
    "select",
    { reads: "customers products" },
  ),
  entry("SELECT * FROM active_customers", "select", { reads: "active_customers customers" }),
  entry("SELECT n FROM token_count", "select", {
    reads: "app.secrets token_count",
    because: "a view shows what is behind it",
  }),
  entry("SELECT * FROM order_totals", "select", { reads: "order_totals" }),
  entry("SELECT * FROM measurements", "select", {
    reads: "measurements measurements_2025 measurements_2026",
  }),
  entry("SELECT * FROM ONLY measurements", "select", { reads: "measurements" }),
  entry("SELECT * FROM measurements_2026", "select", { reads: "measurements measurements_2026" }),
  entry("SELECT * FROM remote_orders", "select", { reads: "remote_orders", effects: "connect-out" }),
  entry("SELECT * FROM scratch", "select", { reads: "pg_temp.scratch" }),
  entry("SELECT * FROM pg_temp.scratch", "select", { reads: "pg_temp.scratch" }),
  entry("SELECT last_value FROM customers_id_seq", "select", { reads: "customers_id_seq" }),
  entry("SELECT * FROM customers TABLESAMPLE SYSTEM (10)", "select", { reads: "customers" }),
  entry("SELECT * FROM generate_series(1, 10) AS g(i)", "select"),
  entry("SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) WITH ORDINALITY", "select"),
  entry("SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY[1])) AS x", "select"),
  entry("SELECT * FROM jsonb_array_elements('[1,2]'::jsonb)", "select"),
  entry("SELECT name || ' <' || email || '>' FROM customers", "select", { reads: "customers" }),
  entry("SELECT name LIKE 'a%', name ILIKE '%b', name SIMILAR TO 'c', name ~ '^d' FROM customers", "select", {
    reads: "customers",
  }),
  entry("SELECT amount BETWEEN 1 AND 10, amount IN (1, 2), amount IS DISTINCT FROM 3 FROM orders", "select", {
    reads: "orders",
  }),
  entry("SELECT CAST(amount AS numeric(10, 2)), amount::text, int4(amount) FROM orders", "select", {
    reads: "orders",
  }),
  entry("SELECT coalesce(name, email), nullif(name, ''), greatest(id, 1) FROM customers", "select", {
    reads: "customers",
  }),
  entry("SELECT extract(year FROM created_at), created_at AT TIME ZONE 'UTC' FROM customers", "select", {
    reads: "customers",
  }),
  entry(
    "SELECT overlay('Txxxxas' PLACING 'hom' FROM 2 FOR 4), position('om' IN 'Thomas'), trim(BOTH 'x' FROM 'xTomxx')",
    "select",
  ),
  entry("SELECT current_date, current_user, session_user, current_timestamp(0), localtime", "select"),
  entry("SELECT ARRAY[1, 2] || 3, (ARRAY[1, 2])[1], '{1,2}'::int[]", "select"),
  entry("SELECT ROW(1, 'a'), (1, 2) = (1, 2), ROW(1, 2) IS NULL", "select"),
  entry("SELECT '{\"a\": 1}'::jsonb -> 'a', '{\"a\": 1}'::jsonb ->> 'a', '[1]'::jsonb @> '[1]'", "select"),
  entry("SELECT JSON_VALUE('{\"a\": 1}', '$.a')", "select"),
  entry("SELECT * FROM JSON_TABLE('[1]'::jsonb, '$[*]' COLUMNS (a int PATH '$')) AS j", "select"),
  entry("SELECT JSON_OBJECT('a': 1), JSON_ARRAY(1, 2), '{}' IS JSON OBJECT", "select"),
  entry("SELECT xmlelement(name foo, 'bar')", "select"),
  entry("SELECT to_tsvector('english', note) @@ to_tsquery('late') FROM orders", "select", {
    reads: "orders",
  }),
  entry("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) FROM orders", "select", {
    reads: "orders",
  }),
  entry("SELECT string_agg(name, ', ' ORDER BY name) FROM customers", "select", { reads: "customers" }),
  entry("SELECT c FROM customers c", "select", { reads: "customers" }),
  entry("SELECT row_to_json(c) FROM customers c", "select", { reads: "customers" }),
  entry("SELECT (c).email FROM customers c", "select", { reads: "customers" }),
  entry("SELECT slugify(name) FROM customers", "select", {
    reads: "customers",
    because: "the configuration trusts public.slugify",
  }),
  entry("SELECT * FROM customers FOR UPDATE", "select", { reads: "customers", effects: "lock-rows" }),
  entry("SELECT * FROM customers FOR NO KEY UPDATE OF customers NOWAIT", "select", {
    reads: "customers",
    effects: "lock-rows",
  }),
  entry("SELECT * FROM customers FOR SHARE SKIP LOCKED", "select", {
    reads: "customers",
    effects: "lock-rows",
  }),
  entry("SELECT * FROM (SELECT * FROM customers FOR KEY SHARE) x", "select", {
    reads: "customers",
    effects: "lock-rows",
  }),
  entry("SELECT random(), gen_random_uuid(), clock_timestamp()", "select"),
  entry("SELECT currval('customers_id_seq')", "select"),
  entry("SELECT version(), current_database(), pg_backend_pid(), current_setting('search_path')", "select"),
  entry("SELECT pg_relation_size('customers'), pg_get_viewdef('active_customers'::regclass)", "select"),
  entry("SELECT relname FROM pg_catalog.pg_class JOIN pg_namespace n ON n.oid = relnamespace", "select", {
    reads: "pg_catalog.pg_class pg_catalog.pg_namespace",
  }),
  entry("SELECT name, setting FROM pg_settings", "select", { reads: "pg_catalog.pg_settings" }),
  entry("SELECT rolname FROM pg_roles", "select", { reads: "pg_catalog.pg_authid pg_catalog.pg_roles" }),
  entry("SELECT rolname FROM pg_authid", "select", { reads: "pg_catalog.pg_authid" }),
  entry("SELECT rolpassword FROM pg_authid", "select", {
    reads: "pg_catalog.pg_authid",
    effects: "read-system",
  }),
  entry("SELECT * FROM pg_shadow", "select", {
    reads: "pg_catalog.pg_authid pg_catalog.pg_shadow",
    effects: "read-system",
  }),
  entry("SELECT most_common_vals FROM pg_stats WHERE tablename = 'secrets'", "select", {
    reads: "pg_catalog.pg_class pg_catalog.pg_statistic pg_catalog.pg_stats",
    effects: "read-system",
    because: "statistics hold samples of rows",
  }),
  entry("SELECT query FROM pg_stat_activity", "select", {
    reads: "pg_catalog.pg_stat_activity",
    effects: "read-system",
  }),
];

/** What shows rows or plans without being a SELECT. */
export const SHOWS: readonly Case[] = [
  entry("SHOW search_path", "show"),
  entry("SHOW ALL", "show"),
  entry("SHOW TIME ZONE", "show"),
  entry("EXPLAIN SELECT * FROM customers", "explain", { reads: "customers" }),
  entry("EXPLAIN (FORMAT json, VERBOSE) SELECT * FROM customers LIMIT 3", "explain", {
    reads: "customers",
    limit: 3,
  }),
  entry("EXPLAIN ANALYZE SELECT * FROM customers", "explain select", { reads: "customers" }),
  entry("EXPLAIN ANALYZE SELECT 1", "explain select"),
  entry("EXPLAIN (ANALYZE true) SELECT * FROM customers", "explain select", { reads: "customers" }),
  entry("EXPLAIN (ANALYZE off) DELETE FROM orders", "explain", { reads: "orders" }),
  entry("EXPLAIN DELETE FROM orders WHERE id = 1", "explain", { reads: "orders" }),
  entry("EXPLAIN ANALYZE DELETE FROM orders", "delete explain", { writes: "orders", where: "missing" }),
  entry("EXPLAIN (ANALYZE, BUFFERS) UPDATE orders SET amount = 1 WHERE id = 2", "explain update", {
    reads: "orders",
    writes: "orders",
    where: "key",
  }),
  entry("EXPLAIN (ANALYZE off, ANALYZE on) INSERT INTO orders (id) VALUES (1)", "explain insert", {
    writes: "orders",
  }),
  entry("EXPLAIN CREATE TABLE copied AS SELECT * FROM customers", "explain", { reads: "copied customers" }),
  entry("EXPLAIN ANALYZE CREATE TABLE copied AS SELECT * FROM customers", "create explain select", {
    reads: "customers",
    writes: "copied",
  }),
  entry("EXPLAIN SELECT * FROM customers FOR UPDATE", "explain", { reads: "customers" }),
  entry("EXPLAIN SELECT refresh_totals()", "explain", {
    opaque: true,
    because: "planning folds stable functions",
  }),
  entry("EXPLAIN WITH d AS (DELETE FROM orders RETURNING *) SELECT * FROM d", "explain", { reads: "orders" }),
  entry("EXPLAIN EXECUTE p", "explain"),
  entry("EXPLAIN ANALYZE EXECUTE p", "explain select"),
  entry("DECLARE c CURSOR FOR SELECT * FROM customers", "select", { reads: "customers" }),
  entry("DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT * FROM customers FOR UPDATE", "select", {
    reads: "customers",
    effects: "lock-rows",
  }),
  entry("FETCH ALL FROM c", "select"),
  entry("FETCH FORWARD 10 IN c", "select"),
  entry("MOVE 5 IN c", "select", { tag: "MOVE" }),
  entry("CLOSE c", "select"),
  entry("COPY customers TO STDOUT", "select", { reads: "customers" }),
  entry("COPY customers (id, name) TO STDOUT WITH (FORMAT csv, HEADER)", "select", { reads: "customers" }),
  entry("COPY (SELECT * FROM customers LIMIT 5) TO STDOUT", "select", { reads: "customers", limit: 5 }),
  entry("PREPARE p AS SELECT * FROM customers WHERE id = $1", "select", {
    reads: "customers",
    tag: "PREPARE",
  }),
  entry("PREPARE p (int) AS SELECT $1", "select"),
  entry("EXECUTE p", "select", { tag: "EXECUTE" }),
  entry("EXECUTE p (1, lower('A'))", "select"),
];
