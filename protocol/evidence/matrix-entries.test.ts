import { before, describe, test } from "node:test";
import type { EdgeKeyUsed, LedgerEntry, SessionSealed, SessionStarted } from "../ledger/entry.ts";
import type { Composer } from "../recording/testing.ts";
import {
  catches,
  entries,
  files,
  first,
  only,
  replaced,
  setUp,
  signers,
  thief,
  withoutLine,
} from "./catching.ts";
import { OVERDUE_MS } from "./review.ts";
import {
  checkpointOf,
  type Files,
  LedgerComposer,
  ledgerFile,
  session,
  sessionId,
  witnessFile,
} from "./testing.ts";

before(setUp);

describe("approvals", () => {
  const asked = (status: "approved" | "denied") =>
    session(4, signers, (composer) =>
      composer
        .edge({
          event: "approval_opened",
          approval: 1,
          id: `${sessionId(4)}-1`,
          expires: 1_900_000_000_000,
        })
        .edge({
          event: "approval_decided",
          approval: 1,
          status,
          by: ["corp/bob"],
          reason: null,
          until: null,
          under: null,
        }),
    );
  const told = async (composer: Composer, status: "approved" | "denied" | null) => {
    const ledger = new LedgerComposer().started(composer).approval(composer, 1, "pending");
    if (status !== null) ledger.approval(composer, 1, status);
    return (await ledger.sealed(composer)).entries;
  };
  const given = async (composer: Composer, noted: LedgerEntry[]): Promise<Files> =>
    only({ recordings: [await composer.file()], ledger: await ledgerFile(noted, signers.edge) });

  test("the ledger says what the recording says", async () => {
    const composer = asked("approved");
    await catches(await given(composer, await told(composer, "approved")), []);
  });

  test("denied in the recording, approved in the ledger", async () => {
    const composer = asked("denied");
    await catches(await given(composer, await told(composer, "approved")), [
      "recording ledger-approvals failed",
    ]);
  });

  test("decided in the recording, and not in the ledger", async () => {
    const composer = asked("approved");
    await catches(await given(composer, await told(composer, null)), ["recording ledger-approvals absent"]);
  });

  test("in the ledger, and not in the recording", async () => {
    const composer = session(4, signers);
    await catches(await given(composer, await told(composer, "approved")), [
      "recording ledger-approvals failed",
    ]);
  });
});

describe("the witness", () => {
  test("misses a leaf", async () => {
    const witness = withoutLine(files.witness, 3);
    await catches({ witness }, [
      ...["absent", "absent", "absent"].map((state) => `recording witnessed ${state}`),
      "witness order failed",
      "witness checkpoints absent",
      "all history absent",
      "all covered absent",
    ]);
  });

  test("misses leaves at the end", async () => {
    const witness = await witnessFile(entries.slice(0, 6), signers.edge, [4, 6]);
    const at = entries.at(-1)!.time + OVERDUE_MS * 2;
    await catches({ witness }, ["recording witnessed absent"]);
    await catches({ witness, at }, ["recording witnessed absent", "all covered absent"]);
  });

  test("has leaves without a checkpoint that the edge has signed", async () => {
    const witness = await witnessFile(entries, signers.edge, []);
    await catches(only({ witness }), ["witness checkpoints absent"]);
  });

  test("has a checkpoint over other leaves, or in another place", async () => {
    const other = replaced("policy/1", { principal: "corp/mallory" } as Partial<LedgerEntry>);
    const checkpoint = await checkpointOf(other, signers.edge, 4);
    const lines = files.witness.toString().split("\n");
    const at = lines.findIndex((line) => line.startsWith('{"size":4'));
    const line = JSON.stringify({ size: 4, checkpoint, written: 1 });
    await catches(only({ witness: Buffer.from(lines.with(at, line).join("\n")) }), [
      "witness checkpoints failed",
    ]);
    const moved = lines.toSpliced(at, 2, lines[at + 1]!, lines[at]!);
    await catches(only({ witness: Buffer.from(moved.join("\n")) }), ["witness checkpoints failed"]);
  });

  test("has a hash that is not its entry's", async () => {
    const text = files.witness.toString();
    const hash = /"hash":"([0-9a-f]{64})"/.exec(text)![1]!;
    await catches(only({ witness: Buffer.from(text.replace(hash, "00".repeat(32))) }), [
      "witness leaves failed",
    ]);
  });

  test("alone it tells of the sessions as the ledger does", async () => {
    await catches(only({ recordings: files.recordings, witness: files.witness, hasAll: true }), []);
    await catches(only({ recordings: files.recordings.slice(1), witness: files.witness, hasAll: true }), [
      "witness recordings failed",
    ]);
  });
});

describe("what entries say", () => {
  const ledgerOf = async (told: LedgerEntry[]) => only({ ledger: await ledgerFile(told, signers.edge) });

  test("something twice: a start, an approval, a policy", async () => {
    const ledger = new LedgerComposer().started(first).approval(first, 1, "approved").policy(1);
    await ledger.sealed(first);
    await catches(await ledgerOf(ledger.entries), []);
    for (const entry of ledger.entries) {
      await catches(await ledgerOf([...ledger.entries, entry]), ["ledger entries failed"]);
    }
  });

  test("a session that was sealed was never opened, or the reverse", async () => {
    const sealedFirst = await new LedgerComposer().started(first).sealed(first);
    await catches(await ledgerOf(sealedFirst.void(first).entries), ["ledger sessions failed"]);
    const voidFirst = await new LedgerComposer().started(first).void(first).sealed(first);
    await catches(await ledgerOf(voidFirst.entries), ["ledger sessions failed"]);
    await catches(await ledgerOf(new LedgerComposer().started(first).void(first).entries), []);
  });

  test("a session is deleted that was not sealed", async () => {
    const ledger = new LedgerComposer().started(first).deleted(first, "00".repeat(32));
    const { until } = first.facts;
    await catches({ ...(await ledgerOf(ledger.entries)), at: until }, ["ledger sessions failed"]);
  });

  test("a key of the edge has another's id", async () => {
    const { thumbprint } = entries[0] as EdgeKeyUsed;
    const told = replaced<EdgeKeyUsed>(`edge_key/${thumbprint}`, { x: thief.edge.x });
    await catches(await ledgerOf(told), ["ledger entries failed"]);
  });

  test("of a recording: another end, target or lease; agreement that there can't be", async () => {
    const key = `session_sealed/${sessionId(1)}`;
    const given = async (told: LedgerEntry[]) => ({
      ...(await ledgerOf(told)),
      recordings: [files.recordings[0]!],
    });
    for (const change of [
      { endCode: "idle" },
      { target: "invoices" },
      { principal: "corp/bob" },
      { agreement: "absent" as const },
    ]) {
      await catches(await given(replaced<SessionSealed>(key, change)), ["recording ledger-seal failed"]);
    }
    await catches(await given(replaced<SessionSealed>(key, { agreement: "differs" })), [
      "recording ledger-seal failed",
      "ledger agreement failed",
    ]);
    const { until } = first.facts;
    const shorter = replaced<SessionStarted>(`session_started/${sessionId(1)}`, { until: until - 1 });
    await catches(await given(shorter), ["recording ledger-start failed"]);
    const longer = replaced<SessionStarted>(`session_started/${sessionId(1)}`, { until: until + 1 });
    await catches(await given(longer), []);
  });

  test("a seal that no checkpoint at the witness covers is not witnessed yet", async () => {
    const witness = await witnessFile(entries, signers.edge, [3]);
    await catches(only({ recordings: [files.recordings[0]!], witness }), ["recording witnessed absent"]);
  });
});
