import type { ApprovalEvent, ApprovalNews } from "../../protocol/approval/approval.ts";
import {
  type ApprovalInput,
  type ApprovalState,
  type ApprovalStep,
  newsOf,
  opened,
  step,
} from "./machine.ts";
import type { Actor, Bench, Done, Setting } from "./machine-world.ts";

/** What the walk of the machine alone needs of it; a test may put in a faulty one. */
export type Machine = { opened: typeof opened; step: typeof step; newsOf: typeof newsOf };
export const MACHINE: Machine = { opened, step, newsOf };

/** The machine alone, its state in a variable. */
export function machineBench(machine: Machine): Bench {
  let state: ApprovalState;
  const done = ({ effects }: ApprovalStep): Done => {
    const events: ApprovalEvent[] = [];
    const news: ApprovalNews[] = [];
    for (const one of effects) {
      if (one.effect === "record") events.push(one.event);
      if (one.effect === "news") news.push(one.news);
    }
    return { events, news };
  };
  const take = (input: ApprovalInput, now: number): ApprovalStep => {
    const next = machine.step(state, input, now);
    // How many refusals are recorded is no matter of this walk; without it there are fewer worlds.
    state = { ...next.state, rejected: 0 };
    return next;
  };
  return {
    start(question, subject) {
      const next = machine.opened({ approval: 1, id: `${subject.session}-1`, subject, question }, 0);
      state = next.state;
      return done(next);
    },
    load: (saved) => {
      state = { ...(saved as ApprovalState), question: state.question };
    },
    // The question never changes.
    save: () => ({ ...state, question: undefined }),
    state: () => state,
    answer(answer, now) {
      const next = take({ type: "answer", answer }, now);
      return { ...done(next), outcome: next.outcome! };
    },
    withdraw: (reason, now) => done(take({ type: "withdraw", reason }, now)),
    used: (now) => done(take({ type: "used" }, now)),
    revoke: (by, reason, now) => done(take({ type: "revoke", by, reason }, now)),
    end: (reason, now) => done(take({ type: "end", reason }, now)),
    expire: (now) => done(take({ type: "time" }, now)),
    replay: () => [machine.newsOf(state)].filter((one) => one !== null),
  };
}

const anna: Actor = { by: "anna", person: "anna", for: [0], says: ["approve", "deny"] };
const bert: Actor = { by: "bert", person: "bert", for: [0], says: ["approve"] };
const bot: Actor = { by: "bot", onBehalfOf: "anna", person: "anna", for: [0], says: ["approve"] };
const own: Actor = { by: "clerk", onBehalfOf: "ada", person: "ada", for: [0], says: ["approve"] };
const one = [{ approvers: ["dba"], quorum: 1 }];
const two = [{ approvers: ["dba"], quorum: 2 }];
const both = [...one, { approvers: ["security"], quorum: 1 }];
const plain = { disabling: [0], deliveries: 1 };

/** What is walked on every change, by what it shows: small, and yet each fault that tests keep is found in one of them. */
export const SETTINGS = {
  "one of two people": {
    ...plain,
    approvals: one,
    scope: "once",
    actors: [anna, bert],
  },
  "two of two people": { ...plain, approvals: two, scope: "once", actors: [anna, bert] },
  "two rules, each with a person of its own": {
    ...plain,
    approvals: both,
    scope: "once",
    actors: [anna, { ...bert, for: [1] }],
  },
  "two rules, one of the two people in both": {
    ...plain,
    approvals: both,
    scope: "once",
    actors: [{ ...anna, for: [0, 1], says: ["approve"] }, bert],
  },
  "two of two people, for a time": { ...plain, approvals: two, scope: "fingerprint", actors: [anna, bert] },
  "two people, one of them with a bot": {
    ...plain,
    approvals: two,
    scope: "once",
    actors: [{ ...anna, says: ["approve"] }, bot, bert],
    disabling: [],
  },
  "two people, one of them on the asker's side": {
    ...plain,
    approvals: two,
    scope: "session",
    actors: [own, anna, bert],
    disabling: [],
  },
} satisfies Record<string, Setting>;

/** What only the long tests walk. */
export const LARGE_SETTINGS: Record<string, Setting> = {
  "two of two people, each delivered twice": { ...SETTINGS["two of two people"], deliveries: 2 },
  "two people, one of them with a bot, who may lose the right": {
    ...SETTINGS["two people, one of them with a bot"],
    disabling: [0],
  },
};
