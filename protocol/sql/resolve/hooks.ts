import type { Hook } from "../catalog.ts";
import { of } from "../statements/row.ts";
import { statementRow } from "../statements.ts";
import { ask, type Context } from "./findings.ts";
import { BUILTIN_TYPES } from "./names.ts";
import type { Kind } from "./tree.ts";

/**
 * Statements for which no event trigger fires ("Event Trigger Firing Matrix"; ProcessUtility in utility.c). EXPLAIN,
 * PREPARE and their kin count by what they hold.
 */
const SILENT: ReadonlySet<Kind> = new Set<Kind>([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CopyStmt",
  "CallStmt",
  "ExecuteStmt",
  "PrepareStmt",
  "DeclareCursorStmt",
  "ExplainStmt",
  "TruncateStmt",
  "LockStmt",
  "TransactionStmt",
  "VariableSetStmt",
  "VariableShowStmt",
  "DeallocateStmt",
  "ClosePortalStmt",
  "FetchStmt",
  "DiscardStmt",
  "ConstraintsSetStmt",
  "NotifyStmt",
  "ListenStmt",
  "UnlistenStmt",
  "CheckPointStmt",
  "LoadStmt",
  "DoStmt",
  "VacuumStmt",
  "ClusterStmt",
  "AlterSystemStmt",
  "CreatedbStmt",
  "AlterDatabaseStmt",
  "AlterDatabaseSetStmt",
  "AlterDatabaseRefreshCollStmt",
  "DropdbStmt",
  "CreateRoleStmt",
  "AlterRoleStmt",
  "AlterRoleSetStmt",
  "DropRoleStmt",
  "GrantRoleStmt",
  "ReassignOwnedStmt",
  "CreateTableSpaceStmt",
  "AlterTableSpaceOptionsStmt",
  "DropTableSpaceStmt",
  "CreateEventTrigStmt",
  "AlterEventTrigStmt",
]);

/** A statement of this kind is met, whose event triggers will fire. */
export function noteCommand(context: Context, kind: Kind, body: unknown): void {
  const row = SILENT.has(kind) ? null : statementRow(kind);
  if (row !== null) context.found.commands.add(of(row.tag, body as never));
}

/**
 * Users' code that what was found runs though it doesn't name it. Which casts and comparisons PostgreSQL puts into an
 * expression depends on the types of all its parts, which aren't known here: so where there is such a cast, all that
 * computes may run it. That is rare, and the configuration can trust its function.
 */
export function addHooks(context: Context): void {
  const { catalog, found } = context;
  const touches = found.computes || found.reads.size > 0 || found.writes.size > 0;
  if (catalog.hooks === undefined || (!touches && found.commands.size === 0)) return;
  const hooks = catalog.hooks();
  if (hooks === undefined) ask(context, "hooks", "", "");
  for (const hook of hooks ?? []) {
    if (runs(context, hook)) found.opaque.add(WORDS[hook.kind](hook.name, hook.function));
  }
}

function runs({ found }: Context, hook: Hook): boolean {
  switch (hook.kind) {
    case "cast":
      if (!hook.explicit) return found.computes || found.writes.size > 0;
      return found.computes && [...found.types].some((type) => mayBe(type, hook.name.split(" AS ")[1] ?? ""));
    case "operator-class":
      return found.computes || found.reads.size > 0 || found.writes.size > 0;
    case "event-trigger":
      return hook.tags === null || hook.tags.some((tag) => found.commands.has(tag))
        ? found.commands.size > 0
        : false;
  }
}

/** Whether values of the type that is named are made by a cast to the type `target`: any user's may be a domain over it. */
function mayBe(type: string, target: string): boolean {
  return type === target || type === `_${target}` || !BUILTIN_TYPES.has(type);
}

const WORDS: Record<Hook["kind"], (name: string, code: string) => string> = {
  cast: (name, code) => `the cast ${name} calls ${code}`,
  "operator-class": (name, code) => `the operators of ${name} call ${code}`,
  "event-trigger": (name, code) => `the event trigger ${name} calls ${code}`,
};
