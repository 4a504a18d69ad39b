import type { PolicyStamp } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { counted } from "../../protocol/evidence/words.ts";
import type { ExchangeFacts } from "../../protocol/http/facts.ts";
import { isExchangeFacts } from "../../protocol/http/facts-reading.ts";
import type { ExplainedSql, ExplainedStatement } from "../../protocol/hub-messages.ts";
import type { Allow, Approve, Decision } from "../../protocol/policy/decision.ts";
import { isDecision, isPlan, isPolicyStamp, isStatementFacts } from "../../protocol/policy/reading.ts";
import type { LineFacts } from "../../protocol/shell/facts.ts";
import { isLineFacts } from "../../protocol/shell/facts-reading.ts";
import type { StatementFacts } from "../../protocol/sql/facts.ts";
import type { EdgeApi } from "../edge-api.ts";
import { approvalWords } from "../recordings/approval-words.ts";
import { stampText } from "../recordings/session-words.ts";
import { printable, styled } from "../terminal.ts";
import { exchangeFields } from "./exchange-fields.ts";
import { type Field, lineFields } from "./line-fields.ts";

/** What is asked: who would send it, and where. Without `as` it is whoever asks. */
export interface Question {
  as?: string;
  onBehalfOf?: string;
  groups?: string[];
  database?: string;
  account?: string;
}

/** What the edge answers about SQL, a command line or a request, and by which policy set. */
export interface ExplainedText {
  policy: PolicyStamp;
  statements: ExplainedStatement[];
}

/** What the edge answers about a connection. */
export interface ExplainedConnect {
  policy: PolicyStamp;
  /** The target's list names the principal. */
  listed: boolean;
  decision: Decision;
}

/** Asks the edge what would become of this SQL, command line or request; nothing of it is run. Throws what the edge answers. */
export async function explainText(
  api: EdgeApi,
  target: string,
  text: string,
  question: Question,
): Promise<ExplainedText> {
  const { policy, statements } = await ask(api, target, { text, ...question });
  if (!isPolicyStamp(policy) || !Array.isArray(statements) || !statements.every(isExplained)) {
    throw noAnswer(api);
  }
  return { policy, statements };
}

/** Asks the edge what would become of a connection. */
export async function explainConnect(
  api: EdgeApi,
  target: string,
  question: Question,
): Promise<ExplainedConnect> {
  const { policy, listed, decision } = await ask(api, target, { action: "connect", ...question });
  if (!isPolicyStamp(policy) || typeof listed !== "boolean" || !isDecision(decision)) throw noAnswer(api);
  return { policy, listed, decision };
}

async function ask(api: EdgeApi, target: string, body: object): Promise<Record<string, unknown>> {
  const answer: unknown = await api.post(`/v1/targets/${encodeURIComponent(target)}/explain`, body);
  return typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>) : {};
}

/** The explanation for people. All text is made printable. */
export function textLines({ policy, statements }: ExplainedText): string[] {
  if (statements.length === 0) return ["There is no statement in it."];
  return [...statements.flatMap((one) => [...statementLines(one), ""]), `by policy set ${stampText(policy)}`];
}

function statementLines(explained: ExplainedStatement): string[] {
  const { text, decision } = explained;
  const [first = "", ...more] = text.split("\n").map((line) => printable(line.replaceAll("\t", "    ")));
  const fields: Field[] = [
    ...decisionFields(decision),
    ...("plan" in explained ? sqlFields(explained) : fieldsOf(explained.facts)),
  ];
  return [verdictLine(decision, first), ...more.map((line) => `${INDENT}${line}`), ...fields.map(fieldLine)];
}

function fieldsOf(facts: LineFacts | ExchangeFacts): Field[] {
  return "commands" in facts ? lineFields(facts) : exchangeFields(facts);
}

/** The same of a connection. */
export function connectLines({ policy, listed, decision }: ExplainedConnect, target: string): string[] {
  return [
    verdictLine(decision, `connect to ${printable(target)}`),
    ...decisionFields(decision).map(fieldLine),
    fieldLine(["listed", listed ? "yes, in the target's list" : "no, not in the target's list"]),
    "",
    `by policy set ${stampText(policy)}`,
  ];
}

const COLOURS = { allow: "green", approve: "yellow", block: "red" } as const;
/** As wide as the longest verdict and a blank. */
const INDENT = " ".repeat(8);

function verdictLine({ verdict }: Decision, what: string): string {
  const blanks = " ".repeat(INDENT.length - verdict.length);
  return styled(COLOURS[verdict], verdict) + blanks + styled("bold", what);
}

function fieldLine([name, value]: Field): string {
  return `  ${styled("dim", name.padEnd(14))} ${printable(value)}`;
}

function decisionFields(decision: Decision): Field[] {
  const policies: Field = [
    "policies",
    decision.policies.join(", ") || "none: what no policy permits is blocked",
  ];
  switch (decision.verdict) {
    case "allow":
      return [
        policies,
        ...watched(decision),
        ...limit("rows", decision.rows),
        ...limit("bytes", decision.bytes),
      ];
    case "approve":
      return [
        ["reason", decision.reason],
        ["needs", approvalWords(decision)],
        policies,
        ...watched(decision),
      ];
    case "block":
      return [["reason", decision.reason], policies];
  }
}

function watched(decision: Allow | Approve): Field[] {
  return decision.watched ? [["watched", "only while somebody watches"]] : [];
}

function limit(what: "rows" | "bytes", bound: number | null): Field[] {
  return bound === null ? [] : [[`most ${what}`, String(bound)]];
}

const LISTS = {
  reads: "reads",
  writes: "writes",
  readColumns: "columns read",
  writeColumns: "columns written",
  functions: "functions",
  effects: "effects",
  settings: "settings",
} as const satisfies Partial<Record<keyof StatementFacts, string>>;

function sqlFields({ facts, plan }: ExplainedSql): Field[] {
  return [
    ...factsFields(facts),
    ...(plan ? [["plan", `${counted(plan.rows, "row")}, cost ${plan.cost}`] satisfies Field] : []),
  ];
}

function factsFields(facts: StatementFacts): Field[] {
  const { tag, actions, opaque, where, fingerprint } = facts;
  const lists = Object.entries(LISTS) as [keyof typeof LISTS, string][];
  return [
    ["tag", tag],
    ["actions", actions.join(", ")],
    ["complete", opaque.length === 0 ? "yes" : `no: ${opaque.join("; ")}`],
    ...lists.flatMap(([name, words]): Field[] =>
      facts[name].length === 0 ? [] : [[words, facts[name].join(", ")]],
    ),
    ...(where === "none" ? [] : [["where", where] satisfies Field]),
    ...(facts.limit === null ? [] : [["limit", String(facts.limit)] satisfies Field]),
    ["fingerprint", fingerprint],
  ];
}

function isExplained(value: unknown): value is ExplainedStatement {
  if (typeof value !== "object" || value === null) return false;
  const { text, decision, facts, plan } = value as Record<string, unknown>;
  if (typeof text !== "string" || !isDecision(decision)) return false;
  if (plan === undefined) return isLineFacts(facts) || isExchangeFacts(facts);
  return isStatementFacts(facts) && isPlan(plan);
}

function noAnswer(api: EdgeApi): SallyportError {
  return new SallyportError(
    "edge_unreachable",
    `${api.edge.origin} did not explain, but answered something else.`,
    "The edge may be of another version than this command.",
  );
}
