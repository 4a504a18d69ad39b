import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversation } from "../conversation.ts";
import { durationOf, TargetTimeouts } from "./target-timeouts.ts";

/** A target of these settings, whose timers are called by the test. */
function still(settings: Record<string, string>, version: number, status: "I" | "T" = "I") {
  const asked: string[] = [];
  const timers: { ms: number; call(): void; stopped: boolean }[] = [];
  const own = {
    quiet: async () => {},
    endBatch: async () => {},
    query: async (sql: string) => {
      const name = sql.replace("SHOW ", "");
      asked.push(name);
      if (!(name in settings)) throw new Error(`unrecognized configuration parameter "${name}"`);
      return [[settings[name]!]];
    },
  };
  const clock = {
    after(ms: number, call: () => void) {
      const timer = { ms, call, stopped: false };
      timers.push(timer);
      return () => {
        timer.stopped = true;
      };
    },
  };
  const timeouts = new TargetTimeouts(own, new Conversation(status), clock, () => version);
  return { timeouts, asked, timers };
}

const NONE = { idle_in_transaction_session_timeout: "0", server_version_num: "120000" };

test("only settings that the server has are asked for: an unknown one would abort a transaction", async () => {
  const old = still(NONE, 0, "T");
  assert.equal(await old.timeouts.begin(), null);
  assert.deepEqual(old.asked, ["idle_in_transaction_session_timeout", "server_version_num"]);
  assert.deepEqual(old.timers, []);
});

test("the agent is told of a transaction_timeout, in a transaction of a server that has it", async () => {
  const settings = { ...NONE, idle_session_timeout: "0", transaction_timeout: "5s" };
  assert.match(
    (await still(settings, 170_000, "T").timeouts.begin()) ?? "",
    /transaction_timeout of 5000 ms/,
  );
  assert.equal(await still(settings, 170_000, "I").timeouts.begin(), null);
});

test("a third of the least idle time-out is the pause between two questions, but not below 100 ms; stop ends them", async () => {
  const settings = {
    idle_in_transaction_session_timeout: "1min",
    idle_session_timeout: "1500ms",
    server_version_num: "1",
  };
  const { timeouts, timers, asked } = still(settings, 150_000);
  await timeouts.begin();
  assert.equal(timers[0]?.ms, 500);
  timers[0].call();
  await new Promise(setImmediate);
  assert.deepEqual([asked.at(-1), timers.length], ["server_version_num", 2]);
  timers[1]!.call();
  timeouts.stop();
  await new Promise(setImmediate);
  assert.equal(timers.length, 2);
  const quick = still({ ...settings, idle_session_timeout: "30ms" }, 150_000);
  await quick.timeouts.begin();
  assert.equal(quick.timers[0]?.ms, 100);
});

test("times are read as SHOW writes them", () => {
  assert.deepEqual(
    ["0", "250ms", "90s", "5min", "2h", "1d", "7", "soon", ""].map(durationOf),
    [0, 250, 90_000, 300_000, 7_200_000, 86_400_000, 7, 0, 0],
  );
});
