import { isAsk, isByEdge } from "../../protocol/approval/approval.ts";
import { type Entry, EntryKind } from "../../protocol/entry.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
import { channelRecord, connectorEvent, edgeEvent } from "../../protocol/recording/events.ts";
import type { Check } from "../../protocol/recording/findings.ts";
import type { Keys } from "../../protocol/recording/keys.ts";
import { verifyRecording } from "../../protocol/recording/verify.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import { replayPolicy } from "../policy-replay/replay-policy.ts";
import { differs } from "../policy-replay/report.ts";
import type { Judgement } from "../policy-replay/session-judge.ts";
import type { SessionOf } from "../policy-replay/steps.ts";
import { recordedEntries } from "../recordings/source.ts";
import { ApprovalAudit } from "./approvals.ts";
import { Branch } from "./branch.ts";
import type { Audited } from "./controls.ts";
import type { TargetLabels } from "./labels.ts";
import { MaskingAudit } from "./masking.ts";

/** A recording to audit, read once. */
export interface AuditSource {
  name: string;
  bytes(): AsyncIterable<Uint8Array>;
}

export interface AuditOptions {
  keys: Keys;
  /** The set of a version that was in force; null where it can't be had. */
  policies(version: string): Promise<PolicySet | null>;
  /** Judge by this one instead. */
  instead: PolicySet | null;
  /** Labels of targets with databases, by target; null where they were not given. */
  labels: ReadonlyMap<string, TargetLabels> | null;
  /** What was asked outside of these times (ms since 1970) is read, as it is counted, and not judged. */
  since: number;
  until: number;
  /** The time of the audit, ms since 1970. */
  now: number;
  reading?(number: number, name: string): void;
}

/** Audits recordings, each read once as a stream. Throws what reading throws, but for what a recording holds. */
export async function audit(sources: AuditSource[], options: AuditOptions, audited: Audited): Promise<void> {
  const sessions = new Map<string, SessionAudit>();
  const versions = new Map<string, Promise<PolicySet | null>>();
  const versionOf = (version: string) => {
    const known = versions.get(version) ?? options.policies(version);
    versions.set(version, known);
    return known;
  };
  const read = sources.map(({ name, bytes }) => ({
    name,
    async *entries(): AsyncGenerator<RecordedEntry> {
      const one = new SessionAudit(name, options, audited);
      yield* one.entries(bytes());
      sessions.set(one.session, one);
    },
  }));
  await replayPolicy(options.instead ?? versionOf, read, {
    since: options.since,
    until: options.until,
    ...(options.reading && { reading: options.reading }),
    unreadable(name, error) {
      unreadable(error, name, audited);
    },
    tell(judgement, { facts }) {
      conformance(judgement, facts.session, audited);
      if (judgement.run.step === "run") sessions.get(facts.session)?.masking?.ran(judgement.run);
    },
  });
  for (const one of sessions.values()) await one.finish(versionOf);
}

function conformance(judgement: Judgement, session: string, audited: Audited): void {
  const { run, then, now, basis } = judgement;
  audited.tested("conformance", session);
  const found = (kind: "deviation" | "untested", sentence: string) =>
    audited.found({ control: "conformance", kind, session, entry: run.seq, sentence });
  if (now === null) found("untested", "it can't be judged: its text, or the policies, are not known");
  else if (differs(judgement)) {
    const weak = basis === "text" || basis === "ambiguous";
    const sentence = `it was ${WORDS[then.verdict]}, and by the policies it is ${WORDS[now.verdict]}`;
    // A verdict that rests on less than what the guard knew can't convict anybody.
    if (weak) found("untested", `${sentence}, as far as its text alone tells`);
    else found("deviation", sentence);
  }
}

const WORDS = { allow: "allowed", approve: "held for approval", block: "blocked" } as const;

/** What a recording that can't be read means. Throws the error again, where it says nothing of this one recording. */
function unreadable(error: unknown, session: string, audited: Audited): void {
  const code = error instanceof SallyportError ? error.code : null;
  if (code !== "protocol_violation" && code !== "recording_damaged" && code !== "gone") throw error;
  // One that was deleted left its stub in the ledger; whether that may be is for the ledger to prove.
  const kind = code === "gone" ? "untested" : "deviation";
  const sentence = `the recording can't be read: ${(error as Error).message}`;
  audited.found({ control: "recordings", kind, session, entry: null, sentence });
}

/** What is looked at while the recording of one session is read. */
class SessionAudit {
  masking: MaskingAudit | null = null;
  readonly #name: string;
  readonly #options: AuditOptions;
  readonly #audited: Audited;
  readonly #versions = new Set<string>();
  #opened: SessionOf | null = null;
  #approvals: ApprovalAudit | null = null;
  #ended: number | null = null;

  constructor(name: string, options: AuditOptions, audited: Audited) {
    this.#name = name;
    this.#options = options;
    this.#audited = audited;
  }

  /** The session's id, or where the recording tells none its name. */
  get session(): string {
    return this.#opened?.facts.session ?? this.#name;
  }

  /** The recording's entries, which are verified as they pass. */
  async *entries(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<RecordedEntry> {
    const branch = new Branch<Uint8Array>();
    const verification = verifyRecording(branch, this.#options.keys);
    let isOver = false;
    let isBroken = false;
    void verification.finally(() => {
      isOver = true;
    });
    const both = async function* () {
      const source = bytes[Symbol.asyncIterator]();
      for (;;) {
        const { done, value } = await source.next().catch((error: unknown) => {
          isBroken = true;
          throw error;
        });
        if (done) return;
        // A verifier that has found the layout wrong reads no more.
        await Promise.race([branch.push(value), verification]);
        yield value;
      }
    };
    try {
      for await (const entry of recordedEntries(both())) {
        this.#take(entry);
        yield entry;
      }
    } finally {
      if (!isOver) branch.end();
      const { checks, firstWrong } = await verification;
      // What broke off on its way here proves nothing; the error that ends it is told.
      if (!isBroken) this.#verified(checks, firstWrong);
    }
  }

  #verified(checks: Check[], firstWrong: number | null): void {
    this.#audited.tested("recordings", this.session);
    for (const { state, sentence, entry } of checks) {
      if (state === "ok") continue;
      const kind = state === "failed" ? "deviation" : "untested";
      const { session } = this;
      this.#audited.found({ control: "recordings", kind, session, entry: entry ?? firstWrong, sentence });
    }
  }

  /** What only the whole tells. */
  async finish(policies: (version: string) => Promise<PolicySet | null>): Promise<void> {
    if (this.#opened === null) return;
    const { facts } = this.#opened;
    for (const version of this.#versions) {
      this.#audited.tested("policies", facts.session);
      if ((await policies(version)) !== null) continue;
      this.#found("policies", `its policies ${version || "(none)"} are not known: they can't be judged by`);
    }
    this.masking?.finish(this.#opened, await policies(facts.policy.version), this.#audited);
    this.#ending(facts.until);
  }

  #take(entry: Entry): void {
    if (entry.kind === EntryKind.edge) this.#edge(entry);
    else if (entry.kind === EntryKind.connector && channelRecord(entry.frame) === null)
      this.#connector(entry);
  }

  #edge({ frame, seq, time }: Entry): void {
    const event = edgeEvent(frame);
    if (event === null) return;
    if (isByEdge(event)) this.#approvals?.take(event, seq, time);
    else if (event.event === "opened" && this.#opened === null) {
      this.#opened = { facts: event.facts, database: "" };
      this.#approvals = new ApprovalAudit(event.facts, this.#audited);
      this.#versions.add(event.facts.policy.version);
      const labels = this.#options.labels?.get(event.facts.target);
      if (event.facts.kind === "postgres" && labels !== undefined && labels.length > 0)
        this.masking = new MaskingAudit(labels);
    } else if (event.event === "ended") this.#ended = time;
  }

  #connector({ frame, seq, time }: Entry): void {
    const event = connectorEvent(frame);
    if (event === null) return;
    if (isAsk(event)) this.#approvals?.take(event, seq, time);
    else if (event.event === "policy") this.#versions.add(event.version);
    else if (event.event === "target_connected" && this.#opened !== null)
      this.#opened = { ...this.#opened, database: event.database };
    else if (event.event === "facts") for (const { facts } of event.statements) this.masking?.facts(facts);
    else if (event.event === "masked")
      for (const { fingerprint } of event.statements) this.masking?.masked(fingerprint);
  }

  #ending(until: number): void {
    this.#audited.tested("endings", this.session);
    const over = this.#ended ?? this.#options.now;
    const late = over - until;
    if (late > LATE_MS) {
      const words = this.#ended === null ? "it has no end, though its time was up" : "it ended";
      this.#audited.found({
        control: "endings",
        kind: "deviation",
        session: this.session,
        entry: null,
        sentence: `${words} ${Math.round(late / 1_000)} s after it had to`,
      });
    } else if (this.#ended === null) this.#found("endings", "it had not ended when its recording was read");
  }

  #found(control: "policies" | "endings", sentence: string): void {
    this.#audited.found({ control, kind: "untested", session: this.session, entry: null, sentence });
  }
}

/** An edge that is down ends a session when it is back. */
const LATE_MS = 60_000;
