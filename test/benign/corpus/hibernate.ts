import { type Script, sent } from "./statement.ts";

/** In the manner of Hibernate, and of the JDBC driver's own questions about the catalogs. */
export const HIBERNATE: Script[] = [
  {
    name: "Hibernate",
    via: "unnamed",
    statements: [
      "SET extra_float_digits = 3",
      "SET application_name = 'PostgreSQL JDBC Driver'",
      "SHOW TRANSACTION ISOLATION LEVEL",
      "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED",
      "select * from information_schema.sequences where sequence_schema = 'public' order by sequence_name",
      "BEGIN",
      sent("select o1_0.id,o1_0.customer_id,o1_0.status,o1_0.total from orders o1_0 where o1_0.id=$1", "12"),
      sent(
        "select i1_0.order_id,i1_0.line,i1_0.product_id,p1_0.id,p1_0.name,i1_0.quantity from order_items i1_0 left join products p1_0 on p1_0.id=i1_0.product_id where i1_0.order_id=$1 order by i1_0.line",
        "12",
      ),
      sent(
        "select o1_0.id,o1_0.total from orders o1_0 where o1_0.total>$1 and o1_0.note like $2 escape '' order by o1_0.id offset $3 rows fetch first $4 rows only",
        "10",
        "note%",
        "1",
        "3",
      ),
      "select nextval('tickets')",
      sent("insert into landing (note,id) values ($1,$2)", "h", "1"),
      sent(
        "update orders set lock_version=$1,total=$2 where id=$3 and lock_version=$4",
        "1",
        "44.40",
        "13",
        "0",
      ),
      sent("select o1_0.id from orders o1_0 where o1_0.id=$1 for no key update", "13"),
      "COMMIT",
      sent(
        "select count(*) from orders o1_0 where exists(select 1 from order_items i1_0 where o1_0.id=i1_0.order_id and i1_0.quantity>$1)",
        "1",
      ),
      sent(
        "select o1_0.status,count(o1_0.id),sum(o1_0.total) from orders o1_0 group by o1_0.status having count(o1_0.id)>$1 order by 1",
        "2",
      ),
      sent("delete from landing l1_0 where l1_0.id=$1", "1"),
      "create table hibernate_sketch (id bigint not null, name varchar(255), created timestamp(6), primary key (id))",
      "create sequence hibernate_sketch_seq start with 1 increment by 50",
      "alter table if exists hibernate_sketch add constraint uk_name unique (name)",
      "drop table if exists hibernate_sketch cascade",
      "drop sequence if exists hibernate_sketch_seq",
    ],
  },
  {
    name: "JDBC's DatabaseMetaData",
    via: "unnamed",
    statements: [
      "SELECT nspname AS TABLE_SCHEM, NULL AS TABLE_CATALOG FROM pg_catalog.pg_namespace WHERE nspname <> 'pg_toast' AND (nspname !~ '^pg_temp_' OR nspname = (pg_catalog.current_schemas(true))[1]) AND (nspname !~ '^pg_toast_temp_' OR nspname = replace((pg_catalog.current_schemas(true))[1], 'pg_temp_', 'pg_toast_temp_')) ORDER BY TABLE_SCHEM",
      "SELECT datname AS TABLE_CAT FROM pg_catalog.pg_database WHERE datallowconn = true ORDER BY datname",
      `SELECT current_database() AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME,
         CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema' WHEN true THEN 'SYSTEM' ELSE CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE NULL END END AS TABLE_TYPE,
         d.description AS REMARKS, '' AS TYPE_CAT, '' AS SELF_REFERENCING_COL_NAME
       FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass)
       WHERE c.relnamespace = n.oid AND n.nspname LIKE 'public' AND c.relname LIKE '%' AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY TABLE_TYPE, TABLE_SCHEM, TABLE_NAME`,
      `SELECT * FROM (SELECT current_database() AS current_database, n.nspname, c.relname, a.attname, a.atttypid, a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull, a.atttypmod, a.attlen, t.typtypmod,
         row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') AS attidentity, nullif(a.attgenerated, '') AS attgenerated, pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc, dsc.description, t.typbasetype, t.typtype
         FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid) JOIN pg_catalog.pg_attribute a ON (a.attrelid = c.oid) JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid)
         LEFT JOIN pg_catalog.pg_attrdef def ON (a.attrelid = def.adrelid AND a.attnum = def.adnum) LEFT JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid)
         LEFT JOIN pg_catalog.pg_class dc ON (dc.oid = dsc.classoid AND dc.relname = 'pg_class') LEFT JOIN pg_catalog.pg_namespace dn ON (dc.relnamespace = dn.oid AND dn.nspname = 'pg_catalog')
         WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname LIKE 'public' AND c.relname LIKE 'customers') c WHERE true ORDER BY nspname, c.relname, attnum`,
      `SELECT result.TABLE_NAME, result.COLUMN_NAME, result.KEY_SEQ, result.PK_NAME FROM (SELECT ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME, (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME,
         information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM
         FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid)
         WHERE true AND n.nspname = 'public' AND ct.relname = 'order_items' AND i.indisprimary) result WHERE result.A_ATTNUM = (result.KEYS).x ORDER BY result.TABLE_NAME, result.PK_NAME, result.KEY_SEQ`,
      `SELECT pkn.nspname AS PKTABLE_SCHEM, pkc.relname AS PKTABLE_NAME, pka.attname AS PKCOLUMN_NAME, fkc.relname AS FKTABLE_NAME, fka.attname AS FKCOLUMN_NAME, pos.n AS KEY_SEQ, CASE con.confupdtype WHEN 'c' THEN 0 WHEN 'n' THEN 2 WHEN 'a' THEN 3 END AS UPDATE_RULE, con.conname AS FK_NAME
       FROM pg_catalog.pg_namespace pkn, pg_catalog.pg_class pkc, pg_catalog.pg_attribute pka, pg_catalog.pg_class fkc, pg_catalog.pg_attribute fka, pg_catalog.pg_constraint con, pg_catalog.generate_series(1, 32) pos(n)
       WHERE pkn.oid = pkc.relnamespace AND pkc.oid = pka.attrelid AND pka.attnum = con.confkey[pos.n] AND con.confrelid = pkc.oid AND fkc.oid = fka.attrelid AND fka.attnum = con.conkey[pos.n] AND con.conrelid = fkc.oid AND con.contype = 'f' AND fkc.relname = 'order_items'
       ORDER BY pkn.nspname, pkc.relname, con.conname, pos.n`,
      "SELECT typinput='pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid FROM pg_catalog.pg_type WHERE typname = 'order_status' ORDER BY pg_type.oid DESC",
      sent(
        "SELECT n.nspname = ANY(current_schemas(true)), n.nspname, t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.typname = $1",
        "dimensions",
      ),
      "SELECT p.proname AS PROCEDURE_NAME, n.nspname AS PROCEDURE_SCHEM, d.description AS REMARKS FROM pg_catalog.pg_namespace n, pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_description d ON (p.oid = d.objoid) LEFT JOIN pg_catalog.pg_class c ON (d.classoid = c.oid AND c.relname = 'pg_proc') WHERE p.pronamespace = n.oid AND n.nspname = 'public' AND p.prolang <> 13 ORDER BY 1",
      "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'max_index_keys'",
    ],
  },
];
