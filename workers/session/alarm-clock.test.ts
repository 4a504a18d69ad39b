import assert from "node:assert/strict";
import { test } from "node:test";
import { AlarmClock } from "./alarm-clock.ts";

test("the alarm is at the earliest time asked for, and never at the time of the one that runs", () => {
  const set: number[] = [];
  const clock = new AlarmClock((at) => set.push(at));
  clock.wake(Number.POSITIVE_INFINITY);
  clock.wake(100);
  clock.wake(200);
  clock.wake(50);
  assert.deepEqual(set, [100, 50]);
  clock.fired(50);
  clock.wake(50);
  clock.wake(40);
  assert.deepEqual(set, [100, 50, 51]);
  clock.fired(51);
  clock.wake(200);
  assert.deepEqual(set, [100, 50, 51, 200]);
});
