import { carriesExchanges, type TargetKind } from "../../protocol/control.ts";
import { type Entry, EntryKind } from "../../protocol/entry.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { UsageCounter } from "../../protocol/policy/usage.ts";
import { edgeEvent } from "../../protocol/recording/events.ts";
import { ExchangeExtractor } from "./exchange-extract.ts";
import { ExchangeJudge } from "./exchange-judge.ts";
import { Extractor } from "./extract.ts";
import { mergeTracks } from "./merge.ts";
import { RecordedFacts } from "./recorded-facts.ts";
import { ReplayedSession } from "./replayed-session.ts";
import { type Judgement, SessionJudge } from "./session-judge.ts";
import type { Source } from "./sources.ts";
import { type Span, Spool } from "./spool.ts";
import { SshExtractor } from "./ssh-extract.ts";
import { SshJudge } from "./ssh-judge.ts";
import type { SessionOf, Step } from "./steps.ts";

/** The sets to judge by: one for all, or each that was in force then, by its version; null where that one is not known. */
export type PoliciesOf = PolicySet | ((version: string) => Promise<PolicySet | null>);

/** What is asked of a replay. Times in ms since 1970: what ran outside of them bears on what ran inside. */
export interface ReplayPolicyOptions {
  since: number;
  until: number;
  /** Takes each judgement of a run, in the order in which its principal's sessions ran. */
  tell(judgement: Judgement, session: SessionOf): void | Promise<void>;
  /** Recordings are read one after the other: this is the next, from 1. */
  reading?(number: number, name: string): void;
  /** A recording could not be read; without this it is thrown. */
  unreadable?(name: string, error: unknown): void;
}

interface Extracted {
  session: SessionOf;
  steps: Span;
  facts: Span;
}

/**
 * Judges what recordings hold by a policy set. Each recording is read once, as a stream; its steps go through a
 * temporary file. Throws what reading throws, and `protocol_violation` for a recording that doesn't tell whose
 * session it is.
 */
export async function replayPolicy(
  policies: PoliciesOf,
  sources: Source[],
  options: ReplayPolicyOptions,
): Promise<void> {
  const spool = await Spool.open();
  try {
    const sessions: Extracted[] = [];
    for (const [index, source] of sources.entries()) {
      options.reading?.(index + 1, source.name);
      try {
        sessions.push(await extract(source, spool));
      } catch (error) {
        if (!options.unreadable) throw error;
        options.unreadable(source.name, error);
      }
    }
    for (const group of Map.groupBy(sessions, usageKey).values())
      await judge(policies, group, spool, options);
  } finally {
    await spool.close();
  }
}

async function extract(source: Source, spool: Spool): Promise<Extracted> {
  let extractor: Extractor | SshExtractor | ExchangeExtractor = new Extractor();
  const from = await spool.position();
  for await (const entry of source.entries()) {
    const kind = openedKind(entry);
    if (kind === "ssh") extractor = new SshExtractor();
    if (kind !== null && carriesExchanges(kind)) extractor = new ExchangeExtractor();
    for (const step of extractor.push(entry)) await spool.add(step);
  }
  for (const step of extractor.end()) await spool.add(step);
  const to = await spool.position();
  const { session } = extractor;
  if (!session) {
    throw new SallyportError(
      "protocol_violation",
      `The recording ${source.name} does not tell whose session it is.`,
      "Its first entry is missing: export it again, and verify it.",
    );
  }
  await spool.add(extractor instanceof Extractor ? extractor.facts : new RecordedFacts());
  return { session, steps: { from, to }, facts: { from: to, to: await spool.position() } };
}

/** The kind of target that the first entry of a recording names; null for any other entry. */
function openedKind({ seq, kind, frame }: Entry): TargetKind | null {
  if (seq !== 1 || kind !== EntryKind.edge) return null;
  const event = edgeEvent(frame);
  return event?.event === "opened" ? event.facts.kind : null;
}

/** Sessions whose principal's usage is counted together. */
function usageKey({ session: { facts } }: Extracted): string {
  return JSON.stringify([facts.principal, facts.connector]);
}

async function judge(
  policies: PoliciesOf,
  group: Extracted[],
  spool: Spool,
  options: ReplayPolicyOptions,
): Promise<void> {
  const principal = new UsageCounter();
  const tracks = group.map(({ session, steps, facts }) => {
    const track = {
      start: session.facts.opened,
      session,
      judge: null as Judge | null,
      async *open(): AsyncGenerator<Step> {
        let recorded = new RecordedFacts();
        for await (const json of spool.read(facts)) {
          recorded = RecordedFacts.from(json as ReturnType<RecordedFacts["toJSON"]>);
        }
        const own = new UsageCounter();
        const first = await setOf(policies, session.facts.policy.version);
        track.judge = new Judge(first, session, recorded, own, principal);
        for await (const step of spool.read(steps)) yield step as Step;
        track.judge = null;
      },
    };
    return track;
  });
  for await (const { track, item } of mergeTracks(tracks)) {
    const step = item as Step;
    if (step.step === "policy") track.judge?.change(await setOf(policies, step.version));
    const judgement = track.judge?.take(step);
    if (!judgement) continue;
    const { time } = judgement.run;
    if (time >= options.since && time <= options.until) await options.tell(judgement, track.session);
  }
}

async function setOf(policies: PoliciesOf, version: string): Promise<PolicySet | null> {
  return typeof policies === "function" ? policies(version) : policies;
}

/** Judges one session's steps, by the sets that hold one after the other. */
class Judge {
  readonly #session: ReplayedSession;
  readonly #steps: SessionJudge | SshJudge | ExchangeJudge;
  #isKnown: boolean;

  constructor(
    set: PolicySet | null,
    session: SessionOf,
    recorded: RecordedFacts,
    own: UsageCounter,
    principal: UsageCounter,
  ) {
    const { kind } = session.facts;
    this.#isKnown = set !== null;
    this.#session = new ReplayedSession(set ?? denyAll(), session, own, principal);
    if (kind === "ssh") this.#steps = new SshJudge(this.#session);
    else if (carriesExchanges(kind)) this.#steps = new ExchangeJudge(this.#session);
    else this.#steps = new SessionJudge(this.#session, session.database, recorded);
  }

  change(set: PolicySet | null): void {
    this.#isKnown = set !== null;
    if (set !== null) this.#session.policies = set;
  }

  /** The judgement of a step; null where it is none that is judged. By policies that are not known nothing can be said. */
  take(step: Step): Judgement | null {
    const judgement = this.#steps.take(step);
    return judgement === null || this.#isKnown ? judgement : { ...judgement, now: null, basis: "unknown" };
  }
}

/** For what is counted only. */
function denyAll(): PolicySet {
  return PolicySet.load(nodeCedar(), "forbid (principal, action, resource);");
}
