import type {
  Approval,
  ApprovalChannel,
  ApprovalEvent,
  ApprovalId,
  ApprovalNews,
  ApprovalQuestion,
  ApprovalStatus,
  ApprovalSubject,
  ApprovalVote,
} from "../../protocol/approval/approval.ts";
import { counted, isAsker, isMet, samePerson, voters } from "../../protocol/approval/votes.ts";
import { type ErrorCode, SallyportError } from "../../protocol/errors.ts";
import { bounded, cut, MAX_SPEAKER_NAME } from "./machine-bounds.ts";
import { newsOf, viewOf } from "./machine-view.ts";

export { newsOf, viewOf } from "./machine-view.ts";

/** All that is known of one approval. Times are ms since 1970. */
export interface ApprovalState {
  approval: number;
  id: ApprovalId;
  subject: ApprovalSubject;
  question: ApprovalQuestion;
  asked: number;
  expires: number;
  status: ApprovalStatus;
  /** Agreements only: a denial ends the approval, and stands in `decided`. At most one of each principal. */
  votes: ApprovalVote[];
  decided: Approval["decided"];
  until: number | null;
  /** The earlier question whose approval covers this one; such a state covers nothing itself. */
  under: number | null;
  /** When the connector let go what this question was about; null while it has not. */
  released: number | null;
  /** How many refused answers are recorded. */
  rejected: number;
}

/** One person's answer, with what Cedar says of it and of the earlier ones. */
export interface Answer {
  answer: "approve" | "deny";
  by: string;
  onBehalfOf?: string;
  groups: string[];
  /** The rules, by index, that the person may speak for; empty when none. */
  for: number[];
  channel: ApprovalChannel;
  reason: string | null;
  /** `by` of the earlier voters whose right was judged again just now. */
  judged: string[];
  /** Those of `judged` whose right stands for all that they spoke for. */
  standing: string[];
}

export type AnswerOutcome =
  | { outcome: "counted"; approval: Approval }
  /** A vote is there that `judged` does not name: judge these, and answer again. Nothing has changed. */
  | { outcome: "recheck"; votes: ApprovalVote[] }
  | { outcome: "rejected"; code: ErrorCode; reason: string };

export type ApprovalInput =
  | { type: "answer"; answer: Answer }
  /** An answer that was refused before it came here: forged, replayed, without any right. */
  | { type: "reject"; by: string; channel: ApprovalChannel; reason: string }
  /** Who asked asks no more. */
  | { type: "withdraw"; reason: string }
  /** What was held goes to the target. */
  | { type: "used" }
  | { type: "revoke"; by: string; reason: string }
  /** The session is over. */
  | { type: "end"; reason: string }
  /** Only time has passed. */
  | { type: "time" };

/** What is to be done once the new state is written, in this order. */
export type ApprovalEffect =
  | { effect: "record"; event: ApprovalEvent }
  | { effect: "news"; news: ApprovalNews }
  | { effect: "tell"; what: "asked" | "voted" | "ended" };

export interface ApprovalStep {
  /** The same object where nothing has changed. */
  state: ApprovalState;
  effects: ApprovalEffect[];
  /** Of an answer; else null. */
  outcome: AnswerOutcome | null;
}

/** Refused answers that are recorded of one approval; further ones are refused without a word in the recording. */
export const MAX_REJECTED = 20;
/** Votes of one approval; further ones are refused. Far above what the quorums of one verdict can need. */
export const MAX_VOTES = 200;

type Type = ApprovalInput["type"];
type Of<Name extends Type> = Extract<ApprovalInput, { type: Name }>;
type Rules = { [Name in Type]: (state: ApprovalState, input: Of<Name>, now: number) => ApprovalStep };

/** What an ended state makes of things: nothing changes it any more. */
const ENDED: Rules = {
  answer: tooLate,
  reject,
  withdraw: unchanged,
  used: violation,
  revoke: unchanged,
  end: unchanged,
  time: unchanged,
};

/** State by input: what becomes of it. Every row has every input; `step` lets time pass first. */
const TABLE: Record<ApprovalStatus, Rules> = {
  pending: {
    answer: vote,
    reject,
    withdraw: (state, { reason }, now) => ended(state, "withdrawn", { at: now, by: null, reason }),
    used: violation,
    revoke: (state, { by, reason }, now) => ended(state, "denied", { at: now, by, reason }),
    end: (state, { reason }, now) => gone(ended(state, "withdrawn", { at: now, by: null, reason })),
    time: (state, _, now) =>
      now < state.expires ? unchanged(state) : ended(state, "expired", { at: now, by: null, reason: null }),
  },
  approved: {
    answer: tooLate,
    reject,
    // What has run can't be called back, and its scope was asked for by then.
    withdraw: (state, { reason }, now) =>
      state.released === null ? ended(state, "withdrawn", { at: now, by: null, reason }) : unchanged(state),
    used: (state, _, now) => (state.released === null ? release(state, now) : violation(state)),
    revoke: (state, { by, reason }, now) => ended(state, "lapsed", { at: now, by, reason }),
    end: (state, { reason }, now) =>
      gone(ended(state, isScope(state) ? "lapsed" : "withdrawn", { at: now, by: null, reason })),
    time: (state, _, now) => {
      if (state.until === null || now < state.until) return unchanged(state);
      const words = "the approval ran out before it was used";
      return ended(state, "lapsed", { at: now, by: null, reason: state.released === null ? words : null });
    },
  },
  // The connector was told "approved", let it go, and hears only then that this is over: no fault, and no change
  // but that it has run.
  lapsed: {
    ...ENDED,
    used: (state, _, now) => (state.released === null ? same({ ...state, released: now }) : violation(state)),
  },
  used: ENDED,
  denied: ENDED,
  expired: ENDED,
  withdrawn: ENDED,
};

/**
 * The next state and what is to be done. Pure; `now` is ms since 1970. What is overdue ends before anything is
 * done to it, alarm or not, except that a release is no less one for being told late. Throws `protocol_violation`
 * when the connector uses what it was not given, or uses it twice.
 */
export function step(state: ApprovalState, input: ApprovalInput, now: number): ApprovalStep {
  const late =
    input.type === "used" || input.type === "time"
      ? same(state)
      : TABLE[state.status].time(state, { type: "time" }, now);
  const rule = TABLE[late.state.status][input.type] as Rules[Type] as (
    state: ApprovalState,
    input: ApprovalInput,
    now: number,
  ) => ApprovalStep;
  const next = rule(late.state, bounded(input), now);
  return { ...next, effects: [...late.effects, ...next.effects] };
}

/** The state of a new question, which stands until it expires. */
export function opened(
  question: { approval: number; id: ApprovalId; subject: ApprovalSubject; question: ApprovalQuestion },
  now: number,
): ApprovalStep {
  const state: ApprovalState = {
    ...question,
    asked: now,
    expires: now + question.question.expiresMs,
    status: "pending",
    votes: [],
    decided: null,
    until: null,
    under: null,
    released: null,
    rejected: 0,
  };
  const { approval, id, expires } = state;
  return {
    state,
    effects: [record({ event: "approval_opened", approval, id, expires }), ...news(state), tell("asked")],
    outcome: null,
  };
}

/** The state of a new question that an earlier one's approval covers: approved at once, for this one statement. */
export function openedUnder(
  cover: ApprovalState,
  question: { approval: number; id: ApprovalId; subject: ApprovalSubject; question: ApprovalQuestion },
  now: number,
): ApprovalStep {
  const by = cover.decided?.by ?? null;
  const state: ApprovalState = {
    ...opened(question, now).state,
    status: "approved",
    votes: cover.votes,
    decided: { at: now, by, reason: null },
    until: cover.until,
    under: cover.approval,
  };
  // Nobody is asked, so nobody is told.
  return { state, effects: [decision(state), ...news(state)], outcome: null };
}

/** When `time` changes the state, ms since 1970; null when it never does. */
export function due(state: ApprovalState): number | null {
  if (state.status === "pending") return state.expires;
  return state.status === "approved" ? state.until : null;
}

/** An answer to a question that stands. */
function vote(state: ApprovalState, { answer }: Of<"answer">, now: number): ApprovalStep {
  const rules = state.question.approvals;
  const may = [...new Set(answer.for)].filter(
    (rule) => Number.isInteger(rule) && rule >= 0 && rule < rules.length,
  );
  const refusal = notEntitled(state, answer, may);
  if (refusal !== null) return rejected(state, answer, "forbidden", refusal);
  const { by, onBehalfOf, groups, channel, reason } = answer;
  const cast: ApprovalVote = {
    for: may.sort((a, b) => a - b),
    by,
    groups,
    channel,
    reason,
    at: now,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
  };
  const entry = record({
    event: "approval_answered",
    approval: state.approval,
    answer: answer.answer,
    vote: cast,
  });
  if (answer.answer === "deny") {
    const next = ended(state, "denied", { at: now, by, reason });
    return { state: next.state, effects: [entry, ...next.effects], outcome: accepted(next.state) };
  }

  const unknown = state.votes.filter((one) => one.by !== by && !answer.judged.includes(one.by));
  if (unknown.length > 0) return { ...same(state), outcome: { outcome: "recheck", votes: state.votes } };
  const own = state.votes.find((one) => one.by === by);
  if (own !== undefined && own.onBehalfOf !== onBehalfOf)
    return rejected(state, answer, "conflict", `${by} has answered already, for somebody else`);
  // Said twice, as by a second delivery of one click.
  if (own !== undefined && own.for.join() === cast.for.join())
    return { ...same(state), outcome: accepted(state) };
  const fallen = state.votes.filter((one) => one.by !== by && !answer.standing.includes(one.by));
  const others = state.votes.filter((one) => one !== own && !fallen.includes(one));
  if (!counted(rules, [...others, cast]).some((people) => people.includes(cast))) {
    const first = others.find((one) => samePerson(one, cast));
    return rejected(
      state,
      answer,
      "conflict",
      `${first?.by} has answered already, who is or acts for the same person`,
    );
  }
  if (others.length >= MAX_VOTES)
    return rejected(state, answer, "too_many", `${MAX_VOTES} have answered already`);

  const votes = [...others, cast];
  const dropped = fallen.map((one) =>
    record({
      event: "approval_rejected",
      approval: state.approval,
      by: one.by,
      channel: one.channel,
      reason: "has lost the right to approve; the earlier answer counts no more",
    }),
  );
  const next = isMet(rules, votes) ? approved({ ...state, votes }, cast, now) : voted({ ...state, votes });
  return { state: next.state, effects: [...dropped, entry, ...next.effects], outcome: accepted(next.state) };
}

/** Why this person's answer can't count, or null. */
function notEntitled(state: ApprovalState, answer: Answer, may: number[]): string | null {
  const { by, onBehalfOf } = answer;
  if (
    [by, onBehalfOf].some(
      (name) => name !== undefined && (name.length === 0 || name.length > MAX_SPEAKER_NAME),
    )
  )
    return "that is no name of a principal";
  if (isAsker(state.subject, answer))
    return "nobody answers a question of their own, or of whom they act for";
  return may.length === 0 ? `${by} has no right to answer this` : null;
}

function voted(state: ApprovalState): ApprovalStep {
  return { state, effects: [...news(state), tell("voted")], outcome: null };
}

function approved(before: ApprovalState, last: ApprovalVote, now: number): ApprovalStep {
  const by = voters(before.question.approvals, before.votes).join(", ");
  const lasts = before.question.kind === "connect" || before.question.scope !== "once";
  const state: ApprovalState = {
    ...before,
    status: "approved",
    decided: { at: now, by, reason: last.reason },
    until: lasts ? now + before.question.lastsMs : null,
  };
  return { state, effects: [decision(state), ...news(state), tell("ended")], outcome: null };
}

function release(before: ApprovalState, now: number): ApprovalStep {
  const state = { ...before, released: now };
  if (isScope(state)) return same(state);
  state.status = "used";
  return { state, effects: state.under === null ? [tell("ended")] : [], outcome: null };
}

/** Whether this approval stands for more than its own statement. */
function isScope(state: ApprovalState): boolean {
  return state.until !== null && state.under === null;
}

function ended(
  before: ApprovalState,
  status: "lapsed" | "denied" | "expired" | "withdrawn",
  how: NonNullable<Approval["decided"]>,
): ApprovalStep {
  // That a scope has run out after all says nothing new of who gave it.
  const decided = how.by === null && how.reason === null && before.decided !== null ? before.decided : how;
  const state: ApprovalState = { ...before, status, decided };
  return {
    state,
    effects: [decision(state, how), ...news(state), ...(state.under === null ? [tell("ended")] : [])],
    outcome: null,
  };
}

/** Without its news: there is nobody any more who would hear them. */
function gone(next: ApprovalStep): ApprovalStep {
  return { ...next, effects: next.effects.filter(({ effect }) => effect !== "news") };
}

function unchanged(state: ApprovalState): ApprovalStep {
  return same(state);
}

function same(state: ApprovalState): ApprovalStep {
  return { state, effects: [], outcome: null };
}

function violation(state: ApprovalState): ApprovalStep {
  throw new SallyportError(
    "protocol_violation",
    `the connector released what question ${state.approval} asked about, which is ${state.status}`,
  );
}

function tooLate(state: ApprovalState, { answer }: Of<"answer">): ApprovalStep {
  if (isAsker(state.subject, answer))
    return rejected(
      state,
      answer,
      "forbidden",
      "nobody answers a question of their own, or of whom they act for",
    );
  return rejected(state, answer, "conflict", `this is ${state.status} already`);
}

function rejected(state: ApprovalState, answer: Answer, code: ErrorCode, reason: string): ApprovalStep {
  const next = reject(state, { type: "reject", by: answer.by, channel: answer.channel, reason });
  return { ...next, outcome: { outcome: "rejected", code, reason } };
}

function reject(state: ApprovalState, { by, channel, reason }: Of<"reject">): ApprovalStep {
  if (state.rejected >= MAX_REJECTED) return same(state);
  const { approval } = state;
  return {
    state: { ...state, rejected: state.rejected + 1 },
    effects: [
      record({ event: "approval_rejected", approval, by: cut(by, MAX_SPEAKER_NAME), channel, reason }),
    ],
    outcome: null,
  };
}

function accepted(state: ApprovalState): AnswerOutcome {
  return { outcome: "counted", approval: viewOf(state) };
}

function record(event: ApprovalEvent): ApprovalEffect {
  return { effect: "record", event };
}

function tell(what: "asked" | "voted" | "ended"): ApprovalEffect {
  return { effect: "tell", what };
}

function news(state: ApprovalState): ApprovalEffect[] {
  const found = newsOf(state);
  return found === null ? [] : [{ effect: "news", news: found }];
}

function decision(state: ApprovalState, how = state.decided): ApprovalEffect {
  const { approval, status, question, votes, until, under } = state;
  if (status === "pending" || status === "used") throw new TypeError(`${status} is no decision`);
  const by = status === "approved" ? voters(question.approvals, votes) : how?.by == null ? [] : [how.by];
  return record({
    event: "approval_decided",
    approval,
    status,
    by,
    reason: how?.reason ?? null,
    until,
    under,
  });
}
