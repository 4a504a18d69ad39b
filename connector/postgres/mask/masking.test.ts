import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Catalog, Relation } from "../../../protocol/sql/catalog.ts";
import { classify } from "../../../protocol/sql/classify.ts";
import { loadParser, parseSql } from "../../../protocol/sql/parser.ts";
import { memoryCatalog, relation, routine, TEXT_COLUMN } from "../../../protocol/sql/resolve/testing.ts";
import type { Label, LabelRule } from "../../mask/labels.ts";
import { type MaskedText, Masking } from "./masking.ts";
import { Unmasked } from "./unmasked.ts";

before(() => loadParser());

const EMAIL: Label = { name: "pii.email", mask: { kind: "null" }, lookup: null };
const PHONE: Label = { name: "pii.phone", mask: { kind: "null" }, lookup: { perMinute: 10 } };
const NOTE: Label = { name: "pii.note", mask: { kind: "partial", as: "text" }, lookup: null };

const rule = (schema: string, inRelation: string, column: string, label: Label | null): LabelRule => ({
  schema,
  relation: inRelation,
  column,
  path: null,
  label,
});
const LABELS = {
  rules: [
    rule("public", "clean", "*", null),
    rule("public", "notes", "note", NOTE),
    rule("*", "*", "email", EMAIL),
    rule("*", "*", "phone", PHONE),
  ],
  labels: new Map([EMAIL, PHONE, NOTE].map((label) => [label.name, label])),
};

function table(name: string, columns: string, more: Partial<Relation> = {}): Relation {
  const details = columns
    .split(" ")
    .map((column) => (column === "shout" ? { ...TEXT_COLUMN, generatedFrom: ["email"] } : TEXT_COLUMN));
  return relation(name, columns, { details, ...more });
}

const CATALOG = memoryCatalog({
  relations: [
    table("public.customers", "id email phone name shout", { keys: [["id"]] }),
    table("public.orders", "id customer_id total"),
    table("public.notes", "id note"),
    table("public.parent", "id email", { children: ["public.child"] }),
    table("public.child", "id email", { parents: ["public.parent"] }),
    table("public.renamed", "id address", { children: ["public.kid"] }),
    table("public.kid", "id address"),
    relation("public.people", "id address", {
      kind: "view",
      view: " SELECT customers.id,\n    customers.email AS address\n   FROM public.customers;",
    }),
    relation("public.fenced", "id address", {
      kind: "view",
      barrier: true,
      view: " SELECT people.id,\n    people.address\n   FROM public.people;",
    }),
    relation("public.clean", "id email", {
      kind: "view",
      view: " SELECT customers.id,\n    customers.email\n   FROM public.customers;",
    }),
    table("public.taken", "id address", {
      kind: "materialized-view",
      materialized: " SELECT customers.id,\n    customers.email AS address\n   FROM public.customers;",
    }),
    table("public.computed", "address n", {
      kind: "materialized-view",
      materialized:
        " SELECT 'x'::text AS address,\n    count(*) AS n\n   FROM public.customers\n  WHERE (customers.email ~~ 'a%'::text);",
    }),
    table("pg_temp_3.mine", "id email2"),
  ],
  routines: ["count", "lower", "left", "length", "strpos", "substring", "replace", "system"].map((name) =>
    routine(`pg_catalog.${name}`),
  ),
});
const NAMES = {
  searchPath: ["pg_temp_3", "pg_catalog", "public"],
  temporarySchema: "pg_temp_3",
  trustedFunctions: new Set<string>(),
};

function masked(sql: string, hidden: Label[] = [EMAIL, PHONE, NOTE]): MaskedText {
  const parsed = parseSql(sql);
  const { statements, missing } = classify(parsed, NAMES, CATALOG);
  assert.deepEqual(missing, []);
  const keys = { session: "a".repeat(64), target: null };
  const masking = new Masking({ labels: LABELS, masked: hidden, keys });
  const outcome = masking.mask(sql, parsed, statements, NAMES, CATALOG);
  if (outcome instanceof Unmasked) throw outcome;
  assert.ok(!("need" in outcome), "something is missing");
  return outcome;
}

/** The text that the target gets, with the subquery for customers written short. */
function text(sql: string): string {
  return (masked(sql).sql ?? "as it is").replaceAll(
    /\(SELECT "id", (NULL::pg_catalog\.text|\(?[^,]*?\)?) AS "email", [^,]* AS "phone", "name", [^,]* AS "shout" FROM ("public"\."customers"|ONLY "public"\."customers")\)/g,
    (_, __, name) => (name.startsWith("ONLY") ? "(ONLY MASKED)" : "(MASKED)"),
  );
}

function refusal(sql: string): string {
  try {
    masked(sql);
  } catch (error) {
    if (error instanceof Unmasked) return `${error.message} [${error.labels.join(" ")}]`;
    throw error;
  }
  return "";
}

suite("what reads nothing labelled passes as it came", () => {
  for (const sql of [
    "SELECT id, name FROM customers WHERE id = 5",
    "SELECT count(*) FROM customers",
    "SELECT * FROM orders",
    "SELECT email FROM clean",
    "SELECT email2 FROM mine",
    "INSERT INTO orders VALUES (1, 2, 3)",
    "WITH customers AS (SELECT 1 AS email) SELECT email FROM customers",
    "SELECT 'SELECT email FROM customers'",
  ]) {
    test(sql, () => assert.equal(masked(sql).sql, null));
  }
});

suite("an entry of FROM becomes a subquery", () => {
  for (const [sql, expected] of [
    ["SELECT email FROM customers", 'SELECT email FROM (MASKED) AS "customers"'],
    ["SELECT c.email FROM customers c", "SELECT c.email FROM (MASKED) c"],
    ["SELECT c.b FROM customers AS c (a, b)", "SELECT c.b FROM (MASKED) AS c (a, b)"],
    [
      "SELECT email FROM /* x */ public . customers -- y",
      'SELECT email FROM /* x */ (MASKED) AS "customers" -- y',
    ],
    ["SELECT email FROM ONLY (customers)", 'SELECT email FROM (ONLY MASKED) AS "customers"'],
    ["SELECT email FROM customers * WHERE id = 1", 'SELECT email FROM (MASKED) AS "customers" WHERE id = 1'],
    ["TABLE customers", 'SELECT * FROM (MASKED) AS "customers"'],
    ["SELECT 'é', email FROM customers", "SELECT 'é', email FROM (MASKED) AS \"customers\""],
    ["SELECT 1; SELECT shout FROM customers", 'SELECT 1; SELECT shout FROM (MASKED) AS "customers"'],
    ['SELECT email FROM U&"cust\\006fmers"', 'SELECT email FROM (MASKED) AS "customers"'],
    [
      "SELECT public.customers.email FROM public.customers",
      'SELECT "sallyport_1".email FROM (MASKED) AS "sallyport_1"',
    ],
    [
      "SELECT (SELECT email FROM customers LIMIT 1)",
      'SELECT (SELECT email FROM (MASKED) AS "customers" LIMIT 1)',
    ],
    ["EXPLAIN SELECT email FROM customers", 'EXPLAIN SELECT email FROM (MASKED) AS "customers"'],
    ["PREPARE p AS SELECT email FROM customers", 'PREPARE p AS SELECT email FROM (MASKED) AS "customers"'],
  ] as const) {
    test(sql, () => assert.equal(text(sql), expected));
  }

  test("what the sample asks for goes with the table", () => {
    const sql = masked("SELECT email FROM customers AS c TABLESAMPLE system (10)").sql ?? "";
    assert.match(sql, /FROM "public"\."customers" TABLESAMPLE system \(10\)\) AS c $/);
    const repeatable = masked(
      "SELECT email FROM customers TABLESAMPLE system (10) REPEATABLE (2) WHERE id = 1",
    );
    assert.match(
      repeatable.sql ?? "",
      / TABLESAMPLE system \(10\) REPEATABLE \(2\)\) AS "customers" WHERE id = 1$/,
    );
  });

  test("a column's alias does not take its mask away", () => {
    const { sql, fields } = masked("SELECT x.y FROM customers AS x (id, y)");
    assert.match(sql ?? "", /AS "email"/);
    assert.deepEqual(fields, { "pii.email": 1 });
  });

  test("a partition's label is its parent's, and the other way about", () => {
    assert.match(masked("SELECT email FROM child").sql ?? "", /AS "email"/);
    assert.match(masked("SELECT email FROM parent").sql ?? "", /AS "email"/);
  });

  test("a name that is written with its schema can't be taken for another's", () => {
    const inner =
      "SELECT (SELECT public.customers.email FROM (SELECT 'x' AS email) AS customers) FROM public.customers";
    assert.match(
      text(inner),
      /^SELECT \(SELECT "sallyport_1"\.email FROM .* FROM \(MASKED\) AS "sallyport_1"$/,
    );
    assert.match(refusal("SELECT public.customers.id, customers FROM public.customers"), /^the whole row of/);
    assert.match(
      refusal("SELECT public.customers.email FROM public.customers FOR UPDATE OF customers"),
      /^a lock of/,
    );
  });

  test("a row under other columns' names is not given", () => {
    assert.match(
      refusal("SELECT row_to_json(c) FROM customers AS c (a, b)"),
      /^the whole row of|not everything/,
    );
  });

  test("masks that could not be told for want of a child are not kept", () => {
    const sql = "SELECT tag FROM files UNION ALL SELECT tag FROM files";
    const relations = [
      table("public.files", "id tag", { children: ["public.tagged"] }),
      table("public.tagged", "id tag email", {
        parents: ["public.files"],
        details: [TEXT_COLUMN, { ...TEXT_COLUMN, generatedFrom: ["email"] }, TEXT_COLUMN],
      }),
    ];
    const whole = memoryCatalog({ relations });
    let isKnown = false;
    const catalog: Catalog = {
      ...whole,
      relation: (schema, name) => (name === "tagged" && !isKnown ? undefined : whole.relation(schema, name)),
    };
    const masking = new Masking({ labels: LABELS, masked: [EMAIL], keys: { session: "a", target: null } });
    const parsed = parseSql(sql);
    const ask = () => masking.mask(sql, parsed, classify(parsed, NAMES, whole).statements, NAMES, catalog);
    assert.deepEqual(ask(), {
      need: "catalog",
      names: [{ kind: "relation", schema: "public", name: "tagged" }],
    });
    isKnown = true;
    const outcome = ask();
    assert.ok("sql" in outcome && outcome.sql?.includes("NULL"), "it gives what the child computes");
  });

  test("system columns are offered where they are named", () => {
    assert.match(masked("SELECT ctid, email FROM customers").sql ?? "", /"ctid" FROM "public"/);
    const listed = masked("SELECT ctid, c.* FROM customers c").sql ?? "";
    assert.match(
      listed,
      /^SELECT ctid, "c"\."id", "c"\."email", "c"\."phone", "c"\."name", "c"\."shout" FROM/,
    );
    assert.match(
      refusal("SELECT ctid, count(c) FROM customers c GROUP BY 1"),
      /^system columns beside whole rows/,
    );
  });

  test("columns beside a grouped key are grouped too", () => {
    const sql = masked("SELECT c.id, c.email, count(*) FROM customers c GROUP BY c.id").sql ?? "";
    assert.match(sql, /GROUP BY "c"\."email", c\.id$/);
    const computed =
      masked("SELECT c.id, c.email FROM customers c GROUP BY (lower(name) || 'x'), c.id").sql ?? "";
    assert.match(computed, /GROUP BY "c"\."email", \(lower\(name\) \|\| 'x'\), c\.id$/);
  });
});

suite("views are read through", () => {
  test("with the names of their columns", () => {
    const { sql, fields, labels } = masked("SELECT address FROM people");
    assert.match(sql ?? "", /^SELECT address FROM \(SELECT "id", "address" FROM \( SELECT customers\.id/);
    assert.deepEqual(fields, { "pii.email": 1 });
    assert.deepEqual(labels, ["pii.email"]);
  });

  test("through each other, and with their barrier", () => {
    assert.match(masked("SELECT * FROM fenced").sql ?? "", /AS barrier OFFSET 0\)/);
  });

  test("not under a search_path in which they would mean something else", () => {
    const sql = "SELECT address FROM people";
    const parsed = parseSql(sql);
    const names = { ...NAMES, searchPath: ["public", "pg_catalog"], temporarySchema: null };
    const { statements } = classify(parsed, names, CATALOG);
    const masking = new Masking({ labels: LABELS, masked: [EMAIL], keys: { session: "a", target: null } });
    const outcome = masking.mask(sql, parsed, statements, names, CATALOG);
    assert.ok(outcome instanceof Unmasked);
    assert.match(outcome.message, /search_path/);
  });

  test("a materialized view has the label of what it takes, and is refused where it computes", () => {
    assert.match(masked("SELECT address FROM taken").sql ?? "", /AS "address"/);
    assert.match(refusal("SELECT n FROM computed"), /computed from labelled columns \[pii\.email\]/);
  });
});

suite("what a write names gets its mask", () => {
  const NULLED = "NULL";
  for (const [sql, pattern] of [
    ["UPDATE customers SET name = 'x' WHERE email LIKE 'a%'", /WHERE \(*NULL.* LIKE 'a%'$/],
    ["UPDATE customers c SET name = c.email WHERE id = 1", /SET name = \(*NULL/],
    ["DELETE FROM customers WHERE email = 'x' RETURNING id", /WHERE \(*NULL.* = 'x' RETURNING id$/],
    ["UPDATE customers SET name = 'x' RETURNING email", /RETURNING \(SELECT .* AS "email"\)$/],
    [
      "UPDATE customers c SET name = 'x' WHERE EXISTS (SELECT s.email FROM (SELECT c.email FROM orders) s)",
      /\(SELECT \(SELECT .* AS "email"\) FROM orders\) s\)$/,
    ],
    ["DELETE FROM customers RETURNING *", /RETURNING "customers"\."id", \(SELECT .* AS "email"\)/],
    [
      "INSERT INTO customers (id) VALUES (1) RETURNING lower(email)",
      /RETURNING lower\(\(SELECT .* AS "email"\)\)$/,
    ],
    [
      "INSERT INTO customers (id, email) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = customers.email",
      /ON CONFLICT \(id\) DO UPDATE SET name = \(*NULL/,
    ],
    [
      "MERGE INTO customers c USING orders o ON c.email = o.total WHEN MATCHED THEN DELETE",
      /ON \(*NULL.* = o\.total WHEN/,
    ],
  ] as const) {
    test(sql, () => {
      const found = masked(sql).sql ?? "";
      assert.ok(found.includes(NULLED));
      assert.match(found, pattern);
    });
  }

  test("a whole row that is written can't be given", () => {
    assert.match(
      refusal("UPDATE customers SET name = 'x' RETURNING customers"),
      /^the whole row of public\.customers/,
    );
    assert.match(refusal("DELETE FROM people WHERE address = 'x'"), /^a write to the view public\.people/);
  });

  test("the labels of a table that is written are known, though nothing is read", () => {
    assert.deepEqual(masked("INSERT INTO customers (id) VALUES (1)").labels, ["pii.email", "pii.phone"]);
  });
});

suite("a masked value is not written back", () => {
  test("from what was read", () => {
    for (const sql of [
      "UPDATE customers SET email = lower(email)",
      "UPDATE customers SET (name, email) = (SELECT name, phone FROM customers)",
      "INSERT INTO customers (id, email) SELECT id, address FROM people",
      "WITH w AS (SELECT email AS e FROM customers) INSERT INTO customers (email) SELECT e FROM w",
      "INSERT INTO customers (id, email) VALUES (1, (SELECT email FROM customers LIMIT 1))",
    ]) {
      assert.match(refusal(sql), /^a write of masked values to public\.customers\.email/, sql);
    }
  });

  test("as a text that the agent was shown", () => {
    assert.match(
      refusal("UPDATE notes SET note = 's***'"),
      /^a write of a masked value to public\.notes\.note/,
    );
    assert.equal(masked("UPDATE notes SET note = 'a new one'").sql, null);
  });

  test("and which parameters must be looked at is told", () => {
    const { parameters } = masked("INSERT INTO notes (id, note) VALUES ($1, $2)");
    assert.deepEqual(parameters, [{ number: 2, label: NOTE }]);
  });
});

suite("exact values are looked up where the label permits it", () => {
  for (const [sql, values] of [
    ["SELECT id FROM customers WHERE phone = '5'", 1],
    ["SELECT id FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.phone = $1 AND o.id > 5", 1],
    ["SELECT id FROM customers WHERE phone IN ('1', '2', $3)", 3],
    ["SELECT id FROM customers c LEFT JOIN orders o ON o.id = c.id WHERE '5'::text = c.phone", 1],
  ] as const) {
    test(sql, () => {
      const { sql: found, lookups } = masked(sql);
      assert.deepEqual(lookups, [{ label: PHONE, values }]);
      assert.match(found ?? "", /FROM "public"\."customers" WHERE "phone" (?:=|IN)/);
    });
  }

  test("of a write, its own condition stays", () => {
    const { sql, lookups } = masked("DELETE FROM customers WHERE phone = $1 AND email = 'x'");
    assert.deepEqual(lookups, [{ label: PHONE, values: 1 }]);
    assert.match(sql ?? "", /WHERE phone = \$1 AND \(*NULL/);
  });

  for (const sql of [
    "SELECT id FROM customers WHERE email = 'x'",
    "SELECT id FROM customers WHERE phone LIKE '5%'",
    "SELECT id FROM customers WHERE phone > '5'",
    "SELECT id FROM customers WHERE phone = '5' OR id = 1",
    "SELECT id FROM customers WHERE NOT phone = '5'",
    "SELECT id FROM customers WHERE phone = (SELECT '5')",
    "SELECT id FROM customers WHERE phone = name",
    "SELECT id FROM customers WHERE phone IN ('5', name)",
    "SELECT id FROM orders o LEFT JOIN customers c ON true WHERE c.phone = '5'",
    "SELECT phone = '5' FROM customers",
    "SELECT count(*) FROM customers GROUP BY phone HAVING phone = '5'",
  ]) {
    test(`not by ${sql}`, () => {
      const { sql: found, lookups } = masked(sql);
      assert.deepEqual(lookups, []);
      assert.doesNotMatch(found ?? "", /FROM "public"\."customers" WHERE/);
    });
  }
});

suite("ON CONFLICT tells whether a value is stored", () => {
  for (const sql of [
    "INSERT INTO customers (id, email) VALUES (1, 'x') ON CONFLICT (email) DO NOTHING",
    "INSERT INTO customers (id, email) VALUES (1, 'x') ON CONFLICT DO NOTHING RETURNING id",
    "INSERT INTO customers (id, email) VALUES (1, 'x') ON CONFLICT ON CONSTRAINT k DO NOTHING",
    "INSERT INTO customers (email) SELECT 'x' || o.id FROM orders o ON CONFLICT (lower(email)) DO NOTHING",
    "WITH i AS (INSERT INTO customers (email) VALUES ('x') ON CONFLICT DO NOTHING RETURNING id) SELECT * FROM i",
    "INSERT INTO customers (phone) SELECT o.id FROM orders o ON CONFLICT (phone) DO NOTHING",
  ]) {
    test(`refused: ${sql}`, () =>
      assert.match(refusal(sql), /^ON CONFLICT over public\.customers\.(email|phone)/));
  }

  test("a lookup of so many values as rows, where the label permits it", () => {
    const { lookups } = masked(
      "INSERT INTO customers (id, phone) VALUES (1, 'x'), (2, 'y') ON CONFLICT (phone) DO NOTHING",
    );
    assert.deepEqual(lookups, [{ label: PHONE, values: 2 }]);
  });

  test("nothing, where the conflict is about other columns, or none is set", () => {
    for (const sql of [
      "INSERT INTO customers (id, email) VALUES (1, 'x') ON CONFLICT (id) DO NOTHING",
      "INSERT INTO customers (id, email) VALUES (1, DEFAULT) ON CONFLICT DO NOTHING",
      "INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING",
    ]) {
      assert.deepEqual(masked(sql).lookups, [], sql);
    }
  });
});

test("labels that may be seen are not masked", () => {
  assert.equal(masked("SELECT email FROM customers", [PHONE]).sql, null);
  const { labels } = masked("SELECT email, phone FROM customers", [PHONE]);
  assert.deepEqual(labels, ["pii.phone"]);
});

test("a statement of which not everything is known is refused, with the reason", () => {
  assert.match(refusal("DO $$ BEGIN END $$"), /^DO, whose code is not looked into/);
  assert.match(refusal("SELECT leak()"), /not everything is known/);
  for (const sql of [
    "ALTER TYPE pair RENAME ATTRIBUTE a TO b CASCADE",
    "ALTER TYPE pair ALTER ATTRIBUTE a TYPE text CASCADE",
  ]) {
    assert.notEqual(refusal(sql), "", sql);
  }
});

test("what CASCADE removes gives no value to anybody", () => {
  for (const sql of [
    "DROP TABLE orders CASCADE",
    "TRUNCATE orders CASCADE",
    "ALTER TABLE orders DROP COLUMN total CASCADE",
  ]) {
    assert.equal(refusal(sql), "", sql);
  }
});
