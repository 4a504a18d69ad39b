import type { Node } from "@pgsql/types";
import { type ParsedStatement, parseSql } from "../../../protocol/sql/parser.ts";
import type { Use } from "../../../protocol/sql/resolve/findings.ts";
import { bodyOf } from "../../../protocol/sql/resolve/tree.ts";
import { type ResolvedNames, resolveStatement } from "../../../protocol/sql/resolve.ts";
import { insideView, isDeclared, type MaskContext, masksOf, relationOf } from "./effective-labels.ts";
import { isSameTree, substituted } from "./intended-tree.ts";
import { readsMasked } from "./masked-use.ts";
import type { Rewriting } from "./rewrite.ts";
import type { SourceText, Span, Spliced } from "./source-text.ts";
import { inferenceReferences } from "./statement-parts.ts";
import { Unmasked } from "./unmasked.ts";

/** One statement of a text, as it came and what was to become of it. */
export interface Rewritten {
  tree: Node;
  resolved: ResolvedNames;
  rewriting: Rewriting;
}

/**
 * The text with all edits, after it was parsed again: its trees are those that were intended, and what in it names a
 * labelled column stands in the edits' own texts. Throws Unmasked where that isn't so.
 */
export function checkedText(
  context: MaskContext,
  source: SourceText,
  statements: readonly Rewritten[],
): Spliced {
  const labels = statements.flatMap(({ rewriting }) => [...rewriting.labels]);
  const spliced = source.splice(statements.flatMap(({ rewriting }) => rewriting.edits));
  const parsed = parse(spliced.sql, labels);
  const isIntended =
    parsed.length === statements.length &&
    parsed.every(({ tree }, index) => {
      const { tree: original, rewriting } = statements[index]!;
      return isSameTree(tree, substituted(original, rewriting.substitutions));
    });
  if (!isIntended) throw new Unmasked("its rewritten text does not say what it should", labels);
  for (const [index, { tree }] of parsed.entries()) {
    const { resolved, rewriting } = statements[index]!;
    if (rewriting.edits.length > 0) checkNames(context, tree, resolved, spliced.inserted, labels);
  }
  return spliced;
}

function parse(sql: string, labels: readonly string[]): ParsedStatement[] {
  try {
    return parseSql(sql);
  } catch (error) {
    const words = error instanceof Error ? error.message : "unknown failure";
    throw new Unmasked(`its rewritten text can't be parsed (${words})`, labels);
  }
}

/** Resolves the new text by itself: it reads what the old one did, and labelled columns only where a mask stands. */
function checkNames(
  context: MaskContext,
  tree: Node,
  before: ResolvedNames,
  inserted: readonly Span[],
  labels: readonly string[],
): void {
  const fail = (): never => {
    throw new Unmasked("its rewritten text names other things than it should", labels);
  };
  const { names, catalog, missing } = context;
  const after = resolveStatement(tree, names, catalog, missing);
  if (missing.length > 0) return;
  const isInserted = (location = 0) => inserted.some(({ start, end }) => location >= start && location < end);
  const known = new Set(before.reads);
  if (!after.reads.every((name) => known.has(name))) fail();
  const read = new Set(after.reads);
  const dropped = before.reads.filter((name) => !read.has(name));
  // Views are read through, and a mask that gives NULL reads nothing of what is written.
  if (!dropped.every((name) => isView(context, name) || isWritten(before, context, name))) fail();
  if (!after.opaque.every((reason) => before.opaque.includes(reason))) fail();

  const targets = new Set<object>();
  for (const [range, use] of after.uses) {
    if (use.as === "target") targets.add(use.item.columns);
    else if (use.as === "copy" && bodyOf(tree, "CopyStmt")?.is_from === true) continue;
    else if (!isInserted(range.location) && isBare(context, use, after)) fail();
  }
  const inferred = inferenceReferences(tree);
  for (const [node, reference] of after.references) {
    if (isInserted(node.location) || inferred.has(node)) continue;
    for (const { item, column } of reference.columns) {
      if (item.relation !== null && targets.has(item.columns) && masksOf(context, item.relation).has(column))
        fail();
    }
    for (const { relation, columns } of reference.wholes) {
      if (relation !== null && targets.has(columns) && masksOf(context, relation).size > 0) fail();
    }
  }
}

/** Whether it would give unmasked values, named where it is. */
function isBare(context: MaskContext, { relation }: Use, after: ResolvedNames): boolean {
  if (relation.kind !== "view" || isDeclared(context, relation)) return readsMasked(context, relation, after);
  const { reads } = insideView(context, relation).resolved;
  return reads.some((name) => {
    const read = relationOf(context, name);
    return read == null || masksOf(context, read).size > 0;
  });
}

function isWritten({ uses }: ResolvedNames, context: MaskContext, name: string): boolean {
  const relation = relationOf(context, name);
  return [...uses.values()].some(
    (use) =>
      use.as === "target" &&
      (use.relation === relation || [...use.relation.children, ...use.relation.parents].includes(name)),
  );
}

function isView(context: MaskContext, name: string): boolean {
  return relationOf(context, name)?.kind === "view";
}
