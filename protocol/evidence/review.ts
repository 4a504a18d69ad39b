import type {
  EdgeKeyUsed,
  LedgerEntry,
  SessionDeleted,
  SessionSealed,
  SessionStarted,
  SessionVoid,
} from "../ledger/entry.ts";
import type { FindingsOf } from "../recording/findings.ts";
import { findEdgeKey, type Keys } from "../recording/keys.ts";
import { thumbprint } from "../signatures.ts";
import type { ALL_CHECKS, REVIEW_CHECKS } from "./findings.ts";
import { KeySet } from "./key-set.ts";
import { SealChecks } from "./seal-checks.ts";
import { Said, type SessionState, SessionTable } from "./session-table.ts";
import { counted, dateText, some } from "./words.ts";

export type ReviewName = keyof typeof REVIEW_CHECKS | keyof typeof ALL_CHECKS;

/** How long after its end a session may be without a seal, ms: edges try again every few seconds. */
export const OVERDUE_MS = 15 * 60_000;
/** Sessions of one kind that are named; more are counted. */
const MAX_NAMED = 1_000;
/** Seals that wait for their sessions' starts. */
const MAX_EARLY = 1_000;

/** Sessions that have something in common: how many, and the first 1,000. */
export interface SessionList {
  count: number;
  sessions: string[];
}

/** What became of the sessions of a ledger. */
export interface SessionsReport {
  /** As of when, ms since 1970. */
  at: number;
  started: number;
  sealed: number;
  void: number;
  deleted: number;
  /** Neither ended nor over their time. */
  open: SessionList;
  /** Over their time, and still without a seal. */
  overdue: SessionList;
  /** Of which edge and connector do not say the same. */
  differing: SessionList;
  /** Which the connector has not sealed. */
  unconfirmed: SessionList;
  /** Sealed and not deleted, but not among the recordings; null where not all are said to be given. */
  missing: SessionList | null;
}

/** Judges what the entries of a ledger say, one after another; of each session it keeps 45 bytes. */
export class Review {
  readonly #keys: Keys;
  readonly #findings: FindingsOf<ReviewName>;
  readonly #seals: SealChecks;
  readonly #table = new SessionTable();
  readonly #seen = new KeySet();
  readonly #early = new Map<string, { index: number; entry: SessionSealed }>();
  readonly #connectors = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #counts = { started: 0, sealed: 0, void: 0, deleted: 0 };
  readonly #differing = list();
  readonly #unconfirmed = list();
  #first: number | null = null;
  #newest = 0;
  #latest = 0;

  constructor(keys: Keys, findings: FindingsOf<ReviewName>) {
    this.#keys = keys;
    this.#findings = findings;
    this.#seals = new SealChecks(keys, findings);
  }

  /** When the first entry happened, and the newest one; ms since 1970. */
  get first(): number {
    return this.#first ?? 0;
  }

  get newest(): number {
    return this.#newest;
  }

  /** The latest time that an entry told. */
  get latest(): number {
    return this.#latest;
  }

  async take(index: number, entry: LedgerEntry): Promise<void> {
    this.#first ??= entry.time;
    this.#newest = entry.time;
    this.#latest = Math.max(this.#latest, entry.time);
    switch (entry.type) {
      case "session_started":
        return this.#started(index, entry);
      case "session_sealed":
        return this.#sealed(index, entry);
      case "session_void":
        return this.#void(index, entry);
      case "session_deleted":
        return this.#deleted(index, entry);
      case "edge_key":
        this.#edgeKey(index, entry);
    }
    if (!this.#seen.add(entry.key)) this.#twice(index, entry);
  }

  /** Judges what only the whole tells. `given`: whose recordings are there, if all are said to be. */
  async finish(at: number, given: ReadonlySet<string> | null): Promise<SessionsReport> {
    for (const { index, entry } of this.#early.values()) {
      this.#wrong(index, `seals session ${entry.session}, which no entry starts`);
    }
    await this.#seals.finish();
    const [open, overdue, missing] = [list(), list(), list()];
    for (const [session, { said, until }] of this.#table.entries()) {
      const isOver = (said & (Said.sealed | Said.void)) !== 0;
      if (!isOver) add(until + OVERDUE_MS < at ? overdue : open, session);
      if (given && said & Said.sealed && !(said & Said.deleted) && !given.has(session)) add(missing, session);
    }
    this.#judge(at, open, overdue);
    if (given) this.#judgeGiven(missing);
    return {
      at,
      ...this.#counts,
      open,
      overdue,
      differing: this.#differing,
      unconfirmed: this.#unconfirmed,
      missing: given && missing,
    };
  }

  #judge(at: number, open: SessionList, overdue: SessionList): void {
    const findings = this.#findings;
    const { started, sealed, void: voided, deleted } = this.#counts;
    findings.ok("entries", "each is as the ledger writes it, and none stands there twice");
    if (overdue.count > 0) {
      const { count, sessions } = overdue;
      findings.fail(
        "sessions",
        `${counted(count, "session")} started and never sealed by ${dateText(at)}: ${some(sessions, count)}`,
      );
    }
    const parts = [
      `${sealed} sealed`,
      `${voided} never opened`,
      `${open.count} still open on ${dateText(at)}`,
    ];
    const stubs = deleted > 0 ? `; ${deleted} of the sealed deleted, with a stub` : "";
    findings.ok("sessions", `${counted(started, "session")} started: ${parts.join(", ")}${stubs}`);
    if (this.#differing.count > 0) {
      const { count, sessions } = this.#differing;
      const sentence = `the ledger itself says that edge and connector differ about ${counted(count, "session")}: ${some(sessions, count)}`;
      findings.fail("agreement", sentence);
    }
    const { count, sessions } = this.#unconfirmed;
    findings.ok("agreement", `of ${counted(sealed, "sealed session")} none has two halves that differ`);
    if (count > 0) {
      findings.note(
        `${counted(count, "session")} without a seal of the connector, such as ${some(sessions, count)}: the edge alone attests them`,
      );
    }
  }

  #judgeGiven(missing: SessionList): void {
    if (missing.count > 0) {
      const { count, sessions } = missing;
      const sentence = `${counted(count, "recording")} sealed, not deleted and not among those given: ${some(sessions, count)}`;
      this.#findings.fail("recordings", sentence);
    }
    this.#findings.ok(
      "recordings",
      "every session that is sealed and not deleted is among the recordings given",
    );
  }

  async #started(index: number, entry: SessionStarted): Promise<void> {
    if (this.#table.get(entry.session)) return this.#twice(index, entry);
    this.#counts.started++;
    const { time: opened, until } = entry;
    this.#table.set(entry.session, {
      said: Said.started,
      opened,
      until,
      connector: this.#numberOf(entry.connector),
      stub: 0n,
    });
    const early = this.#early.get(entry.session);
    if (!early) return;
    this.#early.delete(entry.session);
    await this.#sealed(early.index, early.entry);
  }

  async #sealed(index: number, entry: SessionSealed): Promise<void> {
    if (this.#isEarly(index, entry)) return;
    const state = this.#known(index, entry, Said.sealed);
    if (!state) return;
    if (state.said & Said.void)
      this.#wrong(index, `seals session ${entry.session}, which was never opened before`);
    this.#counts.sealed++;
    const { archive, edgeSeal } = entry;
    this.#table.set(entry.session, {
      ...state,
      said: state.said | Said.sealed,
      stub: stubOf(archive, edgeSeal.head),
    });
    if (entry.agreement === "differs") add(this.#differing, entry.session);
    else if (!entry.connectorSeal) add(this.#unconfirmed, entry.session);
    return this.#seals.take(index, entry, this.#names[state.connector]!, state.opened);
  }

  #void(index: number, entry: SessionVoid): void {
    const state = this.#known(index, entry, Said.void);
    if (!state) return;
    if (state.said & Said.sealed)
      this.#wrong(index, `says that session ${entry.session}, which is sealed, was never opened`);
    this.#counts.void++;
    this.#table.set(entry.session, { ...state, said: state.said | Said.void });
  }

  #deleted(index: number, entry: SessionDeleted): void {
    const state = this.#known(index, entry, Said.deleted);
    if (!state) return;
    if (!(state.said & Said.sealed))
      this.#wrong(index, `deletes session ${entry.session}, which was not sealed`);
    else if (state.stub !== stubOf(entry.archive, entry.head)) {
      this.#wrong(index, `is a stub of session ${entry.session} that does not repeat what its seal says`);
    }
    this.#counts.deleted++;
    this.#table.set(entry.session, { ...state, said: state.said | Said.deleted });
  }

  /** Seals and starts reach the ledger by two ways, so that a short session's seal may stand before its start. */
  #isEarly(index: number, entry: SessionSealed): boolean {
    const { session } = entry;
    if (this.#table.get(session) || this.#early.size >= MAX_EARLY) return false;
    if (this.#early.has(session)) this.#twice(index, entry);
    else this.#early.set(session, { index, entry });
    return true;
  }

  /** The state of a session that was started before, and of which this is said for the first time. */
  #known(
    index: number,
    entry: SessionSealed | SessionVoid | SessionDeleted,
    said: number,
  ): SessionState | null {
    const state = this.#table.get(entry.session);
    if (!state) this.#wrong(index, `is about session ${entry.session}, which no entry starts`);
    else if (state.said & said) this.#twice(index, entry);
    else return state;
    return null;
  }

  #edgeKey(index: number, entry: EdgeKeyUsed): void {
    if (thumbprint({ kty: "OKP", crv: "Ed25519", x: entry.x }) !== entry.thumbprint) {
      this.#findings.fail("entries", `entry ${index} names a key of the edge by the id of another`);
    }
    const isGiven = findEdgeKey(this.#keys, entry.thumbprint) !== undefined;
    this.#findings.note(
      `entry ${index}: the edge signs with key ${entry.thumbprint} from ${dateText(entry.time)}${isGiven ? "" : ", which is not among the keys given"}`,
    );
  }

  #twice(index: number, { key }: LedgerEntry): void {
    this.#findings.fail("entries", `entry ${index} has the key ${key}, which an entry before it has`);
  }

  #wrong(index: number, what: string): void {
    this.#findings.fail("sessions", `entry ${index} ${what}`);
  }

  #numberOf(connector: string): number {
    const known = this.#connectors.get(connector);
    if (known !== undefined) return known;
    const number = this.#names.push(connector) - 1;
    this.#connectors.set(connector, number);
    return number;
  }
}

/** 64 bits of what a seal says of the archive and the recording's head. */
function stubOf(archive: string, head: string): bigint {
  return BigInt(`0x${archive.slice(0, 8)}${head.slice(0, 8)}`);
}

function list(): SessionList {
  return { count: 0, sessions: [] };
}

function add(list: SessionList, session: string): void {
  list.count++;
  if (list.sessions.length < MAX_NAMED) list.sessions.push(session);
}
