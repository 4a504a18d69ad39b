import type { Node } from "@pgsql/types";
import type { Effect, StatementAction } from "../facts.ts";
import { parseSql } from "../parser.ts";
import { type NodeBody, nameParts } from "../tree.ts";
import { isOn, option } from "./option.ts";

type CreateFunction = NodeBody<"CreateFunctionStmt">;

/** Languages whose code can't leave the database. Functions in others run as the server's user. */
const TRUSTED_LANGUAGES: ReadonlySet<string> = new Set([
  "sql",
  "plpgsql",
  "plperl",
  "pltcl",
  "plv8",
  "plrust",
]);

function language(statement: CreateFunction): string {
  const name = option(statement.options, "language")?.arg;
  return name !== undefined && "String" in name ? (name.String.sval ?? "").toLowerCase() : "sql";
}

export function functionActions(statement: CreateFunction): StatementAction[] {
  const actions: StatementAction[] = ["postgres:create"];
  if (!TRUSTED_LANGUAGES.has(language(statement))) actions.push("postgres:administer");
  if (lendsRights(statement.options)) actions.push("postgres:grant");
  return actions;
}

/** SECURITY DEFINER: whoever calls the function acts with its owner's rights. */
export function lendsRights(options: readonly Node[] | undefined): boolean {
  return isOn(option(options, "security"));
}

export function functionEffects(statement: CreateFunction): Effect[] {
  return TRUSTED_LANGUAGES.has(language(statement)) ? [] : ["run-program"];
}

export function functionOpaque(statement: CreateFunction): string[] {
  if (statement.sql_body !== undefined || language(statement) === "sql") return [];
  return [`the body of the function is ${language(statement)}, which is not looked into`];
}

/** The statements of a function's body, when it is SQL; null when it can't be parsed, empty for other languages. */
export function functionBody(statement: CreateFunction): Node[] | null {
  if (statement.sql_body !== undefined) return listed(statement.sql_body);
  if (language(statement) !== "sql") return [];
  const body = option(statement.options, "as")?.arg;
  const parts = body !== undefined && "List" in body ? nameParts(body.List.items) : [];
  if (parts.length !== 1) return null;
  try {
    return parseSql(parts[0] ?? "").map(({ tree }) => tree);
  } catch {
    return null;
  }
}

function listed(node: Node): Node[] {
  if ("List" in node) return (node.List.items ?? []).flatMap(listed);
  if (!("ReturnStmt" in node)) return [node];
  const { returnval } = node.ReturnStmt;
  // RETURN x is SELECT x.
  return returnval === undefined ? [] : [{ SelectStmt: { targetList: [{ ResTarget: { val: returnval } }] } }];
}
