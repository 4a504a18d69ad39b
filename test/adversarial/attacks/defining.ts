import type { Attacks } from "../attack.ts";

const EMAIL = "SELECT email FROM public.customers WHERE id = 1";

/** Definitions that lose a label, or that have the server read a labelled column for the agent. */
export const DEFINING: Record<string, Attacks> = {
  "other names, types and places": [
    ["ALTER TABLE customers RENAME COLUMN email TO plain", "SELECT plain FROM customers"],
    [
      "ALTER TABLE customers RENAME email TO note2",
      "ALTER TABLE customers RENAME name TO email",
      "SELECT note2 FROM customers",
    ],
    ["ALTER TABLE customers RENAME TO clients", "SELECT email FROM clients"],
    [
      "ALTER TABLE subscriptions SET SCHEMA decoy",
      "SET LOCAL search_path = decoy",
      "SELECT email FROM subscriptions",
    ],
    [
      "ALTER TABLE decoy.customers RENAME TO old",
      "ALTER TABLE customers SET SCHEMA decoy",
      "SELECT email FROM decoy.customers",
    ],
    ["ALTER SCHEMA hr RENAME TO shown", "SELECT salary FROM shown.people"],
    ["ALTER SCHEMA hr RENAME TO away", "CREATE SCHEMA hr", "SELECT salary FROM away.people"],
    ["ALTER TABLE kinds ALTER token TYPE text USING token::text", "SELECT token FROM kinds"],
    ["ALTER TABLE orders ALTER note TYPE text USING ship_phone", "SELECT note FROM orders"],
    [
      "ALTER TABLE documents ALTER COLUMN title SET DATA TYPE text USING body #>> '{patient,name}'",
      "SELECT title FROM documents",
    ],
    ["ALTER TABLE hr.people ALTER team TYPE text USING salary::text", "SELECT team FROM hr.people"],
    [
      "ALTER TABLE items ALTER price TYPE text USING note || price",
      "UPDATE items SET price = email FROM customers",
      "SELECT price FROM items",
    ],
    ["ALTER TABLE payments RENAME card TO pan", "SELECT pan FROM payments_low"],
    ["ALTER TABLE payments_low RENAME TO p_low", "SELECT card FROM p_low"],
    ["ALTER TABLE documents RENAME body TO doc", "SELECT doc FROM documents"],
    ["ALTER TABLE documents ALTER draft TYPE text", "SELECT draft FROM documents"],
    ["ALTER TYPE contact_card RENAME ATTRIBUTE email TO e CASCADE", "SELECT (card).e FROM contacts"],
    ["ALTER VIEW customer_view RENAME TO peek", "SELECT contact FROM peek"],
    ["ALTER VIEW customer_view RENAME contact TO c", "SELECT c FROM customer_view"],
    ["ALTER MATERIALIZED VIEW email_list RENAME TO peek", "SELECT email FROM peek"],
    ["ALTER TABLE email_list RENAME email TO e", "SELECT e FROM email_list"],
    ["ALTER TABLE accounts ALTER shout DROP EXPRESSION", "SELECT shout FROM accounts"],
    [
      "ALTER TABLE orders DROP COLUMN note",
      "ALTER TABLE orders ADD note text",
      "SELECT ship_phone FROM orders",
    ],
    [
      "ALTER TABLE customers RENAME email TO x; ALTER TABLE customers ADD email text",
      "SELECT x FROM customers",
    ],
    {
      steps: ["ALTER TABLE customers RENAME email TO plain", "SELECT plain FROM customers"],
      undo: "DO $$ BEGIN ALTER TABLE customers RENAME plain TO email; EXCEPTION WHEN undefined_column THEN END $$",
    },
    "ALTER TABLE customers RENAME email TO plain; SELECT plain FROM customers",
  ],
  "columns made of labelled ones": [
    ["ALTER TABLE customers ADD copy text GENERATED ALWAYS AS (email) STORED", "SELECT copy FROM customers"],
    [
      "ALTER TABLE customers ADD copy text GENERATED ALWAYS AS (reverse(phone)) STORED",
      "SELECT copy FROM customers",
    ],
    [
      "ALTER TABLE hr.people ADD low bool GENERATED ALWAYS AS (salary % 1000000 < 500000) STORED",
      "SELECT id, low FROM hr.people ORDER BY id",
    ],
    [
      "ALTER TABLE documents ADD who text GENERATED ALWAYS AS (body #>> '{patient,name}') STORED",
      "SELECT who FROM documents",
    ],
    [
      `CREATE FUNCTION peek() RETURNS text LANGUAGE sql AS '${EMAIL}'`,
      "ALTER TABLE items ALTER note SET DEFAULT peek()",
      "INSERT INTO items (id, name) VALUES (50, 'x') RETURNING note",
    ],
    [
      "ALTER TABLE items ALTER note SET DEFAULT get_email(1)",
      "INSERT INTO items (id, name) VALUES (50, 'x') RETURNING note",
    ],
    ["ALTER TABLE items ADD seen text DEFAULT get_email(1)", "SELECT seen FROM items"],
    [
      "CREATE TABLE peek (id int, who text DEFAULT find_email(1))",
      "INSERT INTO peek (id) VALUES (1)",
      "TABLE peek",
    ],
    [
      "CREATE DOMAIN d AS text DEFAULT get_email(1)",
      "CREATE TABLE peek (id int, who d)",
      "INSERT INTO peek (id) VALUES (1) RETURNING who",
    ],
    [
      "CREATE TABLE peek (LIKE accounts INCLUDING GENERATED)",
      "INSERT INTO peek (id, email) SELECT id, email FROM accounts",
      "SELECT mail_host FROM peek",
    ],
    [
      "CREATE TABLE peek (id int, low bool GENERATED ALWAYS AS (substr(e, 2, 1) < 'm') STORED, e text)",
      "INSERT INTO peek (id, e) SELECT id, email FROM customers",
      "SELECT id, low FROM peek ORDER BY id",
    ],
  ],
  "code of the agent's own": [
    [`CREATE FUNCTION peek() RETURNS text LANGUAGE sql AS '${EMAIL}'`, "SELECT peek()"],
    [`CREATE FUNCTION peek() RETURNS text LANGUAGE sql BEGIN ATOMIC ${EMAIL}; END`, "SELECT peek()"],
    [`CREATE FUNCTION peek() RETURNS text LANGUAGE sql RETURN (${EMAIL})`, "SELECT peek()"],
    [
      `CREATE FUNCTION peek() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (${EMAIL}); END'`,
      "SELECT peek()",
    ],
    [
      "CREATE FUNCTION peek(c customers) RETURNS text LANGUAGE sql AS 'SELECT $1.email'",
      "SELECT c.peek FROM customers c",
    ],
    [
      "CREATE FUNCTION peek(id int DEFAULT 1) RETURNS TABLE (e text) LANGUAGE sql AS 'SELECT email FROM customers WHERE customers.id = $1'",
      "SELECT * FROM peek()",
    ],
    [
      "CREATE FUNCTION peek(e text DEFAULT (get_email(1))) RETURNS text LANGUAGE sql AS 'SELECT $1'",
      "SELECT peek()",
    ],
    [`CREATE PROCEDURE peek(INOUT e text) LANGUAGE sql AS '${EMAIL}'`, "CALL peek(NULL)"],
    [
      `CREATE OR REPLACE FUNCTION initials(text) RETURNS text LANGUAGE sql IMMUTABLE AS '${EMAIL}'`,
      "SELECT initials('x')",
    ],
    [
      `CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := (${EMAIL}); RETURN NEW; END'`,
      "UPDATE touched SET note = 'x' RETURNING note",
    ],
    [
      "CREATE AGGREGATE peek(int) (SFUNC = state_email, STYPE = text, INITCOND = '')",
      "SELECT peek(id) FROM items",
    ],
    [
      "CREATE AGGREGATE glue(text) (SFUNC = textcat, STYPE = text, INITCOND = '')",
      "SELECT glue(email) FROM customers",
    ],
    ["CREATE OPERATOR ~~~ (LEFTARG = int, RIGHTARG = text, FUNCTION = same_mail)", "SELECT 1 ~~~ 'm'"],
    [
      "CREATE OPERATOR ~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = textcat)",
      "SELECT email ~~~ '' FROM customers",
    ],
    [
      "CREATE FUNCTION told(int) RETURNS mood LANGUAGE sql AS 'SELECT mood FROM kinds WHERE id = $1'",
      "CREATE CAST (int AS mood) WITH FUNCTION told(int)",
      "SELECT 1::mood",
    ],
    ["CREATE CAST (text AS mood) WITH INOUT AS IMPLICIT", "SELECT email::mood FROM customers"],
    [
      "CREATE FUNCTION leak(text, text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'",
      "CREATE OPERATOR <<< (LEFTARG = text, RIGHTARG = text, FUNCTION = leak)",
      "SELECT count(*) FROM customers WHERE email <<< 'x'",
    ],
    [
      "CREATE FUNCTION leak(text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'",
      "SELECT count(*) FROM barrier_view WHERE leak(email)",
    ],
    [
      "CREATE FUNCTION leak(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN $1; END'",
      "CREATE INDEX ON customers (leak(email))",
    ],
    [
      "CREATE FUNCTION leak(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN $1; END'",
      "CREATE STATISTICS s ON leak(email) FROM customers",
      "ANALYZE customers",
    ],
    [
      "CREATE FUNCTION leak(text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'",
      "ALTER TABLE customers ADD CHECK (leak(email))",
    ],
    [
      "CREATE FUNCTION leak(text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'",
      "CREATE DOMAIN told AS text CHECK (leak(VALUE))",
      "ALTER TABLE orders ALTER ship_phone TYPE told",
    ],
    [
      "CREATE FUNCTION leak(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN $1; END'",
      "ALTER TABLE customers ADD shown text GENERATED ALWAYS AS (leak(email)) STORED",
    ],
    ["CREATE TYPE pair AS RANGE (SUBTYPE = text)", "SELECT pair(email, NULL) FROM customers"],
    ["CREATE TYPE boxed AS (e text)", "SELECT ROW(email)::boxed FROM customers"],
    ["CREATE DOMAIN picky AS text CHECK (VALUE > 'jm')", "SELECT email::picky FROM customers WHERE id = 1"],
    ["CREATE DOMAIN picky AS text CHECK (VALUE < 'jm')", "SELECT email::picky FROM customers WHERE id = 2"],
    [
      "CREATE FUNCTION told() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', (SELECT email FROM public.customers WHERE id = 1); END $$",
      "CREATE EVENT TRIGGER told ON ddl_command_end EXECUTE FUNCTION told()",
      "CREATE TABLE peek (id int)",
    ],
    ["CREATE EXTENSION citext", "SELECT email::citext FROM customers"],
    [
      "CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1",
      "SELECT convert_to(email, 'LATIN1') FROM customers",
    ],
    ["CREATE TEXT SEARCH CONFIGURATION t (COPY = simple)", "SELECT to_tsvector('t', email) FROM customers"],
    ["CREATE COLLATION k (LOCALE = 'C')", "SELECT email COLLATE k FROM customers"],
  ],
  "triggers, rules and policies": [
    [
      "CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', OLD; RETURN NEW; END'",
      "CREATE TRIGGER told BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION told()",
      "UPDATE customers SET note = 'x'",
    ],
    [
      "CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.items SELECT 50 + id, email FROM new_rows; RETURN NULL; END'",
      "CREATE TRIGGER told AFTER UPDATE ON customers REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION told()",
      "UPDATE customers SET note = 'x'",
      "SELECT name FROM items",
    ],
    [
      "CREATE TABLE seen (id int, who text)",
      "CREATE TRIGGER told BEFORE INSERT ON seen FOR EACH ROW EXECUTE FUNCTION on_visit()",
      "INSERT INTO seen VALUES (1) RETURNING who",
    ],
    [
      "CREATE TRIGGER t BEFORE UPDATE ON customers FOR EACH ROW WHEN (OLD.email < 'jm') EXECUTE FUNCTION suppress_redundant_updates_trigger()",
      "UPDATE customers SET id = id RETURNING id",
    ],
    [
      "CREATE RULE told AS ON UPDATE TO items DO ALSO SELECT email FROM customers",
      "UPDATE items SET note = 'x'",
    ],
    [
      "CREATE RULE told AS ON INSERT TO items DO INSTEAD SELECT email FROM customers",
      "INSERT INTO items VALUES (50, 'x')",
    ],
    [
      "CREATE RULE told AS ON UPDATE TO customers DO ALSO INSERT INTO ruled_log SELECT OLD.email",
      "UPDATE customers SET note = 'x'",
      "TABLE ruled_log",
    ],
    [
      "CREATE RULE told AS ON DELETE TO items WHERE (SELECT email < 'jm' FROM customers WHERE id = 1) DO INSTEAD NOTHING",
      "DELETE FROM items",
    ],
    [
      "CREATE TABLE peek (id int, email text)",
      'CREATE RULE "_RETURN" AS ON SELECT TO peek DO INSTEAD SELECT id, email FROM customers',
      "TABLE peek",
    ],
    [
      "CREATE RULE told AS ON INSERT TO items DO ALSO NOTIFY told",
      "LISTEN told",
      "SELECT email FROM customers",
    ],
    [
      "GRANT SELECT ON items TO clerk",
      "ALTER TABLE items ENABLE ROW LEVEL SECURITY",
      "CREATE POLICY p ON items USING ((SELECT substr(email, 2, 1) < 'm' FROM customers c WHERE c.id = items.id))",
      "SET LOCAL ROLE clerk",
      "SELECT id FROM items ORDER BY id",
    ],
    [
      "DROP POLICY lucky ON tickets",
      "CREATE POLICY p ON tickets FOR SELECT TO clerk USING (pin > '5')",
      "SET LOCAL ROLE clerk",
      "SELECT id FROM tickets ORDER BY id",
    ],
    [
      "ALTER POLICY own ON tickets USING (pin < '5')",
      "SET LOCAL ROLE clerk",
      "SELECT id FROM tickets ORDER BY id",
    ],
    [
      "ALTER TABLE items ENABLE ROW LEVEL SECURITY",
      "CREATE POLICY p ON items USING (get_email(id) < 'jm')",
      "SET LOCAL ROLE clerk",
      "SELECT id FROM items ORDER BY id",
    ],
    ["ALTER TABLE tickets DISABLE ROW LEVEL SECURITY", "SET LOCAL ROLE clerk", "SELECT pin FROM tickets"],
    ["ALTER TABLE items ADD CHECK (get_email(id) < 'jm' OR id > 1)"],
    [
      "CREATE TABLE peek (id int CHECK (known(id)))",
      "INSERT INTO peek VALUES (1)",
      "INSERT INTO peek VALUES (2)",
    ],
    [
      "CREATE TABLE peek (id int) PARTITION BY RANGE (id)",
      "CREATE TABLE peek_1 PARTITION OF peek (CHECK (known(id))) DEFAULT",
      "INSERT INTO peek VALUES (1)",
    ],
    [
      "CREATE TABLE parts (e text, id int) PARTITION BY RANGE (e)",
      "CREATE TABLE low PARTITION OF parts FOR VALUES FROM (MINVALUE) TO ('jm')",
      "CREATE TABLE high PARTITION OF parts DEFAULT",
      "INSERT INTO parts SELECT email, id FROM customers",
      "SELECT id FROM low ORDER BY id",
    ],
  ],
  "whole rows in definitions": [
    "ALTER TABLE customers ADD CHECK (customers::text < '(1,\"Customer 1\",jm' OR id > 1)",
    "ALTER TABLE customers ADD CHECK ((customers).email < 'jm' OR id > 1)",
    "ALTER TABLE customers ADD CHECK (email(customers) < 'jm' OR id > 1)",
    "ALTER TABLE customers ADD CHECK ((customers.*).phone < '+5' OR id > 1)",
    "ALTER TABLE customers ADD CHECK (to_jsonb(customers) ->> 'email' < 'jm' OR id > 1)",
    "ALTER TABLE accounts ADD CHECK (shout < 'JM' OR id > 1)",
    "ALTER TABLE accounts ADD CHECK (mail_host < 'mm' OR id > 1)",
    "ALTER TABLE hr.people ADD CHECK (salary % 1000000 < 500000 OR id <> 1)",
    "ALTER TABLE payments ADD CHECK (card < '5' OR id <> 1)",
    "ALTER TABLE documents ADD CHECK (body #>> '{patient,name}' < 'm' OR id <> 1)",
    "CREATE INDEX ON customers (id) WHERE (customers).email::int = 1",
    "CREATE UNIQUE INDEX ON customers ((email(customers) < 'jm')) WHERE id IN (1, 3)",
    "CREATE UNIQUE INDEX ON customers ((email < 'jm')) WHERE id < 4",
    [
      "CREATE STATISTICS s ON (upper(email(customers))) FROM customers",
      "ANALYZE customers",
      "SELECT histogram_bounds::text FROM pg_stats_ext_exprs WHERE statistics_name = 's'",
    ],
    [
      "CREATE TABLE peek (c customers)",
      "INSERT INTO peek SELECT c FROM customers c",
      "SELECT (c).email FROM peek",
    ],
    [
      "CREATE TABLE peek (c customers[])",
      "INSERT INTO peek SELECT array_agg(c) FROM customers c",
      "SELECT c[1].email FROM peek",
    ],
    ["CREATE TABLE peek OF contact_card", "INSERT INTO peek SELECT (card).* FROM contacts", "TABLE peek"],
    [
      "CREATE DOMAIN told AS text CHECK (VALUE < 'jm')",
      "CREATE TABLE peek (e told)",
      "INSERT INTO peek SELECT email FROM customers WHERE id = 1",
      "INSERT INTO peek SELECT email FROM customers WHERE id = 2",
    ],
    [
      "CREATE TYPE word AS ENUM ('x')",
      "ALTER TYPE mood RENAME VALUE 'calm' TO 'shown'",
      "SELECT mood FROM kinds ORDER BY id",
    ],
    [
      "CREATE TABLE peek (id int, email text) PARTITION BY LIST ((email < 'jm'))",
      "CREATE TABLE low PARTITION OF peek FOR VALUES IN (true)",
      "CREATE TABLE high PARTITION OF peek DEFAULT",
      "INSERT INTO peek SELECT id, email FROM customers",
      "SELECT id FROM low ORDER BY id",
    ],
  ],
  "indexes and statistics": [
    "CREATE INDEX ON customers ((1 / (id - 1 + (email < 'jm')::int)))",
    "CREATE INDEX ON customers ((email::int))",
    "CREATE INDEX ON customers (id) WHERE email::int = 1",
    "CREATE INDEX ON documents (((body #>> '{patient,name}')::int))",
    ["CREATE STATISTICS s ON (1 / (id - 1 + (email < 'jm')::int)), id FROM customers", "ANALYZE customers"],
    [
      "CREATE STATISTICS s (mcv) ON phone, ssn FROM customers",
      "UPDATE customers SET note = ''",
      "ANALYZE customers",
      "SELECT most_common_vals FROM pg_stats_ext WHERE statistics_name = 's'",
    ],
    [
      "CREATE STATISTICS s ON lower(email) FROM customers",
      "ANALYZE customers",
      "SELECT histogram_bounds FROM pg_stats_ext_exprs WHERE statistics_name = 's'",
    ],
    [
      "CREATE STATISTICS s ON lower(email) FROM customers",
      "ANALYZE customers",
      "SELECT stxdexpr::text FROM pg_statistic_ext_data",
    ],
    [
      "CREATE INDEX peek ON customers (upper(email))",
      "ANALYZE customers",
      "SELECT histogram_bounds::text FROM pg_stats WHERE tablename = 'peek'",
    ],
    [
      "CREATE TABLE copy AS SELECT email FROM customers",
      "ANALYZE copy",
      "SELECT histogram_bounds::text FROM pg_stats WHERE tablename = 'copy'",
    ],
    [
      "CREATE INDEX peek ON customers (id) WHERE email < 'jm'",
      "ANALYZE customers",
      "SELECT reltuples FROM pg_class WHERE relname = 'peek'",
    ],
    ["ALTER TABLE customers ADD EXCLUDE USING btree (country WITH =) WHERE (email < 'jm')"],
    ["CLUSTER customers USING customers_email_key", "SELECT id FROM customers"],
    ["CLUSTER customers USING customers_lower", "SELECT ctid, id FROM customers"],
  ],
};
