import type { ColumnRef, RangeVar } from "@pgsql/types";
import type { Catalog, CatalogName, NameContext, Relation, Routine } from "../catalog.ts";
import type { Absent, Where } from "../facts.ts";
import { qualifiedName } from "./qualified-name.ts";
import type { Output } from "./query.ts";
import type { Item, Made, Reference } from "./scope.ts";

/** Names that one statement may touch, of each sort; what goes beyond makes it opaque. */
const MAX_NAMES = 20_000;
/** Names that one statement may ask the catalog for in one round. */
const MAX_MISSING = 2_000;
/** Parse nodes that are looked at, views included: a hostile statement ends here, in about 100 ms. */
const MAX_NODES = 200_000;
/** Columns that FROM may offer to names, counted again in each join over them. */
const MAX_COLUMNS = 200_000;
/** Levels of expressions and, with their weight, queries in each other; the parser's own bound is near it. */
const MAX_DEPTH = 1_200;
/** The weight of a query or an item of FROM. */
export const QUERY_WEIGHT = 3;

const STRENGTH: Where[] = ["missing", "constant", "condition", "key", "none"];

/** Where a statement's own text names a relation whose rows it reads or writes. */
export interface Use {
  /** In FROM or USING, as what is written, or in the short form of COPY. */
  readonly as: "from" | "target" | "copy";
  readonly relation: Relation;
  /** Without ONLY. */
  readonly inherited: boolean;
  readonly item: Item;
}

/** A value that a statement's own text gives a column of what it writes. */
export interface Assignment {
  readonly relation: Relation;
  readonly column: string;
  readonly made: Made;
}

/** What is found of one statement while its tree is walked. */
export class Findings {
  readonly reads = new Set<string>();
  readonly writes = new Set<string>();
  readonly readColumns = new Set<string>();
  readonly writeColumns = new Set<string>();
  readonly functions = new Set<string>();
  readonly routines = new Set<Routine>();
  readonly opaque = new Set<string>();
  readonly foreign = new Set<string>();
  /** Those reasons for `opaque` that are but that something does not exist, with PostgreSQL's own error for it. */
  readonly absent = new Map<string, Absent>();
  /** What each column reference turned out to be, for the judgement of WHERE. */
  readonly references = new Map<ColumnRef, Reference>();
  /** The relations that its own text names, not that of views. */
  readonly uses = new Map<RangeVar, Use>();
  /** What its own text assigns to columns. */
  readonly assigned: Assignment[] = [];
  /** What the statement, or the query in it, gives. */
  output: Output = { columns: [], open: true };
  /** Views that are expanded already, or being so. */
  readonly views = new Set<string>();
  /** Names already resolved inside views, where another search path holds. */
  readonly seenInViews = new Set<string>();
  where: Where = "none";
  /** It has more than constants that are given back as they are: there may be casts and comparisons. */
  computes = false;
  /** Names of the types of which it makes values, without schemas. */
  readonly types = new Set<string>();
  /** Names that calls have which are but fields of the row that they are given: `email(c)`. */
  readonly fields = new Set<string>();
  /** Command tags for which event triggers may fire. */
  readonly commands = new Set<string>();
  /** Relations all of whose columns are counted as read. */
  readonly wholes = new Set<string>();
  #nodes = 0;
  #columns = 0;
  #depth = 0;

  /** Keeps how the statement's own text uses a relation. */
  note(context: Context, range: RangeVar | undefined, use: Use): void {
    if (range !== undefined && context.seen !== this.seenInViews) this.uses.set(range, use);
  }

  add(set: Set<string>, name: string): void {
    if (set.size < MAX_NAMES) set.add(name);
    else this.opaque.add(`it touches more than ${MAX_NAMES} names`);
  }

  /** The weakest condition of the statement's parts counts. */
  weaken(where: Where): void {
    if (STRENGTH.indexOf(where) < STRENGTH.indexOf(this.where)) this.where = where;
  }

  /** Whether so many more columns may be offered to names; if not, the statement is opaque. */
  spend(columns: number): boolean {
    this.#columns += columns;
    if (this.#columns <= MAX_COLUMNS) return true;
    this.opaque.add(`its FROM offers more than ${MAX_COLUMNS} columns`);
    return false;
  }

  /**
   * Runs `step` one level deeper, or makes the statement opaque when it is too deep or too large. A step through
   * many functions weighs more: 600 WITH queries that each read the next overflowed the stack.
   */
  enter(step: () => void, weight = 1): void {
    if (this.#depth + weight > MAX_DEPTH) {
      this.opaque.add(`it nests deeper than ${MAX_DEPTH} levels`);
      return;
    }
    if (++this.#nodes > MAX_NODES) {
      this.opaque.add(`it has more than ${MAX_NODES} parts`);
      return;
    }
    this.#depth += weight;
    try {
      step();
    } finally {
      this.#depth -= weight;
    }
  }
}

/** What every step of the walk needs. */
export interface Context {
  readonly names: NameContext;
  readonly catalog: Catalog;
  readonly missing: CatalogName[];
  readonly found: Findings;
  /** Names already resolved in this walk under these `names`: each is looked up once. */
  readonly seen: Set<string>;
}

/**
 * The statement is opaque because something that it names does not exist, as the catalog has told; PostgreSQL would
 * give the error `absent`. Of a view's text that can't be: there the catalog is not understood.
 */
export function lack(context: Context, reason: string, absent: Absent): void {
  const { found, seen } = context;
  found.opaque.add(reason);
  if (seen !== found.seenInViews && !found.absent.has(reason)) found.absent.set(reason, absent);
}

/** Puts a name on the list of what is to be loaded, once. Until it is, the statement is opaque. */
export function ask(context: Context, kind: CatalogName["kind"], schema: string, name: string): void {
  const { missing, found } = context;
  const shown = [schema, name].filter((part) => part !== "");
  found.opaque.add(`the ${kind} ${qualifiedName(...shown)} is not looked up yet`);
  if (missing.length >= MAX_MISSING) return;
  if (missing.some((other) => other.kind === kind && other.schema === schema && other.name === name)) return;
  missing.push({ kind, schema, name });
}

/** A relation's name in facts: the session's own temporary ones are told apart. */
export function relationName(context: Context, relation: Relation): string {
  return relation.schema === context.names.temporarySchema
    ? qualifiedName("pg_temp", relation.name)
    : qualifiedName(relation.schema, relation.name);
}
