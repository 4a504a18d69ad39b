import type { Node, ObjectType } from "@pgsql/types";
import { option } from "../../../protocol/sql/statements/option.ts";
import type { StatementType } from "../../../protocol/sql/statements.ts";
import { type NodeBody, type NodeType, nodeOf, type TreeObject } from "../../../protocol/sql/tree.ts";
import { refusedAlterTable } from "./alter-table-rules.ts";
import type { RefusedConstruct } from "./constructs.ts";
import { refusedConstraints } from "./key-rules.ts";
import { allLabels, namedLabels, type Touched } from "./touched.ts";

/**
 * `rewritten`: the masks are put into it. `passed`: nothing of it shows or moves a labelled value, whatever it names.
 * A refusal holds whatever the statement touches.
 */
export type ConstructRule<Body> =
  | "rewritten"
  | "passed"
  | RefusedConstruct
  | ((touched: Touched, body: Body) => RefusedConstruct | null);

const ASK = "Ask somebody who may see all labels.";

/** What others run later, or what changes what a later statement reads, without the masks of this session. */
function code(construct: string): RefusedConstruct {
  return { construct: `${construct}, which others would run without masks`, labels: [], hint: ASK };
}

function always(construct: string, hint = ASK): RefusedConstruct {
  return { construct, labels: [], hint };
}

const NOT_A_STATEMENT = always("what is no statement of its own");

/** A definition that reads labelled columns each time it is used. */
function overLabelled(construct: string) {
  return (touched: Touched): RefusedConstruct | null => {
    const labels = touched.readLabels;
    if (labels.length === 0) return null;
    return {
      construct: `${construct} over labelled columns`,
      labels,
      hint: "Leave out the labelled columns, or make a table of the masked values by CREATE TABLE … AS.",
    };
  };
}

/** Types of objects that are or hold code. A function may be trusted by its name. */
const CODE_OBJECTS: ReadonlySet<ObjectType> = new Set<ObjectType>([
  "OBJECT_AGGREGATE",
  "OBJECT_CAST",
  "OBJECT_CONVERSION",
  "OBJECT_EVENT_TRIGGER",
  "OBJECT_EXTENSION",
  "OBJECT_FDW",
  "OBJECT_FOREIGN_SERVER",
  "OBJECT_FUNCTION",
  "OBJECT_LANGUAGE",
  "OBJECT_OPCLASS",
  "OBJECT_OPERATOR",
  "OBJECT_OPFAMILY",
  "OBJECT_PROCEDURE",
  "OBJECT_ROUTINE",
]);
/** Those under which all labelled columns have their names. */
const CONTAINERS: ReadonlySet<ObjectType> = new Set<ObjectType>(["OBJECT_DATABASE", "OBJECT_SCHEMA"]);
/** Of a relation's parts, those whose names no label has. */
const PARTS: ReadonlySet<ObjectType> = new Set<ObjectType>([
  "OBJECT_POLICY",
  "OBJECT_RULE",
  "OBJECT_TABCONSTRAINT",
  "OBJECT_TRIGGER",
]);

/** It might be declared to hold nothing labelled under its new name, whatever it reads. */
const RENAMED_VIEW = "another name for a view";

function renamed(touched: Touched, statement: NodeBody<"RenameStmt">): RefusedConstruct | null {
  const { renameType, relation, subname } = statement;
  if (renameType === undefined || CONTAINERS.has(renameType))
    return lostName("the renaming of a schema or database");
  if (CODE_OBJECTS.has(renameType)) return code("the renaming of code");
  if (PARTS.has(renameType)) return null;
  if (touched.isView(relation)) return lostName(RENAMED_VIEW);
  const relations = touched.of(relation);
  const labels =
    renameType === "OBJECT_COLUMN"
      ? allLabels(
          relations.map((one) => ({
            ...one,
            columns: new Map([...one.columns].filter(([column]) => column === subname)),
          })),
        )
      : allLabels(relations);
  if (labels.length === 0) return null;
  return lostName(
    renameType === "OBJECT_COLUMN"
      ? "the renaming of a labelled column"
      : "the renaming of a relation with labelled columns",
    labels,
  );
}

function lostName(construct: string, labels: readonly string[] = []): RefusedConstruct {
  return {
    construct: `${construct}, after which its label may no longer fit`,
    labels,
    hint: "Labels go by names: change the target's settings and the name together.",
  };
}

function moved(
  touched: Touched,
  { objectType, relation }: NodeBody<"AlterObjectSchemaStmt">,
): RefusedConstruct | null {
  if (objectType === undefined || CODE_OBJECTS.has(objectType)) return code("the moving of code");
  if (touched.isView(relation)) return lostName(RENAMED_VIEW);
  const labels = allLabels(touched.of(relation));
  if (labels.length === 0) return null;
  return lostName("the moving of a relation with labelled columns", labels);
}

function created(touched: Touched, statement: NodeBody<"CreateStmt">): RefusedConstruct | null {
  const parents = (statement.inhRelations ?? []).flatMap((node) =>
    "RangeVar" in node ? touched.of(node.RangeVar) : [],
  );
  if (parents.length > 0) {
    return {
      construct:
        "a child or partition of a relation with labelled columns, which would hold their values under its own name",
      labels: allLabels(parents),
      hint: ASK,
    };
  }
  return refusedConstraints(touched, [...(statement.tableElts ?? []), ...(statement.constraints ?? [])]);
}

/**
 * Rows come in the order of an index that has all that is asked for, and expressions and conditions are computed over
 * the stored values, where they can fail or count.
 */
function indexed(touched: Touched, statement: NodeBody<"IndexStmt">): RefusedConstruct | null {
  const { relation, indexParams = [], indexIncludingParams = [], whereClause } = statement;
  const parts = [...indexParams, ...indexIncludingParams];
  const labels = namedLabels(
    touched.of(relation),
    whereClause === undefined ? parts : [...parts, whereClause],
  );
  if (labels.length === 0) return null;
  return {
    construct: "an index over labelled columns, which tells of their order",
    labels,
    hint: "Ask somebody who may see the label; indexes over other columns pass.",
  };
}

/** The stored order of the rows becomes that of an index, of which nobody here knows the columns. */
function clustered(touched: Touched): RefusedConstruct | null {
  if (touched.labels.length === 0) return null;
  return {
    construct: "CLUSTER of a relation with labelled columns, which may put its rows into their order",
    labels: touched.labels,
    hint: "VACUUM FULL packs the rows as well, and keeps their order.",
  };
}

const RANGE_OPTIONS: ReadonlySet<string> = new Set(["subtype", "collation", "multirange_type_name"]);

function rangeType(_: Touched, { params }: NodeBody<"CreateRangeStmt">): RefusedConstruct | null {
  const plain = (params ?? []).every(
    (node) => "DefElem" in node && RANGE_OPTIONS.has(node.DefElem.defname ?? ""),
  );
  return plain ? null : code("a range type with functions or operators of its own");
}

function defined(_: Touched, { kind }: NodeBody<"DefineStmt">): RefusedConstruct | null {
  return kind === "OBJECT_COLLATION" || kind === "OBJECT_TSCONFIGURATION"
    ? null
    : code("a definition of an aggregate, operator, type or text search object");
}

/** Checks of a domain are tried on all stored values of it. */
function domain(_: Touched, { subtype }: NodeBody<"AlterDomainStmt">): RefusedConstruct | null {
  return subtype === "C" || subtype === "V"
    ? always("a check of a domain, which is tried on stored values")
    : null;
}

function database(_: Touched, { options }: NodeBody<"CreatedbStmt">): RefusedConstruct | null {
  const template = option(options, "template")?.arg;
  if (template === undefined) return null;
  const name = "String" in template ? template.String.sval : undefined;
  return name === "template0" || name === "template1"
    ? null
    : always("a copy of a database, in which these labels don't hold");
}

function copied(_: Touched, { filename, is_program }: NodeBody<"CopyStmt">): RefusedConstruct | null {
  return filename === undefined && is_program !== true
    ? null
    : always("COPY with a file or program of the server", "Use STDIN or STDOUT.");
}

/** One row for each statement of PostgreSQL 18's grammar; the compiler finds a missing one. */
export const CONSTRUCTS: { readonly [T in StatementType]: ConstructRule<NodeBody<T>> } = {
  // Rows
  SelectStmt: "rewritten",
  InsertStmt: "rewritten",
  UpdateStmt: "rewritten",
  DeleteStmt: "rewritten",
  MergeStmt: "rewritten",
  CopyStmt: copied,
  TruncateStmt: "passed",
  DeclareCursorStmt: "rewritten",
  // Its query was rewritten when it was declared or prepared.
  FetchStmt: "passed",
  ClosePortalStmt: "passed",
  PrepareStmt: "rewritten",
  ExecuteStmt: "rewritten",
  DeallocateStmt: "passed",
  ExplainStmt: "rewritten",
  // Of users' own, only trusted procedures come here.
  CallStmt: "passed",
  DoStmt: always("DO, whose code is not looked into", "Send its statements one by one."),

  // The session
  VariableSetStmt: "passed",
  VariableShowStmt: "passed",
  DiscardStmt: "passed",
  TransactionStmt: "passed",
  ConstraintsSetStmt: "passed",
  LockStmt: "passed",
  NotifyStmt: "passed",
  ListenStmt: always(
    "LISTEN: what others send may hold any value",
    "Read the tables themselves, again and again.",
  ),
  UnlistenStmt: "passed",
  LoadStmt: code("a library"),

  // Upkeep
  VacuumStmt: "passed",
  ReindexStmt: "passed",
  ClusterStmt: clustered,
  RefreshMatViewStmt: "passed",
  CheckPointStmt: "passed",

  // Tables and what hangs on them
  CreateStmt: created,
  CreateTableAsStmt: (touched, statement) =>
    statement.objtype === "OBJECT_MATVIEW" ? overLabelled("a materialized view")(touched) : null,
  ViewStmt: overLabelled("a view"),
  AlterTableStmt: refusedAlterTable,
  AlterTableMoveAllStmt: "passed",
  IndexStmt: indexed,
  CreateSeqStmt: "passed",
  AlterSeqStmt: "passed",
  CreateStatsStmt: overLabelled("statistics"),
  AlterStatsStmt: "passed",
  CreateTrigStmt: code("a trigger"),
  RuleStmt: code("a rule"),
  CreatePolicyStmt: code("a policy"),
  AlterPolicyStmt: code("a policy"),

  // Other objects
  CreateSchemaStmt: "passed",
  CreateDomainStmt: "passed",
  AlterDomainStmt: domain,
  CompositeTypeStmt: "passed",
  CreateEnumStmt: "passed",
  CreateRangeStmt: rangeType,
  AlterEnumStmt: "passed",
  AlterTypeStmt: code("a type's own functions"),
  AlterCollationStmt: "passed",
  DefineStmt: defined,
  CreateFunctionStmt: code("a function or procedure"),
  AlterFunctionStmt: code("a changed function or procedure"),
  CreateCastStmt: code("a cast"),
  CreateConversionStmt: code("a conversion"),
  CreateTransformStmt: code("a transform"),
  CreateOpClassStmt: code("an operator class"),
  CreateOpFamilyStmt: code("an operator family"),
  AlterOpFamilyStmt: code("an operator family"),
  AlterOperatorStmt: code("an operator"),
  AlterTSDictionaryStmt: code("a text search dictionary"),
  AlterTSConfigurationStmt: "passed",
  CommentStmt: "passed",
  RenameStmt: renamed,
  AlterObjectDependsStmt: "passed",
  AlterObjectSchemaStmt: moved,
  DropStmt: "passed",

  // Rights
  GrantStmt: "passed",
  GrantRoleStmt: "passed",
  AlterDefaultPrivilegesStmt: "passed",
  AlterOwnerStmt: "passed",
  ReassignOwnedStmt: "passed",
  DropOwnedStmt: "passed",
  CreateRoleStmt: "passed",
  AlterRoleStmt: "passed",
  DropRoleStmt: "passed",
  SecLabelStmt: "passed",

  // The server and the world around it
  AlterRoleSetStmt: "passed",
  AlterDatabaseSetStmt: "passed",
  AlterSystemStmt: always("ALTER SYSTEM, which changes the server for all"),
  CreatedbStmt: database,
  AlterDatabaseStmt: "passed",
  AlterDatabaseRefreshCollStmt: "passed",
  DropdbStmt: "passed",
  CreateTableSpaceStmt: "passed",
  AlterTableSpaceOptionsStmt: "passed",
  DropTableSpaceStmt: "passed",
  CreateExtensionStmt: code("an extension"),
  AlterExtensionStmt: code("an extension"),
  AlterExtensionContentsStmt: code("an extension"),
  CreatePLangStmt: code("a language"),
  CreateAmStmt: code("an access method"),
  CreateEventTrigStmt: code("an event trigger"),
  AlterEventTrigStmt: code("an event trigger"),
  CreateFdwStmt: always("a foreign data wrapper"),
  AlterFdwStmt: always("a foreign data wrapper"),
  CreateForeignServerStmt: always("a foreign server"),
  AlterForeignServerStmt: always("a foreign server"),
  CreateForeignTableStmt: always("a foreign table, whose rows come from where no label is known"),
  ImportForeignSchemaStmt: always("foreign tables, whose rows come from where no label is known"),
  CreateUserMappingStmt: always("a user mapping for a foreign server"),
  AlterUserMappingStmt: always("a user mapping for a foreign server"),
  DropUserMappingStmt: "passed",
  CreatePublicationStmt: always("a publication, which sends rows without masks"),
  AlterPublicationStmt: always("a publication, which sends rows without masks"),
  CreateSubscriptionStmt: always("a subscription"),
  AlterSubscriptionStmt: always("a subscription"),
  DropSubscriptionStmt: "passed",

  // Parts of others
  RawStmt: NOT_A_STATEMENT,
  SetOperationStmt: NOT_A_STATEMENT,
  ReturnStmt: NOT_A_STATEMENT,
  PLAssignStmt: NOT_A_STATEMENT,
  ReplicaIdentityStmt: "passed",
};

/** Statements that run as parts of this one and have rules of their own. */
export function innerStatements(type: NodeType, body: TreeObject): Node[] {
  if (type === "CreateSchemaStmt") return (body as NodeBody<"CreateSchemaStmt">).schemaElts ?? [];
  if (type === "ExplainStmt" || type === "PrepareStmt") {
    const { query } = body as NodeBody<"ExplainStmt">;
    return query === undefined ? [] : [query];
  }
  return [];
}

/** Whether the masks are put into statements of this kind. */
export function isRewritten(tree: Node): boolean {
  const [type, body] = nodeOf(tree);
  if (type === "CopyStmt") return true;
  if (type === "CreateTableAsStmt")
    return (body as NodeBody<"CreateTableAsStmt">).objtype !== "OBJECT_MATVIEW";
  return CONSTRUCTS[type as StatementType] === "rewritten";
}
