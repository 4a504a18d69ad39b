import assert from "node:assert/strict";
import { test } from "node:test";
import type { SearchHit } from "../../protocol/activity/search.ts";
import { composer, done, READY } from "../../protocol/activity/testing.ts";
import * as pg from "../../protocol/postgres/messages.ts";
import { seededRandom } from "../../protocol/recording/testing.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import { SEED } from "../../protocol/seeded.ts";
import type { Env } from "../environment.ts";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import { indexSession } from "./index-session.ts";
import { LiveActivities, type LiveRequest } from "./live-activities.ts";
import { compare, decodePosition, type SearchRequest } from "./request.ts";
import { search } from "./search.ts";
import { searchOf, T0 } from "./testing.ts";

console.log(`SEED=${SEED}`);

/** Sessions that go on, each with the entries of its log so far, and those that are sealed. */
class World {
  readonly database = newDatabase();
  readonly logs = new Map<string, RecordedEntry[]>();
  readonly asked: string[] = [];
  /** Called when a session is asked. */
  meanwhile: (session: string) => Promise<void> = async () => {};
  readonly #live = new LiveActivities();
  readonly env: Env;

  constructor() {
    const directory = sqliteDirectory(undefined, this.database);
    const find = async (session: string, request: LiveRequest) => {
      this.asked.push(session);
      const log = this.logs.get(session)!;
      const found = this.#live.find(session, (from) => entriesFrom(log, from), request);
      await this.meanwhile(session);
      return found;
    };
    const SESSION = { getByName: () => ({ findActivities: find }) };
    this.env = { DIRECTORY: directory, SESSION } as unknown as Env;
  }

  open(session: string, principal = "service/agent", opened = T0): void {
    this.database
      .prepare(
        `INSERT INTO sessions (id, target, kind, principal, groups, connector, instance, address, opened, until)
         VALUES (?, 'orders', 'postgres', ?, '[]', 'main', '', '', ?, 0)`,
      )
      .run(session, principal, opened);
    this.logs.set(session, composer("postgres").entries);
  }

  async seal(session: string): Promise<void> {
    const { principal } = this.database.prepare("SELECT principal FROM sessions WHERE id = ?").get(session)!;
    const facts = { session, principal: String(principal), target: "orders" };
    await indexSession(this.env, facts, this.logs.get(session)!);
    this.database.prepare("UPDATE sessions SET ended = ?, sealed = ? WHERE id = ?").run(T0, T0, session);
  }

  async page(request: SearchRequest, next: string | null, window?: number) {
    const after = next === null ? null : decodePosition(next);
    return search(this.env, { ...request, after }, window);
  }

  async all(request: SearchRequest, window?: number): Promise<SearchHit[]> {
    const hits: SearchHit[] = [];
    for (let next: string | null = null; ; ) {
      const page = await this.page(request, next, window);
      hits.push(...page.items);
      if (page.next === null) return hits;
      next = page.next;
    }
  }
}

async function* entriesFrom(log: readonly RecordedEntry[], from: number): AsyncGenerator<RecordedEntry> {
  yield* log.slice(from - 1);
}

/** Entries of a session that runs these statements, the time of each given in ms. */
function ran(statements: [sql: string, time: number][]): RecordedEntry[] {
  const scene = composer("postgres");
  for (const [sql, time] of statements) {
    scene.wait(T0 + time - scene.entries.at(-1)!.time).agent(pg.query(sql));
    scene.target(Buffer.concat([done("SELECT 1"), READY]));
  }
  return scene.entries;
}

const id = (number: number) => number.toString(16).padStart(32, "0");

test("pages lose and double nothing while sessions go on, come, and are sealed", async () => {
  const random = seededRandom(SEED);
  const world = new World();
  const before = new Set<string>();
  for (let session = 0; session < 8; session++) {
    world.open(id(session));
    const count = 150 + random(100);
    const statements = Array.from({ length: count }, (_, index): [string, number] => [
      `SELECT ${session}_${index}`,
      Math.floor(index / 3) * 10 + random(3),
    ]);
    world.logs.set(id(session), ran(statements.sort(([, one], [, other]) => one - other)));
    for (const [sql] of statements) before.add(sql);
    if (session % 3 === 0) await world.seal(id(session));
  }
  assert.ok(before.size > 1_000);
  const hits: SearchHit[] = [];
  const request = searchOf({ limit: 37 });
  for (let next: string | null = null, turn = 0; ; turn++) {
    const page = await world.page(request, next);
    hits.push(...page.items);
    if (page.next === null) break;
    next = page.next;
    assert.equal(page.items.length, 37);
    const session = random(8);
    if (turn % 3 === 1 && session % 3 !== 0) await world.seal(id(session));
    const log = world.logs.get(id(1))!;
    log.push(
      ...ran([[`SELECT new_${turn}`, 900_000 + turn]])
        .slice(-2)
        .map((one, n) => ({ ...one, seq: log.length + 1 + n })),
    );
    world.open(id(1_000 + turn), "service/agent", T0 + 800_000 + turn);
    world.logs.set(id(1_000 + turn), ran([[`SELECT later_${turn}`, 800_000 + turn]]));
  }
  const found = hits.map(({ excerpt }) => excerpt);
  assert.equal(new Set(found).size, found.length);
  assert.deepEqual(new Set(found), before);
  assert.deepEqual([...hits].sort(compare), hits);
});

test("a live session and a sealed one tell of the same in the same way", async () => {
  const world = new World();
  world.open(id(1));
  world.logs.set(
    id(1),
    ran([
      ["SELECT a", 0],
      ["SELECT a", 5],
      ["DROP TABLE a", 9],
    ]),
  );
  const request = searchOf({ terms: ["a"] });
  const live = await world.all(request);
  assert.deepEqual(
    live.map(({ excerpt, count, isLive }) => [excerpt, count, isLive]),
    [
      ["DROP TABLE a", 1, true],
      ["SELECT a", 2, true],
    ],
  );
  await world.seal(id(1));
  const sealed = await world.all(request);
  assert.deepEqual(
    sealed,
    live.map((hit) => ({ ...hit, isLive: false })),
  );
  assert.equal(world.asked.length, 1);
});

test("a session that is sealed while it is asked is found once", async () => {
  const world = new World();
  world.open(id(1));
  world.logs.set(
    id(1),
    ran([
      ["SELECT a", 0],
      ["SELECT b", 5],
    ]),
  );
  world.meanwhile = (session) => world.seal(session);
  const hits = await world.all(searchOf({}));
  assert.deepEqual(
    hits.map(({ excerpt, isLive }) => [excerpt, isLive]),
    [
      ["SELECT b", false],
      ["SELECT a", false],
    ],
  );
});

test("where the index is not looked through at once, what is live and older waits for its page", async () => {
  const world = new World();
  world.open(id(1));
  world.logs.set(
    id(1),
    ran([
      ["SELECT a", 0],
      ["SELECT needle", 1],
      ["SELECT needle, 2", 2_000_000],
    ]),
  );
  world.open(id(2));
  const others = Array.from({ length: 900 }, (_, n): [string, number] => [`SELECT ${n}`, 1_000 + n]);
  world.logs.set(id(2), ran([["SELECT needle", 500], ...others]));
  await world.seal(id(2));
  const request = searchOf({ terms: ["needle"], owner: { principal: "service/agent" } });
  const first = await world.page(request, null, 100);
  assert.deepEqual([first.items.length, first.next === null], [1, false]);
  const hits = await world.all(request, 100);
  assert.deepEqual(
    hits.map(({ time }) => time - T0),
    [2_000_000, 500, 1],
  );
});

test("what still runs is found; a session is read on from where the last search ended", async () => {
  const world = new World();
  world.open(id(1));
  const log = world.logs.get(id(1))!;
  const [agent] = ran([["SELECT pg_sleep(1)", 1]]).slice(-2);
  log.push(agent!);
  const request = searchOf({ terms: ["sleep"] });
  assert.equal((await world.all(request)).length, 1);
  log.length = 0;
  log.push(
    ...ran([
      ["SELECT pg_sleep(1)", 1],
      ["SELECT pg_sleep(2)", 2],
    ]),
  );
  assert.equal((await world.all(request)).length, 2);
});

test("others' sessions are neither shown nor asked", async () => {
  const world = new World();
  for (const [number, principal] of [
    ["1", "corp/alice"],
    ["2", "corp/eve"],
  ] as const) {
    world.open(id(Number(number)), principal);
    world.logs.set(id(Number(number)), ran([["SELECT secret", 0]]));
  }
  world.open(id(3), "corp/eve");
  world.logs.set(id(3), ran([["SELECT secret", 0]]));
  await world.seal(id(3));
  const hits = await world.all(searchOf({ owner: { principal: "corp/alice" }, terms: ["secret"] }));
  assert.deepEqual(
    hits.map(({ session, principal }) => [session, principal]),
    [[id(1), "corp/alice"]],
  );
  assert.deepEqual(world.asked, [id(1)]);
});

test("of more sessions than are asked the newest are; the others are named", async () => {
  const world = new World();
  for (let session = 0; session < 40; session++) world.open(id(session), "service/agent", T0 + session);
  const { partial } = await world.page(searchOf({}), null);
  assert.deepEqual(
    partial,
    Array.from({ length: 8 }, (_, index) => id(7 - index)),
  );
  assert.equal(new Set(world.asked).size, 32);
});

test("a session that can't be read is named, and does not keep the others from being found", async (t) => {
  t.mock.method(console, "error", () => {});
  const world = new World();
  for (const session of [1, 2]) world.open(id(session));
  world.logs.set(id(1), ran([["SELECT 1", 0]]));
  world.logs.delete(id(2));
  const { items, partial } = await world.page(searchOf({}), null);
  assert.deepEqual([items.length, partial], [1, [id(2)]]);
});

test("a search asks no session that opened after what is searched for, or is sealed", async () => {
  const world = new World();
  world.open(id(1), "service/agent", T0 + 100);
  world.open(id(2), "service/agent", T0);
  world.open(id(3), "service/agent", T0);
  await world.seal(id(3));
  await world.page(searchOf({ until: T0 + 50 }), null);
  assert.deepEqual(world.asked, [id(2)]);
});
