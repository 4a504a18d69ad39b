import type { Case } from "./case.ts";
import { DEFINITIONS, RIGHTS } from "./definitions.ts";
import { EVASIONS, INNOCENT } from "./evasions.ts";
import { READS, SHOWS } from "./reads.ts";
import { ESCAPES, UTILITIES } from "./utilities.ts";
import { HIDDEN_WRITES, WRITES } from "./writes.ts";

/** Statements with what must be found of them, over the database of corpus/catalog.ts. */
export const CORPUS: Readonly<Record<string, readonly Case[]>> = {
  reads: READS,
  "what shows rows or plans": SHOWS,
  writes: WRITES,
  "writes where one looks for reads": HIDDEN_WRITES,
  definitions: DEFINITIONS,
  rights: RIGHTS,
  "session, transactions, upkeep": UTILITIES,
  "escapes from the database": ESCAPES,
  evasions: EVASIONS,
  "what looks dangerous and is not": INNOCENT,
};
