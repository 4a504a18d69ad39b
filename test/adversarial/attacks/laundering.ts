import * as wire from "../../../protocol/postgres/messages.ts";
import { bound } from "../../compatibility/corpus/case.ts";
import type { Attack, Attacks, Step } from "../attack.ts";

/** The agent leaves something behind, somebody who may see everything sets it off, and the agent reads what it did. */
function left(behind: string[], unmasked: string, reads: string, undo: string): Attack {
  return { steps: [...behind, { unmasked }, reads], undo };
}

const EMAIL = "SELECT email FROM public.customers WHERE id = 1";

/** Somebody changes what names mean, honestly, while the agent's session goes on. */
function changed(before: Step[], unmasked: string, after: Step[], undo: string): Attack {
  return { steps: [...before, { unmasked }, ...after], undo };
}

const NEW_PART =
  "CREATE TABLE told PARTITION OF payments FOR VALUES FROM (2000) TO (3000); INSERT INTO payments SELECT 2000, card FROM payments WHERE id = 1";
const OTHER_VIEW = "CREATE OR REPLACE VIEW told AS SELECT email AS n FROM customers";
const DROP_VIEW = "DROP VIEW IF EXISTS told";
const HARMLESS_VIEW = "CREATE VIEW told AS SELECT name AS n FROM customers";

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
  "what others change meanwhile": [
    changed([HARMLESS_VIEW, "SELECT n FROM told"], OTHER_VIEW, ["SELECT n FROM told"], DROP_VIEW),
    changed(
      [HARMLESS_VIEW, "PREPARE p AS SELECT n FROM told", "EXECUTE p"],
      OTHER_VIEW,
      ["EXECUTE p"],
      DROP_VIEW,
    ),
    changed(
      [
        HARMLESS_VIEW,
        { send: [wire.parse({ statement: "s", sql: "SELECT n FROM told", parameterTypes: [] })] },
      ],
      OTHER_VIEW,
      [{ send: [bound("", "s"), wire.execute({ portal: "", maxRows: 0 })] }],
      DROP_VIEW,
    ),
    changed(
      ["SELECT * FROM told"],
      "CREATE VIEW told AS SELECT email AS n FROM customers",
      ["SELECT * FROM told"],
      DROP_VIEW,
    ),
    changed(
      ["SELECT card FROM told"],
      NEW_PART,
      ["SELECT card FROM told"],
      "DELETE FROM payments WHERE id >= 2000; DROP TABLE IF EXISTS told",
    ),
    changed(
      ["TABLE told"],
      NEW_PART,
      ["COPY told TO STDOUT"],
      "DELETE FROM payments WHERE id >= 2000; DROP TABLE IF EXISTS told",
    ),
    changed(
      ["SELECT * FROM customers"],
      "ALTER TABLE customers ADD told text GENERATED ALWAYS AS (email || '') STORED",
      ["SELECT told FROM customers", "SELECT * FROM customers"],
      "ALTER TABLE customers DROP COLUMN IF EXISTS told",
    ),
    changed(
      ["SELECT * FROM customers", "PREPARE p AS SELECT c FROM customers c", "EXECUTE p"],
      "ALTER TABLE customers ADD told text GENERATED ALWAYS AS (reverse(email)) STORED",
      ["EXECUTE p"],
      "ALTER TABLE customers DROP COLUMN IF EXISTS told",
    ),
    changed(
      ["SELECT 1"],
      "CREATE MATERIALIZED VIEW told AS SELECT phone FROM customers",
      ["TABLE told"],
      "DROP MATERIALIZED VIEW IF EXISTS told",
    ),
    changed(
      ["CREATE TABLE told (salary int)"],
      "ALTER TABLE hr.managers INHERIT told",
      ["SELECT salary FROM told"],
      "ALTER TABLE hr.managers NO INHERIT told; DROP TABLE IF EXISTS told",
    ),
    changed(
      ["CREATE TABLE told (LIKE hr.people)", "SELECT salary FROM told"],
      "ALTER TABLE told INHERIT hr.people; INSERT INTO told SELECT id + 100, full_name, salary, birthday, team FROM hr.people",
      ["SELECT salary FROM told"],
      "DROP TABLE IF EXISTS told",
    ),
    changed(
      ["SELECT name FROM items"],
      "ALTER TABLE items RENAME TO told_items; CREATE VIEW items AS SELECT id, email AS name FROM customers",
      ["SELECT name FROM items"],
      "DROP VIEW items; ALTER TABLE told_items RENAME TO items",
    ),
    changed(
      ["PREPARE p AS SELECT name FROM items", "EXECUTE p"],
      "ALTER TABLE items RENAME TO told_items; CREATE VIEW items AS SELECT id, email AS name FROM customers",
      ["EXECUTE p"],
      "DROP VIEW items; ALTER TABLE told_items RENAME TO items",
    ),
  ],
  "what a rollback brings back": [
    [
      "SAVEPOINT s",
      "DROP VIEW customer_view CASCADE",
      "CREATE VIEW customer_view AS SELECT id, name AS contact, country FROM customers",
      "SELECT contact FROM customer_view",
      "ROLLBACK TO s",
      "SELECT contact FROM customer_view",
    ],
    [
      "SAVEPOINT s",
      "DROP VIEW customer_view CASCADE",
      "CREATE VIEW customer_view AS SELECT id, name AS contact, country FROM customers",
      "PREPARE p AS SELECT contact FROM customer_view",
      "EXECUTE p",
      "ROLLBACK TO s",
      "EXECUTE p",
    ],
    [
      "SAVEPOINT s",
      "DROP MATERIALIZED VIEW email_list CASCADE",
      "CREATE TABLE email_list AS SELECT id, name AS email FROM items",
      { send: [wire.parse({ statement: "s", sql: "SELECT email FROM email_list", parameterTypes: [] })] },
      "ROLLBACK TO s",
      { send: [bound("", "s"), wire.execute({ portal: "", maxRows: 0 })] },
    ],
    [
      "SAVEPOINT s",
      "ALTER TABLE accounts DROP COLUMN mail_host",
      "ALTER TABLE accounts ADD mail_host text",
      "SELECT mail_host FROM accounts",
      "ROLLBACK TO s",
      "SELECT mail_host FROM accounts",
    ],
    [
      "SAVEPOINT s",
      "ALTER TABLE kinds DROP COLUMN blob",
      "ALTER TABLE kinds ADD blob bytea",
      "PREPARE p AS SELECT blob FROM kinds",
      "ROLLBACK TO s",
      "EXECUTE p",
    ],
    [
      "SAVEPOINT s",
      "CREATE TABLE decoy.orders (id int, ship_phone varchar(20))",
      "SET LOCAL search_path = decoy, public",
      "PREPARE p AS SELECT ship_phone FROM orders",
      "EXECUTE p",
      "ROLLBACK TO s",
      "SET LOCAL search_path = decoy, public",
      "EXECUTE p",
      "SELECT ship_phone FROM orders",
    ],
  ],
};
