import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ApprovalInput, type ApprovalState, type ApprovalStep, newsOf, step } from "./machine.ts";
import { MACHINE, type Machine, machineBench, SETTINGS } from "./machine-bench.ts";
import { walk } from "./machine-walk.ts";

/** The machine with one fault, and the words with which the walk must find it. */
interface Fault {
  setting: keyof typeof SETTINGS;
  found: RegExp;
  machine: Partial<Machine>;
}

const once = "two of two people";
const lasting = "two of two people, for a time";

/** Passes inputs of one type through a change first; others as they are. */
function changed<Type extends ApprovalInput["type"]>(
  type: Type,
  change: (state: ApprovalState, input: Extract<ApprovalInput, { type: Type }>, now: number) => ApprovalStep,
): Partial<Machine> {
  return {
    step: (state, input, now) =>
      input.type === type
        ? change(state, input as Extract<ApprovalInput, { type: Type }>, now)
        : step(state, input, now),
  };
}

function unmoved(state: ApprovalState): ApprovalStep {
  return { state, effects: [], outcome: null };
}

const FAULTS: Record<string, Fault> = {
  "one vote is enough": {
    setting: once,
    found: /approved with its quorum only/,
    machine: changed("answer", (state, input, now) => {
      const question = { ...state.question, approvals: [{ approvers: ["dba"], quorum: 1 }] };
      const next = step({ ...state, question }, input, now);
      return { ...next, state: { ...next.state, question: state.question } };
    }),
  },
  "one rule is enough": {
    setting: "two rules, each with a person of its own",
    found: /approved with its quorum only/,
    machine: changed("answer", (state, input, now) =>
      step(
        state,
        { ...input, answer: { ...input.answer, for: input.answer.for.length > 0 ? [0, 1] : [] } },
        now,
      ),
    ),
  },
  "a bot counts beside the person for whom it acts": {
    setting: "two people, one of them with a bot",
    found: /approved with its quorum only/,
    machine: changed("answer", (state, input, now) => {
      const { onBehalfOf: _, ...answer } = input.answer;
      return step(state, { ...input, answer }, now);
    }),
  },
  "the asker's side may answer": {
    setting: "two people, one of them on the asker's side",
    found: /nobody answers for the asker's side/,
    machine: changed("answer", (state, input, now) => {
      const next = step({ ...state, subject: { principal: "nobody", target: "orders" } }, input, now);
      return { ...next, state: { ...next.state, subject: state.subject } };
    }),
  },
  "a disabled voter's earlier vote counts": {
    setting: once,
    found: /approved with its quorum only/,
    machine: changed("answer", (state, input, now) =>
      step(state, { ...input, answer: { ...input.answer, standing: input.answer.judged } }, now),
    ),
  },
  "a vote counts that nobody judged again": {
    setting: once,
    found: /approved with its quorum only/,
    machine: changed("answer", (state, input, now) => {
      const { judged, standing } = input.answer;
      const unknown = state.votes.map(({ by }) => by).filter((by) => !judged.includes(by));
      const answer = {
        ...input.answer,
        judged: [...judged, ...unknown],
        standing: [...standing, ...unknown],
      };
      return step(state, { ...input, answer }, now);
    }),
  },
  "who has no right may answer": {
    setting: once,
    found: /only of who may answer/,
    machine: changed("answer", (state, input, now) =>
      step(state, { ...input, answer: { ...input.answer, for: [0] } }, now),
    ),
  },
  "only the alarm ends a question": {
    setting: once,
    found: /only while the question stands/,
    machine: changed("answer", (state, input) => step(state, input, 0)),
  },
  "an answer revives what was denied": {
    setting: once,
    found: /only while the question stands|nothing changes/,
    machine: changed("answer", (state, input, now) =>
      step(state.status === "denied" ? { ...state, status: "pending", decided: null } : state, input, now),
    ),
  },
  "a denial is one vote among others": {
    setting: once,
    found: /one denial ends it/,
    machine: changed("answer", (state, input, now) =>
      step(state, { ...input, answer: { ...input.answer, answer: "approve" } }, now),
    ),
  },
  "it can be used again": {
    setting: once,
    found: /it is used once/,
    machine: changed("used", (state, input, now) =>
      state.status === "used" ? unmoved(state) : step(state, input, now),
    ),
  },
  "what lasts can be used again under its own number": {
    setting: lasting,
    found: /it is used once/,
    machine: changed("used", (state, input, now) => step({ ...state, released: null }, input, now)),
  },
  "a connector that crossed with a revocation is accused": {
    setting: once,
    found: /released what question 1 asked about, which is lapsed/,
    machine: changed("used", (state, input, now) =>
      step(state.status === "lapsed" ? { ...state, released: 1 } : state, input, now),
    ),
  },
  "a withdrawal does not end what is approved": {
    setting: once,
    found: /a withdrawal leaves nothing open/,
    machine: changed("withdraw", (state, input, now) =>
      state.status === "approved" ? unmoved(state) : step(state, input, now),
    ),
  },
  "a revocation does not end what is approved": {
    setting: once,
    found: /a revocation ends it/,
    machine: changed("revoke", (state, input, now) =>
      state.status === "approved" ? unmoved(state) : step(state, input, now),
    ),
  },
  "the session's end leaves what is approved": {
    setting: once,
    found: /leave nothing open|session's end ends it/,
    machine: changed("end", (state, input, now) =>
      state.status === "approved" ? unmoved(state) : step(state, input, now),
    ),
  },
  "nothing expires by the alarm": {
    setting: once,
    found: /time ends what is pending/,
    machine: changed("time", unmoved),
  },
  "a decision is recorded twice": {
    setting: once,
    found: /each decision is recorded once/,
    machine: {
      step: (state, input, now) => {
        const next = step(state, input, now);
        const again = next.effects.filter(
          (one) => one.effect === "record" && one.event.event === "approval_decided",
        );
        return { ...next, effects: [...next.effects, ...again] };
      },
    },
  },
  "a decision is not recorded": {
    setting: once,
    found: /each decision is recorded once/,
    machine: {
      step: (state, input, now) => {
        const next = step(state, input, now);
        const effects = next.effects.filter(
          (one) => one.effect !== "record" || one.event.event !== "approval_decided",
        );
        return { ...next, effects };
      },
    },
  },
  "a connector that is back is not told again that it may": {
    setting: once,
    found: /what is approved does not leave the connector holding/,
    machine: { newsOf: (state) => (state.status === "approved" ? null : newsOf(state)) },
  },
  "a connector that is back is not told of an expiry": {
    setting: once,
    found: /what is expired does not leave the connector holding/,
    machine: { newsOf: (state) => (state.status === "expired" ? null : newsOf(state)) },
  },
};

describe("the walk finds a machine in which", () => {
  for (const [name, { setting, found, machine }] of Object.entries(FAULTS)) {
    test(name, () => {
      assert.throws(() => walk(machineBench({ ...MACHINE, ...machine }), SETTINGS[setting]), found);
    });
  }
});
