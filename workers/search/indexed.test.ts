import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { SearchHit } from "../../protocol/activity/search.ts";
import { SEED } from "../../protocol/seeded.ts";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import { searchIndex, WINDOW } from "./indexed.ts";
import { PLACES } from "./places.ts";
import { compare, isWanted, type SearchRequest } from "./request.ts";
import { excerptOf } from "./terms.ts";
import { INSERT_ROWS, placed, type SyntheticRow, searchOf, syntheticRow, T0 } from "./testing.ts";

console.log(`SEED=${SEED}`);

/** A directory, and the plans of the queries that it was asked. */
function directory(rows: readonly SyntheticRow[]) {
  const database = newDatabase();
  database.prepare(INSERT_ROWS).run(placed(rows));
  const asked: [sql: string, values: unknown[]][] = [];
  const db = sqliteDirectory(undefined, database);
  const spied = {
    prepare: (sql: string) => {
      const statement = db.prepare(sql);
      return {
        bind: (...values: unknown[]) => {
          asked.push([sql, values]);
          return statement.bind(...values);
        },
      };
    },
  } as unknown as D1Database;
  const plans = () =>
    asked.splice(0).map(([sql, values]) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...(values as number[]))
        .map(({ detail }) => String(detail)),
    );
  return { db: spied, plans };
}

/** All pages, as a client asks for them. */
async function pages(db: D1Database, request: SearchRequest, window: number): Promise<SearchHit[]> {
  const all: SearchHit[] = [];
  let after: SearchRequest["after"] = null;
  for (let count = 0; count < 2_000; count++) {
    const { hits, end } = await searchIndex(db, { ...request, after }, window);
    const seen = end === null ? hits : hits.filter((hit) => compare(hit, end) < 0);
    const items = seen.slice(0, request.limit);
    all.push(...items);
    after = seen.length > items.length ? items.at(-1)! : end;
    if (after === null) return all;
  }
  throw new Error("there is no end");
}

const row = fc.record({
  session: fc.constantFrom("a".repeat(32), "b".repeat(32), "c".repeat(32)),
  seq: fc.integer({ min: 1, max: 1_000_000 }),
  item: fc.nat(3),
  ms: fc.nat(40),
  hours: fc.nat(3),
  lasted: fc.nat(3_000_000),
  verdict: fc.constantFrom("allow", "allow", "block", "approve"),
  kind: fc.constantFrom("statement", "request"),
  principal: fc.constantFrom("service/a", "service/b", "corp/dana"),
  onBehalfOf: fc.constantFrom(null, "corp/dana", "corp/eve"),
  target: fc.constantFrom("orders", "web"),
  text: fc.constantFrom("SELECT * FROM customers", "DROP TABLE customers", "GET /customers/7", "id"),
} as const);

const request = fc.record({
  principal: fc.option(fc.constantFrom("service/a", "corp/dana"), { freq: 2 }),
  target: fc.option(fc.constantFrom("orders", "none"), { freq: 4 }),
  kind: fc.option(fc.constantFrom("statement" as const, "request" as const), { freq: 3 }),
  verdict: fc.option(fc.constantFrom("allow" as const, "block" as const), { freq: 2 }),
  since: fc.option(fc.integer({ min: T0 - 10, max: T0 + 3 * 3_600_000 }), { freq: 3 }),
  until: fc.option(fc.integer({ min: T0, max: T0 + 3 * 3_600_000 }), { freq: 3 }),
  owner: fc.option(
    fc.constantFrom({ principal: "corp/dana" }, { principal: "service/a", onBehalfOf: "corp/dana" }),
    { freq: 2 },
  ),
  terms: fc.constantFrom<string[]>([], ["customers"], ["drop", "tom"], ["id"], ["table customers"]),
  limit: fc.integer({ min: 1, max: 12 }),
});

test("pages have all that is searched for, once and in order, whatever the window", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(row, {
        maxLength: 80,
        selector: ({ session, seq, item }) => `${session} ${seq} ${item}`,
      }),
      request,
      fc.integer({ min: 60, max: 200 }),
      async (given, part, window) => {
        const rows = given.map(({ ms, hours, lasted, ...rest }) => {
          const time = T0 + hours * 3_600_000 + ms;
          return { ...syntheticRow({ ...rest, time }), last: time + lasted };
        });
        const asked = searchOf(part);
        const { db } = directory(rows);
        const hits = await pages(db, asked, window);
        const naive = rows
          .filter((one) => isWanted(asked, null, one.session, one))
          .filter(
            ({ principal, target }) =>
              (asked.principal ?? principal) === principal && (asked.target ?? target) === target,
          )
          .filter(({ principal, onBehalfOf }) => {
            if (asked.owner === null) return true;
            const { principal: own, onBehalfOf: user } = asked.owner;
            if (user !== undefined) return principal === own && onBehalfOf === user;
            return principal === own || onBehalfOf === own;
          })
          .sort(compare);
        const own = [...new Map(hits.map((hit) => [`${hit.session} ${hit.seq} ${hit.item}`, hit])).values()];
        assert.deepEqual(
          own,
          naive.map(({ text, ...rest }) => ({
            ...rest,
            excerpt: excerptOf(text, asked.terms),
            isLive: false,
          })),
        );
      },
    ),
    { numRuns: 150 },
  );
});

test("windows that have nothing lead on, page by page, and a ms that has many ends", async () => {
  // Of one ms they are in another order than by their places.
  const rows = Array.from({ length: 3_000 }, (_, index) =>
    syntheticRow({
      seq: 3_000 - index,
      time: T0 + Math.floor(index / 100),
      text: index % 1_000 === 0 ? "DROP TABLE x" : "SELECT 1",
    }),
  );
  const { db } = directory(rows);
  const rare = await pages(
    db,
    searchOf({ terms: ["drop"], principal: "corp/alice", owner: { principal: "corp/alice" } }),
    250,
  );
  assert.deepEqual(
    rare.map(({ seq }) => seq),
    [1_000, 2_000, 3_000],
  );
  const first = await searchIndex(
    db,
    searchOf({ owner: { principal: "corp/alice" }, terms: ["nowhere"] }),
    250,
  );
  assert.deepEqual(first.hits, []);
  assert.ok(first.end !== null && first.end.time < T0 + 30);
  const all = await pages(db, searchOf({ limit: 7 }), 250);
  assert.equal(new Set(all.map(({ seq }) => seq)).size, 3_000);
  assert.equal(all.length, 3_000);
  assert.ok(WINDOW > 2 * PLACES);
});

const BY = (index: string) => `SEARCH activities USING COVERING INDEX ${index}`;

const PLANS: [name: string, request: Partial<SearchRequest>, plan: string][] = [
  ["the newest", {}, "SEARCH activities USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
  ["a kind", { kind: "command" }, "SEARCH activities USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
  [
    "a principal",
    { principal: "a", verdict: "block" },
    `${BY("activities_principal")} (principal=? AND rowid>? AND rowid<?)`,
  ],
  ["a target", { target: "orders" }, `${BY("activities_target")} (target=? AND rowid>? AND rowid<?)`],
  [
    "a verdict",
    { verdict: "block", target: "x" },
    `${BY("activities_verdict")} (verdict=? AND rowid>? AND rowid<?)`,
  ],
  ["a text", { terms: ["customers"], principal: "a" }, "SCAN activity_texts VIRTUAL TABLE"],
];

for (const [name, part, plan] of PLANS) {
  test(`${name}: is looked for by an index in the order of time, and nothing is sorted`, async () => {
    const { db, plans } = directory([syntheticRow({})]);
    await searchIndex(db, searchOf(part));
    for (const details of plans()) {
      assert.ok(
        details.some((detail) => detail.startsWith(plan)),
        JSON.stringify(details),
      );
      assert.ok(!details.some((detail) => detail.includes("TEMP B-TREE")), JSON.stringify(details));
      assert.ok(
        details.length === 1 || details.includes("SEARCH a USING INTEGER PRIMARY KEY (rowid=?)"),
        JSON.stringify(details),
      );
    }
  });
}

test("who sees some sessions only: by their own rows alone, however rare the text", async () => {
  const { db, plans } = directory([syntheticRow({})]);
  await searchIndex(
    db,
    searchOf({ owner: { principal: "corp/dana" }, terms: ["customers"], target: "orders" }),
  );
  const used = plans().map((details) => details.find((detail) => detail.startsWith("SEARCH activities")));
  assert.deepEqual([...new Set(used)].sort(), [
    `${BY("activities_principal")} (principal=? AND rowid>? AND rowid<?)`,
    `${BY("activities_user")} (on_behalf_of=? AND rowid>? AND rowid<?)`,
  ]);
});
