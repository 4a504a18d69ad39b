import { SallyportError } from "../../protocol/errors.ts";
import { parseCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import { EVIDENCE_FORMAT, type Evidence, MAX_EVIDENCE_ENTRIES } from "../../protocol/ledger/evidence.ts";
import { leafHash, verifyInclusion } from "../../protocol/ledger/merkle.ts";
import { parseNote } from "../../protocol/ledger/note.ts";
import { alarmLine } from "./alarm-line.ts";
import type { LedgerLog } from "./log.ts";

/**
 * What the ledger says of a session, each entry with its proof to the last checkpoint. Throws `storage_failed` where a
 * proof does not prove: rows of the ledger were changed.
 */
export function evidenceOf(log: LedgerLog, session: string): Evidence {
  const note = log.checkpoint()?.note ?? "";
  const { origin, size, root } = parseCheckpoint(parseNote(note).text);
  const leaves = log.leavesOf(session, MAX_EVIDENCE_ENTRIES).filter(({ index }) => index < size);
  const entries = leaves.map(({ index, entry }) => {
    const proof = log.inclusion(index, size);
    if (!verifyInclusion(index, size, leafHash(Buffer.from(entry)), proof, root)) throw broken(index);
    return { index, entry, proof: proof.map((hash) => hash.toString("base64")) };
  });
  return { format: EVIDENCE_FORMAT, session, origin, entries, checkpoint: note };
}

function broken(index: number): SallyportError {
  alarmLine("ledger_broken", { index });
  return new SallyportError(
    "storage_failed",
    `entry ${index} of the ledger can't be proved: its storage was changed`,
    "See docs/ledger.md, A broken ledger.",
  );
}
