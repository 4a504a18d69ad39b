import { before, describe, test } from "node:test";
import type { LedgerEntry, SessionSealed, SessionStarted } from "../ledger/entry.ts";
import {
  catches,
  entries,
  files,
  filesOf,
  first,
  honest,
  only,
  replaced,
  second,
  setUp,
  signers,
  third,
  without,
  withoutLine,
} from "./catching.ts";
import { OVERDUE_MS } from "./review.ts";
import {
  checkpointOf,
  evidenceFile,
  type Files,
  LedgerComposer,
  ledgerFile,
  session,
  sessionId,
} from "./testing.ts";

before(setUp);

describe("the ledger", () => {
  const signed = async (told: LedgerEntry[]): Promise<Files> => ({
    ...(await filesOf([], told)),
    recordings: [],
    hasAll: false,
  });

  test("an entry dropped from the export", async () => {
    const ledger = withoutLine(files.ledger, 3);
    await catches({ ledger }, [
      "ledger order failed",
      "ledger root absent",
      "all history absent",
      "all covered absent",
    ]);
  });

  test("an entry dropped, the rest counted anew", async () => {
    const ledger = await ledgerFile(
      without(`session_sealed/${sessionId(1)}`),
      signers.edge,
      await checkpointOf(entries, signers.edge),
    );
    await catches(only({ ledger, at: 0 }), ["ledger root failed"]);
  });

  test("an entry doubled", async () => {
    const told = [...entries, entries[3]!];
    await catches(await signed(told), ["evidence session failed", "ledger entries failed"]);
  });

  test("two entries in the other order", async () => {
    const moved = entries.toSpliced(1, 2, entries[2]!, entries[1]!);
    const ledger = await ledgerFile(moved, signers.edge, await checkpointOf(entries, signers.edge));
    await catches(only({ ledger }), ["ledger root failed"]);
    const signed = await ledgerFile(moved, signers.edge);
    await catches(only({ ledger: signed, witness: files.witness }), ["all history failed"]);
  });

  test("a seal of a session that nothing starts", async () => {
    const ledger = await ledgerFile(without(`session_started/${sessionId(2)}`), signers.edge);
    await catches(only({ ledger }), ["ledger sessions failed"]);
  });

  test("a seal that came before its start is none", async () => {
    const ledger = await ledgerFile(entries.toSpliced(2, 2, entries[3]!, entries[2]!), signers.edge);
    await catches(only({ ledger }), []);
  });

  test("a session that was started and never sealed", async () => {
    const told = without(`session_sealed/${sessionId(2)}`);
    const { until } = told.find(({ key }) => key === `session_started/${sessionId(2)}`) as SessionStarted;
    const changed = await signed(told);
    await catches({ ...changed, at: until + OVERDUE_MS }, []);
    await catches({ ...changed, at: until + OVERDUE_MS + 1 }, ["ledger sessions failed"]);
  });

  test("a session taken out of it as a whole, the recording too", async () => {
    const told = without(`session_started/${sessionId(2)}`, `session_sealed/${sessionId(2)}`);
    const changed = { ...(await filesOf([first, third], told)), witness: undefined } as unknown as Files;
    await catches(changed, []);
    await catches({ ...changed, witness: files.witness }, [
      "recording witnessed failed",
      "all history failed",
      "all covered failed",
    ]);
  });

  test("forked: evidence of one history, the ledger of another, both signed", async () => {
    const other = replaced("policy/1", { principal: "corp/mallory" } as Partial<LedgerEntry>);
    await catches(
      {
        ...only({}),
        ledger: files.ledger,
        evidence: [await evidenceFile(sessionId(1), other, signers.edge)],
      },
      ["all history failed"],
    );
    await catches(
      {
        ...only({}),
        witness: files.witness,
        evidence: [await evidenceFile(sessionId(1), other, signers.edge)],
      },
      ["all history failed"],
    );
  });

  test("forked: two evidence files alone of the same size", async () => {
    const other = replaced("policy/1", { principal: "corp/mallory" } as Partial<LedgerEntry>);
    const evidence = [files.evidence[0]!, await evidenceFile(sessionId(1), other, signers.edge)];
    await catches(only({ evidence }), ["all history failed"]);
  });

  test("rolled back to an older checkpoint, that was signed", async () => {
    const old = entries.slice(0, 6);
    const ledger = await ledgerFile(old, signers.edge);
    await catches(only({ ledger }), []);
    await catches(only({ ledger, evidence: files.evidence }), ["all history failed"]);
    await catches(only({ ledger, witness: files.witness }), ["all covered failed"]);
  });

  test("a checkpoint for more entries than the export holds", async () => {
    const ledger = await ledgerFile(
      entries.slice(0, 6),
      signers.edge,
      await checkpointOf(entries, signers.edge),
    );
    await catches(only({ ledger }), ["ledger root failed"]);
  });

  test("a checkpoint for fewer", async () => {
    const ledger = await ledgerFile(entries, signers.edge, await checkpointOf(entries, signers.edge, 6));
    await catches(only({ ledger }), ["ledger root failed"]);
  });

  test("of another origin", async () => {
    const ledger = await ledgerFile(
      entries,
      signers.edge,
      await checkpointOf(entries, signers.edge, entries.length, "evil.example/ledger"),
    );
    await catches(only({ ledger }), ["ledger checkpoint failed", "ledger root absent"]);
    const moved = Buffer.from(
      files.ledger.toString().replace("sallyport.example.com", "sallyport.example.org"),
    );
    await catches(only({ ledger: moved, witness: files.witness }), [
      "ledger checkpoint failed",
      "ledger root absent",
      "all history failed",
    ]);
  });

  test("a seal of one session replayed for another", async () => {
    const { edgeSeal, connectorSeal } = entries[3] as SessionSealed;
    const told = replaced<SessionSealed>(`session_sealed/${sessionId(2)}`, { edgeSeal, connectorSeal });
    await catches(only({ ledger: await ledgerFile(told, signers.edge) }), ["ledger seals failed"]);
  });

  test("the edge's seal, or the connector's, alone of one session replayed for another", async () => {
    const { edgeSeal, connectorSeal } = entries[3] as SessionSealed;
    for (const seal of [{ edgeSeal }, { connectorSeal }]) {
      const told = replaced<SessionSealed>(`session_sealed/${sessionId(2)}`, seal);
      await catches(only({ ledger: await ledgerFile(told, signers.edge) }), ["ledger seals failed"]);
    }
  });

  test("seals that are not those of the recording", async () => {
    const forged = session(1, signers, (composer) => composer, "another question");
    const told = await honest([forged, second, third]);
    await catches(only({ recordings: files.recordings, ledger: await ledgerFile(told, signers.edge) }), [
      "recording ledger-seal failed",
    ]);
  });

  test("the edge itself noted that the connector says something else", async () => {
    const told = replaced<SessionSealed>(`session_sealed/${sessionId(1)}`, { agreement: "differs" });
    await catches(only({ ledger: await ledgerFile(told, signers.edge) }), ["ledger agreement failed"]);
  });

  test("a session that was started as somebody else's", async () => {
    const told = replaced<SessionStarted>(`session_started/${sessionId(1)}`, { principal: "corp/bob" });
    await catches(
      only({ recordings: [files.recordings[0]!], ledger: await ledgerFile(told, signers.edge) }),
      ["recording ledger-start failed"],
    );
  });

  test("a stub that does not repeat what was sealed, and one of what was never sealed", async () => {
    const { edgeSeal } = entries[3] as SessionSealed;
    const stub = async (head: string, told: LedgerEntry[]) => {
      const ledger = new LedgerComposer();
      ledger.entries.push(...told);
      return ledgerFile(ledger.deleted(first, head).entries, signers.edge);
    };
    const recordings = files.recordings.slice(1);
    const given = only({ recordings, hasAll: true });
    await catches({ ...given, ledger: await stub(edgeSeal.head, entries) }, []);
    await catches({ ...given, ledger: await stub("00".repeat(32), entries) }, ["ledger sessions failed"]);
    await catches(
      { ...given, ledger: await stub(edgeSeal.head, without(`session_sealed/${sessionId(1)}`)) },
      ["ledger sessions failed"],
    );
  });
});
