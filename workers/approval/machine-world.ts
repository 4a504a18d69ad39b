import type {
  ApprovalEvent,
  ApprovalNews,
  ApprovalStatus,
  ApprovalSubject,
  ApprovalVote,
  StatementQuestion,
} from "../../protocol/approval.ts";
import { type Answer, type AnswerOutcome, type ApprovalState, due } from "./machine.ts";

/**
 * A small world around one question, for the tests that walk all of it: people who answer, who may lose their right,
 * and whose answers may be late or delivered twice; a connector that lets go at most what it was given, whose socket
 * may drop at any point; and time. Each action leads to the next world; what must never happen throws.
 */

/** What is walked: the machine alone, or a desk that is made anew from SQL for every call. */
export interface Bench {
  /** A fresh question, asked at 0. */
  start(question: StatementQuestion, subject: ApprovalSubject): Done;
  /** `saved` is what `save` answered, through JSON. */
  load(saved: unknown): void;
  save(): unknown;
  state(): ApprovalState;
  answer(answer: Answer, now: number): Done & { outcome: AnswerOutcome };
  withdraw(reason: string, now: number): Done;
  used(now: number): Done;
  revoke(by: string, reason: string, now: number): Done;
  end(reason: string, now: number): Done;
  expire(now: number): Done;
  replay(): ApprovalNews[];
}

export interface Done {
  events: ApprovalEvent[];
  news: ApprovalNews[];
}

/** Somebody who may answer. `person`: two of the same are one. */
export interface Actor {
  by: string;
  onBehalfOf?: string;
  person: string;
  /** The rules that policies give it. */
  for: number[];
  says: ("approve" | "deny")[];
}

export interface Setting {
  approvals: StatementQuestion["approvals"];
  scope: StatementQuestion["scope"];
  actors: Actor[];
  /** Actors, by index, who may be disabled meanwhile. */
  disabling: number[];
  /** How often each answer may be delivered. */
  deliveries: number;
}

const ASKER: ApprovalSubject = {
  principal: "agent",
  onBehalfOf: "ada",
  target: "orders",
  session: "a".repeat(32),
};
const EXPIRES = 10;
const LASTS = 20;
/** When things happen: while the question stands, when it has just expired, when all has. */
const TIMES = [0, EXPIRES, EXPIRES + LASTS] as const;
const ENDED: readonly ApprovalStatus[] = ["used", "lapsed", "denied", "expired", "withdrawn"];

/** An answer on its way, with what was judged when it was given. */
interface Flight {
  answer: "approve" | "deny";
  for: number[];
  judged: string[];
  standing: string[];
  left: number;
}

interface World {
  saved: unknown;
  clock: number;
  /** Whose right is gone. */
  disabled: number[];
  flights: (Flight | "none" | "done")[];
  live: boolean;
  revoked: boolean;
  /** Once approved by the edge, ever. */
  approved: boolean;
  connector: {
    up: boolean;
    /** `allowed`: it has heard that it may, and judges the statement once more. */
    phase: "holding" | "allowed" | "released" | "refused" | "cancelled" | "over";
    /** News on their way to it. */
    heard: ApprovalNews["news"]["status"][];
    /** Frames on their way from it; none is ever lost. */
    says: ("withdraw" | "used")[];
    releases: number;
  };
}

/** Walks every world that can come of this setting, breadth first; answers how many there are, and how many steps. */
export function walk(bench: Bench, setting: Setting): { worlds: number; steps: number; reached: string[] } {
  const start = first(bench, setting);
  const seen = new Set([JSON.stringify(start)]);
  let edge = [...seen];
  let steps = 0;
  const reached = new Set<string>();
  while (edge.length > 0) {
    const further: string[] = [];
    for (const key of edge) {
      const world = JSON.parse(key) as World;
      mustEnd(bench, world);
      mustNotBeLost(bench, world);
      reached.add(bench.state().status);
      for (const action of actions(world, setting)) {
        const next = JSON.parse(key) as World;
        action(bench, next, setting);
        steps++;
        const nextKey = JSON.stringify(next);
        if (seen.has(nextKey)) continue;
        seen.add(nextKey);
        further.push(nextKey);
      }
    }
    edge = further;
  }
  return { worlds: seen.size, steps, reached: [...reached].sort() };
}

type Action = (bench: Bench, world: World, setting: Setting) => void;

function first(bench: Bench, { approvals, scope, actors }: Setting): World {
  const question: StatementQuestion = {
    kind: "statement",
    policies: ["held"],
    reason: "it is risky",
    approvals,
    expiresMs: EXPIRES,
    lastsMs: LASTS,
    scope,
    database: "orders",
    actions: ["postgres:delete"],
    statement: "DELETE FROM orders",
    parameters: [],
    sha256: "0".repeat(64),
    fingerprint: "0".repeat(32),
    plan: null,
  };
  const { events, news } = bench.start(question, ASKER);
  must(events.map(({ event }) => event).join() === "approval_opened", "the question is opened once");
  return {
    saved: bench.save(),
    clock: 0,
    disabled: [],
    flights: actors.map(() => "none"),
    live: true,
    revoked: false,
    approved: false,
    connector: {
      up: true,
      phase: "holding",
      heard: news.map((one) => one.news.status),
      says: [],
      releases: 0,
    },
  };
}

/** What can happen next. */
function actions(world: World, setting: Setting): Action[] {
  const { connector } = world;
  const found: Action[] = [];
  setting.actors.forEach((actor, index) => {
    const flight = world.flights[index]!;
    if (flight === "none") for (const says of actor.says) found.push(giving(index, says));
    else if (flight !== "done") found.push(delivering(index));
  });
  for (const index of setting.disabling) if (!world.disabled.includes(index)) found.push(disabling(index));
  if (world.clock + 1 < TIMES.length) found.push((_, next) => next.clock++);
  found.push(edgeDoes((bench, now) => bench.expire(now)));
  if (!world.live) return found;
  found.push(ending);
  if (!world.revoked) found.push(revoking);
  if (connector.phase === "holding" || connector.phase === "allowed") found.push(cancelling);
  if (connector.phase === "allowed") found.push(releasing);
  if (connector.says.length > 0) found.push(arriving);
  if (connector.up) {
    found.push((_, next) => Object.assign(next.connector, { up: false, heard: [] }));
    if (connector.heard.length > 0) found.push(hearing);
  } else found.push(resuming);
  return found;
}

/** Somebody answers: the right is judged now, of the votes that are there now. */
function giving(index: number, says: "approve" | "deny"): Action {
  return (bench, world, setting) => {
    bench.load(world.saved);
    world.flights[index] = judged(world, setting, index, says, bench.state().votes, setting.deliveries);
  };
}

function judged(
  world: World,
  setting: Setting,
  index: number,
  answer: "approve" | "deny",
  votes: readonly ApprovalVote[],
  left: number,
): Flight {
  const may = (by: string) => !world.disabled.some((one) => setting.actors[one]!.by === by);
  const actor = setting.actors[index]!;
  const names = votes.map(({ by }) => by);
  return { answer, for: may(actor.by) ? actor.for : [], judged: names, standing: names.filter(may), left };
}

/** An answer arrives, perhaps late, perhaps not for the last time. */
function delivering(index: number): Action {
  return (bench, world, setting) => {
    const flight = world.flights[index] as Flight;
    const { by, onBehalfOf, person } = setting.actors[index]!;
    const now = TIMES[world.clock]!;
    const answer: Answer = {
      answer: flight.answer,
      by,
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
      groups: [],
      for: flight.for,
      channel: "slack",
      reason: null,
      judged: flight.judged,
      standing: flight.standing,
    };
    bench.load(world.saved);
    const before = bench.state();
    const done = bench.answer(answer, now);
    settle(bench, world, before, done);
    const after = bench.state();
    const { outcome } = done;
    if (outcome.outcome === "recheck") {
      must(same(before, after), "a recheck changes nothing");
      must(
        outcome.votes.some((vote) => !flight.judged.includes(vote.by)),
        "a recheck has a reason",
      );
      world.flights[index] = judged(world, setting, index, flight.answer, outcome.votes, flight.left);
      return;
    }
    world.flights[index] = flight.left > 1 ? { ...flight, left: flight.left - 1 } : "done";
    const overdue = now >= (due(before) ?? Number.POSITIVE_INFINITY);
    if (outcome.outcome === "rejected") {
      must(same(before, after) || overdue, "a rejected answer changes nothing");
    } else {
      must(before.status === "pending" && !overdue, "an answer counts only while the question stands");
      must(flight.for.length > 0, "an answer counts only of who may answer");
      must(![ASKER.principal, ASKER.onBehalfOf].includes(person), "nobody answers for the asker's side");
      if (flight.answer === "deny") must(after.status === "denied", "one denial ends it");
    }
    if (after.status === "pending" && outcome.outcome === "counted")
      must(!hasQuorum(setting, after.votes, flight, by), "with its quorum it is approved");
    if (after.status === "approved" && before.status !== "approved") {
      must(flight.answer === "approve", "a denial approves nothing");
      must(hasQuorum(setting, after.votes, flight, by), "it is approved with its quorum only");
    }
  };
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

function disabling(index: number): Action {
  return (_, world) => world.disabled.push(index);
}

function edgeDoes(what: (bench: Bench, now: number) => Done): Action {
  return (bench, world) => {
    bench.load(world.saved);
    const before = bench.state();
    settle(bench, world, before, what(bench, TIMES[world.clock]!));
  };
}

const revoking: Action = (bench, world, setting) => {
  world.revoked = true;
  edgeDoes((on, now) => on.revoke("boss", "no more", now))(bench, world, setting);
  must(!["pending", "approved"].includes(bench.state().status), "a revocation ends it");
};

const ending: Action = (bench, world, setting) => {
  world.live = false;
  edgeDoes((on, now) => on.end("the session is over", now))(bench, world, setting);
  must(ENDED.includes(bench.state().status), "the session's end ends it");
  const { phase, releases } = world.connector;
  world.connector = {
    up: false,
    phase: phase === "holding" || phase === "allowed" ? "over" : phase,
    heard: [],
    says: [],
    releases,
  };
};

/** The agent cancels what its client waits for. */
const cancelling: Action = (_, { connector }) => {
  connector.phase = "cancelled";
  connector.says.push("withdraw");
};

/** The connector's next frame arrives. An honest one is never accused. */
const arriving: Action = (bench, world, setting) => {
  const said = world.connector.says.shift();
  if (said === "used") must(world.approved, "what runs was approved");
  edgeDoes((on, now) => (said === "used" ? on.used(now) : on.withdraw("cancelled", now)))(
    bench,
    world,
    setting,
  );
  if (said === "withdraw") must(ENDED.includes(bench.state().status), "a withdrawal leaves nothing open");
  // A further use must not pass.
  if (said === "used") {
    let refused = false;
    try {
      bench.used(TIMES[world.clock]!);
    } catch {
      refused = true;
    }
    must(refused, "it is used once");
    bench.load(world.saved);
  }
};

/** The connector hears its next news. */
const hearing: Action = (_, { connector }) => {
  const news = connector.heard.shift()!;
  if (connector.phase !== "holding" && connector.phase !== "allowed") return;
  if (news === "pending" || news === "unreached") return;
  connector.phase = news === "approved" ? "allowed" : "refused";
};

const releasing: Action = (_, { connector }) => {
  connector.phase = "released";
  connector.releases++;
  connector.says.push("used");
  must(connector.releases === 1, "it is released once");
};

const resuming: Action = (bench, world) => {
  bench.load(world.saved);
  world.connector.up = true;
  world.connector.heard = bench.replay().map((one) => one.news.status);
};

/** After a step of the edge: what it recorded is what became of the question, and the connector hears of it. */
function settle(bench: Bench, world: World, before: ApprovalState, { events, news }: Done): void {
  const after = bench.state();
  world.saved = bench.save();
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
  if (after.status === "approved" && before.status !== "approved") {
    must(before.status === "pending", "only what is pending is approved");
    world.approved = true;
  }
  if (after.status === "used")
    must(world.approved && after.released !== null, "only what was approved is used");
  if (world.live && world.connector.up) world.connector.heard.push(...news.map((one) => one.news.status));
}

/** Whatever happens now: with time, nothing is pending; with the session's end, nothing is open. */
function mustEnd(bench: Bench, world: World): void {
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
function mustNotBeLost(bench: Bench, { connector, live, saved }: World): void {
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

function same(one: ApprovalState, other: ApprovalState): boolean {
  return JSON.stringify({ ...one, rejected: 0 }) === JSON.stringify({ ...other, rejected: 0 });
}

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Broken(what);
}

/** Something happened that must never happen. */
export class Broken extends Error {}
