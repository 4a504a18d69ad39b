import type { ApprovalVote, StatementQuestion } from "../../protocol/approval/approval.ts";
import type { Answer, ApprovalState } from "./machine.ts";
import { must, mustAnswer, mustEnd, mustFollow, mustNotBeLost, same } from "./machine-laws.ts";
import {
  ASKER,
  type Bench,
  type Done,
  ENDED,
  EXPIRES,
  type Flight,
  LASTS,
  type Setting,
  TIMES,
  type World,
} from "./machine-world.ts";

/**
 * Walks every world that can come of this setting, breadth first: each action leads to the next world, and what must
 * never happen throws. Answers how many worlds there are, and how many steps.
 */
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
    const actor = setting.actors[index]!;
    const { by, onBehalfOf } = actor;
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
    mustAnswer(setting, actor, flight, now, before, after, outcome);
  };
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

/** After a step of the edge: the connector hears of it. */
function settle(bench: Bench, world: World, before: ApprovalState, { events, news }: Done): void {
  const after = bench.state();
  world.saved = bench.save();
  mustFollow(before, after, events, world.approved);
  if (after.status === "approved") world.approved = true;
  if (world.live && world.connector.up) world.connector.heard.push(...news.map((one) => one.news.status));
}
