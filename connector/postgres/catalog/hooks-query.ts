import { MAX_HOOKS } from "./answers.ts";
import { INSTALLED, USER_OBJECT } from "./stored-code.ts";

/** The function is a user's: see stored-code.ts. */
const USERS = `p.oid >= ${USER_OBJECT} AND p.prolang <> ALL (${INSTALLED})`;

const BUILTIN_TYPE = (column: string) => `${column} < ${USER_OBJECT}`;

/**
 * A SELECT of one JSON list of users' functions that run where a statement names nothing of a user's, as
 * [what, name, detail, schema, function]: of casts between PostgreSQL's own types (detail: only where written), of
 * operator classes and families for such types, of event triggers (detail: the commands that they are for).
 */
export const HOOKS = `
  SELECT pg_catalog.json_agg(pg_catalog.json_build_array(hook.what, hook.name, hook.detail, ns.nspname, p.proname))
  FROM (
    (SELECT 'cast' AS what, pg_catalog.concat(a.typname, ' AS ', b.typname) AS name,
      pg_catalog.to_json(k.castcontext = 'e') AS detail, k.castfunc::pg_catalog.oid AS oid
    FROM pg_catalog.pg_cast k JOIN pg_catalog.pg_type a ON a.oid = k.castsource
      JOIN pg_catalog.pg_type b ON b.oid = k.casttarget JOIN pg_catalog.pg_proc p ON p.oid = k.castfunc
    WHERE ${BUILTIN_TYPE("k.castsource")} AND ${BUILTIN_TYPE("k.casttarget")} AND ${USERS}
    LIMIT ${MAX_HOOKS})
    UNION ALL (SELECT 'operator-class', f.opfname, NULL, code.oid
    FROM (
      SELECT x.amprocfamily, x.amproc::pg_catalog.oid FROM pg_catalog.pg_amproc x
      WHERE ${BUILTIN_TYPE("x.amproclefttype")} AND ${BUILTIN_TYPE("x.amprocrighttype")}
      UNION ALL SELECT x.amopfamily, o.oprcode::pg_catalog.oid
      FROM pg_catalog.pg_amop x JOIN pg_catalog.pg_operator o ON o.oid = x.amopopr
      WHERE ${BUILTIN_TYPE("x.amoplefttype")} AND ${BUILTIN_TYPE("x.amoprighttype")}
    ) code(family, oid) JOIN pg_catalog.pg_opfamily f ON f.oid = code.family
      JOIN pg_catalog.pg_proc p ON p.oid = code.oid
    WHERE ${USERS}
    LIMIT ${MAX_HOOKS})
    UNION ALL (SELECT 'event-trigger', e.evtname, pg_catalog.to_json(e.evttags), e.evtfoid
    FROM pg_catalog.pg_event_trigger e
    WHERE e.evtenabled <> 'D' AND e.evtevent <> 'login'
    LIMIT ${MAX_HOOKS})
  ) hook JOIN pg_catalog.pg_proc p ON p.oid = hook.oid JOIN pg_catalog.pg_namespace ns ON ns.oid = p.pronamespace`;
