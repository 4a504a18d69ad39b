import type { ResolvedNames } from "../../../protocol/sql/resolve.ts";
import { labelNames, type MaskContext } from "./effective-labels.ts";
import { type MaskKeys, maskExpression, maskPaths, Unmaskable } from "./expression.ts";
import { isRead, type MaskedUse } from "./masked-use.ts";
import { quoted, quotedName, shown } from "./quoted.ts";
import { Unmasked } from "./unmasked.ts";

/** What is written in the place of columns, which are labelled or not. */
export class MaskedColumns {
  readonly #context: MaskContext;
  readonly #resolved: ResolvedNames;
  readonly #keys: MaskKeys;

  constructor(context: MaskContext, resolved: ResolvedNames, keys: MaskKeys) {
    this.#context = context;
    this.#resolved = resolved;
    this.#keys = keys;
  }

  /** The masked value of the column that `value` is written for; null where it may be seen. Throws Unmasked. */
  value(use: MaskedUse, column: string, value: string): string | null {
    const { relation, masks } = use;
    const mask = masks.get(column);
    if (mask === undefined) return null;
    const detail = relation.details?.[relation.columns.indexOf(column)];
    const labels = labelNames(mask);
    if (detail === undefined)
      throw new Unmasked(`the type of ${shown(relation)}.${column} is not known`, labels);
    if (!isRead(this.#context, relation, this.#resolved, column)) return `NULL::${detail.type}`;
    try {
      if (mask.kind === "whole") return maskExpression(value, detail, mask.label.mask, this.#keys);
      const paths = mask.paths.map(({ path, label }) => ({ path, mask: label.mask }));
      return maskPaths(value, detail, paths, this.#keys);
    } catch (error) {
      if (!(error instanceof Unmaskable)) throw error;
      throw new Unmasked(`${shown(relation)}.${column} can't be masked: ${error.message}`, labels);
    }
  }

  /** The columns as a query selects them, by their own names. Throws Unmasked. */
  selected(use: MaskedUse, columns: readonly string[]): string[] {
    return columns.map((column) => {
      const value = quoted(column);
      const masked = this.value(use, column, value);
      return masked === null ? value : `${masked} AS ${value}`;
    });
  }
}

/** The parenthesised query that selects `list` of the relation. `tail`: what stands behind its name in FROM. */
export function rowsQuery(use: MaskedUse, list: readonly string[], tail: string): string {
  const from =
    use.inlined === null
      ? `${use.inherited ? "" : "ONLY "}${quotedName(use.relation)}${tail}`
      : `(${use.inlined}) AS ${quoted(use.relation.name)}`;
  const where = use.conditions.length === 0 ? "" : ` WHERE ${use.conditions.join(" AND ")}`;
  return `(SELECT ${list.join(", ")} FROM ${from}${where})`;
}
