import { type Script, sent } from "./statement.ts";

/** In the manner of Drizzle over node-postgres. */
export const DRIZZLE: Script[] = [
  {
    name: "Drizzle migrates and pulls",
    via: "simple",
    statements: [
      'CREATE SCHEMA IF NOT EXISTS "drizzle"',
      'CREATE TABLE IF NOT EXISTS "drizzle"."__drizzle_migrations" (\n\tid SERIAL PRIMARY KEY,\n\thash text NOT NULL,\n\tcreated_at bigint\n)',
      'select id, hash, created_at from "drizzle"."__drizzle_migrations" order by created_at desc limit 1',
      "begin",
      'CREATE TABLE "posts" (\n\t"id" serial PRIMARY KEY NOT NULL,\n\t"title" varchar(256) NOT NULL,\n\t"author_id" integer,\n\t"meta" jsonb DEFAULT \'{}\'::jsonb,\n\t"created_at" timestamp DEFAULT now() NOT NULL\n);\n',
      'CREATE UNIQUE INDEX "title_idx" ON "posts" USING btree ("title");',
      'insert into "drizzle"."__drizzle_migrations" ("hash", "created_at") values(\'0a1b\', 1767225600000)',
      "commit",
      'DO $$ BEGIN ALTER TABLE "posts" ADD CONSTRAINT "posts_author_id_orders_id_fk" FOREIGN KEY ("author_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action; EXCEPTION WHEN duplicate_object THEN null; END $$;',
      'DROP TABLE "posts"',
      'DROP SCHEMA "drizzle" CASCADE',
      "SELECT n.nspname AS table_schema, c.relname AS table_name, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view' END AS type, c.relrowsecurity AS rls_enabled FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid::regnamespace = c.relnamespace::regnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname IN ('public') ORDER BY 1, 2",
      "SELECT s.nspname AS table_schema FROM pg_catalog.pg_namespace s JOIN pg_catalog.pg_user u ON u.usesysid = s.nspowner WHERE nspname NOT IN ('information_schema', 'pg_catalog', 'public') AND nspname NOT LIKE 'pg_toast%' AND nspname NOT LIKE 'pg_temp_%' ORDER BY table_schema",
      "select n.nspname as enum_schema, t.typname as enum_name, e.enumlabel as enum_value, e.enumsortorder as sort_order from pg_type t join pg_enum e on t.oid = e.enumtypid join pg_catalog.pg_namespace n ON n.oid = t.typnamespace where n.nspname IN ('public') order by enum_schema, enum_name, sort_order",
      'SELECT schemaname, tablename, policyname AS name, permissive AS "as", roles AS to, cmd AS for, qual AS using, with_check AS "withCheck" FROM pg_policies',
      "SELECT rolname, rolinherit, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname IN ('app', 'reader') ORDER BY 1",
    ],
  },
  {
    name: "Drizzle's queries",
    via: "unnamed",
    statements: [
      sent(
        'select "id", "sku", "name", "price", "attributes", "labels" from "products" where "products"."id" = $1',
        "4",
      ),
      sent(
        'select "id", "customer_id", "status", "total" from "orders" where ("orders"."status" = $1 and "orders"."total" > $2) order by "orders"."id" desc limit $3 offset $4',
        "paid",
        "20",
        "5",
        "2",
      ),
      sent(
        'select "orders"."id", "orders"."total", "order_items"."line", "products"."name" from "orders" left join "order_items" on "order_items"."order_id" = "orders"."id" inner join "products" on "products"."id" = "order_items"."product_id" where "orders"."id" in ($1, $2) order by "orders"."id", "order_items"."line"',
        "3",
        "4",
      ),
      sent(
        'insert into "orders" ("id", "customer_id", "status", "total", "note", "placed_at", "lock_version") values (default, $1, default, $2, default, default, default) returning "id", "status"',
        "3",
        "9.99",
      ),
      sent('insert into "landing" ("id", "note") values ($1, $2), ($3, default)', "1", "a", "2"),
      sent(
        'update "orders" set "note" = $1, "total" = "orders"."total" + 1 where "orders"."id" = $2 returning "id", "total"',
        "drizzle",
        "4",
      ),
      sent(
        'insert into "products" ("sku", "name", "price") values ($1, $2, $3) on conflict ("sku") do update set "price" = excluded.price returning "sku", "price"',
        "SKU-D",
        "drizzle",
        "3",
      ),
      sent(
        'insert into "products" ("sku", "name", "price") values ($1, $2, $3) on conflict do nothing',
        "SKU-D",
        "drizzle",
        "3",
      ),
      sent('delete from "products" where "products"."sku" = $1 returning "id", "sku", "name"', "SKU-D"),
      sent('delete from "landing" where ("landing"."id" = $1 or "landing"."id" = $2)', "1", "2"),
      'select count(*) from "orders"',
      'select "status", cast(count(*) as int), sum("total") from "orders" group by "orders"."status" having count(*) > 3 order by "orders"."status"',
      sent(
        'with "sq" as (select "id", "total" from "orders" where "orders"."id" < $1) select "id", "total" from "sq" order by "id"',
        "4",
      ),
      sent(
        'select "orders"."id", "orders_items"."data" as "items" from "orders" "orders" left join lateral (select coalesce(json_agg(json_build_array("orders_items"."line", "orders_items"."quantity") order by "orders_items"."line" asc), \'[]\'::json) as "data" from "order_items" "orders_items" where "orders_items"."order_id" = "orders"."id") "orders_items" on true where "orders"."id" = $1 limit $2',
        "5",
        "1",
      ),
      sent('select exists (select 1 from "orders" where "orders"."total" > $1) as "found"', "1000"),
      sent(
        '(select "id" from "orders" where "id" = $1) union all (select "id" from "orders" where "id" = $2) order by 1',
        "1",
        "2",
      ),
      "begin",
      sent('select "id" from "orders" where "orders"."id" = $1 for update', "2"),
      "savepoint sp1",
      sent('update "orders" set "note" = null where "orders"."id" = $1', "2"),
      "rollback to savepoint sp1",
      "commit",
    ],
  },
];
