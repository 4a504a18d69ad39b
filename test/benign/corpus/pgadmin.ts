import { type Script, type Sent, sent } from "./statement.ts";

const seen = (sql: string): Sent => ({ sql, volatile: "sessions and counters of two servers" });

/** In the manner of pgAdmin: its browser tree, dashboard, query tool, and monitoring agents beside it. */
export const PGADMIN: Script[] = [
  {
    name: "pgAdmin",
    via: "simple",
    statements: [
      "SET DateStyle=ISO; SET client_min_messages=notice; SELECT set_config('bytea_output','hex',false) FROM pg_show_all_settings() WHERE name = 'bytea_output'; SET client_encoding='UTF8';",
      "SELECT version()",
      `SELECT db.oid AS did, db.datname, db.datallowconn, pg_encoding_to_char(db.encoding) AS serverencoding, has_database_privilege(db.oid, 'CREATE') AS cancreate, datistemplate
       FROM pg_catalog.pg_database db WHERE db.datname = current_database()`,
      `SELECT roles.oid AS id, roles.rolname AS name, roles.rolsuper AS is_superuser, CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreaterole END AS can_create_role,
         CASE WHEN 'pg_signal_backend' = ANY (ARRAY(WITH RECURSIVE cte AS (SELECT pg_roles.oid, pg_roles.rolname FROM pg_roles WHERE pg_roles.oid = roles.oid UNION ALL SELECT m.roleid, pgr.rolname FROM cte cte_1 JOIN pg_auth_members m ON m.member = cte_1.oid JOIN pg_roles pgr ON pgr.oid = m.roleid) SELECT rolname FROM cte)) THEN true ELSE false END AS can_signal_backend
       FROM pg_catalog.pg_roles AS roles WHERE rolname = current_user`,
      "SELECT nsp.oid, nsp.nspname AS name, has_schema_privilege(nsp.oid, 'CREATE') AS can_create, has_schema_privilege(nsp.oid, 'USAGE') AS has_usage FROM pg_catalog.pg_namespace nsp WHERE nspname NOT LIKE 'pg!_%' escape '!' ORDER BY nspname",
      "SELECT rel.oid, rel.relname AS name, (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid=rel.oid AND tgisinternal = FALSE) AS triggercount, (SELECT count(1) FROM pg_catalog.pg_inherits WHERE inhrelid=rel.oid LIMIT 1) AS is_inherits, des.description FROM pg_catalog.pg_class rel LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=rel.oid AND des.objsubid=0 AND des.classoid='pg_class'::regclass) WHERE rel.relkind IN ('r','s','t','p') AND rel.relnamespace = 'public'::regnamespace AND NOT rel.relispartition ORDER BY rel.relname",
      "SELECT att.attname AS name, att.atttypid, att.attlen, att.attnum, att.atttypmod, att.attnotnull, pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS defval, CASE WHEN att.attndims > 0 THEN 1 ELSE 0 END AS isarray, format_type(ty.oid, NULL) AS typname, att.attidentity FROM pg_catalog.pg_attribute att JOIN pg_catalog.pg_type ty ON ty.oid=atttypid LEFT OUTER JOIN pg_catalog.pg_attrdef def ON adrelid=att.attrelid AND adnum=att.attnum WHERE att.attrelid = 'customers'::regclass AND att.attnum > 0 AND att.attisdropped IS FALSE ORDER BY att.attnum",
      "SELECT pg_catalog.pg_get_indexdef(cls.oid), cls.relname, indisclustered, indisvalid, spcname FROM pg_catalog.pg_index idx JOIN pg_catalog.pg_class cls ON cls.oid=indexrelid LEFT OUTER JOIN pg_catalog.pg_tablespace ta on ta.oid=cls.reltablespace WHERE indrelid = 'products'::regclass ORDER BY cls.relname",
      "SELECT pr.oid, pr.proname || '(' || COALESCE(pg_catalog.pg_get_function_identity_arguments(pr.oid), '') || ')' AS name, lanname, pg_catalog.pg_get_userbyid(proowner) AS funcowner FROM pg_catalog.pg_proc pr JOIN pg_catalog.pg_type typ ON typ.oid=prorettype JOIN pg_catalog.pg_language lng ON lng.oid=prolang WHERE pr.prokind IN ('f', 'w') AND pronamespace = 'public'::regnamespace AND lanname <> 'c' ORDER BY proname",
      "SELECT 'relacl' AS deftype, COALESCE(gt.rolname, 'PUBLIC') AS grantee, g.rolname AS grantor, array_agg(privilege_type ORDER BY privilege_type) AS privileges FROM (SELECT (d).grantee AS grantee, (d).grantor AS grantor, (d).privilege_type AS privilege_type FROM (SELECT aclexplode(rel.relacl) AS d FROM pg_catalog.pg_class rel WHERE rel.oid = 'products'::regclass) a) d LEFT JOIN pg_catalog.pg_roles g ON (d.grantor = g.oid) LEFT JOIN pg_catalog.pg_roles gt ON (d.grantee = gt.oid) GROUP BY g.rolname, gt.rolname ORDER BY 2",
      seen(`SELECT 'session_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = current_database()) AS "Total", (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state = 'active' AND datname = current_database()) AS "Active", (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state = 'idle' AND datname = current_database()) AS "Idle") t
       UNION ALL SELECT 'tps_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT (SELECT sum(xact_commit) + sum(xact_rollback) FROM pg_catalog.pg_stat_database WHERE datname = current_database()) AS "Transactions") t
       UNION ALL SELECT 'ti_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT (SELECT sum(tup_inserted) FROM pg_catalog.pg_stat_database WHERE datname = current_database()) AS "Inserts") t`),
      seen(
        "SELECT pid, datname, usename, application_name, client_addr, pg_catalog.to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS backend_start, state, wait_event_type || ': ' || wait_event AS wait_event, array_to_string(pg_catalog.pg_blocking_pids(pid), ', ') AS blocking_pids, query, pg_catalog.to_char(state_change, 'YYYY-MM-DD HH24:MI:SS TZ') AS state_change, backend_type FROM pg_catalog.pg_stat_activity WHERE datname = current_database() ORDER BY pid",
      ),
      seen(
        "SELECT pid, locktype, datname, relation::regclass, page, tuple, virtualxid, transactionid, classid::regclass, objid, virtualtransaction, mode, granted, fastpath FROM pg_catalog.pg_locks l LEFT OUTER JOIN pg_catalog.pg_database d ON (l.database = d.oid) ORDER BY pid, locktype",
      ),
      seen(
        "SELECT gid, database, owner, transaction, prepared FROM pg_catalog.pg_prepared_xacts ORDER BY gid",
      ),
      "SELECT name, category, setting, unit, short_desc FROM pg_catalog.pg_settings WHERE name LIKE 'autovacuum%' ORDER BY category, name",
      seen(
        "SELECT seq_scan, seq_tup_read, idx_scan, n_tup_ins, n_tup_upd, n_live_tup, n_dead_tup, last_vacuum, last_analyze FROM pg_catalog.pg_stat_all_tables stat JOIN pg_catalog.pg_class cl on cl.oid=stat.relid WHERE stat.relid = 'customers'::regclass",
      ),
      seen(
        "SELECT heap_blks_read, heap_blks_hit, idx_blks_read FROM pg_catalog.pg_statio_all_tables WHERE relid = 'orders'::regclass",
      ),
      seen("SELECT datname, numbackends, xact_commit, blks_hit FROM pg_stat_database WHERE datname = 'shop'"),
      seen(
        "SELECT indexrelname, idx_scan, idx_tup_read FROM pg_stat_user_indexes WHERE relname = 'orders' ORDER BY 1",
      ),
      seen("SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"),
      "SELECT pg_catalog.pg_backend_pid() > 0, pg_is_in_recovery(), pg_postmaster_start_time() < now()",
      "SELECT at.attname, at.attnum, ty.typname FROM pg_catalog.pg_attribute at LEFT JOIN pg_catalog.pg_type ty ON (ty.oid = at.atttypid) WHERE attrelid='orders'::regclass AND attnum = ANY ((SELECT con.conkey FROM pg_catalog.pg_class rel LEFT OUTER JOIN pg_catalog.pg_constraint con ON con.conrelid=rel.oid AND con.contype='p' WHERE rel.relkind IN ('r','s','t', 'p') AND rel.oid = 'orders'::regclass)::oid[])",
      "BEGIN;",
      "SELECT * FROM public.orders\nORDER BY id ASC LIMIT 100",
      "UPDATE public.orders SET note = 'pgadmin'::text WHERE id = '15';",
      "COMMIT;",
      "EXPLAIN (FORMAT JSON, ANALYZE FALSE, VERBOSE FALSE, COSTS FALSE, BUFFERS FALSE) SELECT * FROM orders WHERE id = 4",
    ],
  },
  {
    name: "SQL that pgcli and BI tools send",
    via: "unnamed",
    statements: [
      "SELECT n.nspname schema_name, c.relname table_name, a.attname column_name, a.atttypid::regtype AS column_type, a.atthasdef AS has_default, pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) as default FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (c.oid = a.attrelid) INNER JOIN pg_catalog.pg_namespace n ON (n.oid = c.relnamespace) LEFT OUTER JOIN pg_catalog.pg_attrdef d ON (c.oid = d.adrelid AND a.attnum = d.adnum) WHERE c.relkind = ANY('{r,p,f}') AND NOT a.attisdropped AND a.attnum > 0 AND n.nspname = 'public' ORDER BY 1, 2, a.attnum",
      "SELECT s_p.nspname AS parentschema, t_p.relname AS parenttable, unnest((select array_agg(attname ORDER BY i) from (select unnest(confkey) as attnum, generate_subscripts(confkey, 1) as i) x JOIN pg_catalog.pg_attribute c USING(attnum) WHERE c.attrelid = fk.confrelid)) AS parentcolumn, t_c.relname AS childtable FROM pg_catalog.pg_constraint fk JOIN pg_catalog.pg_class t_p ON t_p.oid = fk.confrelid JOIN pg_catalog.pg_namespace s_p ON s_p.oid = t_p.relnamespace JOIN pg_catalog.pg_class t_c ON t_c.oid = fk.conrelid WHERE fk.contype = 'f' ORDER BY 1, 2, 4",
      "SELECT * FROM unnest(current_schemas(true))",
      "SELECT d.datname FROM pg_catalog.pg_database d ORDER BY 1",
      'SELECT date_trunc(\'month\', o.placed_at) AS "placed_at", SUM(o.total) AS "sum", COUNT(DISTINCT o.customer_id) AS "count" FROM "public"."orders" o GROUP BY date_trunc(\'month\', o.placed_at) ORDER BY 1 ASC LIMIT 50000',
      sent(
        'SELECT "source"."status" AS "status", avg("source"."total") AS "avg" FROM (SELECT "public"."orders"."status", "public"."orders"."total" FROM "public"."orders" WHERE "public"."orders"."id" <= $1) AS "source" GROUP BY 1 ORDER BY 1',
        "80",
      ),
      "SELECT COUNT(*) AS n FROM (SELECT * FROM public.orders) AS virtual_table LIMIT 1001",
      "SELECT to_char(at, 'YYYY-MM-DD') AS time, avg(value) AS value, sensor::text AS metric FROM readings WHERE at BETWEEN '2026-01-10T00:00:00Z' AND '2026-01-15T00:00:00Z' GROUP BY 1, 3 ORDER BY 1, 3",
      "with source as (select * from public.orders), renamed as (select id as order_id, customer_id, status::text as status from source) select status, count(*) from renamed group by status order by status",
      "select count(*) as failures, count(*) != 0 as should_warn from (select order_id from order_items where order_id is null) dbt_internal_test",
      'create table "shop"."public"."orders_mart__dbt_tmp" as (select status, sum(total) as total from orders group by status)',
      'alter table "shop"."public"."orders_mart__dbt_tmp" rename to "orders_mart"',
      'drop table if exists "shop"."public"."orders_mart" cascade',
    ],
  },
];
