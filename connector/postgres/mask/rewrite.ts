import type { ColumnRef, Node, RangeTableSample, RangeVar, SelectStmt, UpdateStmt } from "@pgsql/types";
import type { Use } from "../../../protocol/sql/resolve/findings.ts";
import type { Reference } from "../../../protocol/sql/resolve/scope.ts";
import { SYSTEM_COLUMNS } from "../../../protocol/sql/resolve/scope.ts";
import { bodyOf, identifiers } from "../../../protocol/sql/resolve/tree.ts";
import type { ResolvedNames } from "../../../protocol/sql/resolve.ts";
import { walk } from "../../../protocol/sql/tree.ts";
import { labelNames, type MaskContext, masksOf } from "./effective-labels.ts";
import type { MaskKeys } from "./expression.ts";
import { dependentColumns } from "./grouping.ts";
import { expressionFragment, fromFragment, type Substitutions } from "./intended-tree.ts";
import { certainRanges, foundValue, type Lookup, lookupsIn } from "./lookup.ts";
import { MaskedColumns, rowsQuery } from "./masked-columns.ts";
import { isOf, isRead, type MaskedUse, names, readsMasked } from "./masked-use.ts";
import { quoted, shown } from "./quoted.ts";
import type { Edit, LazySource, SourceText } from "./source-text.ts";
import { groupByBefore, referenceSpan, relationSpan, sampledSpan, tableCommandStart } from "./spans.ts";
import {
  hasLockedNames,
  hasNaturalJoin,
  inferenceReferences,
  namingReferences,
  ownReferences,
  samplesOf,
  starTargets,
} from "./statement-parts.ts";
import { Unmasked } from "./unmasked.ts";
import { inlinedView } from "./views.ts";

/** What becomes of one statement's text and tree. */
export interface Rewriting {
  edits: Edit[];
  substitutions: Substitutions;
  labels: Set<string>;
  /** Values of labelled columns that it asks for exactly, by label. */
  lookups: Map<string, number>;
}

/**
 * What must change in one statement so that it sees the masked values: entries of FROM become subqueries, and in what a
 * write's target names each reference gets its mask. Throws Unmasked.
 */
export function rewriteStatement(
  context: MaskContext,
  source: LazySource,
  tree: Node,
  resolved: ResolvedNames,
  keys: MaskKeys,
): Rewriting {
  const rewriting = new Rewriter(context, source, tree, resolved, keys);
  return rewriting.run();
}

class Rewriter {
  readonly #context: MaskContext;
  readonly #lazy: LazySource;
  readonly #tree: Node;
  readonly #resolved: ResolvedNames;
  readonly #keys: MaskKeys;
  readonly #columns: MaskedColumns;
  readonly #uses = new Map<RangeVar, MaskedUse>();
  readonly #edits: Edit[] = [];
  readonly #substitutions: Substitutions = new Map();
  readonly #labels = new Set<string>();
  /** Entries that have got another name. */
  #renamed = 0;
  readonly #lookups = new Map<string, number>();
  /** References that lookups have dealt with. */
  readonly #looked = new Set<ColumnRef>();

  constructor(context: MaskContext, source: LazySource, tree: Node, resolved: ResolvedNames, keys: MaskKeys) {
    this.#context = context;
    this.#lazy = source;
    this.#tree = tree;
    this.#resolved = resolved;
    this.#keys = keys;
    this.#columns = new MaskedColumns(context, resolved, keys);
  }

  run(): Rewriting {
    for (const [range, use] of this.#resolved.uses) {
      if (!readsMasked(this.#context, use.relation, this.#resolved)) continue;
      const masks = masksOf(this.#context, use.relation);
      const inlined =
        use.relation.kind === "view" ? inlinedView(this.#context, use.relation, this.#keys) : null;
      if (masks.size === 0 && inlined === null) continue;
      for (const [column, mask] of masks) {
        if (!isRead(this.#context, use.relation, this.#resolved, column)) continue;
        for (const label of labelNames(mask)) this.#labels.add(label);
      }
      for (const label of inlined?.labels ?? []) this.#labels.add(label);
      this.#uses.set(range, { ...use, masks, inlined: inlined?.sql ?? null, conditions: [], renamed: null });
    }
    if (this.#uses.size > 0) {
      for (const use of this.#uses.values()) use.renamed = this.#newName(use);
      const samples = samplesOf(this.#tree);
      this.#findLookups();
      for (const [range, use] of this.#uses) {
        if (use.as === "from") this.#from(range, use, samples.get(range));
        else if (use.as === "copy") this.#copy(range, use);
        else if (use.inlined !== null)
          this.#refuse(`a write to the view ${shown(use.relation)}`, use, TABLE_HINT);
      }
      this.#references();
      this.#groups();
    }
    return {
      edits: this.#edits,
      substitutions: this.#substitutions,
      labels: this.#labels,
      lookups: this.#lookups,
    };
  }

  get #source(): SourceText {
    return this.#lazy.text;
  }

  /** `customers c` becomes `(SELECT … FROM shop.customers) c`. */
  #from(range: RangeVar, use: MaskedUse, sample: RangeTableSample | undefined): void {
    const { start, end, alias, tail } = sample
      ? sampledSpan(this.#source, range, sample)
      : { ...relationSpan(this.#source, range), alias: "", tail: "" };
    const named = range.alias === undefined ? ` AS ${quoted(use.renamed ?? use.relation.name)}` : alias;
    this.#checkWhole(range, use);
    const node = this.#subquery(use, tail);
    const item = `${node}${named}`;
    const written = range.alias === undefined || sample ? item : `${item} AS ${aliasText(range)}`;
    const table = tableCommandStart(this.#source, start);
    this.#edits.push(
      table === null ? { start, end, text: item } : { start: table, end, text: `SELECT * FROM ${item}` },
    );
    this.#substitutions.set(sample ?? range, [fromFragment(written)]);
  }

  /** A row keeps the names of its table's columns, whatever an alias calls them; a subquery's has the alias's. */
  #checkWhole({ alias }: RangeVar, use: MaskedUse): void {
    const isWhole = [...this.#resolved.references].some(
      ([{ fields }, { wholes }]) =>
        bodyOf(fields?.at(-1), "A_Star") === undefined && wholes.some((item) => isOf(use, item)),
    );
    if (isWhole && alias?.colnames !== undefined) {
      this.#refuse(`the whole row of ${shown(use.relation)} under other columns' names`, use, NAME_COLUMNS);
    }
    if (use.renamed !== null && hasLockedNames(this.#tree)) {
      this.#refuse(`a lock of ${shown(use.relation)} beside its schema's name`, use, ALIAS);
    }
  }

  /** The parenthesised query that gives the relation's rows with masks. `tail`: what stands behind its name in FROM. */
  #subquery(use: MaskedUse, tail = "", columns = use.relation.columns): string {
    const list = this.#columns.selected(use, columns);
    for (const column of this.#systemColumns(use)) list.push(quoted(column));
    return rowsQuery(use, list, tail);
  }

  /** System columns that the statement names of this entry: a subquery offers only what it selects. */
  #systemColumns(use: MaskedUse): string[] {
    const named = new Set<string>();
    const stars: ColumnRef[] = [];
    for (const [node, { columns, wholes }] of this.#resolved.references) {
      for (const { item, column } of columns) {
        if (isOf(use, item) && SYSTEM_COLUMNS.has(column)) named.add(column);
      }
      if (wholes.some((item) => isOf(use, item))) stars.push(node);
    }
    if (named.size === 0) return [];
    if (hasNaturalJoin(this.#tree) || !stars.every((node) => this.#starTargets.has(node)))
      this.#refuse(`system columns beside whole rows of ${shown(use.relation)}`, use, NAME_COLUMNS);
    // The star would give them too.
    for (const node of stars) this.#expanded.add(node);
    return [...named];
  }

  /** Where a label permits it, exact values are compared with what is stored. */
  #findLookups(): void {
    walk(this.#tree, (type, body) => {
      if (type === "SelectStmt") {
        const select = body as SelectStmt;
        const certain = certainRanges(select);
        for (const lookup of lookupsIn(select.whereClause)) this.#lookIn(lookup, certain);
      } else if (type === "UpdateStmt" || type === "DeleteStmt") {
        const { relation, whereClause } = body as UpdateStmt;
        for (const lookup of lookupsIn(whereClause)) this.#lookIn(lookup, new Set(relation && [relation]));
      }
    });
  }

  #lookIn({ column: node, values }: Lookup, ranges: ReadonlySet<RangeVar>): void {
    const reference = this.#resolved.references.get(node);
    const [source, ...others] = reference?.columns ?? [];
    if (source === undefined || others.length > 0 || (reference?.derived?.length ?? 0) > 0) return;
    for (const [range, use] of this.#uses) {
      const mask = use.masks.get(source.column);
      if (!ranges.has(range) || !isOf(use, source.item) || mask?.kind !== "whole" || use.inlined !== null)
        continue;
      const { name, lookup } = mask.label;
      if (lookup === null) return;
      this.#lookups.set(name, (this.#lookups.get(name) ?? 0) + values.length);
      this.#looked.add(node);
      const { start, end } = referenceSpan(this.#source, node);
      if (use.as === "target") {
        this.#edits.push({ start, end, text: this.#source.slice(start, end) });
        return;
      }
      const stored = quoted(source.column);
      use.conditions.push(
        values.length === 1 ? `${stored} = ${values[0]}` : `${stored} IN (${values.join(", ")})`,
      );
      const text = foundValue(values);
      this.#edits.push({ start, end, text });
      this.#substitutions.set(node, [expressionFragment(text)]);
    }
  }

  /**
   * Columns may be selected beside a grouped primary key, which a subquery doesn't have: they are grouped too, which
   * makes no other groups.
   */
  #groups(): void {
    walk(this.#tree, (type, body) => {
      if (type !== "SelectStmt") return;
      const select = body as SelectStmt;
      const [first] = select.groupClause ?? [];
      if (first === undefined || bodyOf(first, "GroupingSet") !== undefined) return;
      const added = [...this.#uses.values()].flatMap((use) =>
        use.as === "from" && use.inlined === null ? dependentColumns(this.#resolved, select, use) : [],
      );
      const [group] = Object.values(first) as { location?: number }[];
      if (added.length === 0 || group === undefined) return;
      const start = this.#source.end(groupByBefore(this.#source, this.#source.at(group.location)));
      this.#edits.push({ start, end: start, text: ` ${added.join(", ")},` });
      const kept = this.#substitutions.get(group) ?? [first];
      this.#substitutions.set(group, [...added.map((text) => expressionFragment(text)), ...kept]);
    });
  }

  /** `COPY customers (id, email) TO …` becomes `COPY (SELECT … FROM ONLY customers) TO …`. */
  #copy(range: RangeVar, use: MaskedUse): void {
    const statement = bodyOf(this.#tree, "CopyStmt");
    if (statement === undefined) this.#unknown();
    if (statement.is_from === true) return;
    if (use.relation.kind !== "table") {
      this.#refuse(`COPY of ${shown(use.relation)}`, use, "Use COPY (SELECT ...) TO.");
    }
    const { start, end: nameEnd, next } = relationSpan(this.#source, range);
    let end = nameEnd;
    const listed = identifiers(statement.attlist);
    if (statement.attlist !== undefined) end = this.#source.end(this.#source.afterParenthesis(next) - 1);
    const all = use.relation.columns.filter(
      (_, index) => use.relation.details?.[index]?.generatedFrom.length === 0,
    );
    const text = this.#subquery({ ...use, inherited: false }, "", listed.length === 0 ? all : listed);
    this.#edits.push({ start, end, text });
    const { relation: _, attlist: __, ...rest } = statement;
    const query = bodyOf(fromFragment(`${text} AS x`), "RangeSubselect")?.subquery;
    this.#substitutions.set(statement, [{ CopyStmt: { ...rest, query } } as Node]);
  }

  /** References that subqueries don't serve: by a schema's name, and those to what is written. */
  #references(): void {
    const inferred = inferenceReferences(this.#tree);
    for (const node of this.#expanded) this.#expandStar(node);
    for (const [node, reference] of this.#resolved.references) {
      if (inferred.has(node) || this.#looked.has(node) || !this.#isOwn(node)) continue;
      if (this.#expanded.has(node)) continue;
      for (const use of this.#uses.values()) {
        if (use.as === "from") this.#rename(node, reference, use);
        else if (use.as === "target") this.#target(node, reference, use);
      }
    }
  }

  /** Views' texts have references too, whose places mean nothing here. */
  #isOwn(node: ColumnRef): boolean {
    this.#own ??= ownReferences(this.#tree);
    return this.#own.has(node);
  }
  #own: Set<ColumnRef> | undefined;

  /**
   * `shop.customers.email` can't name a column of a subquery, and `customers.email` might be another's: such an entry
   * gets a name of its own, which all that name it are given.
   */
  #rename(node: ColumnRef, reference: Reference, use: MaskedUse): void {
    if (use.renamed === null || !names(reference, use)) return;
    const fields = node.fields ?? [];
    const qualifiers = fields.length - 1;
    if (qualifiers === 0) {
      if (reference.wholes.length === 0 || bodyOf(fields[0], "A_Star") !== undefined) return;
      this.#refuse(`the whole row of ${shown(use.relation)} beside its schema's name`, use, NAME_COLUMNS);
    }
    const first = this.#source.at(node.location);
    const last = this.#source.afterName(first, qualifiers) - 1;
    const edit = { start: this.#source.start(first), end: this.#source.end(last), text: quoted(use.renamed) };
    this.#edits.push(edit);
    const name = { String: { sval: use.renamed } };
    this.#substitutions.set(node, [{ ColumnRef: { fields: [name, fields.at(-1)!], location: 0 } }]);
  }

  /** A name for an entry that is called by its schema's name; null where it keeps its own. */
  #newName(use: Use): string | null {
    if (use.as !== "from" || use.item.aliased) return null;
    const isBySchema = [...this.#resolved.references].some(
      ([node, reference]) => this.#isOwn(node) && (node.fields?.length ?? 0) > 2 && names(reference, use),
    );
    if (!isBySchema) return null;
    this.#renamed += 1;
    let name = `sallyport_${this.#renamed}`;
    while (this.#source.includes(name)) name += "_";
    return name;
  }

  #target(node: ColumnRef, reference: Reference, use: MaskedUse): void {
    const fields = node.fields ?? [];
    if (reference.wholes.some((item) => isOf(use, item))) {
      if (!this.#starTargets.has(node))
        this.#refuse(`the whole row of ${shown(use.relation)}, which is written`, use, NAME_COLUMNS);
      this.#expandStar(node);
      return;
    }
    const masked = reference.columns.filter(({ item, column }) => isOf(use, item) && use.masks.has(column));
    if (masked.length === 0) return;
    if (reference.columns.length + (reference.derived?.length ?? 0) > 1) {
      this.#refuse(`the name ${identifiers(fields).join(".")}, which may mean several columns`, use, QUALIFY);
    }
    const { column } = masked[0]!;
    const { start, end } = referenceSpan(this.#source, node);
    const expression = this.#columns.value(use, column, this.#source.slice(start, end)) ?? this.#unknown();
    // A subquery keeps the name that the result's column has.
    const text = this.#isNaming(node) ? `(SELECT ${expression} AS ${quoted(column)})` : expression;
    this.#edits.push({ start, end, text });
    this.#substitutions.set(node, [expressionFragment(text)]);
  }

  /** The targets of queries and RETURNING that are `*` or `t.*`, by that. */
  get #starTargets(): ReadonlyMap<ColumnRef, Node> {
    this.#stars ??= starTargets(this.#tree);
    return this.#stars;
  }
  #stars: ReadonlyMap<ColumnRef, Node> | undefined;
  /** Those that become names. */
  readonly #expanded = new Set<ColumnRef>();

  #isNaming(node: ColumnRef): boolean {
    this.#naming ??= namingReferences(this.#tree);
    return this.#naming.has(node);
  }
  #naming: Set<ColumnRef> | undefined;

  /** `*` becomes a name for each column. */
  #expandStar(node: ColumnRef): void {
    const [first] = this.#uses.values();
    const wholes = this.#resolved.references.get(node)?.wholes ?? [];
    const texts = wholes.flatMap((item) => {
      if (item.name === null || item.open) this.#refuse("* over a join", first!, NAME_COLUMNS);
      const use = [...this.#uses.values()].find((one) => isOf(one, item));
      const written = use?.as === "target" ? use : undefined;
      return item.columns.map(({ name, source }) => {
        const value = `${quoted(use?.renamed ?? item.name!)}.${quoted(name)}`;
        const mask = written && source !== null ? this.#columns.value(written, source.column, value) : null;
        return mask === null ? value : `(SELECT ${mask} AS ${quoted(name)})`;
      });
    });
    const { start, end } = referenceSpan(this.#source, node);
    this.#edits.push({ start, end, text: texts.join(", ") });
    const body = bodyOf(this.#starTargets.get(node), "ResTarget")!;
    this.#substitutions.set(
      body,
      texts.map((text) => ({ ResTarget: { val: expressionFragment(text), location: 0 } })),
    );
  }

  #refuse(construct: string, use: MaskedUse, hint: string): never {
    const labels = use.masks.size > 0 ? [...use.masks.values()].flatMap(labelNames) : this.#labels;
    throw new Unmasked(construct, labels, hint);
  }

  #unknown(): never {
    throw new Unmasked("its text is not as it was expected", this.#labels);
  }
}

const TABLE_HINT = "Write to the table that the view is made of.";
const NAME_COLUMNS = "Name the columns that are wanted.";
const ALIAS = "Give the table an alias.";
const QUALIFY = "Write the table's name or alias before the column's.";

function aliasText({ alias }: RangeVar): string {
  const columns = identifiers(alias?.colnames).map(quoted);
  return `${quoted(alias?.aliasname ?? "")}${columns.length === 0 ? "" : `(${columns.join(", ")})`}`;
}
