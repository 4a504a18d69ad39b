import { type Script, sent } from "./statement.ts";

/** In the manner of SQLAlchemy: over psycopg2 values stand in the text, over psycopg and asyncpg they are sent apart. */
export const SQLALCHEMY: Script[] = [
  {
    name: "SQLAlchemy connects and reflects",
    via: "simple",
    statements: [
      "select pg_catalog.version()",
      "select current_schema()",
      "show standard_conforming_strings",
      "BEGIN",
      "SHOW TRANSACTION ISOLATION LEVEL",
      "SELECT pg_catalog.pg_namespace.nspname FROM pg_catalog.pg_namespace WHERE pg_catalog.pg_namespace.nspname NOT LIKE 'pg_%' ORDER BY pg_catalog.pg_namespace.nspname",
      "SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace WHERE pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p', 'f', 'v', 'm']) AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != 'pg_catalog' ORDER BY 1",
      "SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace WHERE pg_catalog.pg_class.relname = 'customers' AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid)",
      `SELECT pg_catalog.pg_attribute.attname AS name, pg_catalog.format_type(pg_catalog.pg_attribute.atttypid, pg_catalog.pg_attribute.atttypmod) AS format_type,
         (SELECT pg_catalog.pg_get_expr(pg_catalog.pg_attrdef.adbin, pg_catalog.pg_attrdef.adrelid) AS pg_get_expr_1 FROM pg_catalog.pg_attrdef
          WHERE pg_catalog.pg_attrdef.adrelid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_attrdef.adnum = pg_catalog.pg_attribute.attnum AND pg_catalog.pg_attribute.atthasdef) AS "default",
         pg_catalog.pg_attribute.attnotnull AS not_null, pg_catalog.pg_class.relname AS table_name, pg_catalog.pg_description.description AS comment,
         pg_catalog.pg_attribute.attgenerated AS generated,
         (SELECT json_build_object('always', pg_catalog.pg_attribute.attidentity = 'a', 'start', pg_catalog.pg_sequence.seqstart, 'increment', pg_catalog.pg_sequence.seqincrement,
            'minvalue', pg_catalog.pg_sequence.seqmin, 'maxvalue', pg_catalog.pg_sequence.seqmax, 'cache', pg_catalog.pg_sequence.seqcache, 'cycle', pg_catalog.pg_sequence.seqcycle) AS json_build_object_1
          FROM pg_catalog.pg_sequence WHERE pg_catalog.pg_attribute.attidentity != '' AND pg_catalog.pg_sequence.seqrelid = CAST(CAST(pg_catalog.pg_get_serial_sequence(CAST(CAST(pg_catalog.pg_attribute.attrelid AS REGCLASS) AS TEXT), pg_catalog.pg_attribute.attname) AS REGCLASS) AS OID)) AS identity_options
       FROM pg_catalog.pg_class LEFT OUTER JOIN pg_catalog.pg_attribute ON pg_catalog.pg_class.oid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_attribute.attnum > 0 AND NOT pg_catalog.pg_attribute.attisdropped
         LEFT OUTER JOIN pg_catalog.pg_description ON pg_catalog.pg_description.objoid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_description.objsubid = pg_catalog.pg_attribute.attnum
         JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
       WHERE pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p', 'f', 'v', 'm']) AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != 'pg_catalog' AND pg_catalog.pg_class.relname IN ('customers', 'orders')
       ORDER BY pg_catalog.pg_class.relname, pg_catalog.pg_attribute.attnum`,
      `SELECT attr.conrelid, array_agg(CAST(attr.attname AS TEXT) ORDER BY attr.ord) AS cols, attr.conname, min(attr.description) AS description, attr.contype
       FROM (SELECT con.conrelid AS conrelid, con.conname AS conname, con.contype AS contype, con.ord AS ord, pg_catalog.pg_attribute.attname AS attname, con.description AS description
             FROM pg_catalog.pg_attribute JOIN (SELECT pg_catalog.pg_constraint.conrelid AS conrelid, pg_catalog.pg_constraint.conname AS conname, pg_catalog.pg_constraint.contype, unnest(pg_catalog.pg_constraint.conkey) AS attnum,
                 generate_subscripts(pg_catalog.pg_constraint.conkey, 1) AS ord, pg_catalog.pg_description.description AS description
               FROM pg_catalog.pg_constraint LEFT OUTER JOIN pg_catalog.pg_description ON pg_catalog.pg_description.objoid = pg_catalog.pg_constraint.oid
               WHERE pg_catalog.pg_constraint.contype = 'p' AND pg_catalog.pg_constraint.conrelid IN ('orders'::regclass, 'order_items'::regclass)) AS con
             ON pg_catalog.pg_attribute.attnum = con.attnum AND pg_catalog.pg_attribute.attrelid = con.conrelid) AS attr
       GROUP BY attr.conrelid, attr.conname, attr.contype ORDER BY attr.conrelid, attr.conname`,
      "SELECT pg_catalog.pg_class.relname, pg_catalog.pg_constraint.conname, CASE WHEN (pg_catalog.pg_constraint.oid IS NOT NULL) THEN pg_catalog.pg_get_constraintdef(pg_catalog.pg_constraint.oid, true) END AS anon_1, nsp_ref.nspname, pg_catalog.pg_description.description FROM pg_catalog.pg_class LEFT OUTER JOIN pg_catalog.pg_constraint ON pg_catalog.pg_class.oid = pg_catalog.pg_constraint.conrelid AND pg_catalog.pg_constraint.contype = 'f' LEFT OUTER JOIN pg_catalog.pg_class AS cls_ref ON cls_ref.oid = pg_catalog.pg_constraint.confrelid LEFT OUTER JOIN pg_catalog.pg_namespace AS nsp_ref ON cls_ref.relnamespace = nsp_ref.oid LEFT OUTER JOIN pg_catalog.pg_description ON pg_catalog.pg_description.objoid = pg_catalog.pg_constraint.oid WHERE pg_catalog.pg_class.relname = 'orders' ORDER BY pg_catalog.pg_class.relname, pg_catalog.pg_constraint.conname",
      `SELECT pg_catalog.pg_index.indrelid, cls_idx.relname AS relname_index, pg_catalog.pg_index.indisunique, pg_catalog.pg_constraint.conrelid IS NOT NULL AS has_constraint, pg_catalog.pg_index.indoption, cls_idx.reloptions, pg_catalog.pg_am.amname,
         CASE WHEN (pg_catalog.pg_index.indpred IS NOT NULL) THEN pg_catalog.pg_get_expr(pg_catalog.pg_index.indpred, pg_catalog.pg_index.indrelid) END AS filter_definition, pg_catalog.pg_index.indnkeyatts, pg_catalog.pg_index.indnullsnotdistinct, idx_cols.elements
       FROM pg_catalog.pg_index JOIN pg_catalog.pg_class AS cls_idx ON pg_catalog.pg_index.indexrelid = cls_idx.oid JOIN pg_catalog.pg_am ON cls_idx.relam = pg_catalog.pg_am.oid
         LEFT OUTER JOIN (SELECT idx_attr.indexrelid, array_agg(idx_attr.element ORDER BY idx_attr.ord) AS elements FROM (SELECT i.indexrelid, i.ord, CASE WHEN (i.attnum = 0) THEN pg_catalog.pg_get_indexdef(i.indexrelid, i.ord + 1, true) ELSE CAST(pg_catalog.pg_attribute.attname AS TEXT) END AS element
           FROM (SELECT pg_catalog.pg_index.indexrelid, pg_catalog.pg_index.indrelid, unnest(pg_catalog.pg_index.indkey) AS attnum, generate_subscripts(pg_catalog.pg_index.indkey, 1) AS ord FROM pg_catalog.pg_index WHERE NOT pg_catalog.pg_index.indisprimary) AS i
           LEFT OUTER JOIN pg_catalog.pg_attribute ON pg_catalog.pg_attribute.attnum = i.attnum AND pg_catalog.pg_attribute.attrelid = i.indrelid) AS idx_attr GROUP BY idx_attr.indexrelid) AS idx_cols ON pg_catalog.pg_index.indexrelid = idx_cols.indexrelid
         LEFT OUTER JOIN pg_catalog.pg_constraint ON pg_catalog.pg_index.indrelid = pg_catalog.pg_constraint.conrelid AND pg_catalog.pg_index.indexrelid = pg_catalog.pg_constraint.conindid AND pg_catalog.pg_constraint.contype = ANY (ARRAY['p', 'u', 'x'])
       WHERE pg_catalog.pg_index.indrelid IN ('products'::regclass, 'customers'::regclass) AND NOT pg_catalog.pg_index.indisprimary ORDER BY pg_catalog.pg_index.indrelid, cls_idx.relname`,
      "SELECT pg_catalog.pg_class.relname, pg_catalog.pg_description.description FROM pg_catalog.pg_class LEFT OUTER JOIN pg_catalog.pg_description ON pg_catalog.pg_class.oid = pg_catalog.pg_description.objoid AND pg_catalog.pg_description.objsubid = 0 AND pg_catalog.pg_description.classoid = CAST('pg_catalog.pg_class' AS REGCLASS) WHERE pg_catalog.pg_class.relname = 'customers'",
      "SELECT pg_catalog.pg_get_viewdef(pg_catalog.pg_class.oid) AS pg_get_viewdef_1 FROM pg_catalog.pg_class WHERE pg_catalog.pg_class.relkind = ANY (ARRAY['v', 'm']) AND pg_catalog.pg_class.relname = 'customer_directory'",
      "SELECT pg_catalog.pg_type.typname AS name, pg_catalog.pg_type_is_visible(pg_catalog.pg_type.oid) AS visible, lbl_agg.labels FROM pg_catalog.pg_type JOIN (SELECT pg_catalog.pg_enum.enumtypid, array_agg(CAST(pg_catalog.pg_enum.enumlabel AS TEXT) ORDER BY pg_catalog.pg_enum.enumsortorder) AS labels FROM pg_catalog.pg_enum GROUP BY pg_catalog.pg_enum.enumtypid) AS lbl_agg ON pg_catalog.pg_type.oid = lbl_agg.enumtypid WHERE pg_catalog.pg_type.typtype = 'e'",
      "ROLLBACK",
      "SELECT t.oid, typarray FROM pg_type t JOIN pg_namespace ns ON typnamespace = ns.oid WHERE typname = 'hstore'",
      "BEGIN",
      "\nCREATE TABLE notes (\n\tid SERIAL NOT NULL, \n\ttitle VARCHAR(50) NOT NULL, \n\tdata JSON, \n\tPRIMARY KEY (id), \n\tUNIQUE (title)\n)\n\n",
      "CREATE INDEX ix_notes_title ON notes (title)",
      "COMMIT",
      "\nDROP TABLE notes",
      "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
      "INSERT INTO alembic_version (version_num) VALUES ('1975ea83b712') RETURNING alembic_version.version_num",
      "UPDATE alembic_version SET version_num='27c6a30d7c24' WHERE alembic_version.version_num = '1975ea83b712'",
      "DROP TABLE alembic_version",
    ],
  },
  {
    name: "SQLAlchemy's ORM over psycopg2",
    via: "simple",
    statements: [
      "BEGIN",
      "SELECT orders.id, orders.customer_id, orders.status, orders.total \nFROM orders \nWHERE orders.id = 5",
      "SELECT anon_1.orders_id, order_items_1.line AS order_items_1_line FROM (SELECT orders.id AS orders_id FROM orders ORDER BY orders.id LIMIT 3) AS anon_1 LEFT OUTER JOIN order_items AS order_items_1 ON anon_1.orders_id = order_items_1.order_id ORDER BY 1, 2",
      "SELECT order_items.order_id AS order_items_order_id, order_items.line AS order_items_line FROM order_items WHERE order_items.order_id IN (1, 2) ORDER BY 1, 2",
      "INSERT INTO orders (customer_id, total) VALUES (1, 5) RETURNING orders.id, orders.status, orders.placed_at",
      "INSERT INTO orders (customer_id, total) SELECT p0::INTEGER, p1::NUMERIC FROM (VALUES (2, 1.0, 0), (2, 2.0, 1)) AS imp_sen(p0, p1, sen_counter) ORDER BY sen_counter RETURNING orders.id, orders.id AS id__1",
      "SAVEPOINT sa_savepoint_1",
      "UPDATE orders SET total=6 WHERE orders.id = 11",
      "ROLLBACK TO SAVEPOINT sa_savepoint_1",
      "COMMIT",
      "BEGIN",
      "SELECT count(*) AS count_1 \nFROM (SELECT orders.id AS orders_id \nFROM orders \nWHERE orders.status = 'paid') AS anon_1",
      "SELECT EXISTS (SELECT 1 \nFROM orders \nWHERE orders.total > 10) AS anon_1",
      "DELETE FROM orders WHERE orders.customer_id = 2 AND orders.total < 3 AND orders.lock_version = 9",
      "ROLLBACK",
    ],
  },
  {
    name: "SQLAlchemy's ORM over asyncpg",
    via: "binary",
    statements: [
      "BEGIN ISOLATION LEVEL READ COMMITTED;",
      sent("SELECT orders.id, orders.total FROM orders WHERE orders.id = $1::INTEGER", "6"),
      sent(
        "SELECT products.sku, products.price FROM products WHERE products.sku IN ($1::VARCHAR, $2::VARCHAR) ORDER BY products.sku",
        "SKU-4",
        "SKU-5",
      ),
      sent(
        "INSERT INTO orders (customer_id, total, note) VALUES ($1::INTEGER, $2::NUMERIC(10, 2), $3::VARCHAR) RETURNING orders.id, orders.placed_at",
        "4",
        "8.25",
        null,
      ),
      sent(
        "UPDATE orders SET note=$1::VARCHAR WHERE orders.id = $2::INTEGER RETURNING orders.note",
        "async",
        "6",
      ),
      sent(
        "SELECT orders.id FROM orders ORDER BY orders.id \n LIMIT $1::INTEGER OFFSET $2::INTEGER",
        "3",
        "1",
      ),
      "COMMIT;",
    ],
  },
];
