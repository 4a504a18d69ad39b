import assert from "node:assert/strict";
import { createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { connectorSealText, edgeSealText } from "../control.ts";
import { signCheckpoint } from "../ledger/checkpoint.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { leafHash } from "../ledger/merkle.ts";
import { entryText } from "../ledger/reading.ts";
import { type PrivateKey, thumbprint } from "../signatures.ts";
import { Frontier } from "../witness/frontier.ts";
import { LEDGER_FORMAT } from "./documents.ts";
import { keysOf, newSigners, ORIGIN, type Signers } from "./testing.ts";
import { verifyEvidence } from "./verify.ts";

/** Entries of the ledger, three for each session. ENTRIES=1000000 takes minutes. */
const ENTRIES = Number(process.env.ENTRIES ?? 90_000);
const SESSIONS = Math.floor(ENTRIES / 3);
/** One of so many sessions is sealed, which takes time to sign; the others were never opened. */
const SEALED = 10;
const MIB = 1024 * 1024;
/** Entries between two looks at memory. */
const EVERY = Math.floor(ENTRIES / 9);
/** What may be kept of each entry: 45 bytes for a session, 16 for an approval; twice that with room, and while it grows. */
const BYTES_EACH = 150;

const WHO = { target: "orders", principal: "corp/alice", onBehalfOf: null };

test(`a ledger of ${ENTRIES} entries is verified in bounded memory`, async () => {
  const signers = await newSigners();
  let peak = 0;
  const before = kept();
  async function* measured(): AsyncGenerator<Uint8Array> {
    let lines = 0;
    for await (const line of ledger(signers)) {
      yield line;
      if (++lines % EVERY === 0) peak = Math.max(peak, kept() - before);
    }
  }
  const started = process.cpuUsage();
  const report = await verifyEvidence(
    {
      recordings: [],
      evidence: [],
      ledger: { name: "the ledger", open: measured },
      witness: null,
      at: null,
      hasAll: false,
    },
    keysOf(signers),
  );
  const { user, system } = process.cpuUsage(started);
  const seconds = Math.round((user + system) / 1e5) / 10;
  console.log(
    `${ENTRIES} entries, making them included: ${seconds} s of a processor; kept: ${(peak / MIB).toFixed(1)} MiB`,
  );
  assert.equal(report.verdict, "verified", JSON.stringify(report.ledger?.checks));
  const { sealed, void: voided } = report.ledger!.sessions!;
  assert.deepEqual([sealed, sealed + voided], [Math.ceil(SESSIONS / SEALED), SESSIONS]);
  assert.ok(peak < 8 * MIB + ENTRIES * BYTES_EACH, `${peak} bytes`);
});

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes that live. */
function kept(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function* ledger(signers: Signers): AsyncGenerator<Uint8Array> {
  const line = (value: object) => Buffer.from(`${JSON.stringify(value)}\n`);
  const tree = Frontier.empty();
  const entry = (value: object) => {
    const text = entryText({ nonce: "00".repeat(16), ...value } as LedgerEntry);
    tree.append(leafHash(Buffer.from(text)));
    return line({ index: tree.size - 1, entry: text });
  };
  const [edge, connector] = [signers.edge, signers.connector].map(keyObject) as [KeyObject, KeyObject];
  yield line({ format: LEDGER_FORMAT, origin: ORIGIN });
  for (let number = 0; number < SESSIONS; number++) {
    for (const value of sessionEntries(number, signers, edge, connector)) yield entry(value);
  }
  const note = await signCheckpoint({ origin: ORIGIN, size: tree.size, root: tree.root() }, signers.edge);
  yield line({ checkpoint: note });
}

function sessionEntries(number: number, signers: Signers, edge: KeyObject, connector: KeyObject): object[] {
  const head = createHash("sha256").update(String(number)).digest("hex");
  const session = head.slice(0, 32);
  const time = 1_800_000_000_000 + number;
  const { target, principal } = WHO;
  const approval = { approval: `${session}-1`, approvalKind: "statement", status: "approved" };
  return [
    {
      ...{ type: "session_started", key: `session_started/${session}`, time, session, ...WHO },
      ...{ kind: "postgres", connector: "main", address: "192.0.2.7", until: time + 1_000_000 },
    },
    {
      ...{ type: "approval", key: `approval/${session}-1/approved`, time, session, ...WHO, ...approval },
      ...{ by: "corp/bob", reason: null, until: null },
    },
    number % SEALED === 0
      ? sealedEntry(head, time, signers, edge, connector)
      : {
          ...{ type: "session_void", key: `session_void/${session}`, time, session, target, principal },
          ...{ endCode: "connector_offline", reason: "no connector is online" },
        },
  ];
}

function sealedEntry(
  head: string,
  time: number,
  signers: Signers,
  edge: KeyObject,
  connector: KeyObject,
): object {
  const session = head.slice(0, 32);
  const edgeSeal = { key: thumbprint(signers.edge), entries: 7, head };
  const connectorSeal = {
    key: thumbprint(signers.connector),
    ...{ agentFrames: 1, agentHead: head, connectorFrames: 1, connectorHead: head },
  };
  const signed = (key: KeyObject, text: string) => sign(null, Buffer.from(text), key).toString("base64url");
  return {
    ...{ type: "session_sealed", key: `session_sealed/${session}`, time, session, ...WHO, endCode: "closed" },
    edgeSeal: { ...edgeSeal, signature: signed(edge, edgeSealText(session, edgeSeal)) },
    connectorSeal: {
      ...connectorSeal,
      signature: signed(connector, connectorSealText(session, connectorSeal)),
    },
    ...{ agreement: "agreed", edgeHeads: null, parts: 1, bytes: 1, archive: head },
  };
}

function keyObject({ kty, crv, x, d }: PrivateKey): KeyObject {
  return createPrivateKey({ key: { kty, crv, x, d }, format: "jwk" });
}
