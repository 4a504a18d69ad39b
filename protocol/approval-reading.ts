import {
  APPROVAL_ID,
  type ApprovalAsk,
  type ApprovalChannel,
  type ApprovalEvent,
  type ApprovalStatus,
  type ApprovalVote,
  CHANNELS,
  MAX_APPROVAL_REASON,
  MAX_APPROVAL_TEXT,
  type StatementQuestion,
} from "./approval.ts";
import type { Lease } from "./control.ts";
import { SallyportError } from "./errors.ts";
import { ACTIONS } from "./policy/actions.ts";
import { SCOPES } from "./policy/annotations.ts";
import { isPlan } from "./policy/reading.ts";

/** Bounds of a question beside `MAX_APPROVAL_TEXT`: above what policies can say, below what could do harm. */
const MAX_POLICIES = 1_000;
const MAX_RULES = 100;
const MAX_APPROVERS = 20;
const MAX_QUORUM = 10;
const MAX_NAME = 255;
const MAX_WORDS = 4_000;
const MAX_TIME_MS = 7 * 24 * 3_600_000;
const MAX_NUMBER = 999_999_999;
/** The protocol's: a Bind counts its values in 16 bits. */
const MAX_PARAMETERS = 65_535;
/** Statements of one text; each has a fingerprint. */
const MAX_STATEMENTS = 1_000;
const FINGERPRINTS = /^(?:[0-9a-f]{32}(?: [0-9a-f]{32})*)?$/;
const SHA256 = /^[0-9a-f]{64}$/;

const DECIDED: readonly unknown[] = [
  "approved",
  "lapsed",
  "denied",
  "expired",
  "withdrawn",
] satisfies ApprovalStatus[];

type Test = (value: unknown) => boolean;
type Shape<Of> = { [Member in keyof Of]-?: Test };
type Asks = { [Name in ApprovalAsk["event"]]: Extract<ApprovalAsk, { event: Name }> };

/** What a question's members must be. */
const QUESTION: Shape<StatementQuestion> = {
  kind: (value) => value === "statement",
  policies: list(1, MAX_POLICIES, text(1, MAX_NAME)),
  reason: text(0, MAX_WORDS),
  approvals: list(1, MAX_RULES, (rule) =>
    hasExactly(rule, {
      approvers: list(1, MAX_APPROVERS, text(1, MAX_NAME)),
      quorum: count(1, MAX_QUORUM),
    } satisfies Shape<StatementQuestion["approvals"][number]>),
  ),
  expiresMs: count(1, MAX_TIME_MS),
  lastsMs: count(1, MAX_TIME_MS),
  scope: (value) => (SCOPES as readonly unknown[]).includes(value),
  database: text(0, MAX_NAME),
  actions: list(1, ACTIONS.size, (value) => typeof value === "string" && isStatementAction(value)),
  statement: text(0, MAX_APPROVAL_TEXT),
  parameters: list(0, MAX_PARAMETERS, (value) => value === null || text(0, MAX_APPROVAL_TEXT)(value)),
  sha256: (value) => typeof value === "string" && SHA256.test(value),
  fingerprint: (value) =>
    typeof value === "string" && value.length <= 33 * MAX_STATEMENTS && FINGERPRINTS.test(value),
  plan: (value) => isPlan(value) && (value === null || hasExactly(value, { rows: any, cost: any })),
};

const ASKS: { [Name in keyof Asks]: Shape<Asks[Name]> } = {
  approval_asked: { event: any, approval: count(1, MAX_NUMBER), question: any },
  approval_withdrawn: {
    event: any,
    approval: count(1, MAX_NUMBER),
    reason: text(0, MAX_APPROVAL_REASON),
  },
  approval_used: { event: any, approval: count(1, MAX_NUMBER) },
};

/**
 * Reads what a connector asks the edge: the payload of an event frame with `FrameFlag.ask`, as bytes or parsed.
 * Strict: what the edge does not know, the people who are asked would not be shown either, so an unknown member is
 * refused. The answer is made anew, its members in one order: the same question has the same JSON. Throws
 * `protocol_violation`, which names the member that is wrong and never what it holds.
 */
export function readApprovalAsk(payload: unknown): ApprovalAsk {
  const json = payload instanceof Uint8Array ? parsed(payload) : payload;
  if (!isObject(json) || typeof json.event !== "string" || !Object.hasOwn(ASKS, json.event))
    throw wrong("the event");
  const { event, approval } = checked(
    "",
    json,
    ASKS[json.event as ApprovalAsk["event"]] as Shape<unknown>,
  ) as ApprovalAsk;
  if (event === "approval_used") return { event, approval };
  if (event === "approval_withdrawn") return { event, approval, reason: json.reason as string };
  return { event, approval, question: readQuestion(json.question) };
}

/** Whether what stands in a recording is what a connector asks the edge; members may have been added since. */
export function isApprovalAsk(value: unknown): value is ApprovalAsk {
  if (!isObject(value) || !isNumber(value.approval)) return false;
  switch (value.event) {
    case "approval_asked":
      return isQuestion(value.question);
    case "approval_withdrawn":
      return typeof value.reason === "string";
    default:
      return value.event === "approval_used";
  }
}

/** Whether what stands in a recording is an entry of the edge about an approval. */
export function isApprovalEvent(value: unknown): value is ApprovalEvent {
  if (!isObject(value) || !isNumber(value.approval)) return false;
  const { event, channel, reason, by } = value;
  switch (event) {
    case "approval_opened":
      return typeof value.id === "string" && APPROVAL_ID.test(value.id) && isTime(value.expires);
    case "approval_told":
      return isChannel(channel) && typeof value.reached === "boolean" && typeof value.detail === "string";
    case "approval_answered":
      return (value.answer === "approve" || value.answer === "deny") && isVote(value.vote);
    case "approval_rejected":
      return isChannel(channel) && typeof by === "string" && typeof reason === "string";
    case "approval_decided":
      return (
        DECIDED.includes(value.status) &&
        isTexts(by) &&
        (reason === null || typeof reason === "string") &&
        (value.until === null || isTime(value.until)) &&
        (value.under === null || isNumber(value.under))
      );
    default:
      return false;
  }
}

export function isLease(value: unknown): value is Lease {
  return (
    isObject(value) &&
    typeof value.id === "string" &&
    APPROVAL_ID.test(value.id) &&
    isTime(value.until) &&
    isTexts(value.by)
  );
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw wrong("it is no JSON");
  }
}

function readQuestion(json: unknown): StatementQuestion {
  if (!isObject(json)) throw wrong("question");
  const given = checked("question.", json, QUESTION) as StatementQuestion;
  const { kind, policies, reason, expiresMs, lastsMs, scope, plan } = given;
  const { database, actions, statement, parameters, sha256, fingerprint } = given;
  let bytes = Buffer.byteLength(statement);
  for (const value of parameters) bytes += value === null ? 0 : Buffer.byteLength(value);
  if (bytes > MAX_APPROVAL_TEXT) {
    throw new SallyportError(
      "protocol_violation",
      `a question's statement and parameters have ${bytes} bytes; people are shown ${MAX_APPROVAL_TEXT} at most`,
    );
  }
  return {
    kind,
    policies,
    reason,
    approvals: given.approvals.map(({ approvers, quorum }) => ({ approvers, quorum })),
    expiresMs,
    lastsMs,
    scope,
    database,
    actions,
    statement,
    parameters,
    sha256,
    fingerprint,
    plan: plan && { rows: plan.rows, cost: plan.cost },
  };
}

/** The value again, when it has exactly these members, each as it must be. */
function checked(path: string, value: Record<string, unknown>, shape: Shape<unknown>): unknown {
  const tests = shape as Record<string, Test>;
  const bad = Object.keys(tests).find((name) => !Object.hasOwn(value, name) || !tests[name]!(value[name]));
  if (bad !== undefined) throw wrong(`${path}${bad}`);
  if (Object.keys(value).length !== Object.keys(tests).length)
    throw wrong(`a member that is not known in ${path || "the ask"}`);
  return value;
}

function wrong(member: string): SallyportError {
  return new SallyportError(
    "protocol_violation",
    `what the connector asks of the edge is malformed: ${member}`,
  );
}

function isQuestion(value: unknown): value is StatementQuestion {
  if (!isObject(value)) return false;
  const { policies, approvals, actions, parameters, plan, scope } = value;
  const texts = ["reason", "database", "statement", "sha256", "fingerprint"];
  return (
    value.kind === "statement" &&
    isTexts(policies) &&
    Array.isArray(approvals) &&
    approvals.every((one: unknown) => isObject(one) && isTexts(one.approvers) && isNumber(one.quorum)) &&
    isNumber(value.expiresMs) &&
    isNumber(value.lastsMs) &&
    (SCOPES as readonly unknown[]).includes(scope) &&
    isTexts(actions) &&
    texts.every((name) => typeof value[name] === "string") &&
    Array.isArray(parameters) &&
    parameters.every((one: unknown) => one === null || typeof one === "string") &&
    isPlan(plan)
  );
}

function isVote(value: unknown): value is ApprovalVote {
  return (
    isObject(value) &&
    Array.isArray(value.for) &&
    value.for.every(isNumber) &&
    typeof value.by === "string" &&
    (value.onBehalfOf === undefined || typeof value.onBehalfOf === "string") &&
    isTexts(value.groups) &&
    isChannel(value.channel) &&
    (value.reason === null || typeof value.reason === "string") &&
    isTime(value.at)
  );
}

export function isChannel(value: unknown): value is ApprovalChannel {
  return typeof value === "string" && Object.hasOwn(CHANNELS, value);
}

function isStatementAction(value: string): boolean {
  return ACTIONS.has(value) && value.includes(":");
}

function any(): boolean {
  return true;
}

/** Well-formed text of so many UTF-16 units: what is not, could not be shown as it is. */
function text(least: number, most: number): Test {
  return (value) =>
    typeof value === "string" && value.length >= least && value.length <= most && value.isWellFormed();
}

function count(least: number, most: number): Test {
  return (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function list(least: number, most: number, item: Test): Test {
  return (value) =>
    Array.isArray(value) && value.length >= least && value.length <= most && value.every((one) => item(one));
}

function hasExactly(value: unknown, shape: Record<string, Test>): boolean {
  return (
    isObject(value) &&
    Object.keys(value).length === Object.keys(shape).length &&
    Object.entries(shape).every(([name, test]) => Object.hasOwn(value, name) && test(value[name]))
  );
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(new Date(value).getTime());
}

function isNumber(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
