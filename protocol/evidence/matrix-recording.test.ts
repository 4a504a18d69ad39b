import { before, describe, test } from "node:test";
import type { SessionSealed } from "../ledger/entry.ts";
import type { Composer } from "../recording/testing.ts";
import { fileOf } from "../recording/testing.ts";
import { publicKey } from "../signatures.ts";
import {
  catches,
  files,
  filesOf,
  first,
  honest,
  keys,
  only,
  replaced,
  second,
  setUp,
  signers,
  thief,
  third,
} from "./catching.ts";
import { type Files, ledgerFile, session, sessionId } from "./testing.ts";

before(setUp);

test("nothing was changed: nothing is caught", () => catches({}, []));

describe("a recording", () => {
  test("an entry dropped", async () => {
    const { facts, entries: kept } = first;
    const recordings = [
      fileOf(facts.session, kept.toSpliced(3, 1), await first.seals()),
      ...files.recordings.slice(1),
    ];
    const names = ["sequence", "chain", "edge-seal", "connector-seal"];
    await catches(
      { recordings },
      names.map((name) => `recording ${name} failed`),
    );
  });

  test("two entries in the other order", async () => {
    const { facts, entries: kept } = first;
    const moved = kept.toSpliced(3, 2, kept[4]!, kept[3]!);
    const recordings = [fileOf(facts.session, moved, await first.seals()), ...files.recordings.slice(1)];
    await catches({ recordings }, [
      "recording sequence failed",
      "recording chain failed",
      "recording ending failed",
      "recording edge-seal failed",
    ]);
  });

  test("an entry doubled", async () => {
    const { facts, entries: kept } = first;
    const doubled = kept.toSpliced(3, 0, kept[3]!);
    const recordings = [fileOf(facts.session, doubled, await first.seals()), ...files.recordings.slice(1)];
    await catches({ recordings }, [
      "recording sequence failed",
      "recording chain failed",
      "recording edge-seal failed",
      "recording connector-seal failed",
    ]);
  });

  test("the end cut off, and passed off as a live session", async () => {
    const { facts, entries: kept } = first;
    const recordings = [fileOf(facts.session, kept.slice(0, 4), {}), ...files.recordings.slice(1)];
    await catches({ recordings }, [
      "recording ending absent",
      "recording edge-seal absent",
      "recording connector-seal absent",
      "recording ledger-seal absent",
    ]);
  });

  test("the seals of another session on it", async () => {
    const recordings = [await first.file(await second.seals()), ...files.recordings.slice(1)];
    await catches({ recordings }, [
      "recording edge-seal failed",
      "recording connector-seal failed",
      "recording ledger-seal failed",
    ]);
  });

  test("the connector's seal of another session on it", async () => {
    const recordings = [
      await first.file({ edgeSeal: await first.edgeSeal(), connectorSeal: await second.connectorSeal() }),
      ...files.recordings.slice(1),
    ];
    await catches({ recordings }, ["recording connector-seal failed", "recording ledger-seal failed"]);
  });

  test("the connector's seal taken off", async () => {
    const recordings = [await first.file({ edgeSeal: await first.edgeSeal() }), ...files.recordings.slice(1)];
    await catches({ recordings }, ["recording connector-seal absent", "recording ledger-seal failed"]);
  });

  test("another session's in its place: it is whole itself, and the one that was is missing", async () => {
    const recordings = [files.recordings[1]!, ...files.recordings.slice(1)];
    await catches({ recordings }, ["ledger recordings failed"]);
  });

  test("evidence of one session with the recording of another", async () => {
    await catches(only({ recordings: [files.recordings[1]!], evidence: files.evidence }), [
      "recording ledger-start absent",
      "recording ledger-seal absent",
    ]);
  });

  test("removed: sealed, no stub, and not there", async () => {
    await catches({ recordings: files.recordings.slice(1) }, ["ledger recordings failed"]);
  });

  test("made up: the ledger goes on, and never knew of it", async () => {
    const made = session(1_000, signers);
    const later = await honest([first, second, third, session(2_000, signers)]);
    const recordings = [...files.recordings, await made.file(), await session(2_000, signers).file()];
    const rest = await filesOf([], later);
    // Made-up session 1,000 lies between others that the ledger knows.
    await catches({ ...rest, recordings }, [
      "recording ledger-start failed",
      "recording ledger-seal failed",
      "recording witnessed absent",
    ]);
  });
});

describe("whose keys are stolen", () => {
  test("the edge's: recording and ledger are forged and signed, but not the connector's seal", async () => {
    const forged = session(1, signers, (composer) => composer, "another question");
    const seals = { edgeSeal: await forged.edgeSeal(), connectorSeal: await first.connectorSeal() };
    const told = replaced<SessionSealed>(`session_sealed/${sessionId(1)}`, seals);
    const recordings = [await forged.file(seals), ...files.recordings.slice(1)];
    await catches({ ...(await filesOf([], told)), recordings, witness: undefined } as unknown as Files, [
      "recording connector-seal failed",
    ]);
  });

  test("the edge's: a forged recording with a seal of the thief's own for the connector's", async () => {
    const forged = session(1, { edge: signers.edge, connector: thief.connector });
    const told = replaced<SessionSealed>(
      `session_sealed/${sessionId(1)}`,
      (await forged.seals()) as Partial<SessionSealed>,
    );
    const recordings = [await forged.file(), ...files.recordings.slice(1)];
    await catches({ ...(await filesOf([], told)), recordings, witness: undefined } as unknown as Files, [
      "recording connector-key failed",
      "recording connector-seal failed",
      "ledger seals failed",
    ]);
  });

  test("the edge's: a forged recording that says that no connector took part is caught by the witness alone", async () => {
    const forged = session(1, signers);
    const bare = new (forged.constructor as typeof Composer)(
      sessionId(1),
      signers.edge,
      signers.connector,
      forged.facts.opened,
    )
      .opened()
      .ended();
    const seals = { edgeSeal: await bare.edgeSeal(), connectorSeal: null, agreement: "absent" as const };
    const told = replaced<SessionSealed>(`session_sealed/${sessionId(1)}`, seals);
    const recordings = [await bare.file({ edgeSeal: seals.edgeSeal }), ...files.recordings.slice(1)];
    const without = { ...(await filesOf([], told)), recordings, witness: undefined } as unknown as Files;
    await catches(without, []);
    await catches({ ...without, witness: files.witness }, [
      "recording witnessed failed",
      "all history failed",
    ]);
  });

  test("the connector's, and the edge is honest", async () => {
    const forged = session(1, signers, (composer) => composer, "another question");
    const trailer = { edgeSeal: await first.edgeSeal(), connectorSeal: await forged.connectorSeal() };
    await catches({ recordings: [await forged.file(trailer), ...files.recordings.slice(1)] }, [
      "recording edge-seal failed",
      "recording ledger-seal failed",
    ]);
  });

  test("both, after it was witnessed", async () => {
    const forged = session(1, signers, (composer) => composer, "another question");
    const told = await honest([forged, second, third]);
    const changed = await filesOf([forged, second, third], told);
    await catches({ ...changed, witness: undefined } as unknown as Files, []);
    await catches({ ...changed, witness: files.witness }, [
      "recording witnessed failed",
      "all history failed",
    ]);
  });

  test("none: everything is signed by keys of the thief's own", async () => {
    const told = await honest([session(1, thief)]);
    await catches(only({ ledger: await ledgerFile(told, thief.edge) }), [
      "ledger checkpoint failed",
      "ledger root absent",
      "ledger seals failed",
    ]);
  });

  test("the connector's key had been revoked before", async () => {
    const revoked = { ...keys, connectors: keys.connectors.map((one) => ({ ...one, revoked: 1 })) };
    await catches(
      only({ recordings: [files.recordings[0]!], ledger: files.ledger }),
      ["recording connector-key failed", "ledger seals failed"],
      revoked,
    );
  });

  test("the edge's key was taken from the keys file: what it signed counts no more", async () => {
    const taken = { ...keys, edge: [publicKey(thief.edge)] };
    await catches(
      only({ recordings: [files.recordings[0]!], ledger: files.ledger }),
      [
        "recording opening failed",
        "recording edge-seal failed",
        "ledger checkpoint failed",
        "ledger root absent",
        "ledger seals failed",
      ],
      taken,
    );
  });
});
