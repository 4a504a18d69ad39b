import type { TreeObject } from "./tree.ts";

/**
 * Grammar that a release brought, where the same text may mean something else on an older server: `JSON_VALUE(x)` was
 * a call of any function of that name. `since` is a server_version_num.
 */
const NODES: Readonly<Record<string, { since: number; words: string }>> = {
  JsonObjectConstructor: { since: 160_000, words: "JSON_OBJECT" },
  JsonArrayConstructor: { since: 160_000, words: "JSON_ARRAY" },
  JsonArrayQueryConstructor: { since: 160_000, words: "JSON_ARRAY" },
  JsonObjectAgg: { since: 160_000, words: "JSON_OBJECTAGG" },
  JsonArrayAgg: { since: 160_000, words: "JSON_ARRAYAGG" },
  JsonIsPredicate: { since: 160_000, words: "IS JSON" },
  JsonFuncExpr: { since: 170_000, words: "JSON_EXISTS, JSON_VALUE or JSON_QUERY" },
  JsonTable: { since: 170_000, words: "JSON_TABLE" },
  JsonParseExpr: { since: 170_000, words: "JSON()" },
  JsonScalarExpr: { since: 170_000, words: "JSON_SCALAR" },
  JsonSerializeExpr: { since: 170_000, words: "JSON_SERIALIZE" },
  MergeSupportFunc: { since: 170_000, words: "MERGE_ACTION" },
  ReturningOption: { since: 180_000, words: "RETURNING WITH" },
};

/** MERGE as of release 17; before, the server refuses it. */
const MERGE_RETURNING = 170_000;
/** `GROUP BY` and numbers followed by letters are read otherwise before. Nobody has tried such servers. */
export const OLDEST_SERVER = 140_000;

/** Why a node makes its statement opaque on a server of this version; null when it doesn't. */
export function newerThan(serverVersion: number, type: string, body: TreeObject): string | null {
  const row = Object.hasOwn(NODES, type) ? NODES[type] : undefined;
  if (row !== undefined && serverVersion < row.since) return tooNew(row.words, row.since);
  if (type === "MergeStmt" && body.returningClause !== undefined && serverVersion < MERGE_RETURNING) {
    return tooNew("MERGE … RETURNING", MERGE_RETURNING);
  }
  return null;
}

function tooNew(words: string, since: number): string {
  return `${words} is grammar of PostgreSQL ${since / 10_000}, which this server may read as something else`;
}
