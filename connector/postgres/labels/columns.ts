import { SallyportError } from "../../../protocol/errors.ts";
import { literal, withSchemas } from "../catalog/queries.ts";
import type { SqlSource } from "../catalog/source.ts";
import { USER_OBJECT } from "../catalog/stored-code.ts";
import type { Family } from "./kinds.ts";

/** A column that may have a label of its own. */
export interface ScannedColumn {
  schema: string;
  relation: string;
  column: string;
  family: Family;
  /** Its values are arrays of the family's. */
  array: boolean;
  comment: string;
  /** The connector's role may read it, and turning it into text runs nobody's code. */
  readable: boolean;
  /** `schema.relation.column` that a foreign key refers to, each name by itself. */
  refersTo: [schema: string, relation: string, column: string] | null;
}

/** A relation with its columns. */
export interface ScannedRelation {
  schema: string;
  relation: string;
  /** Its rows are another server's. */
  foreign: boolean;
  /** Rows that the planner believes it has; 0 where nobody has looked. */
  estimate: number;
  columns: ScannedColumn[];
}

/** Columns that one scan looks at. */
export const MAX_COLUMNS = 20_000;
const MAX_COMMENT = 500;
/** PostgreSQL's NAMEDATALEN less its zero byte. */
const MAX_NAME_BYTES = 63;

/** By the type's name in pg_catalog; any other is `other`. */
const FAMILY: Record<string, Family> = {
  text: "text",
  varchar: "text",
  bpchar: "text",
  name: "text",
  xml: "text",
  citext: "text",
  int2: "number",
  int4: "number",
  int8: "number",
  numeric: "number",
  float4: "number",
  float8: "number",
  money: "money",
  date: "date",
  timestamp: "moment",
  timestamptz: "moment",
  inet: "inet",
  cidr: "inet",
  json: "json",
  jsonb: "json",
  bool: "boolean",
  bytea: "bytes",
};

/** The type below domains, of which a cast takes no notice. */
const base = (type: string) => `(
    WITH RECURSIVE base(oid, typtype, typbasetype) AS (
      SELECT t.oid, t.typtype, t.typbasetype FROM pg_catalog.pg_type t WHERE t.oid = ${type}
      UNION ALL SELECT t.oid, t.typtype, t.typbasetype
      FROM base JOIN pg_catalog.pg_type t ON t.oid = base.typbasetype AND base.typtype = 'd')
    SELECT base.oid FROM base WHERE base.typtype <> 'd')`;

/**
 * Views are left out, since labels follow what they are made of; so are partitions, and columns that a relation has
 * from its parent. A column is readable where its text is made by PostgreSQL's own code: users' casts and computed
 * columns would run as whoever reads.
 */
const COLUMNS = withSchemas(`
  SELECT n.nspname, c.relname, c.relkind = 'f' AS f,
    CASE WHEN c.relkind = 'p' THEN (
      SELECT COALESCE(pg_catalog.sum(leaf.reltuples) FILTER (WHERE leaf.reltuples > 0), 0)::pg_catalog.int8
      FROM pg_catalog.pg_partition_tree(c.oid) p JOIN pg_catalog.pg_class leaf ON leaf.oid = p.relid WHERE p.isleaf)
      ELSE GREATEST(c.reltuples, 0)::pg_catalog.int8 END,
    a.attname, t.typname, e.oid IS NOT NULL,
    COALESCE(pg_catalog."left"(pg_catalog.col_description(c.oid, a.attnum), ${MAX_COMMENT}), ''),
    pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AND a.attgenerated <> 'v'
      AND (t.oid < ${USER_OBJECT}::pg_catalog.oid OR (t.typname = 'citext' AND EXISTS (
        SELECT FROM pg_catalog.pg_cast k
        WHERE k.castsource = t.oid AND k.casttarget = 25::pg_catalog.oid AND k.castmethod = 'b'))),
    r.nspname, r.relname, r.attname
  FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type own ON own.oid = ${base("a.atttypid")}
    LEFT JOIN pg_catalog.pg_type e ON e.oid = own.typelem AND own.typcategory = 'A'
    JOIN pg_catalog.pg_type t ON t.oid = COALESCE(e.oid, own.oid)
    LEFT JOIN LATERAL (
      SELECT rn.nspname, rc.relname, ra.attname
      FROM pg_catalog.pg_constraint k
        CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) u(own, other)
        JOIN pg_catalog.pg_class rc ON rc.oid = k.confrelid
        JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
        JOIN pg_catalog.pg_attribute ra ON ra.attrelid = rc.oid AND ra.attnum = u.other
      WHERE k.conrelid = c.oid AND k.contype = 'f' AND u.own = a.attnum
      ORDER BY k.oid LIMIT 1) r ON true
  WHERE c.relkind = ANY ('{r,p,m,f}'::pg_catalog."char"[]) AND NOT c.relispartition AND a.attinhcount = 0
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND (SCHEMAS IS NULL OR n.nspname = ANY (SCHEMAS))
  ORDER BY n.nspname, c.relname, a.attnum LIMIT ${MAX_COLUMNS + 1}`);

/** Does nothing that could write, reads nothing by a policy of rows, and ends by itself. */
export const GUARDED =
  "SET LOCAL transaction_read_only = on; SET LOCAL row_security = off; SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '1s'; SET LOCAL search_path = pg_catalog;";

/**
 * The columns of tables, partitioned tables, materialized views and foreign tables in these schemas, or in all but
 * PostgreSQL's own. `complete` is false where there are more than `MAX_COLUMNS`. Throws what the source throws, and
 * `protocol_violation`.
 */
export async function readColumns(
  source: SqlSource,
  schemas: readonly string[],
): Promise<{ relations: ScannedRelation[]; complete: boolean }> {
  const asked = schemas.length === 0 ? "NULL" : `ARRAY[${schemas.map(literal).join(",")}]`;
  const sql = COLUMNS.replaceAll("SCHEMAS", () => `(${asked}::pg_catalog.name[])`);
  const rows = await source.query(`${GUARDED} ${sql}`);
  const relations: ScannedRelation[] = [];
  for (const row of rows.slice(0, MAX_COLUMNS)) {
    const [schema, relation, foreign, estimate, column, type, array, comment, readable, ...reference] = row;
    if (row.length !== 12 || !schema || !relation || !column || !type) throw malformed();
    if (![schema, relation, column, ...reference].every(isName)) throw malformed();
    let last = relations.at(-1);
    if (last?.schema !== schema || last.relation !== relation) {
      last = { schema, relation, foreign: foreign === "t", estimate: Number(estimate), columns: [] };
      relations.push(last);
    }
    const [refSchema, refRelation, refColumn] = reference;
    last.columns.push({
      schema,
      relation,
      column,
      family: Object.hasOwn(FAMILY, type) ? FAMILY[type]! : "other",
      array: array === "t",
      comment: comment ?? "",
      readable: readable === "t",
      refersTo: refSchema && refRelation && refColumn ? [refSchema, refRelation, refColumn] : null,
    });
  }
  return { relations, complete: rows.length <= MAX_COLUMNS };
}

/** What is longer than PostgreSQL's names can be no name, nor may it go on to the edge. */
function isName(name: string | null): boolean {
  return name === null || (Buffer.byteLength(name) <= MAX_NAME_BYTES && !name.includes("\0"));
}

function malformed(): SallyportError {
  return new SallyportError("protocol_violation", "the target's answer about its columns is none");
}
