import type { Node } from "@pgsql/types";
import type { Catalog, CatalogName, NameContext, Relation } from "../../../protocol/sql/catalog.ts";
import type { ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import type { ParsedStatement } from "../../../protocol/sql/parser.ts";
import { sourcesOf } from "../../../protocol/sql/resolve/lineage.ts";
import type { Column, Made } from "../../../protocol/sql/resolve/scope.ts";
import { CASCADE } from "../../../protocol/sql/resolve/statements.ts";
import { bodyOf } from "../../../protocol/sql/resolve/tree.ts";
import { type ResolvedNames, resolveStatement } from "../../../protocol/sql/resolve.ts";
import { walk } from "../../../protocol/sql/tree.ts";
import type { Label, Labels } from "../../mask/labels.ts";
import { outputLabels, sourceLabels } from "./column-labels.ts";
import { conflictLookups } from "./conflicts.ts";
import { refusedConstruct } from "./constructs.ts";
import {
  firstLabel,
  isDeclared,
  labelNames,
  type MaskContext,
  masksOf,
  type RelationMasks,
  relationOf,
} from "./effective-labels.ts";
import { isPlaceholder, type MaskKeys, SHOWN_KEYS } from "./expression.ts";
import { isRead } from "./masked-use.ts";
import { shown } from "./quoted.ts";
import { rewriteStatement } from "./rewrite.ts";
import { LazySource, Unspliceable } from "./source-text.ts";
import { Unmasked } from "./unmasked.ts";
import { checkedText, type Rewritten } from "./verify.ts";

/** What one session may not see, for as long as it lasts. */
export interface SessionMasks {
  labels: Labels;
  /** The labels whose values it may not see. Never empty: a session that may see all has no masks. */
  masked: readonly Label[];
  keys: MaskKeys;
}

/** A text that may run. */
export interface MaskedText {
  /** What the target is to get; null for the text as it came. */
  sql: string | null;
  /** It is one statement. */
  alone: boolean;
  /** Names of the labels of which a column is read or written, sorted. */
  labels: readonly string[];
  /** Columns of the result that hold masked values, by label. */
  fields: Readonly<Record<string, number>>;
  /** Parameters that labelled columns are set to: they must not be what a mask gave. */
  parameters: readonly { number: number; label: Label }[];
  /** Exact values of labelled columns that it asks for. */
  lookups: readonly { label: Label; values: number }[];
}

export type MaskOutcome = MaskedText | Unmasked | { need: "catalog"; names: CatalogName[] };

/** Masks statements for one session. Pure but for what the catalog knows. */
export class Masking {
  readonly #masks: SessionMasks;
  readonly #masked: ReadonlySet<string>;
  /** By relation, of which there is another object with each change of the catalog. */
  readonly #kept = new WeakMap<Relation, RelationMasks>();

  constructor(masks: SessionMasks) {
    this.#masks = masks;
    this.#masked = new Set(masks.masked.map(({ name }) => name));
  }

  /**
   * The text with masks, for statements as they were classified with these names and this catalog. Throws what is no
   * fault of the statement.
   */
  mask(
    sql: string,
    parsed: ParsedStatement[],
    statements: readonly ClassifiedStatement[],
    names: NameContext,
    catalog: Catalog,
  ): MaskOutcome {
    const missing: CatalogName[] = [];
    const context: MaskContext = {
      labels: this.#masks.labels,
      masked: this.#masked,
      names,
      catalog,
      missing,
      kept: this.#kept,
    };
    try {
      const masked = this.#text(context, sql, parsed, statements);
      return missing.length > 0 ? { need: "catalog", names: missing } : masked;
    } catch (error) {
      if (missing.length > 0) return { need: "catalog", names: missing };
      if (error instanceof Unmasked) return error;
      if (error instanceof Unspliceable) return new Unmasked(error.message, this.#masked);
      if (error instanceof RangeError) return new Unmasked("it nests too deep", this.#masked);
      throw error;
    }
  }

  #text(
    context: MaskContext,
    sql: string,
    parsed: ParsedStatement[],
    statements: readonly ClassifiedStatement[],
  ): MaskedText {
    const source = new LazySource(sql);
    const rewritten: Rewritten[] = [];
    const labels = new Set<string>();
    const parameters = new Map<string, { number: number; label: Label }>();
    const lookups = new Map<string, number>();
    let fields: Record<string, number> = {};
    for (const [index, statement] of statements.entries()) {
      const { tree } = parsed[index]!;
      const resolved = resolveStatement(tree, context.names, context.catalog, context.missing);
      if (context.missing.length > 0) break;
      this.#check(context, tree, statement, resolved);
      const keys = bodyOf(tree, "ExplainStmt") === undefined ? this.#masks.keys : SHOWN_KEYS;
      const rewriting = rewriteStatement(context, source, tree, resolved, keys);
      rewritten.push({ tree, resolved, rewriting });
      for (const label of rewriting.labels) labels.add(label);
      for (const [label, values] of [...rewriting.lookups, ...conflictLookups(context, tree, resolved)])
        lookups.set(label, (lookups.get(label) ?? 0) + values);
      for (const label of this.#written(context, statement)) labels.add(label);
      for (const parameter of checkAssigned(context, resolved))
        parameters.set(`${parameter.number} ${parameter.label.name}`, parameter);
      if (statements.length === 1 && GIVING.has(Object.keys(tree)[0]!)) fields = fieldsOf(context, resolved);
    }
    const about = {
      labels: [...labels].sort(),
      fields,
      parameters: [...parameters.values()],
      lookups: this.#masks.masked.flatMap((label) => {
        const values = lookups.get(label.name);
        return values === undefined ? [] : [{ label, values }];
      }),
    };
    const alone = statements.length === 1;
    if (context.missing.length > 0 || rewritten.every(({ rewriting }) => rewriting.edits.length === 0)) {
      return { sql: null, alone, ...about };
    }
    return { sql: checkedText(context, source.text, rewritten).sql, alone, ...about };
  }

  #check(context: MaskContext, tree: Node, statement: ClassifiedStatement, resolved: ResolvedNames): void {
    const refused = refusedConstruct(tree, statement, resolved.routines, (name) => labelsOf(context, name), {
      relation: (name) => relationOf(context, name),
      declared(name) {
        const relation = relationOf(context, name);
        return relation != null && isDeclared(context, relation);
      },
    });
    if (refused !== null) throw new Unmasked(refused.construct, refused.labels, refused.hint);
    const [opaque] = statement.facts.opaque.filter((reason) => reason !== CASCADE || !isRemoval(tree));
    if (opaque !== undefined) {
      throw new Unmasked(
        `a statement of which not everything is known: ${opaque}`,
        this.#masked,
        OPAQUE_HINT,
      );
    }
  }

  /** Labels of what it writes: an error may quote the row. */
  #written(context: MaskContext, { facts }: ClassifiedStatement): string[] {
    return facts.writes.flatMap((name) => {
      const relation = relationOf(context, name);
      return relation == null ? [] : [...masksOf(context, relation).values()].flatMap(labelNames);
    });
  }

  /** A text that the target got as others may see it: without keys. */
  shown(sql: string): string {
    const { session, target } = this.#masks.keys;
    const text = sql.replaceAll(session, SHOWN_KEYS.session);
    return target === null ? text : text.replaceAll(target, SHOWN_KEYS.target ?? "");
  }
}

const OPAQUE_HINT =
  "Say it in a way that names what it reads; functions that are harmless can be listed in the target's trustedFunctions.";

/** Statements whose rows go to the agent as they are sent. */
const GIVING: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CopyStmt",
]);

/** What CASCADE drops or empties as well gives no value to anybody; what it renames or retypes could lose a label. */
function isRemoval(tree: Node): boolean {
  if (bodyOf(tree, "DropStmt") !== undefined || bodyOf(tree, "TruncateStmt") !== undefined) return true;
  const commands = bodyOf(tree, "AlterTableStmt")?.cmds;
  if (commands === undefined) return false;
  return commands.every((node) => REMOVALS.has(bodyOf(node, "AlterTableCmd")?.subtype ?? ""));
}

const REMOVALS: ReadonlySet<string> = new Set(["AT_DropColumn", "AT_DropConstraint"]);

function labelsOf(context: MaskContext, name: string): ReadonlyMap<string, Label> | null {
  const relation = relationOf(context, name);
  if (relation == null) return null;
  const masks = masksOf(context, relation);
  if (masks.size === 0) return null;
  return new Map([...masks].map(([column, mask]) => [column, firstLabel(mask)]));
}

/**
 * A labelled column must not be set to what a mask gave: the value would be lost. Answers the parameters that one is
 * set to. Throws Unmasked.
 */
function checkAssigned(
  context: MaskContext,
  { assigned, references }: ResolvedNames,
): { number: number; label: Label }[] {
  const parameters: { number: number; label: Label }[] = [];
  for (const { relation, column, made } of assigned) {
    const mask = masksOf(context, relation).get(column);
    if (mask === undefined) continue;
    const label = firstLabel(mask);
    const name = `${shown(relation)}.${column}`;
    const masked = sourceLabels(context, sourcesOf(references, made));
    if (masked.size > 0) {
      throw new Unmasked(
        `a write of masked values to ${name}`,
        [label.name],
        "What it reads is masked, and the stored value would be lost. Write a value of your own.",
      );
    }
    for (const value of valuesIn(made)) {
      if (typeof value === "number") parameters.push({ number: value, label });
      else if (isPlaceholder(value, label.mask)) throw placeholder(name, label);
    }
  }
  return parameters;
}

/** A value looks like what the agent was shown instead of the stored one. */
export function placeholder(what: string, { name }: Label): Unmasked {
  return new Unmasked(
    `a write of a masked value to ${what}`,
    [name],
    "Leave the column out, so that it keeps its value.",
  );
}

/** Texts and numbers of parameters that expressions hold. */
function valuesIn(made: Made): (string | number)[] {
  const values: (string | number)[] = [];
  const seen = new Set<Column>();
  const waiting = [made];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const column of next.columns ?? []) {
      if (seen.has(column) || column.made === undefined) continue;
      seen.add(column);
      waiting.push(column.made);
    }
    walk(next.expressions, (type, body) => {
      if (type === "ParamRef" && typeof body.number === "number") values.push(body.number);
      const text = type === "A_Const" ? (body.sval as { sval?: string } | undefined)?.sval : undefined;
      if (text !== undefined) values.push(text);
    });
  }
  return values;
}

/** How many columns of the result hold masked values, by label. */
function fieldsOf(context: MaskContext, resolved: ResolvedNames): Record<string, number> {
  const fields: Record<string, number> = {};
  const count = (labels: ReadonlySet<string>) => {
    for (const label of labels) fields[label] = (fields[label] ?? 0) + 1;
  };
  for (const labels of outputLabels(context, resolved)) count(labels);
  for (const { as, relation } of resolved.uses.values()) {
    if (as !== "copy") continue;
    for (const [column, mask] of masksOf(context, relation)) {
      if (isRead(context, relation, resolved, column)) count(new Set(labelNames(mask)));
    }
  }
  return fields;
}
