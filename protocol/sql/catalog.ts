/**
 * What the classifier must know of the target's catalog. It asks for names, synchronously, of what is known so far;
 * what is not known yet it names in `Missing`, and whoever called loads that and calls again. So the rules stay
 * pure, and a verdict that needs nothing new costs no wait.
 */
export interface Catalog {
  /** `server_version_num`: 150004. Syntax newer than the server is opaque: there it may be a user's function. */
  readonly serverVersion: number;
  /** The relation of this name: null when there is none, undefined when it isn't known yet. */
  relation(schema: string, name: string): Relation | null | undefined;
  /** All functions, aggregates and procedures of this name in this schema; empty when there are none. */
  functions(schema: string, name: string): readonly Routine[] | undefined;
  /**
   * Whether any operator of this name in this schema runs a user's function; undefined when not known yet. Functions
   * in C are not users': only a superuser can install them, and the operators of extensions are such.
   */
  userOperator(schema: string, name: string): boolean | undefined;
  /** Whether a type of this name in this schema has cast, range or domain code that is a user's, as for operators. */
  userType(schema: string, name: string): boolean | undefined;
  /** Whether there is a type of this name. A catalog without this can't tell that one is absent. */
  typeExists?(schema: string, name: string): boolean | undefined;
  /** Likewise for a schema. */
  schemaExists?(schema: string): boolean | undefined;
  /** Users' code that runs without being named anywhere; undefined when not known yet. A catalog without this has none. */
  hooks?(): readonly Hook[] | undefined;
}

/** A user's function that statements run which name neither it nor anything of a user's. */
export type Hook = { function: string } & (
  | {
      kind: "cast";
      /** `int4 AS text`: both are PostgreSQL's own types. */
      name: string;
      /** Only where a statement writes the cast. */
      explicit: boolean;
    }
  /** Of an operator class or family for a type of PostgreSQL's own. */
  | { kind: "operator-class"; name: string }
  /** `tags`: the commands that it is for; null for all. */
  | { kind: "event-trigger"; name: string; tags: string[] | null }
);

export interface Relation {
  oid: number;
  schema: string;
  name: string;
  /** `pg_class.relkind`. */
  kind:
    | "table"
    | "partitioned"
    | "view"
    | "materialized-view"
    | "foreign"
    | "sequence"
    | "index"
    | "composite"
    | "toast";
  temporary: boolean;
  /** In order, without dropped ones. */
  columns: string[];
  /**
   * Column sets of its valid, non-partial, immediate unique indexes without expressions: those that fix one row at
   * most. A table with children has none, unless they are its partitions.
   */
  keys: string[][];
  /**
   * A view's query, from `pg_get_viewdef` under the search_path `pg_catalog, pg_temp`: a name without schema is
   * pg_catalog's, or of the session's temporary schema when pg_catalog has none. Null for others, and for a text that
   * is too long.
   */
  view: string | null;
  /** Descendants by inheritance or partitioning, all levels, as `qualifiedName` writes them. */
  children: string[];
  /** Ancestors likewise: rows written here are seen there. */
  parents: string[];
  /**
   * Relations, likewise, whose rows the actions of foreign keys delete or change when rows of this one are deleted,
   * or their keys updated. All levels; with those that inherit. `sideEffects`: words, for `opaque`, for the triggers
   * and rules that either fires there.
   */
  cascades?: { onDelete: string[]; onUpdate: string[]; sideEffects?: string[] };
  /**
   * What a write runs beside the row, here and in children: rules other than a view's own, users' triggers; expressions of defaults, checks, indexes, policies, domains that call functions of users' or
   * PostgreSQL's own that do more than make a value; policies that read other tables. Words, for `opaque`.
   */
  writeSideEffects: string[];
  /** Likewise for reads: policies, virtual columns, casts of the columns' types. */
  readSideEffects: string[];
  /** Likewise for ANALYZE, beside those of a write. */
  analyzeSideEffects?: string[];
  /** Of `columns`, in their order. A catalog without this can't be masked. */
  details?: readonly ColumnDetail[];
  /** A materialized view's query, written as `view` is; null where it is too long. Undefined for others. */
  materialized?: string | null;
  /** A view that must be computed before conditions of the reader's are (`security_barrier`). */
  barrier?: boolean;
}

/** What a mask must know of a column. */
export interface ColumnDetail {
  /**
   * Its type with its modifier (of a domain: the type under it), as a statement may write it under any search_path:
   * `pg_catalog.text`, `character varying(40)`, `shop.mood`, `pg_catalog.int4[]`.
   */
  type: string;
  /** `pg_type.typname` of it where it is PostgreSQL's own, `_text` for an array of text; null for others. */
  base: string | null;
  /** `pg_type.typcategory` of it: `S` text, `N` number, `D` date or time, `A` array, `E` enum, … */
  category: string;
  /** Its collation where that is not the database's, as a statement writes it after COLLATE; null otherwise. */
  collation: string | null;
  /** Columns of the same row from which it is generated; empty for others. */
  generatedFrom: readonly string[];
}

export interface Routine {
  schema: string;
  name: string;
  kind: "function" | "procedure" | "aggregate" | "window";
  /** oid below 16384: PostgreSQL's own. */
  builtin: boolean;
  volatility: "immutable" | "stable" | "volatile";
  securityDefiner: boolean;
  language: string;
}

/** A name in the catalog that isn't loaded yet. */
export interface CatalogName {
  kind: "relation" | "functions" | "operator" | "type" | "schema" | "hooks";
  /** Empty for the hooks, which are those of the whole database. */
  schema: string;
  /** Empty for a schema and the hooks. */
  name: string;
}

/** The state of a session that decides what a name means. */
export interface NameContext {
  /** Schemas in the order of the search, as `current_schemas(true)` says: with pg_catalog and pg_temp_N where implied. */
  searchPath: string[];
  /** The session's own `pg_temp_N`, or null when it has none. */
  temporarySchema: string | null;
  /** Functions (`schema.name`) that the configuration lists as harmless though they aren't PostgreSQL's own. */
  trustedFunctions: ReadonlySet<string>;
}
