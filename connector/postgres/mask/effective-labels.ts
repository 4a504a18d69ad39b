import type { Node } from "@pgsql/types";
import type { Catalog, CatalogName, NameContext, Relation } from "../../../protocol/sql/catalog.ts";
import { nameParts, qualifiedName } from "../../../protocol/sql/resolve/qualified-name.ts";
import type { Reference } from "../../../protocol/sql/resolve/scope.ts";
import { bodyOf, eachColumnRef } from "../../../protocol/sql/resolve/tree.ts";
import { viewNames, viewQuery } from "../../../protocol/sql/resolve/view.ts";
import { type ResolvedNames, resolveStatement } from "../../../protocol/sql/resolve.ts";
import { labelOf } from "../../mask/label-of.ts";
import type { ColumnLabel, Label, Labels } from "../../mask/labels.ts";
import { shown } from "./quoted.ts";
import { SYSTEM_LABELS } from "./system-labels.ts";
import { Unmasked } from "./unmasked.ts";

/** What of a column must not be seen. */
export type ColumnMask = Exclude<ColumnLabel, { kind: "unlabelled" } | { kind: "none" }>;

/** The masks of a relation's columns, by name; without those that may be seen. */
export type RelationMasks = ReadonlyMap<string, ColumnMask>;

export interface MaskContext {
  labels: Labels;
  /** Names of the labels whose values may not be seen. */
  masked: ReadonlySet<string>;
  names: NameContext;
  catalog: Catalog;
  /** Takes what must be looked up first. */
  missing: CatalogName[];
  /** Masks that were found for these labels. */
  kept: WeakMap<Relation, RelationMasks>;
  /** Views that the present text is inside of. */
  depth?: number;
}

const NOTHING: RelationMasks = new Map();

/**
 * Which columns of a relation are masked: by the settings, by those of its partitions, parents and children, by
 * what a generated column or a materialized view is made of. Throws Unmasked.
 */
export function masksOf(context: MaskContext, relation: Relation): RelationMasks {
  const known = context.kept.get(relation);
  if (known !== undefined) return known;
  const masks = findMasks(context, relation);
  // What is missing is asked for once: that nothing more was is no sign that nothing was lacking here.
  if (context.missing.length === 0) context.kept.set(relation, masks);
  return masks;
}

function findMasks(context: MaskContext, relation: Relation): RelationMasks {
  const found = new Map<string, ColumnMask>();
  for (const [index, column] of relation.columns.entries()) {
    const mask = columnMask(context, relation, column) ?? generatedMask(context, relation, index);
    if (mask !== undefined) found.set(column, mask);
  }
  if (relation.kind === "materialized-view") deriveMaterialized(context, relation, found);
  return found.size === 0 ? NOTHING : found;
}

/**
 * Whether what a view is made of need not be looked at: the settings say something of every column, or it is one of
 * PostgreSQL's own, whose columns system-labels.ts knows.
 */
export function isDeclared(context: MaskContext, { schema, name, columns }: Relation): boolean {
  if (schema === "pg_catalog" || schema === "information_schema") return true;
  return columns.every((column) => labelOf(context.labels, schema, name, column).kind !== "unlabelled");
}

function columnMask(context: MaskContext, relation: Relation, column: string): ColumnMask | undefined {
  const own = labelled(context, relation.schema, relation.name, column);
  if (own.kind === "none") return undefined;
  // What is read here may be a descendant's row, and that, like a row here, is one of all its ancestors' too.
  const heirs = heirsOf(context, relation);
  const family = new Set([
    ...relation.children,
    ...relation.parents,
    ...heirs.flatMap(({ parents }) => parents),
  ]);
  const labels = [...family].map((kin) => {
    const [schema = "", name = ""] = nameParts(kin);
    return labelled(context, schema, name, column);
  });
  for (const one of [own, ...labels]) {
    const mask = hidden(context, one);
    if (mask !== undefined) return mask;
  }
  for (const heir of heirs) {
    const mask = generatedMask(context, heir, heir.columns.indexOf(column));
    if (mask !== undefined) return mask;
  }
  return undefined;
}

/** Descendants. Partitions have no other ancestors, and compute no column that their whole doesn't. */
function heirsOf({ catalog, missing }: MaskContext, relation: Relation): Relation[] {
  if (relation.kind === "partitioned") return [];
  return relation.children.flatMap((kin) => {
    const [schema = "", name = ""] = nameParts(kin);
    const heir = catalog.relation(schema, name);
    if (heir === undefined && !missing.some((one) => one.schema === schema && one.name === name))
      missing.push({ kind: "relation", schema, name });
    return heir ? [heir] : [];
  });
}

/** PostgreSQL's own labels stand before the settings': no line, however broad, may take one away. */
function labelled({ labels }: MaskContext, schema: string, relation: string, column: string): ColumnLabel {
  const system = labelOf(SYSTEM_LABELS, schema, relation, column);
  return system.kind === "unlabelled" ? labelOf(labels, schema, relation, column) : system;
}

/** What of a label may not be seen by this principal. */
function hidden({ masked }: MaskContext, label: ColumnLabel): ColumnMask | undefined {
  if (label.kind === "whole") return isMasked(masked, label.label) ? label : undefined;
  if (label.kind !== "paths") return undefined;
  const paths = label.paths.filter((one) => isMasked(masked, one.label));
  return paths.length === 0 ? undefined : { kind: "paths", paths };
}

function isMasked(masked: ReadonlySet<string>, { name }: Label): boolean {
  return masked.has(name) || SYSTEM_LABELS.labels.has(name);
}

function generatedMask(context: MaskContext, relation: Relation, index: number): ColumnMask | undefined {
  const { schema, name, columns, details } = relation;
  if (index === -1) return undefined;
  if (labelOf(context.labels, schema, name, columns[index]!).kind === "none") return undefined;
  for (const from of details?.[index]?.generatedFrom ?? []) {
    const mask = columnMask(context, relation, from);
    // What is computed may show more of a value than the part that its mask shows.
    if (mask !== undefined) return { kind: "whole", label: { ...firstLabel(mask), mask: { kind: "null" } } };
  }
  return undefined;
}

/** A label to name where one is enough. */
export function firstLabel(mask: ColumnMask): Label {
  return mask.kind === "whole" ? mask.label : mask.paths[0]!.label;
}

/** Names of all labels of a mask. */
export function labelNames(mask: ColumnMask): string[] {
  return mask.kind === "whole" ? [mask.label.name] : mask.paths.map(({ label }) => label.name);
}

/**
 * A materialized view's rows are copies. A column that takes a labelled one as it is has its mask; where labelled
 * columns decide anything else, the settings must say something of every column.
 */
function deriveMaterialized(context: MaskContext, view: Relation, found: Map<string, ColumnMask>): void {
  if (isDeclared(context, view)) return;
  const { tree, resolved } = insideView(context, view);
  const used = new Map<string, ColumnMask>();
  for (const read of resolved.readColumns) {
    const [schema = "", inRelation = "", column = ""] = nameParts(read);
    const relation = relationOf(context, qualifiedName(schema, inRelation));
    const mask = relation == null ? undefined : masksOf(context, relation).get(column);
    if (mask !== undefined) used.set(read, mask);
  }
  const targets = bodyOf(tree, "SelectStmt")?.targetList ?? [];
  const taken = new Set<unknown>();
  for (const [index, node] of targets.entries()) {
    const reference = bodyOf(bodyOf(node, "ResTarget")?.val, "ColumnRef");
    const mask = reference && sourceMask(context, resolved.references.get(reference));
    const column = view.columns[index];
    if (mask === undefined || column === undefined) continue;
    taken.add(reference);
    if (labelled(context, view.schema, view.name, column).kind === "unlabelled") found.set(column, mask);
  }
  let isOnlyTaken = true;
  const seen = new Set<string>();
  eachColumnRef(tree, (node) => {
    const source = resolved.references.get(node)?.columns[0];
    if (source?.item.relation == null) return;
    seen.add(qualifiedName(source.item.relation.schema, source.item.relation.name, source.column));
    if (!taken.has(node) && sourceMask(context, resolved.references.get(node)) !== undefined)
      isOnlyTaken = false;
  });
  if (isOnlyTaken && [...used.keys()].every((read) => seen.has(read))) return;
  const labels = new Set([...used.values()].flatMap(labelNames));
  if (labels.size > 0) {
    throw new Unmasked(
      `the materialized view ${shown(view)}, which is computed from labelled columns`,
      labels,
      "Have each of its columns declared in the target's labels, or as `none`.",
    );
  }
}

/** The mask of the one stored column that a reference names. */
function sourceMask(context: MaskContext, reference: Reference | undefined): ColumnMask | undefined {
  const source = reference?.columns[0];
  const relation = source?.item.relation;
  return relation == null ? undefined : masksOf(context, relation).get(source!.column);
}

/** The relation of a name as facts have it. */
export function relationOf({ catalog, names }: MaskContext, name: string): Relation | null | undefined {
  const [schema = "", relation = ""] = nameParts(name);
  return catalog.relation(schema === "pg_temp" ? (names.temporarySchema ?? schema) : schema, relation);
}

/** Views in views, as deep as they are followed. */
const MAX_DEPTH = 50;

/** A view's query, and what its names mean. */
export interface InsideView {
  context: MaskContext;
  text: string;
  tree: Node;
  resolved: ResolvedNames;
}

/** Goes into a view's query, a materialized one's too. Throws Unmasked where that can't be read, or views stand in views too deep. */
export function insideView(context: MaskContext, view: Relation): InsideView {
  const name = shown(view);
  const depth = (context.depth ?? 0) + 1;
  if (depth > MAX_DEPTH) throw new Unmasked(`the view ${name}, more than ${MAX_DEPTH} views deep`, []);
  const text = view.view ?? view.materialized ?? null;
  const tree = viewQuery(view);
  if (text === null || tree === null || bodyOf(tree, "SelectStmt") === undefined) {
    throw new Unmasked(`the view ${name}, whose query can't be read`, []);
  }
  const inside: MaskContext = { ...context, names: viewNames(context.names), depth };
  const resolved = resolveStatement(tree, inside.names, inside.catalog, inside.missing);
  return { context: inside, text, tree, resolved };
}
