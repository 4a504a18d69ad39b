import assert from "node:assert/strict";
import { test } from "node:test";
import { WATCHER_MS, Watching } from "./watching.ts";

function watching() {
  const timers: { ms: number; call(): void }[] = [];
  const one = new Watching({
    after(ms, call) {
      const timer = { ms, call };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  });
  return { one, timers };
}

test("who waits goes on when somebody watches, and no timer stays behind", async () => {
  const { one, timers } = watching();
  const begun = one.begun(new AbortController().signal);
  one.changed(0);
  one.changed(1);
  assert.equal(await begun, true);
  assert.equal(timers.length, 0);
  assert.equal(await one.begun(new AbortController().signal), true);
  assert.equal(timers.length, 0);
});

test("nobody comes in time, or who waits gives up", async () => {
  const { one, timers } = watching();
  const late = one.begun(new AbortController().signal);
  assert.equal(timers[0]!.ms, WATCHER_MS);
  timers[0]!.call();
  assert.equal(await late, false);
  const giving = new AbortController();
  const given = one.begun(giving.signal);
  giving.abort();
  assert.equal(await given, false);
  one.changed(1);
  assert.equal(await one.begun(AbortSignal.abort()), false);
  assert.equal(timers.length, 0);
});

test("listeners hear each change until they stop, also one that stops while it is told", () => {
  const { one } = watching();
  const heard: string[] = [];
  const stop = one.onChange(() => {
    heard.push(`first ${one.isWatched}`);
    stop();
  });
  one.onChange(() => heard.push(`second ${one.isWatched}`));
  one.changed(2);
  one.changed(0);
  assert.deepEqual(heard, ["first true", "second true", "second false"]);
});
