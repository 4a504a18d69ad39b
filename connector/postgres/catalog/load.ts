import { SallyportError } from "../../../protocol/errors.ts";
import type { CatalogName } from "../../../protocol/sql/catalog.ts";
import { type Loaded, readAnswers } from "./answers.ts";
import { nameKey } from "./known-names.ts";
import { loadStatements } from "./queries.ts";
import type { SqlSource } from "./source.ts";

/** Names that one load may ask for: more than any statement that can be parsed is likely to have. */
const MAX_LOAD = 10_000;
/** Characters; PostgreSQL cuts names at 63 bytes, unless it was built otherwise. */
const MAX_NAME = 1_024;

/** What one name means, and the characters of the answer that said so. */
export interface Found {
  name: CatalogName;
  loaded: Loaded;
  size: number;
}

/**
 * Asks the target what these names mean at this moment. `together`: in one message, which can't be in the middle of
 * a batch of the extended protocol. Throws what the source throws; `protocol_violation` for an answer that isn't
 * one; `limit_exceeded` for too much of anything.
 */
export async function loadNames(
  source: SqlSource,
  names: readonly CatalogName[],
  trusted: ReadonlySet<string>,
  together: boolean,
): Promise<Found[]> {
  const unique = [...new Map(names.map((one) => [nameKey(one.kind, one.schema, one.name), one])).values()];
  if (unique.length > MAX_LOAD) {
    throw new SallyportError("limit_exceeded", `the statement has more than ${MAX_LOAD} names`);
  }
  const possible = unique.filter(({ schema, name }) => isPossible(schema) && isPossible(name));
  const statements = loadStatements(possible);
  const rows: (string | null)[][] = [];
  for (const text of together && statements.length > 0 ? [statements.join(";\n")] : statements) {
    rows.push(...(await source.query(text)));
  }
  const sizes = new Map<number, number>();
  for (const [n, json] of rows) sizes.set(Number(n), json?.length ?? 0);
  const found = readAnswers(possible, rows, trusted).map((loaded, n) => {
    const name = possible[n]!;
    return { name, loaded, size: (sizes.get(n) ?? 0) + name.schema.length + name.name.length };
  });
  const impossible = unique.filter((name) => !possible.includes(name));
  const nothing = readAnswers(impossible, [], trusted).map((loaded, n) => ({
    name: impossible[n]!,
    loaded,
    size: impossible[n]!.schema.length + impossible[n]!.name.length,
  }));
  return [...found, ...nothing];
}

/** Nothing has any other name, and no text of SQL could hold it. */
function isPossible(name: string): boolean {
  return name.length <= MAX_NAME && !name.includes("\0") && name.isWellFormed();
}
