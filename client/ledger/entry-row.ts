import { counted } from "../../protocol/evidence/words.ts";
import type { LedgerEntry } from "../../protocol/ledger/entry.ts";

/** What an entry tells, in a few words. */
export function entryWords(entry: LedgerEntry): string {
  switch (entry.type) {
    case "session_started":
      return `session ${entry.session} on ${entry.target} began${forWhom(entry.onBehalfOf)}`;
    case "session_sealed": {
      const says = {
        agreed: "edge and connector agree",
        differs: "EDGE AND CONNECTOR DIFFER",
        absent: "without the connector's seal",
      }[entry.agreement];
      return `session ${entry.session} on ${entry.target} is sealed (${entry.endCode}, ${counted(entry.edgeSeal.entries, "entry", "entries")}): ${says}`;
    }
    case "session_void":
      return `session ${entry.session} on ${entry.target} never opened (${entry.endCode}): ${entry.reason}`;
    case "session_deleted":
      return `the recording of session ${entry.session} on ${entry.target} was removed by ${entry.by ?? "a rule"}: ${entry.reason}`;
    case "approval": {
      const by = entry.by === null ? "" : ` by ${entry.by}`;
      const why = entry.reason === null ? "" : `: ${entry.reason}`;
      return `approval ${entry.approval} (${entry.approvalKind} on ${entry.target}) is ${entry.status}${by}${why}`;
    }
    case "policy":
      return `policies: revision ${entry.revision}, version ${entry.version.slice(0, 12)}…, came into force`;
    case "change":
      return `change ${entry.change}: ${entry.action} ${entry.subject}`;
    case "edge_key":
      return `the edge signs with its key ${entry.thumbprint}`;
  }
}

/** Whose doing it was; "-" for the edge's own. */
export function whose(entry: LedgerEntry): string {
  return "principal" in entry ? entry.principal : "-";
}

function forWhom(user: string | null): string {
  return user === null ? "" : ` for ${user}`;
}
