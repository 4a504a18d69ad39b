import type { RequestQuestion, StatementQuestion } from "../approval/approval.ts";
import type { Entry } from "../entry.ts";
import type { Block } from "../policy/decision.ts";
import * as pg from "../postgres/messages.ts";
import { complete, done, error, row, START } from "../postgres/transcript/testing.ts";
import { Composer, HELD } from "../recording/testing.ts";
import { generateKey } from "../signatures.ts";
import { factsOf, type StatementAction, type StatementFacts } from "../sql/facts.ts";
import type { SshRequest } from "../ssh/request.ts";
import { ActivityReader } from "./activities.ts";
import type { Activity } from "./activity.ts";

export const SESSION = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";
export const OPENED = 1_800_000_000_000;
export const BLOCKED: Block = { verdict: "block", policies: ["no"], reason: "not here" };
export const DECIDED = {
  event: "approval_decided" as const,
  by: ["corp/dana"],
  reason: null,
  until: null,
  under: null,
};
const KEYS = [await generateKey(), await generateKey()] as const;
const { policies, reason, approvals, expiresMs, lastsMs, scope } = HELD;
const RULE = { policies, reason, approvals, expiresMs, lastsMs, scope };

/** A session with this kind of target that has begun. */
export function composer(kind: Composer["facts"]["kind"]): Composer {
  const composed = new Composer(SESSION, ...KEYS).kind(kind).opened().joined();
  return kind === "postgres" ? composed.agent(START).target(pg.readyForQuery("I")) : composed;
}

export function activitiesOf(entries: Iterable<Entry>): Activity[] {
  const reader = new ActivityReader();
  const told = Array.from(entries, (entry) => reader.entry(entry)).flat();
  return [...told, ...reader.end()];
}

/** What a test looks at, in short. */
export function brief(activities: Activity[]): string[] {
  return activities.map(({ text, verdict, outcome, status }) =>
    [text, verdict, outcome, ...(status === null ? [] : [status])].join(" | "),
  );
}

export function statementQuestion(statement: string): StatementQuestion {
  return {
    kind: "statement",
    ...RULE,
    database: "orders",
    actions: ["postgres:delete"],
    statement,
    parameters: [],
    sha256: "ab".repeat(32),
    fingerprint: "cd".repeat(16),
    plan: null,
  };
}

export function requestQuestion(request: SshRequest): RequestQuestion {
  return {
    kind: "request",
    ...RULE,
    account: "deploy",
    actions: ["ssh:exec"],
    request,
    sha256: "ab".repeat(32),
    fingerprint: "cd".repeat(32),
  };
}

export function provedFacts(
  tag: string,
  actions: StatementAction[],
  fingerprint = "00".repeat(16),
): { facts: StatementFacts; plan: null } {
  return { facts: { ...factsOf(tag, actions[0]!), actions, fingerprint }, plan: null };
}

/** Messages of one that prepares and runs a text. */
export function extended(sql: string): Buffer {
  return Buffer.concat([
    pg.parse({ statement: "", sql, parameterTypes: [] }),
    pg.bind({ portal: "", statement: "", parameterFormats: [], parameters: [], resultFormats: [] }),
    pg.execute({ portal: "", maxRows: 0 }),
  ]);
}

/** What a server answers to `extended`. */
export function answered(tag: string, rows = 0): Buffer {
  return Buffer.concat([complete("1"), complete("2"), ...rowsOf(rows), done(tag)]);
}

export function rowsOf(count: number, value = "canary-returned"): Buffer[] {
  return Array.from({ length: count }, () => row(value));
}

export const READY = pg.readyForQuery("I");
export { done, error };
