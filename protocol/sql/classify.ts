import type { Catalog, CatalogName, NameContext, Routine } from "./catalog.ts";
import type { Absent, ClassifiedStatement, SessionEffect, StatementAction } from "./facts.ts";
import { functionRow, isHarmlessVolatile, readsSystem } from "./functions.ts";
import { OLDEST_SERVER } from "./newer-grammar.ts";
import type { ParsedStatement } from "./parser.ts";
import { unknownCall } from "./resolve/names.ts";
import { nameParts, qualifiedName } from "./resolve/qualified-name.ts";
import { resolveStatement } from "./resolve.ts";
import { NAME_SETTINGS, pinViolations } from "./settings.ts";
import { functionBody } from "./statements/create-function.ts";
import { Draft } from "./statements/draft.ts";
import { limitOf } from "./statements/limit.ts";
import { preparedText } from "./statements/prepared-text.ts";
import { type NodeBody, nodeOf } from "./tree.ts";

/** Names that one string of SQL may need of the catalog before it counts as opaque. */
export const MAX_MISSING_NAMES = 2_000;
/** Reasons for `opaque` that one statement keeps: it is judged by having any, and recorded with all. */
const MAX_REASONS = 50;

export interface Classification {
  /** One for each parsed statement. They are the facts only when `missing` is empty. */
  statements: ClassifiedStatement[];
  /** What must be loaded before asking again; without doubles, at most MAX_MISSING_NAMES. */
  missing: CatalogName[];
}

/**
 * Says what each statement of a string does. The statements run one after the other, so what follows one that may
 * change what names mean is opaque as soon as it names anything. Pure; nothing is thrown for what a statement says.
 */
export function classify(
  statements: readonly ParsedStatement[],
  names: NameContext,
  catalog: Catalog,
): Classification {
  const missing = new Map<string, CatalogName>();
  let moved = false;
  const classified = statements.map((statement) => {
    const own: CatalogName[] = [];
    const result = classifyOne(statement, names, catalog, own, moved);
    for (const name of own) {
      const key = `${name.kind}\0${name.schema}\0${name.name}`;
      if (missing.has(key)) continue;
      if (missing.size < MAX_MISSING_NAMES) missing.set(key, name);
      else
        result.facts.opaque = sorted([
          ...result.facts.opaque,
          `it needs more than ${MAX_MISSING_NAMES} names`,
        ]);
    }
    moved ||= movesNames(result);
    return result;
  });
  return { statements: classified, missing: [...missing.values()] };
}

function classifyOne(
  statement: ParsedStatement,
  names: NameContext,
  catalog: Catalog,
  missing: CatalogName[],
  moved: boolean,
): ClassifiedStatement {
  const draft = new Draft(statement.tree, catalog.serverVersion);
  const resolution = resolveStatement(statement.tree, names, catalog, missing);
  for (const reason of resolution.opaque) draft.opaque.add(reason);
  for (const routine of resolution.routines) judgeRoutine(draft, routine, names);
  const known = new Set([...resolution.routines.map((routine) => routine.name), ...resolution.fields]);
  // The calls in a function's body are looked up with its statements.
  for (const call of draft.type === "CreateFunctionStmt" ? [] : draft.calls) {
    // It may come to be before the statement runs, or be another name for a cast or a column.
    if (!known.has(call)) draft.opaque.add(unknownCall(call));
  }
  if (known.has("set_config")) {
    const touched = [...resolution.reads, ...resolution.writes];
    if (touched.some((name) => isViewWithSetConfig(name, names, catalog))) {
      draft.addSetConfig({ name: "*", kind: "value", value: null });
    }
  }
  const reads = new Set(resolution.reads);
  const readColumns = new Set(resolution.readColumns);
  const writes = new Set(resolution.writes);
  const writeColumns = new Set(resolution.writeColumns);
  const functions = new Set(resolution.functions);
  const bodyViolations: string[] = [];
  if (draft.type === "CreateFunctionStmt") {
    // What a call will do, as far as the names mean the same then.
    const [, body] = nodeOf(statement.tree);
    const trees = functionBody(body as NodeBody<"CreateFunctionStmt">);
    if (trees === null) draft.opaque.add("the body of the function can't be parsed");
    for (const tree of trees ?? []) {
      const inner = { tree, text: "", fingerprint: statement.fingerprint };
      const { facts, pinViolations: violations } = classifyOne(inner, names, catalog, missing, false);
      for (const action of facts.actions) draft.actions.add(action);
      for (const effect of facts.effects) draft.effects.add(effect);
      for (const reason of facts.opaque) draft.opaque.add(`in its body, ${reason}`);
      bodyViolations.push(...violations);
      add(reads, facts.reads);
      add(readColumns, facts.readColumns);
      add(writes, facts.writes);
      add(writeColumns, facts.writeColumns);
      add(functions, facts.functions);
    }
  }
  if (resolution.foreign.length > 0) draft.effects.add("connect-out");
  if (draft.plansOnly) {
    writes.clear();
    writeColumns.clear();
  }
  if (readsSystem([...reads], [...readColumns], draft.opaque.size === 0)) draft.effects.add("read-system");
  if (catalog.serverVersion < OLDEST_SERVER) {
    draft.opaque.add("the server is older than PostgreSQL 14 and may read the text differently");
  }
  if (moved && (reads.size > 0 || writes.size > 0 || functions.size > 0 || resolution.opaque.length > 0)) {
    draft.opaque.add("an earlier statement of the same string may have changed what its names mean");
  }
  const opaque = reasons(draft.opaque);
  const actions = sorted(draft.actions);
  return {
    facts: {
      tag: draft.tag,
      actions,
      opaque,
      reads: sorted(reads),
      writes: sorted(writes),
      readColumns: sorted(readColumns),
      writeColumns: sorted(writeColumns),
      functions: sorted(functions),
      effects: sorted(draft.effects),
      settings: sorted(draft.settings),
      where: draft.plansOnly ? "none" : resolution.where,
      limit: limitOf(statement.tree),
      fingerprint: statement.fingerprint,
    },
    effects: sessionEffects(draft, statement, actions, opaque.length > 0),
    text: statement.text,
    explainable: draft.explainable,
    pinViolations: [...pinViolations(draft.pinned), ...bodyViolations],
    ...absentOnly(draft.opaque, resolution.absent),
  };
}

/** What does not exist, where nothing else makes the statement opaque. */
function absentOnly(opaque: ReadonlySet<string>, absent: ReadonlyMap<string, Absent>): { absent?: Absent[] } {
  if (opaque.size === 0 || ![...opaque].every((reason) => absent.has(reason))) return {};
  return { absent: [...absent.values()] };
}

function judgeRoutine(draft: Draft, routine: Routine, names: NameContext): void {
  const name = qualifiedName(routine.schema, routine.name);
  if (!routine.builtin) {
    if (names.trustedFunctions.has(name)) return;
    draft.opaque.add(
      `${routine.kind === "procedure" ? "the procedure" : "the function"} ${name} is not PostgreSQL's own (${routine.volatility}, ${routine.language}${routine.securityDefiner ? ", security definer" : ""})`,
    );
    // What an extension's function is known to do counts by its name.
    draft.addFunction(routine.name);
    return;
  }
  draft.addFunction(routine.name);
  const known = functionRow(routine.name) !== null || isHarmlessVolatile(routine.name);
  if (routine.volatility === "volatile" && !known) {
    draft.opaque.add(`the function ${name} is volatile, and what it does is not known`);
  }
}

/** A view can change settings under whoever reads it; with which arguments isn't looked at. */
function isViewWithSetConfig(relation: string, names: NameContext, catalog: Catalog): boolean {
  const [schema = "", name = ""] = nameParts(relation);
  const found = catalog.relation(schema === "pg_temp" ? (names.temporarySchema ?? schema) : schema, name);
  return found?.view?.toLowerCase().includes("set_config") === true;
}

/** Actions after which the catalog, and with it the search path, may be another. */
const CHANGES_CATALOG: readonly StatementAction[] = [
  "postgres:administer",
  "postgres:alter",
  "postgres:call",
  "postgres:create",
  "postgres:do",
  "postgres:drop",
  "postgres:grant",
  "postgres:two-phase",
];

function sessionEffects(
  draft: Draft,
  statement: ParsedStatement,
  actions: readonly StatementAction[],
  opaque: boolean,
): SessionEffect[] {
  const effects = [...draft.session];
  const has = (kind: SessionEffect["kind"]) => effects.some((effect) => effect.kind === kind);
  const catalogChanges =
    opaque || (!draft.plansOnly && actions.some((action) => CHANGES_CATALOG.includes(action)));
  if ((catalogChanges || draft.settings.size > 0) && !has("settings")) effects.push({ kind: "settings" });
  if (catalogChanges && !has("catalog")) effects.push({ kind: "catalog" });
  if (draft.type === "PrepareStmt") effects.push({ kind: "prepare", ...preparedText(statement) });
  return effects;
}

/** Whether names may mean something else after this statement than before. */
function movesNames({ facts, effects }: ClassifiedStatement): boolean {
  return effects.some(({ kind }) => {
    switch (kind) {
      case "settings":
        // FETCH and code that isn't seen may have changed any; others say which.
        return facts.settings.length === 0 || facts.settings.some((name) => NAME_SETTINGS.has(name));
      case "catalog":
      case "execute":
      // What SET LOCAL or the transaction had changed goes back.
      case "commit":
      case "rollback":
      case "rollback-to":
        return true;
      default:
        return false;
    }
  });
}

function add(set: Set<string>, values: readonly string[]): void {
  for (const value of values) set.add(value);
}

function reasons(values: Iterable<string>): string[] {
  const all = sorted(values);
  if (all.length <= MAX_REASONS) return all;
  return [...all.slice(0, MAX_REASONS - 1), `and ${all.length - MAX_REASONS + 1} more`];
}

function sorted<T extends string>(values: Iterable<T>): T[] {
  return [...new Set(values)].sort();
}
