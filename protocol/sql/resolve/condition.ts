import type { ColumnRef, Node } from "@pgsql/types";
import type { Reference } from "./scope.ts";
import { type Body, bodyOf, identifiers } from "./tree.ts";

/** `left operator right`, the operator being PostgreSQL's own by its name. */
export interface Comparison {
  left: Node | undefined;
  operator: string;
  right: Node | undefined;
}

const NEGATIONS: Record<string, string> = {
  "=": "<>",
  "<>": "=",
  "<": ">=",
  ">=": "<",
  ">": "<=",
  "<=": ">",
  "~~": "!~~",
  "!~~": "~~",
  "~~*": "!~~*",
  "!~~*": "~~*",
  "~": "!~",
  "!~": "~",
  "IS TRUE": "IS NOT TRUE",
  "IS NOT TRUE": "IS TRUE",
  "IS FALSE": "IS NOT FALSE",
  "IS NOT FALSE": "IS FALSE",
  "IS UNKNOWN": "IS NOT UNKNOWN",
  "IS NOT UNKNOWN": "IS UNKNOWN",
  "IS NULL": "IS NOT NULL",
  "IS NOT NULL": "IS NULL",
  "IS DISTINCT FROM": "IS NOT DISTINCT FROM",
  "IS NOT DISTINCT FROM": "IS DISTINCT FROM",
  BETWEEN: "NOT BETWEEN",
  "NOT BETWEEN": "BETWEEN",
};
const FLIPPED: Record<string, string> = {
  "=": "=",
  "<>": "<>",
  "<": ">",
  ">": "<",
  "<=": ">=",
  ">=": "<=",
  "IS DISTINCT FROM": "IS DISTINCT FROM",
  "IS NOT DISTINCT FROM": "IS NOT DISTINCT FROM",
};

/** A comparison by =, <>, <, … or IS [NOT] DISTINCT FROM, the latter as <> and =; null for anything else. */
export function comparison({ kind, name, lexpr, rexpr }: Body<"A_Expr">): Comparison | null {
  if (lexpr === undefined) return null;
  if (kind === "AEXPR_DISTINCT") return { left: lexpr, operator: "<>", right: rexpr };
  if (kind === "AEXPR_NOT_DISTINCT") return { left: lexpr, operator: "=", right: rexpr };
  const operator = identifiers(name).at(-1) ?? "";
  return kind === "AEXPR_OP" && operator in FLIPPED ? { left: lexpr, operator, right: rexpr } : null;
}

/**
 * An expression without what (nearly) keeps its value: casts, `+ 0`, `|| ''`, COLLATE, `(SELECT x)`, COALESCE. It
 * serves to find tautologies only, where taking too much for one errs on the weak side.
 */
export function stripped(node: Node | undefined): Node | undefined {
  let rest = node;
  for (let next = strip(rest); next !== undefined; next = strip(rest)) rest = next;
  return rest;
}

function strip(node: Node | undefined): Node | undefined {
  const cast = bodyOf(node, "TypeCast") ?? bodyOf(node, "CollateClause");
  if (cast !== undefined) return cast.arg;
  const coalesce = bodyOf(node, "CoalesceExpr");
  if (coalesce !== undefined) return coalesce.args?.[0];
  const row = bodyOf(node, "RowExpr");
  if (row?.args?.length === 1) return row.args[0];
  const select = bodyOf(bodyOf(node, "SubLink")?.subselect, "SelectStmt");
  if (select !== undefined && bodyOf(node, "SubLink")?.subLinkType === "EXPR_SUBLINK") {
    const lone = select.fromClause === undefined && select.whereClause === undefined;
    return lone ? bodyOf(select.targetList?.[0], "ResTarget")?.val : undefined;
  }
  const expression = bodyOf(node, "A_Expr");
  if (expression?.kind !== "AEXPR_OP") return undefined;
  const operator = identifiers(expression.name).at(-1) ?? "";
  if (expression.lexpr === undefined) return operator === "+" ? expression.rexpr : undefined;
  if (isNeutral(operator, expression.rexpr)) return expression.lexpr;
  return "+*||".includes(operator) && isNeutral(operator, expression.lexpr) ? expression.rexpr : undefined;
}

function isNeutral(operator: string, node: Node | undefined): boolean {
  const literal = bodyOf(node, "A_Const");
  if (literal === undefined) return false;
  if (operator === "||") return literal.sval !== undefined && (literal.sval.sval ?? "") === "";
  const value = literal.ival === undefined ? undefined : (literal.ival.ival ?? 0);
  return ["+", "-"].includes(operator) ? value === 0 : ["*", "/"].includes(operator) && value === 1;
}

/** Equal for expressions that are written alike, wherever they stand and however their columns are qualified. */
export function canonical(node: Node | undefined, references: ReadonlyMap<ColumnRef, Reference>): string {
  // What nearly all conditions are made of, fifty times faster than the general way.
  const reference = bodyOf(node, "ColumnRef");
  if (reference !== undefined) return columnText(reference, references) ?? JSON.stringify(reference.fields);
  const literal = bodyOf(node, "A_Const");
  if (literal?.ival !== undefined) return `${literal.ival.ival ?? 0}`;
  if (literal?.sval !== undefined) return JSON.stringify(literal.sval.sval ?? "");
  return JSON.stringify(node, (key, value: unknown) => {
    if (key === "location" || key.startsWith("rexpr_list_") || key.startsWith("list_")) return undefined;
    return key === "ColumnRef" ? (columnText(value as ColumnRef, references) ?? value) : value;
  });
}

function columnText(reference: ColumnRef, references: ReadonlyMap<ColumnRef, Reference>): string | undefined {
  const columns = references.get(reference)?.columns ?? [];
  const [only] = columns;
  return columns.length === 1 && only !== undefined ? `${only.item.name}.${only.column}` : undefined;
}

type Canonical = (node: Node | undefined) => string;

/** A condition as text, and its negation as text. */
function literals(node: Node, text: Canonical): [string, string] {
  const bool = bodyOf(node, "BoolExpr");
  if (bool?.boolop === "NOT_EXPR" && bool.args?.[0] !== undefined) {
    const [own, negation] = literals(bool.args[0], text);
    return [negation, own];
  }
  const expression = bodyOf(node, "A_Expr");
  const test = bodyOf(node, "NullTest") ?? bodyOf(node, "BooleanTest");
  let operator: string | undefined;
  let operands: string[] = [];
  if (expression !== undefined) {
    operator = operatorOf(expression);
    operands = [text(stripped(expression.lexpr)), text(stripped(expression.rexpr))];
  } else if (test !== undefined) {
    operator = (
      "nulltesttype" in test ? test.nulltesttype : "booltesttype" in test ? test.booltesttype : undefined
    )?.replaceAll("_", " ");
    operands = [text(stripped(test.arg))];
  }
  const negation = operator === undefined ? undefined : NEGATIONS[operator];
  if (operator === undefined || negation === undefined) {
    const plain = text(node);
    return [plain, `NOT ${plain}`];
  }
  const write = (word: string) => {
    const [left = "", right] = operands;
    const flipped = FLIPPED[word];
    if (right === undefined) return `${left} ${word}`;
    return flipped !== undefined && right < left ? `${right} ${flipped} ${left}` : `${left} ${word} ${right}`;
  };
  return [write(operator), write(negation)];
}

function operatorOf({ kind, name }: Body<"A_Expr">): string | undefined {
  switch (kind) {
    case "AEXPR_DISTINCT":
      return "IS DISTINCT FROM";
    case "AEXPR_NOT_DISTINCT":
      return "IS NOT DISTINCT FROM";
    case "AEXPR_BETWEEN":
      return "BETWEEN";
    case "AEXPR_NOT_BETWEEN":
      return "NOT BETWEEN";
    case "AEXPR_OP":
    case "AEXPR_IN":
    case "AEXPR_LIKE":
    case "AEXPR_ILIKE":
      return identifiers(name).at(-1);
    default:
      return undefined;
  }
}

/**
 * Whether conditions under OR leave nothing out because one is the negation of another, or of several together:
 * `a IS NULL OR a IS NOT NULL`, `p OR q OR NOT (p OR q)`, `NOT p OR NOT q OR (p AND q)`.
 */
export function complements(nodes: Node[], text: Canonical): boolean {
  const own = new Set<string>();
  const negations = new Set<string>();
  for (const node of nodes) {
    const [positive, negative] = literals(node, text);
    own.add(positive);
    negations.add(negative);
    if (own.has(negative)) return true;
  }
  return nodes.some((node) => {
    const bool = bodyOf(node, "BoolExpr");
    const inner = bool?.boolop === "NOT_EXPR" ? bodyOf(bool.args?.[0], "BoolExpr") : undefined;
    if (inner?.boolop === "OR_EXPR")
      return (inner.args ?? []).every((arg) => own.has(literals(arg, text)[0]));
    if (bool?.boolop !== "AND_EXPR") return false;
    return (bool.args ?? []).every((arg) => negations.has(literals(arg, text)[0]));
  });
}

/** Whether comparisons of one thing with whole numbers under OR leave no number out: `a < 10 OR a > 5`. */
export function covers(nodes: Node[], text: Canonical): boolean {
  const ranges = new Map<string, { below: number; above: number; not: Set<number> }>();
  for (const node of nodes) {
    const found = bodyOf(node, "A_Expr");
    const compared = found === undefined ? null : comparison(found);
    if (compared === null) continue;
    const leftNumber = wholeNumber(compared.left);
    const number = leftNumber ?? wholeNumber(compared.right);
    if (number === undefined) continue;
    const operator =
      leftNumber === undefined ? compared.operator : (FLIPPED[compared.operator] ?? compared.operator);
    const subject = text(stripped(leftNumber === undefined ? compared.left : compared.right));
    const range = ranges.get(subject) ?? {
      below: Number.NEGATIVE_INFINITY,
      above: Number.POSITIVE_INFINITY,
      not: new Set<number>(),
    };
    ranges.set(subject, range);
    // A bound that is included reaches a little further: `a <= 5 OR a > 5` leaves nothing out, `a < 5 OR a > 5` 5.
    if (operator === "<" || operator === "<=") {
      range.below = Math.max(range.below, number + (operator === "<=" ? 0.25 : 0));
    }
    if (operator === ">" || operator === ">=") {
      range.above = Math.min(range.above, number - (operator === ">=" ? 0.25 : 0));
    }
    if (operator === "<>") range.not.add(number);
    if (range.above < range.below || range.not.size > 1) return true;
    if ([...range.not].some((value) => value < range.below || value > range.above)) return true;
  }
  return false;
}

function wholeNumber(node: Node | undefined): number | undefined {
  const literal = bodyOf(stripped(node), "A_Const")?.ival;
  return literal === undefined ? undefined : (literal.ival ?? 0);
}

/** The conditions of which a WHERE is the conjunction. */
export function conjuncts(where: Node): Node[] {
  const bool = bodyOf(where, "BoolExpr");
  return bool?.boolop === "AND_EXPR" ? (bool.args ?? []).flatMap(conjuncts) : [where];
}
