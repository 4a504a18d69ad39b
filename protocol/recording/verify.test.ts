import assert from "node:assert/strict";
import { before, test } from "node:test";
import { chain, genesis } from "../entry.ts";
import { SallyportError } from "../errors.ts";
import type { RecordedEntry } from "../recording.ts";
import { generateKey, type PrivateKey, publicKey } from "../signatures.ts";
import type { CheckName } from "./findings.ts";
import type { Keys } from "./keys.ts";
import { Composer, fileOf, inChunks, printedRandom } from "./testing.ts";
import { type Verification, verifyRecording } from "./verify.ts";

let edge: PrivateKey;
let connector: PrivateKey;

before(async () => {
  edge = await generateKey();
  connector = await generateKey();
});

function whole(session = "sess-1"): Composer {
  return new Composer(session, edge, connector)
    .opened()
    .joined()
    .wait(5)
    .agent(Buffer.from("first question"))
    .connector({ event: "refused", code: "forbidden", message: "no" })
    .target(Buffer.from("first answer"))
    .agent(Buffer.from("second question"))
    .target(Buffer.from("second answer"))
    .ended();
}

test("a whole recording verifies", async () => {
  const result = await verify(await whole().file(), whole().keys);
  assert.equal(result.verdict, "verified", JSON.stringify(result));
  assert.deepEqual(
    [result.session, result.entries, result.firstWrong, result.notes],
    ["sess-1", 8, null, []],
  );
  assert.ok(result.checks.every((check) => check.state === "ok"));
});

test("no bit of a recording can change unseen", async () => {
  const file = await whole().file();
  const { keys } = whole();
  const random = printedRandom();
  for (let position = 0; position < file.length; position++) {
    const bytes = Buffer.from(file);
    const bit = random(8);
    bytes[position]! ^= 1 << bit;
    const { verdict } = await verify(bytes, keys);
    assert.notEqual(verdict, "verified", `bit ${bit} of byte ${position}`);
  }
});

test("input that can't be read is an error, and no verdict", async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield (await whole().file()).subarray(0, 100);
    throw new SallyportError("edge_unreachable", "the download broke off");
  }
  await assert.rejects(verifyRecording(broken(), whole().keys), { code: "edge_unreachable" });
});

test("a changed entry is named", async () => {
  for (let index = 0; index < 8; index++) {
    const { entries } = whole();
    const entry = entries[index]!;
    const frame = Buffer.from(entry.frame);
    frame[frame.length - 1]! ^= 1;
    entries[index] = { ...entry, frame };
    const result = await verify(fileOf("sess-1", entries, await whole().seals()), whole().keys);
    assert.equal(result.verdict, "failed");
    assert.equal(result.firstWrong, index + 1);
  }
});

test("a dropped, moved or doubled entry is named", async () => {
  const cases: [string, (entries: RecordedEntry[]) => RecordedEntry[], number][] = [
    ["dropped", (entries) => entries.toSpliced(4, 1), 5],
    ["first dropped", (entries) => entries.slice(1), 1],
    ["moved", (entries) => entries.toSpliced(3, 2, entries[4]!, entries[3]!), 4],
    ["doubled", (entries) => entries.toSpliced(3, 0, entries[3]!), 5],
    ["last doubled", (entries) => [...entries, entries.at(-1)!], 9],
  ];
  for (const [name, change, first] of cases) {
    const result = await verify(
      fileOf("sess-1", change(whole().entries), await whole().seals()),
      whole().keys,
    );
    assert.equal(result.verdict, "failed", name);
    assert.equal(result.firstWrong, first, name);
    assert.equal(state(result, "sequence"), "failed", name);
  }
});

test("a tail that was cut, with the chain before it whole, is told by both seals", async () => {
  const result = await verify(
    fileOf("sess-1", whole().entries.slice(0, 6), await whole().seals()),
    whole().keys,
  );
  assert.equal(result.verdict, "failed");
  assert.deepEqual(
    [state(result, "ending"), state(result, "edge-seal"), state(result, "connector-seal")],
    ["absent", "failed", "failed"],
  );
});

test("a chain forged anew over changed entries fails at both seals", async () => {
  const entries = whole().entries.map((entry, index) =>
    index === 2 ? { ...entry, frame: Buffer.from(entry.frame).fill("x", 6) } : entry,
  );
  const result = await verify(
    fileOf("sess-1", rechained("sess-1", entries), await whole().seals()),
    whole().keys,
  );
  assert.equal(state(result, "chain"), "ok");
  assert.deepEqual([state(result, "edge-seal"), state(result, "connector-seal")], ["failed", "failed"]);
});

test("an edge that forges its own recording and signs it is told by the connector's seal", async () => {
  const forged = new Composer("sess-1", edge, connector)
    .opened()
    .joined()
    .agent(Buffer.from("another question"))
    .ended();
  const trailer = { edgeSeal: await forged.edgeSeal(), connectorSeal: await whole().connectorSeal() };
  const result = await verify(await forged.file(trailer), forged.keys);
  assert.equal(result.verdict, "failed");
  assert.deepEqual(
    result.checks.filter((check) => check.state !== "ok").map((check) => check.name),
    ["connector-seal"],
  );
});

test("another session's entries, whole or in part, do not pass", async () => {
  const other = whole("sess-2");
  const swapped = whole().entries.with(4, other.entries[4]!);
  const part = await verify(fileOf("sess-1", swapped, await whole().seals()), whole().keys);
  assert.deepEqual([part.verdict, part.firstWrong], ["failed", 5]);
  const all = await verify(fileOf("sess-1", other.entries, await other.seals()), whole().keys);
  assert.deepEqual([all.verdict, all.firstWrong], ["failed", 1]);
  const relabelled = rechained("sess-1", other.entries);
  const opening = await verify(fileOf("sess-1", relabelled, await whole().seals()), whole().keys);
  assert.equal(state(opening, "opening"), "failed");
});

test("other keys than those that signed do not verify", async () => {
  const stranger = publicKey(await generateKey());
  const file = await whole().file();
  const { keys } = whole();
  const otherEdge = await verify(file, { ...keys, edge: [stranger] });
  assert.deepEqual([state(otherEdge, "opening"), state(otherEdge, "edge-seal")], ["failed", "failed"]);
  const otherConnector = await verify(file, {
    ...keys,
    connectors: [{ name: "main", key: stranger, revoked: null }],
  });
  assert.equal(state(otherConnector, "connector-key"), "failed");
  const otherName = await verify(file, {
    ...keys,
    connectors: [{ ...keys.connectors[0]!, name: "backup" }],
  });
  assert.equal(state(otherName, "connector-key"), "failed");
});

test("a key revoked before the connector joined is refused; one revoked since is told", async () => {
  const file = await whole().file();
  const { keys } = whole();
  const revokedAt = (revoked: number): Keys => ({
    ...keys,
    connectors: keys.connectors.map((item) => ({ ...item, revoked })),
  });
  assert.equal(state(await verify(file, revokedAt(1)), "connector-key"), "failed");
  const since = await verify(file, revokedAt(Date.UTC(2100, 0)));
  assert.deepEqual([since.verdict, since.notes.length], ["verified", 1]);
});

test("a live session and a session without seals are incomplete, not wrong", async () => {
  const live = new Composer("sess-1", edge, connector).opened().joined().agent(Buffer.from("question"));
  const result = await verify(await live.file({}), live.keys);
  assert.equal(result.verdict, "incomplete");
  assert.deepEqual(
    result.checks.filter((check) => check.state === "absent").map((check) => check.name),
    ["ending", "edge-seal", "connector-seal"],
  );
  const lost = await verify(await whole().file({ edgeSeal: await whole().edgeSeal() }), whole().keys);
  assert.deepEqual([lost.verdict, state(lost, "connector-seal")], ["incomplete", "absent"]);
});

test("a session that no connector joined needs no seal of one", async () => {
  const composer = new Composer("sess-1", edge, connector)
    .opened()
    .agent(Buffer.from("question"), false)
    .lastWord(Buffer.from("no connector is online"))
    .ended();
  const result = await verify(await composer.file({ edgeSeal: await composer.edgeSeal() }), composer.keys);
  assert.equal(result.verdict, "verified", JSON.stringify(result.checks));
});

test("frames of the agent that the connector never took are told, and held against nobody", async () => {
  const composer = new Composer("sess-1", edge, connector)
    .opened()
    .joined()
    .agent(Buffer.from("taken"))
    .agent(Buffer.from("in flight"), false)
    .lastWord(Buffer.from("the session was killed"))
    .ended();
  const result = await verify(await composer.file(), composer.keys);
  assert.equal(result.verdict, "verified", JSON.stringify(result.checks));
  assert.match(result.notes[0]!, /last 1 of the agent's 2 frames/);
});

test("what the edge writes for the target is found out", async () => {
  const midway = new Composer("sess-1", edge, connector)
    .opened()
    .joined()
    .lastWord(Buffer.from("forged answer"))
    .target(Buffer.from("true answer"))
    .ended();
  assert.equal(state(await verify(await midway.file(), midway.keys), "frames"), "failed");
});

test("a clock that steps back is noted and proves no change", async () => {
  const composer = new Composer("sess-1", edge, connector).opened().joined().wait(-50).ended();
  const result = await verify(await composer.file(), composer.keys);
  assert.equal(result.verdict, "verified");
  assert.match(result.notes[0]!, /back by 50 ms at entry 3/);
});

test("a long session's seal may cover a prefix anywhere within a window", async () => {
  const composer = new Composer("sess-1", edge, connector).opened().joined();
  for (let frame = 0; frame < 300; frame++) composer.agent(Buffer.from([frame & 255]));
  const seal = await composer.connectorSeal();
  for (let frame = 0; frame < 300; frame++) composer.agent(Buffer.from([frame & 255]), false);
  composer.ended();
  const result = await verify(
    await composer.file({ edgeSeal: await composer.edgeSeal(), connectorSeal: seal }),
    composer.keys,
  );
  assert.equal(result.verdict, "verified", JSON.stringify(result.checks));
});

function verify(file: Buffer, keys: Keys): Promise<Verification> {
  return verifyRecording(inChunks(file), keys);
}

function state(result: Verification, name: CheckName): string {
  return result.checks.find((check) => check.name === name)!.state;
}

/** The same entries under a chain of their own. */
function rechained(session: string, entries: RecordedEntry[]): RecordedEntry[] {
  let head: Uint8Array = genesis(session);
  return entries.map((entry) => {
    head = chain(head, entry);
    return { ...entry, hash: head };
  });
}
