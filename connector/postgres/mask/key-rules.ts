import type { Constraint, Node } from "@pgsql/types";
import { walk } from "../../../protocol/sql/tree.ts";
import type { RefusedConstruct } from "./constructs.ts";
import { allLabels, type LabelledRelation, namedLabels, type Touched } from "./touched.ts";

/** Foreign keys in a part of a definition: one to a labelled column tells of each value tried whether it is there. */
export function refusedConstraints(touched: Touched, part: Node | Node[]): RefusedConstruct | null {
  let refused: RefusedConstruct | null = null;
  walk(part, (type, body) => {
    if (type === "Constraint") refused ??= refusedReference(touched, body as Constraint);
  });
  return refused;
}

function refusedReference(touched: Touched, constraint: Constraint): RefusedConstruct | null {
  if (constraint.contype !== "CONSTR_FOREIGN") return null;
  const referenced = touched.of(constraint.pktable);
  const labels =
    constraint.pk_attrs === undefined
      ? allLabels(referenced.filter((one) => !hasPlainKeys(one)))
      : namedLabels(referenced, constraint.pk_attrs);
  if (labels.length === 0) return null;
  return {
    construct: "a foreign key to labelled columns",
    labels,
    hint:
      constraint.pk_attrs === undefined
        ? "Name the columns it refers to: REFERENCES customers (id)."
        : "Refer to a column without a label.",
  };
}

/** Whether its primary key, whichever of its keys that is, has no labelled column. */
function hasPlainKeys({ relation, columns }: LabelledRelation): boolean {
  if (relation === null || relation.keys.length === 0) return false;
  return relation.keys.every((key) => key.every((column) => !columns.has(column)));
}
