import type { AlterTableCmd, AlterTableType, Constraint } from "@pgsql/types";
import type { NodeBody } from "../../../protocol/sql/tree.ts";
import type { RefusedConstruct } from "./constructs.ts";
import { refusedConstraints } from "./key-rules.ts";
import { allLabels, type LabelledRelation, namedLabels, type Touched } from "./touched.ts";

/** Why a sub-command is refused, or null. `altered`: what of the altered relation is labelled; empty for others. */
type Check = (command: AlterTableCmd, altered: readonly LabelledRelation[]) => RefusedConstruct | null;

const ASK = "Ask somebody who may see the label.";
const passes: Check = () => null;

function labelsOf(command: AlterTableCmd, altered: readonly LabelledRelation[]): string[] {
  const { name } = command;
  return name === undefined
    ? []
    : allLabels(
        altered.map((one) => ({
          ...one,
          columns: new Map([...one.columns].filter(([column]) => column === name)),
        })),
      );
}

function refuse(construct: string, labels: readonly string[], hint = ASK): RefusedConstruct | null {
  return labels.length === 0 ? null : { construct, labels, hint };
}

/** Expressions in it are computed over stored values, and keep or tell what they give. */
const overOthers: Check = ({ def }, altered) =>
  refuse("an expression over labelled columns in a table's definition", namedLabels(altered, def));

const newType: Check = (command, altered) =>
  refuse("a new type for a labelled column, to which stored values are cast", labelsOf(command, altered)) ??
  overOthers(command, altered);

/** A foreign key names the columns of the other table too, which are judged with that. */
const newConstraint: Check = ({ def }, altered) => {
  const constraint: Constraint = def !== undefined && "Constraint" in def ? def.Constraint : {};
  if (constraint.contype === "CONSTR_NOTNULL") return null;
  const part = constraint.contype === "CONSTR_FOREIGN" ? constraint.fk_attrs : def;
  return refuse(
    "a constraint on labelled columns, which is tried on stored values",
    namedLabels(altered, part),
    "Ask somebody who may see the label; constraints on other columns pass.",
  );
};

/** What a child, or a column that was computed, holds stays where it is, and no label fits it any more. */
const dropped: Check = (command, altered) => {
  const inherited = altered.filter(({ relation }) => relation === null || relation.children.length > 0);
  return refuse("dropping a labelled column that other relations inherit", labelsOf(command, inherited));
};

/** Sub-commands that may be used on a relation with labelled columns; others are refused. */
const CHECKS: Partial<Record<AlterTableType, Check>> = {
  AT_AddColumn: overOthers,
  AT_AddColumnToView: passes,
  AT_ColumnDefault: passes,
  AT_DropNotNull: passes,
  AT_SetNotNull: passes,
  AT_SetExpression: overOthers,
  AT_DropExpression: (command, altered) =>
    refuse(
      "making stored values of a column that was computed from labelled ones",
      labelsOf(command, altered),
    ),
  AT_SetStatistics: passes,
  AT_SetOptions: passes,
  AT_ResetOptions: passes,
  AT_SetStorage: passes,
  AT_SetCompression: passes,
  AT_DropColumn: dropped,
  AT_AddConstraint: newConstraint,
  AT_AlterConstraint: passes,
  AT_ValidateConstraint: passes,
  AT_DropConstraint: passes,
  AT_AlterColumnType: newType,
  AT_ChangeOwner: passes,
  AT_DropCluster: passes,
  AT_SetLogged: passes,
  AT_SetUnLogged: passes,
  AT_SetAccessMethod: passes,
  AT_SetTableSpace: passes,
  AT_SetRelOptions: passes,
  AT_ResetRelOptions: passes,
  AT_EnableTrig: passes,
  AT_EnableTrigAll: passes,
  AT_EnableTrigUser: passes,
  AT_DisableTrig: passes,
  AT_DisableTrigAll: passes,
  AT_DisableTrigUser: passes,
  AT_EnableRowSecurity: passes,
  AT_DisableRowSecurity: passes,
  AT_ForceRowSecurity: passes,
  AT_NoForceRowSecurity: passes,
  AT_ReplicaIdentity: passes,
  AT_AddIdentity: passes,
  AT_SetIdentity: passes,
  AT_DropIdentity: passes,
};

/** They say what is fetched from elsewhere: the rows of another table would come under this name. */
const FOREIGN: ReadonlySet<AlterTableType> = new Set<AlterTableType>([
  "AT_GenericOptions",
  "AT_AlterColumnGenericOptions",
]);
/** Both relations count: what is labelled in one would be read or kept under the name of the other. */
const FAMILY: ReadonlySet<AlterTableType> = new Set<AlterTableType>([
  "AT_AddInherit",
  "AT_DropInherit",
  "AT_AttachPartition",
  "AT_DetachPartition",
  "AT_DetachPartitionFinalize",
]);

export function refusedAlterTable(
  touched: Touched,
  { relation, cmds }: NodeBody<"AlterTableStmt">,
): RefusedConstruct | null {
  const altered = touched.of(relation);
  for (const node of cmds ?? []) {
    const refused = "AlterTableCmd" in node ? refusedCommand(touched, node.AlterTableCmd, altered) : null;
    if (refused !== null) return refused;
  }
  return null;
}

function refusedCommand(
  touched: Touched,
  command: AlterTableCmd,
  altered: readonly LabelledRelation[],
): RefusedConstruct | null {
  const { subtype, def } = command;
  if (subtype !== undefined && FOREIGN.has(subtype)) {
    return { construct: "other options of a foreign table", labels: [], hint: ASK };
  }
  if (subtype !== undefined && FAMILY.has(subtype)) {
    return refuse("partitions or inheritance of a relation with labelled columns", touched.labels);
  }
  const reference = def === undefined ? null : refusedConstraints(touched, def);
  if (reference !== null || altered.length === 0) return reference;
  const check = subtype === undefined ? undefined : CHECKS[subtype];
  if (check !== undefined) return check(command, altered);
  return refuse(
    "a change of a relation with labelled columns that is not known to be harmless",
    allLabels(altered),
  );
}
