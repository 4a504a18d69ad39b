import assert from "node:assert/strict";
import { test } from "node:test";
import type { RefusedSignIns } from "../../protocol/ocsf/sign-in.ts";
import { MAX_APART } from "./refused-sign-ins.ts";
import { GATHER_MS, SignInGatherer } from "./sign-in-gatherer.ts";

const refused = (address = "203.0.113.7", now = 0): RefusedSignIns => ({
  reason: "malformed",
  principal: null,
  issuer: null,
  address,
  count: 1,
  first: now,
  last: now,
});

function setUp() {
  const reports: RefusedSignIns[][] = [];
  const world = { now: 1_000_000, isDown: false };
  const sleeping: { until: number; wake: () => void }[] = [];
  const means = {
    clock: () => world.now,
    sleep: (ms: number) =>
      new Promise<void>((wake) => {
        sleeping.push({ until: world.now + ms, wake });
      }),
    send: async (refused: RefusedSignIns[]) => {
      reports.push(refused);
      if (world.isDown) throw new Error("the ledger is down");
    },
    log: () => {},
  };
  const pass = (ms: number) => {
    world.now += ms;
    for (const one of sleeping.splice(0)) {
      if (one.until <= world.now) one.wake();
      else sleeping.push(one);
    }
  };
  const gatherer = new SignInGatherer();
  return { reports, world, means, pass, note: (address?: string) => gatherer.note(refused(address), means) };
}

const sum = (reports: RefusedSignIns[][]) => reports.flat().reduce((all, { count }) => all + count, 0);

test("the first is reported at once, and a flood after it once in a while, however many there are", async () => {
  const { reports, note, pass } = setUp();
  await note();
  assert.deepEqual(reports, [[refused()]]);
  for (let report = 0; report < 4; report++) {
    const promises = Array.from({ length: 5_000 }, () => note());
    assert.equal(promises.filter((one) => one !== null).length, 1, "one request waits for the report");
    pass(GATHER_MS);
    await Promise.all(promises);
  }
  assert.equal(reports.length, 5);
  assert.equal(sum(reports), 20_001);
});

test("memory and a report are bounded, whatever addresses come", async () => {
  const { reports, note, pass } = setUp();
  await note();
  const promises = Array.from({ length: 50_000 }, (_, index) => note(`2001:db8::${index}`));
  pass(GATHER_MS);
  await Promise.all(promises);
  assert.equal(reports[1]!.length, MAX_APART + 1);
  assert.equal(sum(reports), 50_001);
});

test("a report that fails is made again with the next, and one whose request is gone is taken over", async () => {
  const { reports, note, pass, world } = setUp();
  world.isDown = true;
  await note();
  world.isDown = false;
  pass(GATHER_MS);
  await note();
  assert.equal(reports.at(-1)![0]!.count, 2);
  // The request that waits for the report is cancelled: its promise never goes on.
  assert.notEqual(note(), null);
  world.now += 30_000;
  assert.equal(note(), null);
  world.now += 30_000;
  const last = note();
  assert.notEqual(last, null);
  await last;
  assert.equal(reports.at(-1)![0]!.count, 3);
});
