import type { Attack, Attacks } from "../attack.ts";

/** The agent leaves something behind, somebody who may see everything sets it off, and the agent reads what it did. */
function left(behind: string[], unmasked: string, reads: string, undo: string): Attack {
  return { steps: [...behind, { unmasked }, reads], undo };
}

const EMAIL = "SELECT email FROM public.customers WHERE id = 1";

export const LAUNDERING: Record<string, Attacks> = {
  "through another's session": [
    left(
      [
        "CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.ruled_log VALUES (OLD.email); RETURN NEW; END'",
        "CREATE TRIGGER told BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION told()",
      ],
      "UPDATE customers SET note = 'x' WHERE id = 1",
      "TABLE ruled_log",
      "DROP FUNCTION IF EXISTS told CASCADE; DELETE FROM ruled_log; UPDATE customers SET note = NULL",
    ),
    left(
      ["CREATE RULE told AS ON UPDATE TO customers DO ALSO INSERT INTO ruled_log VALUES (OLD.email)"],
      "UPDATE customers SET note = 'x' WHERE id = 1",
      "TABLE ruled_log",
      "DROP RULE IF EXISTS told ON customers; DELETE FROM ruled_log; UPDATE customers SET note = NULL",
    ),
    left(
      ["CREATE RULE told AS ON INSERT TO items DO ALSO INSERT INTO ruled_log SELECT email FROM customers"],
      "INSERT INTO items VALUES (60, 'x')",
      "TABLE ruled_log",
      "DROP RULE IF EXISTS told ON items; DELETE FROM ruled_log; DELETE FROM items WHERE id = 60",
    ),
    left(
      [
        `CREATE FUNCTION told() RETURNS text LANGUAGE sql AS '${EMAIL}'`,
        "ALTER TABLE items ALTER note SET DEFAULT told()",
      ],
      "INSERT INTO items (id, name) VALUES (60, 'x')",
      "SELECT note FROM items WHERE id = 60",
      "ALTER TABLE items ALTER note DROP DEFAULT; DROP FUNCTION IF EXISTS told; DELETE FROM items WHERE id = 60",
    ),
    left(
      ["ALTER TABLE items ALTER note SET DEFAULT get_email(1)"],
      "INSERT INTO items (id, name) VALUES (60, 'x')",
      "SELECT note FROM items WHERE id = 60",
      "ALTER TABLE items ALTER note DROP DEFAULT; DELETE FROM items WHERE id = 60",
    ),
    left(
      ["CREATE MATERIALIZED VIEW told AS SELECT email FROM customers WITH NO DATA"],
      "REFRESH MATERIALIZED VIEW told",
      "TABLE told",
      "DROP MATERIALIZED VIEW IF EXISTS told",
    ),
    left(
      ["CREATE VIEW told AS SELECT email FROM customers"],
      "CREATE TABLE told_copy AS TABLE told",
      "TABLE told_copy",
      "DROP VIEW IF EXISTS told; DROP TABLE IF EXISTS told_copy",
    ),
    left(
      [
        "CREATE FUNCTION told() RETURNS void LANGUAGE sql AS 'INSERT INTO public.ruled_log SELECT email FROM public.customers'",
      ],
      "SELECT told()",
      "TABLE ruled_log",
      "DROP FUNCTION IF EXISTS told; DELETE FROM ruled_log",
    ),
    left(
      [
        "CREATE FUNCTION told(text, text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.ruled_log VALUES ($1); RETURN true; END'",
        "CREATE OPERATOR public.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = told)",
      ],
      "SELECT id FROM customers WHERE email === 'x'",
      "TABLE ruled_log",
      "DROP FUNCTION IF EXISTS told CASCADE; DELETE FROM ruled_log",
    ),
    left(
      [
        "CREATE FUNCTION told(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM public.run(''INSERT INTO public.ruled_log VALUES ('' || quote_literal($1) || '') RETURNING who''); RETURN $1; END'",
        "CREATE INDEX told_index ON customers (told(email))",
      ],
      "UPDATE customers SET email = email || '' WHERE id = 1",
      "TABLE ruled_log",
      "DROP FUNCTION IF EXISTS told CASCADE; DELETE FROM ruled_log",
    ),
    left(
      [
        "CREATE PUBLICATION told FOR TABLE customers",
        "ALTER TABLE customers ADD told text GENERATED ALWAYS AS (email) STORED",
      ],
      "SELECT 1",
      "SELECT told FROM customers",
      "DROP PUBLICATION IF EXISTS told; ALTER TABLE customers DROP COLUMN IF EXISTS told",
    ),
    left(
      [
        "CREATE POLICY told ON tickets USING (public.get_email(1) = public.run('INSERT INTO ruled_log SELECT email FROM customers RETURNING who'))",
      ],
      "SET ROLE clerk; SELECT * FROM items; RESET ROLE; INSERT INTO ruled_log SELECT note FROM items WHERE false",
      "SELECT email, phone FROM customers",
      "DROP POLICY IF EXISTS told ON tickets; DELETE FROM ruled_log",
    ),
    left(
      [
        "CREATE TABLE told (id int, who text)",
        "CREATE TRIGGER told BEFORE INSERT ON told FOR EACH ROW EXECUTE FUNCTION on_visit()",
      ],
      "INSERT INTO told VALUES (1)",
      "SELECT who FROM told",
      "DROP TABLE IF EXISTS told",
    ),
    left(
      [
        "CREATE SCHEMA told",
        "CREATE FUNCTION told.note() RETURNS text LANGUAGE sql AS 'SELECT email FROM public.customers WHERE id = 1'",
        "ALTER TABLE items ADD told text DEFAULT told.note()",
      ],
      "INSERT INTO items (id, name) VALUES (60, 'x')",
      "SELECT told FROM items",
      "ALTER TABLE items DROP COLUMN IF EXISTS told; DROP SCHEMA IF EXISTS told CASCADE; DELETE FROM items WHERE id = 60",
    ),
    left(
      ["CREATE TABLE told PARTITION OF payments FOR VALUES FROM (2000) TO (3000)"],
      "INSERT INTO payments SELECT 2000, card FROM payments WHERE id = 1",
      "SELECT card FROM told",
      "DELETE FROM payments WHERE id >= 2000; DROP TABLE IF EXISTS told",
    ),
    left(
      [
        "CREATE TABLE told (id int)",
        "CREATE VIEW told_view AS SELECT id FROM told",
        "GRANT ALL ON told TO public",
      ],
      "CREATE OR REPLACE VIEW told_view AS SELECT id, (SELECT max(email) FROM customers) AS email FROM told",
      "INSERT INTO told VALUES (1); SELECT email FROM told_view",
      "DROP TABLE IF EXISTS told CASCADE",
    ),
    left(
      ["CREATE TABLE told_log (who text)", "CREATE PUBLICATION told FOR ALL TABLES"],
      "INSERT INTO told_log SELECT 'x'",
      "SELECT email, phone FROM customers",
      "DROP TABLE IF EXISTS told_log; DROP PUBLICATION IF EXISTS told",
    ),
    left(
      ["CREATE DOMAIN told AS text DEFAULT get_email(1)", "CREATE TABLE told_table (id int, who told)"],
      "INSERT INTO told_table (id) VALUES (1)",
      "SELECT who FROM told_table",
      "DROP TABLE IF EXISTS told_table; DROP DOMAIN IF EXISTS told",
    ),
    left(
      [
        "CREATE VIEW told AS SELECT id, name FROM items",
        "CREATE RULE told AS ON INSERT TO told DO INSTEAD INSERT INTO ruled_log SELECT email FROM customers",
      ],
      "INSERT INTO told VALUES (1, 'x')",
      "TABLE ruled_log",
      "DROP VIEW IF EXISTS told; DELETE FROM ruled_log",
    ),
    left(
      [
        "ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_email_fkey",
        "ALTER TABLE customers ADD UNIQUE (phone)",
        "ALTER TABLE items ADD told text REFERENCES customers (email) ON UPDATE CASCADE",
      ],
      "UPDATE items SET told = (SELECT email FROM customers WHERE id = 1)",
      "SELECT told FROM items",
      "ALTER TABLE items DROP COLUMN IF EXISTS told; ALTER TABLE customers DROP CONSTRAINT IF EXISTS customers_phone_key; ALTER TABLE subscriptions DROP CONSTRAINT IF EXISTS subscriptions_email_fkey; ALTER TABLE subscriptions ADD FOREIGN KEY (email) REFERENCES customers (email) ON UPDATE CASCADE DEFERRABLE",
    ),
  ],
};
