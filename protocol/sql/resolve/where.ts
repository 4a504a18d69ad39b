import type { ColumnRef, Node } from "@pgsql/types";
import type { Where } from "../facts.ts";
import { type Comparison, canonical, comparison, complements, covers, stripped } from "./condition.ts";
import type { Context } from "./findings.ts";
import { fixesKey } from "./key.ts";
import type { Item } from "./scope.ts";
import { type Body, bodyOf, eachColumnRef, identifiers, items, kindOf } from "./tree.ts";

/**
 * What is known of a condition: always true or false (or null where a row's value is), `fixed` when it is the same
 * for every row but not known, `row` when the target's rows decide it.
 */
type Value = "true" | "false" | "fixed" | "row";

/** Characters of expressions that are compared with each other for one WHERE, in a form of about 100 each. */
const MAX_COMPARED = 10_000_000;

/** The weaker of two. */
export function weaker(one: Where, other: Where): Where {
  const order: Where[] = ["missing", "constant", "condition", "key", "none"];
  return order.indexOf(one) < order.indexOf(other) ? one : other;
}

/**
 * How strongly a resolved WHERE chooses rows of `target`. What is not understood is taken for the weaker: a tautology
 * that isn't recognised is still no more than `condition`, and `key` is only what is proved.
 */
export function judgeWhere(context: Context, where: Node | undefined, target: Item): Where {
  if (where === undefined || kindOf(where) === null) return "missing";
  if (bodyOf(where, "CurrentOfExpr") !== undefined) return "key";
  const judge = new Judge(context, target);
  if (judge.value(where) !== "row") return "constant";
  return fixesKey(context, where, target) ? "key" : "condition";
}

class Judge {
  readonly #target: Item;
  readonly #refers: (reference: ColumnRef) => boolean;
  readonly #canonical: (node: Node | undefined) => string;

  constructor(context: Context, target: Item) {
    this.#target = target;
    this.#refers = (reference) => {
      const found = context.found.references.get(reference);
      return (
        found !== undefined &&
        (found.wholes.includes(this.#target) || found.columns.some(({ item }) => item === this.#target))
      );
    };
    let spent = 0;
    this.#canonical = (node) => {
      // Beyond the bound all conditions look alike, which makes tautologies of them: the weak side.
      if (spent > MAX_COMPARED) return "";
      const text = canonical(node, context.found.references);
      spent += text.length;
      return text;
    };
  }

  value(node: Node | undefined): Value {
    const kind = node === undefined ? null : kindOf(node);
    if (node === undefined || kind === null) return "fixed";
    switch (kind) {
      case "BoolExpr":
        return this.#bool(bodyOf(node, "BoolExpr") ?? {});
      case "A_Const":
        return constant(bodyOf(node, "A_Const") ?? {});
      case "TypeCast":
        return this.value(bodyOf(node, "TypeCast")?.arg);
      case "BooleanTest":
        return this.#test(bodyOf(node, "BooleanTest") ?? {});
      case "NullTest":
        return this.#nullTest(node, bodyOf(node, "NullTest") ?? {});
      case "CoalesceExpr":
        return this.#coalesce(node, bodyOf(node, "CoalesceExpr")?.args ?? []);
      case "SubLink":
        return this.#subLink(node, bodyOf(node, "SubLink") ?? {});
      case "CaseExpr":
        return this.#case(node, bodyOf(node, "CaseExpr") ?? {});
      case "A_Expr":
        return this.#comparison(node, bodyOf(node, "A_Expr") ?? {});
      default:
        return this.#plain(node);
    }
  }

  #depends(node: unknown): boolean {
    let depends = false;
    eachColumnRef(node, (reference) => {
      depends ||= this.#refers(reference);
    });
    return depends;
  }

  #plain(node: Node): Value {
    return this.#depends(node) ? "row" : "fixed";
  }

  #bool({ boolop, args = [] }: Body<"BoolExpr">): Value {
    const values = args.map((arg) => this.value(arg));
    if (boolop === "NOT_EXPR") return negated(values[0] ?? "fixed");
    if (boolop === "AND_EXPR") {
      if (values.includes("false")) return "false";
      if (values.includes("row")) return "row";
      return values.every((value) => value === "true") ? "true" : "fixed";
    }
    if (values.includes("true")) return "true";
    // `$1 OR id = 5`: the parameter may let every row through.
    if (values.includes("fixed")) return "fixed";
    if (!values.includes("row")) return "false";
    const rows = args.filter((_, index) => values[index] === "row");
    return complements(rows, this.#canonical) || covers(rows, this.#canonical) ? "true" : "row";
  }

  #test({ arg, booltesttype }: Body<"BooleanTest">): Value {
    const value = this.value(arg);
    if (booltesttype === "IS_TRUE" || booltesttype === "IS_NOT_FALSE") return value;
    if (booltesttype === "IS_FALSE" || booltesttype === "IS_NOT_TRUE") return negated(value);
    return value === "row" ? "row" : "fixed";
  }

  /** Columns of a key are rarely null: IS NOT NULL chooses nothing there. */
  #nullTest(node: Node, { arg, nulltesttype }: Body<"NullTest">): Value {
    const names = identifiers(bodyOf(stripped(arg), "ColumnRef")?.fields);
    const keyed = this.#target.relation?.keys.some((key) => key.includes(names.at(-1) ?? "")) === true;
    if (keyed && this.#depends(arg)) return nulltesttype === "IS_NOT_NULL" ? "true" : "false";
    return this.#plain(node);
  }

  #coalesce(node: Node, args: Node[]): Value {
    const first = this.value(args[0]);
    // `coalesce(id = id, true)`: where the first is null the others decide.
    return first === "row" || first === "fixed" ? this.#plain(node) : first;
  }

  #subLink(node: Node, { subLinkType, subselect }: Body<"SubLink">): Value {
    const select = bodyOf(subselect, "SelectStmt");
    const lone =
      select !== undefined &&
      (select.op === "SETOP_NONE" || select.op === undefined) &&
      select.fromClause === undefined &&
      select.valuesLists === undefined &&
      select.limitCount === undefined &&
      select.limitOffset === undefined &&
      select.havingClause === undefined;
    if (!lone) return this.#plain(node);
    const passes = select.whereClause === undefined ? "true" : this.value(select.whereClause);
    if (subLinkType === "EXISTS_SUBLINK") return passes;
    if (subLinkType === "EXPR_SUBLINK" && passes === "true") {
      return this.value(bodyOf(select.targetList?.[0], "ResTarget")?.val);
    }
    return this.#plain(node);
  }

  /** A CASE whose results are all the same condition decides like that one. */
  #case(node: Node, { args = [], defresult }: Body<"CaseExpr">): Value {
    const results = [...args.map((arg) => bodyOf(arg, "CaseWhen")?.result), defresult];
    const values = new Set(results.map((result) => this.value(result)));
    const [only] = values;
    return values.size === 1 && only !== undefined && only !== "row" ? only : this.#plain(node);
  }

  #comparison(node: Node, expression: Body<"A_Expr">): Value {
    const found = comparison(expression);
    if (found !== null) return this.#compare(node, found);
    const left = this.#canonical(stripped(expression.lexpr));
    const list = listed(expression.rexpr).map((item) => this.#canonical(stripped(item)));
    const operator = identifiers(expression.name).at(-1);
    switch (expression.kind) {
      case "AEXPR_IN":
      case "AEXPR_OP_ANY":
        if (this.#depends(expression.lexpr) && list.includes(left)) {
          if (operator === "=") return "true";
          if (expression.kind === "AEXPR_IN") return "false";
        }
        return this.#plain(node);
      case "AEXPR_BETWEEN":
      case "AEXPR_BETWEEN_SYM":
        return list.length === 2 && list.every((bound) => bound === left) ? "true" : this.#plain(node);
      case "AEXPR_LIKE":
      case "AEXPR_ILIKE": {
        const pattern = bodyOf(expression.rexpr, "A_Const")?.sval?.sval;
        const all = left === list[0] || (pattern !== undefined && /^%+$/.test(pattern));
        if (all && this.#depends(expression.lexpr)) return operator?.startsWith("!") ? "false" : "true";
        return this.#plain(node);
      }
      default:
        return this.#matchesAll(expression) ? "true" : this.#plain(node);
    }
  }

  /** `name ~ '.*'` */
  #matchesAll({ kind, name, lexpr, rexpr }: Body<"A_Expr">): boolean {
    const pattern = bodyOf(rexpr, "A_Const")?.sval?.sval;
    return (
      kind === "AEXPR_OP" &&
      /^~\*?$/.test(identifiers(name).at(-1) ?? "") &&
      pattern !== undefined &&
      /^\^?(\.\*)?\$?$/.test(pattern) &&
      this.#depends(lexpr)
    );
  }

  #compare(node: Node, { left, operator, right }: Comparison): Value {
    for (const [side, other] of [
      [left, right],
      [right, left],
    ] as const) {
      const literal = bodyOf(side, "A_Const")?.boolval;
      if (literal === undefined) continue;
      const value = this.value(other);
      if (operator !== "=" && operator !== "<>") continue;
      return (literal.boolval === true) === (operator === "=") ? value : negated(value);
    }
    const one = stripped(left);
    const two = stripped(right);
    if (this.#canonical(one) === this.#canonical(two)) return operator.includes("=") ? "true" : "false";
    if (this.#depends(node)) return "row";
    return folded(one, operator, two);
  }
}

function negated(value: Value): Value {
  return value === "true" ? "false" : value === "false" ? "true" : value;
}

function constant({ boolval, sval, isnull }: Body<"A_Const">): Value {
  if (isnull === true) return "fixed";
  if (boolval !== undefined) return boolval.boolval === true ? "true" : "false";
  const text = sval?.sval?.trim().toLowerCase();
  if (text === undefined || text === "") return "fixed";
  if (["true", "yes", "on", "1"].some((word) => word.startsWith(text)) && text !== "o") return "true";
  return ["false", "no", "off", "0"].some((word) => word.startsWith(text)) && text !== "o"
    ? "false"
    : "fixed";
}

/** Two literals compared; `fixed` where PostgreSQL's own rules for their types would be needed. */
function folded(left: Node | undefined, operator: string, right: Node | undefined): Value {
  const one = bodyOf(left, "A_Const");
  const two = bodyOf(right, "A_Const");
  if (one?.ival === undefined || two?.ival === undefined) return "fixed";
  const a = one.ival.ival ?? 0;
  const b = two.ival.ival ?? 0;
  const results: Record<string, boolean> = {
    "=": a === b,
    "<>": a !== b,
    "<": a < b,
    ">": a > b,
    "<=": a <= b,
    ">=": a >= b,
  };
  return results[operator] === true ? "true" : "false";
}

/** The members of `IN (…)`, `ARRAY[…]` or the bounds of BETWEEN; else the thing itself. */
function listed(node: Node | undefined): Node[] {
  const array = bodyOf(stripped(node), "A_ArrayExpr")?.elements;
  if (array !== undefined) return array;
  const list = items(node);
  return list.length > 0 || node === undefined ? list : [node];
}
