import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { SEED } from "../protocol/seeded.ts";
import type { Catalog, CatalogName, NameContext } from "../protocol/sql/catalog.ts";
import { loadParser, parseSql } from "../protocol/sql/parser.ts";
import {
  nameParts,
  qualifiedName,
  type Resolution,
  type ResolvedNames,
  resolveStatement,
} from "../protocol/sql/resolve.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";
import { lazily, readCatalog } from "./sql-observed/catalog-snapshot.ts";
import { type Case, OTHERS, SELECTS, WRITES } from "./sql-observed/corpus.ts";
import { FIXTURE, SESSION } from "./sql-observed/fixture.ts";
import { QueryWriter } from "./sql-observed/random-queries.ts";

let server: PostgresServer;
let agent: pg.Client;
let observer: pg.Client;
let catalog: Catalog;
let names: NameContext;

before(async () => {
  await loadParser();
  server = await startPostgres({ settings: { jit: "off" } });
  const { host, port, superuser: user, password } = server;
  const connect = async () => {
    const client = new pg.Client({ host, port, user, password, database: "postgres" });
    await client.connect();
    return client;
  };
  observer = await connect();
  await observer.query(FIXTURE);
  agent = await connect();
  await agent.query(SESSION);
  await observer.query("SET search_path = pg_catalog, pg_temp");
  catalog = await readCatalog(observer);
  const path = await agent.query("SELECT current_schemas(true)::text[] AS path");
  const searchPath: string[] = path.rows[0].path;
  names = {
    searchPath,
    temporarySchema: searchPath.find((schema) => schema.startsWith("pg_temp_")) ?? null,
    trustedFunctions: new Set(),
  };
});

after(async () => {
  await agent?.end();
  await observer?.end();
  await server?.stop();
});

function resolve(sql: string): Resolution {
  const [statement] = parseSql(sql);
  assert.ok(statement);
  const missing: CatalogName[] = [];
  const resolution = resolveStatement(statement.tree, names, catalog, missing);
  assert.deepEqual(missing, []);
  return resolution;
}

interface Touched {
  /** With a lock that only reading takes. */
  reads: Set<string>;
  /** With a lock for writing rows or more. */
  writes: Set<string>;
}

const RELATIONS_OF = `
SELECT c.oid::int, c.relname AS name,
  CASE WHEN pg_is_other_temp_schema(n.oid) THEN 'pg_temp_other' WHEN n.oid = pg_my_temp_schema() THEN 'pg_temp'
  ELSE n.nspname END AS schema
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`;

/** What the server locks for a statement, asked from another connection while its transaction is open. */
async function observe(sql: string): Promise<Touched> {
  const pid = (await agent.query("SELECT pg_backend_pid() AS pid")).rows[0].pid;
  await agent.query("BEGIN");
  try {
    await agent.query(sql);
    const locks = await observer.query(
      "SELECT DISTINCT relation::int, mode FROM pg_locks WHERE pid = $1 AND locktype = 'relation'",
      [pid],
    );
    const oids = locks.rows.map((row) => row.relation);
    // The observer's snapshot has the names of before; only the agent's has what the transaction created.
    const found = new Map<number, string>();
    for (const client of [agent, observer]) {
      for (const row of (await client.query(RELATIONS_OF, [oids])).rows) {
        if (row.schema !== "pg_temp_other") found.set(row.oid, qualifiedName(row.schema, row.name));
      }
    }
    const touched: Touched = { reads: new Set(), writes: new Set() };
    for (const { relation, mode } of locks.rows) {
      const name = found.get(relation);
      const reading = mode === "AccessShareLock" || mode === "RowShareLock";
      // The server's own notes on a definition.
      if (name === undefined || (!reading && name.startsWith("pg_catalog."))) continue;
      (reading ? touched.reads : touched.writes).add(name);
    }
    return touched;
  } finally {
    await agent.query("ROLLBACK");
  }
}

function union<T>(...sets: Iterable<T>[]): T[] {
  return [...new Set(sets.flatMap((set) => [...set]))].sort();
}

async function compare({ sql, extra = [], unseen = [] }: Case): Promise<Touched> {
  const ours = resolve(sql);
  assert.deepEqual(ours.opaque, [], sql);
  const touched = await observe(sql);
  const { reads, writes } = touched;
  assert.deepEqual(union(ours.reads, ours.writes, unseen), union(reads, writes, extra), `${sql}: relations`);
  return touched;
}

test("a query reads exactly the relations that the server locks for it", async () => {
  for (const entry of SELECTS) {
    await compare(entry);
    assert.deepEqual(resolve(entry.sql).writes, [], entry.sql);
  }
});

test("a write writes exactly the relations that the server locks for writing, and reads the others", async () => {
  for (const entry of WRITES) {
    const { reads, writes } = await compare(entry);
    const ours = resolve(entry.sql);
    assert.deepEqual(ours.writes, union(writes, entry.extra ?? []), entry.sql);
    const readOnly = [...reads].filter((name) => !writes.has(name) && !entry.unseen?.includes(name));
    assert.deepEqual(
      readOnly.filter((name) => !ours.reads.includes(name)),
      [],
      entry.sql,
    );
  }
});

test("other statements name the relations that the server locks for them", async () => {
  for (const entry of OTHERS) if (entry.opaque === undefined) await compare(entry);
});

test("what the text doesn't tell makes a statement opaque", () => {
  for (const { sql, opaque } of OTHERS) {
    if (opaque) assert.notDeepEqual(resolve(sql).opaque, [], sql);
  }
});

/** Privileges for exactly the columns that the resolver names, but for those left out. */
function grants(ours: Resolution, without: string | null): string[] {
  const statements: string[] = [];
  const ident = (parts: string[]) => parts.map((part) => pg.escapeIdentifier(part)).join(".");
  const stored = (name: string) => !/^(pg_catalog|information_schema)\./.test(name);
  const grant = (privilege: string, columns: string[]) => {
    for (const name of columns.filter((column) => stored(column) && column !== without)) {
      const parts = nameParts(name);
      const relation = parts.slice(0, -1);
      statements.push(`GRANT ${privilege} (${ident(parts.slice(-1))}) ON ${ident(relation)} TO observed`);
    }
  };
  const kind = (name: string) => {
    const [schema = "", relation = ""] = nameParts(name);
    return catalog.relation(schema === "pg_temp" ? (names.temporarySchema ?? "") : schema, relation);
  };
  const sequences = new Set(ours.reads.filter((name) => kind(name)?.kind === "sequence"));
  for (const name of sequences) statements.push(`GRANT SELECT ON ${ident(nameParts(name))} TO observed`);
  const columns = ours.readColumns.filter(
    (name) => !sequences.has(nameParts(name).slice(0, -1).map(quote).join(".")),
  );
  grant("SELECT", columns);
  // A count needs the right to some column, whichever.
  for (const name of ours.reads) {
    const [first] = kind(name)?.columns ?? [];
    const read = columns.some((column) => column.startsWith(`${name}.`));
    if (!read && first !== undefined && stored(name)) grant("SELECT", [`${name}.${quote(first)}`]);
  }
  grant("INSERT", ours.writeColumns);
  grant("UPDATE", ours.writeColumns);
  for (const name of ours.writes) statements.push(`GRANT DELETE ON ${ident(nameParts(name))} TO observed`);
  return statements;
}

const quote = (part: string) => qualifiedName(part);

/** Whether a role with these privileges may run the statement. */
async function isPermitted(sql: string, privileges: string[]): Promise<boolean> {
  await agent.query("BEGIN");
  try {
    await agent.query(["SELECT", ...privileges].join(";"));
    await agent.query("SET LOCAL ROLE observed");
    await agent.query(sql);
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === "42501") return false;
    throw error;
  } finally {
    await agent.query("ROLLBACK");
  }
}

test("privileges for exactly the columns that are named as read and written suffice the server", async () => {
  for (const { sql } of [...SELECTS, ...WRITES]) {
    if (/FOR (UPDATE|SHARE)/.test(sql)) continue;
    const ours = resolve(sql);
    const privileges = grants(ours, null);
    assert.ok(await isPermitted(sql, privileges), `${sql}\n${privileges.join("\n")}`);
  }
});

test("no column is named as read that the server needs no privilege for", async () => {
  for (const { sql, extraColumns = [] } of SELECTS) {
    if (/FOR (UPDATE|SHARE)/.test(sql)) continue;
    const ours = resolve(sql);
    // Behind a view, and in descendants, the server asks nobody's privileges.
    if (
      ours.reads.some((name) =>
        /view|active|rich|sales|recent|pg_|information|animals|events|ticket/.test(name),
      )
    )
      continue;
    const needless: string[] = [];
    for (const column of ours.readColumns) {
      if (await isPermitted(sql, grants(ours, column))) needless.push(column);
    }
    assert.deepEqual(needless, extraColumns, sql);
  }
});

/** Without what is kept by the nodes of the tree, which each parse makes anew. */
function facts(found: Resolution): Resolution {
  const { uses: _, references: __, assigned: ___, output: ____, ...rest } = found as ResolvedNames;
  return rest;
}

test("a catalog that is loaded name by name leads to the same result as one that is known", () => {
  for (const { sql } of [...SELECTS, ...WRITES, ...OTHERS]) {
    const [statement] = parseSql(sql);
    assert.ok(statement);
    const loading = lazily(catalog);
    for (let round = 1; ; round++) {
      assert.ok(round < 20, `${sql}: the names have no end`);
      const missing: CatalogName[] = [];
      const ours = resolveStatement(statement.tree, names, loading, missing);
      if (missing.length === 0) {
        assert.deepEqual(facts(ours), facts(resolve(sql)), sql);
        break;
      }
      assert.notDeepEqual(ours.opaque, [], `${sql}: complete though names are missing`);
      loading.load(missing);
    }
  }
});

test("queries made at random, with names that collide, are read as the server reads them", async (context) => {
  const runs = Number(process.env.SQL_RUNS ?? 600);
  const writer = new QueryWriter(SEED);
  let taken = 0;
  for (let run = 0; run < runs; run++) {
    const sql = writer.query();
    const label = `SEED=${SEED}, run ${run}: ${sql}`;
    const touched = await observe(sql).catch((error) => {
      if (error instanceof pg.DatabaseError) return null;
      throw error;
    });
    if (touched === null) continue;
    taken++;
    const ours = resolve(sql);
    assert.deepEqual(ours.opaque, [], label);
    const unnamed = union(touched.reads, touched.writes).filter((name) => !ours.reads.includes(name));
    assert.deepEqual(unnamed, [], label);
    assert.ok(await isPermitted(sql, grants(ours, null)), label);
  }
  context.diagnostic(`SEED=${SEED}: the server took ${taken} of ${runs}`);
  assert.ok(taken > runs / 20, `SEED=${SEED}: the server took ${taken} of ${runs} only`);
});
