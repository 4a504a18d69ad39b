import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type LedgerEntry, MAX_ENTRY } from "./entry.ts";
import { evidenceText, readEvidence } from "./evidence.ts";
import { entryText, readLedgerEntry } from "./reading.ts";
import { SAMPLE_ENTRIES } from "./testing.ts";
import "../seeded.ts";

const reversed = (value: object): object =>
  Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, one]) => [name, typeof one === "object" && one !== null ? reversed(one as object) : one]),
  );

describe("entries of the ledger", () => {
  test("of every type are read as they are written", () => {
    for (const entry of SAMPLE_ENTRIES) {
      const text = entryText(entry);
      assert.deepEqual(readLedgerEntry(text), entry);
      assert.deepEqual(readLedgerEntry(Buffer.from(text)), entry);
    }
  });

  test("have the same bytes in whatever order their members were put together", () => {
    for (const entry of SAMPLE_ENTRIES) {
      assert.equal(entryText(reversed(entry) as LedgerEntry), entryText(entry));
      assert.throws(() => readLedgerEntry(JSON.stringify(reversed(entry))), /written in another way/);
    }
  });

  test("have every member, and no other, wherever it stands", () => {
    for (const entry of SAMPLE_ENTRIES) {
      const places = ["", "edgeSeal", "connectorSeal", "edgeHeads"] as const;
      for (const place of places) {
        const inner = place === "" ? entry : (entry as unknown as Record<string, object | null>)[place];
        if (typeof inner !== "object" || inner === null) continue;
        const put = (value: object) => JSON.stringify(place === "" ? value : { ...entry, [place]: value });
        assert.throws(() => readLedgerEntry(put({ ...inner, more: 1 })), { code: "invalid_request" });
        for (const name of Object.keys(inner)) {
          const { [name as never]: _, ...rest } = inner;
          assert.throws(() => readLedgerEntry(put(rest)), { code: "invalid_request" }, `${place}.${name}`);
          for (const value of [undefined, true, [], {}, 1.5, -1, "\ud800", Number.MAX_VALUE]) {
            const text = put({ ...inner, [name]: value });
            assert.throws(() => readLedgerEntry(text), { code: "invalid_request" }, `${text} ${name}`);
          }
        }
      }
    }
  });

  test("have one key, which follows from what they tell", () => {
    for (const entry of SAMPLE_ENTRIES) {
      assert.throws(() => entryText({ ...entry, key: `${entry.key}x` }), /wrong "key"/);
    }
  });

  test("are refused as other JSON of the same meaning, so that no two texts stand for one", () => {
    const text = entryText(SAMPLE_ENTRIES[0]!);
    for (const other of [
      ` ${text}`,
      `${text}\n`,
      `\ufeff${text}`,
      text.replace('"orders"', '"\\u006frders"'),
      text.replace(/}$/, ',"until":1800000100000}'),
      text.replace("1800000000000", "1.8e12"),
      text.replace('"type"', '"__proto__":{},"type"'),
    ]) {
      assert.throws(() => readLedgerEntry(other), { code: "invalid_request" }, other);
    }
    const invalid = Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.from([0xff]), Buffer.from('"}')]);
    assert.throws(() => readLedgerEntry(invalid), { code: "invalid_request" });
  });

  test("have 65,535 bytes at most", () => {
    const long = "x".repeat(MAX_ENTRY);
    assert.throws(() => readLedgerEntry(`${entryText(SAMPLE_ENTRIES[0]!)}${long}`), /over 65535 bytes/);
    const void_ = SAMPLE_ENTRIES.find(({ type }) => type === "session_void")!;
    assert.throws(() => entryText({ ...void_, reason: long } as LedgerEntry), /wrong "reason"/);
  });

  test("that are any JSON are answered with an error of ours and nothing of what they hold", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        assert.throws(() => readLedgerEntry(json), { name: "SallyportError", code: "invalid_request" });
      }),
    );
    const secret = { ...SAMPLE_ENTRIES[0]!, target: ["hunter2"] };
    assert.throws(
      () => readLedgerEntry(JSON.stringify(secret)),
      (error: Error) => !error.message.includes("hunter2"),
    );
  });
});

describe("evidence files", () => {
  const hash = Buffer.alloc(32, 1).toString("base64");
  const evidence = {
    format: "sallyport evidence 1",
    session: "0123456789abcdef0123456789abcdef",
    origin: "sallyport/ledger",
    entries: [{ index: 3, entry: entryText(SAMPLE_ENTRIES[0]!), proof: [hash, hash] }],
    checkpoint: "sallyport/ledger\n",
  } as const;
  const copy = () => JSON.parse(evidenceText(readEvidence(JSON.stringify(evidence)))) as typeof evidence;

  test("are read as they are written", () => {
    assert.deepEqual(copy(), evidence);
  });

  test("are refused in any other form", () => {
    const [entry] = evidence.entries;
    for (const bad of [
      { ...evidence, format: "sallyport evidence 2" },
      { ...evidence, session: "x" },
      { ...evidence, more: 1 },
      { ...evidence, entries: [{ ...entry, index: -1 }] },
      { ...evidence, entries: [{ ...entry, more: 1 }] },
      { ...evidence, entries: [{ ...entry, proof: ["AAAA"] }] },
      { ...evidence, entries: [{ ...entry, proof: Array.from({ length: 65 }, () => hash) }] },
      { ...evidence, entries: {} },
      { ...evidence, checkpoint: "" },
      [],
      null,
      7,
    ]) {
      assert.throws(() => readEvidence(JSON.stringify(bad)), { code: "invalid_request" });
    }
    assert.throws(() => readEvidence("{"), { code: "invalid_request" });
  });
});
