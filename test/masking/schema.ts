import type { Label, LabelRule, Labels, Mask } from "../../connector/mask/labels.ts";

/** Types as the random queries tell them apart. */
export type Type = "int" | "num" | "text" | "bool" | "date" | "stamp" | "json" | "texts";

export interface Column {
  /** As SQL writes it. */
  name: string;
  type: Type;
  /** It is of another type, which a cast makes text of. */
  cast?: true;
}

/** A relation of the schema that queries may name. */
export interface Table {
  /** As SQL writes it, without its schema. */
  name: string;
  columns: Column[];
  /** It has, or may have, children: ONLY tells them apart. */
  family?: true;
  /** Rows can be written; `labelled` are the columns with a label, all others hold plain values. */
  labelled?: string[];
  /** The column by which a row is known. */
  key?: string;
  /** TABLESAMPLE and FOR UPDATE can't be had of it. */
  view?: true;
}

/** The tables that both databases have; the rows are few, with NULLs, doubles and letters of several bytes. */
export const SCHEMA = `
CREATE SCHEMA shop;
SET search_path = shop, public;
CREATE TYPE mood AS ENUM ('calm', 'glad', 'sad');
CREATE DOMAIN address_line AS text CHECK (length(VALUE) > 3);
CREATE TABLE customers (
  id int PRIMARY KEY, email text NOT NULL, name varchar(40), phone text, ssn char(11), balance numeric(10,2),
  salary int, birthday date, country text, active bool, tags text[], profile jsonb,
  email_lower text GENERATED ALWAYS AS (lower(email)) STORED, seen timestamptz);
CREATE TABLE orders (
  id int PRIMARY KEY, customer_id int REFERENCES customers ON DELETE CASCADE, total numeric(10,2), status text,
  note text, contact text, placed date);
CREATE TABLE lines (order_id int, line int, sku text, qty int, PRIMARY KEY (order_id, line));
CREATE TABLE events (id int, at date NOT NULL, kind text, actor text, payload jsonb) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE people (id int, name text, nick text);
CREATE TABLE staff (salary numeric(12,2), desk text) INHERITS (people);
CREATE TABLE "Odd Table" ("Id" int, "E mail" text, "quo""te" text, "größe" text, plain text);
CREATE SCHEMA other;
CREATE TABLE other.customers (id int, email text);
INSERT INTO other.customers VALUES (1, 'plain@other.example'), (2, 'd');
CREATE TABLE codes (id int PRIMARY KEY, country text, label text);
CREATE TABLE documents (
  id int PRIMARY KEY, owner int, title text, body jsonb, feeling mood, line address_line, keys text[]);
CREATE VIEW active_customers AS SELECT id, email, name, country FROM customers WHERE active;
CREATE VIEW spenders (id, email, spent) AS SELECT a.id, a.email, sum(o.total) FROM active_customers a
  JOIN orders o ON o.customer_id = a.id GROUP BY a.id, a.email;
CREATE VIEW everybody AS SELECT id, name FROM people UNION ALL SELECT id, name::text FROM customers;
CREATE VIEW guarded WITH (security_barrier) AS SELECT id, ssn, birthday FROM customers WHERE country IS NOT NULL;
CREATE VIEW sellers AS SELECT sku, sum(qty)::int AS sold FROM lines GROUP BY sku;
INSERT INTO customers (id, email, name, phone, ssn, balance, salary, birthday, country, active, tags, profile, seen)
SELECT n, (ARRAY['ann', 'bob.Ray', 'Zoë', 'émile', 'x', 'dora+1'])[1 + n % 6] || n / 3 || '@' ||
    (ARRAY['mail.example', 'Shop.example', 'bücher.example'])[1 + n % 3],
  CASE WHEN n % 7 > 0 THEN (ARRAY['Ann Lee', 'Bob', 'Zoë Ångström', 'Émile', '李小龍'])[1 + n % 5] END,
  CASE WHEN n % 5 > 0 THEN '+49 30 ' || 1000 + n * 37 END, lpad((n % 9)::text, 3, '1') || '-22-' || 3000 + n % 4,
  CASE WHEN n % 6 > 0 THEN n * 13.25 - 40 END, CASE WHEN n % 8 > 0 THEN 20000 + n % 5 * 1750 END,
  CASE WHEN n % 9 > 0 THEN date '1970-03-15' + n * 411 END, (ARRAY['de', 'fr', 'jp', NULL])[1 + n % 4], n % 3 > 0,
  CASE WHEN n % 4 > 0 THEN ARRAY['t' || n % 3, 'all'] END,
  CASE WHEN n % 6 > 0 THEN jsonb_build_object('contact', jsonb_build_object('email', 'in' || n % 4 || '@json.example', 'city', 'c' || n % 3),
    'level', n % 5, 'list', jsonb_build_array(n, n % 2)) END, timestamptz '2026-01-01 10:00+00' + n * interval '7 hours'
FROM generate_series(1, 18) AS n;
INSERT INTO orders SELECT n, 1 + n * 5 % 18, n * 7.5, (ARRAY['open', 'done', 'lost'])[1 + n % 3],
  CASE WHEN n % 4 > 0 THEN 'ring at ' || n % 5 END, CASE WHEN n % 3 > 0 THEN 'ann' || n % 6 / 3 || '@mail.example' END,
  date '2026-02-01' + n % 6 FROM generate_series(1, 20) AS n;
INSERT INTO lines SELECT 1 + n % 12, n, 'sku' || n % 5, n % 4 FROM generate_series(1, 24) AS n;
INSERT INTO events SELECT n, date '2025-07-01' + n * 29, (ARRAY['login', 'buy'])[1 + n % 2],
  'user' || n % 4 || '@log.example', jsonb_build_object('ip', '10.0.0.' || n % 5, 'actor', jsonb_build_object('name', 'N' || n % 3))
FROM generate_series(1, 14) AS n;
INSERT INTO people SELECT n, 'person ' || n % 3, CASE WHEN n % 2 > 0 THEN 'p' || n END FROM generate_series(1, 5) AS n;
INSERT INTO staff SELECT n, 'Staff ' || n % 3, 's' || n, 3000.50 + n * 333, 'desk ' || n % 2 FROM generate_series(6, 11) AS n;
INSERT INTO "Odd Table" SELECT n, 'odd' || n % 3 || '@table.example', 'q' || n, CASE WHEN n > 2 THEN 'groß ' || n % 2 END, 'plain ' || n % 4
FROM generate_series(1, 8) AS n;
INSERT INTO codes VALUES (1, 'de', 'Germany'), (2, 'fr', 'France'), (3, 'jp', 'Japan'), (4, NULL, 'nowhere');
INSERT INTO documents SELECT n, 1 + n % 9, 'title ' || n % 4, jsonb_build_object('patient', jsonb_build_object('name', 'P' || n % 4,
  'age', 30 + n), 'kind', 'k' || n % 2), (ARRAY['calm', 'glad', NULL])[1 + n % 3]::mood, 'street ' || n % 5,
  CASE WHEN n % 3 > 0 THEN ARRAY['key' || n % 2, 'k'] END FROM generate_series(1, 12) AS n;
`;

/** Made where both databases have their rows: of the copy's it holds what the copy has. */
export const MATERIALIZED = `
SET search_path = shop, public;
CREATE MATERIALIZED VIEW mailing (who, country, email, spent) AS SELECT c.id, c.country, c.email, o.total
  FROM customers c LEFT JOIN orders o ON o.customer_id = c.id;
`;

export const MASKS: Record<string, Mask> = {
  "pii.email": { kind: "partial", as: "email" },
  "pii.name": { kind: "partial", as: "text" },
  "pii.phone": { kind: "constant", value: "hidden" },
  "pii.ssn": { kind: "hash", scope: "target" },
  "pii.contact": { kind: "hash", scope: "session" },
  "pii.note": { kind: "null" },
  "pii.last4": { kind: "partial", as: "last4" },
  "hr.salary": { kind: "range", step: 1000 },
  "hr.birthday": { kind: "range", unit: "year" },
};

export const RULES: [string, string, string, string[]?][] = [
  ["customers", "email", "pii.email"],
  ["customers", "name", "pii.name"],
  ["customers", "phone", "pii.phone"],
  ["customers", "ssn", "pii.ssn"],
  ["customers", "salary", "hr.salary"],
  ["customers", "birthday", "hr.birthday"],
  ["customers", "profile", "pii.contact", ["contact", "email"]],
  ["orders", "note", "pii.note"],
  ["orders", "contact", "pii.contact"],
  ["events", "actor", "pii.email"],
  ["events", "payload", "pii.phone", ["ip"]],
  ["events", "payload", "pii.note", ["actor", "name"]],
  ["people", "name", "pii.contact"],
  ["staff", "salary", "hr.salary"],
  ["Odd Table", "E mail", "pii.email"],
  ["Odd Table", 'quo"te', "pii.note"],
  ["Odd Table", "größe", "pii.last4"],
  ["documents", "body", "pii.name", ["patient", "name"]],
  ["documents", "feeling", "pii.note"],
  ["documents", "line", "pii.phone"],
  ["documents", "keys", "pii.note"],
];

function labels(): Labels {
  const all = new Map<string, Label>(
    Object.entries(MASKS).map(([name, mask]) => [name, { name, mask, lookup: null }]),
  );
  const rules = RULES.map(
    ([relation, column, label, path = null]): LabelRule => ({
      schema: "shop",
      relation,
      column,
      path,
      label: all.get(label)!,
    }),
  );
  return { rules, labels: all };
}

/** Labels that columns have by what they are made of or belong to: the settings don't say them. */
export const DERIVED: typeof RULES = [
  ["customers", "email_lower", "pii.note"],
  ["events_2025", "actor", "pii.email"],
  ["events_2026", "actor", "pii.email"],
  ["events_2025", "payload", "pii.phone", ["ip"]],
  ["events_2026", "payload", "pii.phone", ["ip"]],
  ["events_2025", "payload", "pii.note", ["actor", "name"]],
  ["events_2026", "payload", "pii.note", ["actor", "name"]],
  ["staff", "name", "pii.contact"],
];

/** What is labelled in the schema: every kind of mask, on every sort of relation. */
export const LABELS: Labels = labels();

/** `id:int email:text` */
function columns(text: string): Column[] {
  return text.split(/ (?=\S)/).map((one) => {
    const [, name = "", type = "", cast] = /^(.*):(\w+)(!?)$/.exec(one.replaceAll("~", " "))!;
    return { name, type: type as Type, ...(cast === "!" && { cast: true as const }) };
  });
}

const CUSTOMERS =
  "id:int email:text name:text phone:text ssn:text! balance:num salary:int birthday:date country:text active:bool tags:texts profile:json email_lower:text seen:stamp";
const EVENTS = "id:int at:date kind:text actor:text payload:json";

export const TABLES: Table[] = [
  {
    name: "customers",
    columns: columns(CUSTOMERS),
    key: "id",
    labelled: ["email", "name", "phone", "ssn", "salary", "birthday", "profile", "email_lower"],
  },
  {
    name: "orders",
    columns: columns("id:int customer_id:int total:num status:text note:text contact:text placed:date"),
    key: "id",
    labelled: ["note", "contact"],
  },
  { name: "lines", columns: columns("order_id:int line:int sku:text qty:int"), key: "line", labelled: [] },
  { name: "events", columns: columns(EVENTS), family: true, key: "id", labelled: ["actor", "payload"] },
  { name: "events_2025", columns: columns(EVENTS), labelled: ["actor", "payload"] },
  { name: "events_2026", columns: columns(EVENTS), labelled: ["actor", "payload"] },
  {
    name: "people",
    columns: columns("id:int name:text nick:text"),
    family: true,
    key: "id",
    labelled: ["name"],
  },
  {
    name: "staff",
    columns: columns("id:int name:text nick:text salary:num desk:text"),
    family: true,
    key: "id",
    labelled: ["name", "salary"],
  },
  {
    name: '"Odd Table"',
    columns: columns('"Id":int "E~mail":text "quo""te":text "größe":text plain:text'),
    key: '"Id"',
    labelled: ['"E mail"', '"quo""te"', '"größe"'],
  },
  { name: "codes", columns: columns("id:int country:text label:text"), key: "id", labelled: [] },
  {
    name: "documents",
    columns: columns("id:int owner:int title:text body:json feeling:text! line:text! keys:texts"),
    key: "id",
    labelled: ["body", "feeling", "line", "keys"],
  },
  { name: "active_customers", columns: columns("id:int email:text name:text country:text"), view: true },
  { name: "spenders", columns: columns("id:int email:text spent:num"), view: true },
  { name: "everybody", columns: columns("id:int name:text"), view: true },
  { name: "guarded", columns: columns("id:int ssn:text! birthday:date"), view: true },
  { name: "sellers", columns: columns("sku:text sold:int"), view: true },
  { name: "mailing", columns: columns("who:int country:text email:text spent:num"), view: true },
];
