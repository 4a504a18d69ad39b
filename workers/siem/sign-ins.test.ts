import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type RefusedSignIns, SIGN_IN_REASONS, type SignInReason } from "../../protocol/ocsf/sign-in.ts";
import { runs, SEED } from "../../protocol/seeded.ts";
import type { Env } from "../environment.ts";
import { sessionStorage } from "../testing/session-storage.ts";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import { Feed } from "./feed.ts";
import { SiemOutbox } from "./outbox.ts";
import { MAX_APART } from "./refused-sign-ins.ts";
import { LINGER_MS, MAX_WAITING, SIGN_INS, SignIns, WINDOW_MS } from "./sign-ins.ts";

const START = 1_000_000;
const REASONS = Object.keys(SIGN_IN_REASONS) as SignInReason[];

function refused(over: Partial<RefusedSignIns> = {}): RefusedSignIns {
  return {
    reason: "unknown_token",
    principal: null,
    issuer: null,
    address: "203.0.113.7",
    count: 1,
    first: START,
    last: START,
    ...over,
  };
}

/** All that there is to tell. */
async function told(signIns: SignIns): Promise<{ uid: string; count: number; address: string }[]> {
  const feed = new Feed(signIns.sources(), SIGN_INS, { seq: 0, item: -1 }, false, async () => {});
  while (!(await feed.fill(100_000, Number.MAX_SAFE_INTEGER)));
  return feed.buffer.map(({ event }) => {
    const { ip, name } = event.src_endpoint as { ip?: string; name?: string };
    return { uid: event.metadata.uid, count: event.count as number, address: ip ?? name! };
  });
}

const rowsOf = (sql: ReturnType<typeof sessionStorage>) =>
  Number(
    [
      ...sql.exec("SELECT (SELECT count(*) FROM sign_ins_open) + (SELECT count(*) FROM sign_ins_told) AS n"),
    ][0]!.n,
  );

test("a refusal is told soon, and those that follow together, once in each window", async () => {
  const signIns = new SignIns(sessionStorage());
  assert.equal(signIns.deadline(START), Number.POSITIVE_INFINITY);
  signIns.add([refused()]);
  assert.equal(signIns.deadline(START), START + LINGER_MS);
  assert.equal(signIns.close(START + LINGER_MS - 1, 0), false);
  assert.equal(signIns.close(START + LINGER_MS, 0), true);
  const next = START + LINGER_MS + 1;
  for (let at = 0; at < 500; at++) signIns.add([refused({ first: next + at, last: next + at, count: 3 })]);
  assert.equal(signIns.deadline(next), START + LINGER_MS + WINDOW_MS);
  assert.equal(signIns.close(next + WINDOW_MS - 2, 0), false);
  assert.equal(signIns.close(next + WINDOW_MS, 0), true);
  assert.deepEqual(
    (await told(signIns)).map(({ uid, count }) => [uid, count]),
    [
      [`sign-in/${START}/1`, 1],
      [`sign-in/${next}/2`, 1_500],
    ],
  );
});

test("a flood from ever new addresses with ever new issuers neither fills the storage nor loses a count", async () => {
  const sql = sessionStorage();
  const signIns = new SignIns(sql);
  let now = START;
  let sent = 0;
  const most = MAX_APART + REASONS.length;
  const windows = Math.ceil(MAX_WAITING / most) + 5;
  for (let window = 0; window < windows; window++) {
    for (let report = 0; report < 3; report++) {
      const batch = Array.from({ length: 200 }, (_, index) =>
        refused({
          reason: REASONS[index % REASONS.length]!,
          issuer: `https://${window}-${report}-${index}.example`,
          address: `2001:db8::${report}:${index}`,
          first: now,
          last: now,
        }),
      );
      signIns.add(batch);
      sent += batch.length;
    }
    now += WINDOW_MS;
    signIns.close(now, 0);
    assert.ok(rowsOf(sql) <= MAX_WAITING + 2 * most, `${rowsOf(sql)} rows`);
  }
  assert.equal(signIns.deadline(now), now + WINDOW_MS, "there is no room: it is counted on");
  const all = await told(signIns);
  const first = all.slice(0, most);
  assert.equal(first.filter(({ address }) => address === "several").length, REASONS.length);
  // Once the destination takes them there is room again, and what was counted meanwhile comes.
  assert.equal(signIns.close(now, all.length), true);
  const rest = (await told(signIns)).filter(({ uid }) => !all.some((one) => one.uid === uid));
  assert.equal(
    [...all, ...rest].reduce((sum, { count }) => sum + count, 0),
    sent,
  );
});

test(`SEED=${SEED} whatever comes, each is counted once, and the names are never used twice`, async () => {
  const one = fc.record({
    reason: fc.constantFrom(...REASONS),
    principal: fc.option(fc.constantFrom("corp/ada", "service/ci")),
    issuer: fc.option(fc.string({ maxLength: 3 }).filter((text) => text !== "")),
    address: fc.option(fc.constantFrom("203.0.113.7", "unknown")),
    count: fc.integer({ min: 1, max: 9 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(one, { maxLength: 150 }), { maxLength: 6 }), async (reports) => {
      const sql = sessionStorage();
      let signIns = new SignIns(sql);
      let now = START;
      const seen = new Map<string, number>();
      for (const report of reports) {
        signIns.add(report.map((over) => refused({ ...over, first: now, last: now })));
        signIns = new SignIns(sql);
        now += WINDOW_MS;
        signIns.close(now, 0);
        for (const { uid, count } of await told(signIns)) {
          assert.equal(seen.get(uid) ?? count, count);
          seen.set(uid, count);
        }
        signIns.close(now, seen.size);
      }
      const sum = (counts: Iterable<number>) => [...counts].reduce((all, count) => all + count, 0);
      assert.equal(sum(seen.values()), sum(reports.flat().map(({ count }) => count)));
      sql.close();
    }),
    { numRuns: runs(30, 1_000) },
  );
});

test("they leave by the outbox: again after a failure and a restart with the same names, and are kept until then", async () => {
  const sql = sessionStorage();
  const time = { now: START };
  const receiver = { status: 503, uids: [] as string[] };
  const env = {
    DIRECTORY: sqliteDirectory(async () => {}, newDatabase()),
    SIEM_URL: "https://siem.example.com/in",
    SIEM_TOKEN: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
  } as Env;
  const open = () => {
    const signIns = new SignIns(sql);
    const host = { id: "l", kind: "ledger", sources: signIns.sources(), wake: () => {} } as const;
    const outbox = new SiemOutbox(env, sql, host, {
      clock: () => time.now,
      random: () => 1,
      turn: async () => {},
      log: () => {},
      fetch: async (_url: string, init: RequestInit) => {
        const { data } = JSON.parse(String(init.body)) as { data: { metadata: { uid: string } }[] };
        receiver.uids.push(...data.map(({ metadata }) => metadata.uid));
        return new Response(null, { status: receiver.status });
      },
    });
    return { signIns, outbox };
  };
  const step = async ({ signIns, outbox }: ReturnType<typeof open>) => {
    time.now += WINDOW_MS;
    if (signIns.close(time.now, outbox.delivered(SIGN_INS))) outbox.grown(SIGN_INS, time.now);
    for (let round = 0; round < 5; round++) {
      time.now = Math.max(time.now, Math.min(outbox.deadline(), time.now + WINDOW_MS));
      await outbox.run(time.now);
    }
  };
  let edge = open();
  edge.signIns.add([refused(), refused({ address: "203.0.113.8" })]);
  await step(edge);
  const first = `sign-in/${START}/1`;
  assert.ok(receiver.uids.includes(first) && receiver.uids.includes(`sign-in/${START}/2`));
  assert.equal(edge.outbox.delivered(SIGN_INS), 0);
  receiver.status = 204;
  receiver.uids.length = 0;
  edge = open();
  await step(edge);
  assert.deepEqual(receiver.uids, [first, `sign-in/${START}/2`]);
  assert.equal(edge.outbox.delivered(SIGN_INS), 2);
  edge = open();
  edge.signIns.add([refused({ first: time.now, last: time.now })]);
  const third = `sign-in/${time.now}/3`;
  await step(edge);
  await step(edge);
  assert.deepEqual(receiver.uids.slice(2), [third], "what was delivered is not told again");
  assert.equal(rowsOf(sql), 1, "nor kept");
});
