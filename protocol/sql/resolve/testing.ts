import type { Catalog, CatalogName, ColumnDetail, NameContext, Relation, Routine } from "../catalog.ts";
import { parseSql } from "../parser.ts";
import { type Resolution, resolveStatement } from "../resolve.ts";

/** A relation for tests: a plain table unless `more` says otherwise. */
export function relation(name: string, columns: string, more: Partial<Relation> = {}): Relation {
  const [schema = "", own = ""] = name.split(".");
  return {
    oid: 20_000,
    schema,
    name: own,
    kind: "table",
    temporary: false,
    columns: columns.split(" "),
    keys: [],
    view: null,
    children: [],
    parents: [],
    writeSideEffects: [],
    readSideEffects: [],
    ...more,
  };
}

/** What a catalog tells of a column of text. */
export const TEXT_COLUMN: ColumnDetail = {
  type: "pg_catalog.text",
  base: "text",
  category: "S",
  collation: null,
  generatedFrom: [],
};

export function routine(name: string, more: Partial<Routine> = {}): Routine {
  const [schema = "", own = ""] = name.split(".");
  return {
    schema,
    name: own,
    kind: "function",
    builtin: schema === "pg_catalog",
    volatility: "immutable",
    securityDefiner: false,
    language: schema === "pg_catalog" ? "internal" : "sql",
    ...more,
  };
}

export interface MemoryCatalog {
  relations?: Relation[];
  routines?: Routine[];
  /** `schema.name` of those with users' code. */
  operators?: string[];
  types?: string[];
  serverVersion?: number;
}

/** A catalog that knows everything at once. */
export function memoryCatalog(content: MemoryCatalog): Catalog {
  const { relations = [], routines = [], operators = [], types = [], serverVersion = 150000 } = content;
  return {
    serverVersion,
    relation: (schema, name) =>
      relations.find((entry) => entry.schema === schema && entry.name === name) ?? null,
    functions: (schema, name) => routines.filter((entry) => entry.schema === schema && entry.name === name),
    userOperator: (schema, name) => operators.includes(`${schema}.${name}`),
    userType: (schema, name) => types.includes(`${schema}.${name}`),
  };
}

export const NAMES: NameContext = {
  searchPath: ["pg_temp_3", "pg_catalog", "public"],
  temporarySchema: "pg_temp_3",
  trustedFunctions: new Set(),
};

/** Resolves one statement; `loadParser` must have run. Fails when the catalog misses a name. */
export function resolveSql(
  sql: string,
  catalog: Catalog,
  names: NameContext = NAMES,
  missing: CatalogName[] = [],
): Resolution {
  const [statement] = parseSql(sql);
  if (statement === undefined) throw new Error(`no statement in ${sql}`);
  return resolveStatement(statement.tree, names, catalog, missing);
}
