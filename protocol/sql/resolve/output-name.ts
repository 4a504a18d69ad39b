import type { Node, SelectStmt } from "@pgsql/types";
import { type Body, bodyOf, identifiers, type Kind, kindOf } from "./tree.ts";

/** A name, and whether it is only a fallback, which the name of an inner expression's type or column beats. */
type Named = { name: string; weak: boolean } | null;
type Namer<K extends Kind> = (body: Body<K>) => Named;

/**
 * The name of an output column without AS: PostgreSQL's FigureColname. Exact, because a reference to such a name
 * would otherwise be taken for a column elsewhere.
 */
export function outputName(node: Node | undefined): string {
  return figure(node)?.name ?? "?column?";
}

function figure(node: Node | undefined): Named {
  const kind = node === undefined ? null : kindOf(node);
  if (node === undefined || kind === null) return null;
  const namer = NAMERS[kind] as ((body: unknown) => Named) | undefined;
  return namer?.((node as Record<string, unknown>)[kind]) ?? null;
}

const strong = (name: string | undefined): Named => (name === undefined ? null : { name, weak: false });

const NAMERS: { [K in Kind]?: Namer<K> } = {
  ColumnRef: ({ fields }) => strong(identifiers(fields).at(-1)),
  A_Indirection: ({ arg, indirection }) => strong(identifiers(indirection).at(-1)) ?? figure(arg),
  FuncCall: ({ funcname }) => strong(identifiers(funcname).at(-1)),
  A_Expr: ({ kind }) => (kind === "AEXPR_NULLIF" ? strong("nullif") : null),
  TypeCast: ({ arg, typeName }) => {
    const inner = figure(arg);
    const type = identifiers(typeName?.names).at(-1);
    return inner !== null && !inner.weak ? inner : type === undefined ? inner : { name: type, weak: true };
  },
  CollateClause: ({ arg }) => figure(arg),
  GroupingFunc: () => strong("grouping"),
  MergeSupportFunc: () => strong("merge_action"),
  SubLink: ({ subLinkType, subselect }) => {
    if (subLinkType === "EXISTS_SUBLINK") return strong("exists");
    if (subLinkType === "ARRAY_SUBLINK") return strong("array");
    return subLinkType === "EXPR_SUBLINK" ? firstOutput(bodyOf(subselect, "SelectStmt")) : null;
  },
  CaseExpr: ({ defresult }) => {
    const inner = figure(defresult);
    return inner !== null && !inner.weak ? inner : { name: "case", weak: true };
  },
  A_ArrayExpr: () => strong("array"),
  RowExpr: () => strong("row"),
  CoalesceExpr: () => strong("coalesce"),
  MinMaxExpr: ({ op }) => strong(op === "IS_LEAST" ? "least" : "greatest"),
  SQLValueFunction: ({ op }) =>
    strong(
      op
        ?.replace(/^SVFOP_/, "")
        .replace(/_N$/, "")
        .toLowerCase(),
    ),
  XmlExpr: ({ op }) =>
    op === "IS_DOCUMENT" || op === undefined ? null : strong(op.replace(/^IS_/, "").toLowerCase()),
  XmlSerialize: () => strong("xmlserialize"),
  JsonParseExpr: () => strong("json"),
  JsonScalarExpr: () => strong("json_scalar"),
  JsonSerializeExpr: () => strong("json_serialize"),
  JsonObjectConstructor: () => strong("json_object"),
  JsonArrayConstructor: () => strong("json_array"),
  JsonArrayQueryConstructor: () => strong("json_array"),
  JsonObjectAgg: () => strong("json_objectagg"),
  JsonArrayAgg: () => strong("json_arrayagg"),
  JsonFuncExpr: ({ op }) => strong(op?.replace(/_OP$/, "").toLowerCase()),
};

/** A scalar subquery is named by its first output column. */
function firstOutput(select: SelectStmt | undefined): Named {
  let first = select;
  while (first?.larg !== undefined) first = first.larg;
  if (first?.valuesLists !== undefined) return strong("column1");
  const target = bodyOf(first?.targetList?.[0], "ResTarget");
  if (target === undefined) return null;
  return strong(target.name ?? figure(target.val)?.name ?? "?column?");
}
