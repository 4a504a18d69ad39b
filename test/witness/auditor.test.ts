import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { exportWitness } from "../../client/witness/export.ts";
import { searchWitness, type WitnessQuestion } from "../../client/witness/search.ts";
import { WitnessTable } from "../../client/witness/table.ts";
import { readWitnessExport } from "../../protocol/evidence/documents.ts";
import type { LedgerEntry } from "../../protocol/ledger/entry.ts";
import { type Item, leafItem } from "../../protocol/witness/item.ts";
import { sessionStorage } from "../../workers/testing/session-storage.ts";
import { WitnessOutbox } from "../../workers/witness/outbox.ts";
import { DynamoTable } from "../../workers/witness/table.ts";
import { approval, START, sessionId, started, TestLedger } from "../../workers/witness/testing.ts";
import { KEYS, REGION, startDynamo, TABLE, type TestDynamo, witnessBindings } from "./dynamo.ts";
import { type FaultProxy, startFaultProxy, throttled } from "./fault-proxy.ts";

const DAY_MS = 86_400_000;
const EVER = { since: 0, until: START + 100 * DAY_MS };

describe("an auditor of the witness", () => {
  let dynamo: TestDynamo;
  let proxy: FaultProxy;
  before(async () => {
    dynamo = await startDynamo();
    proxy = await startFaultProxy(dynamo.endpoint);
  });
  after(async () => {
    await proxy?.close();
    await dynamo?.stop();
  });

  /** A ledger of these entries, witnessed; each array is covered by a checkpoint of its own. */
  async function witnessed(origin: string, ...groups: LedgerEntry[][]): Promise<TestLedger> {
    const ledger = await TestLedger.create(undefined, origin);
    const outbox = new WitnessOutbox(witnessBindings(dynamo.endpoint), sessionStorage(), ledger, () => {}, {
      table: (settings) => new DynamoTable(settings, { fetcher: fetch, clock: Date.now }),
      clock: () => START,
      random: () => 1,
      alarm: assert.fail,
    });
    for (const group of groups) {
      await ledger.append(...group);
      await outbox.step(START);
    }
    assert.equal(outbox.status(START).covered, ledger.size);
    return ledger;
  }

  const open = (endpoint = dynamo.endpoint) =>
    new WitnessTable(
      { table: TABLE },
      new DynamoDBClient({ region: REGION, endpoint, credentials: KEYS, maxAttempts: 4 }),
      async () => {},
    );

  async function exported(origin: string, endpoint = dynamo.endpoint) {
    const lines: string[] = [];
    async function* bytes() {
      for (const line of lines) yield Buffer.from(line);
    }
    const found = await exportWitness(open(endpoint), origin, async (text) => void lines.push(text));
    const parsed = lines
      .join("")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { index?: number; size?: number; entry?: string });
    let parts = 0;
    for await (const _ of readWitnessExport(bytes())) parts++;
    assert.equal(parts, parsed.length, "as verify reads it");
    return { ...found, lines: parsed };
  }

  async function ask(origin: string, question: Partial<WitnessQuestion>): Promise<number[]> {
    const found: number[] = [];
    for await (const { index } of searchWitness(open(), origin, { ...EVER, ...question })) found.push(index);
    return found;
  }

  const numbered = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => started(from + index));

  test("exports each leaf, and each checkpoint behind the leaves that it covers", async () => {
    const origin = "export.example.com/ledger";
    const ledger = await witnessed(origin, numbered(3), numbered(2, 3));
    const { lines, odd, leaves, checkpoints } = await exported(origin);
    assert.deepEqual(
      lines.map(({ index, size }) => (size === undefined ? index : `size ${size}`)),
      [undefined, 0, 1, 2, "size 3", 3, 4, "size 5"],
    );
    assert.deepEqual(
      lines.filter(({ entry }) => entry).map(({ entry }) => entry),
      ledger.entries,
    );
    assert.deepEqual([odd, leaves, checkpoints], [[], 5, 2]);
  });

  test("exports of the leaves without a checkpoint those before the first that is on its way", async () => {
    const origin = "underway.example.com/ledger";
    await witnessed(origin, numbered(2));
    for (const index of [2, 4, 5]) {
      const Item = leafItem(origin, index, JSON.stringify(started(index)), START);
      await dynamo.client.send(new PutItemCommand({ TableName: TABLE, Item }));
    }
    const { lines, odd, leaves } = await exported(origin);
    assert.deepEqual([odd, leaves, lines.at(-1)!.index], [[], 3, 2]);
  });

  test("is told of a leaf that is gone, changed, or hidden from an index, and exports what there is", async () => {
    const origin = "changed.example.com/ledger";
    const ledger = await witnessed(origin, numbered(6));
    const key = (n: number) => ({ pk: { S: `${origin} leaves` }, n: { N: String(n) } });
    await dynamo.client.send(new DeleteItemCommand({ TableName: TABLE, Key: key(1) }));
    const put = (item: Item) => dynamo.client.send(new PutItemCommand({ TableName: TABLE, Item: item }));
    await put(leafItem(origin, 3, JSON.stringify(started(3, { principal: "service/nobody" })), START));
    await put({
      ...leafItem(origin, 4, ledger.entries[4]!, START),
      principal: { S: `${origin} service/nobody` },
    });
    const { odd, leaves, lines } = await exported(origin);
    assert.deepEqual(odd, ["Leaf 1 is missing.", "Leaf 4 is not as the edge writes it: its principal."]);
    assert.deepEqual([leaves, lines.length], [5, 7]);
    await put(leafItem(origin, 1, ledger.entries[1]!, START));
    assert.deepEqual((await exported(origin)).odd, [
      "Leaf 4 is not as the edge writes it: its principal.",
      "Checkpoint 6 does not cover the leaves before it.",
    ]);
  });

  test("exports a ledger of many pages through throttling and broken connections", async () => {
    const origin = "pages.example.com/ledger";
    // DynamoDB cuts a page at 1 MiB.
    const long = numbered(40).map((entry) => ({ ...entry, address: "x".repeat(60_000) }));
    await witnessed(origin, long.slice(0, 20), long.slice(20));
    proxy.asked.length = 0;
    proxy.faults = [throttled, null, { do: "drop" }];
    const { odd, leaves, checkpoints } = await exported(origin, proxy.endpoint);
    assert.deepEqual([odd, leaves, checkpoints], [[], 40, 2]);
    assert.ok(proxy.asked.length > 6);
  });

  test("finds by principal, target, session, verdict and time, and by several together", async () => {
    const origin = "search.example.com/ledger";
    await witnessed(origin, [
      started(0),
      started(1, { principal: "corp/alice", target: "invoices" }),
      approval(1, "denied"),
      started(3, { principal: "corp/alice", time: START - 2 * DAY_MS }),
      approval(4, "approved"),
    ]);
    await witnessed("other.example.com/ledger", [approval(1, "denied")]);
    assert.deepEqual(await ask(origin, { principal: "corp/alice" }), [1, 3]);
    assert.deepEqual(await ask(origin, { principal: "corp/alice", target: "orders" }), [3]);
    assert.deepEqual(await ask(origin, { target: "orders" }), [4, 2, 0, 3]);
    assert.deepEqual(await ask(origin, { session: sessionId(1) }), [2, 1]);
    assert.deepEqual(await ask(origin, { verdict: "denied" }), [2]);
    assert.deepEqual(await ask(origin, { verdict: "denied", principal: "corp/alice" }), []);
    assert.deepEqual(await ask(origin, { verdict: "differs" }), []);
    assert.deepEqual(await ask(origin, { since: START - 3 * DAY_MS, until: START }), [0, 3]);
    assert.deepEqual(await ask(origin, { since: START + 1_000, until: START + 2_000 }), [2, 1]);
    assert.deepEqual(await ask(origin, { principal: "corp/alice", until: START - DAY_MS }), [3]);
  });

  test("reads no page before it is wanted, and asks again for what DynamoDB left out", async () => {
    const origin = "many.example.com/ledger";
    await witnessed(origin, numbered(250));
    let [queries, batches] = [0, 0];
    const table = open();
    const counting = {
      keys: (...given: Parameters<WitnessTable["keys"]>) => counted(table.keys(...given)),
      items: (keys: Parameters<WitnessTable["items"]>[0]) => {
        batches++;
        return table.items(keys);
      },
    };
    async function* counted(pages: ReturnType<WitnessTable["keys"]>) {
      for await (const page of pages) {
        queries++;
        yield page;
      }
    }
    const found: number[] = [];
    for await (const { index } of searchWitness(counting, origin, { ...EVER, target: "orders" })) {
      found.push(index);
      if (found.length === 150) break;
    }
    assert.deepEqual([queries, batches, found[0], found.at(-1)], [2, 2, 249, 100]);
  });

  test("gets the rest where DynamoDB answers with a part of a batch, and gives up on one that never ends", async () => {
    const all = numbered(5).map((entry, index) =>
      leafItem("batch.example.com/ledger", index, JSON.stringify(entry), 0),
    );
    let [calls, waited, most] = [0, 0, 2];
    const partial = {
      send: async ({ input }: { input: { RequestItems: Record<string, { Keys: Item[] }> } }) => {
        calls++;
        const { Keys } = input.RequestItems[TABLE]!;
        const given = all.filter(({ n }) => Keys.some((key) => JSON.stringify(key.n) === JSON.stringify(n)));
        const rest = Keys.slice(most);
        return {
          Responses: { [TABLE]: given.slice(0, most) },
          UnprocessedKeys: rest.length > 0 ? { [TABLE]: { Keys: rest } } : {},
        };
      },
    } as unknown as DynamoDBClient;
    const table = new WitnessTable({ table: TABLE }, partial, async () => void waited++);
    assert.deepEqual(await table.items(all), all);
    assert.deepEqual([calls, waited], [3, 2]);
    most = 0;
    await assert.rejects(table.items(all), { code: "target_unreachable" });
  });

  test("is told in words what AWS refuses, without a word of its answer", async () => {
    const cases: [type: string, code: string][] = [
      ["AccessDeniedException", "forbidden"],
      ["ResourceNotFoundException", "not_found"],
      ["UnrecognizedClientException", "unauthenticated"],
      ["ExpiredTokenException", "unauthenticated"],
      ["ValidationException", "invalid_request"],
    ];
    for (const [type, code] of cases) {
      proxy.faults = [{ do: "refuse", status: 400, type }];
      await assert.rejects(open(proxy.endpoint).origins(), (error: Error & { code: string }) => {
        assert.equal(error.code, code, type);
        assert.ok(!error.message.includes("AKIA"));
        return true;
      });
    }
  });

  test("takes what is no answer of DynamoDB for none", async () => {
    proxy.faults = [{ do: "garble" }];
    await assert.rejects(open(proxy.endpoint).origins(), { code: "target_unreachable" });
  });

  test("knows which ledgers a table has", async () => {
    const origins = await open().origins();
    assert.ok(origins.includes("export.example.com/ledger"));
    assert.deepEqual(new Set(origins).size, origins.length);
  });

  test("a file is written whole or not at all", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sallyport-witness-"));
    const { intoFile } = await import("../../client/recordings/export.ts");
    const file = join(folder, "witness.jsonl");
    proxy.faults = Array.from(
      { length: 20 },
      () => ({ do: "refuse", status: 400, type: "AccessDeniedException" }) as const,
    );
    const table = open(proxy.endpoint);
    await assert.rejects(
      intoFile(file, (write) => exportWitness(table, "export.example.com/ledger", write)),
      {
        code: "forbidden",
      },
    );
    assert.throws(() => readFileSync(file), { code: "ENOENT" });
    proxy.faults = [];
    rmSync(folder, { recursive: true });
  });
});
