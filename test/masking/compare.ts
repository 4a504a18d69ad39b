import pg from "pg";
import { refusalOfAbsent } from "../../connector/postgres/guard/refusal.ts";
import { Masking } from "../../connector/postgres/mask/masking.ts";
import { Unmasked } from "../../connector/postgres/mask/unmasked.ts";
import { classify } from "../../protocol/sql/classify.ts";
import { parseSql, SqlSyntaxError } from "../../protocol/sql/parser.ts";
import type { Made } from "./queries.ts";
import { LABELS } from "./schema.ts";
import { ALL_LABELS, KEYS, type World } from "./world.ts";

/** What became of a statement. */
export type Outcome =
  | { kind: "rows"; names: string[]; types: number[]; rows: string[]; tag: string }
  | { kind: "error"; sqlstate: string; message: string; absent?: true }
  | { kind: "refused"; reason: string };

/** The text that the target would get, or why it gets none. */
export type Masked = { kind: "text"; sql: string; isSame: boolean } | Exclude<Outcome, { kind: "rows" }>;

const NAMES = {
  searchPath: ["pg_catalog", "shop", "public"],
  temporarySchema: null,
  trustedFunctions: new Set<string>(),
};
const masking = new Masking({ labels: LABELS, masked: ALL_LABELS, keys: KEYS });

/** As a session with masks does it: classified, refused where it is opaque, rewritten. */
export async function masked(world: World, sql: string): Promise<Masked> {
  let parsed: ReturnType<typeof parseSql>;
  try {
    parsed = parseSql(sql);
  } catch (error) {
    if (error instanceof SqlSyntaxError) return { kind: "error", sqlstate: "42601", message: error.message };
    throw error;
  }
  for (let round = 0; round < 50; round++) {
    const { statements, missing } = classify(parsed, NAMES, world.catalog);
    if (missing.length > 0) {
      await world.catalog.load(missing);
      continue;
    }
    const opaque = statements.flatMap(({ facts }) => facts.opaque);
    if (opaque.length > 0) {
      const absent = refusalOfAbsent(statements);
      const [first] = absent ? (statements.find(({ facts }) => facts.opaque.length > 0)?.absent ?? []) : [];
      if (first) return { kind: "error", sqlstate: first.sqlstate, message: first.message, absent: true };
      return { kind: "refused", reason: `opaque: ${opaque[0]}` };
    }
    const outcome = masking.mask(sql, parsed, statements, NAMES, world.catalog);
    if (outcome instanceof Unmasked) return { kind: "refused", reason: outcome.message };
    if ("need" in outcome) {
      await world.catalog.load(outcome.names);
      continue;
    }
    return { kind: "text", sql: outcome.sql ?? sql, isSame: outcome.sql === null };
  }
  throw new Error(`the names have no end: ${sql}`);
}

const AS_TEXT = { getTypeParser: () => (value: unknown) => value } as unknown as pg.CustomTypesConfig;

/** Runs it, with its parameters by the extended protocol. Rows are one text each. */
export async function run(client: pg.Client, sql: string, parameters: (string | null)[]): Promise<Outcome> {
  try {
    const result = await client.query({
      text: sql,
      ...(parameters.length > 0 && { values: parameters }),
      rowMode: "array",
      types: AS_TEXT,
    });
    if (Array.isArray(result)) {
      const rows = (result as pg.QueryArrayResult[]).flatMap((one) =>
        one.rows.map((row) => JSON.stringify(row)),
      );
      return { kind: "rows", names: [], types: [], rows, tag: `${(result as unknown[]).length} statements` };
    }
    return {
      kind: "rows",
      names: result.fields.map(({ name }) => name),
      types: result.fields.map(({ dataTypeID }) => dataTypeID),
      rows: result.rows.map((row) => JSON.stringify(row)),
      tag: `${result.command} ${result.rowCount}`,
    };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    return { kind: "error", sqlstate: error.code ?? "", message: error.message };
  }
}

/** undefined_column, undefined_table, invalid_column_reference */
const OF_NAMES: ReadonlySet<string> = new Set(["42703", "42P01", "42P10"]);
/** `record` */
const RECORD = 2249;
const RECORDS = 2287;
const USERS = 16_384;

/**
 * How what came through the masking differs from what the copy gave; null where it doesn't. A whole row is a record
 * of no name in a subquery, so its type may be that in the place of the table's.
 */
export function difference(copy: Outcome, through: Outcome, made: Pick<Made, "ordered">): string | null {
  if (through.kind === "refused") return null;
  // Time ran out for one or the other.
  if ([copy, through].some((one) => one.kind === "error" && one.sqlstate === "57014")) return null;
  if (copy.kind !== "rows" || through.kind !== "rows") {
    if (copy.kind === "error" && through.kind === "error" && copy.sqlstate === through.sqlstate) return null;
    // The connector looks for what doesn't exist before PostgreSQL looks for other faults.
    if (copy.kind === "error" && through.kind === "error" && through.absent) return null;
    // A name that isn't there, or can't be referred to from where it stands: of two such faults each names the first it meets.
    if ([copy, through].every((one) => one.kind === "error" && OF_NAMES.has(one.sqlstate))) return null;
    // Which rows an expression is computed for is the planner's choice, who may know of a mask that it gives NULL.
    if (copy.kind === "error" && copy.sqlstate.startsWith("22") && through.kind === "rows") return null;
    return `copy: ${told(copy)}; through: ${told(through)}`;
  }
  const same = (one: readonly unknown[], other: readonly unknown[]) =>
    JSON.stringify(one) === JSON.stringify(other);
  if (!same(copy.names, through.names)) return `names: ${copy.names} became ${through.names}`;
  const types = through.types.map((type, n) =>
    (type === RECORD || type === RECORDS) && copy.types[n]! >= USERS ? copy.types[n]! : type,
  );
  if (!same(copy.types, types)) return `types: ${copy.types} became ${through.types}`;
  if (copy.tag !== through.tag) return `${copy.tag} became ${through.tag}`;
  const arranged = (rows: string[]) => (made.ordered ? rows : [...rows].sort());
  const [expected, actual] = [arranged(copy.rows), arranged(through.rows)];
  const at = expected.findIndex((row, n) => row !== actual[n]);
  return at === -1 ? null : `row ${at}: ${expected[at]?.slice(0, 600)} became ${actual[at]?.slice(0, 600)}`;
}

function told(outcome: Outcome): string {
  if (outcome.kind === "rows") return `${outcome.rows.length} rows`;
  return outcome.kind === "refused" ? outcome.reason : `${outcome.sqlstate} ${outcome.message}`;
}

/** What is counted over a run. */
export class Tally {
  statements = 0;
  taken = 0;
  rewritten = 0;
  errors = 0;
  readonly refusals = new Map<string, { count: number; shortest: string }>();

  add(copy: Outcome, through: Outcome, isRewritten: boolean, sql: string): void {
    this.statements += 1;
    if (isRewritten) this.rewritten += 1;
    if (copy.kind === "rows") this.taken += 1;
    else this.errors += 1;
    if (copy.kind === "rows" && through.kind === "refused") this.#refused(through.reason, sql);
  }

  #refused(reason: string, sql: string): void {
    const kind = reason.replace(/"[^"]*"|\b(?:shop|public|pg_catalog)\.[\w.]+|\d+/g, "…");
    const known = this.refusals.get(kind);
    const shortest = known === undefined || sql.length < known.shortest.length ? sql : known.shortest;
    this.refusals.set(kind, { count: (known?.count ?? 0) + 1, shortest });
  }

  /** Of those that the copy took. */
  get refusedShare(): number {
    const count = [...this.refusals.values()].reduce((sum, one) => sum + one.count, 0);
    return count / Math.max(1, this.taken);
  }

  lines(): string[] {
    const { statements, taken, rewritten, errors } = this;
    const share = (this.refusedShare * 100).toFixed(1);
    return [
      `${statements} statements: the copy took ${taken}, ${errors} it did not, ${rewritten} were rewritten; ${share}% of the taken were refused`,
      ...[...this.refusals]
        .sort(([, a], [, b]) => b.count - a.count)
        .map(([reason, { count, shortest }]) => `${count} × ${reason}: ${shortest.slice(0, 300)}`),
    ];
  }
}
