import type { Node } from "@pgsql/types";
import type { Relation, Routine } from "../../../protocol/sql/catalog.ts";
import type { ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import { nameParts as partsOf } from "../../../protocol/sql/resolve/qualified-name.ts";
import { setConfigChange, settingChanges } from "../../../protocol/sql/settings.ts";
import { type NodeBody, type NodeType, nodeOf, type TreeObject, walk } from "../../../protocol/sql/tree.ts";
import type { Label } from "../../mask/labels.ts";
import { CONSTRUCTS, innerStatements, isRewritten } from "./construct-rules.ts";
import { refusedFunction } from "./functions.ts";
import { identifiersIn } from "./identifiers.ts";
import { refusedSetting } from "./revealing-settings.ts";
import { REFUSED_COLUMNS, REFUSED_RELATIONS, SAMPLES } from "./system-labels.ts";
import { Touched } from "./touched.ts";

/** What of a statement's relations may not be seen, by `schema.name` as facts have it. Null: nothing of it. */
export type LabelledRelations = (relation: string) => ReadonlyMap<string /* column */, Label> | null;

/** What else must be known of relations that facts name. */
export interface KnownRelations {
  /** Null when there is none of this name. */
  relation(name: string): Relation | null | undefined;
  /** Whether some line of the settings fits each of its columns, be it `none`. */
  declared(name: string): boolean;
}

export interface RefusedConstruct {
  /** In words: "a view over labelled columns". */
  construct: string;
  /** Names of labels that it concerns; empty where it is refused whatever is labelled. */
  labels: readonly string[];
  /** What to do. */
  hint: string;
}

/**
 * What speaks against a statement for somebody who may not see all labels, beside what the rewriting itself does; null
 * when nothing does. `routines`: all that its resolution found. Statements that are opaque are refused elsewhere.
 */
export function refusedConstruct(
  tree: Node,
  statement: ClassifiedStatement,
  routines: readonly Routine[],
  labelled: LabelledRelations,
  known: KnownRelations,
): RefusedConstruct | null {
  const names = identifiersIn(tree);
  return (
    refusedKind(tree, new Touched(statement, labelled, known)) ??
    refusedCall(routines, names, statement, known) ??
    refusedSamples(names, statement, known) ??
    refusedSystemWrite(tree, statement) ??
    refusedForeign(tree, statement, known) ??
    refusedSetting(changedSettings(tree, statement))
  );
}

function refusedKind(tree: Node, touched: Touched): RefusedConstruct | null {
  const [type, body] = nodeOf(tree);
  const rule = Object.hasOwn(CONSTRUCTS, type) ? CONSTRUCTS[type as keyof typeof CONSTRUCTS] : undefined;
  if (rule === undefined) {
    return { construct: `a statement that isn't known (${type})`, labels: [], hint: "Write another one." };
  }
  if (rule !== "rewritten" && rule !== "passed") {
    const refused =
      typeof rule === "function"
        ? (rule as (touched: Touched, body: TreeObject) => RefusedConstruct | null)(touched, body)
        : rule;
    if (refused !== null) return refused;
  }
  for (const inner of innerStatements(type, body)) {
    const refused = refusedKind(inner, touched);
    if (refused !== null) return refused;
  }
  return null;
}

/**
 * Functions count where the statement itself or a user's view names them. What PostgreSQL's own views call is judged
 * by the labels of their columns, or pg_stat_activity could not be read at all.
 */
function refusedCall(
  routines: readonly Routine[],
  names: ReadonlySet<string>,
  statement: ClassifiedStatement,
  known: KnownRelations,
): RefusedConstruct | null {
  for (const routine of routines) {
    const refused = refusedFunction(routine);
    if (refused !== null && (names.has(routine.name) || isNamedByViews(routine.name, statement, known)))
      return refused;
  }
  return null;
}

function isNamedByViews(name: string, { facts }: ClassifiedStatement, known: KnownRelations): boolean {
  return facts.reads.some((read) => {
    if (isSystem(read)) return false;
    const relation = known.relation(read);
    if (relation == null) return true;
    return (relation.view ?? relation.materialized ?? "").includes(name);
  });
}

function refusedSamples(
  names: ReadonlySet<string>,
  statement: ClassifiedStatement,
  known: KnownRelations,
): RefusedConstruct | null {
  const column = statement.facts.readColumns.find((name) => REFUSED_COLUMNS.has(name));
  const relation = statement.facts.reads.find((name) => {
    if (!REFUSED_RELATIONS.has(name)) return false;
    const own = partsOf(name)[1] ?? "";
    return names.has(own) || isNamedByViews(own, statement, known);
  });
  const found = column ?? relation;
  if (found === undefined) return null;
  return {
    construct: `${found}, which holds samples of rows`,
    labels: [SAMPLES],
    hint: "Read other columns of the view, by name.",
  };
}

function isSystem(name: string): boolean {
  return name.startsWith("pg_catalog.") || name.startsWith("information_schema.");
}

/** Statements about PostgreSQL's own relations that change nothing of what they mean. */
const UPKEEP: ReadonlySet<NodeType> = new Set<NodeType>([
  "CommentStmt",
  "GrantStmt",
  "SecLabelStmt",
  "VacuumStmt",
  "ReindexStmt",
  "ClusterStmt",
]);

function refusedSystemWrite(tree: Node, { facts }: ClassifiedStatement): RefusedConstruct | null {
  const found = facts.writes.find(isSystem);
  if (found === undefined || UPKEEP.has(nodeOf(tree)[0])) return null;
  return {
    construct: `a write to ${found}, which changes what statements mean`,
    labels: [],
    hint: "Use the statement that is made for it (ALTER, SET, …).",
  };
}

/** Rows of a foreign table come from elsewhere, where nobody here knows what they are; it may be this very database. */
function refusedForeign(
  tree: Node,
  { facts }: ClassifiedStatement,
  known: KnownRelations,
): RefusedConstruct | null {
  const names = isRewritten(tree) ? [...facts.reads, ...facts.writes] : facts.reads;
  const found = names.find((name) => known.relation(name)?.kind === "foreign" && !known.declared(name));
  if (found === undefined) return null;
  return {
    construct: `rows of the foreign table ${found}, of which the target's labels say nothing`,
    labels: [],
    hint: `Whoever keeps the target's settings can add a line for it, such as ${found}.*: none.`,
  };
}

function changedSettings(tree: Node, { facts }: ClassifiedStatement) {
  const changes = [];
  for (const { type, body } of bodiesIn(tree)) {
    if (type === "VariableSetStmt") changes.push(...settingChanges(body as NodeBody<"VariableSetStmt">));
    else if (type === "FuncCall" && calledName(body) === "set_config") {
      const change = setConfigChange((body as NodeBody<"FuncCall">).args ?? []);
      // A name that is read from a row is known to the facts, when it is known at all.
      if (change.name !== "*") changes.push(change);
      else for (const name of facts.settings) changes.push({ ...change, name });
    }
  }
  return changes;
}

function bodiesIn(tree: Node): { type: string; body: TreeObject }[] {
  const found: { type: string; body: TreeObject }[] = [];
  walk(tree, (type, body) => {
    if (type === "VariableSetStmt" || type === "FuncCall") found.push({ type, body });
    // ALTER ROLE … SET holds its statement without the node's name.
    else if (type?.endsWith("SetStmt") && body.setstmt !== undefined)
      found.push({ type: "VariableSetStmt", body: body.setstmt as TreeObject });
  });
  return found;
}

function calledName(body: TreeObject): string {
  const last = (body as NodeBody<"FuncCall">).funcname?.at(-1);
  return last !== undefined && "String" in last ? (last.String.sval ?? "") : "";
}
