import { literal, withSchemas } from "./queries.ts";

/** Rows whose coming, going and changing matters. `identity` makes an int8 of a row's `x`. */
interface Watched {
  catalog: string;
  identity: string;
  condition: string;
}

const oid = (column: string) => `x.${column}::pg_catalog.int8`;

/** Objects from the first that initdb makes by SQL: information_schema and the views of pg_catalog count. */
const made = (column: string) => `x.${column} >= 12000`;

const permanent = (column: string) =>
  `${made(column)} AND NOT EXISTS (SELECT FROM temporary t WHERE t.oid = x.${column})`;

const WATCHED: Watched[] = [
  {
    catalog: "pg_namespace",
    identity: oid("oid"),
    condition: String.raw`x.nspname !~~ 'pg\_temp\_%' AND x.nspname !~~ 'pg\_toast\_temp\_%'`,
  },
  { catalog: "pg_class", identity: oid("oid"), condition: "x.relpersistence <> 't' AND x.relkind <> 't'" },
  {
    catalog: "pg_attribute",
    identity: `(${oid("attrelid")} << 16) | x.attnum`,
    condition: `x.attnum > 0 AND ${permanent("attrelid")}`,
  },
  { catalog: "pg_attrdef", identity: oid("oid"), condition: permanent("adrelid") },
  { catalog: "pg_rewrite", identity: oid("oid"), condition: permanent("ev_class") },
  { catalog: "pg_trigger", identity: oid("oid"), condition: permanent("tgrelid") },
  { catalog: "pg_policy", identity: oid("oid"), condition: permanent("polrelid") },
  { catalog: "pg_index", identity: oid("indexrelid"), condition: permanent("indrelid") },
  {
    catalog: "pg_inherits",
    identity: `(${oid("inhrelid")} << 32) | ${oid("inhparent")}`,
    condition: permanent("inhrelid"),
  },
  {
    catalog: "pg_constraint",
    identity: oid("oid"),
    condition: `x.contypid <> 0 OR x.contype = 'c' AND ${permanent("conrelid")}`,
  },
  // PostgreSQL's own functions in C run by their object id, whatever the catalog says; those in SQL can be replaced.
  { catalog: "pg_proc", identity: oid("oid"), condition: `${made("oid")} OR x.prolang = 14` },
  { catalog: "pg_operator", identity: oid("oid"), condition: made("oid") },
  { catalog: "pg_cast", identity: oid("oid"), condition: made("oid") },
  { catalog: "pg_amproc", identity: oid("oid"), condition: made("oid") },
  { catalog: "pg_amop", identity: oid("oid"), condition: made("oid") },
  { catalog: "pg_event_trigger", identity: oid("oid"), condition: "true" },
  { catalog: "pg_statistic_ext", identity: oid("oid"), condition: permanent("stxrelid") },
  { catalog: "pg_range", identity: oid("rngtypid"), condition: made("rngtypid") },
  // A table's own type, and the type of its arrays, change when the table does.
  {
    catalog: "pg_type",
    identity: oid("oid"),
    condition: `${made("oid")} AND x.typtype <> 'c' AND x.typelem = 0`,
  },
];

const KNOWN = "$known";

const sum = ({ catalog, identity, condition }: Watched) => `(
  SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(
    pg_catalog.hashint8extended(x.xmin::pg_catalog.text::pg_catalog.int8, ${identity})))
  FROM pg_catalog.${catalog} x WHERE ${condition})`;

/**
 * How changes of the catalog by others are noticed.
 *
 * Not by the statistics of the catalog's tables: since PostgreSQL 15 a backend may tell its counts 10 s after it has
 * committed (seen: 10.1 s on 15.18). Instead by the rows themselves: a sum of hashes over every row's identity and the
 * transaction that wrote it, which changes with the commit. While no transaction that writes has ended on the whole
 * server (its snapshot is the same), not even that is looked at.
 *
 * Left out are PostgreSQL's own objects, and temporary relations: those of other sessions can't be used, and come and
 * go all the time. Every role may read all of this.
 */
const CHANGES = withSchemas(`
WITH temporary AS MATERIALIZED (
  SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relpersistence = 't'
)
SELECT pg_catalog.pg_current_snapshot()::pg_catalog.text, pg_catalog.current_setting('server_version_num'),
  CASE WHEN pg_catalog.pg_current_snapshot()::pg_catalog.text <> ${KNOWN}
    THEN pg_catalog.concat_ws(' ', ${WATCHED.map(sum).join(", ")}) END`);

/**
 * A statement that gives one row: the server's snapshot, its version (`server_version_num`), and the sums as one text,
 * or NULL where the snapshot is `known`.
 */
export function changeStatement(known: string): string {
  return CHANGES.replace(KNOWN, () => literal(known));
}
