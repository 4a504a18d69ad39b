import { type Case, entry } from "./case.ts";

/** Statements that change rows. */
export const WRITES: readonly Case[] = [
  entry("INSERT INTO products VALUES (1, 'Cheese', 9.99)", "insert", { writes: "products" }),
  entry("INSERT INTO products (id, name) VALUES (1, 'a'), (2, 'b')", "insert", { writes: "products" }),
  entry("INSERT INTO products DEFAULT VALUES", "insert", { writes: "products" }),
  entry("INSERT INTO products SELECT * FROM orders", "insert select", {
    reads: "orders",
    writes: "products",
  }),
  entry("INSERT INTO products TABLE orders", "insert select", { reads: "orders", writes: "products" }),
  entry("INSERT INTO products (name) VALUES ((SELECT token FROM app.secrets LIMIT 1))", "insert select", {
    reads: "app.secrets",
    writes: "products",
  }),
  entry("INSERT INTO products (id) VALUES (1) RETURNING id", "insert select", {
    reads: "products",
    writes: "products",
  }),
  entry("INSERT INTO products (id) VALUES (1) ON CONFLICT DO NOTHING", "insert", { writes: "products" }),
  entry("INSERT INTO audit_log (message) VALUES ('x')", "insert", {
    writes: "audit_log",
    opaque: true,
    because: "a trigger runs",
  }),
  entry("INSERT INTO measurements VALUES ('2026-01-01', 1)", "insert", {
    writes: "measurements measurements_2025 measurements_2026",
    because: "the row goes to a partition",
  }),
  entry("INSERT INTO scratch VALUES (1, 2)", "insert", { writes: "pg_temp.scratch" }),
  entry("INSERT INTO customers (id) VALUES (nextval('customers_id_seq'))", "insert", {
    writes: "customers",
    effects: "sequence",
  }),
  entry("WITH s AS (SELECT * FROM orders) INSERT INTO products SELECT * FROM s", "insert select", {
    reads: "orders",
    writes: "products",
  }),
  entry("UPDATE products SET price = 10", "update", { writes: "products", where: "missing" }),
  entry("UPDATE products SET price = 10 WHERE true", "update", { writes: "products", where: "constant" }),
  entry("UPDATE products SET price = 10 WHERE 1 = 1", "update", { writes: "products", where: "constant" }),
  entry("UPDATE products SET price = 10 WHERE NOT false", "update", {
    writes: "products",
    where: "constant",
  }),
  entry("UPDATE products SET price = 10 WHERE id = id", "update", {
    reads: "products",
    writes: "products",
    where: "constant",
  }),
  entry("UPDATE products SET price = 10 WHERE id = 5", "update", {
    reads: "products",
    writes: "products",
    where: "key",
  }),
  entry("UPDATE products SET price = 10 WHERE id = $1", "update", {
    reads: "products",
    writes: "products",
    where: "key",
  }),
  entry("UPDATE products SET price = 10 WHERE id > 5", "update", {
    reads: "products",
    writes: "products",
    where: "condition",
  }),
  entry("UPDATE products SET price = 10 WHERE id = 5 OR true", "update", {
    reads: "products",
    writes: "products",
    where: "constant",
  }),
  entry("UPDATE products SET price = 10 WHERE id = 5 OR name = 'x'", "update", {
    reads: "products",
    writes: "products",
    where: "condition",
  }),
  entry("UPDATE products SET price = price * 1.1 WHERE name LIKE 'a%'", "update", {
    reads: "products",
    writes: "products",
    where: "condition",
  }),
  entry("UPDATE order_items SET quantity = 1 WHERE order_id = 1 AND product_id = 2", "update", {
    reads: "order_items",
    writes: "order_items",
    where: "key",
  }),
  entry("UPDATE order_items SET quantity = 1 WHERE order_id = 1", "update", {
    reads: "order_items",
    writes: "order_items",
    where: "condition",
  }),
  entry("UPDATE customers SET name = 'x' WHERE email = 'a@b.c'", "update", {
    reads: "customers",
    writes: "customers",
    where: "key",
  }),
  entry("UPDATE orders SET amount = 0 FROM customers c WHERE c.id = orders.customer_id", "select update", {
    reads: "customers orders",
    writes: "orders",
    where: "condition",
  }),
  entry(
    "UPDATE orders SET (amount, status) = (SELECT 1, token FROM app.secrets) WHERE id = 1",
    "select update",
    {
      reads: "app.secrets orders",
      writes: "orders",
      where: "key",
    },
  ),
  entry("UPDATE orders SET amount = DEFAULT WHERE id = 1 RETURNING *", "select update", {
    reads: "orders",
    writes: "orders",
    where: "key",
  }),
  entry("UPDATE measurements SET value = 0 WHERE value > 1", "update", {
    reads: "measurements measurements_2025 measurements_2026",
    writes: "measurements measurements_2025 measurements_2026",
    where: "condition",
  }),
  entry("UPDATE orders SET amount = 0 WHERE CURRENT OF c", "update", {
    writes: "orders",
    where: "key",
    because: "it is one row",
  }),
  entry("DELETE FROM orders", "delete", { writes: "orders", where: "missing" }),
  entry("DELETE FROM orders WHERE 'a' = 'a'", "delete", { writes: "orders", where: "constant" }),
  entry("DELETE FROM orders WHERE id = 1", "delete", { reads: "orders", writes: "orders", where: "key" }),
  entry("DELETE FROM orders WHERE id IN (1, 2)", "delete", {
    reads: "orders",
    writes: "orders",
    where: "key",
    because: "as many rows as values at most",
  }),
  entry("DELETE FROM orders WHERE status = 'old' AND amount < 5", "delete", {
    reads: "orders",
    writes: "orders",
    where: "condition",
  }),
  entry(
    "DELETE FROM orders o USING customers c WHERE c.id = o.customer_id AND c.name = 'x'",
    "delete select",
    {
      reads: "customers orders",
      writes: "orders",
      where: "condition",
    },
  ),
  entry("DELETE FROM orders RETURNING *", "delete select", {
    reads: "orders",
    writes: "orders",
    where: "missing",
  }),
  entry("DELETE FROM ONLY measurements WHERE value = 1", "delete", {
    reads: "measurements",
    writes: "measurements",
    where: "condition",
  }),
  entry("TRUNCATE orders", "truncate", { writes: "orders" }),
  entry("TRUNCATE TABLE ONLY orders, order_items RESTART IDENTITY", "truncate", {
    writes: "order_items orders",
  }),
  entry("COPY orders FROM STDIN", "insert", { writes: "orders" }),
  entry("COPY orders (id, amount) FROM STDIN WITH (FORMAT csv)", "insert", { writes: "orders" }),
  entry("PREPARE w AS DELETE FROM orders WHERE id = $1", "delete", {
    reads: "orders",
    writes: "orders",
    where: "key",
  }),
  entry("MERGE INTO products p USING orders o ON p.id = o.id WHEN MATCHED THEN DO NOTHING", "select", {
    reads: "orders products",
    because: "no clause writes",
  }),
  entry(
    "MERGE INTO products p USING orders o ON p.id = o.id WHEN MATCHED THEN UPDATE SET price = 1 WHEN NOT MATCHED THEN INSERT (id) VALUES (o.id)",
    "insert select update",
    {
      reads: "orders products",
      writes: "products",
      where: "condition",
    },
  ),
  entry(
    "MERGE INTO products p USING orders o ON p.id = o.id WHEN MATCHED AND o.amount > 1 THEN DELETE",
    "delete select",
    {
      reads: "orders products",
      writes: "products",
      where: "condition",
    },
  ),
];

/** Writes that stand where one looks for reads. */
export const HIDDEN_WRITES: readonly Case[] = [
  entry("WITH d AS (DELETE FROM orders RETURNING *) SELECT * FROM d", "delete select", {
    tag: "SELECT",
    reads: "orders",
    writes: "orders",
    where: "missing",
  }),
  entry("WITH d AS (DELETE FROM orders WHERE id = 1) SELECT 1", "delete select", {
    reads: "orders",
    writes: "orders",
    where: "key",
  }),
  entry(
    "WITH u AS (UPDATE customers SET name = '' RETURNING id), i AS (INSERT INTO orders (id) SELECT id FROM u) TABLE u",
    "insert select update",
    {
      reads: "customers",
      writes: "customers orders",
      where: "missing",
    },
  ),
  entry(
    "WITH a AS (SELECT 1), b AS (WITH c AS (SELECT 2) DELETE FROM orders USING c) SELECT * FROM a",
    "delete select",
    { writes: "orders", where: "missing" },
  ),
  entry(
    "WITH d AS (DELETE FROM orders RETURNING id) UPDATE products SET price = 0 WHERE id IN (SELECT id FROM d)",
    "delete select update",
    {
      reads: "orders products",
      writes: "orders products",
      where: "missing",
    },
  ),
  entry("COPY (DELETE FROM orders RETURNING *) TO STDOUT", "delete select", {
    reads: "orders",
    writes: "orders",
    where: "missing",
  }),
  entry("COPY (INSERT INTO products (id) VALUES (1) RETURNING id) TO STDOUT", "insert select", {
    reads: "products",
    writes: "products",
  }),
  entry("COPY (WITH d AS (DELETE FROM orders RETURNING *) SELECT * FROM d) TO STDOUT", "delete select", {
    reads: "orders",
    writes: "orders",
    where: "missing",
  }),
  entry("PREPARE p AS WITH d AS (DELETE FROM orders RETURNING *) SELECT * FROM d", "delete select", {
    reads: "orders",
    writes: "orders",
    where: "missing",
  }),
  entry(
    "EXPLAIN ANALYZE WITH d AS (DELETE FROM orders RETURNING *) SELECT * FROM d",
    "delete explain select",
    { reads: "orders", writes: "orders", where: "missing" },
  ),
  entry("SELECT * INTO copied FROM customers", "create select", {
    tag: "SELECT INTO",
    reads: "customers",
    writes: "copied",
  }),
  entry("SELECT * INTO copied FROM customers UNION SELECT * FROM orders", "create select", {
    reads: "customers orders",
    writes: "copied",
  }),
  entry("SELECT * INTO TEMP copied FROM customers", "create select", {
    reads: "customers",
    writes: "pg_temp.copied",
  }),
  entry("CREATE TABLE copied AS TABLE customers", "create select", { reads: "customers", writes: "copied" }),
  entry(
    "CREATE TABLE copied AS WITH d AS (DELETE FROM orders RETURNING *) SELECT * FROM d",
    "create delete select",
    {
      reads: "orders",
      writes: "copied orders",
      where: "missing",
    },
  ),
  entry("INSERT INTO active_customers (id, email) VALUES (1, 'x')", "insert", {
    reads: "customers",
    writes: "active_customers customers",
    because: "a simple view is written through",
  }),
  entry("DELETE FROM active_customers WHERE id = 1", "delete", {
    reads: "active_customers customers",
    writes: "active_customers customers",
    where: "condition",
  }),
  entry(
    "INSERT INTO products (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET price = excluded.price",
    "insert update",
    { reads: "products", writes: "products" },
  ),
];
