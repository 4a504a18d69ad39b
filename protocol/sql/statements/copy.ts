import type { Effect, StatementAction } from "../facts.ts";
import type { NodeBody } from "../tree.ts";

/** COPY FROM writes rows, COPY TO reads them; a file or a program is the server's own. */
export function copyActions(statement: NodeBody<"CopyStmt">): StatementAction[] {
  const actions: StatementAction[] = [statement.is_from ? "postgres:insert" : "postgres:select"];
  if (statement.filename !== undefined || statement.is_program) actions.push("postgres:escape");
  return actions;
}

export function copyEffects(statement: NodeBody<"CopyStmt">): Effect[] {
  if (statement.is_program) return ["run-program"];
  if (statement.filename === undefined) return [];
  return [statement.is_from ? "read-file" : "write-file"];
}
