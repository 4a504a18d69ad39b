import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../environment.ts";
import { sessionStorage } from "../testing/session-storage.ts";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import { SiemOutbox } from "./outbox.ts";
import { siemStatus, staleLanes } from "./status.ts";
import { ListSources } from "./testing.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const START = 1_000_000;

/** Objects that share a directory and a receiver. */
function setUp() {
  const database = newDatabase();
  let isDown = false;
  const env = {
    DIRECTORY: sqliteDirectory(async () => {
      if (isDown) throw new Error("D1 is down");
    }, database),
    SIEM_URL: "https://siem.example.com/in",
    SIEM_TOKEN: SECRET,
  } as Env;
  const time = { now: START };
  const receiver = { status: 204, uids: [] as string[] };
  const means = {
    clock: () => time.now,
    random: () => 1,
    turn: async () => {},
    log: () => {},
    fetch: async (_url: string, init: RequestInit) => {
      const { data } = JSON.parse(String(init.body)) as { data: { metadata: { uid: string } }[] };
      if (receiver.status === 204) receiver.uids.push(...data.map(({ metadata }) => metadata.uid));
      return new Response(null, { status: receiver.status });
    },
  };
  const object = (id: string) => {
    const sources = new ListSources();
    let idle = 0;
    const outbox = new SiemOutbox(
      env,
      sessionStorage(),
      {
        id,
        kind: "session",
        sources,
        wake: () => {},
        idle: () => void idle++,
      },
      means,
    );
    const run = async (until = START * 2) => {
      for (let round = 0; round < 50 && outbox.deadline() <= until; round++) {
        time.now = Math.max(time.now, outbox.deadline());
        await outbox.run(time.now);
      }
    };
    return { sources, outbox, run, idle: () => idle };
  };
  const status = async () => (await siemStatus(env, time.now)).destinations[0]!;
  return {
    env,
    time,
    receiver,
    object,
    status,
    down: (down: boolean) => {
      isDown = down;
    },
  };
}

test("the status adds up what all objects have, and what those had that are done", async () => {
  const { object, status, env } = setUp();
  const [one, two] = [object("one"), object("two")];
  one.sources.add("a", 3);
  one.outbox.grown("a", START);
  two.sources.add("b", 2);
  two.outbox.grown("b", START);
  await one.run();
  await two.run();
  assert.deepEqual([(await status()).delivered, (await status()).waiting], [5, 0]);
  assert.equal(one.idle(), 0, "the session may go on");
  one.sources.lists.get("a")!.isOver = true;
  one.outbox.grown("a", START * 3, true);
  await one.run(START * 4);
  assert.equal((await status()).delivered, 6);
  assert.ok(one.idle() > 0 && one.outbox.isIdle());
  const rows = await env.DIRECTORY.prepare("SELECT object FROM siem_lanes").all();
  assert.deepEqual(
    rows.results.map(({ object }) => object),
    ["two"],
    "nothing is kept of one that is done",
  );
});

test("while a destination is down, what waits is shown, since when, and why", async () => {
  const { object, status, receiver, time, env } = setUp();
  const one = object("one");
  receiver.status = 503;
  one.sources.add("a", 1);
  one.outbox.grown("a", START);
  await one.run(START + 30_000);
  const { state, error, waiting, oldest, lagMs, attempts } = await status();
  assert.deepEqual([state, error, waiting, oldest], ["failing", "HTTP 503", 1, START]);
  assert.ok(lagMs > 0 && attempts > 1);
  assert.deepEqual(
    (await staleLanes(env.DIRECTORY, time.now + 1, 10)).map((one) => ({ ...one })),
    [{ object: "one", kind: "session" }],
  );
  assert.deepEqual(await staleLanes(env.DIRECTORY, START, 10), []);
  receiver.status = 204;
  await one.run(START * 2);
  assert.deepEqual([(await status()).state, (await status()).waiting, receiver.uids], ["ok", 0, ["a/1/0"]]);
});

test("a directory that is down stops no delivery, and hears of it later", async () => {
  const { object, status, receiver, down } = setUp();
  const one = object("one");
  one.sources.add("a", 2);
  one.outbox.grown("a", START);
  down(true);
  await one.run(START + 5_000);
  assert.deepEqual(receiver.uids, ["a/1/0", "a/1/1"]);
  down(false);
  await one.run(START + 60_000);
  assert.equal((await status()).delivered, 2);
});

test("an event that was given up is named in the status", async () => {
  const { object, receiver, env, time } = setUp();
  const one = object("one");
  receiver.status = 400;
  one.sources.add("a", 1);
  one.outbox.grown("a", START);
  await one.run(START * 2);
  const { quarantined, destinations } = await siemStatus(env, time.now);
  assert.deepEqual(
    quarantined.map(({ uid, detail, classUid }) => [uid, detail, classUid]),
    [["a/1/0", "HTTP 400", 6003]],
  );
  assert.equal(destinations[0]!.quarantined, 1);
});

test("without a destination nothing is written", async () => {
  const sql = sessionStorage();
  const sources = new ListSources();
  const outbox = new SiemOutbox({} as Env, sql, {
    id: "one",
    kind: "session",
    sources,
    wake: () => assert.fail(),
  });
  outbox.grown("a", START);
  assert.equal(outbox.deadline(), Number.POSITIVE_INFINITY);
  assert.equal(outbox.isIdle(), true);
  assert.deepEqual([...sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 'siem%'")], []);
});
