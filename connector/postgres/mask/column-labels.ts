import type { Relation } from "../../../protocol/sql/catalog.ts";
import { type Sources, sourcesOf } from "../../../protocol/sql/resolve/lineage.ts";
import type { ResolvedNames } from "../../../protocol/sql/resolve.ts";
import { insideView, isDeclared, labelNames, type MaskContext, masksOf } from "./effective-labels.ts";

/**
 * Names of the labels whose values each column of a relation is computed from, by column; of a view, through its query.
 * Throws Unmasked.
 */
export function columnLabels(
  context: MaskContext,
  relation: Relation,
): ReadonlyMap<string, ReadonlySet<string>> {
  if (relation.kind !== "view" || isDeclared(context, relation)) {
    return new Map(
      [...masksOf(context, relation)].map(([column, mask]) => [column, new Set(labelNames(mask))]),
    );
  }
  const { context: inside, resolved } = insideView(context, relation);
  const labels = outputLabels(inside, resolved);
  return new Map(
    relation.columns.flatMap((column, index) => {
      const found = labels[index];
      return found === undefined || found.size === 0 ? [] : [[column, found]];
    }),
  );
}

/** Likewise of the columns that a statement gives, in their order. */
export function outputLabels(context: MaskContext, { output, references }: ResolvedNames): Set<string>[] {
  return output.columns.map((column) => sourceLabels(context, sourcesOf(references, { columns: [column] })));
}

/** Names of the labels of stored columns. */
export function sourceLabels(context: MaskContext, sources: Sources): Set<string> {
  const labels = new Set<string>();
  for (const [{ relation }, columns] of sources) {
    if (relation === null) continue;
    const own = columnLabels(context, relation);
    for (const column of columns) for (const label of own.get(column) ?? []) labels.add(label);
  }
  return labels;
}
