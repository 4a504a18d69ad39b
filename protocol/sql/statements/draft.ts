import type { FuncCall, Node } from "@pgsql/types";
import type { Effect, SessionEffect, StatementAction } from "../facts.ts";
import { functionRow } from "../functions.ts";
import { newerThan } from "../newer-grammar.ts";
import {
  constantText,
  ROLE_SETTINGS,
  type SettingChange,
  setConfigChange,
  settingChanges,
} from "../settings.ts";
import { analyzes, statementRow } from "../statements.ts";
import { type NodeBody, type NodeType, nameParts, nodeOf, type TreeObject, walk } from "../tree.ts";
import { of } from "./row.ts";

/** What the tree alone tells of a statement, without the catalog; the rest of the classification adds to it. */
export class Draft {
  readonly type: NodeType;
  readonly tag: string;
  readonly explainable: boolean;
  /** EXPLAIN without ANALYZE: what it explains doesn't run. Its functions may, as constants are folded. */
  readonly plansOnly: boolean;
  readonly actions = new Set<StatementAction>();
  readonly effects = new Set<Effect>();
  readonly settings = new Set<string>();
  readonly session: SessionEffect[] = [];
  readonly opaque = new Set<string>();
  /** Names of the functions that it calls, without their schemas. */
  readonly calls = new Set<string>();
  /** All changes of settings in it, also those that concern other sessions or a function's body. */
  readonly pinned: SettingChange[] = [];
  readonly #dumpSetting: Node | null;

  constructor(tree: Node, serverVersion: number) {
    const [type, body] = nodeOf(tree);
    const row = statementRow(type);
    this.type = type;
    this.plansOnly = type === "ExplainStmt" && !analyzes(body as NodeBody<"ExplainStmt">);
    this.tag = row === null ? "?" : of(row.tag, body);
    this.explainable = row?.explainable === true;
    if (row === null) {
      this.actions.add("postgres:administer");
      this.opaque.add(`${type} is no statement that is known`);
    }
    this.#dumpSetting = settingOfRow(tree);
    this.#addStatement(type, body, true);
    const inner = row?.inner === undefined ? undefined : of(row.inner, body);
    const wrapsSelect = inner !== undefined && nodeOf(inner)[0] === "SelectStmt";
    if (wrapsSelect && !this.plansOnly && type !== "CreateTableAsStmt") this.actions.add("postgres:select");
    this.#search(tree, body, row?.runs === true, serverVersion);
  }

  /** Adds what a function of this name is known to do. */
  addFunction(name: string): void {
    const row = functionRow(name);
    if (row === null) return;
    for (const effect of row.effects) this.effects.add(effect);
    for (const action of row.actions) this.actions.add(action);
    if (row.opaque !== null) this.opaque.add(`${name} ${row.opaque}`);
  }

  #search(tree: Node, top: TreeObject, runs: boolean, serverVersion: number): void {
    let rows = false;
    walk(tree, (type, body) => {
      if (isFilled(body.fromClause) || isFilled(body.usingClause) || body.returningClause !== undefined)
        rows = true;
      if (isFilled(body.lockingClause) && !this.plansOnly) this.effects.add("lock-rows");
      // In a UNION it stands at the leftmost SELECT, and counts for the whole.
      if (body.intoClause !== undefined && !this.plansOnly) this.actions.add("postgres:create");
      if (type === null) return;
      const newer = newerThan(serverVersion, type, body);
      if (newer !== null) this.opaque.add(newer);
      if (type === "FuncCall") this.#addCall(body);
      else if (type === "CallStmt") this.#addCall((body.funccall ?? {}) as TreeObject);
      else if (type === "ColumnRef" || type === "A_Indirection") this.#addAttributes(type, body);
      else if (body !== top && type.endsWith("Stmt") && type !== "SelectStmt")
        this.#addStatement(type, body, false);
    });
    if (runs && rows && !this.plansOnly) this.actions.add("postgres:select");
  }

  #addStatement(type: string, body: TreeObject, top: boolean): void {
    const row = statementRow(type);
    if (row === null) {
      this.opaque.add(`${type} is no statement that is known`);
      return;
    }
    // SET in CREATE FUNCTION: a clause that concerns the calls to come.
    if (!top && type === "VariableSetStmt") {
      this.pinned.push(...settingChanges(body as NodeBody<"VariableSetStmt">));
      return;
    }
    if (top || type === "ExecuteStmt") this.session.push(...of(row.session ?? [], body));
    if (!top && this.plansOnly) return;
    for (const action of of(row.actions, body)) this.actions.add(action);
    for (const effect of of(row.effects ?? [], body)) this.effects.add(effect);
    for (const reason of of(row.opaque ?? [], body)) this.opaque.add(reason);
    const settings = row.settings?.(body);
    if (settings === undefined) return;
    this.pinned.push(...settings.changes);
    if (settings.ofSession) for (const change of settings.changes) this.settings.add(change.name);
  }

  #addCall(body: TreeObject): void {
    const { funcname, args } = body as FuncCall;
    const name = nameParts(funcname).at(-1) ?? "";
    this.calls.add(name);
    this.addFunction(name);
    if (name !== "set_config") return;
    const named = this.#dumpSetting;
    const [first, ...others] = args ?? [];
    const isRow = named !== null && first !== undefined && columnName(first) === "name";
    this.addSetConfig(setConfigChange(isRow ? [named, ...others] : (args ?? [])));
  }

  /** A call of set_config, which is SET by another name. */
  addSetConfig(change: SettingChange): void {
    this.pinned.push(change);
    this.settings.add(change.name);
    if (ROLE_SETTINGS.has(change.name) || change.name === "*") this.actions.add("postgres:assume-role");
  }

  /** `x.f` and `(x).f` are `f(x)` where no column is called f: PostgreSQL 15 reads a file for `('path'::text).pg_read_file`. */
  #addAttributes(type: "ColumnRef" | "A_Indirection", body: TreeObject): void {
    const parts = nameParts(type === "ColumnRef" ? body.fields : body.indirection);
    for (const name of type === "ColumnRef" ? parts.slice(1) : parts) {
      // Other names may well be columns'; the catalog tells.
      if (/^(?:pg|lo|ts)_/.test(name)) this.addFunction(name);
    }
  }
}

/**
 * pg_dump sets what not every server has by `SELECT set_config(name, …) FROM pg_settings WHERE name = 'constant'`:
 * whatever pg_settings is, the name is that constant in every row. The constant, or null for other statements.
 */
function settingOfRow(tree: Node): Node | null {
  if (!("SelectStmt" in tree)) return null;
  const { fromClause = [], whereClause, targetList = [], ...rest } = tree.SelectStmt;
  const [from] = fromClause;
  if (fromClause.length !== 1 || from === undefined || !("RangeVar" in from) || targetList.length !== 1)
    return null;
  if (Object.keys(rest).some((key) => key !== "limitOption" && key !== "op")) return null;
  if (whereClause === undefined || !("A_Expr" in whereClause)) return null;
  const { kind, name, lexpr, rexpr } = whereClause.A_Expr;
  if (kind !== "AEXPR_OP" || nameParts(name).join(".") !== "=" || lexpr === undefined) return null;
  return columnName(lexpr) === "name" && constantText(rexpr) !== null ? (rexpr ?? null) : null;
}

/** Of a column reference without a table. */
function columnName(node: Node): string | null {
  if (!("ColumnRef" in node)) return null;
  const parts = nameParts(node.ColumnRef.fields);
  return parts.length === 1 ? (parts[0] ?? null) : null;
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
