import type { Script } from "./statement.ts";

/** In the manner of DBeaver's navigator, data editor and session list. */
export const DBEAVER: Script[] = [
  {
    name: "DBeaver",
    via: "unnamed",
    statements: [
      "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
      "SET application_name = 'DBeaver 25.0 - Main'",
      "SELECT current_schema(),session_user",
      "SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate AND db.datname = 'shop'",
      "select name, setting from pg_catalog.pg_settings where name='standard_conforming_strings'",
      "select string_agg(word, ',') from pg_catalog.pg_get_keywords() where word <> ALL ('{a,abs,all}'::text[])",
      "SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass WHERE nspname NOT LIKE 'pg_temp%' AND nspname NOT LIKE 'pg_toast_temp%' ORDER BY nspname",
      "SELECT c.oid,c.relname,c.relkind,c.relowner,c.relhasindex,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass WHERE c.relnamespace='public'::regnamespace AND c.relkind not in ('i','I','c') ORDER BY c.relname",
      "SELECT c.relname,a.attname,a.attnum,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum) LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid) LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid WHERE NOT a.attisdropped AND c.relkind not in ('i','I','c') AND c.oid='customers'::regclass ORDER BY a.attnum",
      "SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description, case when c.contype='c' then \"substring\"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy FROM pg_catalog.pg_constraint c INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass WHERE c.conrelid='orders'::regclass ORDER BY c.oid",
      "SELECT i.indexrelid,i.indisunique,i.indkey,i.indclass,c.relname,c.relam,tc.relname as tabrelname,dsc.description,pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size FROM pg_catalog.pg_index i INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid WHERE i.indrelid='products'::regclass ORDER BY tabrelname, c.relname",
      "SELECT x.oid,x.*,p.relname as tabrelname,pg_catalog.pg_get_triggerdef(x.oid) FROM pg_catalog.pg_trigger x INNER JOIN pg_catalog.pg_class p ON p.oid=x.tgrelid WHERE x.tgrelid='watched'::regclass AND NOT x.tgisinternal",
      "SELECT p.oid,p.proname,pg_catalog.pg_get_function_identity_arguments(p.oid),pg_catalog.pg_get_functiondef(p.oid) FROM pg_catalog.pg_proc p WHERE p.proname='with_tax'",
      "SELECT pg_catalog.pg_get_viewdef('order_totals'::regclass, true) as definition",
      "select c.oid,pg_catalog.pg_total_relation_size(c.oid) as total_rel_size,pg_catalog.pg_relation_size(c.oid) as rel_size FROM pg_class c WHERE c.relnamespace='audit'::regnamespace AND c.relkind = 'r'",
      "SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C') AND t.typnamespace='public'::regnamespace ORDER BY t.oid",
      "SELECT e.enumlabel FROM pg_catalog.pg_enum e WHERE e.enumtypid='order_status'::regtype ORDER BY e.enumsortorder",
      "SELECT a.oid,a.rolname,a.rolcanlogin FROM pg_catalog.pg_roles a WHERE a.rolname IN ('app', 'reader') ORDER BY a.rolname",
      "SELECT * FROM pg_catalog.pg_tablespace ORDER BY spcname",
      "SELECT i.*,c.relnamespace FROM pg_catalog.pg_inherits i,pg_catalog.pg_class c WHERE i.inhparent='readings'::regclass AND c.oid=i.inhrelid ORDER BY i.inhseqno, c.relname",
      "SELECT x.* FROM public.orders x ORDER BY x.id LIMIT 200",
      "SELECT count(*) FROM public.orders x WHERE status = 'new'",
      "UPDATE public.orders SET note='edited' WHERE id=14",
      "INSERT INTO public.landing (id,note) VALUES (1,'added')",
      "DELETE FROM public.landing WHERE id=1 AND note='added'",
      { sql: "SELECT sa.* FROM pg_catalog.pg_stat_activity sa", volatile: "the sessions of two servers" },
      {
        sql: "SELECT sa.pid, sa.usename, sa.datname, sa.state, sa.query_start, sa.query FROM pg_catalog.pg_stat_activity sa WHERE sa.datname = current_database() AND sa.state <> 'idle'",
        volatile: "the sessions of two servers",
      },
      {
        sql: "SELECT l.locktype, l.relation::regclass, l.mode, l.granted, l.pid FROM pg_catalog.pg_locks l",
        volatile: "the locks of two servers",
      },
    ],
  },
];
