import type { ConnectorSeal, EdgeSeal } from "../control.ts";
import type { ApprovalNoted, SessionSealed, SessionStarted } from "../ledger/entry.ts";
import type { FindingsOf } from "../recording/findings.ts";
import type { ARCHIVE_CHECKS, ENTERED_CHECKS, WITNESSED_CHECKS } from "./findings.ts";
import type { RecordedFacts } from "./recorded-facts.ts";
import { OVERDUE_MS } from "./review.ts";
import type { Found, SessionEntries } from "./session-entries.ts";
import { dateText } from "./words.ts";

type EnteredName = keyof typeof ENTERED_CHECKS | keyof typeof ARCHIVE_CHECKS | keyof typeof WITNESSED_CHECKS;

/** The sealed objects of a recording, as they were given. */
export interface GivenArchive {
  parts: number;
  bytes: number;
  /** SHA-256 (hex) over the SHA-256 of each object in order. */
  sha256: string;
}

/** When the first entry of a whole ledger happened, and the latest; ms since 1970. */
export interface LedgerTimes {
  first: number;
  latest: number;
}

/** What a recording is judged by. */
export interface Known {
  /** Of its session, as the ledger, or an evidence file, or the witness has them. */
  entries: SessionEntries;
  /** Where all of a ledger is given, so that what is not there was never entered. */
  whole: LedgerTimes | null;
  archive: GivenArchive | null;
}

/** Judges a recording by what is known of its session. */
export function judgeEntered(
  facts: RecordedFacts,
  { entries, whole, archive }: Known,
  findings: FindingsOf<EnteredName>,
): void {
  judgeMissing(facts, entries, whole, findings);
  judgeStart(facts, entries.started, findings);
  judgeSeal(facts, entries, findings);
  judgeApprovals(facts, entries.approvals, findings);
  if (archive) judgeArchive(archive, entries.sealed, findings);
  if (entries.deleted) {
    const { index, entry } = entries.deleted;
    findings.note(
      `entry ${index} says that this recording was deleted on ${dateText(entry.time)}: ${entry.reason}`,
    );
  }
}

/** Judges whether the entries of a session stand in the witness, too. `size`: leaves that a checkpoint there covers. */
export function judgeWitnessed(
  entries: SessionEntries,
  witness: SessionEntries,
  size: number,
  findings: FindingsOf<EnteredName>,
): void {
  const { started, sealed } = entries;
  for (const [word, here, there] of [
    ["start", started, witness.started],
    ["seal", sealed, witness.sealed],
  ] as const) {
    if (!here || !there) continue;
    if (here.index !== there.index || Buffer.compare(here.leaf, there.leaf) !== 0) {
      const other = `the witness holds another ${word} of this session (entry ${there.index}, witnessed on ${dateText(there.written)})`;
      findings.fail("witnessed", other);
    }
  }
  const { sealed: seal } = witness;
  if (!seal) findings.absent("witnessed", "the witness has no seal of this session");
  else if (seal.index >= size) {
    findings.absent("witnessed", `entry ${seal.index} is there, and no checkpoint that covers it`);
  } else {
    const sentence = `its seal (entry ${seal.index}) was given to the witness on ${dateText(seal.written)}, and a checkpoint that covers it`;
    findings.ok("witnessed", sentence);
  }
}

/** A ledger that goes on after a session has its start and its seal, unless it began after it. */
function judgeMissing(
  { opened, edgeSeal, time }: RecordedFacts,
  { started, sealed, void: voided }: SessionEntries,
  whole: LedgerTimes | null,
  findings: FindingsOf<EnteredName>,
): void {
  if (!whole || !opened || opened.opened < whole.first) return;
  if (!started && opened.opened + OVERDUE_MS < whole.latest) {
    findings.fail(
      "ledger-start",
      "the ledger goes on after this session, and has no entry that it was started",
    );
  }
  if (!sealed && !voided && edgeSeal && time + OVERDUE_MS < whole.latest) {
    findings.fail("ledger-seal", "the ledger goes on after this session, and has no entry that seals it");
  }
}

function judgeStart(
  { opened }: RecordedFacts,
  started: Found<SessionStarted> | null,
  findings: FindingsOf<EnteredName>,
): void {
  if (!started) {
    findings.absent("ledger-start", "no entry of the files given says that this session was started");
    return;
  }
  const { index, entry } = started;
  const differing =
    opened &&
    ([
      ["principal", entry.principal, opened.principal],
      ["user for whom it acted", entry.onBehalfOf, opened.onBehalfOf ?? null],
      ["target", entry.target, opened.target],
      ["kind of target", entry.kind, opened.kind],
      ["connector", entry.connector, opened.connector],
      ["address", entry.address, opened.address],
    ].find(([, there, here]) => there !== here)?.[0] ??
      (opened.until > entry.until ? "end of its lease" : null));
  if (differing)
    findings.fail("ledger-start", `entry ${index} names another ${differing} than the recording`);
  else {
    findings.ok(
      "ledger-start",
      `entry ${index}: started on ${dateText(entry.time)} by ${entry.principal} to ${entry.target}`,
    );
  }
}

function judgeSeal(
  facts: RecordedFacts,
  { sealed, void: voided }: SessionEntries,
  findings: FindingsOf<EnteredName>,
): void {
  if (voided) {
    findings.fail("ledger-seal", `entry ${voided.index} says that this session was never opened`);
  } else if (!sealed) {
    findings.absent("ledger-seal", "no entry of the files given seals this session");
  } else if (!facts.edgeSeal) {
    findings.absent(
      "ledger-seal",
      `entry ${sealed.index} seals this session; the file is from before, or cut`,
    );
  } else {
    const fault = sealFault(facts, sealed.entry);
    if (fault) findings.fail("ledger-seal", `entry ${sealed.index} ${fault}`);
    else {
      const agreed = sealed.entry.agreement === "agreed" ? ", and that edge and connector say the same" : "";
      findings.ok("ledger-seal", `entry ${sealed.index} holds the very same seals${agreed}`);
    }
  }
}

/** How the ledger's seal differs from the recording's trailer, or null. */
function sealFault(facts: RecordedFacts, sealed: SessionSealed): string | null {
  const { edgeSeal, connectorSeal } = sealed;
  if (!areEqual(edgeSeal, facts.edgeSeal, EDGE_SEAL)) return "holds another seal of the edge than the file";
  if (!areEqual(connectorSeal, facts.connectorSeal, CONNECTOR_SEAL)) {
    return "holds another seal of the connector than the file";
  }
  if (sealed.agreement === "differs") return "says that edge and connector do not say the same";
  if (facts.hadConnector && (sealed.agreement === "agreed") !== (connectorSeal !== null)) {
    return "says that edge and connector agree, without a seal of the connector, or the reverse";
  }
  if (facts.endCode !== null && sealed.endCode !== facts.endCode) return "says that it ended in another way";
  const { opened } = facts;
  if (opened && (sealed.principal !== opened.principal || sealed.target !== opened.target)) {
    return "names another principal or target";
  }
  return null;
}

const EDGE_SEAL = ["key", "entries", "head", "signature"] as const satisfies (keyof EdgeSeal)[];
const CONNECTOR_SEAL = [
  "key",
  "agentFrames",
  "agentHead",
  "connectorFrames",
  "connectorHead",
  "signature",
] as const satisfies (keyof Omit<ConnectorSeal, "type">)[];

function areEqual<Seal>(one: Seal | null, other: Seal | null, members: readonly (keyof Seal)[]): boolean {
  if (!one || !other) return one === other;
  return members.every((member) => one[member] === other[member]);
}

function judgeApprovals(
  { approvals, opened }: RecordedFacts,
  noted: readonly Found<ApprovalNoted>[],
  findings: FindingsOf<EnteredName>,
): void {
  const recorded = new Map(
    [...approvals.values()].flatMap(({ id, statuses }) => (id === null ? [] : [[id, statuses] as const])),
  );
  const found = new Set<string>();
  for (const { index, entry } of noted) {
    const statuses = recorded.get(entry.approval);
    if (entry.session !== opened?.session) continue;
    if (!statuses) {
      findings.fail(
        "ledger-approvals",
        `entry ${index} is of approval ${entry.approval}, which is not in the recording`,
      );
    } else if (!statuses.has(entry.status)) {
      const sentence = `entry ${index} says that approval ${entry.approval} is ${entry.status}; the recording does not`;
      findings.fail("ledger-approvals", sentence);
    } else if (entry.status !== "pending") {
      found.add(entry.approval);
    }
  }
  const decided = [...recorded].filter(([, statuses]) => statuses.size > 1).map(([id]) => id);
  const missing = decided.filter((id) => !found.has(id));
  if (missing.length > 0) {
    const sentence = `${missing.length} of ${decided.length} approvals in the recording are not among the entries given, such as ${missing[0]}`;
    findings.absent("ledger-approvals", sentence);
  } else if (decided.length === 0) {
    findings.ok("ledger-approvals", "neither the recording nor the entries have any that was decided");
  } else {
    findings.ok(
      "ledger-approvals",
      `what became of ${decided.length} approvals is entered as it was recorded`,
    );
  }
}

function judgeArchive(
  archive: GivenArchive,
  sealed: Found<SessionSealed> | null,
  findings: FindingsOf<EnteredName>,
): void {
  if (!sealed) {
    findings.absent("archive", "no entry given says what the objects must be");
    return;
  }
  const { index, entry } = sealed;
  const isSame =
    archive.sha256 === entry.archive && archive.parts === entry.parts && archive.bytes === entry.bytes;
  if (isSame) findings.ok("archive", `the ${archive.parts} objects are those that entry ${index} names`);
  else findings.fail("archive", `the objects are others than those that entry ${index} names`);
}
