import pg from "pg";
import type { CatalogName, Hook, Relation, Routine } from "../../../protocol/sql/catalog.ts";
import { loadNames } from "./load.ts";
import { type SqlSource, TargetSqlError } from "./source.ts";

/** For tests: node-postgres as a source. */
export function sourceOf(client: pg.Client): SqlSource {
  return {
    async query(text) {
      try {
        const answer: unknown = await client.query({ text, rowMode: "array", types: TEXT });
        const results = (Array.isArray(answer) ? answer : [answer]) as { rows: (string | null)[][] }[];
        return results.flatMap(({ rows }) => rows);
      } catch (error) {
        throw error instanceof pg.DatabaseError ? new TargetSqlError(error.code ?? "") : error;
      }
    },
  };
}

const TEXT = { getTypeParser: () => (value: unknown) => value } as unknown as pg.CustomTypesConfig;

const NOBODY: ReadonlySet<string> = new Set();

/** What one name means now, asked directly. */
export async function ask(
  source: SqlSource,
  kind: CatalogName["kind"],
  schema: string,
  name: string,
  trusted = NOBODY,
): Promise<Relation | null | readonly Routine[] | readonly Hook[] | boolean> {
  const [found] = await loadNames(source, [{ kind, schema, name }], trusted, false);
  const { loaded } = found!;
  if (loaded.kind === "relation") return loaded.relation;
  if (loaded.kind === "functions") return loaded.functions;
  if (loaded.kind === "hooks") return loaded.hooks;
  return loaded.kind === "schema" ? loaded.exists : loaded.user;
}

/** A relation that exists. */
export async function relation(
  source: SqlSource,
  schema: string,
  name: string,
  trusted = NOBODY,
): Promise<Relation> {
  const found = (await ask(source, "relation", schema, name, trusted)) as Relation | null;
  if (found === null) throw new Error(`${schema}.${name} is not there`);
  return found;
}
