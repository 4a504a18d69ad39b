import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { after, describe, test } from "node:test";
import { signCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import type { SessionStarted } from "../../protocol/ledger/entry.ts";
import { EVIDENCE_FORMAT, type Evidence, evidenceText } from "../../protocol/ledger/evidence.ts";
import { foldRanges, inclusionRanges } from "../../protocol/ledger/merkle.ts";
import { entryText } from "../../protocol/ledger/reading.ts";
import { plainRoot, readerOf, SAMPLE_ENTRIES } from "../../protocol/ledger/testing.ts";
import { encodeBundle } from "../../protocol/ledger/tile.ts";
import { generateKey, publicKey } from "../../protocol/signatures.ts";
import { listening } from "../commands/testing.ts";
import { EdgeApi } from "../edge-api.ts";
import { EdgeLedger } from "./ledger-source.ts";
import { fetchEvidence, isFinal } from "./prove.ts";

const ORIGIN = "sallyport/ledger";
const KEY = await generateKey();
const KEYS = [publicKey(KEY)];

/** What the edge answers next. */
let answer: (response: ServerResponse) => void = (response) => response.end();
const server = createServer((_request, response) => answer(response));
const edge = new URL(await listening(server));
const api = new EdgeApi(edge, async () => "token");
after(() => server.close());

function answering(body: Uint8Array | string): void {
  answer = (response) => response.end(body);
}

describe("what a hostile edge answers of its ledger", () => {
  const ledger = new EdgeLedger(edge, api);
  const refused = { code: "protocol_violation" };

  test("is no tile where it is longer or shorter than the tile", async () => {
    for (const length of [0, 31, 63, 65, 1_000_000]) {
      answering(Buffer.alloc(length));
      await assert.rejects(ledger.tile({ level: 0, index: 0, width: 2 }), refused, `${length} bytes`);
    }
    answering(Buffer.alloc(64, 7));
    assert.deepEqual(Buffer.from(await ledger.tile({ level: 0, index: 0, width: 2 })), Buffer.alloc(64, 7));
  });

  test("is read no further than it may be, however much comes", async () => {
    const chunk = Buffer.alloc(65_536);
    let gone = Promise.resolve();
    const endless = (response: ServerResponse) => {
      gone = new Promise((resolve) => response.on("close", resolve));
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", more);
      more();
    };
    for (const ask of [
      () => ledger.checkpoint(),
      () => ledger.tile({ level: 0, index: 0, width: 256 }),
      () => ledger.entries({ index: 0, width: 256 }),
    ]) {
      answer = endless;
      await assert.rejects(ask(), refused);
      await gone;
    }
  });

  test("is no bundle with an entry too many, too few, or cut", async () => {
    const bundle = encodeBundle([Buffer.from("a"), Buffer.from("b")]);
    for (const bytes of [bundle.subarray(0, -1), Buffer.concat([bundle, bundle]), Buffer.alloc(0)]) {
      answering(bytes);
      await assert.rejects(ledger.entries({ index: 0, width: 2 }), { code: "invalid_request" });
    }
  });
});

describe("evidence from a hostile edge", () => {
  const started = SAMPLE_ENTRIES.find((entry): entry is SessionStarted => entry.type === "session_started")!;
  const other: SessionStarted = {
    ...started,
    session: "f".repeat(32),
    key: `session_started/${"f".repeat(32)}`,
  };
  const leaves = [other, started].map((entry) => Buffer.from(entryText(entry)));
  const proof = (index: number) =>
    foldRanges(inclusionRanges(index, 2), readerOf(leaves)).map((hash) => hash.toString("base64"));

  async function evidence(change: Partial<Evidence> = {}): Promise<Evidence> {
    const checkpoint = await signCheckpoint({ origin: ORIGIN, size: 2, root: plainRoot(leaves) }, KEY);
    const entries = [{ index: 1, entry: leaves[1]!.toString(), proof: proof(1) }];
    return {
      format: EVIDENCE_FORMAT,
      session: started.session,
      origin: ORIGIN,
      entries,
      checkpoint,
      ...change,
    };
  }
  const fetched = async (change: Partial<Evidence> = {}) => {
    answering(evidenceText(await evidence(change)));
    return fetchEvidence(api, started.session, KEYS);
  };

  test("is taken where every entry proves itself", async () => {
    const taken = await fetched();
    assert.deepEqual(taken, await evidence());
    assert.equal(isFinal(taken), false);
  });

  test("is refused for an entry of another session, another place, or another text", async () => {
    const [entry] = (await evidence()).entries;
    for (const entries of [
      [{ index: 0, entry: leaves[0]!.toString(), proof: proof(0) }],
      [{ ...entry!, index: 0 }],
      [{ ...entry!, entry: entryText({ ...started, target: "another" }) }],
      [{ ...entry!, proof: [] }],
      [entry!, { ...entry!, proof: proof(0) }],
    ]) {
      await assert.rejects(fetched({ entries }), { code: "protocol_violation" });
    }
  });

  test("is refused where the edge has not signed its checkpoint", async () => {
    const stranger = await generateKey();
    const root = plainRoot(leaves);
    const checkpoint = await signCheckpoint({ origin: ORIGIN, size: 2, root }, stranger);
    await assert.rejects(fetched({ checkpoint }), { code: "forbidden" });
  });
});
