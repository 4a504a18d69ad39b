import type { PlanEstimate } from "../../../protocol/control.ts";
import { estimateOfRows, explainText } from "../plan-estimate.ts";
import type { OwnQueries, PlannedText } from "./own-queries.ts";
import { Refusal } from "./refusal.ts";

/** The planner's estimate of a text. Throws what the question throws. */
export async function planOf(own: OwnQueries, text: PlannedText): Promise<PlanEstimate | null> {
  const rows = await own.queryBound({ ...text, sql: explainText(text.sent()) });
  return estimateOfRows(rows);
}

/** A function-call message names an object id; what it runs is judged as a SELECT of that function. Throws `Refusal`. */
export async function functionCallText(own: OwnQueries, oid: number): Promise<string> {
  const rows = await own.query(
    `SELECT pg_catalog.quote_ident(n.nspname), pg_catalog.quote_ident(p.proname) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace WHERE p.oid OPERATOR(pg_catalog.=) ${oid}::pg_catalog.oid`,
  );
  const [schema, name] = rows[0] ?? [];
  if (!schema || !name) throw Refusal.of("42883", `function with OID ${oid} does not exist`);
  return `SELECT ${schema}.${name}()`;
}
