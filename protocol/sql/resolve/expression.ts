import type { Node, WindowDef } from "@pgsql/types";
import type { Context } from "./findings.ts";
import { callFunction, isNoType, lackFunction, useAttribute, useOperator, useTypeName } from "./names.ts";
import { resolveQuery } from "./query.ts";
import { resolveReference, type Scope } from "./scope.ts";
import { type Body, bodyOf, identifiers, type Kind, kindOf, qualified } from "./tree.ts";

type Step<K extends Kind> = (context: Context, body: Body<K>, scope: Scope) => void;

/** Counts what an expression reads and calls. What is not in the table makes the statement opaque. */
export function resolveExpression(context: Context, node: Node | undefined, scope: Scope): void {
  const kind = node === undefined ? null : kindOf(node);
  if (node === undefined || kind === null) return;
  const step = EXPRESSIONS[kind] as ((context: Context, body: unknown, scope: Scope) => void) | undefined;
  if (step === undefined) {
    context.found.opaque.add(`it has an expression of a sort that is not known here (${kind})`);
    return;
  }
  if (kind !== "A_Const") context.found.computes = true;
  context.found.enter(() => step(context, (node as Record<string, unknown>)[kind], scope));
}

export function resolveExpressions(context: Context, nodes: Node[] | undefined, scope: Scope): void {
  for (const node of nodes ?? []) resolveExpression(context, node, scope);
}

const nothing = () => {};

const BETWEEN_OPERATORS: Record<string, string[]> = {
  AEXPR_BETWEEN: [">=", "<="],
  AEXPR_NOT_BETWEEN: ["<", ">"],
  AEXPR_BETWEEN_SYM: [">=", "<="],
  AEXPR_NOT_BETWEEN_SYM: ["<", ">"],
};

/*
 * Some syntax calls functions that it doesn't name. Where PostgreSQL finds them by the name of an operator (BETWEEN,
 * IN, LIKE, CASE x WHEN, NULLIF, IS DISTINCT FROM, row comparisons, USING joins), that operator is looked up as if
 * written. Where it takes them from a type's default operator class or subscripting handler (ORDER BY, GROUP BY,
 * DISTINCT, UNION, GREATEST, window frames, `a[1]`), only a superuser could have put other code there, and the
 * type's name in a cast is looked up. COALESCE, IS NULL, CURRENT_USER, XML and JSON syntax call PostgreSQL's own.
 */
const EXPRESSIONS: { [K in Kind]?: Step<K> } = {
  A_Const: nothing,
  ParamRef: nothing,
  SetToDefault: nothing,
  SQLValueFunction: nothing,
  CurrentOfExpr: nothing,
  A_Star: nothing,
  Integer: nothing,
  ColumnRef: resolveReference,
  FuncCall: (context, call, scope) => {
    resolveExpressions(context, call.args, scope);
    resolveExpressions(context, call.agg_order, scope);
    resolveExpression(context, call.agg_filter, scope);
    resolveCall(context, call, "function");
    if (call.over !== undefined) resolveWindow(context, call.over, scope);
  },
  A_Expr: (context, { kind, name, lexpr, rexpr }, scope) => {
    for (const operator of BETWEEN_OPERATORS[kind ?? ""] ?? []) useOperator(context, [operator]);
    if (!(kind !== undefined && kind in BETWEEN_OPERATORS)) useOperator(context, identifiers(name));
    resolveExpression(context, lexpr, scope);
    resolveExpression(context, rexpr, scope);
  },
  List: (context, { items }, scope) => resolveExpressions(context, items, scope),
  BoolExpr: (context, { args }, scope) => resolveExpressions(context, args, scope),
  NullTest: (context, { arg }, scope) => resolveExpression(context, arg, scope),
  BooleanTest: (context, { arg }, scope) => resolveExpression(context, arg, scope),
  CoalesceExpr: (context, { args }, scope) => resolveExpressions(context, args, scope),
  MinMaxExpr: (context, { args }, scope) => resolveExpressions(context, args, scope),
  RowExpr: (context, { args }, scope) => resolveExpressions(context, args, scope),
  A_ArrayExpr: (context, { elements }, scope) => resolveExpressions(context, elements, scope),
  GroupingFunc: (context, { args }, scope) => resolveExpressions(context, args, scope),
  NamedArgExpr: (context, { arg }, scope) => resolveExpression(context, arg, scope),
  CollateClause: (context, { arg }, scope) => resolveExpression(context, arg, scope),
  MultiAssignRef: (context, { source }, scope) => resolveExpression(context, source, scope),
  TypeCast: (context, { arg, typeName }, scope) => {
    useTypeName(context, typeName);
    resolveExpression(context, arg, scope);
  },
  CaseExpr: (context, { arg, args, defresult }, scope) => {
    if (arg !== undefined) useOperator(context, ["="]);
    resolveExpression(context, arg, scope);
    resolveExpressions(context, args, scope);
    resolveExpression(context, defresult, scope);
  },
  CaseWhen: (context, { expr, result }, scope) => {
    resolveExpression(context, expr, scope);
    resolveExpression(context, result, scope);
  },
  SubLink: (context, link, scope) => {
    if (link.operName !== undefined) useOperator(context, identifiers(link.operName));
    else if (link.subLinkType === "ANY_SUBLINK") useOperator(context, ["="]);
    resolveExpression(context, link.testexpr, scope);
    resolveQuery(context, link.subselect, scope);
  },
  A_Indirection: (context, { arg, indirection }, scope) => {
    // `(t).f` reads the whole row t, as the server's own privileges have it.
    resolveExpression(context, arg, scope);
    for (const step of indirection ?? []) resolveIndirection(context, step, scope);
  },
  A_Indices: (context, { lidx, uidx }, scope) => {
    resolveExpression(context, lidx, scope);
    resolveExpression(context, uidx, scope);
  },
  SortBy: (context, { node, useOp }, scope) => {
    if (useOp !== undefined) useOperator(context, identifiers(useOp));
    resolveExpression(context, node, scope);
  },
  GroupingSet: (context, { content }, scope) => resolveExpressions(context, content, scope),
  ResTarget: (context, { val, indirection }, scope) => {
    for (const step of indirection ?? []) resolveExpression(context, indices(step), scope);
    resolveExpression(context, val, scope);
  },
  XmlExpr: (context, { args, named_args }, scope) => {
    resolveExpressions(context, named_args, scope);
    resolveExpressions(context, args, scope);
  },
  XmlSerialize: (context, { expr, typeName }, scope) => {
    useTypeName(context, typeName);
    resolveExpression(context, expr, scope);
  },
  MergeSupportFunc: nothing,
  JsonIsPredicate: (context, { expr }, scope) => resolveExpression(context, expr, scope),
  JsonParseExpr: (context, { expr, output }, scope) => {
    resolveJson(context, [expr, output], scope);
  },
  JsonScalarExpr: (context, { expr, output }, scope) => {
    resolveExpression(context, expr, scope);
    resolveJson(context, [output], scope);
  },
  JsonSerializeExpr: (context, { expr, output }, scope) => {
    resolveJson(context, [expr, output], scope);
  },
  JsonObjectConstructor: (context, { exprs, output }, scope) => {
    resolveJson(context, [exprs, output], scope);
  },
  JsonArrayConstructor: (context, { exprs, output }, scope) => {
    resolveJson(context, [exprs, output], scope);
  },
  JsonArrayQueryConstructor: (context, { query, output }, scope) => {
    resolveQuery(context, query, scope);
    resolveJson(context, [output], scope);
  },
  JsonObjectAgg: (context, { constructor: aggregate, arg }, scope) => {
    resolveJson(context, [aggregate, arg], scope);
  },
  JsonArrayAgg: (context, { constructor: aggregate, arg }, scope) => {
    resolveJson(context, [aggregate, arg], scope);
  },
  JsonFuncExpr: (context, call, scope) => {
    const { context_item, pathspec, passing, output, on_empty, on_error } = call;
    resolveJson(context, [context_item, pathspec, passing, output, on_empty, on_error], scope);
  },
};

/** The function of a call whose arguments are resolved already: PostgreSQL, too, looks for it last. */
export function resolveCall(context: Context, call: Body<"FuncCall">, sort: "function" | "procedure"): void {
  const target = qualified(identifiers(call.funcname));
  const args = call.args ?? [];
  const plain = call.agg_star !== true && call.over === undefined && call.func_variadic !== true;
  const argument = plain && args.length === 1;
  if (callFunction(context, target, argument) > 0) return;
  if (argument && target.schema === null && isFieldOf(context, args[0], target.name)) {
    context.found.fields.add(target.name);
    return;
  }
  // `f(x)` may be a cast to the type f, or the field f of a composite value.
  if (argument && !(isScalar(context, args[0]) && isNoType(context, target))) return;
  lackFunction(context, target, sort, args.length === 0 && call.agg_star !== true ? "()" : "");
}

/** Whether `name(c)` is the column `name` of the rows of c: no function has this name. */
function isFieldOf(context: Context, node: Node | undefined, name: string): boolean {
  const reference = bodyOf(node, "ColumnRef");
  const [item, ...others] = (reference && context.found.references.get(reference))?.wholes ?? [];
  if (item === undefined || others.length > 0 || item.open) return false;
  return item.columns.some((column) => column.name === name) && isNoType(context, { schema: null, name });
}

/** Whether it is most likely no composite value. */
function isScalar(context: Context, node: Node | undefined): boolean {
  const reference = bodyOf(node, "ColumnRef");
  if (reference !== undefined) {
    const found = context.found.references.get(reference);
    if (found === undefined || found.wholes.length > 0) return false;
    // What is absent itself is told first.
    return found.columns.length > 0 || context.found.absent.size > 0;
  }
  return bodyOf(node, "A_Const") !== undefined || bodyOf(node, "A_Expr") !== undefined;
}

function indices(step: Node): Node | undefined {
  return bodyOf(step, "A_Indices") === undefined ? undefined : step;
}

function resolveIndirection(context: Context, step: Node, scope: Scope): void {
  const field = bodyOf(step, "String")?.sval;
  if (field !== undefined) useAttribute(context, field);
  else resolveExpression(context, indices(step), scope);
}

/**
 * The parts of SQL/JSON syntax come in many small nodes that are not wrapped (JsonValueExpr, JsonOutput, …). All
 * that they hold are expressions, type names and plain values, so one walk over the members finds everything.
 */
export function resolveJson(context: Context, value: unknown, scope: Scope): void {
  if (typeof value !== "object" || value === null) return;
  context.found.enter(() => {
    for (const key in value) {
      const child = (value as Record<string, unknown>)[key];
      if (key === "typeName") useTypeName(context, child as Body<"TypeName">);
      else if (Object.hasOwn(EXPRESSIONS, key)) resolveExpression(context, { [key]: child } as Node, scope);
      else if (key === "over") resolveWindow(context, child as WindowDef, scope);
      else if (/^[A-Z]/.test(key) && !key.startsWith("Json") && key !== "String") {
        context.found.opaque.add(`it has an expression of a sort that is not known here (${key})`);
      } else resolveJson(context, child, scope);
    }
  });
}

export function resolveWindow(context: Context, window: WindowDef, scope: Scope): void {
  resolveExpressions(context, window.partitionClause, scope);
  resolveExpressions(context, window.orderClause, scope);
  resolveExpression(context, window.startOffset, scope);
  resolveExpression(context, window.endOffset, scope);
}
