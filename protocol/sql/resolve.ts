import type { ColumnRef, Node, RangeVar } from "@pgsql/types";
import type { Catalog, CatalogName, NameContext, Routine } from "./catalog.ts";
import type { Absent, Where } from "./facts.ts";
import { type Assignment, type Context, Findings, type Use } from "./resolve/findings.ts";
import { addHooks } from "./resolve/hooks.ts";
import type { Output } from "./resolve/query.ts";
import type { Reference } from "./resolve/scope.ts";
import { resolveTop } from "./resolve/statements.ts";
import { bodyOf } from "./resolve/tree.ts";

export { nameParts, qualifiedName } from "./resolve/qualified-name.ts";

/** What a statement touches. All lists are sorted and without doubles. */
export interface Resolution {
  /** Relations whose rows are read, as `qualifiedName` writes them, with views' own and what is behind them. */
  reads: string[];
  /** Relations whose rows or definition are written. */
  writes: string[];
  readColumns: string[];
  writeColumns: string[];
  /** Functions called by name, those of views included: every schema of the path that has one of this name. */
  functions: string[];
  /** All overloads of `functions`, of which PostgreSQL chooses by the arguments' types. */
  routines: Routine[];
  /** Names by which only fields of rows are called: `email(c)`. */
  fields: ReadonlySet<string>;
  /** Those of `reads` and `writes` that are foreign tables: their rows come over a connection of the server's. */
  foreign: string[];
  /** What could not be resolved, in words. */
  opaque: string[];
  /** Those of `opaque` that are but that something does not exist. */
  absent: ReadonlyMap<string, Absent>;
  where: Where;
}

/** What the names in a statement's own text turned out to be, by their nodes. */
export interface ResolvedNames extends Resolution {
  /** Relations that it reads or writes; not those of views. */
  uses: ReadonlyMap<RangeVar, Use>;
  references: ReadonlyMap<ColumnRef, Reference>;
  assigned: readonly Assignment[];
  /** The columns that it gives: of a query, or RETURNING. */
  output: Output;
}

/**
 * Resolves the names in one statement's parse tree. Pure and synchronous: what the catalog doesn't know yet is put on
 * `missing` (2,000 names at most, none twice) and the result is opaque; whoever called loads that and calls again. Needs
 * `loadParser` before, for the texts of views. Never throws for what the tree holds.
 */
export function resolveStatement(
  tree: Node,
  names: NameContext,
  catalog: Catalog,
  missing: CatalogName[],
): ResolvedNames {
  const found = new Findings();
  const context: Context = { names, catalog, missing, found, seen: new Set() };
  try {
    resolveTop(context, bodyOf(tree, "RawStmt")?.stmt ?? tree);
    addHooks(context);
  } catch (error) {
    // The bound on depth leaves room for the caller's part of the stack, but nobody knows how large that is.
    if (!(error instanceof RangeError)) throw error;
    found.opaque.add("it nests too deep");
  }
  return {
    reads: [...found.reads].sort(),
    writes: [...found.writes].sort(),
    readColumns: [...found.readColumns].sort(),
    writeColumns: [...found.writeColumns].sort(),
    functions: [...found.functions].sort(),
    routines: [...found.routines],
    fields: found.fields,
    foreign: [...found.foreign].sort(),
    opaque: [...found.opaque].sort(),
    absent: found.absent,
    where: found.where,
    uses: found.uses,
    references: found.references,
    assigned: found.assigned,
    output: found.output,
  };
}
