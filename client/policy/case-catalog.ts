import type { Catalog, NameContext, Relation, Routine } from "../../protocol/sql/catalog.ts";
import { nameParts, qualifiedName } from "../../protocol/sql/resolve/qualified-name.ts";
import { BUILTIN_FUNCTIONS } from "./builtin-functions.ts";

/** A table or view that a case file describes. */
export interface DescribedRelation {
  /** `schema.name`; `pg_temp.name` for a temporary one. */
  name: string;
  columns: string[];
  keys: string[][];
  /** A view's query; null for a table. */
  query: string | null;
}

/** A function that isn't PostgreSQL's own. */
export interface DescribedFunction {
  name: string;
  volatility: Routine["volatility"];
}

export interface DescribedCatalog {
  /** `server_version_num`. */
  serverVersion: number;
  searchPath: string[];
  relations: DescribedRelation[];
  functions: DescribedFunction[];
  trustedFunctions: string[];
}

const TEMPORARY = "pg_temp_1";

/** What a case file says of a database, for the classifier: nothing beside it is there but PostgreSQL's functions. */
export function caseCatalog(described: DescribedCatalog): { catalog: Catalog; names: NameContext } {
  const relations = new Map<string, Relation>();
  for (const [index, { name, columns, keys, query }] of described.relations.entries()) {
    const [schema, own] = placed(name);
    const temporary = schema === "pg_temp";
    const place = temporary ? TEMPORARY : schema;
    relations.set(qualifiedName(place, own), {
      oid: 16_384 + index,
      schema: place,
      name: own,
      kind: query === null ? "table" : "view",
      temporary,
      columns,
      keys,
      view: query,
      children: [],
      parents: [],
      writeSideEffects: [],
      readSideEffects: [],
    });
  }
  const functions = new Map<string, Routine>();
  for (const { name, volatility } of described.functions) {
    const [schema, own] = placed(name);
    functions.set(qualifiedName(schema, own), {
      schema,
      name: own,
      kind: "function",
      builtin: false,
      volatility,
      securityDefiner: false,
      language: "plpgsql",
    });
  }
  const temporarySchema = [...relations.values()].some(({ temporary }) => temporary) ? TEMPORARY : null;
  return {
    catalog: {
      serverVersion: described.serverVersion,
      relation: (schema, name) => relations.get(qualifiedName(schema, name)) ?? null,
      functions: (schema, name) => {
        const found =
          schema === "pg_catalog" ? BUILTIN_FUNCTIONS.get(name) : functions.get(qualifiedName(schema, name));
        return found === undefined ? [] : [found];
      },
      userOperator: () => false,
      userType: () => false,
    },
    names: {
      searchPath: [
        ...(temporarySchema === null ? [] : [temporarySchema]),
        "pg_catalog",
        ...described.searchPath,
      ],
      temporarySchema,
      trustedFunctions: new Set(described.trustedFunctions.map((name) => qualifiedName(...placed(name)))),
    },
  };
}

/** Schema and name; what has no schema is in `public`. */
function placed(name: string): [schema: string, name: string] {
  const [first = "", second] = nameParts(name);
  return second === undefined ? ["public", first] : [first, second];
}
