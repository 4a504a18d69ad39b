import type { TypeName } from "@pgsql/types";
import type { Relation } from "../catalog.ts";
import { ask, type Context, lack } from "./findings.ts";
import { qualifiedName } from "./qualified-name.ts";
import { identifiers, type Qualified, qualified } from "./tree.ts";

/** Unqualified names of pg_catalog's types that every supported server has. They need no look into later schemas. */
export const BUILTIN_TYPES: ReadonlySet<string> = new Set(
  `bool bytea char name int8 int2 int4 text oid xid json xml jsonb jsonpath point box path polygon line circle lseg
  float4 float8 money macaddr macaddr8 inet cidr bpchar varchar date time timestamp timestamptz interval timetz bit
  varbit numeric uuid tsvector tsquery regclass regtype regproc regprocedure regoper regoperator regnamespace regrole
  regconfig regdictionary record pg_lsn int4range int8range numrange tsrange tstzrange daterange txid_snapshot`.split(
    /\s+/,
  ),
);
/** Pseudo-types of the grammar's, for columns only. */
const SERIAL_TYPES = new Set(["serial", "serial2", "serial4", "serial8", "bigserial", "smallserial"]);
/** `f` in `f(x)` that the grammar itself writes as pg_catalog.f, though older servers take it for any function. */
const BECAME_SYNTAX = new Map([
  ["json_object", 160000],
  ["system_user", 160000],
]);

/** Null when there is no such relation anywhere in the path, undefined while that isn't known. */
export function findRelation(context: Context, { schema, name }: Qualified): Relation | null | undefined {
  const schemas = schema === null ? context.names.searchPath : [realSchema(context, schema)];
  let unknown = false;
  for (const candidate of schemas) {
    if (candidate === null) continue;
    const relation = context.catalog.relation(candidate, name);
    if (relation === undefined) {
      ask(context, "relation", candidate, name);
      unknown = true;
    } else if (relation !== null) {
      return unknown ? undefined : relation;
    }
  }
  return unknown ? undefined : null;
}

/** `pg_temp` is the session's own temporary schema, which may not exist. */
function realSchema(context: Context, schema: string): string | null {
  return schema === "pg_temp" ? context.names.temporarySchema : schema;
}

/** Where CREATE puts an unqualified name: the first schema of the path that is not implied. */
export function creationSchema(context: Context): string {
  const { searchPath, temporarySchema } = context.names;
  return searchPath.find((schema) => schema !== "pg_catalog" && schema !== temporarySchema) ?? "pg_catalog";
}

/** The schemas in which functions and operators are searched: temporary ones only when they are named. */
function codeSchemas(context: Context, schema: string | null): string[] {
  const { searchPath, temporarySchema } = context.names;
  if (schema === null) return searchPath.filter((candidate) => candidate !== temporarySchema);
  const real = realSchema(context, schema);
  return real === null ? [] : [real];
}

/** Whether this is the first time that the name is met. */
function isNew(context: Context, sort: string, { schema, name }: Qualified): boolean {
  const key = `${sort}\0${schema ?? "\0"}\0${name}`;
  if (context.seen.has(key)) return false;
  context.seen.add(key);
  return true;
}

/**
 * A call of `name`. PostgreSQL takes the best match for the arguments' types over all schemas of the path, so
 * a function of a later schema may win over one of pg_catalog whose arguments would have to be converted: every
 * candidate counts. With one argument the name may also be a type's (`f(x)` is `x::f` where no function fits
 * exactly) or a column's (`f(t)` is `t.f`); `argument` says whether it may. Returns how many functions of the name there
 * are, when it is met for the first time: for 0 the caller says what is missing.
 */
export function callFunction(context: Context, target: Qualified, argument: boolean): number {
  if (argument) useType(context, target, false);
  const syntaxSince = target.schema === "pg_catalog" ? BECAME_SYNTAX.get(target.name) : undefined;
  if (syntaxSince !== undefined && context.catalog.serverVersion < syntaxSince) {
    // The text may have named it without a schema; the parser's tree no longer says.
    if (target.name !== "json_object") {
      context.found.opaque.add(`${target.name} is not syntax but any function or column on this server`);
      return 1;
    }
    callFunction(context, { schema: null, name: target.name }, argument);
  }
  if (!isNew(context, argument ? "call" : "function", target)) return 1;
  return candidates(context, target);
}

/** Why a call of what is known as no function makes its statement opaque. */
export function unknownCall(name: string): string {
  return `what ${qualifiedName(name)}(…) calls is not known`;
}

/** There is no function of this name. `shape`: what stands behind its name in the error. */
export function lackFunction(
  context: Context,
  target: Qualified,
  sort: "function" | "procedure" | "tablesample method",
  shape: string,
): void {
  const { found } = context;
  // The calls of the whole tree are looked at once more, in other words.
  const say = (reason: string) => {
    const absent = found.absent.get(reason);
    if (absent !== undefined) found.absent.set(unknownCall(target.name), absent);
  };
  if (lackSchema(context, target.schema)) {
    say(schemaReason(target.schema ?? ""));
    return;
  }
  const written = target.schema === null ? target.name : `${target.schema}.${target.name}`;
  const absent = {
    sqlstate: sort === "tablesample method" ? "42704" : "42883",
    message: `${sort} ${written}${shape} does not exist`,
  } as const;
  const reason = `the function ${shown(target)} does not exist`;
  lack(context, reason, absent);
  say(reason);
}

function schemaReason(schema: string): string {
  return `the schema ${qualifiedName(schema)} does not exist`;
}

/** Whether the schema is known to be absent; the statement is opaque then. */
export function lackSchema(context: Context, schema: string | null): boolean {
  const { catalog } = context;
  if (schema === null || schema === "pg_temp" || catalog.schemaExists === undefined) return false;
  const exists = catalog.schemaExists(schema);
  if (exists === undefined) ask(context, "schema", schema, "");
  if (exists !== false) return exists === undefined;
  lack(context, schemaReason(schema), {
    sqlstate: "3F000",
    message: `schema "${schema}" does not exist`,
  });
  return true;
}

/** Whether no schema in which it would be searched has a type of this name. */
export function isNoType(context: Context, target: Qualified): boolean {
  return codeSchemas(context, target.schema).every(
    (schema) => context.catalog.typeExists?.(schema, target.name) === false,
  );
}

/**
 * `x.name` or `(x).name` where no column `name` is known: a field of a composite value, or a call of the function
 * `name` with x. Where no such function exists (false) it can only be a field.
 */
export function useAttribute(context: Context, name: string): boolean {
  return candidates(context, { schema: null, name }) > 0;
}

function candidates(context: Context, { schema, name }: Qualified): number {
  let count = 0;
  for (const candidate of codeSchemas(context, schema)) {
    const routines = context.catalog.functions(candidate, name);
    if (routines === undefined) {
      ask(context, "functions", candidate, name);
      count++;
      continue;
    }
    if (routines.length === 0) continue;
    count += routines.length;
    const shownSchema = candidate === context.names.temporarySchema ? "pg_temp" : candidate;
    context.found.add(context.found.functions, qualifiedName(shownSchema, name));
    for (const routine of routines) context.found.routines.add(routine);
  }
  return count;
}

/** Operators are matched like functions: a user's operator in any schema of the path may be the one. */
export function useOperator(context: Context, parts: string[]): void {
  const target = qualified(parts);
  if (context.seen.has(target.name) && target.schema === null) return;
  if (target.schema === null) context.seen.add(target.name);
  else if (!isNew(context, "operator", target)) return;
  for (const schema of codeSchemas(context, target.schema)) {
    const user = context.catalog.userOperator(schema, target.name);
    if (user === undefined) ask(context, "operator", schema, target.name);
    else if (user)
      context.found.opaque.add(`the operator ${schema}.${target.name} may run a user's function`);
  }
}

/** Whether PostgreSQL's own operator of this name is the only one that it can mean. */
export function isBuiltinOperator(context: Context, parts: string[], name: string): boolean {
  const target = qualified(parts);
  if (target.name !== name) return false;
  return codeSchemas(context, target.schema).every(
    (schema) => context.catalog.userOperator(schema, name) === false,
  );
}

/** A value of this type is made: by its input function, a cast, a domain's check. */
export function useTypeName(context: Context, type: TypeName | undefined): void {
  const parts = identifiers(type?.names);
  if (parts.length === 0 || type?.pct_type === true) return;
  useType(context, qualified(parts), true);
}

/** The first schema of the path that has the type wins; temporary ones count only where `temporary`. */
function useType(context: Context, target: Qualified, temporary: boolean): void {
  if (!isNew(context, temporary ? "type" : "code type", target)) return;
  if (temporary || BUILTIN_TYPES.has(target.name) || !isNoType(context, target)) {
    context.found.add(context.found.types, target.name);
  }
  if (target.schema === null && SERIAL_TYPES.has(target.name)) return;
  const schemas =
    target.schema === null && temporary ? context.names.searchPath : codeSchemas(context, target.schema);
  // `_mood` is the type of arrays of mood.
  const names = target.name.startsWith("_") ? [target.name, target.name.replace(/^_+/, "")] : [target.name];
  for (const schema of schemas) {
    for (const name of names) {
      const user = context.catalog.userType(schema, name);
      if (user === undefined) ask(context, "type", schema, name);
      else if (user)
        context.found.opaque.add(`values of the type ${qualifiedName(schema, name)} run a user's function`);
    }
    if (schema === "pg_catalog" && names.some((name) => BUILTIN_TYPES.has(name))) return;
  }
}

/** Whether a cast to this type keeps different values different, by PostgreSQL's own code. */
export function isExactType(type: TypeName | undefined): boolean {
  if (type === undefined || type.setof === true) return false;
  const { schema, name } = qualified(identifiers(type.names));
  if (schema !== null && schema !== "pg_catalog") return false;
  // Several bigints are equal to one float8.
  return BUILTIN_TYPES.has(name) && name !== "float4" && name !== "float8";
}

function shown({ schema, name }: Qualified): string {
  return schema === null ? qualifiedName(name) : qualifiedName(schema, name);
}
