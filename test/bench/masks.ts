import type { Label, Labels } from "../../connector/mask/labels.ts";
import { Masking } from "../../connector/postgres/mask/masking.ts";
import { Unmasked } from "../../connector/postgres/mask/unmasked.ts";
import type { Catalog, Relation } from "../../protocol/sql/catalog.ts";
import { classify } from "../../protocol/sql/classify.ts";
import type { ClassifiedStatement } from "../../protocol/sql/facts.ts";
import { loadParser, type ParsedStatement, parseSql } from "../../protocol/sql/parser.ts";
import { memoryCatalog, NAMES, routine, TEXT_COLUMN } from "../../protocol/sql/resolve/testing.ts";
import { guardRow, type Row } from "./samples.ts";
import { CATALOG, longStatement, shortStatement } from "./verdicts.ts";

/** Statements that are masked in a round, and before it. */
const ROUND = 500;
const WARM_UP = 300;

const EMAIL: Label = { name: "pii.email", mask: { kind: "partial", as: "email" }, lookup: null };
const LABELS: Labels = {
  rules: [{ schema: "public", relation: "customers", column: "email", path: null, label: EMAIL }],
  labels: new Map([[EMAIL.name, EMAIL]]),
};

/** The verdicts' tables, with what masks must know of them, and the functions that masks call. */
const FUNCTIONS = memoryCatalog({
  routines: ["left", "length", "strpos", "substring", "replace"].map((name) => routine(`pg_catalog.${name}`)),
});
export const MASKED_CATALOG: Catalog = {
  ...CATALOG,
  relation(schema, name) {
    const found = CATALOG.relation(schema, name);
    return found == null ? found : withDetails(found);
  },
  functions: (schema, name) => [
    ...(CATALOG.functions(schema, name) ?? []),
    ...(FUNCTIONS.functions(schema, name) ?? []),
  ],
};

function withDetails(relation: Relation): Relation {
  return { ...relation, details: relation.columns.map(() => TEXT_COLUMN) };
}

/** A read of a labelled column, as an application sends it with its value in the text. */
export function maskedStatement(id: number): string {
  return `SELECT id, name, email FROM customers WHERE id = ${id}`;
}

export interface Classified {
  sql: string;
  parsed: ParsedStatement[];
  statements: ClassifiedStatement[];
}

export function classified(sql: string): Classified {
  const parsed = parseSql(sql);
  return { sql, parsed, statements: classify(parsed, NAMES, MASKED_CATALOG).statements };
}

export function mask({ sql, parsed, statements }: Classified, masking = newMasking()): string | null {
  const outcome = masking.mask(sql, parsed, statements, NAMES, MASKED_CATALOG);
  if (outcome instanceof Unmasked || "need" in outcome) throw new Error(`it can't be masked: ${sql}`);
  return outcome.sql;
}

export function newMasking(): Masking {
  return new Masking({ labels: LABELS, masked: [EMAIL], keys: { session: "a".repeat(64), target: null } });
}

/** What masking adds to a verdict on a statement that is new; one that is known costs a look into a map. */
export async function maskTimes(repetitions: number): Promise<Row[]> {
  await loadParser();
  const masking = newMasking();
  let id = 0;
  const kinds = [
    { workload: "mask, short statement, nothing labelled", text: () => shortStatement(++id) },
    { workload: "mask, short statement, rewritten", text: () => maskedStatement(++id) },
    { workload: "mask, 2 KB statement, rewritten", text: () => longStatement(++id) },
  ];
  const times = kinds.map(() => [] as number[][]);
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    for (const [index, { text }] of kinds.entries()) {
      const found = round(masking, repetition === 0 ? WARM_UP : ROUND, text);
      if (repetition > 0) times[index]!.push(found);
    }
  }
  return kinds.map(({ workload }, index) => guardRow(workload, times[index]!));
}

/** The time of each, µs, without parsing and classifying the text as it came. */
function round(masking: Masking, count: number, text: () => string): number[] {
  return Array.from({ length: count }, () => {
    const statement = classified(text());
    const start = performance.now();
    mask(statement, masking);
    return (performance.now() - start) * 1_000;
  });
}
