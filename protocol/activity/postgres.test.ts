import assert from "node:assert/strict";
import { test } from "node:test";
import * as pg from "../postgres/messages.ts";
import { bindTo, complete } from "../postgres/transcript/testing.ts";
import { HELD } from "../recording/testing.ts";
import { activities } from "./activities.ts";
import { type Activity, MAX_TEXT } from "./activity.ts";
import {
  activitiesOf,
  answered,
  BLOCKED,
  brief,
  composer,
  DECIDED,
  done,
  error,
  extended,
  OPENED,
  provedFacts,
  READY,
  rowsOf,
  statementQuestion,
} from "./testing.ts";

test("a query that ran, with all that is known of it", () => {
  const scene = composer("postgres").agent(pg.query("SELECT email FROM customers"));
  scene.connector({
    event: "facts",
    statements: [provedFacts("SELECT", ["postgres:call", "postgres:select"])],
  });
  scene.connector({
    event: "masked",
    statements: [{ fingerprint: "00".repeat(16), text: "SELECT masked()", fields: { "pii.email": 2 } }],
  });
  scene.connector({ event: "detected", found: { card: { masked: 1, reported: 4 } } });
  scene.wait(12).target(Buffer.concat([...rowsOf(2), done("SELECT 2"), READY]));
  assert.deepEqual(activitiesOf(scene.entries), [
    {
      seq: 5,
      item: 0,
      time: OPENED,
      kind: "statement",
      text: "SELECT email FROM customers",
      isCut: false,
      verdict: "allow",
      actions: ["postgres:call", "postgres:select"],
      policies: [],
      reason: null,
      approval: null,
      outcome: "ok",
      status: null,
      durationMs: 12,
      masked: { "pii.email": 2, card: 1 },
    },
  ]);
});

test("what was blocked, failed, approved, denied, or has no answer", () => {
  const scene = composer("postgres").agent(pg.query("DROP TABLE c"));
  scene.connector({ event: "judged", decision: BLOCKED, text: "DROP TABLE c", facts: null, plan: null });
  scene.target(Buffer.concat([error("42501", "no"), READY]));
  scene.agent(pg.query("SELEC")).target(Buffer.concat([error("42601", "no"), READY]));
  scene.agent(pg.query("DELETE FROM a"));
  scene.ask({ event: "approval_asked", approval: 1, question: statementQuestion("DELETE FROM a") });
  scene.wait(5_000).edge({ ...DECIDED, approval: 1, status: "approved" });
  scene
    .ask({ event: "approval_used", approval: 1 })
    .wait(7)
    .target(Buffer.concat([done("DELETE 1"), READY]));
  scene.agent(pg.query("DELETE FROM b"));
  scene.ask({ event: "approval_asked", approval: 2, question: statementQuestion("DELETE FROM b") });
  scene.edge({ ...DECIDED, approval: 2, status: "denied" });
  scene.connector({ event: "judged", decision: HELD, text: "DELETE FROM b", facts: null, plan: null });
  scene.target(Buffer.concat([error("42501", "no"), READY])).agent(pg.query("SELECT pg_sleep(9)"));
  const told = activitiesOf(scene.entries);
  assert.deepEqual(brief(told), [
    "DROP TABLE c | block | refused",
    "SELEC | allow | error | 42601",
    "DELETE FROM a | approve | ok",
    "DELETE FROM b | block | refused",
    "SELECT pg_sleep(9) | allow | unknown",
  ]);
  assert.deepEqual(
    told.map(({ approval, policies, reason, durationMs, actions }) => [
      approval,
      policies.join(),
      reason,
      durationMs,
      actions.join(),
    ]),
    [
      [null, "no", "not here", null, ""],
      [null, "", null, 0, ""],
      [1, "ask", "ask first", 7, "postgres:delete"],
      [2, "ask", "ask first", null, "postgres:delete"],
      [null, "", null, null, ""],
    ],
  );
});

test("a live session's held statement waits; one that was withdrawn and needed nobody then was allowed", () => {
  const scene = composer("postgres").agent(pg.query("DELETE FROM a"));
  scene.ask({ event: "approval_asked", approval: 1, question: statementQuestion("DELETE FROM a") });
  assert.deepEqual(brief(activitiesOf(scene.entries)), ["DELETE FROM a | approve | unknown"]);
  scene.ask({ event: "approval_withdrawn", approval: 1, reason: "policies changed" });
  assert.deepEqual(brief(activitiesOf(scene.entries)), ["DELETE FROM a | block | refused"]);
  scene.target(Buffer.concat([done("DELETE 1"), READY]));
  assert.deepEqual(brief(activitiesOf(scene.entries)), ["DELETE FROM a | allow | ok"]);
});

test("several in one entry are told apart; what follows an error is passed over", () => {
  const scene = composer("postgres");
  scene.agent(
    Buffer.concat([
      extended("SELECT 1"),
      extended("SELECT x"),
      extended("INSERT INTO t VALUES (1)"),
      pg.sync(),
    ]),
  );
  scene.target(Buffer.concat([answered("SELECT 1", 1), error("42703", "no column x"), READY]));
  const told = activitiesOf(scene.entries);
  assert.deepEqual(
    told.map(({ seq, item }) => [seq, item]),
    [
      [5, 0],
      [5, 1],
      [5, 2],
    ],
  );
  assert.deepEqual(brief(told), [
    "SELECT 1 | allow | ok",
    "SELECT x | allow | error | 42703",
    "INSERT INTO t VALUES (1) | allow | error",
  ]);
});

test("a string of several is one; its actions are those of its tags where no facts are told", () => {
  const scene = composer("postgres").agent(pg.query("BEGIN; UPDATE t SET a = 1; COMMIT"));
  scene.target(Buffer.concat([done("BEGIN"), done("UPDATE 3"), done("COMMIT"), READY]));
  const [activity, ...others] = activitiesOf(scene.entries);
  assert.deepEqual(activity?.actions, ["postgres:transaction", "postgres:update"]);
  assert.deepEqual(others, []);
});

test("facts are told once and hold for texts that differ in literals, and for no others", () => {
  const scene = composer("postgres");
  const ran = (sql: string) => scene.agent(pg.query(sql)).target(Buffer.concat([done("SELECT 1"), READY]));
  scene.agent(pg.query("SELECT f(1, 'a')"));
  scene.connector({
    event: "facts",
    statements: [provedFacts("SELECT", ["postgres:call", "postgres:select"])],
  });
  scene.target(Buffer.concat([done("SELECT 1"), READY]));
  ran("SELECT f(20, 'it''s')");
  ran("SELECT f(1, E'\\'', 'a')");
  ran("SELECT g(1, 'a')");
  scene.agent(pg.query("SELECT 1 -- 'a'"));
  scene.connector({ event: "facts", statements: [provedFacts("SELECT", ["postgres:escape"])] });
  scene.target(Buffer.concat([done("SELECT 1"), READY]));
  ran("SELECT 1 -- '\n, other() -- '");
  assert.deepEqual(
    activitiesOf(scene.entries).map(({ actions }) => actions.join()),
    [
      "postgres:call,postgres:select",
      "postgres:call,postgres:select",
      "postgres:select",
      "postgres:select",
      "postgres:escape",
      "postgres:select",
    ],
  );
});

test("in a pipeline what was masked goes to the statement of the fingerprint", () => {
  const scene = composer("postgres").agent(pg.query("SELECT email FROM c"));
  scene.connector({
    event: "facts",
    statements: [provedFacts("SELECT", ["postgres:select"], "ee".repeat(16))],
  });
  scene.target(Buffer.concat([done("SELECT 1"), READY]));
  scene.agent(
    Buffer.concat([extended("INSERT INTO t VALUES (1)"), extended("SELECT email FROM c"), pg.sync()]),
  );
  scene.connector({
    event: "masked",
    statements: [{ fingerprint: "ee".repeat(16), text: null, fields: { "pii.email": 3 } }],
  });
  scene.target(Buffer.concat([answered("INSERT 0 1"), answered("SELECT 3"), READY]));
  assert.deepEqual(
    activitiesOf(scene.entries).map(({ masked }) => masked),
    [{}, {}, { "pii.email": 3 }],
  );
});

test("a text that was refused as it was prepared is told, too, and what people were asked of it", () => {
  const scene = composer("postgres");
  const parse = pg.parse({ statement: "s", sql: "DROP TABLE c", parameterTypes: [] });
  scene.agent(Buffer.concat([parse, pg.sync()]));
  scene.ask({ event: "approval_asked", approval: 1, question: statementQuestion("DROP TABLE c") });
  scene.edge({ ...DECIDED, approval: 1, status: "denied" });
  scene.connector({ event: "judged", decision: HELD, text: "DROP TABLE c", facts: null, plan: null });
  scene.target(Buffer.concat([error("42501", "no"), READY]));
  const told = activitiesOf(scene.entries);
  assert.deepEqual(brief(told), ["DROP TABLE c | block | refused"]);
  assert.equal(told[0]?.approval, 1);
});

test("a Bind that people let pass: what is executed of it, and again where it goes on", () => {
  const scene = composer("postgres");
  const parse = pg.parse({ statement: "", sql: "DELETE FROM a", parameterTypes: [] });
  scene.agent(Buffer.concat([parse, bindTo("", [], []), pg.flush()]));
  scene.ask({ event: "approval_asked", approval: 1, question: statementQuestion("DELETE FROM a") });
  scene.edge({ ...DECIDED, approval: 1, status: "approved" }).ask({ event: "approval_used", approval: 1 });
  scene.target(Buffer.concat([complete("1"), complete("2")]));
  const execute = pg.execute({ portal: "", maxRows: 1 });
  scene.agent(execute).target(complete("s"));
  scene.agent(Buffer.concat([execute, pg.sync()])).target(Buffer.concat([done("DELETE 1"), READY]));
  assert.deepEqual(
    activitiesOf(scene.entries).map(({ verdict, approval, outcome }) => [verdict, approval, outcome]),
    [
      ["approve", 1, "ok"],
      ["approve", 1, "ok"],
    ],
  );
});

test("what really ran is told, and nothing that the target returned, nor what it got in the agent's place", () => {
  const scene = composer("postgres");
  const s = (sql: string) => pg.parse({ statement: "s", sql, parameterTypes: [] });
  scene.agent(Buffer.concat([s("DROP TABLE customers"), pg.sync()]));
  scene.target(Buffer.concat([complete("1"), READY]));
  scene.agent(Buffer.concat([s("SELECT 'harmless'"), pg.sync()]));
  scene.agent(Buffer.concat([bindTo("s", [], []), pg.execute({ portal: "", maxRows: 0 }), pg.sync()]));
  scene.connector({
    event: "masked",
    statements: [{ fingerprint: "00".repeat(16), text: "SELECT canary_rewritten", fields: {} }],
  });
  scene.target(Buffer.concat([error("42P05", "canary: s exists"), READY]));
  scene.target(Buffer.concat([complete("2"), ...rowsOf(3), done("DROP TABLE"), READY]));
  const told = activitiesOf(scene.entries);
  assert.deepEqual(brief(told), ["DROP TABLE customers | allow | ok"]);
  assert.ok(!JSON.stringify(told).includes("canary"));
});

test("a session that is killed leaves what ran unknown, and the edge's last word is not its status", () => {
  const scene = composer("postgres").agent(pg.query("SELECT pg_sleep(100)"));
  scene.lastWord(error("57P01", "killed")).ended();
  assert.deepEqual(brief(activitiesOf(scene.entries)), ["SELECT pg_sleep(100) | allow | unknown"]);
});

test("a text is cut between characters; one with half a character can be stored", () => {
  const cut = `${"a".repeat(MAX_TEXT - 1)}😀`;
  const scene = composer("postgres");
  for (const sql of [cut, "SELECT 1"])
    scene.agent(pg.query(sql)).target(Buffer.concat([done("SELECT 1"), READY]));
  const [first, second] = activitiesOf(scene.entries);
  assert.equal(first?.text, "a".repeat(MAX_TEXT - 1));
  assert.deepEqual([first?.isCut, second?.isCut], [true, false]);
});

test("a generator gives the same as a reader", async () => {
  const scene = composer("postgres")
    .agent(pg.query("SELECT 1"))
    .target(Buffer.concat([done("SELECT 1"), READY]));
  const given: Activity[] = [];
  for await (const activity of activities(scene.entries)) given.push(activity);
  assert.deepEqual(given, activitiesOf(scene.entries));
  assert.equal(given.length, 1);
});

test("of more statements than may be open the oldest are given out as they are", () => {
  const scene = composer("postgres");
  for (let at = 0; at < 60; at++) {
    scene.agent(Buffer.concat(Array.from({ length: 100 }, (_, n) => pg.query(`SELECT ${at}_${n}`))));
  }
  const told = activitiesOf(scene.entries);
  assert.equal(told.length, 6_000);
  assert.equal(new Set(told.map(({ text }) => text)).size, 6_000);
});
