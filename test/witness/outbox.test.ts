import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { runs } from "../../protocol/seeded.ts";
import { type Item, numberOf, readLeaf, textOf } from "../../protocol/witness/item.ts";
import { sessionStorage } from "../../workers/testing/session-storage.ts";
import { WitnessOutbox } from "../../workers/witness/outbox.ts";
import { LONGEST_HELP_WAIT_MS } from "../../workers/witness/plan.ts";
import { witnessSettings } from "../../workers/witness/settings.ts";
import { DynamoTable } from "../../workers/witness/table.ts";
import { ORIGIN, START, started, TestLedger } from "../../workers/witness/testing.ts";
import { startDynamo, TABLE, type TestDynamo, witnessBindings } from "./dynamo.ts";
import { broken, type FaultProxy, type ProxyFault, startFaultProxy, throttled } from "./fault-proxy.ts";

/** A call that nobody answers is given up after so long, ms. */
const LIMIT_MS = 150;

describe("the witness's outbox at DynamoDB", () => {
  let dynamo: TestDynamo;
  before(async () => {
    dynamo = await startDynamo();
  });
  after(() => dynamo.stop());

  /** An edge with a ledger of its own name. */
  async function edge(origin: string, proxy?: FaultProxy) {
    const sql = sessionStorage();
    const ledger = await TestLedger.create(undefined, origin);
    const time = { now: START };
    const alarms: string[] = [];
    const env = witnessBindings(proxy?.endpoint ?? dynamo.endpoint);
    const open = () =>
      new WitnessOutbox(env, sql, ledger, () => {}, {
        table: (settings) =>
          new DynamoTable(settings, { fetcher: fetch, clock: Date.now, limitMs: LIMIT_MS }),
        clock: () => time.now,
        random: () => 1,
        alarm: (alarm) => void alarms.push(alarm),
      });
    return { sql, ledger, time, alarms, open };
  }

  async function items(origin: string): Promise<{ leaves: Item[]; checkpoints: number[] }> {
    const found: Item[] = [];
    let from: Item | undefined;
    do {
      const page = await dynamo.client.send(
        new ScanCommand({ TableName: TABLE, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }),
      );
      found.push(...((page.Items ?? []) as Item[]));
      from = page.LastEvaluatedKey as Item | undefined;
    } while (from);
    const of = (part: string) =>
      found
        .filter(({ pk }) => textOf(pk) === `${origin} ${part}`)
        .sort((one, other) => numberOf(one.n)! - numberOf(other.n)!);
    return { leaves: of("leaves"), checkpoints: of("checkpoints").map(({ n }) => numberOf(n)!) };
  }

  const fault: fc.Arbitrary<ProxyFault | null> = fc.oneof(
    { weight: 12, arbitrary: fc.constant(null) },
    {
      weight: 8,
      arbitrary: fc.constantFrom<ProxyFault>(
        throttled,
        broken,
        { do: "drop" },
        { do: "drop-after" },
        { do: "twice" },
        { do: "garble" },
      ),
    },
    {
      weight: 4,
      arbitrary: fc.constant<ProxyFault>({ do: "refuse-after", status: 500, type: "InternalServerError" }),
    },
    { weight: 1, arbitrary: fc.constantFrom<ProxyFault>({ do: "hang" }, { do: "hang-after" }) },
  );

  test("whatever is throttled, lost, late, doubled or refused: each leaf once, in order, and nothing else", async () => {
    const proxy = await startFaultProxy(dynamo.endpoint);
    let round = 0;
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.tuple(fc.integer({ min: 1, max: 12 }), fc.array(fault, { maxLength: 20 }), fc.boolean()),
            {
              minLength: 1,
              maxLength: 6,
            },
          ),
          async (walk) => {
            const origin = `walk-${round++}.example.com/ledger`;
            const { ledger, time, open, alarms } = await edge(origin, proxy);
            let outbox = open();
            const step = async () => {
              time.now += LONGEST_HELP_WAIT_MS;
              await outbox.step(time.now);
              assert.equal(outbox.status(time.now).conflicts.length, 0);
            };
            for (const [count, faults, isRestarted] of walk) {
              const size = ledger.size;
              await ledger.append(...Array.from({ length: count }, (_, at) => started(size + at)));
              proxy.faults = [...faults];
              await step();
              if (isRestarted) outbox = open();
            }
            proxy.faults = [];
            for (let more = 0; more < 20 && outbox.status(time.now).covered < ledger.size; more++)
              await step();
            const { leaves, checkpoints } = await items(origin);
            assert.deepEqual(
              leaves.map(({ entry }) => textOf(entry)),
              ledger.entries,
            );
            assert.deepEqual(
              leaves.map((leaf) => readLeaf(origin, leaf)?.odd),
              ledger.entries.map(() => null),
            );
            assert.equal(checkpoints.at(-1), ledger.size);
            assert.ok(!alarms.includes("witness_conflict"));
          },
        ),
        { numRuns: runs(8, 300) },
      );
    } finally {
      await proxy.close();
    }
  });

  test("a second edge with the same key is found at the first leaf that differs", async () => {
    const origin = "forked.example.com/ledger";
    const [one, other] = [await edge(origin), await edge(origin)];
    const forked = await TestLedger.create(one.ledger.key, origin);
    await one.ledger.append(started(0), started(1));
    await forked.append(started(0), started(1, { principal: "service/mallory" }));
    await one.open().step(START);
    const second = new WitnessOutbox(witnessBindings(dynamo.endpoint), other.sql, forked, () => {}, {
      table: (settings) => new DynamoTable(settings, { fetcher: fetch, clock: Date.now }),
      clock: () => START,
      random: () => 1,
      alarm: (alarm) => void other.alarms.push(alarm),
    });
    await second.step(START);
    const { state, conflicts } = second.status(START);
    assert.deepEqual(
      [state, conflicts[0]!.place, other.alarms],
      ["conflict", "leaf 1", ["witness_conflict"]],
    );
    const { leaves } = await items(origin);
    assert.deepEqual(
      leaves.map(({ entry }) => textOf(entry)),
      one.ledger.entries,
    );
  });

  test("an edge of another key is found by its checkpoint, though its leaves are the same", async () => {
    // The same leaves under another tree: somebody who rewrote the newest leaf before the witness had it.
    const origin = "rewritten.example.com/ledger";
    const { ledger, open, time } = await edge(origin);
    await ledger.append(started(0), started(1), started(2));
    const outbox = open();
    await outbox.step(time.now);
    ledger.entries[0] = JSON.stringify(started(0, { principal: "service/nobody" }));
    await ledger.append(started(3));
    await outbox.step(time.now);
    assert.match(outbox.status(time.now).conflicts[0]!.words, /own copy was changed/);
    assert.deepEqual((await items(origin)).checkpoints, [3]);
  });

  test("settings are read once they are whole", () => {
    assert.equal(witnessSettings({}), null);
    assert.ok("table" in witnessSettings(witnessBindings(dynamo.endpoint))!);
    assert.equal(ORIGIN.includes(" "), false);
  });
});
