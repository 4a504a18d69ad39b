import { setImmediate as turn } from "node:timers/promises";
import { SallyportError } from "../../../protocol/errors.ts";
import { type SqlSource, TargetSqlError } from "../catalog/source.ts";
import { quoted } from "../mask/quoted.ts";
import { columnWords } from "./column-words.ts";
import { GUARDED, type ScannedColumn, type ScannedRelation } from "./columns.ts";
import { Documents, type Place } from "./documents.ts";
import type { Family } from "./kinds.ts";
import { type Evidence, hintOf, noEvidence, SignReader } from "./signs.ts";

/** What the values of a column told. */
export interface Sampled {
  /** Null for documents. */
  evidence: Evidence | null;
  places: Place[];
}

/** Families whose values tell something that names and types don't. */
const TELLING: readonly Family[] = ["text", "number", "json"];
/** Characters of a value, and of a document. */
const MAX_VALUE = 512;
const MAX_DOCUMENT = 8_192;
/** Documents of a sample: more of them say little more about keys. */
const MAX_DOCUMENTS = 500;
/** Characters of one answer, each of 4 bytes at most; an answer of a `SqlSource` has at most 16 MiB. */
const MAX_CHARACTERS = 3 * 1024 * 1024;
/** Of the rows of a page one in so many counts, or more, since neighbours are alike. */
const SPREAD = 16;
/** Values that are looked at in one turn. */
const TOGETHER = 100;

/** Whether values of this column are looked at. */
export function isTelling({ family, readable }: ScannedColumn): boolean {
  return readable && TELLING.includes(family);
}

/**
 * Looks at some rows of a relation, until it is `late`. What `sampled` has afterwards are numbers, and keys of documents
 * that are names. Throws what the source throws; what was found before stays.
 */
export async function sampleRelation(
  source: SqlSource,
  relation: ScannedRelation,
  columns: readonly ScannedColumn[],
  rows: number,
  late: () => boolean,
  sampled: Map<ScannedColumn, Sampled>,
): Promise<void> {
  for (const part of batches(columns, rows)) {
    if (late()) return;
    const clauses = sampleClauses(relation, part.rows);
    let answer = await source.query(sampleText(relation, part, clauses));
    // Of few pages none may have been chosen, or the estimate is of other times.
    if (answer.length === 0 && clauses !== "") answer = await source.query(sampleText(relation, part, ""));
    for (const [at, column] of part.columns.entries()) {
      const values = answer.map((row) => row[at] ?? null);
      sampled.set(column, await read(column, values));
    }
  }
}

/** Columns whose values fit into one answer, and how many characters of each value. */
interface Batch {
  columns: ScannedColumn[];
  rows: number;
  characters: number;
}

function batches(columns: readonly ScannedColumn[], rows: number): Batch[] {
  const flat = columns.filter(({ family }) => family !== "json");
  const many = Math.max(1, Math.floor(MAX_CHARACTERS / (rows * MAX_VALUE)));
  const characters = Math.min(MAX_VALUE, Math.floor(MAX_CHARACTERS / rows));
  const parts: Batch[] = [];
  for (let at = 0; at < flat.length; at += many) {
    parts.push({ columns: flat.slice(at, at + many), rows, characters });
  }
  for (const column of columns) {
    if (column.family !== "json") continue;
    const documents = Math.min(rows, MAX_DOCUMENTS);
    const most = Math.min(MAX_DOCUMENT, Math.floor(MAX_CHARACTERS / documents));
    parts.push({ columns: [column], rows: documents, characters: most });
  }
  return parts;
}

function sampleText(relation: ScannedRelation, { columns, rows, characters }: Batch, sample: string): string {
  const values = columns.map(({ column, array }) => {
    const name = quoted(column);
    const text = array
      ? `pg_catalog.array_to_string(${name}::pg_catalog.text[], E'\\n')`
      : `${name}::pg_catalog.text`;
    return `pg_catalog."left"(${text}, ${characters})`;
  });
  const from = `${quoted(relation.schema)}.${quoted(relation.relation)}`;
  return `${GUARDED} SELECT ${values.join(", ")} FROM ${from}${sample} LIMIT ${rows}`;
}

/**
 * The clauses that choose about so many rows from all over a relation: the same for each batch, and for each scan of
 * what hasn't changed. Empty where it has few rows, or nobody knows how many.
 */
function sampleClauses({ estimate }: ScannedRelation, rows: number): string {
  const times = Math.floor(estimate / rows);
  if (times < 2) return "";
  const spread = Math.min(times, SPREAD);
  const percent = Math.min(100, (100 * spread) / times);
  const one = `pg_catalog.mod(pg_catalog.hashtext(ctid::pg_catalog.text), ${spread}) OPERATOR(pg_catalog.=) 0`;
  return ` TABLESAMPLE pg_catalog.system (${percent.toFixed(6)}) REPEATABLE (1) WHERE ${one}`;
}

async function read({ column, family, array }: ScannedColumn, values: (string | null)[]): Promise<Sampled> {
  const reader = new SignReader();
  const documents = family === "json" ? new Documents(reader) : null;
  const evidence = noEvidence();
  const hint = hintOf(columnWords(column));
  for (const [at, value] of values.entries()) {
    // Sessions are served by the same process.
    if (at % TOGETHER === TOGETHER - 1) await turn();
    if (value === null) continue;
    if (documents !== null) documents.add(value);
    else for (const one of array ? value.split("\n") : [value]) reader.add(evidence, one, hint);
  }
  return documents === null ? { evidence, places: [] } : { evidence: null, places: documents.places() };
}

/** Why a relation could not be looked at, in words that quote nothing. Null for what must end the scan. */
export function whyNot(error: unknown): string | null {
  if (error instanceof TargetSqlError)
    return WHY[error.sqlstate] ?? `the target refused (SQLSTATE ${error.sqlstate})`;
  if (error instanceof SallyportError && error.code === "limit_exceeded") return "its values are too long";
  return null;
}

const WHY: Record<string, string> = {
  "42501": "the connector's role may not read it, or a policy chooses its rows",
  "57014": "it took too long",
  "55P03": "another session holds a lock on it",
  "55000": "it was never filled",
  "42P01": "it was dropped meanwhile",
};
