import type { ColumnRef } from "@pgsql/types";
import type { Column, Item, Made, Reference } from "./scope.ts";
import { eachColumnRef } from "./tree.ts";

/** Columns of stored rows, by the entry of FROM, or the target of a write, that offers them. */
export type Sources = ReadonlyMap<Item, ReadonlySet<string>>;

/**
 * The stored columns that a value is computed from, also through subqueries and joins. Conditions that only choose
 * rows don't count. What a WITH RECURSIVE hands on to itself by more than one step may be missed.
 */
export function sourcesOf(references: ReadonlyMap<ColumnRef, Reference>, made: Made): Sources {
  const found = new Map<Item, Set<string>>();
  const seen = new Set<Column>();
  const add = (item: Item, column: string) => {
    const columns = found.get(item);
    if (columns === undefined) found.set(item, new Set([column]));
    else columns.add(column);
  };
  const waiting: Made[] = [made];
  const take = (column: Column) => {
    if (column.source !== null) add(column.source.item, column.source.column);
    else if (column.made !== undefined && !seen.has(column)) {
      seen.add(column);
      waiting.push(column.made);
    }
  };
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const column of next.columns ?? []) take(column);
    eachColumnRef(next.expressions, (node) => {
      const reference = references.get(node);
      for (const { item, column } of reference?.columns ?? []) add(item, column);
      for (const column of reference?.derived ?? []) take(column);
      for (const item of reference?.wholes ?? []) for (const column of item.columns) take(column);
    });
  }
  return found;
}
