import { setTimeout as sleep } from "node:timers/promises";
import { SallyportError } from "../../protocol/errors.ts";
import { openCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import { type Evidence, MAX_EVIDENCE, readEvidence } from "../../protocol/ledger/evidence.ts";
import { leafHash, verifyInclusion } from "../../protocol/ledger/merkle.ts";
import { readLedgerEntry } from "../../protocol/ledger/reading.ts";
import type { PublicKey } from "../../protocol/signatures.ts";
import type { EdgeApi } from "../edge-api.ts";

/** How long a session that has just ended takes to be sealed, at most, before one is told to try later; ms. */
const PATIENCE_MS = 60_000;
const POLL_MS = 500;

/**
 * The evidence of a session, each of its proofs verified. One that has just ended is waited for. Throws what the edge
 * says, and `protocol_violation` for what does not prove itself.
 */
export async function fetchEvidence(
  api: EdgeApi,
  session: string,
  keys: readonly PublicKey[],
): Promise<Evidence> {
  const evidence = await askFor(api, `/v1/sessions/${encodeURIComponent(session)}/evidence`);
  const { size, root } = await openCheckpoint(evidence.checkpoint, evidence.origin, keys);
  for (const { index, entry, proof } of evidence.entries) {
    const told = readLedgerEntry(entry);
    const hashes = proof.map((hash) => Buffer.from(hash, "base64"));
    const isOfSession = "session" in told && told.session === session;
    if (!isOfSession || !verifyInclusion(index, size, leafHash(Buffer.from(entry)), hashes, root)) {
      throw new SallyportError(
        "protocol_violation",
        `Entry ${index} of the edge's evidence does not prove itself.`,
        "The ledger's storage was changed, or something between it and you changes answers.",
      );
    }
  }
  return evidence;
}

/** Whether the evidence tells of the session's end. */
export function isFinal({ entries }: Evidence): boolean {
  return entries.some(({ entry }) => !["session_started", "approval"].includes(readLedgerEntry(entry).type));
}

async function askFor(api: EdgeApi, path: string): Promise<Evidence> {
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
    try {
      const response = await api.stream(path);
      let text = "";
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk, { stream: true });
        if (text.length > MAX_EVIDENCE)
          throw new SallyportError("protocol_violation", "The edge's evidence is too long.");
      }
      return readEvidence(text);
    } catch (error) {
      const isSoon = error instanceof SallyportError && error.code === "conflict";
      if (!isSoon || Date.now() > end) throw error;
    }
  }
}
