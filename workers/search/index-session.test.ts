import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { composer, done, READY } from "../../protocol/activity/testing.ts";
import * as pg from "../../protocol/postgres/messages.ts";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import { DistinctActivities, MAX_ALLOWED, MAX_OTHERS, MAX_TEXTS } from "./distinct.ts";
import { forgetSession, indexSession, talliesOf } from "./index-session.ts";
import { PLACES, placeOf } from "./places.ts";
import { activityOf, T0 } from "./testing.ts";

const FACTS = {
  session: "ab".repeat(16),
  principal: "service/agent",
  onBehalfOf: "corp/alice",
  target: "orders",
};

function ran(...texts: string[]) {
  const scene = composer("postgres");
  for (const sql of texts) {
    scene.agent(pg.query(sql)).target(Buffer.concat([done("SELECT 1"), READY]));
    scene.wait(1_000);
  }
  return scene.ended().entries;
}

function directory(): { database: DatabaseSync; env: { DIRECTORY: D1Database } } {
  const database = newDatabase();
  return { database, env: { DIRECTORY: sqliteDirectory(undefined, database) } };
}

function texts(database: DatabaseSync): string[] {
  return database
    .prepare("SELECT text FROM activities ORDER BY id")
    .all()
    .map(({ text }) => String(text));
}

function found(database: DatabaseSync, gram: string): number {
  const { n } = database
    .prepare("SELECT count(*) AS n FROM activity_texts WHERE activity_texts MATCH ?")
    .get(`"${gram}"`)!;
  return Number(n);
}

test("a session's activities are indexed once each, with count, first and last time, and its tallies", async () => {
  const { database, env } = directory();
  const indexed = await indexSession(env, FACTS, ran("SELECT 1", "SELECT\n  2", "SELECT 1"));
  assert.deepEqual(indexed, { indexed: "whole", rows: 2 });
  const rows = database
    .prepare(
      "SELECT session, seq, item, last, count, kind, verdict, principal, on_behalf_of, target, text FROM activities",
    )
    .all();
  const common = { item: 0, kind: "statement", verdict: "allow", target: "orders" };
  const whose = { session: FACTS.session, principal: "service/agent", on_behalf_of: "corp/alice" };
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [
      { ...common, ...whose, seq: 5, last: T0 + 2_000, count: 2, text: "SELECT 1" },
      { ...common, ...whose, seq: 7, last: T0 + 1_000, count: 1, text: "SELECT 2" },
    ],
  );
  const tallies = await talliesOf(env.DIRECTORY, [FACTS.session, "none"]);
  const counts = { allowed: 3, approved: 0, blocked: 0, held: 0, masked: 0, indexed: "whole" };
  assert.deepEqual([...tallies], [[FACTS.session, counts]]);
});

test("a retry replaces what was there, and a session that is forgotten leaves nothing", async () => {
  const { database, env } = directory();
  const other = { ...FACTS, session: "cd".repeat(16) };
  await indexSession(env, other, ran("SELECT 'kept'"));
  await indexSession(env, FACTS, ran("SELECT 'before'"));
  await indexSession(env, FACTS, ran("SELECT 'after'"));
  await indexSession(env, FACTS, ran("SELECT 'after'"));
  assert.deepEqual(texts(database).sort(), ["SELECT 'after'", "SELECT 'kept'"]);
  assert.deepEqual([found(database, "bef"), found(database, "aft")], [0, 1]);
  await forgetSession(env, FACTS.session);
  await forgetSession(env, FACTS.session);
  assert.deepEqual(texts(database), ["SELECT 'kept'"]);
  assert.deepEqual([found(database, "aft"), found(database, "kep")], [0, 1]);
  assert.equal((await talliesOf(env.DIRECTORY, [FACTS.session])).size, 0);
  database.exec("INSERT INTO activity_texts (activity_texts) VALUES ('integrity-check')");
});

test("what is forgotten does not stand in the index's own tables either", async () => {
  const { database, env } = directory();
  await indexSession(env, FACTS, ran("SELECT 'zqxjkw'"));
  await forgetSession(env, FACTS.session);
  const blocks = database.prepare("SELECT block FROM activity_texts_data").all();
  assert.ok(!blocks.some(({ block }) => Buffer.from(block as Uint8Array).includes("zqx")));
});

test("sessions whose activities fall into one ms get places of their own, also when both are written at once", async () => {
  const database = newDatabase();
  const sessions = Array.from({ length: 20 }, (_, index) => index.toString(16).padStart(32, "0"));
  await Promise.all(
    sessions.map(async (session) => {
      const env = { DIRECTORY: sqliteDirectory(async () => {}, database) };
      await indexSession(env, { ...FACTS, session }, ran("SELECT 1", "SELECT 2"));
    }),
  );
  assert.equal(texts(database).length, 40);
});

test("a place that another session takes meanwhile is chosen anew", async () => {
  const { database, env } = directory();
  await indexSession(env, FACTS, ran("SELECT 1"));
  const { id } = database.prepare("SELECT id FROM activities").get()!;
  await forgetSession(env, FACTS.session);
  let steps = 0;
  const racing = sqliteDirectory(async () => {
    steps++;
    if (steps !== 2) return;
    database
      .prepare(
        "INSERT INTO activities VALUES (?, 'x', 1, 0, 0, 1, 'statement', 'allow', 'p', NULL, 't', 'x')",
      )
      .run(id as number);
  }, database);
  await indexSession({ DIRECTORY: racing }, FACTS, ran("SELECT 1"));
  assert.equal(texts(database).length, 2);
  assert.equal(steps, 4);
});

test("a ms that is full leaves what does not fit out, and says so", async () => {
  const { database, env } = directory();
  const sql =
    "INSERT INTO activities SELECT ?1 + value, 'x', 1, 0, 0, 1, 'statement', 'allow', 'p', NULL, 't', 'xyz' FROM json_each(?2)";
  database.prepare(sql).run(placeOf(T0), JSON.stringify(Array.from({ length: PLACES }, (_, n) => n)));
  assert.deepEqual(await indexSession(env, FACTS, ran("SELECT 1", "SELECT 2")), {
    indexed: "partial",
    rows: 1,
  });
});

test("a session of more than is kept is partial: what was refused is not pushed out by what was allowed", () => {
  const distinct = new DistinctActivities();
  for (let seq = 0; seq < MAX_ALLOWED + 10; seq++) distinct.add(activityOf({ seq, text: `SELECT ${seq}` }));
  assert.equal(distinct.isWhole, false);
  for (let seq = 0; seq < 5; seq++) distinct.add(activityOf({ seq, text: `DROP ${seq}`, verdict: "block" }));
  const rows = [...distinct.rows];
  assert.equal(rows.length, MAX_ALLOWED + 5);
  assert.equal(distinct.tallies.allowed, MAX_ALLOWED + 10);
  for (let seq = 0; seq < MAX_OTHERS + 5; seq++)
    distinct.add(activityOf({ seq, text: `HELD ${seq}`, verdict: "approve", approval: seq }));
  assert.equal([...distinct.rows].length, MAX_ALLOWED + MAX_OTHERS);
  assert.equal(distinct.tallies.held, MAX_OTHERS + 5);
});

test("the texts of a session are bounded, and one of an hour later is another", () => {
  const distinct = new DistinctActivities();
  for (let seq = 0; seq < 300; seq++) distinct.add(activityOf({ seq, text: `${seq} `.padEnd(4_096, "x") }));
  const characters = [...distinct.rows].reduce((sum, { text }) => sum + text.length, 0);
  assert.ok(characters <= MAX_TEXTS && !distinct.isWhole);
  const long = new DistinctActivities();
  for (const hours of [0, 0.4, 5]) long.add(activityOf({ seq: hours, time: T0 + hours * 3_600_000 }));
  assert.deepEqual(
    Array.from(long.rows, ({ time, last, count }) => [
      (time - T0) / 3_600_000,
      (last - T0) / 3_600_000,
      count,
    ]),
    [
      [0, 0.4, 2],
      [5, 5, 1],
    ],
  );
});

test("of those that are answered in another order the first asked counts; masked values are counted", () => {
  const distinct = new DistinctActivities();
  distinct.add(activityOf({ seq: 9, time: T0 + 5, masked: { email: 2 } }));
  distinct.add(activityOf({ seq: 7, time: T0 + 1, masked: { card: 1 } }));
  assert.deepEqual(
    Array.from(distinct.rows, ({ seq, time, last, count }) => [seq, time - T0, last - T0, count]),
    [[7, 1, 5, 2]],
  );
  assert.equal(distinct.tallies.masked, 3);
});

test("of an encrypted recording the index has what was asked by kind, verdict and time, and no text of it", async () => {
  const { database, env } = directory();
  await indexSession(env, FACTS, ran("SELECT 1", "SELECT secret_word"));
  assert.ok(found(database, "sec") > 0);
  assert.deepEqual(await indexSession(env, FACTS, ran("SELECT 1", "SELECT secret_word"), false), {
    indexed: "whole",
    rows: 1,
  });
  const rows = database.prepare("SELECT kind, verdict, count, text FROM activities").all();
  assert.deepEqual({ ...rows[0] }, { kind: "statement", verdict: "allow", count: 2, text: "" });
  assert.equal(found(database, "sec"), 0, "what was there before is gone");
});
