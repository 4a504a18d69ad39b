import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MAX_ENTRY } from "../ledger/entry.ts";
import { leafHash } from "../ledger/merkle.ts";
import "../seeded.ts";
import { factsOf } from "./facts.ts";
import {
  checkpointItem,
  digestOf,
  type Item,
  leafItem,
  readCheckpoint,
  readLeaf,
  saysTheSame,
} from "./item.ts";

const ORIGIN = "sallyport.example.com/ledger";
const TIME = Date.UTC(2026, 10, 22, 23, 59);
const SESSION = `${"0".repeat(31)}7`;
const entry = (members: Record<string, unknown>) =>
  JSON.stringify({ time: TIME, principal: "corp/alice", target: "orders", session: SESSION, ...members });
const NOTE = `${ORIGIN}\n3\n${Buffer.alloc(32).toString("base64")}\n\n\u2014 ${ORIGIN} c2lnbmF0dXJl\n`;

describe("a leaf's item", () => {
  test("has the leaf, and a key for each index that finds it", () => {
    const text = entry({ type: "approval", status: "denied" });
    assert.deepEqual(leafItem(ORIGIN, 17, text, TIME + 5), {
      pk: { S: `${ORIGIN} leaves` },
      n: { N: "17" },
      hash: { S: leafHash(Buffer.from(text)).toString("hex") },
      entry: { S: text },
      written: { N: String(TIME + 5) },
      time: { N: String(TIME) },
      principal: { S: `${ORIGIN} corp/alice` },
      target: { S: `${ORIGIN} orders` },
      session: { S: `${ORIGIN} ${SESSION}` },
      verdict: { S: `${ORIGIN} denied` },
      day: { S: `${ORIGIN} 2026-11-22` },
    });
  });

  test("is found by a verdict only where it has one that stands out", () => {
    const verdicts: [Record<string, unknown>, string | undefined, string | undefined][] = [
      [{ type: "session_started" }, undefined, undefined],
      [{ type: "approval", status: "approved" }, "approved", undefined],
      [{ type: "session_sealed", endCode: "closed", agreement: "agreed" }, undefined, undefined],
      [
        { type: "session_sealed", endCode: "session_killed", agreement: "absent" },
        "session_killed",
        "absent",
      ],
      [{ type: "session_sealed", endCode: "closed", agreement: "differs" }, undefined, "differs"],
      [{ type: "session_void", endCode: "connector_offline" }, "connector_offline", undefined],
      [{ type: "session_deleted" }, "deleted", undefined],
      [{ type: "change" }, undefined, undefined],
    ];
    for (const [members, verdict, agreement] of verdicts) {
      const facts = factsOf(entry(members));
      assert.deepEqual([facts.verdict, facts.agreement], [verdict, agreement], JSON.stringify(members));
    }
  });

  test("holds an entry of any text, and is read as it was written", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string({ unit: "binary" }),
          fc.jsonValue().map((value) => entry({ principal: value })),
        ),
        fc.nat(),
        fc.nat(),
        (text, index, written) => {
          fc.pre(text.isWellFormed());
          const item = leafItem(ORIGIN, index, text, written);
          const { odd, ...read } = readLeaf(ORIGIN, item)!;
          assert.deepEqual(
            [odd, read],
            [null, { index, hash: leafHash(Buffer.from(text)).toString("hex"), entry: text, written }],
          );
          assert.ok(saysTheSame(item, leafItem(ORIGIN, index, text, written + 1)));
          assert.equal(digestOf(item), read.hash);
        },
      ),
    );
  });

  test("is refused where it could not be read back as it was hashed", () => {
    for (const text of ["\ud800", "x".repeat(MAX_ENTRY + 1)]) {
      assert.throws(() => leafItem(ORIGIN, 0, text, TIME), { code: "invalid_request" });
    }
  });

  test("tells which attribute somebody changed, added or took away", () => {
    const item = leafItem(ORIGIN, 17, entry({ type: "approval", status: "denied" }), TIME);
    const changes: [string, Item | undefined][] = [
      ["hash", { hash: { S: "00".repeat(32) } }],
      ["principal", { principal: { S: `${ORIGIN} corp/bob` } }],
      ["verdict", undefined],
      ["agreement", { agreement: { S: `${ORIGIN} differs` } }],
      ["time", { time: { N: "0" } }],
      ["pk", { pk: { S: "elsewhere leaves" } }],
    ];
    for (const [name, change] of changes) {
      const { [name]: _, ...rest } = item;
      assert.equal(readLeaf(ORIGIN, change === undefined ? rest : { ...item, ...change })?.odd, name);
    }
    for (const broken of [
      {},
      { ...item, n: { N: "-1" } },
      { ...item, n: { N: "1.5" } },
      { ...item, entry: { N: "1" } },
      { ...item, hash: { S: "zz" } },
      { ...item, written: null },
      { ...item, entry: { S: "\ud800" } },
    ]) {
      assert.equal(readLeaf(ORIGIN, broken as Record<string, unknown>), null);
    }
  });

  test("with another entry, or its hash under another entry, says something else", () => {
    const [one, other] = [
      leafItem(ORIGIN, 0, entry({}), TIME),
      leafItem(ORIGIN, 0, entry({ target: "x" }), TIME),
    ];
    assert.ok(!saysTheSame(one, other));
    assert.ok(!saysTheSame(one, { ...other, hash: one.hash }));
    assert.ok(!saysTheSame(one, { ...one, hash: other.hash }));
    assert.ok(!saysTheSame(one, checkpointItem(ORIGIN, 0, NOTE, TIME)));
  });
});

describe("a checkpoint's item", () => {
  test("is read as it was written, and says the same under another signature, not another root", () => {
    const item = checkpointItem(ORIGIN, 3, NOTE, TIME);
    assert.deepEqual(readCheckpoint(item), { size: 3, checkpoint: NOTE, written: TIME });
    assert.ok(saysTheSame(item, checkpointItem(ORIGIN, 3, NOTE.replace("c2ln", "YW5k"), TIME)));
    assert.ok(!saysTheSame(item, checkpointItem(ORIGIN, 3, NOTE.replace("\n3\nAAAA", "\n3\nAAAB"), TIME)));
    assert.equal(readCheckpoint({ ...item, checkpoint: { S: "x".repeat(0x2_0001) } }), null);
  });
});
