import pg from "pg";
import { maskKey } from "../../connector/mask/mask-key.ts";
import { OwnCatalog } from "../../connector/postgres/catalog/own-catalog.ts";
import { relation, sourceOf } from "../../connector/postgres/catalog/testing.ts";
import { type MaskKeys, maskExpression, maskPaths } from "../../connector/postgres/mask/expression.ts";
import type { Relation } from "../../protocol/sql/catalog.ts";
import { type PostgresServer, startPostgres } from "../postgres-server.ts";
import { DERIVED, LABELS, MASKS, MATERIALIZED, RULES, SCHEMA, TABLES } from "./schema.ts";

/** The name of the secret's variable from which a gateway before the original makes its keys. */
export const MASK_KEY = "SALLYPORT_TEST_MASK_KEY";
process.env[MASK_KEY] = "a secret of this test alone";
const KEY = await maskKey({ name: "original", maskKey: { env: MASK_KEY } });
/** Of both scopes, so that the copy holds what the masking shows. */
export const KEYS: MaskKeys = { session: KEY ?? "", target: KEY };

/** What a statement's names mean in the sessions here. */
const SESSION = "SET search_path = shop, public; SET statement_timeout = '3s'; SET TimeZone = 'UTC'";

/**
 * A server with two databases that began as one: `original` has the values, `copy` holds in labelled columns what
 * their masks make of them, now and whenever something is written to them.
 */
export interface World {
  postgres: PostgresServer;
  original: pg.Client;
  copy: pg.Client;
  /** Of the original. */
  catalog: OwnCatalog;
  connect(database: string): Promise<pg.Client>;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const postgres = await startPostgres({ settings: { jit: "off" } });
  const { host, port, superuser: user, password } = postgres;
  const clients: pg.Client[] = [];
  const connect = async (database: string, settings = SESSION) => {
    const client = new pg.Client({ host, port, user, password, database });
    await client.connect();
    await client.query(settings);
    clients.push(client);
    return client;
  };
  const admin = await connect("postgres", "");
  await admin.query("CREATE DATABASE original");
  const maker = await connect("original", "SET TimeZone = 'UTC'");
  await maker.query(SCHEMA);
  await maker.end();
  await admin.query("CREATE DATABASE copy TEMPLATE original");
  const original = await connect("original");
  const copy = await connect("copy");
  await original.query(MATERIALIZED);
  await maskCopy(original, copy);
  await copy.query(MATERIALIZED);
  for (const client of [original, copy]) await client.query("VACUUM (FULL, ANALYZE)");
  const catalog = new OwnCatalog(sourceOf(await connect("original")), 0, new Set(), () => 0);
  return {
    postgres,
    original,
    copy,
    catalog,
    connect,
    async stop() {
      for (const client of clients) await client.end();
      await postgres.stop();
    },
  };
}

/** The label of one column, written once: by the settings, or by what the column is made of. */
type Labelled = (typeof RULES)[number];

async function maskCopy(original: pg.Client, copy: pg.Client): Promise<void> {
  await copy.query(`ALTER TABLE customers ALTER email DROP NOT NULL, ALTER email_lower DROP EXPRESSION`);
  await copy.query("ALTER DOMAIN address_line DROP CONSTRAINT address_line_check");
  const columns = Map.groupBy([...RULES, ...DERIVED], ([table, column]) => `${table}\0${column}`);
  for (const [, labels] of columns) {
    const [table, column] = labels[0]!;
    const found = await relation(sourceOf(original), "shop", table);
    const name = pg.escapeIdentifier(column);
    const value = maskedValue(found, labels, name);
    if (found.kind === "table") {
      await copy.query(`UPDATE ONLY ${pg.escapeIdentifier(table)} SET ${name} = ${value}`);
      await maskWrites(copy, found, labels);
    }
  }
}

function maskedValue(found: Relation, labels: Labelled[], value: string): string {
  const detail = found.details?.[found.columns.indexOf(labels[0]![1])];
  if (detail === undefined) throw new Error(`${found.name} has no column ${labels[0]![1]}`);
  const [, , label, path] = labels[0]!;
  if (path === undefined) return maskExpression(value, detail, MASKS[label]!, KEYS);
  const paths = labels.map(([, , name, keys]) => ({ path: keys ?? [], mask: MASKS[name]! }));
  return maskPaths(value, detail, paths, KEYS);
}

/** What is written to the column is masked as it is stored. Triggers fire by their names' order. */
async function maskWrites(copy: pg.Client, found: Relation, labels: Labelled[]): Promise<void> {
  const [table, column] = labels[0]!;
  const name = pg.escapeIdentifier(column);
  const isGenerated = column === "email_lower";
  const value = isGenerated ? "lower(NEW.email)" : `NEW.${name}`;
  const trigger = pg.escapeIdentifier(isGenerated ? "a first" : `b ${column}`);
  const body = `BEGIN NEW.${name} := ${maskedValue(found, labels, value)}; RETURN NEW; END`;
  await copy.query(
    `CREATE FUNCTION public.${pg.escapeIdentifier(`mask ${table} ${column}`)}() RETURNS trigger LANGUAGE plpgsql AS ${pg.escapeLiteral(body)}`,
  );
  await copy.query(`CREATE TRIGGER ${trigger} BEFORE INSERT OR UPDATE OF ${isGenerated ? "email" : name} ON ${pg.escapeIdentifier(table)}
    FOR EACH ROW EXECUTE FUNCTION public.${pg.escapeIdentifier(`mask ${table} ${column}`)}()`);
}

/** All that the tables hold: of the original's labelled columns, what their masks make of it. */
export async function contents(world: World, database: "original" | "copy"): Promise<string> {
  const texts: string[] = [];
  for (const { name: written, view, labelled } of TABLES) {
    if (view) continue;
    const table = written.replaceAll('"', "");
    const found = await cachedRelation(world, table);
    const list = found.columns.map((column) => {
      const labels = [...RULES, ...DERIVED].filter(([of, name]) => of === table && name === column);
      const name = pg.escapeIdentifier(column);
      return database === "copy" || labels.length === 0 || labelled === undefined
        ? name
        : `${maskedValue(found, labels, name)} AS ${name}`;
    });
    texts.push(
      `SELECT '${table}' AS "from", t::text AS row FROM (SELECT ${list.join(", ")} FROM ONLY ${written}) AS t`,
    );
  }
  const { rows } = await world[database].query({
    text: `SELECT * FROM (${texts.join(" UNION ALL ")}) AS a ORDER BY 1, 2`,
    rowMode: "array",
  });
  return rows.map((row) => row.join(": ")).join("\n");
}

const relations = new WeakMap<World, Map<string, Relation>>();

async function cachedRelation(world: World, table: string): Promise<Relation> {
  const known = relations.get(world) ?? new Map<string, Relation>();
  relations.set(world, known);
  const found = known.get(table) ?? (await relation(sourceOf(world.original), "shop", table));
  known.set(table, found);
  return found;
}

/** Names of all labels: nothing is unmasked here. */
export const ALL_LABELS = [...LABELS.labels.values()];
