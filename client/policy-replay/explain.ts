import type { ExplainedStatement } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Decision } from "../../protocol/policy/decision.ts";
import { isDecision, isPlan, isStatementFacts } from "../../protocol/policy/reading.ts";
import type { StatementFacts } from "../../protocol/sql/facts.ts";
import type { EdgeApi } from "../edge-api.ts";
import { approvalWords } from "../recordings/narrate.ts";
import { printable, styled } from "../terminal.ts";

/** What is asked: who would send it, and where. Without `as` it is whoever asks. */
export interface Question {
  as?: string;
  onBehalfOf?: string;
  groups?: string[];
  database?: string;
}

/** What the edge answers about a connection. */
export interface ExplainedConnect {
  /** The target's list names the principal. */
  listed: boolean;
  decision: Decision;
}

/** Asks the edge what would become of this SQL. Throws what the edge answers; nothing is run. */
export async function explainSql(
  api: EdgeApi,
  target: string,
  sql: string,
  question: Question,
): Promise<ExplainedStatement[]> {
  const answer: unknown = await api.post(explainPath(target), { sql, ...question });
  const statements = (answer as { statements?: unknown } | null)?.statements;
  if (!Array.isArray(statements) || !statements.every(isExplained)) throw noAnswer(api);
  return statements;
}

/** Asks the edge what would become of a connection. */
export async function explainConnect(
  api: EdgeApi,
  target: string,
  question: Question,
): Promise<ExplainedConnect> {
  const answer: unknown = await api.post(explainPath(target), { action: "connect", ...question });
  const { listed, decision } = (answer ?? {}) as Partial<Record<keyof ExplainedConnect, unknown>>;
  if (typeof listed !== "boolean" || !isDecision(decision)) throw noAnswer(api);
  return { listed, decision };
}

/** The explanation for people, of one statement. All text is made printable. */
export function explainedLines({ text, decision, facts, plan }: ExplainedStatement): string[] {
  const statement = text.split("\n").map((line) => printable(line.replaceAll("\t", "    ")));
  return [
    ...verdictLines(decision, statement[0] ?? ""),
    ...statement.slice(1).map((line) => `${INDENT}${line}`),
  ]
    .concat(decisionFields(decision).map(fieldLine))
    .concat(factsFields(facts).map(fieldLine))
    .concat(plan ? [fieldLine(["plan", `${plan.rows} rows, cost ${plan.cost}`])] : []);
}

/** The same of a connection. */
export function connectLines({ listed, decision }: ExplainedConnect, target: string): string[] {
  return [
    ...verdictLines(decision, `connect to ${printable(target)}`),
    ...decisionFields(decision).map(fieldLine),
    fieldLine(["listed", listed ? "yes: the target's list allows it" : "no"]),
  ];
}

const COLOURS = { allow: "green", approve: "yellow", block: "red" } as const;
/** As wide as the longest verdict and a blank. */
const INDENT = " ".repeat(8);

type Field = [name: string, value: string];

function verdictLines({ verdict }: Decision, what: string): string[] {
  return [
    `${styled(COLOURS[verdict], verdict)}${" ".repeat(INDENT.length - verdict.length)}${styled("bold", what)}`,
  ];
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
      return [policies, ...limit("rows", decision.rows), ...limit("bytes", decision.bytes)];
    case "approve":
      return [["reason", decision.reason], ["needs", approvalWords(decision)], policies];
    case "block":
      return [["reason", decision.reason], policies];
  }
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

function explainPath(target: string): string {
  return `/v1/targets/${encodeURIComponent(target)}/explain`;
}

function isExplained(value: unknown): value is ExplainedStatement {
  if (typeof value !== "object" || value === null) return false;
  const { text, decision, facts, plan } = value as Record<string, unknown>;
  return typeof text === "string" && isDecision(decision) && isStatementFacts(facts) && isPlan(plan);
}

function noAnswer(api: EdgeApi): SallyportError {
  return new SallyportError(
    "edge_unreachable",
    `${api.edge.origin} did not explain, but answered something else.`,
    "The edge may be of another version than this command.",
  );
}
