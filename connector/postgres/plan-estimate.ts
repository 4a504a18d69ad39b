import type { PlanEstimate } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { type ParsedStatement, parseSql } from "../../protocol/sql/parser.ts";
import { statementRow } from "../../protocol/sql/statements.ts";
import { nodeOf } from "../../protocol/sql/tree.ts";

const EXPLAIN = "EXPLAIN (FORMAT JSON)";

/** Characters of EXPLAIN's answer; a plan that scans 1,000 partitions has 1 MB. */
const MAX_TEXT = 16 * 1024 * 1024;
/** Nodes of a plan, and how deep they stand in each other. */
const MAX_NODES = 100_000;
const MAX_DEPTH = 1_000;

/**
 * The text that asks for the plan of one statement: without ANALYZE, so that only the planner runs, which may call
 * functions that are declared immutable or stable. `source`: a text, or what `parseSql` made of one. Throws
 * `invalid_request` for what isn't one statement that can be explained.
 *
 * The result is one EXPLAIN of exactly that statement, and need not be parsed to know it. PostgreSQL's lexer goes from
 * left to right without looking back; what stands before the statement ends in `)` and a blank, outside of any token,
 * comment or string, so the lexer begins the statement in the state in which the parser's began it, and cuts it into
 * the same tokens. They were a statement without a semicolon, as the parser cut it out, with nothing left open: all it
 * needs stands in it, and nothing can follow. After `EXPLAIN (…)` the grammar takes only a statement that can be
 * explained, by the rule that made the tree of it; an option such as ANALYZE in front of it would be part of none.
 */
export function explainText(source: string | readonly ParsedStatement[]): string {
  const [first, second] = typeof source === "string" ? parsed(source) : source;
  if (first === undefined || second !== undefined || !isExplainable(first)) {
    throw new SallyportError("invalid_request", "only a single statement can be explained");
  }
  return `${EXPLAIN} ${first.text}`;
}

function isExplainable({ tree }: ParsedStatement): boolean {
  return statementRow(nodeOf(tree)[0])?.explainable === true;
}

function parsed(text: string): ParsedStatement[] {
  try {
    return parseSql(text);
  } catch (error) {
    if (error instanceof SallyportError) throw error;
    throw new SallyportError("invalid_request", "the statement can't be explained");
  }
}

/** `estimateOf` for EXPLAIN's answer as rows. */
export function estimateOfRows(rows: readonly (readonly (string | null)[])[]): PlanEstimate {
  return estimateOf(rows.map(([line]) => line ?? "").join("\n"));
}

/**
 * What EXPLAIN (FORMAT JSON) answered, as one text. `rows` are those that come out of the topmost node or, where that
 * is more, those that all its writing nodes together write; `cost` is the topmost node's. A rule may make several
 * plans of a statement: they add up. Both are whole numbers, rounded up, at most MAX_SAFE_INTEGER. Throws
 * `protocol_violation` for what is no plan, `limit_exceeded` for one that is too large.
 */
export function estimateOf(json: string): PlanEstimate {
  if (json.length > MAX_TEXT) throw tooLarge();
  const plans = list(parse(json));
  let rows = 0;
  let cost = 0;
  let planned = false;
  for (const one of plans) {
    // A rule's NOTIFY is the word alone.
    if (typeof one === "string") continue;
    planned = true;
    const top = record(record(one).Plan);
    rows += Math.max(number(top["Plan Rows"]), written(top));
    cost += number(top["Total Cost"]);
  }
  if (!planned) throw malformed("no plan");
  return { rows: whole(rows), cost: whole(cost) };
}

/** Rows that the writing nodes of a plan get: ModifyTable itself gives rows with RETURNING only. */
function written(top: Record<string, unknown>): number {
  let rows = 0;
  let nodes = 0;
  let level = [top];
  for (let depth = 0; level.length > 0; depth++) {
    nodes += level.length;
    if (depth > MAX_DEPTH || nodes > MAX_NODES) throw tooLarge();
    const below: Record<string, unknown>[] = [];
    for (const node of level) {
      const children = node.Plans === undefined ? [] : list(node.Plans).map(record);
      below.push(...children);
      if (node["Node Type"] !== "ModifyTable") continue;
      for (const child of children) {
        if (FEEDS.has(child["Parent Relationship"])) rows += number(child["Plan Rows"]);
      }
    }
    level = below;
  }
  return rows;
}

/** `Member` until PostgreSQL 13, where each child of an inherited target has a plan. Others are subqueries. */
const FEEDS: ReadonlySet<unknown> = new Set(["Outer", "Member"]);

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw malformed("no JSON");
  }
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed("no list where one stands");
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw malformed("no node where one stands");
}

/** JSON has 1e999, which is infinite here. */
function number(value: unknown): number {
  if (typeof value === "number" && value >= 0) return value;
  throw malformed("no number where one stands");
}

function whole(value: number): number {
  return Math.min(Math.ceil(value), Number.MAX_SAFE_INTEGER);
}

function malformed(what: string): SallyportError {
  return new SallyportError("protocol_violation", `the target's answer to EXPLAIN has ${what}`);
}

function tooLarge(): SallyportError {
  return new SallyportError("limit_exceeded", "the statement's plan is too large to be read");
}
