import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { ensurePackages } from "../system-packages.ts";
import { compare, type Outcome } from "./comparison.ts";
import { ON_LABELLED, PLAIN_SCRIPTS } from "./corpus/scripts.ts";
import type { Script } from "./corpus/statement.ts";
import { REFUSED } from "./refused.ts";
import { LABELLED, PLAIN, ROLE, spot, startTwins, type Twins } from "./rig.ts";

/** Statements as agents, ORMs and tools send them, of which none does harm: each answer is the server's own. */

describe("harmless statements in a session with masks", { timeout: 340_000 }, () => {
  let twins: Twins;
  const outcomes: Outcome[] = [];

  before(async () => {
    ensurePackages(["postgresql", "postgresql-client"]);
    twins = await startTwins();
  });

  after(() => twins.stop());

  test("the masks are in force", async () => {
    const client = new pg.Client({ ...twins.through, database: LABELLED });
    await client.connect();
    const { rows } = await client.query("SELECT email, phone, ssn, salary, name FROM customers WHERE id = 1");
    await client.end();
    assert.deepEqual(rows, [{ email: null, phone: "hidden", ssn: null, salary: null, name: "customer 1" }]);
  });

  function scripts(list: Script[], database: string): void {
    for (const script of list) {
      test(script.name, async () => {
        const [direct, through] = [spot(twins, twins.direct), spot(twins, twins.through)];
        const found = await compare(script, { database, direct, through, masked: database === LABELLED });
        outcomes.push(...found);
        await catchUp(database, found);
        const unknown = ({ sql }: Outcome) => !REFUSED.some(({ fits }) => fits.test(sql));
        const wrong = found.filter(
          (one) => one.verdict === "different" || (one.verdict === "refused" && unknown(one)),
        );
        const told = wrong.map(({ verdict, sql, detail }) => `${verdict}: ${sql}\n    ${detail}`);
        assert.equal(wrong.length, 0, `${wrong.length} of ${found.length}\n${told.join("\n")}`);
      });
    }
  }

  describe("that touch nothing labelled", () => scripts(PLAIN_SCRIPTS, PLAIN));

  describe("that touch labelled tables: as if these held their masks", () => scripts(ON_LABELLED, LABELLED));

  test("what was written is the same, and no mask was written back", async () => {
    for (const [database, left, right] of [
      [PLAIN, tables([]), tables([])],
      [LABELLED, tables(MASKED_ROWS), tables(MASKED_ROWS.map(([table]) => [table, "t"]))],
    ] as const) {
      const labelled = await rows({ ...twins.labelled, database }, left);
      assert.deepEqual(labelled, await rows({ ...twins.twin, database }, right));
    }
    const real = `SELECT count(*)::int AS masked FROM customers WHERE phone = 'hidden'
      OR id <= 60 AND (email, ssn, salary) IS DISTINCT FROM ('person' || id || '@example.org',
        to_char(100 + id, 'FM000') || '-12-' || to_char(4000 + id, 'FM0000'), 30000 + id * 137.5)`;
    assert.deepEqual(await rows({ ...twins.labelled, database: LABELLED }, real), [{ masked: 0 }]);
  });

  test("at least 300 statements, few of them refused, and for a known reason", (t) => {
    const refused = outcomes.filter(({ verdict }) => verdict === "refused");
    const share = (100 * refused.length) / outcomes.length;
    t.diagnostic(`${outcomes.length} harmless statements, ${refused.length} refused (${share.toFixed(1)}%)`);
    for (const { why, fits } of REFUSED) {
      const those = refused.filter(({ sql }) => fits.test(sql));
      t.diagnostic(`${those.length} refused: ${why}`);
      for (const { sql } of those) t.diagnostic(`    ${sql.replace(/\s+/g, " ").slice(0, 160)}`);
      assert.notEqual(those.length, 0, `nothing is refused any more because ${why}`);
    }
    assert.ok(outcomes.length >= 300, `${outcomes.length} statements`);
  });

  /** What a refused statement would have dropped goes all the same, so that the labelled server stays like its twin. */
  async function catchUp(database: string, found: Outcome[]): Promise<void> {
    const drops = found.filter(({ verdict, sql }) => verdict === "refused" && /^drop/i.test(sql));
    for (const { sql } of drops) await rows({ ...twins.labelled, user: ROLE, database }, sql);
  }
});

/** A labelled table's rows as they are masked; `t` stands for the row. */
const MASKED_ROWS: [table: string, row: string][] = [
  [
    "customers",
    "(t.id, t.name, null, CASE WHEN t.phone IS NOT NULL THEN 'hidden' END, null, null, t.country, t.tier, t.tags, t.active, t.created_at)",
  ],
  ["employees", "(t.id, t.name, t.manager_id, null, t.department)"],
  ["documents", "(t.id, t.title, jsonb_set(t.body, '{patient,name}', 'null', false))"],
];

/** A query for the rows of all tables, `as` told. */
function tables(as: readonly (readonly [table: string, row: string])[]): string {
  const names = [
    "customers",
    "employees",
    "documents",
    "products",
    "orders",
    "order_items",
    "readings",
    "audit.entries",
    "landing",
  ];
  const row = (name: string) => as.find(([table]) => table === name)?.[1] ?? "t";
  return names
    .map(
      (name) =>
        `SELECT '${name}' AS name, ARRAY(SELECT ${row(name)}::text FROM ${name} t ORDER BY 1) AS rows`,
    )
    .join(" UNION ALL ");
}

async function rows(config: pg.ClientConfig, query: string): Promise<unknown[]> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    return (await client.query(query)).rows;
  } finally {
    await client.end();
  }
}
