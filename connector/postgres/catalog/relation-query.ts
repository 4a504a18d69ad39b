import {
  expressionCode,
  USED_DOMAIN_DEFAULTS,
  USED_TYPES_CODE,
  USER_OBJECT,
  usedTypes,
} from "./stored-code.ts";

/**
 * Users' triggers `t`. Until PostgreSQL 14 those that a partition has from its parent count as internal; the others
 * that do are foreign keys' and call PostgreSQL's own functions.
 */
const USER_TRIGGER = `(NOT t.tgisinternal OR t.tgfoid >= ${USER_OBJECT}) AND t.tgenabled <> 'D'`;

/** Relations above or below `c`, all levels; UNION ends loops. */
const inheritance = (from: "inhparent" | "inhrelid", to: "inhparent" | "inhrelid") => `
    WITH RECURSIVE kin(oid) AS (
      SELECT i.${to} FROM pg_catalog.pg_inherits i WHERE i.${from} = c.oid
      UNION SELECT i.${to} FROM kin JOIN pg_catalog.pg_inherits i ON i.${from} = kin.oid)
    SELECT kin.oid FROM kin`;

/**
 * What equality on all its columns narrows to one row at most: a unique index that is valid, immediate, whole, of
 * columns alone, with the columns' own notion of equality. A table's index says nothing of its children's rows; a
 * partitioned table's does. What equality doesn't narrow is null.
 */
const KEYS = `
    SELECT COALESCE(pg_catalog.json_agg(key.columns), '[]') FROM (
      SELECT (
        SELECT CASE WHEN pg_catalog.bool_and(o.opcdefault AND a.attcollation = u.coll)
            AND (c.relkind = 'p' OR below.oids = '{}')
          THEN pg_catalog.json_agg(a.attname ORDER BY u.at) END
        FROM unnest(i.indkey::pg_catalog.int2[], i.indclass::pg_catalog.oid[], i.indcollation::pg_catalog.oid[])
            WITH ORDINALITY AS u(attnum, opclass, coll, at)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
          JOIN pg_catalog.pg_opclass o ON o.oid = u.opclass
        WHERE u.at <= i.indnkeyatts) AS columns
      FROM pg_catalog.pg_index i
      WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indisready
        AND i.indislive AND NOT i.indisexclusion AND i.indpred IS NULL AND i.indexprs IS NULL
    ) key`;

/**
 * What foreign keys write when rows are deleted ('d') or updated ('u'), and so on from there. Their actions are
 * triggers of the referenced relation, whose `tgconstrrelid` is the referencing one.
 */
const CASCADES = `
    WITH RECURSIVE hit(first, event, oid) AS (
      SELECT e.event, e.event, x.oid FROM pg_catalog.unnest(family.oids) x(oid), (VALUES ('d'), ('u')) e(event)
      UNION SELECT hit.first, next.event, next.oid FROM hit CROSS JOIN LATERAL (
        SELECT CASE WHEN action.name = 'RI_FKey_cascade_del' THEN 'd' ELSE 'u' END, t.tgconstrrelid
        FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
          JOIN (VALUES ('d', 'RI_FKey_cascade_del'), ('d', 'RI_FKey_setnull_del'), ('d', 'RI_FKey_setdefault_del'),
            ('u', 'RI_FKey_cascade_upd'), ('u', 'RI_FKey_setnull_upd'), ('u', 'RI_FKey_setdefault_upd')
          ) action(event, name) ON action.name = p.proname AND action.event = hit.event
        WHERE t.tgrelid = hit.oid AND t.tgisinternal AND t.tgenabled <> 'D' AND p.oid < 10000
        UNION ALL SELECT hit.event, i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = hit.oid
      ) next(event, oid))
    SELECT hit.first, hit.oid FROM hit WHERE hit.oid <> ALL (family.oids)`;

/**
 * Other relations as [part, schema, name, active]: active are those with triggers or rules of users', which a cascade
 * fires too. Temporary ones of other sessions are never reached through their kin.
 */
const KIN = `
    SELECT COALESCE(pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_array(x.part, ns.nspname, k.relname,
      x.part = ANY ('{d,u}') AND (
        EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = k.oid AND ${USER_TRIGGER})
        OR EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = k.oid AND r.ev_enabled <> 'D')))), '[]')
    FROM (
      SELECT 'child', oid FROM pg_catalog.unnest(below.oids) oid
      UNION ALL SELECT 'parent', oid FROM pg_catalog.unnest(above.oids) oid
      UNION ALL SELECT x.first, x.oid FROM (${CASCADES}) x
    ) x(part, oid) JOIN pg_catalog.pg_class k ON k.oid = x.oid JOIN pg_catalog.pg_namespace ns ON ns.oid = k.relnamespace
    WHERE NOT pg_catalog.pg_is_other_temp_schema(k.relnamespace)`;

/** Expressions that a write to rows of the relations `oids` runs; virtual columns are also read. */
const written = (oids: string, at: (usual: string) => string) => `
      SELECT ${at("CASE WHEN a.attgenerated = 'v' THEN 'both' ELSE 'write' END")} AS at, 'default' AS what, a.attname AS name,
        'pg_catalog.pg_attrdef'::pg_catalog.regclass AS catalog, e.oid AS object, e.adbin::pg_catalog.text AS tree
      FROM pg_catalog.pg_attrdef e JOIN pg_catalog.pg_attribute a ON a.attrelid = e.adrelid AND a.attnum = e.adnum
      WHERE e.adrelid = ANY (${oids})
      UNION ALL SELECT ${at("'write'")}, 'check', k.conname, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, k.conbin::pg_catalog.text
      FROM pg_catalog.pg_constraint k WHERE k.conrelid = ANY (${oids}) AND k.contype = 'c'
      UNION ALL SELECT ${at("'write'")}, 'index', x.relname, 'pg_catalog.pg_class'::pg_catalog.regclass, x.oid, pg_catalog.concat(i.indexprs, i.indpred)
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      WHERE i.indrelid = ANY (${oids}) AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)`;

/**
 * Expressions that are stored with a relation, its children and what foreign keys change with it. `at`: what runs
 * them. PostgreSQL 13 has no statistics on expressions.
 */
const EXPRESSIONS = `
      SELECT 'both' AS at, 'policy' AS what, p.polname AS name, 'pg_catalog.pg_policy'::pg_catalog.regclass AS catalog, p.oid AS object,
        pg_catalog.concat(p.polqual, p.polwithcheck) AS tree
      FROM pg_catalog.pg_policy p WHERE c.relrowsecurity AND p.polrelid = c.oid
      UNION ALL ${written("family.oids", (usual) => usual)}
      UNION ALL SELECT 'write', 'partitioning', x.relname, 'pg_catalog.pg_class'::pg_catalog.regclass, x.oid, t.partexprs::pg_catalog.text
      FROM pg_catalog.pg_partitioned_table t JOIN pg_catalog.pg_class x ON x.oid = t.partrelid
      WHERE t.partrelid = ANY (family.oids || above.oids) AND t.partexprs IS NOT NULL
      UNION ALL SELECT 'analyze', 'statistics', t.stxname, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, t.oid,
        pg_catalog.to_json(t) ->> 'stxexprs'
      FROM pg_catalog.pg_statistic_ext t WHERE t.stxrelid = ANY (family.oids) AND pg_catalog.to_json(t) ->> 'stxexprs' IS NOT NULL
      UNION ALL ${written("reached.oids", () => "'cascade'")}`;

/** How many things that run beside a relation's rows are told: one is enough to make it opaque. */
const MAX_BESIDE = 50;

/**
 * What runs beside the rows, as [at, what, name, schema, function]; without a function where its kind is enough. Rules
 * and policies hold for the relation that a statement names, all else for its children's rows too.
 */
const BESIDE = `
    WITH RECURSIVE expression AS (${EXPRESSIONS}),
    ${usedTypes(`SELECT a.atttypid FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = ANY (family.oids) AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL SELECT d.refobjid
        FROM expression e JOIN pg_catalog.pg_depend d ON d.classid = e.catalog AND d.objid = e.object
        WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass`)},
    ${usedTypes(
      `SELECT a.atttypid FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = ANY (reached.oids) AND a.attnum > 0 AND NOT a.attisdropped`,
      "carried",
    )}
    SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_array(b.at, b.what, b.name, b.schema, b.function)), '[]') FROM (
      SELECT 'write' AS at, 'rule' AS what, r.rulename AS name, NULL AS schema, NULL AS function
      FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN' AND r.ev_enabled <> 'D'
      UNION ALL SELECT 'write', 'trigger', t.tgname, NULL, NULL
      FROM pg_catalog.pg_trigger t WHERE t.tgrelid = ANY (family.oids) AND ${USER_TRIGGER}
      UNION ALL SELECT 'both', 'lookup', e.name, NULL, NULL
      FROM expression e WHERE e.what = 'policy' AND e.tree ~~ '%{SUBLINK%'
      UNION ALL SELECT e.at, e.what, e.name, code.schema, code.name
      FROM (
        SELECT * FROM expression
        UNION ALL SELECT 'both', 'domain', k.conname, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, k.conbin::pg_catalog.text
        FROM used JOIN pg_catalog.pg_constraint k ON k.contypid = used.oid AND k.contype = 'c'
        UNION ALL SELECT 'cascade', 'domain', k.conname, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, k.conbin::pg_catalog.text
        FROM carried JOIN pg_catalog.pg_constraint k ON k.contypid = carried.oid AND k.contype = 'c'
        UNION ALL SELECT 'write', 'domain', d.name, d.catalog, d.object, d.tree FROM (${USED_DOMAIN_DEFAULTS}) d
      ) e CROSS JOIN LATERAL (${expressionCode("e.catalog", "e.object", "e.tree")}) code
      UNION ALL SELECT 'both', 'cast', NULL, code.schema, code.name FROM (${USED_TYPES_CODE}) code
      LIMIT ${MAX_BESIDE}) b`;

/**
 * A row for each relation that exists, and perhaps one of NULLs. `requested` gives `q.n`, `q.name`, the namespace `s`.
 *
 * `pg_get_viewdef` leaves out the schema of what search_path finds. So the statement sets it to `pg_catalog, pg_temp`
 * and, when every view has been written, back: a name without schema is pg_catalog's, or, where pg_catalog has none,
 * of the session's temporary schema. Each part needs a value of the one before, so none can run early; nobody but
 * these views sees the change, and a failure undoes it with the transaction. `OFFSET 0` keeps the planner from writing
 * the recursive queries into every place that uses their result.
 */
export const relationStatement = (requested: string) => `
WITH before AS MATERIALIZED (
  SELECT pg_catalog.current_setting('search_path') AS path
), pinned AS MATERIALIZED (
  SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true) AS path
  FROM before WHERE before.path IS NOT NULL
), found AS MATERIALIZED (
  SELECT q.n, pg_catalog.json_build_object(
    'oid', c.oid::pg_catalog.int8, 'kind', c.relkind, 'persistence', c.relpersistence,
    'columns', (
      SELECT COALESCE(pg_catalog.json_agg(a.attname ORDER BY a.attnum), '[]')
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    'keys', (${KEYS}),
    'view', CASE WHEN c.relkind = 'v' AND pinned.path IS NOT NULL THEN pg_catalog.pg_get_viewdef(c.oid) END,
    'kin', (${KIN}),
    'beside', (${BESIDE})) AS json
  FROM pinned CROSS JOIN ${requested}
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = q.name
    CROSS JOIN LATERAL (SELECT ARRAY(${inheritance("inhparent", "inhrelid")}) AS oids OFFSET 0) below
    CROSS JOIN LATERAL (SELECT c.oid || below.oids AS oids OFFSET 0) family
    CROSS JOIN LATERAL (SELECT ARRAY(${inheritance("inhrelid", "inhparent")}) AS oids OFFSET 0) above
    CROSS JOIN LATERAL (SELECT ARRAY(SELECT DISTINCT x.oid FROM (${CASCADES}) x) AS oids OFFSET 0) reached
), restored AS MATERIALIZED (
  SELECT pg_catalog.set_config('search_path', before.path, true)
  FROM before WHERE (SELECT pg_catalog.count(found.json) FROM found) >= 0
)
SELECT found.n, found.json FROM restored LEFT JOIN found ON true`;
