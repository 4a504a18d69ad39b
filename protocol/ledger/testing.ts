import { createHash } from "node:crypto";
import type { LedgerEntry } from "./entry.ts";
import { type Node, nodeHash, type ReadHash } from "./merkle.ts";

/** The tree by the words of RFC 6962 section 2.1, which no other code here follows: MTH(leaves). */
export function plainRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return createHash("sha256").digest();
  if (leaves.length === 1) return createHash("sha256").update("\0").update(leaves[0]!).digest();
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(plainRoot(leaves.slice(0, split)), plainRoot(leaves.slice(split)));
}

/** Hashes of perfect subtrees over these leaves; throws for what reaches beyond them. */
export function readerOf(leaves: readonly Uint8Array[]): ReadHash {
  return ({ level, index }: Node) => {
    const [start, end] = [index * 2 ** level, (index + 1) * 2 ** level];
    if (end > leaves.length) throw new RangeError(`no perfect subtree ${level}/${index}`);
    return plainRoot(leaves.slice(start, end));
  };
}

const SESSION = "0123456789abcdef0123456789abcdef";
const HEAD = "ab".repeat(32);
const THUMBPRINT = Buffer.alloc(32, 7).toString("base64url");
const SIGNATURE = Buffer.alloc(64, 9).toString("base64url");
const NOTED = { nonce: "00112233445566778899aabbccddeeff", time: 1_800_000_000_000 };
const HEADS = { agentFrames: 1, agentHead: HEAD, connectorFrames: 2, connectorHead: HEAD };

/** An entry of each type, the one with an inner `null` as well. */
export const SAMPLE_ENTRIES: readonly LedgerEntry[] = [
  {
    type: "session_started",
    key: `session_started/${SESSION}`,
    ...NOTED,
    session: SESSION,
    target: "orders",
    kind: "postgres",
    principal: "agent@example.com",
    onBehalfOf: null,
    connector: "home",
    address: "",
    until: 1_800_000_100_000,
  },
  {
    type: "session_sealed",
    key: `session_sealed/${SESSION}`,
    ...NOTED,
    session: SESSION,
    target: "orders",
    principal: "agent@example.com",
    onBehalfOf: "Zoë",
    endCode: "closed",
    edgeSeal: { key: THUMBPRINT, entries: 4, head: HEAD, signature: SIGNATURE },
    connectorSeal: { key: THUMBPRINT, ...HEADS, signature: SIGNATURE },
    agreement: "differs",
    edgeHeads: HEADS,
    parts: 1,
    bytes: 4_096,
    archive: HEAD,
  },
  {
    type: "session_sealed",
    key: `session_sealed/${SESSION}`,
    ...NOTED,
    session: SESSION,
    target: "orders",
    principal: "agent@example.com",
    onBehalfOf: null,
    endCode: "connector_lost",
    edgeSeal: { key: THUMBPRINT, entries: 4, head: HEAD, signature: SIGNATURE },
    connectorSeal: null,
    agreement: "absent",
    edgeHeads: null,
    parts: 1,
    bytes: 4_096,
    archive: HEAD,
  },
  {
    type: "session_void",
    key: `session_void/${SESSION}`,
    ...NOTED,
    session: SESSION,
    target: "orders",
    principal: "agent@example.com",
    endCode: "forbidden",
    reason: "no policy permits it",
  },
  {
    type: "session_deleted",
    key: `session_deleted/${SESSION}`,
    ...NOTED,
    session: SESSION,
    target: "orders",
    principal: "agent@example.com",
    reason: "kept for 90 days",
    by: null,
    archive: HEAD,
    head: HEAD,
  },
  {
    type: "approval",
    key: `approval/${SESSION}-1/approved`,
    ...NOTED,
    approval: `${SESSION}-1`,
    approvalKind: "statement",
    session: SESSION,
    principal: "agent@example.com",
    onBehalfOf: null,
    target: "orders",
    status: "approved",
    by: "dba@example.com",
    reason: null,
    until: null,
  },
  { type: "policy", key: "policy/3", ...NOTED, revision: 3, version: HEAD, principal: "starter set" },
  {
    type: "change",
    key: "change/12",
    ...NOTED,
    change: 12,
    principal: "admin@example.com",
    action: "token.revoke",
    subject: "ci",
    before: HEAD,
    after: HEAD,
  },
  { type: "edge_key", key: `edge_key/${THUMBPRINT}`, ...NOTED, thumbprint: THUMBPRINT, x: THUMBPRINT },
];
