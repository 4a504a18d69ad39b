import { fitsColumn } from "../../protocol/column-pattern.ts";
import type { ColumnLabel, Label, LabelRule, Labels } from "./labels.ts";

/** Answers that are kept for one set of labels; beyond, all are forgotten. */
const MAX_KEPT = 100_000;
const UNLABELLED: ColumnLabel = { kind: "unlabelled" };
const NONE: ColumnLabel = { kind: "none" };

const kept = new WeakMap<Labels, Map<string, ColumnLabel>>();

/** Whether any column may have a label. */
export function hasLabels({ rules }: Labels): boolean {
  return rules.some(({ label }) => label !== null);
}

/**
 * What the settings say of a column, by its names in the catalog. The first line that fits counts; of a column whose
 * first line labels a part of its documents, so do all lines of parts up to the first of the whole column.
 */
export function labelOf(labels: Labels, schema: string, relation: string, column: string): ColumnLabel {
  if (labels.rules.length === 0) return UNLABELLED;
  const answers = kept.get(labels) ?? new Map<string, ColumnLabel>();
  kept.set(labels, answers);
  // No name has a zero byte.
  const key = `${schema}\0${relation}\0${column}`;
  const known = answers.get(key);
  if (known !== undefined) return known;
  if (answers.size >= MAX_KEPT) answers.clear();
  const found = find(labels.rules.filter((rule) => fitsColumn(rule, schema, relation, column)));
  answers.set(key, found);
  return found;
}

/** Of the lines that fit a column. */
function find(rules: LabelRule[]): ColumnLabel {
  const whole = rules.findIndex(({ path }) => path === null);
  const paths = new Map<string, { path: readonly string[]; label: Label }>();
  for (const { path, label } of rules.slice(0, whole === -1 ? rules.length : whole)) {
    const key = JSON.stringify(path);
    if (path !== null && label !== null && !paths.has(key)) paths.set(key, { path, label });
  }
  if (paths.size > 0) return { kind: "paths", paths: [...paths.values()] };
  const first = rules[whole];
  if (first === undefined) return UNLABELLED;
  return first.label === null ? NONE : { kind: "whole", label: first.label };
}
