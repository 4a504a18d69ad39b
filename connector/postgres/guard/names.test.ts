import assert from "node:assert/strict";
import { test } from "node:test";
import { SallyportError } from "../../../protocol/errors.ts";
import { Names } from "./names.ts";

test("a name has all meanings that it may have until the target tells", () => {
  const names = new Names<string>();
  names.add("s", "harmless");
  names.confirm("s", "harmless");
  names.add("s", "other");
  assert.deepEqual(names.get("s"), ["harmless", "other"]);
});

test("in one batch a name means what was asked for last; behind its Sync it may mean the others again", () => {
  const names = new Names<string>();
  names.add("s", "old");
  names.ask("s", "new");
  assert.deepEqual(names.get("s"), ["new"]);
  assert.deepEqual(names.all(), ["old", "new"]);
  names.endBatch();
  assert.deepEqual(names.get("s"), ["old", "new"]);
});

test("SQL that names it anew, or lets it go, ends what a batch is certain of", () => {
  const names = new Names<string>();
  names.ask("s", "asked");
  names.add("s", "by PREPARE");
  assert.deepEqual(names.get("s"), ["asked", "by PREPARE"]);
  names.ask("s", "again");
  const gone = names.forgetting();
  assert.deepEqual(names.get("s"), ["asked", "by PREPARE", "again"]);
  gone();
  assert.deepEqual(names.get("s"), []);
});

test("a refused meaning is gone, and what the name meant before it means still", () => {
  const names = new Names<string>();
  names.add("s", "first");
  names.add("s", "second");
  names.refuse("s", "second");
  assert.deepEqual(names.get("s"), ["first"]);
  names.refuse("s", "first");
  assert.deepEqual(names.get("s"), []);
});

test("a taken meaning ends those before it, and not those that were asked after", () => {
  const names = new Names<string>();
  for (const meaning of ["first", "second", "third"]) names.add("s", meaning);
  names.confirm("s", "second");
  assert.deepEqual(names.get("s"), ["second", "third"]);
});

test("what was given a name after a Close was sent outlives the answer to the Close", () => {
  const names = new Names<string>();
  names.add("s", "old");
  const closed = names.forgetting("s");
  names.add("s", "new");
  assert.deepEqual(names.get("s"), ["old", "new"]);
  closed();
  assert.deepEqual(names.get("s"), ["new"]);
});

test("forgetting all forgets all that there was", () => {
  const names = new Names<string>();
  names.add("a", "1");
  names.add("b", "2");
  const all = names.forgetting();
  names.add("c", "3");
  all();
  assert.deepEqual(names.all(), ["3"]);
});

test("a session can't fill the memory with names or with meanings", () => {
  const limited = (error: unknown) => error instanceof SallyportError && error.code === "limit_exceeded";
  const names = new Names<number>();
  assert.throws(() => {
    for (let i = 0; i <= 10_000; i++) names.add(`s${i}`, i);
  }, limited);
  const meanings = new Names<number>();
  assert.throws(() => {
    for (let i = 0; i <= 100; i++) meanings.add("", i);
  }, limited);
});
