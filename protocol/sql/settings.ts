import type { Node, VariableSetStmt } from "@pgsql/types";
import { SallyportError } from "../errors.ts";

/**
 * Settings that the connector sends in the target's startup message and that no statement may change, because with
 * another value the server would read a text differently than our parser did:
 *
 * - `standard_conforming_strings`: off, a backslash in '…' escapes, so a quote ends elsewhere.
 * - `client_encoding`: in SJIS, GBK, BIG5 and their kin a byte of a character may be a backslash or quote.
 *
 * Looked at and left free, since the same text keeps the same tree, names and functions:
 * `backslash_quote` (only whether \' in E'…' is an error), `escape_string_warning` (a warning),
 * `transform_null_equals` (`x = NULL` becomes `x IS NULL`: so a comparison with NULL never counts as a key),
 * `array_nulls`, `xmloption`, `DateStyle`, `IntervalStyle`, `TimeZone`, `lc_*` (how values are read, not which
 * tables), `bytea_output`, `extra_float_digits`, `quote_all_identifiers` (output), `plpgsql.*` (function bodies are
 * opaque anyway). `search_path`, `role` and `session_authorization` decide what names mean: they are tracked.
 */
export const PINNED: Readonly<Record<string, string>> = {
  standard_conforming_strings: "on",
  client_encoding: "UTF8",
};

/** Settings that choose which object a name is. */
export const NAME_SETTINGS: ReadonlySet<string> = new Set([
  "search_path",
  "role",
  "session_authorization",
  "*",
]);

/** Settings that change whose rights a session has. */
export const ROLE_SETTINGS: ReadonlySet<string> = new Set(["role", "session_authorization"]);

/** A change of one setting. */
export interface SettingChange {
  /** Lower case; `*` for all, or when it isn't a constant. */
  name: string;
  /**
   * `value`: to `value`, which is null when it isn't a constant. `reset`: to what the session started with, which is
   * the startup message's value, for that outranks ALTER ROLE … SET and ALTER DATABASE … SET. `current`: to what it is.
   */
  kind: "value" | "reset" | "current";
  value: string | null;
}

/** What a SET, RESET or SET clause changes. */
export function settingChanges(statement: VariableSetStmt): SettingChange[] {
  const name = (statement.name ?? "").toLowerCase();
  switch (statement.kind) {
    case "VAR_SET_DEFAULT":
    case "VAR_RESET":
      return [{ name, kind: "reset", value: null }];
    case "VAR_RESET_ALL":
      return [{ name: "*", kind: "reset", value: null }];
    case "VAR_SET_CURRENT":
      return [{ name, kind: "current", value: null }];
    case "VAR_SET_MULTI":
      return transactionSettings(statement);
    default: {
      const args = statement.args ?? [];
      const value = args.length === 1 ? constantText(args[0]) : null;
      return [{ name, kind: "value", value }];
    }
  }
}

/** SET TRANSACTION, SET SESSION CHARACTERISTICS, SET TRANSACTION SNAPSHOT. */
function transactionSettings(statement: VariableSetStmt): SettingChange[] {
  const prefix = statement.name === "SESSION CHARACTERISTICS" ? "default_" : "";
  if (statement.name === "TRANSACTION SNAPSHOT") return [];
  return transactionModes(statement.args ?? []).map((name) => ({
    name: `${prefix}${name}`,
    kind: "value",
    value: null,
  }));
}

/** The settings that transaction modes (of BEGIN or SET TRANSACTION) change. */
export function transactionModes(options: readonly Node[]): string[] {
  return options.flatMap((option) =>
    "DefElem" in option && option.DefElem.defname !== undefined ? [option.DefElem.defname] : [],
  );
}

/** What `set_config(name, value, is_local)` changes; `*` when the name is no constant. */
export function setConfigChange(args: readonly Node[]): SettingChange {
  const name = args.length === 3 ? constantText(args[0]) : null;
  if (name === null) return { name: "*", kind: "value", value: null };
  if (isNull(args[1])) return { name: name.toLowerCase(), kind: "reset", value: null };
  return { name: name.toLowerCase(), kind: "value", value: constantText(args[1]) };
}

/** Why these changes must be refused whatever a policy says; empty when they need not be. */
export function pinViolations(changes: readonly SettingChange[]): string[] {
  const violations: string[] = [];
  for (const change of changes) {
    if (change.kind !== "value") continue;
    if (change.name === "*") {
      violations.push(
        `set_config is called with a name that is no constant: it could change ${Object.keys(PINNED).join(" or ")}`,
      );
      continue;
    }
    const pinned = pinnedValue(change.name);
    if (pinned !== undefined && (change.value === null || !isPinnedValue(change.name, change.value))) {
      violations.push(`${change.name} must stay ${pinned}, or the statement judged is not the statement run`);
    }
  }
  return violations;
}

function pinnedValue(name: string): string | undefined {
  return Object.hasOwn(PINNED, name) ? PINNED[name] : undefined;
}

function isPinnedValue(name: string, value: string): boolean {
  if (name === "client_encoding") {
    // As the server compares names of encodings: letters and digits alone count.
    const encoding = value.toLowerCase().replace(/[^a-z0-9]/g, "");
    return encoding === "utf8" || encoding === "unicode";
  }
  return /^(?:on|t(?:r(?:ue?)?)?|y(?:es?)?|1)$/i.test(value);
}

/** The text of a constant, through casts to text; null for anything else. */
export function constantText(node: Node | undefined): string | null {
  if (node === undefined) return null;
  if ("A_Const" in node) {
    const { sval, ival, fval, boolval, isnull } = node.A_Const;
    if (isnull) return null;
    if (sval !== undefined) return sval.sval ?? "";
    if (ival !== undefined) return String(ival.ival ?? 0);
    if (fval !== undefined) return fval.fval ?? null;
    if (boolval !== undefined) return boolval.boolval ? "on" : "off";
    return null;
  }
  if ("TypeCast" in node) {
    const { arg, typeName } = node.TypeCast;
    const names = (typeName?.names ?? []).map((part) => ("String" in part ? part.String.sval : ""));
    const isText = names.at(-1) === "text" && (names.length === 1 || names[0] === "pg_catalog");
    if (isText && typeName?.arrayBounds === undefined) return constantText(arg);
  }
  return null;
}

function isNull(node: Node | undefined): boolean {
  return node !== undefined && "A_Const" in node && node.A_Const.isnull === true;
}

/** Parameters of a startup message that are no settings. */
const NO_SETTINGS: ReadonlySet<string> = new Set(["user", "database", "options", "replication"]);
/** Settings that a startup message must not change, and what to do instead. */
const NOT_AT_STARTUP: Readonly<Record<string, string>> = {
  role: "Connect, then SET ROLE: it is judged as a statement.",
  session_authorization: "Connect, then SET SESSION AUTHORIZATION: it is judged as a statement.",
  local_preload_libraries: "It loads code into the server.",
  session_preload_libraries: "It loads code into the server.",
};

/**
 * Reads the settings of a startup message: its parameters and the switches in `options`. Throws SallyportError
 * `forbidden` for one that is pinned to another value, or that would give other rights or load code unjudged, and
 * `invalid_request` for switches other than `-c name=value` and `--name=value`.
 */
export function checkStartupOptions(parameters: Readonly<Record<string, string>>): SettingChange[] {
  const settings: [string, string][] = [];
  for (const [name, value] of Object.entries(parameters)) {
    if (!NO_SETTINGS.has(name) && !name.startsWith("_pq_.")) settings.push([name.toLowerCase(), value]);
  }
  settings.push(...switches(parameters.options ?? ""));
  return settings.map(([name, value]) => {
    const pinned = pinnedValue(name);
    if (pinned !== undefined && !isPinnedValue(name, value)) {
      throw new SallyportError(
        "forbidden",
        `The connection asks for another ${name} than ${pinned}, with which statements can't be judged.`,
        name === "client_encoding"
          ? "Set PGCLIENTENCODING=UTF8, or client_encoding=UTF8."
          : `Leave ${name} out.`,
      );
    }
    const instead = Object.hasOwn(NOT_AT_STARTUP, name) ? NOT_AT_STARTUP[name] : undefined;
    if (instead !== undefined) {
      throw new SallyportError("forbidden", `The connection may not set ${name} as it starts.`, instead);
    }
    return { name, kind: "value", value };
  });
}

/** `options` as the server reads it: words cut at blanks, a backslash takes the next character as it is. */
function switches(options: string): [string, string][] {
  const words: string[] = [];
  const word = /(?:\\[\s\S]|[^\\ \t\n\r\f\v])+/g;
  const rest = options.replace(word, (match) => {
    words.push(match.replace(/\\([\s\S])/g, "$1"));
    return "";
  });
  if (/[^ \t\n\r\f\v]/.test(rest)) throw unknownSwitch();
  const settings: [string, string][] = [];
  for (let index = 0; index < words.length; index++) {
    const text = words[index] ?? "";
    let assignment: string | undefined;
    if (text === "-c") assignment = words[++index];
    else if (text.startsWith("-c") || text.startsWith("--")) assignment = text.slice(2);
    const equals = assignment?.indexOf("=") ?? -1;
    if (assignment === undefined || equals < 1) throw unknownSwitch();
    const name = assignment.slice(0, equals).replaceAll("-", "_").toLowerCase();
    settings.push([name, assignment.slice(equals + 1)]);
  }
  return settings;
}

function unknownSwitch(): SallyportError {
  return new SallyportError(
    "invalid_request",
    "The startup parameter `options` has a switch that is not understood.",
    "Only `-c name=value` and `--name=value` are taken.",
  );
}
