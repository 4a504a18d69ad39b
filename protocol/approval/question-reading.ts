import { SallyportError } from "../errors.ts";
import { any, count, hasExactly, isObject, list, misfit, oneOf, type Shape, text } from "../json-shape.ts";
import { ACTIONS } from "../policy/actions.ts";
import { SCOPES } from "../policy/annotations.ts";
import { isPlan } from "../policy/reading.ts";
import {
  type ApprovalRule,
  type HeldQuestion,
  MAX_APPROVAL_TEXT,
  MAX_CONTENT_TYPE,
  type RequestQuestion,
  type StatementQuestion,
} from "./approval.ts";
import { requestDigest } from "./digest.ts";
import { areHeldActions, hasItsAccount, isHeldRequest, readHeldRequest, textsOf } from "./request.ts";

/** Bounds of a question beside `MAX_APPROVAL_TEXT`: above what policies can say, below what could do harm. */
const MAX_POLICIES = 1_000;
const MAX_RULES = 100;
const MAX_APPROVERS = 20;
const MAX_QUORUM = 10;
const MAX_NAME = 255;
const MAX_WORDS = 4_000;
const MAX_TIME_MS = 7 * 24 * 3_600_000;
/** The protocol's: a Bind counts its values in 16 bits. */
const MAX_PARAMETERS = 65_535;
/** Statements of one text; each has a fingerprint. */
const MAX_STATEMENTS = 1_000;
const FINGERPRINTS = /^(?:[0-9a-f]{32}(?: [0-9a-f]{32})*)?$/;
const SHA256 = /^[0-9a-f]{64}$/;

const RULE: Shape<ApprovalRule> = {
  policies: list(1, MAX_POLICIES, text(1, MAX_NAME)),
  reason: text(0, MAX_WORDS),
  approvals: list(1, MAX_RULES, (rule) =>
    hasExactly<ApprovalRule["approvals"][number]>(rule, {
      approvers: list(1, MAX_APPROVERS, text(1, MAX_NAME)),
      quorum: count(1, MAX_QUORUM),
    }),
  ),
  expiresMs: count(1, MAX_TIME_MS),
  lastsMs: count(1, MAX_TIME_MS),
  scope: oneOf(SCOPES),
};

const STATEMENT: Shape<StatementQuestion> = {
  ...RULE,
  kind: oneOf(["statement"]),
  database: text(0, MAX_NAME),
  actions: list(
    1,
    ACTIONS.size,
    (value) => typeof value === "string" && ACTIONS.has(value) && value.startsWith("postgres:"),
  ),
  statement: text(0, MAX_APPROVAL_TEXT),
  parameters: list(0, MAX_PARAMETERS, (value) => value === null || text(0, MAX_APPROVAL_TEXT)(value)),
  sha256: (value) => typeof value === "string" && SHA256.test(value),
  fingerprint: (value) =>
    typeof value === "string" && value.length <= 33 * MAX_STATEMENTS && FINGERPRINTS.test(value),
  plan: (value) => isPlan(value) && (value === null || hasExactly(value, { rows: any, cost: any })),
};

const CONTENT_TYPE = new RegExp(`^[ -~]{0,${MAX_CONTENT_TYPE}}$`);

const REQUEST: Shape<Omit<RequestQuestion, "unreadable">> = {
  ...RULE,
  kind: oneOf(["request"]),
  account: text(0, MAX_NAME),
  actions: list(1, ACTIONS.size, (value) => typeof value === "string" && ACTIONS.has(value)),
  request: (value) => readHeldRequest(value) !== null,
  sha256: (value) => typeof value === "string" && SHA256.test(value),
  fingerprint: (value) => value === "" || (typeof value === "string" && SHA256.test(value)),
};

/**
 * Reads a question strictly and makes it anew, its members in one order. What is held can be shown whole, and of a
 * request the actions and the digest are those of what is shown. Throws `protocol_violation`, which names the member that is wrong.
 */
export function readHeldQuestion(json: unknown): HeldQuestion {
  if (!isObject(json)) throw malformed("question");
  return json.kind === "request" ? readRequestQuestion(json) : readStatementQuestion(json);
}

function readStatementQuestion(json: Record<string, unknown>): StatementQuestion {
  check(json, STATEMENT);
  const given = json as unknown as StatementQuestion;
  const { database, actions, statement, parameters, sha256, fingerprint, plan } = given;
  checkBytes([statement, ...parameters], "statement and parameters");
  return {
    kind: "statement",
    ...ruleOf(given),
    database,
    actions,
    statement,
    parameters,
    sha256,
    fingerprint,
    plan: plan && { rows: plan.rows, cost: plan.cost },
  };
}

function readRequestQuestion(json: Record<string, unknown>): RequestQuestion {
  const { unreadable, ...rest } = json;
  check(rest, REQUEST);
  const given = rest as unknown as RequestQuestion;
  const { account, actions, sha256, fingerprint } = given;
  const request = readHeldRequest(given.request)!;
  if (!hasItsAccount({ account, request })) throw malformed("question.account");
  // The right to answer is asked for each of them: none may be left out.
  if (!areHeldActions(request, actions)) throw malformed("question.actions");
  checkBytes(textsOf(request), "request");
  if (sha256 !== requestDigest(account, request)) throw malformed("question.sha256");
  const question: RequestQuestion = {
    kind: "request",
    ...ruleOf(given),
    account,
    actions,
    request,
    sha256,
    fingerprint,
  };
  if (!Object.hasOwn(json, "unreadable")) return question;
  const isType = typeof unreadable === "string" && CONTENT_TYPE.test(unreadable);
  if (!isType || actions.join() !== "http:unreadable") throw malformed("question.unreadable");
  return { ...question, unreadable };
}

/** Whether what stands in a recording is a question; members may have been added since. */
export function isHeldQuestion(value: unknown): value is HeldQuestion {
  if (!isObject(value)) return false;
  const { policies, approvals, actions, scope } = value;
  return (
    isTexts(policies) &&
    Array.isArray(approvals) &&
    approvals.every((one: unknown) => isObject(one) && isTexts(one.approvers) && isNumber(one.quorum)) &&
    isNumber(value.expiresMs) &&
    isNumber(value.lastsMs) &&
    (SCOPES as readonly unknown[]).includes(scope) &&
    isTexts(actions) &&
    ["reason", "sha256", "fingerprint"].every((name) => typeof value[name] === "string") &&
    (isStatement(value) || isRequest(value))
  );
}

/** What the connector asks can't be taken; `member` is the name of what is wrong. */
export function malformed(member: string): SallyportError {
  return new SallyportError(
    "protocol_violation",
    `what the connector asks of the edge is malformed: ${member}`,
  );
}

function isStatement({ kind, database, statement, parameters, plan }: Record<string, unknown>): boolean {
  return (
    kind === "statement" &&
    typeof database === "string" &&
    typeof statement === "string" &&
    Array.isArray(parameters) &&
    parameters.every((one: unknown) => one === null || typeof one === "string") &&
    isPlan(plan)
  );
}

function isRequest({ kind, account, request }: Record<string, unknown>): boolean {
  return kind === "request" && typeof account === "string" && isHeldRequest(request);
}

function check(json: Record<string, unknown>, shape: Shape<object>): void {
  const bad = misfit(json, shape);
  if (bad !== null)
    throw malformed(bad === "" ? "a member that is not known in question." : `question.${bad}`);
}

function ruleOf({ policies, reason, approvals, expiresMs, lastsMs, scope }: ApprovalRule): ApprovalRule {
  const rules = approvals.map(({ approvers, quorum }) => ({ approvers, quorum }));
  return { policies, reason, approvals: rules, expiresMs, lastsMs, scope };
}

function checkBytes(texts: readonly (string | null)[], what: string): void {
  let bytes = 0;
  for (const text of texts) bytes += text === null ? 0 : Buffer.byteLength(text);
  if (bytes > MAX_APPROVAL_TEXT) {
    throw new SallyportError(
      "protocol_violation",
      `a question's ${what} have ${bytes} bytes; people are shown ${MAX_APPROVAL_TEXT} at most`,
    );
  }
}

function isNumber(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
