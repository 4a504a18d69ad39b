import type pg from "pg";
import type { Catalog, CatalogName, Relation, Routine } from "../../protocol/sql/catalog.ts";
import { qualifiedName } from "../../protocol/sql/resolve.ts";

const KINDS: Record<string, Relation["kind"]> = {
  r: "table",
  p: "partitioned",
  v: "view",
  m: "materialized-view",
  f: "foreign",
  S: "sequence",
  i: "index",
  I: "index",
  c: "composite",
  t: "toast",
};

const RELATIONS = `
SELECT c.oid::int, n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relpersistence = 't' AS temporary,
  coalesce((SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
  coalesce((SELECT json_agg((SELECT json_agg(a.attname) FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey))) FROM pg_index i
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL), '[]') AS keys,
  CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS view,
  coalesce((WITH RECURSIVE d AS (SELECT inhrelid FROM pg_inherits WHERE inhparent = c.oid
      UNION SELECT i.inhrelid FROM pg_inherits i JOIN d ON i.inhparent = d.inhrelid)
    SELECT json_agg(json_build_array(dn.nspname, dc.relname)) FROM d JOIN pg_class dc ON dc.oid = d.inhrelid
      JOIN pg_namespace dn ON dn.oid = dc.relnamespace), '[]') AS children,
  coalesce((WITH RECURSIVE d AS (SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid
      UNION SELECT i.inhparent FROM pg_inherits i JOIN d ON i.inhrelid = d.inhparent)
    SELECT json_agg(json_build_array(dn.nspname, dc.relname)) FROM d JOIN pg_class dc ON dc.oid = d.inhparent
      JOIN pg_namespace dn ON dn.oid = dc.relnamespace), '[]') AS parents,
  coalesce((WITH RECURSIVE d AS (SELECT conrelid FROM pg_constraint WHERE confrelid = c.oid AND confdeltype IN ('c', 'n', 'd')
      UNION SELECT k.conrelid FROM pg_constraint k JOIN d ON k.confrelid = d.conrelid AND k.confdeltype IN ('c', 'n', 'd'))
    SELECT json_agg(json_build_array(dn.nspname, dc.relname)) FROM d JOIN pg_class dc ON dc.oid = d.conrelid
      JOIN pg_namespace dn ON dn.oid = dc.relnamespace), '[]') AS cascades
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`;

const ROUTINES = `
SELECT n.nspname AS schema, p.proname AS name, p.oid < 16384 AS builtin, p.prosecdef AS "securityDefiner",
  l.lanname AS language,
  CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window' WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
  CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang`;

/** The whole catalog at once, read on `client`, whose search_path must be `pg_catalog, pg_temp`. */
export async function readCatalog(client: pg.Client): Promise<Catalog> {
  const relations = new Map<string, Relation>();
  for (const row of (await client.query(RELATIONS)).rows) {
    const names = (pairs: [string, string][]) => pairs.map((pair) => qualifiedName(...pair));
    relations.set(`${row.schema}\0${row.name}`, {
      ...row,
      kind: KINDS[row.kind] ?? "table",
      children: names(row.children),
      parents: names(row.parents),
      cascades: { onDelete: names(row.cascades), onUpdate: [] },
      writeSideEffects: [],
      readSideEffects: [],
    });
  }
  const routines = new Map<string, Routine[]>();
  for (const row of (await client.query(ROUTINES)).rows) {
    const key = `${row.schema}\0${row.name}`;
    routines.set(key, [...(routines.get(key) ?? []), row]);
  }
  return {
    serverVersion: 150000,
    relation: (schema, name) => relations.get(`${schema}\0${name}`) ?? null,
    functions: (schema, name) => routines.get(`${schema}\0${name}`) ?? [],
    userOperator: () => false,
    userType: () => false,
  };
}

/** A catalog that knows nothing until it is told to load a name, as the connector's does. */
export function lazily(catalog: Catalog): Catalog & { load(names: CatalogName[]): void } {
  const loaded = new Set<string>();
  const known = (kind: string, schema: string, name: string) => loaded.has(`${kind}\0${schema}\0${name}`);
  return {
    serverVersion: catalog.serverVersion,
    relation: (schema, name) =>
      known("relation", schema, name) ? catalog.relation(schema, name) : undefined,
    functions: (schema, name) =>
      known("functions", schema, name) ? catalog.functions(schema, name) : undefined,
    userOperator: (schema, name) =>
      known("operator", schema, name) ? catalog.userOperator(schema, name) : undefined,
    userType: (schema, name) => (known("type", schema, name) ? catalog.userType(schema, name) : undefined),
    load: (names) => {
      for (const { kind, schema, name } of names) loaded.add(`${kind}\0${schema}\0${name}`);
    },
  };
}
