import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import type { SearchHit, SearchPage } from "../../protocol/activity/search.ts";
import { seededRandom } from "../../protocol/recording/testing.ts";
import { SEED } from "../../protocol/seeded.ts";
import { INSERT_ROWS, placed, type SyntheticRow, syntheticRow, T0 } from "../../workers/search/testing.ts";
import { startTestEdge, type TestEdge } from "../gateway.ts";

/** Ten thousand sealed sessions in the index of a real edge, as `indexSession` would have written them. */

const SESSIONS = 10_000;
const EACH = 30;
/** Sessions begin so far apart, ms. */
const APART = 60_000;
const AGENTS = 40;

console.log(`SEED=${SEED}`);
const random = seededRandom(SEED);
const state = mkdtempSync(join(tmpdir(), "sallyport-search-"));
let edge: TestEdge;

const TABLES = [
  "customers",
  "order_items",
  "invoices",
  "ledger_entries",
  "user_sessions",
  "payments",
  "audit_log",
];

function sqlOf(session: number, index: number): string {
  const [one, other] = [TABLES[random(TABLES.length)], TABLES[random(TABLES.length)]];
  const shapes = [
    `SELECT id, status, created_at FROM public.${one} WHERE id = ${random(1_000_000)} ORDER BY created_at DESC LIMIT 50`,
    `UPDATE ${one} SET status = 'done' WHERE id IN (${random(9_999)}, ${random(9_999)})`,
    `SELECT a.id, b.total FROM ${one} AS a JOIN ${other} AS b ON a.id = b.${one}_id WHERE b.total > ${random(9_999)}`,
    `INSERT INTO ${one} (id, note) VALUES (${random(1_000_000)}, 'session ${session} number ${index}')`,
  ];
  return shapes[random(shapes.length)]!;
}

function rowsOf(session: number): SyntheticRow[] {
  return Array.from({ length: EACH }, (_, index) => {
    const verdict = random(50) === 0 ? "block" : random(30) === 0 ? "approve" : "allow";
    const isRare = session % 1_000 === 0 && index === 0;
    return syntheticRow({
      session: session.toString(16).padStart(32, "0"),
      seq: 5 + 2 * index,
      time: T0 + session * APART + index * 1_000 + random(1_000),
      verdict,
      text: isRare ? `SELECT * FROM rare_needle_${session}` : sqlOf(session, index),
      principal: `service/agent-${session % AGENTS}`,
      target: `orders-${session % 7}`,
    });
  });
}

function directoryFile(): string {
  const folder = join(state, "edge/d1/miniflare-D1DatabaseObject");
  const [name] = readdirSync(folder).filter((one) => one.endsWith(".sqlite") && one !== "metadata.sqlite");
  return join(folder, name!);
}

before(async () => {
  const first = await startTestEdge({ state });
  await first.stop();
  const begun = performance.now();
  const database = new DatabaseSync(directoryFile());
  const insert = database.prepare(INSERT_ROWS);
  for (let session = 0; session < SESSIONS; session += 50) {
    const rows = Array.from({ length: 50 }, (_, index) => rowsOf(session + index)).flat();
    insert.run(placed(rows));
  }
  database.close();
  const bytes = statSync(directoryFile()).size;
  const each = Math.round(bytes / (SESSIONS * EACH));
  print(`${SESSIONS * EACH} rows written`, performance.now() - begun, `${bytes} bytes, ${each} each`);
  edge = await startTestEdge({ state });
});

after(async () => {
  await edge?.stop();
  rmSync(state, { recursive: true, force: true });
});

function print(what: string, ms: number, more = ""): void {
  console.log(`${what.padEnd(52)} ${ms.toFixed(0).padStart(6)} ms  ${more}`);
}

async function page(query: Record<string, string>): Promise<SearchPage> {
  return edge.api<SearchPage>("GET", `/v1/search?${new URLSearchParams(query)}`);
}

/** All pages, or as many as have so many hits. */
async function all(query: Record<string, string>, most = Number.POSITIVE_INFINITY) {
  const hits: SearchHit[] = [];
  let pages = 0;
  const begun = performance.now();
  for (let cursor: string | null = ""; cursor !== null && hits.length < most; pages++) {
    const found: SearchPage = await page({ ...query, limit: "500", ...(cursor !== "" && { cursor }) });
    hits.push(...found.items);
    cursor = found.next;
  }
  print(JSON.stringify(query), performance.now() - begun, `${hits.length} hits, ${pages} pages`);
  return hits;
}

test("the newest, of all, of a principal, a target, a verdict, a time: each first page", async () => {
  const since = String(T0 + 9_000 * APART);
  for (const query of [
    {},
    { principal: "service/agent-7" },
    { target: "orders-3" },
    { verdict: "block" },
    { since },
    { until: since },
    { verdict: "approve", principal: "service/agent-7", target: "orders-3" },
    { text: "order_items" },
    { text: "UPDATE customers" },
    { text: '"FROM invoices"', principal: "service/agent-7" },
    { text: "id", target: "orders-3" },
  ] as Record<string, string>[]) {
    const begun = performance.now();
    const { items, next } = await page({ ...query, limit: "50" });
    print(JSON.stringify(query), performance.now() - begun, `${items.length} hits`);
    // Of three that must hold there are few.
    assert.equal(items.length === 50, next !== null, JSON.stringify(query));
    assert.ok(items.length > 10, JSON.stringify(query));
    const times = items.map(({ time }) => time);
    assert.deepEqual(
      times,
      [...times].sort((one, other) => other - one),
    );
  }
});

test("what is rare is found, wherever it is", async () => {
  const hits = await all({ text: "rare_needle" });
  assert.deepEqual(
    hits.map(({ excerpt }) => excerpt),
    Array.from({ length: 10 }, (_, index) => `SELECT * FROM rare_needle_${9_000 - index * 1_000}`),
  );
  assert.deepEqual(await all({ text: "needle_4000", principal: "service/agent-0" }), hits.slice(5, 6));
  assert.deepEqual(await all({ text: "haystack" }), []);
});

test("what is nowhere, of characters that are everywhere, and of two, is looked for page by page, each bounded", async () => {
  for (const text of ["status created_at nowhere", "sele ctid", "zz"])
    assert.deepEqual(await all({ text }), []);
});

test("pages of thousands lose and double nothing", async () => {
  const hits = await all({ text: "customers", principal: "service/agent-3" });
  const names = new Set(hits.map(({ session, seq, item }) => `${session} ${seq} ${item}`));
  assert.equal(names.size, hits.length);
  assert.ok(hits.length > 1_000, String(hits.length));
  const blocked = await all({ verdict: "block" });
  assert.ok(blocked.length > 1_000 && blocked.every(({ verdict }) => verdict === "block"));
});
