import type { StatementAction } from "../facts.ts";
import type { NodeBody } from "../tree.ts";

/** MERGE reads, and does what its clauses say. */
export function mergeActions(statement: NodeBody<"MergeStmt">): StatementAction[] {
  const actions: StatementAction[] = ["postgres:select"];
  for (const clause of statement.mergeWhenClauses ?? []) {
    if (!("MergeWhenClause" in clause)) continue;
    switch (clause.MergeWhenClause.commandType) {
      case "CMD_INSERT":
        actions.push("postgres:insert");
        break;
      case "CMD_UPDATE":
        actions.push("postgres:update");
        break;
      case "CMD_DELETE":
        actions.push("postgres:delete");
        break;
      default:
    }
  }
  return actions;
}
