import { SallyportError } from "../../protocol/errors.ts";
import type { Catalog, NameContext } from "../../protocol/sql/catalog.ts";
import { classify } from "../../protocol/sql/classify.ts";
import type { ClassifiedStatement, StatementFacts } from "../../protocol/sql/facts.ts";
import type { ParsedStatement } from "../../protocol/sql/parser.ts";

/** A catalog in which there is nothing: what a statement names stays unresolved. */
const EMPTY: Catalog = {
  serverVersion: 180_000,
  relation: () => null,
  functions: () => [],
  userOperator: () => false,
  userType: () => false,
};

const NAMES: NameContext = {
  searchPath: ["pg_catalog", "public"],
  temporarySchema: null,
  trustedFunctions: new Set(),
};

/** Which facts the text alone can't tell: what its names stand for on the target. */
export const UNKNOWN_FACTS =
  "which tables, columns and functions its names stand for, what views and functions do, and whether its WHERE chooses by a key";
const UNRECORDED = `the recording has no facts of it, so it is judged by its text alone; not known are ${UNKNOWN_FACTS}`;

/** What the text alone tells of a statement. */
export function classifyText(statement: ParsedStatement): ClassifiedStatement {
  const [classified] = classify([statement], NAMES, EMPTY).statements;
  if (!classified) throw new SallyportError("internal", "a statement was not classified");
  return classified;
}

/** Facts from the text alone, as incomplete as they are: names may mean anything on the target. */
export function factsWithoutCatalog(local: StatementFacts): StatementFacts {
  return isNameless(local) ? local : { ...local, opaque: [...local.opaque, UNRECORDED] };
}

/** Whether the text alone tells everything. */
export function isNameless({ tag }: StatementFacts): boolean {
  return NAMELESS.has(tag);
}

/** Tags of statements that name nothing of the catalog. */
const NAMELESS: ReadonlySet<string> = new Set([
  ...["BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"],
  ...["SHOW", "SET", "RESET", "DEALLOCATE", "DEALLOCATE ALL", "DISCARD ALL", "CLOSE CURSOR"],
]);

/**
 * Whether recorded facts can be those of a statement, by what its text alone tells. The catalog only adds to what is
 * done; how a WHERE chooses is not to be seen without the columns.
 */
export function mayBeOf(recorded: StatementFacts, local: StatementFacts): boolean {
  const without: readonly StatementFacts["where"][] = ["none", "missing"];
  const { where } = local;
  return (
    recorded.tag === local.tag &&
    recorded.limit === local.limit &&
    (without.includes(where) ? recorded.where === where : !without.includes(recorded.where)) &&
    local.settings.every((setting) => recorded.settings.includes(setting)) &&
    local.actions.every((action) => recorded.actions.includes(action))
  );
}
