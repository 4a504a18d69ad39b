import type { ApprovalEvent, ApprovalStatus, ApprovalVote } from "../../protocol/approval/approval.ts";
import { type AnswerOutcome, type ApprovalState, due } from "./machine.ts";
import {
  type Actor,
  ASKER,
  type Bench,
  ENDED,
  type Flight,
  type Setting,
  TIMES,
  type World,
} from "./machine-world.ts";

/** What must hold in every world, and of every step from one to the next; what doesn't throws `Broken`. */

/** An answer counts, or doesn't, as it must. */
export function mustAnswer(
  setting: Setting,
  actor: Actor,
  flight: Flight,
  now: number,
  before: ApprovalState,
  after: ApprovalState,
  outcome: AnswerOutcome,
): void {
  const overdue = now >= (due(before) ?? Number.POSITIVE_INFINITY);
  if (outcome.outcome === "rejected") {
    must(same(before, after) || overdue, "a rejected answer changes nothing");
  } else {
    must(before.status === "pending" && !overdue, "an answer counts only while the question stands");
    must(flight.for.length > 0, "an answer counts only of who may answer");
    must(![ASKER.principal, ASKER.onBehalfOf].includes(actor.person), "nobody answers for the asker's side");
    if (flight.answer === "deny") must(after.status === "denied", "one denial ends it");
  }
  if (after.status === "pending" && outcome.outcome === "counted")
    must(!hasQuorum(setting, after.votes, flight, actor.by), "with its quorum it is approved");
  if (after.status === "approved" && before.status !== "approved") {
    must(flight.answer === "approve", "a denial approves nothing");
    must(hasQuorum(setting, after.votes, flight, actor.by), "it is approved with its quorum only");
  }
}

/** The specification's own count, which shares nothing with the machine's: different persons with a right that stands. */
function hasQuorum(setting: Setting, votes: readonly ApprovalVote[], last: Flight, by: string): boolean {
  const stand = setting.actors.filter(
    (actor) =>
      votes.some((vote) => vote.by === actor.by) &&
      (actor.by === by ? last.for.length > 0 : last.standing.includes(actor.by)),
  );
  return setting.approvals.every(({ quorum }, rule) => {
    const persons = new Set(stand.filter((actor) => actor.for.includes(rule)).map(({ person }) => person));
    for (const name of [ASKER.principal, ASKER.onBehalfOf]) persons.delete(name!);
    return persons.size >= quorum;
  });
}

/** What is recorded of a step of the edge is what became of the question; `approved`: it was, before this step. */
export function mustFollow(
  before: ApprovalState,
  after: ApprovalState,
  events: ApprovalEvent[],
  approved: boolean,
): void {
  if (ENDED.includes(before.status)) {
    const { status, votes, decided, until } = after;
    const { released: _, rejected: __, ...stays } = before;
    must(
      JSON.stringify({ ...after, ...stays }) === JSON.stringify({ ...after }),
      `nothing changes what is ${before.status}`,
    );
    must(same({ ...before, status, votes, decided, until }, before), "what has ended stays as it ended");
  }
  const decided = events.filter((event) => event.event === "approval_decided");
  if (before.status === after.status || after.status === "used")
    must(decided.length === 0, "only a decision is recorded as one");
  else {
    must(decided.length === 1 && decided[0]!.status === after.status, "each decision is recorded once");
  }
  if (after.status === "approved" && before.status !== "approved")
    must(before.status === "pending", "only what is pending is approved");
  if (after.status === "used") must(approved && after.released !== null, "only what was approved is used");
}

/** Whatever happens now: with time, nothing is pending; with the session's end, nothing is open. */
export function mustEnd(bench: Bench, world: World): void {
  const late = TIMES.at(-1)! * 2;
  bench.load(world.saved);
  bench.expire(late);
  must(bench.state().status !== "pending", "time ends what is pending");
  bench.load(world.saved);
  bench.end("the session is over", late);
  must(ENDED.includes(bench.state().status), "time and the session's end leave nothing open");
  bench.load(world.saved);
}

/** A connector that has heard all, and of which all is heard, holds what is pending and nothing else. */
export function mustNotBeLost(bench: Bench, { connector, live, saved }: World): void {
  if (!live || !connector.up || connector.heard.length > 0 || connector.says.length > 0) return;
  bench.load(saved);
  const { status } = bench.state();
  must(
    FITS[connector.phase].includes(status),
    `what is ${status} does not leave the connector ${connector.phase}`,
  );
}

/** What has become of a question, for a connector with which nothing is under way. */
const FITS: Record<World["connector"]["phase"], readonly ApprovalStatus[]> = {
  holding: ["pending"],
  allowed: ["approved"],
  released: ["used", "approved", "lapsed"],
  refused: ["denied", "expired", "lapsed"],
  cancelled: ["withdrawn", "denied", "expired", "lapsed"],
  over: ENDED,
};

export function same(one: ApprovalState, other: ApprovalState): boolean {
  return JSON.stringify({ ...one, rejected: 0 }) === JSON.stringify({ ...other, rejected: 0 });
}

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Broken(what);
}

/** Something happened that must never happen. */
export class Broken extends Error {}
