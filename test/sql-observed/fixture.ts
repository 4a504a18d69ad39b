/** What every sort of name needs to be told apart: the same names in several schemas, views on views, partitions. */
export const FIXTURE = `
CREATE SCHEMA app;
CREATE SCHEMA other;
CREATE TYPE app.address AS (street text, city text);
CREATE TABLE app.customers (
  id int PRIMARY KEY, email text UNIQUE, name text, balance numeric DEFAULT 0, country text, home app.address,
  tags text[], profile jsonb, deleted_at timestamptz);
CREATE TABLE app.orders (
  id int PRIMARY KEY, customer_id int REFERENCES app.customers ON DELETE CASCADE, total numeric, status text, note text);
CREATE TABLE app.lines (
  order_id int REFERENCES app.orders ON DELETE CASCADE, line int, sku text, qty int, PRIMARY KEY (order_id, line));
CREATE TABLE app.tree (id int PRIMARY KEY, parent int, label text);
CREATE TABLE public.customers (id int, secret text);
CREATE TABLE public.notes (id int PRIMARY KEY, body text, orders text);
CREATE TABLE other.orders (id int, hidden text);
CREATE TABLE other.target (id int PRIMARY KEY DEFAULT 77, a text, b text);
CREATE TABLE app.events (id int, at date, kind text, payload jsonb) PARTITION BY RANGE (at);
CREATE TABLE app.events_2025 PARTITION OF app.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE app.events_2026 PARTITION OF app.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE app.logs (id int, line text) PARTITION BY LIST (id);
CREATE TABLE app.logs_1 PARTITION OF app.logs FOR VALUES IN (1);
CREATE TABLE app.animals (id int, name text);
CREATE TABLE app.cats (claws int) INHERITS (app.animals);
CREATE TABLE app."Odd Table" ("Id" int, "a.b" text, "quo""te" text);
CREATE SEQUENCE app.ticket;
CREATE VIEW app.active_customers AS SELECT id, email, name FROM app.customers WHERE deleted_at IS NULL;
CREATE VIEW app.rich_customers AS SELECT a.id, a.name FROM app.active_customers a
  WHERE EXISTS (SELECT 1 FROM app.orders o WHERE o.customer_id = a.id AND o.total > 1000);
CREATE VIEW app.sales (customer, sum) AS SELECT c.name, sum(o.total) FROM app.customers c
  JOIN app.orders o ON o.customer_id = c.id GROUP BY c.name;
CREATE VIEW public.recent AS SELECT * FROM app.events WHERE at > '2026-03-01';
CREATE MATERIALIZED VIEW app.totals AS SELECT customer_id, sum(total) AS total FROM app.orders GROUP BY 1;
INSERT INTO app.customers (id, email, name, country) VALUES (1, 'a@x', 'A', 'de'), (2, 'b@x', 'B', 'fr');
INSERT INTO app.orders VALUES (1, 1, 2000, 'open', ''), (2, 2, 10, 'done', '');
CREATE ROLE observed;
GRANT USAGE ON SCHEMA app, other TO observed;
`;

/** The agent's session: its path, and temporary tables that hide others. */
export const SESSION = `
SET search_path = app, public;
CREATE TEMPORARY TABLE scratch (id int PRIMARY KEY, v text);
CREATE TEMPORARY TABLE tree (id int, leaf text);
CREATE TEMPORARY VIEW scratch_view AS SELECT s.v, c.name FROM scratch s JOIN app.customers c USING (id);
`;
