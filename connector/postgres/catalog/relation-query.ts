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

/** Other relations as [part, schema, name]. Temporary ones of other sessions are never reached through their kin. */
const KIN = `
    SELECT COALESCE(pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_array(x.part, ns.nspname, k.relname)), '[]')
    FROM (
      SELECT 'child', oid FROM pg_catalog.unnest(below.oids) oid
      UNION ALL SELECT 'parent', oid FROM pg_catalog.unnest(above.oids) oid
      UNION ALL SELECT x.first, x.oid FROM (${CASCADES}) x
    ) x(part, oid) JOIN pg_catalog.pg_class k ON k.oid = x.oid JOIN pg_catalog.pg_namespace ns ON ns.oid = k.relnamespace
    WHERE NOT pg_catalog.pg_is_other_temp_schema(k.relnamespace)`;

/**
 * What a cascade fires of users' triggers and rules, as [schema, name, schema of the function, function], a rule
 * without a function.
 */
const FIRED = `
    SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_array(ns.nspname, k.relname, f.schema, f.name)), '[]')
    FROM (
      SELECT DISTINCT t.tgrelid AS relation, fs.nspname AS schema, p.proname AS name
      FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
        JOIN pg_catalog.pg_namespace fs ON fs.oid = p.pronamespace
      WHERE t.tgrelid = ANY (reached.oids) AND ${USER_TRIGGER}
      UNION ALL SELECT DISTINCT r.ev_class, NULL::pg_catalog.name, NULL::pg_catalog.name
      FROM pg_catalog.pg_rewrite r WHERE r.ev_class = ANY (reached.oids) AND r.ev_enabled <> 'D'
    ) f JOIN pg_catalog.pg_class k ON k.oid = f.relation JOIN pg_catalog.pg_namespace ns ON ns.oid = k.relnamespace
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

/** How many things that run beside a relation's rows are told. Whoever gets more than this knows that some are missing. */
export const MAX_BESIDE = 200;

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
      UNION ALL SELECT DISTINCT 'write', 'trigger', t.tgname, ns.nspname, p.proname
      FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
        JOIN pg_catalog.pg_namespace ns ON ns.oid = p.pronamespace
      WHERE t.tgrelid = ANY (family.oids) AND ${USER_TRIGGER}
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
      LIMIT ${MAX_BESIDE + 1}) b`;

/**
 * Object ids of the types for which `format_type` gives words of the grammar, which mean PostgreSQL's own whatever else
 * has such a name: bit, boolean, character, real, double precision, the integers, numeric, interval, times, varying.
 */
const KEYWORDS = "'{1560,16,1042,700,701,21,23,20,1700,1186,1083,1266,1114,1184,1562,1043}'";

/** Without a modifier these are no words of the grammar, for there `bit` means `bit(1)`. */
const KEYWORDS_WITH_MODIFIER = "'{1560,1042}'";

/** Object id of the collation that stands for the database's. */
const DATABASE_COLLATION = 100;

/**
 * The columns of `c` as [name, type, base, category, collation, generated from]. A domain stands for the type under
 * it; so does a domain as the element of an array, but where that makes an array of arrays. What `format_type` leaves
 * out under the pinned path is the schema of a type that this path finds. In a stored expression of one relation each
 * `varattno` is one of its columns (a whole row can't be there), and constants are numbers.
 */
const COLUMNS = `
    WITH RECURSIVE under(attnum, type, modifier, nested, depth) AS (
      SELECT a.attnum, a.atttypid, a.atttypmod, false, 0
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT u.attnum, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END,
        CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE -1 END, u.nested OR t.typtype <> 'd', u.depth OPERATOR(pg_catalog.+) 1
      FROM under u JOIN pg_catalog.pg_type t ON t.oid = u.type LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
      WHERE t.typtype = 'd' OR NOT u.nested AND e.typtype = 'd' AND e.typarray = t.oid
    ), last AS (
      SELECT DISTINCT ON (u.attnum) u.attnum, u.modifier, CASE WHEN u.nested THEN t.typarray ELSE t.oid END AS type
      FROM under u JOIN pg_catalog.pg_type t ON t.oid = u.type
      WHERE NOT u.nested OR t.typarray <> 0
      ORDER BY u.attnum, u.depth DESC
    )
    SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_array(a.attname,
      CASE WHEN e.oid = ANY (${KEYWORDS}) AND (last.modifier >= 0 OR e.oid <> ALL (${KEYWORDS_WITH_MODIFIER}))
          OR NOT pg_catalog.pg_type_is_visible(e.oid)
        THEN '' ELSE pg_catalog.concat(pg_catalog.quote_ident(n.nspname), '.') END
        || pg_catalog.format_type(t.oid, last.modifier),
      CASE WHEN t.oid < ${USER_OBJECT} AND n.nspname = 'pg_catalog' THEN t.typname END,
      t.typcategory,
      CASE WHEN a.attcollation <> 0 AND (a.attcollation <> ${DATABASE_COLLATION} OR t.typcollation <> ${DATABASE_COLLATION}) THEN (
        SELECT pg_catalog.format('%I.%I', cn.nspname, co.collname)
        FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
        WHERE co.oid = a.attcollation) END,
      CASE WHEN a.attgenerated <> '' THEN (
        SELECT COALESCE(pg_catalog.json_agg(DISTINCT f.attname::pg_catalog.text), '[]')
        FROM pg_catalog.pg_attrdef d
          CROSS JOIN LATERAL pg_catalog.regexp_matches(d.adbin::pg_catalog.text, ':varattno ([0-9]+)', 'g') AS m(found)
          JOIN pg_catalog.pg_attribute f ON f.attrelid = c.oid AND f.attnum = m.found[1]::pg_catalog.int2
        WHERE d.adrelid = c.oid AND d.adnum = a.attnum) ELSE '[]' END
      ) ORDER BY a.attnum), '[]')
    FROM last JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = last.attnum
      JOIN pg_catalog.pg_type t ON t.oid = last.type
      LEFT JOIN pg_catalog.pg_type element ON element.oid = t.typelem AND element.typarray = t.oid
      JOIN pg_catalog.pg_type e ON e.oid = COALESCE(element.oid, t.oid)
      JOIN pg_catalog.pg_namespace n ON n.oid = e.typnamespace`;

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
    'columns', CASE WHEN pinned.path IS NOT NULL THEN (${COLUMNS}) END,
    'keys', (${KEYS}),
    'view', CASE WHEN c.relkind = ANY ('{v,m}') AND pinned.path IS NOT NULL THEN pg_catalog.pg_get_viewdef(c.oid) END,
    'barrier', (
      SELECT COALESCE(pg_catalog.bool_or(pg_catalog.split_part(o.option, '=', 2)::pg_catalog.bool), false)
      FROM pg_catalog.unnest(c.reloptions) o(option) WHERE pg_catalog.split_part(o.option, '=', 1) = 'security_barrier'),
    'kin', (${KIN}),
    'fired', (${FIRED}),
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
