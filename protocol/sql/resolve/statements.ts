import type { Node, RangeVar } from "@pgsql/types";
import {
  alterTableCommand,
  changedRowScope,
  defineObject,
  defineRange,
  defineTable,
  nameFunction,
  readRange,
  resolveOverRows,
  resolveSequenceOptions,
  rowScope,
} from "./define.ts";
import { resolveCall, resolveExpression, resolveExpressions } from "./expression.ts";
import type { Context } from "./findings.ts";
import { noteCommand } from "./hooks.ts";
import { resolveCopy, writeNew } from "./modify.ts";
import { useTypeName } from "./names.ts";
import { resolveQuery } from "./query.ts";
import { derivedColumn, derivedItem, NO_SCOPE } from "./scope.ts";
import { type Body, bodyOf, identifiers, type Kind, kindOf } from "./tree.ts";
import { expandView } from "./view.ts";

type Statement<K extends Kind> = (context: Context, body: Body<K>) => void;

/** Counts what a statement of any kind touches. What is not in the table makes it opaque. */
export function resolveTop(context: Context, node: Node): void {
  const kind = kindOf(node);
  const step =
    kind === null ? undefined : (STATEMENTS[kind] as ((context: Context, body: unknown) => void) | undefined);
  if (kind === null || step === undefined) {
    context.found.opaque.add(`it is a statement of a sort that is not known here (${kind})`);
    return;
  }
  const body = (node as Record<string, unknown>)[kind];
  noteCommand(context, kind, body);
  context.found.enter(() => step(context, body));
}

const nothing = () => {};
const query = (context: Context, node: Node) => {
  context.found.output = resolveQuery(context, node, NO_SCOPE);
};

function opaque(reason: string): (context: Context) => void {
  return (context) => void context.found.opaque.add(reason);
}

/** Why a statement with CASCADE is opaque. */
export const CASCADE = "CASCADE reaches objects that it doesn't name";

/** DROP … CASCADE and the like reach what depends on it, which the catalog here doesn't tell. */
function noteCascade(context: Context, behavior: string | undefined): void {
  if (behavior === "DROP_CASCADE") context.found.opaque.add(CASCADE);
}

const STATEMENTS: { [K in Kind]?: Statement<K> } = {
  SelectStmt: (context, SelectStmt) => query(context, { SelectStmt }),
  InsertStmt: (context, InsertStmt) => query(context, { InsertStmt }),
  UpdateStmt: (context, UpdateStmt) => query(context, { UpdateStmt }),
  DeleteStmt: (context, DeleteStmt) => query(context, { DeleteStmt }),
  MergeStmt: (context, MergeStmt) => query(context, { MergeStmt }),
  CopyStmt: (context, copy) => resolveCopy(context, copy, NO_SCOPE),
  CallStmt: (context, { funccall }) => {
    if (funccall === undefined) return;
    resolveExpressions(context, funccall.args, NO_SCOPE);
    resolveCall(context, funccall, "procedure");
  },
  ExecuteStmt: (context, { params }) => resolveExpressions(context, params, NO_SCOPE),
  PrepareStmt: (context, { argtypes, query: prepared }) => {
    for (const node of argtypes ?? []) useTypeName(context, bodyOf(node, "TypeName"));
    if (prepared !== undefined) resolveTop(context, prepared);
  },
  DeclareCursorStmt: (context, { query: declared }) => {
    if (declared !== undefined) resolveTop(context, declared);
  },
  ExplainStmt: (context, { query: explained, options }) => {
    if (explained === undefined) return;
    resolveTop(context, explained);
    if (runsExplained(options)) return;
    // Nothing runs; estimates still tell of the rows, those to be written too.
    const { found } = context;
    for (const name of found.writes) found.add(found.reads, name);
    found.writes.clear();
    found.writeColumns.clear();
    found.where = "none";
  },
  TruncateStmt: (context, { relations, behavior }) => {
    for (const node of relations ?? []) {
      const range = bodyOf(node, "RangeVar");
      const relation = defineRange(context, range);
      for (const effect of relation?.writeSideEffects ?? []) context.found.opaque.add(effect);
    }
    noteCascade(context, behavior);
  },
  LockStmt: (context, { relations }) => {
    for (const node of relations ?? []) readRange(context, bodyOf(node, "RangeVar"));
  },

  CreateTableAsStmt: (context, { query: source, into }) => {
    if (source !== undefined) resolveTop(context, source);
    if (into?.rel !== undefined) writeNew(context, into.rel);
  },
  RefreshMatViewStmt: (context, { relation: range }) => {
    const relation = defineRange(context, range);
    if (relation !== null) expandView(context, relation);
  },
  ViewStmt: (context, { view, query: source }) => {
    if (source !== undefined) query(context, source);
    if (view !== undefined) writeNew(context, view);
  },
  CreateStmt: defineTable,
  CreateForeignTableStmt: (context, { base }) => defineTable(context, base ?? {}),
  CreateSchemaStmt: (context, { schemaname, authrole, schemaElts }) => {
    const schema = schemaname ?? authrole?.rolename;
    if (schemaElts === undefined) return;
    if (schema === undefined) {
      context.found.opaque.add("the schema's name is not known");
      return;
    }
    const names = { ...context.names, searchPath: [schema, ...context.names.searchPath] };
    for (const node of schemaElts) resolveTop({ ...context, names, seen: new Set() }, node);
  },
  CompositeTypeStmt: (context, { coldeflist }) => {
    for (const node of coldeflist ?? []) useTypeName(context, bodyOf(node, "ColumnDef")?.typeName);
  },
  IndexStmt: (context, { relation: range, indexParams, indexIncludingParams, whereClause }) => {
    const relation = defineRange(context, range);
    const elements = [...(indexParams ?? []), ...(indexIncludingParams ?? [])];
    const parts = elements.map((node) => bodyOf(node, "IndexElem") ?? {});
    resolveOverRows(
      context,
      relation,
      [whereClause, ...parts.map(({ expr }) => expr)],
      parts.map(({ name }) => name),
    );
  },
  CreateStatsStmt: (context, { exprs, relations }) => {
    const parts = (exprs ?? []).map((node) => bodyOf(node, "StatsElem") ?? {});
    for (const node of relations ?? []) {
      const relation = readRange(context, bodyOf(node, "RangeVar"));
      resolveOverRows(
        context,
        relation,
        parts.map(({ expr }) => expr),
        parts.map(({ name }) => name),
      );
    }
  },
  AlterTableStmt: (context, { relation: range, cmds, objtype, missing_ok }) => {
    // A composite type has no rows, but tables may be of it.
    const relation = objtype === "OBJECT_TYPE" ? null : defineRange(context, range, missing_ok);
    for (const node of cmds ?? []) {
      const command = bodyOf(node, "AlterTableCmd");
      if (command === undefined) continue;
      alterTableCommand(context, command, rowScope(relation));
      noteCascade(context, command.behavior);
    }
  },
  RenameStmt: (context, { relation, renameType, behavior, missing_ok }) => {
    if (renameType === "OBJECT_SCHEMA") context.found.opaque.add("it is about all relations of a schema");
    if (renameType !== "OBJECT_ATTRIBUTE") defineRange(context, relation, missing_ok);
    noteCascade(context, behavior);
  },
  AlterObjectSchemaStmt: (context, { relation, objectType, missing_ok }) => {
    if (objectType === "OBJECT_EXTENSION") context.found.opaque.add("an extension's own objects go with it");
    defineRange(context, relation, missing_ok);
  },
  AlterObjectDependsStmt: (context, { relation }) => void defineRange(context, relation),
  AlterOwnerStmt: (context, { relation }) => void defineRange(context, relation),
  AlterTableMoveAllStmt: opaque("it moves relations that it doesn't name"),
  DropStmt: (context, { objects, removeType, behavior, missing_ok }) => {
    if (removeType === "OBJECT_EXTENSION") context.found.opaque.add("an extension's own objects go with it");
    for (const object of objects ?? []) defineObject(context, removeType, object, missing_ok, true);
    noteCascade(context, behavior);
  },
  CommentStmt: (context, { objtype, object }) => defineObject(context, objtype, object),
  SecLabelStmt: (context, { objtype, object }) => defineObject(context, objtype, object),
  GrantStmt: (context, { targtype, objtype, objects }) => {
    if (objtype !== "OBJECT_TABLE" && objtype !== "OBJECT_SEQUENCE") return;
    if (targtype === "ACL_TARGET_DEFAULTS") return;
    if (targtype === "ACL_TARGET_ALL_IN_SCHEMA") {
      context.found.opaque.add("it is about all relations of a schema");
      return;
    }
    for (const node of objects ?? []) defineRange(context, bodyOf(node, "RangeVar"));
  },

  RuleStmt: (context, { relation: range, whereClause, actions }) => {
    const relation = defineRange(context, range);
    const scope = changedRowScope(relation);
    resolveExpression(context, whereClause, scope);
    for (const node of actions ?? []) {
      if (kindOf(node) !== null && bodyOf(node, "NotifyStmt") === undefined)
        resolveQuery(context, node, scope);
    }
    context.found.where = "none";
  },
  CreateTrigStmt: (context, { relation: range, constrrel, funcname, whenClause }) => {
    const relation = defineRange(context, range);
    readRange(context, constrrel);
    nameFunction(context, identifiers(funcname));
    resolveExpression(context, whenClause, changedRowScope(relation));
  },
  CreatePolicyStmt: (context, { table, qual, with_check }) => {
    resolveOverRows(context, defineRange(context, table), [qual, with_check]);
  },
  AlterPolicyStmt: (context, { table, qual, with_check }) => {
    resolveOverRows(context, defineRange(context, table), [qual, with_check]);
  },
  CreatePublicationStmt: (context, { for_all_tables, pubobjects }) => {
    if (for_all_tables === true) context.found.opaque.add("it is about all relations of the database");
    publish(context, pubobjects);
  },
  AlterPublicationStmt: (context, { for_all_tables, pubobjects }) => {
    if (for_all_tables === true) context.found.opaque.add("it is about all relations of the database");
    publish(context, pubobjects);
  },

  CreateSeqStmt: (context, { sequence, options }) => {
    if (sequence !== undefined) writeNew(context, sequence);
    resolveSequenceOptions(context, options);
  },
  AlterSeqStmt: (context, { sequence, options, missing_ok }) => {
    defineRange(context, sequence, missing_ok);
    resolveSequenceOptions(context, options);
  },

  VacuumStmt: (context, { rels, is_vacuumcmd }) => {
    if (rels === undefined) {
      context.found.opaque.add("it is about all relations of the database");
      return;
    }
    for (const node of rels) {
      const range = bodyOf(node, "VacuumRelation")?.relation;
      // ANALYZE samples the rows and runs the functions of indexes over them.
      const relation = is_vacuumcmd === true ? defineRange(context, range) : readRange(context, range);
      for (const effect of relation?.writeSideEffects ?? []) context.found.opaque.add(effect);
      for (const effect of relation?.analyzeSideEffects ?? []) context.found.opaque.add(effect);
    }
  },
  ClusterStmt: (context, { relation }) => {
    if (relation === undefined)
      context.found.opaque.add("it is about all clustered relations of the database");
    else rebuild(context, relation);
  },
  ReindexStmt: (context, { relation }) => {
    if (relation === undefined) context.found.opaque.add("it is about relations that it doesn't name");
    else rebuild(context, relation);
  },

  CreateFunctionStmt: (context, { parameters, returnType }) => {
    for (const node of parameters ?? []) {
      const parameter = bodyOf(node, "FunctionParameter");
      useTypeName(context, parameter?.argType);
      resolveExpression(context, parameter?.defexpr, NO_SCOPE);
    }
    useTypeName(context, returnType);
  },
  CreateDomainStmt: (context, { typeName, constraints }) => {
    useTypeName(context, typeName);
    resolveDomainConstraints(context, constraints);
  },
  AlterDomainStmt: (context, { def, subtype }) => {
    if (subtype === "T" && def !== undefined) resolveExpression(context, def, NO_SCOPE);
    else if (def !== undefined) resolveDomainConstraints(context, [def]);
  },
  AlterExtensionContentsStmt: (context, { objtype, object }) => defineObject(context, objtype, object),
  ImportForeignSchemaStmt: opaque("it creates relations that it doesn't name"),
  DropOwnedStmt: opaque("it drops objects that it doesn't name"),
  ReassignOwnedStmt: opaque("it changes objects that it doesn't name"),
  CreateExtensionStmt: opaque("an extension's script does what it likes"),
  AlterExtensionStmt: opaque("an extension's script does what it likes"),
  DoStmt: opaque("a code block does what it likes"),

  // Nothing of these names a relation or an expression that runs now.
  TransactionStmt: nothing,
  VariableSetStmt: nothing,
  VariableShowStmt: nothing,
  DeallocateStmt: nothing,
  ClosePortalStmt: nothing,
  FetchStmt: nothing,
  DiscardStmt: nothing,
  ConstraintsSetStmt: nothing,
  NotifyStmt: nothing,
  ListenStmt: nothing,
  UnlistenStmt: nothing,
  CheckPointStmt: nothing,
  LoadStmt: nothing,
  AlterSystemStmt: nothing,
  AlterFunctionStmt: nothing,
  AlterDefaultPrivilegesStmt: nothing,
  AlterDatabaseStmt: nothing,
  AlterDatabaseSetStmt: nothing,
  AlterDatabaseRefreshCollStmt: nothing,
  AlterRoleStmt: nothing,
  AlterRoleSetStmt: nothing,
  AlterEnumStmt: nothing,
  AlterTypeStmt: nothing,
  AlterOperatorStmt: nothing,
  AlterOpFamilyStmt: nothing,
  AlterCollationStmt: nothing,
  AlterStatsStmt: nothing,
  AlterTableSpaceOptionsStmt: nothing,
  AlterTSDictionaryStmt: nothing,
  AlterTSConfigurationStmt: nothing,
  AlterFdwStmt: nothing,
  AlterForeignServerStmt: nothing,
  AlterUserMappingStmt: nothing,
  AlterSubscriptionStmt: nothing,
  AlterEventTrigStmt: nothing,
  CreatedbStmt: nothing,
  CreateRoleStmt: nothing,
  CreateEnumStmt: nothing,
  CreateRangeStmt: nothing,
  CreateOpClassStmt: nothing,
  CreateOpFamilyStmt: nothing,
  CreateCastStmt: nothing,
  CreateTransformStmt: nothing,
  CreateConversionStmt: nothing,
  CreateTableSpaceStmt: nothing,
  CreateFdwStmt: nothing,
  CreateForeignServerStmt: nothing,
  CreateUserMappingStmt: nothing,
  CreateSubscriptionStmt: nothing,
  CreateEventTrigStmt: nothing,
  CreatePLangStmt: nothing,
  CreateAmStmt: nothing,
  DefineStmt: nothing,
  DropdbStmt: nothing,
  DropRoleStmt: nothing,
  DropTableSpaceStmt: nothing,
  DropUserMappingStmt: nothing,
  DropSubscriptionStmt: nothing,
  GrantRoleStmt: nothing,
};

/** Whether ANALYZE is among EXPLAIN's options and isn't plainly off. */
function runsExplained(options: Node[] | undefined): boolean {
  return (options ?? []).some((node) => {
    const option = bodyOf(node, "DefElem");
    if (option?.defname !== "analyze") return false;
    const word = bodyOf(option.arg, "String")?.sval?.toLowerCase();
    const number = bodyOf(option.arg, "Integer");
    const off = word === "off" || word === "false" || (number !== undefined && (number.ival ?? 0) === 0);
    return !off;
  });
}

function resolveDomainConstraints(context: Context, nodes: Node[] | undefined): void {
  const scope = { ...NO_SCOPE, items: [derivedItem(null, [derivedColumn("value")])] };
  for (const node of nodes ?? []) resolveExpression(context, bodyOf(node, "Constraint")?.raw_expr, scope);
}

function publish(context: Context, objects: Node[] | undefined): void {
  for (const node of objects ?? []) {
    const object = bodyOf(node, "PublicationObjSpec");
    const table = object?.pubtable;
    if (table === undefined) {
      context.found.opaque.add("it is about all relations of a schema");
      continue;
    }
    const relation = readRange(context, table.relation);
    resolveOverRows(context, relation, [table.whereClause], identifiers(table.columns));
  }
}

/** Indexes are built anew, which runs the functions of their expressions over all rows. */
function rebuild(context: Context, range: RangeVar): void {
  const relation = defineRange(context, range);
  if (relation?.kind === "index") {
    context.found.opaque.add("it builds an index whose expressions aren't looked at");
  }
  for (const effect of relation?.writeSideEffects ?? []) context.found.opaque.add(effect);
}
