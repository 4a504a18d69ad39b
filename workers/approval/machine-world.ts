import type {
  ApprovalEvent,
  ApprovalNews,
  ApprovalStatus,
  ApprovalSubject,
  StatementQuestion,
} from "../../protocol/approval/approval.ts";
import type { Answer, AnswerOutcome, ApprovalState } from "./machine.ts";

/**
 * A small world around one question, for the tests that walk all of it (`machine-walk.ts`): people who answer, who may
 * lose their right, and whose answers may be late or delivered twice; a connector that lets go at most what it was
 * given, whose socket may drop at any point; and time.
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

export const ASKER: ApprovalSubject = {
  principal: "agent",
  onBehalfOf: "ada",
  target: "orders",
  session: "a".repeat(32),
};
export const EXPIRES = 10;
export const LASTS = 20;
/** When things happen: while the question stands, when it has just expired, when all has. */
export const TIMES = [0, EXPIRES, EXPIRES + LASTS] as const;
export const ENDED: readonly ApprovalStatus[] = ["used", "lapsed", "denied", "expired", "withdrawn"];

/** An answer on its way, with what was judged when it was given. */
export interface Flight {
  answer: "approve" | "deny";
  for: number[];
  judged: string[];
  standing: string[];
  left: number;
}

export interface World {
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
