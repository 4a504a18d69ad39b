import type { AlterTableType, Node } from "@pgsql/types";
import type { StatementAction } from "../facts.ts";

/** What sub-commands of ALTER TABLE do beside altering: who may see or write rows, and what guards them. */
const SUBCOMMANDS: Partial<Record<AlterTableType, StatementAction>> = {
  AT_DropColumn: "postgres:drop",
  AT_ChangeOwner: "postgres:grant",
  AT_EnableTrig: "postgres:grant",
  AT_EnableAlwaysTrig: "postgres:grant",
  AT_EnableReplicaTrig: "postgres:grant",
  AT_DisableTrig: "postgres:grant",
  AT_EnableTrigAll: "postgres:grant",
  AT_DisableTrigAll: "postgres:grant",
  AT_EnableTrigUser: "postgres:grant",
  AT_DisableTrigUser: "postgres:grant",
  AT_EnableRule: "postgres:grant",
  AT_EnableAlwaysRule: "postgres:grant",
  AT_EnableReplicaRule: "postgres:grant",
  AT_DisableRule: "postgres:grant",
  AT_EnableRowSecurity: "postgres:grant",
  AT_DisableRowSecurity: "postgres:grant",
  AT_ForceRowSecurity: "postgres:grant",
  AT_NoForceRowSecurity: "postgres:grant",
  // Options of a foreign table say what is fetched from elsewhere.
  AT_GenericOptions: "postgres:administer",
  AT_AlterColumnGenericOptions: "postgres:administer",
};

export function alterTableActions(
  commands: readonly Node[] | undefined,
  actions: readonly StatementAction[],
): StatementAction[] {
  const all = [...actions];
  for (const command of commands ?? []) {
    const type = "AlterTableCmd" in command ? command.AlterTableCmd.subtype : undefined;
    const action = type === undefined ? undefined : SUBCOMMANDS[type];
    if (action !== undefined) all.push(action);
  }
  return all;
}
