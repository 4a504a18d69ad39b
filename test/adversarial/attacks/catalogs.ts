import type { Attacks } from "../attack.ts";
import { GUESS } from "../fixture.ts";

/** Where the server keeps samples of columns and the statements of sessions, and what it plans. */
export const CATALOGS: Record<string, Attacks> = {
  "samples of columns": [
    "SELECT * FROM pg_stats WHERE tablename = 'customers'",
    "SELECT histogram_bounds FROM pg_stats WHERE attname = 'email'",
    "SELECT most_common_vals FROM pg_catalog.pg_stats WHERE tablename = 'kinds'",
    "SELECT histogram_bounds::text::text[] FROM pg_stats WHERE tablename = 'people' AND attname = 'salary'",
    "SELECT stavalues1 FROM pg_statistic WHERE starelid = 'customers'::regclass",
    "SELECT s FROM pg_statistic s WHERE starelid = 'customers'::regclass",
    "SELECT stavalues2, stavalues1::text FROM pg_statistic s JOIN pg_class c ON c.oid = starelid WHERE relname IN ('payments', 'orders')",
    "TABLE pg_stats",
    'SELECT histogram_bounds FROM "pg_stats"',
    "SELECT (s).histogram_bounds FROM pg_stats s",
    "SELECT correlation FROM pg_stats WHERE attname = 'email' AND tablename = 'customers'",
    "SELECT most_common_vals FROM pg_stats_ext",
    "SELECT * FROM pg_stats_ext_exprs",
    "SELECT stxdmcv::text FROM pg_statistic_ext_data",
    "SELECT m.* FROM pg_statistic_ext_data, pg_mcv_list_items(stxdmcv) m",
    "SELECT stxdexpr::text FROM pg_statistic_ext_data",
    "SELECT array_to_json(stavalues1) FROM pg_statistic WHERE starelid = 'customers'::regclass",
    "WITH s AS (TABLE pg_statistic) SELECT stavalues1::text FROM s",
    "SELECT * FROM information_schema.tables t, pg_stats s WHERE s.tablename = t.table_name",
    ["CREATE VIEW peek AS SELECT histogram_bounds::text AS h FROM pg_stats", "SELECT h FROM peek"],
    ["CREATE TABLE copy AS SELECT stavalues1::text AS v FROM pg_statistic", "SELECT v FROM copy"],
    `SELECT id FROM items WHERE (SELECT bool_or(histogram_bounds::text LIKE '%${GUESS.phone}%') FROM pg_stats WHERE attname = 'phone' AND tablename = 'customers')`,
    "COPY pg_statistic TO STDOUT",
    "COPY (SELECT histogram_bounds FROM pg_stats) TO STDOUT",
    "SET LOCAL search_path = pg_catalog; SELECT most_common_vals, histogram_bounds FROM pg_stats",
  ],
  "plans and their estimates": [
    `EXPLAIN SELECT * FROM customers WHERE email = '${GUESS.email}' OR phone = '${GUESS.phone}'`,
    "EXPLAIN SELECT * FROM customers WHERE email < 'jm'",
    "EXPLAIN (FORMAT JSON) SELECT * FROM hr.people WHERE birthday < '1944-06-01'",
    "EXPLAIN (VERBOSE) SELECT * FROM kinds WHERE mood > 'warm'",
    "EXPLAIN (COSTS) UPDATE customers SET note = 'x' WHERE email < 'jm'",
    "EXPLAIN DELETE FROM orders WHERE ship_phone < '5'",
    "EXPLAIN SELECT * FROM customer_view WHERE contact < 'jm'",
    "EXPLAIN SELECT * FROM barrier_view WHERE email < 'jm'",
    "EXPLAIN SELECT * FROM customers a JOIN subscriptions b ON a.email < b.email AND b.email < 'jm'",
    "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT * FROM customers WHERE email < 'jm' AND id < 2",
    "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT * FROM customers c WHERE c.id = 1 AND c.ssn < '5'",
    "EXPLAIN (ANALYZE, TIMING off, SUMMARY off, FORMAT YAML) SELECT 1 FROM items WHERE (SELECT substr(email, 2, 1) < 'm' FROM customers WHERE id = 1)",
    "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, FORMAT XML) DELETE FROM orders WHERE ship_phone < '5' AND id = 1",
    "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT email::int FROM customers",
    [
      "SET LOCAL plan_cache_mode = force_custom_plan",
      "PREPARE p(text) AS SELECT * FROM customers WHERE email < $1",
      "EXPLAIN EXECUTE p('jm')",
    ],
    [
      "CREATE FUNCTION peek() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT email FROM public.customers WHERE id = 1'",
      "EXPLAIN SELECT * FROM items WHERE name = peek()",
    ],
    [
      "CREATE TABLE copy AS SELECT id, email FROM customers",
      "ANALYZE copy",
      "EXPLAIN SELECT * FROM copy WHERE email < 'jm'",
    ],
    "EXPLAIN (ANALYZE, BUFFERS off, TIMING off, SUMMARY off, COSTS off) SELECT n FROM generate_series(1, (SELECT ascii(substr(email, 2, 1)) FROM customers WHERE id = 1)) n",
    [
      "SET LOCAL enable_seqscan = off",
      "EXPLAIN SELECT id FROM customers WHERE email >= 'j' AND email < 'jm'",
    ],
  ],
  "the statements of sessions": [
    {
      steps: [
        { unmasked: "PREPARE told AS SELECT '{email}'::text" },
        "SELECT string_agg(query, ',') FROM pg_stat_activity",
        { unmasked: "DEALLOCATE ALL" },
      ],
      undo: "",
    },
    {
      steps: [
        { unmasked: "SELECT '{email}'" },
        "SELECT string_agg((a).query, ',') FROM pg_stat_activity a",
        { unmasked: "SELECT 1" },
      ],
      undo: "",
    },
    {
      steps: [
        { unmasked: "SELECT '{email}'" },
        "SELECT query FROM pg_stat_get_activity(NULL)",
        { unmasked: "SELECT 1" },
      ],
      undo: "",
    },
    {
      steps: [
        { unmasked: "SELECT '{email}'" },
        "SELECT pg_stat_get_backend_activity(i) FROM pg_stat_get_backend_idset() i",
        { unmasked: "SELECT 1" },
      ],
      undo: "",
    },
    {
      steps: [
        { unmasked: "DECLARE told CURSOR WITH HOLD FOR SELECT '{email}'" },
        "SELECT query FROM pg_stat_statements",
        { unmasked: "CLOSE ALL" },
      ],
      undo: "SELECT pg_stat_statements_reset()",
    },
    {
      steps: [
        { unmasked: "SELECT '{email}'" },
        "SELECT string_agg(substr(query, 8, 30), ',') FROM pg_stat_activity",
        { unmasked: "SELECT 1" },
      ],
      undo: "",
    },
    ["PREPARE p AS SELECT 1", "SELECT email FROM customers", "SELECT statement FROM pg_prepared_statements"],
    [
      "SELECT query, (SELECT email FROM customers WHERE id = 1) FROM pg_stat_activity WHERE pid = pg_backend_pid()",
    ],
    ["SELECT current_query(), email FROM customers"],
    [
      "DECLARE c CURSOR FOR SELECT email FROM customers",
      "SELECT statement FROM pg_cursors",
      "FETCH ALL FROM c",
    ],
    {
      steps: [
        {
          unmasked: `SELECT id FROM customers WHERE email = (SELECT email FROM customers WHERE id = 1) /* secret */`,
        },
        "SELECT max(email), max(query) FROM customers, pg_stat_activity",
      ],
      undo: "",
    },
  ],
};
