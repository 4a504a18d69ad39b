import type { Effect, StatementAction } from "./facts.ts";
import { ROLE_SETTINGS, type SettingChange, settingChanges, transactionModes } from "./settings.ts";
import { alterTableActions } from "./statements/alter-table.ts";
import { copyActions, copyEffects } from "./statements/copy.ts";
import {
  functionActions,
  functionEffects,
  functionOpaque,
  lendsRights,
} from "./statements/create-function.ts";
import { mergeActions } from "./statements/merge.ts";
import { onObject } from "./statements/object-actions.ts";
import { objectTag } from "./statements/object-tag.ts";
import { isOn, option } from "./statements/option.ts";
import type { StatementRow } from "./statements/row.ts";
import { TRANSACTION_TAGS, transactionSession } from "./statements/transaction.ts";
import type { NodeBody, NodeType, TreeObject } from "./tree.ts";

/** Every statement of the grammar, and the nodes that are named like one. */
export type StatementType = Extract<NodeType, `${string}Stmt`>;

const OUTWARD: readonly Effect[] = ["connect-out"];
const CREATE_ADMINISTER: readonly StatementAction[] = ["postgres:administer", "postgres:create"];
const ALTER_ADMINISTER: readonly StatementAction[] = ["postgres:administer", "postgres:alter"];
const DROP_ADMINISTER: readonly StatementAction[] = ["postgres:administer", "postgres:drop"];
const NOT_A_STATEMENT = {
  tag: "?",
  actions: ["postgres:administer"],
  opaque: ["it is no statement of its own"],
} as const satisfies StatementRow<unknown>;

/** Whether an EXPLAIN runs its statement. Where an option is repeated, any that is on counts. */
export function analyzes(statement: NodeBody<"ExplainStmt">): boolean {
  return (statement.options ?? []).some(
    (node) => "DefElem" in node && node.DefElem.defname === "analyze" && isOn(node.DefElem),
  );
}

function roleOrSet(changes: readonly SettingChange[]): StatementAction[] {
  return [changes.some((change) => ROLE_SETTINGS.has(change.name)) ? "postgres:assume-role" : "postgres:set"];
}

function otherSettings(setstmt: NodeBody<"VariableSetStmt"> | undefined) {
  return { changes: setstmt === undefined ? [] : settingChanges(setstmt), ofSession: false };
}

const ALL_RESET: SettingChange = { name: "*", kind: "reset", value: null };

/** One row for each statement of PostgreSQL 18's grammar; the compiler finds a missing one. */
export const STATEMENTS: { readonly [T in StatementType]: StatementRow<NodeBody<T>> } = {
  // Rows
  SelectStmt: {
    tag: (s) => (s.intoClause === undefined ? "SELECT" : "SELECT INTO"),
    actions: ["postgres:select"],
    runs: true,
    explainable: true,
  },
  InsertStmt: {
    tag: "INSERT",
    actions: (s) =>
      s.onConflictClause?.action === "ONCONFLICT_UPDATE"
        ? ["postgres:insert", "postgres:update"]
        : ["postgres:insert"],
    runs: true,
    explainable: true,
  },
  UpdateStmt: { tag: "UPDATE", actions: ["postgres:update"], runs: true, explainable: true },
  DeleteStmt: { tag: "DELETE", actions: ["postgres:delete"], runs: true, explainable: true },
  MergeStmt: { tag: "MERGE", actions: mergeActions, runs: true, explainable: true },
  CopyStmt: {
    tag: "COPY",
    actions: copyActions,
    effects: copyEffects,
    session: (s) =>
      s.filename !== undefined || s.is_program ? [] : [{ kind: s.is_from ? "copy-in" : "copy-out" }],
    runs: true,
    inner: (s) => s.query,
  },
  TruncateStmt: { tag: "TRUNCATE TABLE", actions: ["postgres:truncate"] },
  DeclareCursorStmt: {
    tag: "DECLARE CURSOR",
    actions: ["postgres:select"],
    runs: true,
    inner: (s) => s.query,
    explainable: true,
  },
  // What a cursor does as it is read can be as much as its query does: a set_config moves the search_path then.
  FetchStmt: {
    tag: (s) => (s.ismove ? "MOVE" : "FETCH"),
    actions: ["postgres:select"],
    session: [{ kind: "settings" }],
  },
  ClosePortalStmt: { tag: "CLOSE CURSOR", actions: ["postgres:select"] },
  PrepareStmt: { tag: "PREPARE", actions: [], runs: true, inner: (s) => s.query },
  ExecuteStmt: {
    tag: "EXECUTE",
    actions: ["postgres:select"],
    session: (s) => [{ kind: "execute", name: s.name ?? "" }],
    runs: true,
    explainable: true,
  },
  DeallocateStmt: {
    tag: (s) => (s.isall ? "DEALLOCATE ALL" : "DEALLOCATE"),
    actions: ["postgres:set"],
    session: (s) => [{ kind: "deallocate", name: s.isall ? null : (s.name ?? "") }],
  },
  ExplainStmt: {
    tag: "EXPLAIN",
    actions: ["postgres:explain"],
    runs: true,
    inner: (s) => s.query,
  },
  CallStmt: { tag: "CALL", actions: ["postgres:call"], runs: true },
  DoStmt: {
    tag: "DO",
    actions: ["postgres:do"],
    effects: ["dynamic-sql"],
    opaque: ["DO runs code that is not looked into"],
  },

  // The session
  VariableSetStmt: {
    tag: (s) => (s.kind === "VAR_RESET" || s.kind === "VAR_RESET_ALL" ? "RESET" : "SET"),
    actions: (s) => roleOrSet(settingChanges(s)),
    effects: ["change-setting"],
    settings: (s) => ({ changes: settingChanges(s), ofSession: true }),
  },
  VariableShowStmt: { tag: "SHOW", actions: ["postgres:show"] },
  DiscardStmt: {
    tag: (s) => `DISCARD ${(s.target ?? "DISCARD_ALL").slice("DISCARD_".length)}`,
    actions: ["postgres:set"],
    effects: (s) => (s.target === "DISCARD_ALL" ? ["change-setting"] : []),
    session: (s) => {
      // Its temporary tables go, too.
      if (s.target === "DISCARD_ALL") {
        return [{ kind: "settings" }, { kind: "catalog" }, { kind: "deallocate", name: null }];
      }
      return s.target === "DISCARD_TEMP" ? [{ kind: "settings" }, { kind: "catalog" }] : [];
    },
    settings: (s) => ({ changes: s.target === "DISCARD_ALL" ? [ALL_RESET] : [], ofSession: true }),
  },
  TransactionStmt: {
    tag: (s) => TRANSACTION_TAGS[s.kind ?? ""] ?? "?",
    actions: (s) => (/PREPARE/.test(s.kind ?? "") ? ["postgres:two-phase"] : ["postgres:transaction"]),
    session: transactionSession,
    effects: (s) => (transactionModes(s.options ?? []).length > 0 ? ["change-setting"] : []),
    settings: (s) => ({
      changes: transactionModes(s.options ?? []).map((name) => ({ name, kind: "value", value: null })),
      ofSession: true,
    }),
  },
  ConstraintsSetStmt: { tag: "SET CONSTRAINTS", actions: ["postgres:transaction"] },
  LockStmt: { tag: "LOCK TABLE", actions: ["postgres:lock"], effects: ["lock"] },
  NotifyStmt: { tag: "NOTIFY", actions: ["postgres:notify"], effects: ["notify"] },
  ListenStmt: { tag: "LISTEN", actions: ["postgres:notify"], effects: ["notify"] },
  UnlistenStmt: { tag: "UNLISTEN", actions: ["postgres:notify"], effects: ["notify"] },
  LoadStmt: { tag: "LOAD", actions: ["postgres:administer"], effects: ["run-program"] },

  // Upkeep
  VacuumStmt: {
    tag: (s) => (s.is_vacuumcmd ? "VACUUM" : "ANALYZE"),
    actions: ["postgres:maintain"],
    effects: (s) => (isOn(option(s.options, "full")) ? ["lock"] : []),
  },
  ReindexStmt: {
    tag: "REINDEX",
    actions: ["postgres:maintain"],
    effects: (s) => (isOn(option(s.params, "concurrently")) ? [] : ["lock"]),
  },
  ClusterStmt: { tag: "CLUSTER", actions: ["postgres:maintain"], effects: ["lock"] },
  RefreshMatViewStmt: {
    tag: "REFRESH MATERIALIZED VIEW",
    actions: ["postgres:maintain"],
    effects: (s) => (s.concurrent ? [] : ["lock"]),
  },
  CheckPointStmt: { tag: "CHECKPOINT", actions: ["postgres:maintain"], effects: ["control-server"] },

  // Tables and what hangs on them
  CreateStmt: { tag: "CREATE TABLE", actions: ["postgres:create"] },
  CreateTableAsStmt: {
    tag: (s) =>
      s.objtype === "OBJECT_MATVIEW"
        ? "CREATE MATERIALIZED VIEW"
        : s.is_select_into
          ? "SELECT INTO"
          : "CREATE TABLE AS",
    actions: ["postgres:create"],
    runs: true,
    inner: (s) => s.query,
    explainable: true,
  },
  ViewStmt: { tag: "CREATE VIEW", actions: ["postgres:create"] },
  AlterTableStmt: {
    tag: (s) => `ALTER ${objectTag(s.objtype)}`,
    actions: (s) => alterTableActions(s.cmds, onObject("postgres:alter", s.objtype)),
    effects: (s) => (s.objtype === "OBJECT_FOREIGN_TABLE" ? OUTWARD : []),
  },
  AlterTableMoveAllStmt: { tag: (s) => `ALTER ${objectTag(s.objtype)}`, actions: ALTER_ADMINISTER },
  IndexStmt: { tag: "CREATE INDEX", actions: ["postgres:create"] },
  CreateSeqStmt: { tag: "CREATE SEQUENCE", actions: ["postgres:create"] },
  AlterSeqStmt: { tag: "ALTER SEQUENCE", actions: ["postgres:alter"], effects: ["sequence"] },
  CreateStatsStmt: { tag: "CREATE STATISTICS", actions: ["postgres:create"] },
  AlterStatsStmt: { tag: "ALTER STATISTICS", actions: ["postgres:alter"] },
  // They change what later writes to the table do.
  CreateTrigStmt: { tag: "CREATE TRIGGER", actions: ["postgres:alter", "postgres:create"] },
  RuleStmt: { tag: "CREATE RULE", actions: ["postgres:alter", "postgres:create"] },
  CreatePolicyStmt: { tag: "CREATE POLICY", actions: ["postgres:create", "postgres:grant"] },
  AlterPolicyStmt: { tag: "ALTER POLICY", actions: ["postgres:alter", "postgres:grant"] },

  // Other objects
  CreateSchemaStmt: {
    tag: "CREATE SCHEMA",
    actions: (s) => (s.authrole === undefined ? ["postgres:create"] : ["postgres:create", "postgres:grant"]),
  },
  CreateDomainStmt: { tag: "CREATE DOMAIN", actions: ["postgres:create"] },
  AlterDomainStmt: { tag: "ALTER DOMAIN", actions: ["postgres:alter"] },
  CompositeTypeStmt: { tag: "CREATE TYPE", actions: ["postgres:create"] },
  CreateEnumStmt: { tag: "CREATE TYPE", actions: ["postgres:create"] },
  CreateRangeStmt: { tag: "CREATE TYPE", actions: ["postgres:create"] },
  AlterEnumStmt: { tag: "ALTER TYPE", actions: ["postgres:alter"] },
  AlterTypeStmt: { tag: "ALTER TYPE", actions: ["postgres:alter"] },
  AlterCollationStmt: { tag: "ALTER COLLATION", actions: ["postgres:alter"] },
  DefineStmt: { tag: (s) => `CREATE ${objectTag(s.kind)}`, actions: ["postgres:create"] },
  CreateFunctionStmt: {
    tag: (s) => (s.is_procedure ? "CREATE PROCEDURE" : "CREATE FUNCTION"),
    actions: functionActions,
    effects: functionEffects,
    opaque: functionOpaque,
  },
  AlterFunctionStmt: {
    tag: (s) => `ALTER ${objectTag(s.objtype)}`,
    actions: (s) => (lendsRights(s.actions) ? ["postgres:alter", "postgres:grant"] : ["postgres:alter"]),
  },
  CreateCastStmt: { tag: "CREATE CAST", actions: ["postgres:create"] },
  CreateConversionStmt: { tag: "CREATE CONVERSION", actions: ["postgres:create"] },
  CreateTransformStmt: { tag: "CREATE TRANSFORM", actions: ["postgres:create"] },
  CreateOpClassStmt: { tag: "CREATE OPERATOR CLASS", actions: ["postgres:create"] },
  CreateOpFamilyStmt: { tag: "CREATE OPERATOR FAMILY", actions: ["postgres:create"] },
  AlterOpFamilyStmt: { tag: "ALTER OPERATOR FAMILY", actions: ["postgres:alter"] },
  AlterOperatorStmt: { tag: "ALTER OPERATOR", actions: ["postgres:alter"] },
  AlterTSDictionaryStmt: { tag: "ALTER TEXT SEARCH DICTIONARY", actions: ["postgres:alter"] },
  AlterTSConfigurationStmt: { tag: "ALTER TEXT SEARCH CONFIGURATION", actions: ["postgres:alter"] },
  CommentStmt: { tag: "COMMENT", actions: ["postgres:alter"] },
  RenameStmt: {
    tag: (s) => `ALTER ${objectTag(s.renameType === "OBJECT_COLUMN" ? s.relationType : s.renameType)}`,
    actions: (s) => onObject("postgres:alter", s.renameType),
  },
  AlterObjectDependsStmt: { tag: (s) => `ALTER ${objectTag(s.objectType)}`, actions: ["postgres:alter"] },
  AlterObjectSchemaStmt: {
    tag: (s) => `ALTER ${objectTag(s.objectType)}`,
    actions: (s) => onObject("postgres:alter", s.objectType),
  },
  DropStmt: {
    tag: (s) => `DROP ${objectTag(s.removeType)}`,
    actions: (s) => onObject("postgres:drop", s.removeType),
  },

  // Rights
  GrantStmt: { tag: (s) => (s.is_grant ? "GRANT" : "REVOKE"), actions: ["postgres:grant"] },
  GrantRoleStmt: { tag: (s) => (s.is_grant ? "GRANT ROLE" : "REVOKE ROLE"), actions: ["postgres:grant"] },
  AlterDefaultPrivilegesStmt: { tag: "ALTER DEFAULT PRIVILEGES", actions: ["postgres:grant"] },
  AlterOwnerStmt: {
    tag: (s) => `ALTER ${objectTag(s.objectType)}`,
    actions: (s) => [...onObject("postgres:alter", s.objectType), "postgres:grant"],
  },
  ReassignOwnedStmt: { tag: "REASSIGN OWNED", actions: ["postgres:grant"] },
  DropOwnedStmt: { tag: "DROP OWNED", actions: ["postgres:drop", "postgres:grant"] },
  CreateRoleStmt: { tag: "CREATE ROLE", actions: ["postgres:create", "postgres:grant"] },
  AlterRoleStmt: { tag: "ALTER ROLE", actions: ["postgres:alter", "postgres:grant"] },
  DropRoleStmt: { tag: "DROP ROLE", actions: ["postgres:drop", "postgres:grant"] },
  SecLabelStmt: { tag: "SECURITY LABEL", actions: ["postgres:alter", "postgres:grant"] },

  // The server and the world around it
  AlterRoleSetStmt: {
    tag: "ALTER ROLE",
    actions: ALTER_ADMINISTER,
    settings: (s) => otherSettings(s.setstmt),
  },
  AlterDatabaseSetStmt: {
    tag: "ALTER DATABASE",
    actions: ALTER_ADMINISTER,
    settings: (s) => otherSettings(s.setstmt),
  },
  AlterSystemStmt: {
    tag: "ALTER SYSTEM",
    actions: ["postgres:administer"],
    effects: ["control-server", "write-file"],
    settings: (s) => otherSettings(s.setstmt),
  },
  CreatedbStmt: { tag: "CREATE DATABASE", actions: CREATE_ADMINISTER, effects: ["control-server"] },
  AlterDatabaseStmt: { tag: "ALTER DATABASE", actions: ALTER_ADMINISTER, effects: ["control-server"] },
  AlterDatabaseRefreshCollStmt: { tag: "ALTER DATABASE", actions: ALTER_ADMINISTER },
  DropdbStmt: {
    tag: "DROP DATABASE",
    actions: DROP_ADMINISTER,
    effects: (s) =>
      option(s.options, "force") === undefined ? ["control-server"] : ["control-server", "signal-backend"],
  },
  CreateTableSpaceStmt: {
    tag: "CREATE TABLESPACE",
    actions: CREATE_ADMINISTER,
    effects: ["control-server", "write-file"],
  },
  AlterTableSpaceOptionsStmt: {
    tag: "ALTER TABLESPACE",
    actions: ALTER_ADMINISTER,
    effects: ["control-server"],
  },
  DropTableSpaceStmt: { tag: "DROP TABLESPACE", actions: DROP_ADMINISTER, effects: ["control-server"] },
  CreateExtensionStmt: {
    tag: "CREATE EXTENSION",
    actions: CREATE_ADMINISTER,
    effects: ["run-program"],
    opaque: ["the extension's script is not looked into"],
  },
  AlterExtensionStmt: {
    tag: "ALTER EXTENSION",
    actions: ALTER_ADMINISTER,
    effects: ["run-program"],
    opaque: ["the extension's script is not looked into"],
  },
  AlterExtensionContentsStmt: { tag: "ALTER EXTENSION", actions: ALTER_ADMINISTER },
  CreatePLangStmt: { tag: "CREATE LANGUAGE", actions: CREATE_ADMINISTER, effects: ["run-program"] },
  CreateAmStmt: { tag: "CREATE ACCESS METHOD", actions: CREATE_ADMINISTER, effects: ["run-program"] },
  CreateEventTrigStmt: { tag: "CREATE EVENT TRIGGER", actions: CREATE_ADMINISTER },
  AlterEventTrigStmt: { tag: "ALTER EVENT TRIGGER", actions: ALTER_ADMINISTER },
  CreateFdwStmt: { tag: "CREATE FOREIGN DATA WRAPPER", actions: CREATE_ADMINISTER, effects: OUTWARD },
  AlterFdwStmt: { tag: "ALTER FOREIGN DATA WRAPPER", actions: ALTER_ADMINISTER, effects: OUTWARD },
  CreateForeignServerStmt: { tag: "CREATE SERVER", actions: CREATE_ADMINISTER, effects: OUTWARD },
  AlterForeignServerStmt: { tag: "ALTER SERVER", actions: ALTER_ADMINISTER, effects: OUTWARD },
  CreateForeignTableStmt: { tag: "CREATE FOREIGN TABLE", actions: CREATE_ADMINISTER, effects: OUTWARD },
  ImportForeignSchemaStmt: {
    tag: "IMPORT FOREIGN SCHEMA",
    actions: CREATE_ADMINISTER,
    effects: OUTWARD,
    opaque: ["the other server says which tables are made"],
  },
  CreateUserMappingStmt: { tag: "CREATE USER MAPPING", actions: CREATE_ADMINISTER, effects: OUTWARD },
  AlterUserMappingStmt: { tag: "ALTER USER MAPPING", actions: ALTER_ADMINISTER, effects: OUTWARD },
  DropUserMappingStmt: { tag: "DROP USER MAPPING", actions: DROP_ADMINISTER },
  CreatePublicationStmt: {
    tag: "CREATE PUBLICATION",
    actions: CREATE_ADMINISTER,
    effects: ["control-server"],
  },
  AlterPublicationStmt: { tag: "ALTER PUBLICATION", actions: ALTER_ADMINISTER, effects: ["control-server"] },
  CreateSubscriptionStmt: {
    tag: "CREATE SUBSCRIPTION",
    actions: CREATE_ADMINISTER,
    effects: ["connect-out", "control-server"],
  },
  AlterSubscriptionStmt: {
    tag: "ALTER SUBSCRIPTION",
    actions: ALTER_ADMINISTER,
    effects: ["connect-out", "control-server"],
  },
  DropSubscriptionStmt: {
    tag: "DROP SUBSCRIPTION",
    actions: DROP_ADMINISTER,
    effects: ["connect-out", "control-server"],
  },

  // Parts of others
  RawStmt: NOT_A_STATEMENT,
  SetOperationStmt: NOT_A_STATEMENT,
  ReturnStmt: { tag: "RETURN", actions: [] },
  PLAssignStmt: NOT_A_STATEMENT,
  ReplicaIdentityStmt: { tag: "ALTER TABLE", actions: ["postgres:alter"] },
};

/** The row of a node, or null for what is no statement of the grammar. */
export function statementRow(type: string): StatementRow<TreeObject> | null {
  if (!Object.hasOwn(STATEMENTS, type)) return null;
  return STATEMENTS[type as StatementType] as unknown as StatementRow<TreeObject>;
}
