import assert from "node:assert/strict";
import { test } from "node:test";
import { composer } from "../../protocol/activity/testing.ts";
import type { Entry } from "../../protocol/entry.ts";
import type { IndexedEntry } from "../../protocol/ledger/entry.ts";
import { Feed } from "./feed.ts";
import { type Extent, LEDGER, ledgerSources, type Sources, sessionSources } from "./sources.ts";

const START = { seq: 0, item: -1 };

/** What a feed has, read to its end in pieces of so many. */
async function drained(feed: Feed, events = 3): Promise<string[]> {
  const uids: string[] = [];
  while (!feed.isDry()) {
    await feed.fill(events, 1_000_000);
    uids.push(...feed.buffer.map(({ event }) => event.metadata.uid));
    feed.take(feed.buffer.length);
  }
  return uids;
}

function feedOf(sources: Sources, source: string, after = START): Feed {
  return new Feed(sources, source, after, false, async () => {});
}

test("a session is read on while it grows, to its end, and what was under way is told then", async () => {
  const { entries, facts } = composer("http").ended();
  const shown = entries.slice(0, -1);
  const extent: Extent = { last: shown.length, isOver: false };
  const reads: number[] = [];
  const sources = sessionSources({
    extent: () => extent,
    isEncrypted: () => false,
    async *entries(_session, from): AsyncGenerator<Entry> {
      reads.push(from);
      yield* shown.filter(({ seq }) => seq >= from);
    },
  });
  const feed = feedOf(sources, facts.session);
  assert.deepEqual(await drained(feed), [`${facts.session}/opened`]);
  shown.push(entries.at(-1)!);
  Object.assign(extent, { last: shown.length, isOver: true });
  assert.equal(feed.isDry(), false);
  assert.deepEqual(await drained(feed), [`${facts.session}/ended`]);
  const quiet = feedOf(sources, facts.session);
  Object.assign(extent, { isOver: false });
  await drained(quiet);
  Object.assign(extent, { isOver: true });
  assert.equal(quiet.isDry(), false, "its end is yet to be told though no entry is");
  assert.deepEqual(reads.slice(0, 2), [1, entries.length], "no entry is read twice");
});

test("a session of which only the archive is left is read to its end", async () => {
  const { entries, facts } = composer("http").ended();
  const sources = sessionSources({
    extent: () => ({ last: 0, isOver: true }),
    isEncrypted: () => false,
    entries: async function* (_session, from) {
      yield* entries.filter(({ seq }) => seq >= from);
    },
  });
  const all = await drained(feedOf(sources, facts.session));
  assert.deepEqual(all, [`${facts.session}/opened`, `${facts.session}/ended`]);
  const rest = await drained(feedOf(sources, facts.session, { seq: 1, item: 0 }));
  assert.deepEqual(rest, all.slice(1), "what was delivered is not told again");
});

test("the ledger is read from the entry that was told last, which may have more", async () => {
  const entry = (index: number): IndexedEntry => ({
    index,
    entry: { type: "edge_key", key: `edge_key/${index}`, nonce: "0", time: 1, thumbprint: "t", x: "x" },
  });
  const log = Array.from({ length: 10 }, (_, index) => entry(index));
  const reads: number[] = [];
  const sources = ledgerSources({
    size: () => log.length,
    *entries(from) {
      reads.push(from);
      yield* log.slice(from);
    },
  });
  const feed = feedOf(sources, LEDGER, { seq: 7, item: 0 });
  assert.deepEqual(await drained(feed), ["ledger/edge_key/7", "ledger/edge_key/8", "ledger/edge_key/9"]);
  log.push(entry(10));
  assert.deepEqual(await drained(feed), ["ledger/edge_key/10"]);
  assert.deepEqual(reads, [6, 10]);
});
