import { type Script, sent } from "./statement.ts";

/** In the manner of Prisma: what its schema engine asks of the catalogs, and its client's quoted, numbered SQL. */
export const PRISMA: Script[] = [
  {
    name: "Prisma introspects",
    via: "binary",
    statements: [
      "SELECT version()",
      "SELECT numeric_version FROM (SELECT current_setting('server_version_num')::integer AS numeric_version) AS v",
      sent(
        "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1), version(), current_setting('server_version_num')::integer AS numeric_version",
        "public",
      ),
      sent(
        "SELECT namespace.nspname AS namespace_name FROM pg_namespace AS namespace WHERE namespace.nspname = ANY ($1) ORDER BY namespace_name",
        "{public,audit}",
      ),
      sent(
        `SELECT tbl.relname AS table_name, namespace.nspname AS namespace,
           (tbl.relhassubclass AND tbl.relkind = 'p') AS is_partition,
           (tbl.relhassubclass AND tbl.relkind = 'r') AS has_subclass,
           tbl.relrowsecurity AS has_row_level_security, reloptions, obj_description(tbl.oid, 'pg_class') AS description
         FROM pg_class AS tbl INNER JOIN pg_namespace AS namespace ON namespace.oid = tbl.relnamespace
         WHERE (tbl.relkind = 'r' AND NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = tbl.oid) OR tbl.relkind = 'p') AND namespace.nspname = ANY ($1)
         ORDER BY namespace, table_name`,
        "{public,audit}",
      ),
      sent(
        `SELECT oid.namespace, info.table_name, info.column_name, format_type(att.atttypid, att.atttypmod) AS formatted_type,
           info.numeric_precision, info.numeric_scale, info.numeric_precision_radix, info.datetime_precision, info.data_type,
           info.udt_schema AS type_schema_name, info.udt_name AS full_data_type, pg_get_expr(attdef.adbin, attdef.adrelid) AS column_default,
           info.is_nullable, info.is_identity, info.character_maximum_length, col_description(att.attrelid, ordinal_position) AS description
         FROM information_schema.columns info
         JOIN pg_attribute att ON att.attname = info.column_name
         JOIN (SELECT pg_class.oid, relname, pg_namespace.nspname AS namespace FROM pg_class
               JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace AND pg_namespace.nspname = ANY ($1)) AS oid
           ON oid.oid = att.attrelid AND relname = info.table_name AND namespace = info.table_schema
         LEFT OUTER JOIN pg_attrdef attdef ON attdef.adrelid = att.attrelid AND attdef.adnum = att.attnum AND table_schema = namespace
         WHERE table_schema = ANY ($1) ORDER BY namespace, table_name, ordinal_position`,
        "{public,audit}",
      ),
      sent(
        `WITH rawindex AS (
           SELECT indrelid, indexrelid, indisunique, indisprimary, unnest(indkey) AS indkeyid, generate_subscripts(indkey, 1) AS indkeyidx,
             unnest(indclass) AS indclass, unnest(indoption) AS indoption
           FROM pg_index WHERE indpred IS NULL AND NOT indisexclusion)
         SELECT schemainfo.nspname AS namespace, indexinfo.relname AS index_name, tableinfo.relname AS table_name, columninfo.attname AS column_name,
           rawindex.indisunique AS is_unique, rawindex.indisprimary AS is_primary_key, rawindex.indkeyidx AS column_index,
           opclass.opcname AS opclass, opclass.opcdefault AS opcdefault, indexaccess.amname AS index_algo,
           CASE rawindex.indoption & 1 WHEN 1 THEN 'DESC' ELSE 'ASC' END AS column_order,
           CASE rawindex.indoption & 2 WHEN 2 THEN true ELSE false END AS nulls_first,
           pc.condeferrable AS condeferrable, pc.condeferred AS condeferred
         FROM rawindex
           INNER JOIN pg_class AS tableinfo ON tableinfo.oid = rawindex.indrelid
           INNER JOIN pg_class AS indexinfo ON indexinfo.oid = rawindex.indexrelid
           INNER JOIN pg_namespace AS schemainfo ON schemainfo.oid = tableinfo.relnamespace
           LEFT JOIN pg_attribute AS columninfo ON columninfo.attrelid = tableinfo.oid AND columninfo.attnum = rawindex.indkeyid
           INNER JOIN pg_am AS indexaccess ON indexaccess.oid = indexinfo.relam
           LEFT JOIN pg_opclass AS opclass ON opclass.oid = rawindex.indclass
           LEFT JOIN pg_constraint pc ON rawindex.indexrelid = pc.conindid AND pc.contype <> 'f'
         WHERE schemainfo.nspname = ANY ($1) ORDER BY namespace, table_name, index_name, column_index`,
        "{public}",
      ),
      sent(
        `SELECT con.oid AS con_id, att2.attname AS child_column, cl.relname AS parent_table, att.attname AS parent_column, con.confdeltype, con.confupdtype,
           rel_ns.nspname AS referenced_schema_name, conname AS constraint_name, child, parent, table_name, namespace, condeferrable, condeferred
         FROM (SELECT ns.nspname AS namespace, unnest(con1.conkey) AS parent, unnest(con1.confkey) AS child, cl.relname AS table_name, ns.nspname AS schema_name,
                 generate_subscripts(con1.conkey, 1) AS colidx, con1.oid, con1.confrelid, con1.conrelid, con1.conname, con1.confdeltype, con1.confupdtype, con1.condeferrable, con1.condeferred
               FROM pg_class cl JOIN pg_constraint con1 ON con1.conrelid = cl.oid JOIN pg_namespace ns ON cl.relnamespace = ns.oid
               WHERE ns.nspname = ANY ($1) AND con1.contype = 'f' ORDER BY colidx) con
         JOIN pg_attribute att ON att.attrelid = con.confrelid AND att.attnum = con.child
         JOIN pg_class cl ON cl.oid = con.confrelid
         JOIN pg_attribute att2 ON att2.attrelid = con.conrelid AND att2.attnum = con.parent
         JOIN pg_class rel_cl ON con.confrelid = rel_cl.oid JOIN pg_namespace rel_ns ON rel_cl.relnamespace = rel_ns.oid
         ORDER BY namespace, table_name, constraint_name, con_id, con.colidx`,
        "{public}",
      ),
      sent(
        `SELECT schemainfo.nspname AS namespace, tableinfo.relname AS table_name, constr.conname AS constraint_name, constr.contype::text AS constraint_type,
           constr.condeferrable AS is_deferrable, pg_get_constraintdef(constr.oid) AS constraint_definition
         FROM pg_constraint constr JOIN pg_class AS tableinfo ON tableinfo.oid = constr.conrelid JOIN pg_namespace AS schemainfo ON schemainfo.oid = tableinfo.relnamespace
         WHERE schemainfo.nspname = ANY ($1) AND contype NOT IN ('p', 'u', 'f') ORDER BY namespace, table_name, constr.contype, constraint_name`,
        "{public}",
      ),
      sent(
        `SELECT t.typname AS name, e.enumlabel AS value, n.nspname AS namespace, obj_description(t.oid, 'pg_type') AS description
         FROM pg_type t JOIN pg_enum e ON t.oid = e.enumtypid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
         WHERE n.nspname = ANY ($1) ORDER BY e.enumsortorder`,
        "{public}",
      ),
      sent(
        "SELECT views.viewname AS view_name, views.definition AS view_sql, views.schemaname AS namespace, obj_description(class.oid, 'pg_class') AS description FROM pg_catalog.pg_views views INNER JOIN pg_catalog.pg_namespace ns ON views.schemaname = ns.nspname INNER JOIN pg_catalog.pg_class class ON class.relnamespace = ns.oid AND class.relname = views.viewname WHERE schemaname = ANY ($1) ORDER BY 1",
        "{public}",
      ),
      sent(
        "SELECT sequence_name, data_type, start_value, minimum_value, maximum_value, increment, cycle_option, sequence_schema FROM information_schema.sequences WHERE sequence_schema = ANY ($1) ORDER BY sequence_name",
        "{public}",
      ),
      "SELECT ext.extname AS extension_name, ext.extversion AS extension_version, ext.extrelocatable AS extension_relocatable, pn.nspname AS extension_schema FROM pg_extension ext INNER JOIN pg_namespace pn ON ext.extnamespace = pn.oid ORDER BY ext.extname ASC",
      sent(
        `SELECT p.proname AS name, n.nspname AS namespace, CASE WHEN l.lanname = 'internal' THEN p.prosrc ELSE pg_get_functiondef(p.oid) END AS definition
         FROM pg_proc p LEFT JOIN pg_namespace n ON p.pronamespace = n.oid LEFT JOIN pg_language l ON p.prolang = l.oid
         WHERE n.nspname = ANY ($1) AND l.lanname <> 'c' ORDER BY 1`,
        "{public}",
      ),
      "SELECT pg_try_advisory_lock(72707369)",
      "SELECT pg_advisory_unlock(72707369)",
    ],
  },
  {
    name: "Prisma's client",
    via: "binary",
    statements: [
      "SELECT 1",
      "BEGIN",
      sent(
        'INSERT INTO "public"."orders" ("customer_id","status","total","note","lock_version") VALUES ($1,CAST($2::text AS "public"."order_status"),$3,$4,$5) RETURNING "public"."orders"."id"',
        "12",
        "new",
        "19.90",
        "first",
        "0",
      ),
      sent(
        'SELECT "public"."orders"."id", "public"."orders"."customer_id", "public"."orders"."status"::text, "public"."orders"."total", "public"."orders"."note" FROM "public"."orders" WHERE "public"."orders"."id" = $1 LIMIT $2 OFFSET $3',
        "151",
        "1",
        "0",
      ),
      "COMMIT",
      sent(
        'SELECT "public"."products"."id", "public"."products"."sku", "public"."products"."price" FROM "public"."products" WHERE ("public"."products"."price" >= $1 AND "public"."products"."name"::text ILIKE $2) ORDER BY "public"."products"."price" DESC, "public"."products"."id" ASC LIMIT $3 OFFSET $4',
        "5",
        "%lamp%",
        "10",
        "0",
      ),
      sent(
        'SELECT "public"."products"."id", "public"."products"."sku" FROM "public"."products" WHERE ("public"."products"."sku" = $1 AND 1=1) LIMIT $2 OFFSET $3',
        "SKU-3",
        "1",
        "0",
      ),
      sent(
        'SELECT "public"."products"."id" FROM "public"."products" WHERE "public"."products"."id" IN ($1,$2,$3) ORDER BY "public"."products"."id" ASC OFFSET $4',
        "1",
        "2",
        "3",
        "0",
      ),
      sent('SELECT "public"."products"."id" FROM "public"."products" WHERE 1=0 OFFSET $1', "0"),
      sent(
        'UPDATE "public"."orders" SET "note" = $1, "lock_version" = ("public"."orders"."lock_version" + $2) WHERE ("public"."orders"."id" = $3 AND 1=1) RETURNING "public"."orders"."id", "public"."orders"."note"',
        "second",
        "1",
        "151",
      ),
      sent(
        'UPDATE "public"."orders" SET "total" = $1 WHERE ("public"."orders"."id" IN ($2) AND ("public"."orders"."lock_version" = $3 AND 1=1))',
        "20",
        "151",
        "1",
      ),
      sent(
        'SELECT COUNT(*) AS "_count$_all" FROM (SELECT "public"."orders"."id" FROM "public"."orders" WHERE "public"."orders"."customer_id" = $1 OFFSET $2) AS "sub"',
        "12",
        "0",
      ),
      sent(
        'SELECT COUNT("sub"."id") AS "_count", SUM("sub"."total") AS "_sum", MIN("sub"."id") FROM (SELECT "public"."orders"."id", "public"."orders"."total" FROM "public"."orders" WHERE 1=1 OFFSET $1) AS "sub"',
        "0",
      ),
      sent(
        'SELECT COUNT(*) AS "_count", "public"."orders"."status"::text FROM "public"."orders" WHERE 1=1 GROUP BY "public"."orders"."status" HAVING COUNT(*) > $1 ORDER BY "public"."orders"."status" ASC OFFSET $2',
        "1",
        "0",
      ),
      sent(
        'SELECT "t1"."id", "t1"."total", "orders_items"."__prisma_data__" AS "items" FROM "public"."orders" AS "t1" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), \'[]\') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT(\'line\', "t2"."line", \'quantity\', "t2"."quantity") AS "__prisma_data__", "t2"."line" FROM "public"."order_items" AS "t2" WHERE "t1"."id" = "t2"."order_id" ORDER BY "t2"."line" ASC) AS "t3") AS "t4") AS "orders_items" ON TRUE WHERE "t1"."id" = $1 LIMIT $2',
        "7",
        "1",
      ),
      sent(
        'INSERT INTO "public"."products" ("sku","name","price","attributes") VALUES ($1,$2,$3,$4) ON CONFLICT ("sku") DO UPDATE SET "price" = $5 WHERE ("public"."products"."sku" = $6 AND 1=1) RETURNING "public"."products"."id", "public"."products"."sku", "public"."products"."price"',
        "SKU-P",
        "prisma",
        "7",
        "{}",
        "8",
        "SKU-P",
      ),
      sent(
        'INSERT INTO "public"."products" ("sku","name","price") VALUES ($1,$2,$3), ($4,$5,$6) ON CONFLICT DO NOTHING',
        "SKU-P",
        "x",
        "1",
        "SKU-Q",
        "y",
        "2",
      ),
      sent(
        'DELETE FROM "public"."products" WHERE ("public"."products"."sku" IN ($1,$2) AND 1=1)',
        "SKU-P",
        "SKU-Q",
      ),
      "BEGIN",
      "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
      sent(
        'DELETE FROM "public"."orders" WHERE ("public"."orders"."id" = $1 AND 1=1) RETURNING "public"."orders"."id", "public"."orders"."note"',
        "151",
      ),
      "ROLLBACK",
      "DEALLOCATE ALL",
    ],
  },
];
