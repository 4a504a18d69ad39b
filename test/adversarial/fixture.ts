import { type Canary, Values, type World } from "./canaries.ts";

/** Rows of each table. */
const ROWS = [1, 2, 3, 4, 5, 6, 7] as const;
const MOODS = ["calm", "glad", "keen", "warm", "cold", "cross", "sad", "sour"] as const;

/** The role without rights of its own that a session may change to. */
export const CLERK = "clerk";
/** What the attacker already knows and only wants to have confirmed: values of the first world. */
export const GUESS = {
  email: email(new Values("a"), 2),
  phone: phone(new Values("a"), 2),
  ssn: ssn(new Values("a"), 2),
  handle: handle(new Values("a"), 2),
  salary: salary(new Values("a"), "hr.people.salary", 2),
};

/** As long as PostgreSQL lets a name be: longer ones are cut to it. */
export const LONG_NAME = `long_${"x".repeat(58)}`;

/** Everything but rows: one database is made with it, and copied for each world, so object ids are the same. */
export const SCHEMA = `
CREATE EXTENSION dblink; CREATE EXTENSION postgres_fdw; CREATE EXTENSION pgcrypto; CREATE EXTENSION tablefunc;
CREATE EXTENSION pageinspect; CREATE EXTENSION pg_stat_statements; CREATE EXTENSION hstore;
CREATE EXTENSION xml2; CREATE EXTENSION pgrowlocks; CREATE EXTENSION fuzzystrmatch;

CREATE TYPE mood AS ENUM (${MOODS.map((mood) => `'${mood}'`).join(", ")});
CREATE DOMAIN handle AS text CHECK (VALUE ~ '^[a-z@.]+$');
CREATE TYPE contact_card AS (email text, phone text);
CREATE SCHEMA hr;
CREATE SCHEMA decoy;

CREATE TABLE customers (
  id int PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL UNIQUE CHECK (email LIKE '%@%'),
  phone varchar(20),
  ssn char(11),
  country text NOT NULL,
  note text,
  joined date NOT NULL DEFAULT '2020-01-01'
);
CREATE INDEX customers_lower ON customers (lower(email));
COMMENT ON COLUMN customers.email IS 'where to write to';
CREATE TABLE decoy.customers (id int, name text, email text, phone text, ssn text, country text, note text, joined date);

CREATE TABLE orders (
  id int PRIMARY KEY,
  customer_id int NOT NULL REFERENCES customers,
  ship_phone varchar(20),
  total numeric(10,2) NOT NULL CHECK (total >= 0),
  note text
);
CREATE TABLE subscriptions (
  id int PRIMARY KEY,
  email text REFERENCES customers (email) ON UPDATE CASCADE DEFERRABLE,
  plan text
);
CREATE TABLE payments (id int NOT NULL, card text, amount numeric(10,2), note text) PARTITION BY RANGE (id);
CREATE TABLE payments_low PARTITION OF payments FOR VALUES FROM (0) TO (4);
CREATE TABLE payments_high PARTITION OF payments FOR VALUES FROM (4) TO (1000);

CREATE TABLE hr.people (id int PRIMARY KEY, full_name text, salary int, birthday date, team text);
CREATE TABLE hr.managers (bonus numeric(14,2)) INHERITS (hr.people);

CREATE TABLE documents (id int PRIMARY KEY, title text, body jsonb, draft json);
CREATE INDEX documents_body ON documents USING gin (body);
CREATE TABLE kinds (
  id int PRIMARY KEY,
  token uuid, blob bytea, tags text[], mood mood, handle handle, rate numeric(20,6), seen timestamptz, big bigint,
  host inet, bits varbit, dbl double precision, marks int[], page xml, extra hstore, span int4range, fixed char(20)
);
CREATE TABLE accounts (
  id int PRIMARY KEY,
  email text,
  mail_host text GENERATED ALWAYS AS (split_part(email, '@', 2)) STORED,
  shout text GENERATED ALWAYS AS (upper(email)) STORED,
  note text
);
CREATE TABLE contacts (id int PRIMARY KEY, card contact_card);
CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL, price numeric(10,2), note text);
CREATE TABLE visits (id int, who text);
CREATE TABLE touched (id int PRIMARY KEY, customer_id int, note text);
CREATE TABLE tickets (id int PRIMARY KEY, owner text, subject text, pin text);
CREATE SEQUENCE counter;
CREATE TABLE letters (id int PRIMARY KEY, letter text, note text);
ALTER TABLE letters ALTER letter SET STORAGE EXTERNAL;
CREATE TABLE ${LONG_NAME} (id int PRIMARY KEY, ${LONG_NAME} text);
CREATE TABLE slips (id int PRIMARY KEY, draft json, email text, card text, note text);

CREATE VIEW customer_view AS SELECT id, email AS contact, country FROM customers;
CREATE VIEW nested_view (number, shout) AS SELECT id, upper(contact) FROM customer_view;
CREATE VIEW barrier_view WITH (security_barrier) AS SELECT id, email, phone FROM customers WHERE country <> 'XX';
CREATE VIEW customer_edit AS SELECT id, email, note FROM customers;
CREATE VIEW all_contacts AS SELECT email AS contact FROM customers UNION ALL SELECT email FROM accounts;
CREATE VIEW joined_view AS SELECT o.id, o.total, c.email AS payer FROM orders o JOIN customers c ON c.id = o.customer_id;
CREATE VIEW email_digest AS SELECT country, string_agg(email, ',' ORDER BY id) AS everybody FROM customers GROUP BY country;
CREATE VIEW low_filter AS SELECT id FROM customers WHERE substr(email, 2, 1) < 'm';
CREATE VIEW hr.pay AS SELECT id, salary::bigint * 2 AS double_pay FROM hr.people;
CREATE VIEW whole_row_view AS SELECT c FROM customers c;
CREATE MATERIALIZED VIEW email_list AS SELECT id, email FROM customers WITH NO DATA;
CREATE VIEW list_view AS SELECT email AS listed FROM email_list;

CREATE TABLE hr.files (id int, tag text);
CREATE TABLE hr.sealed_files (pin text, seal text GENERATED ALWAYS AS (upper(pin)) STORED) INHERITS (hr.files);
CREATE TABLE hr.tagged_files (pin text, tag text GENERATED ALWAYS AS (upper(pin)) STORED) INHERITS (hr.files);
CREATE TABLE paid (salary int);
ALTER TABLE hr.managers INHERIT paid;
CREATE TABLE readings (id int, value text) PARTITION BY LIST (id);
CREATE TABLE readings_kept PARTITION OF readings DEFAULT;
CREATE MATERIALIZED VIEW mat_nested AS SELECT * FROM nested_view WITH NO DATA;
CREATE MATERIALIZED VIEW mat_computed AS SELECT id, upper(email) AS shown FROM customers WITH NO DATA;
CREATE MATERIALIZED VIEW mat_filtered AS SELECT id FROM customers WHERE substr(email, 2, 1) < 'm' WITH NO DATA;
CREATE MATERIALIZED VIEW mat_ordered (n, shown) AS SELECT row_number() OVER (ORDER BY email), id FROM customers WITH NO DATA;
CREATE MATERIALIZED VIEW mat_whole AS SELECT s FROM subscriptions s WITH NO DATA;
CREATE MATERIALIZED VIEW mat_named (a, b, c) AS SELECT id, email, phone FROM customers WITH NO DATA;
CREATE MATERIALIZED VIEW mat_mat AS SELECT a, b AS shown FROM mat_named WITH NO DATA;
CREATE MATERIALIZED VIEW mat_part AS SELECT id, body -> 'patient' AS shown FROM documents WITH NO DATA;
CREATE MATERIALIZED VIEW mat_document AS SELECT id, body AS shown FROM documents WITH NO DATA;
CREATE MATERIALIZED VIEW mat_united AS SELECT name AS shown FROM items UNION ALL SELECT email FROM customers WITH NO DATA;
CREATE MATERIALIZED VIEW mat_inner AS SELECT s.e AS shown FROM (SELECT reverse(email) AS e FROM customers) s WITH NO DATA;
CREATE MATERIALIZED VIEW mat_joined AS SELECT i.id FROM items i JOIN customers c ON i.id = c.id AND c.email < 'jm' WITH NO DATA;
CREATE MATERIALIZED VIEW mat_generated AS SELECT id, shout AS shown FROM accounts WITH NO DATA;
CREATE VIEW mat_view AS SELECT shown FROM mat_computed;

CREATE FUNCTION get_email(int) RETURNS text LANGUAGE sql AS 'SELECT email FROM public.customers WHERE id = $1';
CREATE FUNCTION find_email(int) RETURNS text LANGUAGE plpgsql STABLE AS
  'BEGIN RETURN (SELECT email FROM public.customers WHERE id = $1); END';
CREATE FUNCTION definer_email(int) RETURNS text LANGUAGE sql SECURITY DEFINER AS
  'SELECT email FROM public.customers WHERE id = $1';
CREATE FUNCTION atomic_email(int) RETURNS text LANGUAGE sql
  BEGIN ATOMIC SELECT email FROM public.customers WHERE id = $1; END;
CREATE FUNCTION all_emails() RETURNS SETOF text LANGUAGE sql AS 'SELECT email FROM public.customers';
CREATE FUNCTION customer_rows() RETURNS SETOF customers LANGUAGE sql AS 'SELECT * FROM public.customers';
CREATE FUNCTION address(customers) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1.email';
CREATE FUNCTION initials(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT left($1, 3)';
CREATE FUNCTION state_email(text, int) RETURNS text LANGUAGE sql AS
  'SELECT $1 || email FROM public.customers WHERE id = $2';
CREATE FUNCTION same_mail(int, text) RETURNS bool LANGUAGE sql AS
  'SELECT substr(email, 2, 1) < $2 FROM public.customers WHERE id = $1';
CREATE FUNCTION to_card(int) RETURNS contact_card LANGUAGE sql AS
  'SELECT ROW(email, phone)::public.contact_card FROM public.customers WHERE id = $1';
CREATE FUNCTION run(text) RETURNS text LANGUAGE plpgsql AS 'DECLARE found text; BEGIN EXECUTE $1 INTO found; RETURN found; END';
CREATE FUNCTION known(int) RETURNS bool LANGUAGE sql AS
  $$SELECT substr(email, 2, 1) < 'm' FROM public.customers WHERE id = $1$$;
CREATE PROCEDURE tell(int) LANGUAGE plpgsql AS
  $$BEGIN RAISE NOTICE '%', (SELECT email FROM public.customers WHERE id = $1); END$$;
CREATE AGGREGATE gather_emails(int) (SFUNC = state_email, STYPE = text, INITCOND = '');
CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = text, FUNCTION = same_mail);
CREATE CAST (int AS contact_card) WITH FUNCTION to_card(int);
CREATE DOMAIN known_id AS int CHECK (known(VALUE));
CREATE DOMAIN mailed AS text DEFAULT get_email(1);

CREATE FUNCTION on_visit() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN NEW.who := (SELECT email FROM public.customers WHERE id = NEW.id); RETURN NEW; END';
CREATE TRIGGER visited BEFORE INSERT ON visits FOR EACH ROW EXECUTE FUNCTION on_visit();
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := upper(NEW.note); RETURN NEW; END';
CREATE TRIGGER touches BEFORE INSERT OR UPDATE ON touched FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE defaulted (id int, who text DEFAULT get_email(1));
CREATE TABLE checked (id int CHECK (known(id)));
CREATE TABLE ruled (id int);
CREATE TABLE ruled_log (who text);
CREATE RULE also AS ON INSERT TO ruled DO ALSO INSERT INTO ruled_log SELECT email FROM customers WHERE id = NEW.id;
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON tickets USING (owner = current_user);
CREATE POLICY lucky ON tickets FOR SELECT USING (EXISTS (SELECT FROM customers c WHERE c.id = tickets.id AND substr(c.email, 2, 1) < 'm'));

CREATE STATISTICS customer_stats_ext (mcv) ON country, note FROM customers;
CREATE STATISTICS mail_stats (mcv, ndistinct) ON phone, email FROM customers;
CREATE STATISTICS lower_stats ON lower(ssn) FROM customers;
GRANT USAGE ON SCHEMA hr, decoy TO ${CLERK};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, hr TO ${CLERK};
GRANT CREATE ON SCHEMA public TO ${CLERK};
`;

/** Materialized views over labelled columns, in the order in which they are filled. */
export const MATERIALIZED = [
  "mat_nested",
  "mat_computed",
  "mat_filtered",
  "mat_ordered",
  "mat_whole",
  "mat_named",
  "mat_mat",
  "mat_part",
  "mat_document",
  "mat_united",
  "mat_inner",
  "mat_joined",
  "mat_generated",
];

/** Large object with a text in it that is nobody's column. */
export const LARGE_OBJECT = 4711;

/** The rows of a world, and what must not be seen of them. */
export function rowsOf(world: World): { sql: string; canaries: Canary[] } {
  const values = new Values(world);
  const lines: string[] = [];
  const insert = (table: string, columns: string, row: string[]) =>
    lines.push(`INSERT INTO ${table} (${columns}) VALUES (${row.join(", ")});`);
  for (const id of ROWS) {
    const odd = id % 2 === 1;
    const q = (text: string) => `'${text.replaceAll("'", "''")}'`;
    const word = (cell: string, length?: number) => values.word(`${cell} ${id}`, odd, length);
    const digits = (cell: string, length: number) => values.digits(`${cell} ${id}`, odd, length);
    const country = ["DE", "FR", "DE", "GB", "FR", "DE", "GB"][id - 1]!;
    insert("customers", "id, name, email, phone, ssn, country", [
      `${id}`,
      q(`Customer ${id}`),
      q(email(values, id)),
      q(phone(values, id)),
      q(ssn(values, id)),
      q(country),
    ]);
    insert("decoy.customers", "id, name, email", [`${id}`, "'decoy'", "'decoy@example.org'"]);
    insert("orders", "id, customer_id, ship_phone, total", [
      `${id}`,
      `${id}`,
      q(digits("orders.ship_phone", 12)),
      `${id * 10}.50`,
    ]);
    insert("subscriptions", "id, email, plan", [
      `${id}`,
      `(SELECT email FROM customers WHERE id = ${id})`,
      "'basic'",
    ]);
    insert("payments", "id, card, amount", [
      `${id}`,
      q(`${digits("payments.card", 12)}000${id}`),
      `${id}.25`,
    ]);
    insert("hr.people", "id, full_name, salary, birthday, team", [
      `${id}`,
      q(`Person ${id}`),
      `${salary(values, "hr.people.salary", id)}`,
      q(values.day(`hr.people.birthday ${id}`, odd, 1940 + id)),
      q(odd ? "red" : "blue"),
    ]);
    insert("hr.managers", "id, full_name, salary, birthday, team, bonus", [
      `${10 + id}`,
      q(`Manager ${id}`),
      `${salary(values, "hr.managers.salary", id)}`,
      q(values.day(`hr.managers.birthday ${id}`, odd, 1960 + id)),
      "'green'",
      `${values.number(`hr.managers.bonus ${id}`, odd, 700 + id, 6)}`,
    ]);
    const patient = (cell: string) =>
      JSON.stringify({
        ward: "north",
        patient: { name: word(cell), room: id },
        codes: [id, 2],
      });
    insert("documents", "id, title, body, draft", [
      `${id}`,
      q(`Document ${id}`),
      q(patient("documents.body")),
      q(patient("documents.draft")),
    ]);
    insert(
      "kinds",
      "id, token, blob, tags, mood, handle, rate, seen, big, host, bits, dbl, marks, page, extra, span, fixed",
      [
        `${id}`,
        q(values.uuid(`kinds.token ${id}`, odd)),
        `convert_to('${word("kinds.blob")}', 'UTF8')`,
        `ARRAY['${word("kinds.tags")}', '${word("kinds.tags second")}']`,
        q(values.choice(`kinds.mood ${id}`, odd, MOODS)),
        q(handle(values, id)),
        `${digits("kinds.rate", 9)}.5`,
        q(`${values.day(`kinds.seen ${id}`, odd, 1980 + id)} 12:00:00+00`),
        digits("kinds.big", 15),
        q(values.choice(`kinds.host ${id}`, odd, ["10.1.2.3", "10.1.2.4", "192.168.9.8", "192.168.9.9"])),
        `B'${BigInt(`0x${Buffer.from(word("kinds.bits")).toString("hex")}`).toString(2)}'`,
        `${digits("kinds.dbl", 14)}`,
        `ARRAY[${digits("kinds.marks", 9)}, ${digits("kinds.marks second", 9)}]`,
        `'<page><who>${word("kinds.page")}</who></page>'`,
        `'who=>${word("kinds.extra")}'`,
        `int4range(${digits("kinds.span", 8)}, 2000000000)`,
        q(word("kinds.fixed")),
      ],
    );
    insert("accounts", "id, email", [
      `${id}`,
      q(`j${word("accounts.email")}@m${word("accounts.email host", 12)}.com`),
    ]);
    insert("contacts", "id, card", [
      `${id}`,
      `ROW('${word("contacts.card email")}', '${digits("contacts.card phone", 12)}')`,
    ]);
    insert("items", "id, name, price", [`${id}`, q(`Item ${id}`), `${id}.99`]);
    insert("touched", "id, customer_id, note", [`${id}`, `${id}`, "'note'"]);
    insert("letters", "id, letter", [
      `${id}`,
      q(Array.from({ length: 300 }, () => word("letters.letter")).join(" ")),
    ]);
    insert(LONG_NAME, `id, ${LONG_NAME}`, [`${id}`, q(word("the long name"))]);
    insert("hr.sealed_files", "id, tag, pin", [`${id}`, "'sealed'", q(word("hr.sealed_files.pin"))]);
    insert("hr.tagged_files", "id, pin", [`${id}`, q(word("hr.tagged_files.pin"))]);
    insert("readings", "id, value", [`${id}`, q(word("readings_kept.value"))]);
    insert("tickets", "id, owner, subject, pin", [
      `${id}`,
      "'nobody'",
      q(`Ticket ${id}`),
      q(digits("tickets.pin", 12)),
    ]);
  }
  const slips = [
    (word: string) => `{"patient": {"name": "${word}", "name": "${word}2"}, "patient": {"name": "${word}3"}}`,
    (word: string) => `{"pati\\u0065nt": {"n\\u0061me": "${word}"}}`,
    (word: string) => `{"patient": {"name": ["${word}", {"name": "${word}"}], "room": 1}}`,
    (word: string) => ` {"patient" :\n{ "name":{"first": "${word}"} } }`,
  ];
  const addresses = [
    (word: string) => `j${word}`,
    (word: string) => `@${word}`,
    (word: string) => `j@${word}`,
    (word: string) => `j@host.${word}`,
    (word: string) => `j@host.com, ${word}@host.com`,
    (word: string) => `"j@host.com" <${word}@host.com>`,
    (word: string) => `j${word} j@host.com`,
    (word: string) => `j@host.com\n${word}`,
  ];
  for (const [at, address] of addresses.entries()) {
    const word = (cell: string) => values.word(`slips.${cell} ${at}`, at % 2 === 0);
    insert("slips", "id, draft, email, card", [
      `${at}`,
      `'${slips[at % slips.length]!(word("draft"))}'`,
      `'${address(word("email"))}'`,
      `'${values.digits(`slips.card ${at}`, at % 2 === 0, 1 + (at % 4))}'`,
    ]);
  }
  insert("payments", "id, card, amount", ["100", "NULL", "0"]);
  const lump = values.word("the large object", true);
  lines.push(
    `SELECT lo_from_bytea(${LARGE_OBJECT}, convert_to('${lump}', 'UTF8'));`,
    ...["email_list", ...MATERIALIZED].map((name) => `REFRESH MATERIALIZED VIEW ${name};`),
    "ANALYZE;",
  );
  const known = new Set(Object.values(GUESS).map((guess) => searched(String(guess))));
  const canaries = values.canaries.filter(({ text }) => ![...known].some((guess) => guess.includes(text)));
  return { sql: lines.join("\n"), canaries: [...new Map(canaries.map((one) => [one.text, one])).values()] };
}

/** How a text is searched for, and searched in. */
function searched(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function isOdd(id: number): boolean {
  return id % 2 === 1;
}

function email(values: Values, id: number): string {
  const local = values.word(`customers.email ${id}`, isOdd(id));
  return `j${local}@${values.word(`customers.email host ${id}`, isOdd(id), 12)}.com`;
}

function phone(values: Values, id: number): string {
  return `+${values.digits(`customers.phone ${id}`, isOdd(id), 12)}`;
}

function ssn(values: Values, id: number): string {
  return values.digits(`customers.ssn ${id}`, isOdd(id), 11);
}

function handle(values: Values, id: number): string {
  return values.word(`kinds.handle ${id}`, isOdd(id));
}

function salary(values: Values, cell: string, id: number): number {
  return values.number(`${cell} ${id}`, isOdd(id), 1100 + id, 6);
}

/** The labels, as they stand in the settings of a target. */
export const LABELS = `
    labels:
      public.customers.email: pii.email
      public.customers.phone: pii.phone
      public.customers.ssn: pii.ssn
      public.orders.ship_phone: pii.phone
      public.subscriptions.email: pii.email
      public.accounts.email: pii.email
      public.payments.card: pii.card
      hr.people.salary: hr.salary
      hr.managers.bonus: hr.bonus
      hr.people.birthday: hr.birthday
      public.documents.body->'patient'->'name': phi.name
      public.documents.draft->'patient'->'name': phi.name
      public.kinds.handle: pii.handle
      public.kinds.id: none
      public.kinds.*: secret
      public.contacts.card: secret
      public.tickets.pin: secret
      hr.*_files.pin: secret
      public.readings_kept.value: secret
      public.letters.letter: secret
      public.*.${LONG_NAME}: secret
      public.slips.draft->'patient'->'name': phi.name
      public.slips.email: pii.email
      public.slips.card: pii.card
`;
