import { SallyportError } from "../../protocol/errors.ts";
import type { PostgresTargetConfig } from "../config.ts";

/** The database that a question is about: the target's first, or the one that was asked for. Throws `not_found`. */
export function databaseOf({ name, databases }: PostgresTargetConfig, asked: string | undefined): string {
  if (asked === undefined) return databases[0];
  if (databases.includes(asked)) return asked;
  throw new SallyportError(
    "not_found",
    `target ${name} has no database of this name that may be opened`,
    `Choose one of ${databases.join(", ")}.`,
  );
}
