/**
 * SQL that finds what code runs behind stored expressions and types.
 *
 * What counts are functions of users' that an expression names, and, behind operators, casts and types, which nobody
 * names, those that aren't in C: only a superuser can install C, and the types of extensions consist of it. Without
 * that every column of citext, hstore, PostGIS or pgvector would be opaque.
 */

/** Objects from here on aren't PostgreSQL's own (FirstNormalObjectId). */
export const USER_OBJECT = 16384;

/** Object ids of the languages `internal` and `c`, the same everywhere. */
export const INSTALLED = "'{12,13}'";

/**
 * Volatile functions of PostgreSQL's own that only make a value. All that read files, run SQL from a string, wait or
 * signal are volatile, but for those that make XML of tables.
 */
const ONLY_VALUES =
  "'{nextval,random,random_normal,gen_random_uuid,uuidv4,uuidv7,clock_timestamp,timeofday}'";

/**
 * A SELECT of the functions (`schema`, `name`) behind one stored expression, whose place in pg_depend is
 * `catalog` and `object`, and whose pg_node_tree as text is `tree`. Users' functions are those that pg_depend knows;
 * PostgreSQL's own, which it lacks, are found in the tree, where constants are numbers and names have their blanks
 * escaped, so that nobody can write `:funcid` into it.
 */
export const expressionCode = (catalog: string, object: string, tree: string) => `
  SELECT ns.nspname AS schema, p.proname AS name
  FROM (
    SELECT d.refobjid AS oid, false AS hidden FROM pg_catalog.pg_depend d
    WHERE d.classid = ${catalog} AND d.objid = ${object} AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    UNION SELECT o.oprcode, true FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_operator o ON o.oid = d.refobjid
    WHERE d.classid = ${catalog} AND d.objid = ${object} AND d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass
    UNION SELECT m.found[1]::pg_catalog.oid, false
    FROM pg_catalog.regexp_matches(${tree}, ':(?:funcid|aggfnoid|winfnoid) ([0-9]+)', 'g') AS m(found)
  ) called JOIN pg_catalog.pg_proc p ON p.oid = called.oid JOIN pg_catalog.pg_namespace ns ON ns.oid = p.pronamespace
  WHERE CASE WHEN p.oid < ${USER_OBJECT}
    THEN p.provolatile = 'v' AND p.proname <> ALL (${ONLY_VALUES})
      OR p.proname ~~ '%\\_to\\_xml%'
    ELSE NOT called.hidden OR p.prolang <> ALL (${INSTALLED}) END`;

/**
 * A recursive query `used(oid)`, or of another name, for WITH RECURSIVE: of the types that `types` selects, those that aren't PostgreSQL's
 * own, and all that they consist of.
 */
export const usedTypes = (types: string, used = "used") => `${used}(oid) AS (
    SELECT x.oid FROM (${types}) x(oid) WHERE x.oid >= ${USER_OBJECT}
    UNION SELECT part.oid FROM ${used} u JOIN pg_catalog.pg_type ty ON ty.oid = u.oid
    CROSS JOIN LATERAL (
      SELECT pg_catalog.unnest(ARRAY[ty.typbasetype, ty.typelem])
      UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = ty.typrelid AND a.attnum > 0 AND NOT a.attisdropped
      -- PostgreSQL 13 has no column rngmultitypid.
      UNION ALL SELECT pg_catalog.unnest(ARRAY[r.rngtypid, r.rngsubtype]) FROM pg_catalog.pg_range r
      WHERE r.rngtypid = ty.oid OR ty.typtype = 'm' AND pg_catalog.to_json(r) ->> 'rngmultitypid' = ty.oid::pg_catalog.text
    ) part(oid) WHERE part.oid >= ${USER_OBJECT})`;

/**
 * A SELECT of the functions that casts to and from `used` types call, that make their ranges canonical and that order
 * or hash their values without being named. Checks of domains are constraints; input functions are in C, always.
 */
export const USED_TYPES_CODE = `
  SELECT ns.nspname AS schema, p.proname AS name
  FROM (
    SELECT k.castfunc AS oid FROM used JOIN pg_catalog.pg_cast k ON used.oid = ANY (ARRAY[k.castsource, k.casttarget])
    UNION SELECT pg_catalog.unnest(ARRAY[r.rngcanonical::pg_catalog.oid, r.rngsubdiff::pg_catalog.oid])
    FROM used JOIN pg_catalog.pg_range r ON r.rngtypid = used.oid
    UNION SELECT f.amproc FROM used JOIN pg_catalog.pg_range r ON r.rngtypid = used.oid
      JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc JOIN pg_catalog.pg_amproc f ON f.amprocfamily = o.opcfamily
    UNION SELECT f.amproc FROM used JOIN pg_catalog.pg_amproc f ON used.oid = ANY (ARRAY[f.amproclefttype, f.amprocrighttype])
    UNION SELECT o.oprcode FROM used JOIN pg_catalog.pg_amop f ON used.oid = ANY (ARRAY[f.amoplefttype, f.amoprighttype])
      JOIN pg_catalog.pg_operator o ON o.oid = f.amopopr
  ) called JOIN pg_catalog.pg_proc p ON p.oid = called.oid JOIN pg_catalog.pg_namespace ns ON ns.oid = p.pronamespace
  WHERE p.oid >= ${USER_OBJECT} AND p.prolang <> ALL (${INSTALLED})`;

/** A SELECT of the defaults (`name`, `catalog`, `object`, `tree`) of `used` types that are domains. */
export const USED_DOMAIN_DEFAULTS = `
  SELECT ty.typname AS name, 'pg_catalog.pg_type'::pg_catalog.regclass AS catalog, ty.oid AS object,
    ty.typdefaultbin::pg_catalog.text AS tree
  FROM used JOIN pg_catalog.pg_type ty ON ty.oid = used.oid AND ty.typtype = 'd' AND ty.typdefaultbin IS NOT NULL`;
