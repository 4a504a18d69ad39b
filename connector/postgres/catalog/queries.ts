import type { CatalogName } from "../../../protocol/sql/catalog.ts";
import { HOOKS } from "./hooks-query.ts";
import { relationStatement } from "./relation-query.ts";
import {
  expressionCode,
  INSTALLED,
  USED_DOMAIN_DEFAULTS,
  USED_TYPES_CODE,
  USER_OBJECT,
  usedTypes,
} from "./stored-code.ts";

/**
 * The SQL that reads a target's catalog, for PostgreSQL 13 to 18, with no more rights than any role has.
 *
 * Each text is one statement without side effects, which means the same under any search_path and settings: it also
 * runs on an agent's own connection, in the middle of a batch, where several statements can't be sent and a savepoint
 * can't be set, and where the agent may have put operators and functions of its own before pg_catalog's. So every
 * name in it has its schema, operators too.
 */

/**
 * The text with the schema of every operator between blanks, but for those in string constants. In the texts
 * `IN`, `LIKE` and `CASE x WHEN` don't occur: they stand for operators whose schema can't be written.
 */
export function withSchemas(sql: string): string {
  return sql.replace(/'[^']*'|(?<=\s)(?:[<>=|~!]+|->>)(?=\s)/g, (part) =>
    part.startsWith("'") ? part : `OPERATOR(pg_catalog.${part})`,
  );
}

/**
 * The statements that load these names. Each gives rows of two columns: the index in `all`, and as JSON what
 * `answers.ts` reads; a name that means nothing has no row.
 */
export function loadStatements(all: readonly CatalogName[]): string[] {
  return KINDS.flatMap((kind) => {
    const asked = all.flatMap((name, n) =>
      name.kind === kind ? [{ n, schema: name.schema, name: name.name }] : [],
    );
    const names = literal(JSON.stringify(asked));
    // Not as a replacement text, where `$` has a meaning.
    return asked.length === 0 ? [] : [STATEMENTS[kind].replace(NAMES, () => names)];
  });
}

/**
 * The text as a literal that means the same whatever standard_conforming_strings is: a role may have any default for
 * it. Not for a text with a zero byte, which SQL can't hold.
 */
export function literal(text: string): string {
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

const KINDS = [
  "relation",
  "functions",
  "operator",
  "type",
  "schema",
  "hooks",
] as const satisfies CatalogName["kind"][];

/** Where the names stand in a statement. */
const NAMES = "$names";

const REQUESTED = `pg_catalog.json_to_recordset(${NAMES}::pg_catalog.json)
    AS q(n pg_catalog.int4, schema pg_catalog.name, name pg_catalog.name)
  JOIN pg_catalog.pg_namespace s ON s.nspname = q.schema`;

/**
 * initdb makes the schema information_schema, its functions within the next ten transactions, and then more than a
 * hundred views, a transaction each: so much later than the schema nobody else has done anything yet.
 */
const OWN_TRANSACTIONS = 20;

/**
 * Whether a function is PostgreSQL's own and as initdb made it. One in C runs by its object id (fmgr_isbuiltin in
 * fmgr.c), whatever stands in the catalog. For one in SQL a superuser may put other SQL, which then has a later
 * transaction than initdb's last steps, of which making the information_schema is one.
 */
const BUILTIN = `p.oid < ${USER_OBJECT} AND (l.lanname = ANY ('{internal,c}')
    OR l.lanname = 'sql' AND COALESCE(p.xmin::pg_catalog.text::pg_catalog.int8 <= (
      SELECT i.xmin::pg_catalog.text::pg_catalog.int8 OPERATOR(pg_catalog.+) ${OWN_TRANSACTIONS} FROM pg_catalog.pg_namespace i
      WHERE i.nspname = 'information_schema'), false))`;

const STATEMENTS: Record<CatalogName["kind"], string> = {
  relation: withSchemas(relationStatement(REQUESTED)),

  functions: withSchemas(`
SELECT q.n, pg_catalog.json_agg(pg_catalog.json_build_object(
  'kind', p.prokind, 'builtin', ${BUILTIN},
  'volatility', p.provolatile, 'securityDefiner', p.prosecdef, 'language', l.lanname))
FROM ${REQUESTED}
  JOIN pg_catalog.pg_proc p ON p.pronamespace = s.oid AND p.proname = q.name
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
GROUP BY q.n`),

  // The functions behind operators of users', as [schema, name].
  operator: withSchemas(`
SELECT q.n, pg_catalog.json_agg(pg_catalog.json_build_array(ns.nspname, p.proname))
FROM ${REQUESTED}
  JOIN pg_catalog.pg_operator o ON o.oprnamespace = s.oid AND o.oprname = q.name
  JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
  JOIN pg_catalog.pg_namespace ns ON ns.oid = p.pronamespace
WHERE p.oid >= ${USER_OBJECT} AND p.prolang <> ALL (${INSTALLED})
GROUP BY q.n`),

  // The functions behind a type of users', and behind users' casts of a type to one of PostgreSQL's own, likewise.
  type: withSchemas(`
SELECT q.n, (
  WITH RECURSIVE ${usedTypes("SELECT t.oid")}
  SELECT pg_catalog.json_agg(pg_catalog.json_build_array(code.schema, code.name)) FROM (
    ${USED_TYPES_CODE}
    UNION SELECT code.schema, code.name
    FROM used JOIN pg_catalog.pg_constraint k ON k.contypid = used.oid AND k.contype = 'c'
      CROSS JOIN LATERAL (${expressionCode(
        "'pg_catalog.pg_constraint'::pg_catalog.regclass",
        "k.oid",
        "k.conbin::pg_catalog.text",
      )}) code
    UNION SELECT code.schema, code.name FROM (${USED_DOMAIN_DEFAULTS}) given
      CROSS JOIN LATERAL (${expressionCode("given.catalog", "given.object", "given.tree")}) code
    UNION SELECT ns.nspname, p.proname
    FROM pg_catalog.pg_cast k JOIN pg_catalog.pg_proc p ON p.oid = k.castfunc
      JOIN pg_catalog.pg_namespace ns ON ns.oid = p.pronamespace
    WHERE k.castsource = t.oid AND k.casttarget < ${USER_OBJECT}
      AND p.oid >= ${USER_OBJECT} AND p.prolang <> ALL (${INSTALLED})
  ) code)
FROM ${REQUESTED} JOIN pg_catalog.pg_type t ON t.typnamespace = s.oid AND t.typname = q.name`),

  // A row for each that exists.
  schema: withSchemas(`SELECT q.n, 'true'::pg_catalog.text FROM ${REQUESTED}`),

  hooks: withSchemas(`
SELECT q.n, (${HOOKS}) FROM pg_catalog.json_to_recordset(${NAMES}::pg_catalog.json) AS q(n pg_catalog.int4)`),
};
