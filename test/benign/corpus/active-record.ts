import { type Script, sent } from "./statement.ts";

/** In the manner of Ruby on Rails' ActiveRecord. */
export const ACTIVE_RECORD: Script[] = [
  {
    name: "ActiveRecord connects and reads the schema",
    via: "simple",
    statements: [
      "SET client_min_messages TO 'warning'",
      "SET standard_conforming_strings = on",
      "SET SESSION intervalstyle TO iso_8601",
      "SET SESSION timezone TO 'UTC'",
      "SHOW max_identifier_length",
      "SHOW search_path",
      "SHOW TIME ZONE",
      "SELECT t.oid, t.typname FROM pg_type as t WHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bool', 'timestamp', 'timestamptz') ORDER BY 1",
      "SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typname IN ('int2', 'text', 'jsonb', 'order_status') OR t.typtype IN ('r', 'e', 'd') OR t.typinput::varchar = 'array_in' OR t.typelem != 0 ORDER BY t.oid",
      "SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind IN ('r','v','m','p','f') ORDER BY 1",
      "SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relname = 'customers' AND c.relkind IN ('r','p')",
      `SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
         c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated as attgenerated
       FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid
         LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
       WHERE a.attrelid = '"customers"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
      `SELECT a.attname FROM (SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx FROM pg_index WHERE indrelid = '"order_items"'::regclass AND indisprimary) i
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[i.idx] ORDER BY i.idx`,
      `SELECT distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), pg_catalog.obj_description(i.oid, 'pg_class') AS comment, d.indisvalid,
         ARRAY(SELECT pg_get_indexdef(d.indexrelid, k + 1, true) FROM generate_subscripts(d.indkey, 1) AS k ORDER BY k) AS columns
       FROM pg_class t INNER JOIN pg_index d ON t.oid = d.indrelid INNER JOIN pg_class i ON d.indexrelid = i.oid LEFT JOIN pg_namespace n ON n.oid = t.relnamespace
       WHERE i.relkind IN ('i', 'I') AND d.indisprimary = 'f' AND t.relname = 'customers' AND n.nspname = ANY (current_schemas(false)) ORDER BY i.relname`,
      `SELECT t2.oid::regclass::text AS to_table, a1.attname AS column, a2.attname AS primary_key, c.conname AS name, c.confupdtype AS on_update, c.confdeltype AS on_delete, c.convalidated AS valid
       FROM pg_constraint c JOIN pg_class t1 ON c.conrelid = t1.oid JOIN pg_class t2 ON c.confrelid = t2.oid
         JOIN pg_attribute a1 ON a1.attnum = c.conkey[1] AND a1.attrelid = t1.oid JOIN pg_attribute a2 ON a2.attnum = c.confkey[1] AND a2.attrelid = t2.oid
         JOIN pg_namespace t3 ON c.connamespace = t3.oid
       WHERE c.contype = 'f' AND t1.relname = 'orders' AND t3.nspname = ANY (current_schemas(false)) ORDER BY c.conname`,
      "SELECT conname, pg_get_constraintdef(c.oid, true) AS constraintdef, c.convalidated AS valid FROM pg_constraint c JOIN pg_class t ON c.conrelid = t.oid JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.contype = 'c' AND t.relname = 'products' AND n.nspname = ANY (current_schemas(false))",
      "SELECT pg_catalog.obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'customers' AND c.relkind IN ('r','p') AND n.nspname = ANY (current_schemas(false))",
      "SELECT pg_get_serial_sequence('orders', 'id')",
      "SELECT extname FROM pg_extension",
      "SELECT type.typname AS name, type.oid AS oid, n.nspname AS schema, array_agg(enum.enumlabel ORDER BY enum.enumsortorder) AS value FROM pg_enum AS enum JOIN pg_type AS type ON (type.oid = enum.enumtypid) JOIN pg_namespace n ON type.typnamespace = n.oid WHERE n.nspname = ANY (current_schemas(false)) GROUP BY type.OID, n.nspname, type.typname",
      "SELECT pg_try_advisory_lock(4711)",
      'CREATE TABLE "schema_migrations" ("version" character varying NOT NULL PRIMARY KEY)',
      'CREATE TABLE "ar_internal_metadata" ("key" character varying NOT NULL PRIMARY KEY, "value" character varying, "created_at" timestamp(6) NOT NULL, "updated_at" timestamp(6) NOT NULL)',
      "BEGIN",
      'CREATE TABLE "articles" ("id" bigserial primary key, "title" character varying, "body" text, "order_id" bigint, "created_at" timestamp(6) NOT NULL)',
      'CREATE INDEX "index_articles_on_title" ON "articles" ("title")',
      'ALTER TABLE "articles" ADD "views" integer DEFAULT 0 NOT NULL',
      'INSERT INTO "schema_migrations" ("version") VALUES (\'20260101000000\') RETURNING "version"',
      "COMMIT",
      'DROP TABLE "articles"',
      'DROP TABLE "schema_migrations", "ar_internal_metadata"',
      "SELECT pg_advisory_unlock(4711)",
    ],
  },
  {
    name: "ActiveRecord's models, in prepared statements",
    via: "named",
    statements: [
      sent('SELECT "orders".* FROM "orders" WHERE "orders"."id" = $1 LIMIT $2', "6", "1"),
      sent('SELECT 1 AS one FROM "products" WHERE "products"."sku" = $1 LIMIT $2', "SKU-9", "1"),
      sent(
        'SELECT "orders".* FROM "orders" WHERE "orders"."customer_id" = $1 ORDER BY "orders"."id" ASC LIMIT $2',
        "8",
        "1",
      ),
      sent(
        'SELECT "products".* FROM "products" INNER JOIN "order_items" ON "products"."id" = "order_items"."product_id" WHERE "order_items"."order_id" = $1 ORDER BY "products"."id"',
        "8",
      ),
      sent('SELECT COUNT(*) FROM "orders" WHERE "orders"."status" = $1', "paid"),
      sent(
        'SELECT SUM("orders"."total") AS "sum_total", "orders"."status" AS "orders_status" FROM "orders" WHERE "orders"."id" BETWEEN $1 AND $2 GROUP BY "orders"."status" ORDER BY "orders_status"',
        "1",
        "50",
      ),
      sent(
        'SELECT "orders"."id" FROM "orders" WHERE "orders"."id" > $1 ORDER BY "orders"."id" ASC LIMIT $2',
        "40",
        "20",
      ),
      sent(
        'SELECT DISTINCT "orders"."status" FROM "orders" WHERE "orders"."customer_id" IN ($1, $2, $3) ORDER BY 1',
        "1",
        "2",
        "3",
      ),
      "BEGIN",
      sent(
        'INSERT INTO "orders" ("customer_id", "status", "total", "note", "placed_at", "lock_version") VALUES ($1, $2, $3, $4, $5, $6) RETURNING "id"',
        "5",
        "new",
        "12.5",
        null,
        "2026-03-01 10:00:00.123456",
        "0",
      ),
      sent(
        'UPDATE "orders" SET "total" = $1, "lock_version" = $2 WHERE "orders"."id" = $3 AND "orders"."lock_version" = $4',
        "13",
        "1",
        "9",
        "0",
      ),
      "SAVEPOINT active_record_1",
      sent(
        'UPDATE "orders" SET "lock_version" = COALESCE("orders"."lock_version", 0) + $1 WHERE "orders"."id" = $2',
        "1",
        "9",
      ),
      "RELEASE SAVEPOINT active_record_1",
      "COMMIT",
      sent(
        'INSERT INTO "products" ("sku","name","price") VALUES ($1, $2, $3) ON CONFLICT ("sku") DO UPDATE SET "name"=excluded."name","price"=excluded."price" RETURNING "sku"',
        "SKU-A",
        "rails",
        "4",
      ),
      sent('DELETE FROM "products" WHERE "products"."sku" = $1', "SKU-A"),
      sent('SELECT "orders".* FROM "orders" WHERE "orders"."id" = $1 LIMIT $2 FOR UPDATE', "9", "1"),
    ],
  },
];
