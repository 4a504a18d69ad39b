import { createHash } from "node:crypto";
import type { ConnectorSeal } from "../../../protocol/control.ts";
import type { SessionSealed } from "../../../protocol/ledger/entry.ts";
import type { SealedPart } from "../../../protocol/recording/sealed.ts";
import type { SessionRecord } from "../record.ts";
import type { Judged } from "./machine.ts";

/** SHA-256 (hex) over the SHA-256 of each part in order: all of a sealed recording in one hash. */
export function archiveHash(parts: readonly SealedPart[]): string {
  const hash = createHash("sha256");
  for (const { sha256 } of parts) hash.update(Buffer.from(sha256, "hex"));
  return hash.digest("hex");
}

/** Bytes of all parts. */
export function archiveBytes(parts: readonly SealedPart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A connector's seal with its members as the recording's trailer has them, and no others. */
export function sealMembers(seal: ConnectorSeal): Omit<ConnectorSeal, "type"> {
  const { key, agentFrames, agentHead, connectorFrames, connectorHead, signature } = seal;
  return { key, agentFrames, agentHead, connectorFrames, connectorHead, signature };
}

/** The ledger's entry of a session whose recording is whole. `note` makes it the same each time. */
export function sealedEntry(
  record: SessionRecord,
  parts: readonly SealedPart[],
  { agreement, edgeHeads }: Judged,
  note: { nonce: string; time: number },
): SessionSealed {
  const { target, principal, onBehalfOf } = record.facts!;
  return {
    type: "session_sealed",
    key: `session_sealed/${record.id}`,
    nonce: note.nonce,
    time: note.time,
    session: record.id,
    target,
    principal,
    onBehalfOf: onBehalfOf ?? null,
    endCode: record.end!.code,
    edgeSeal: record.edgeSeal!,
    connectorSeal: record.connectorSeal && sealMembers(record.connectorSeal),
    agreement,
    edgeHeads,
    parts: parts.length,
    bytes: archiveBytes(parts),
    archive: archiveHash(parts),
  };
}
