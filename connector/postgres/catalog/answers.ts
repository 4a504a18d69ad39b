import { SallyportError } from "../../../protocol/errors.ts";
import type { CatalogName, ColumnDetail, Hook, Relation, Routine } from "../../../protocol/sql/catalog.ts";
import { qualifiedName } from "../../../protocol/sql/resolve/qualified-name.ts";
import { MAX_BESIDE } from "./relation-query.ts";

/** What a name turned out to mean. */
export type Loaded =
  | { kind: "relation"; relation: Relation | null }
  | { kind: "functions"; functions: Routine[] }
  | { kind: "operator"; user: boolean }
  | { kind: "type"; user: boolean; exists: boolean }
  | { kind: "schema"; exists: boolean }
  | { kind: "hooks"; hooks: Hook[] };

/** PostgreSQL allows 1,600 columns, 32 of them in an index. */
const MAX_COLUMNS = 1_664;
const MAX_KEYS = 1_000;
/** Relations in one family: partitions of a table with all their ancestors. */
const MAX_KIN = 50_000;
const MAX_ROUTINES = 10_000;
/** Of each sort. */
export const MAX_HOOKS = 1_000;
const MAX_TAGS = 1_000;
/** Characters. NAMEDATALEN may have been raised when the server was built. */
const MAX_NAME = 1_024;
/** Characters of a type or collation as a statement writes it: a schema, a name and modifiers, in which quotes are doubled. */
const MAX_TYPE = 4 * MAX_NAME + 64;
/** Characters of a view's text: as long as what the parser takes. A longer view is opaque. */
export const MAX_VIEW = 256 * 1024;

/**
 * What the rows of `loadStatements(names)` say of each name, in order. `trusted`: functions, as `schema.name`, that
 * the configuration lists as harmless. Throws `protocol_violation` for rows that the statements can't give.
 */
export function readAnswers(
  names: readonly CatalogName[],
  rows: readonly (readonly (string | null)[])[],
  trusted: ReadonlySet<string>,
): Loaded[] {
  const found: (Json | undefined)[] = names.map(() => undefined);
  for (const row of rows) {
    const [index, json] = row;
    // The statement for relations gives one when it has found none.
    if (row.length === 2 && index === null && json === null) continue;
    const n = /^[0-9]{1,9}$/.test(index ?? "") ? Number(index) : -1;
    if (row.length !== 2 || json === undefined || n < 0 || n >= names.length || found[n] !== undefined) {
      throw malformed("a row that was not asked for");
    }
    found[n] = json === null ? null : parse(json);
  }
  return names.map((name, n) => read(name, found[n] ?? null, found[n] !== undefined, trusted));
}

/** `exists`: there was a row for the name, though perhaps without a value. */
function read(name: CatalogName, json: Json, exists: boolean, trusted: ReadonlySet<string>): Loaded {
  const { kind } = name;
  switch (kind) {
    case "relation":
      return { kind, relation: json === null ? null : relation(name, record(json), trusted) };
    case "functions":
      return {
        kind,
        functions: json === null ? [] : list(json, MAX_ROUTINES).map((one) => routine(name, one)),
      };
    case "operator":
      return { kind, user: runsUsers(json, trusted) };
    case "type":
      return { kind, user: runsUsers(json, trusted), exists };
    case "schema":
      return { kind, exists };
    case "hooks":
      return {
        kind,
        hooks: json === null ? [] : list(json, 3 * MAX_HOOKS).flatMap((one) => hook(one, trusted)),
      };
  }
}

/** Whether any of these functions is not trusted. */
function runsUsers(json: Json, trusted: ReadonlySet<string>): boolean {
  const functions = json === null ? [] : list(json, MAX_ROUTINES).map((one) => tuple(one, 2));
  return functions.some(([schema, own]) => !trusts(trusted, text(schema), text(own)));
}

/** Nothing where the function is trusted. */
function hook(json: Json, trusted: ReadonlySet<string>): Hook[] {
  const [what, named, detail, schema, own] = tuple(json, 5);
  if (trusts(trusted, text(schema), text(own))) return [];
  const code = qualifiedName(text(schema), text(own));
  const name = text(named);
  switch (what) {
    case "cast":
      return [{ kind: what, name, explicit: flag(detail), function: code }];
    case "operator-class":
      return [{ kind: what, name, function: code }];
    case "event-trigger": {
      const tags = detail === null ? null : list(detail, MAX_TAGS).map((tag) => text(tag));
      return [{ kind: what, name, tags, function: code }];
    }
    default:
      return fail("code of an unknown sort");
  }
}

const KINDS = new Map<string, Relation["kind"]>([
  ["r", "table"],
  ["p", "partitioned"],
  ["v", "view"],
  ["m", "materialized-view"],
  ["f", "foreign"],
  ["S", "sequence"],
  ["i", "index"],
  ["I", "index"],
  ["c", "composite"],
  ["t", "toast"],
]);

function relation(asked: CatalogName, json: Record<string, Json>, trusted: ReadonlySet<string>): Relation {
  const kind = KINDS.get(text(json.kind)) ?? fail("a relation of an unknown kind");
  const query =
    json.view === null || json.view === undefined ? null : text(json.view, Number.POSITIVE_INFINITY);
  const bounded = query !== null && query.length <= MAX_VIEW ? query : null;
  const columns = list(json.columns, MAX_COLUMNS).map(column);
  const keys = list(json.keys, MAX_KEYS).map((key) => (key === null ? null : names(key)));
  const kin = list(json.kin, MAX_KIN).map((one) => {
    const [part, schema, name] = tuple(one, 3);
    return { part: text(part), name: qualifiedName(text(schema), text(name)) };
  });
  const fired = new Set<string>();
  for (const one of list(json.fired, MAX_KIN)) {
    const [schema, name, codeSchema, code] = tuple(one, 4);
    const isTrusted = codeSchema !== null && trusts(trusted, text(codeSchema), text(code));
    if (!isTrusted) fired.add(qualifiedName(text(schema), text(name)));
  }
  const of = (part: string) => kin.flatMap((one) => (one.part === part ? [one.name] : [])).sort();
  const beside = {
    read: new Set<string>(),
    write: new Set<string>(),
    analyze: new Set<string>(),
    cascade: new Set<string>(),
  };
  const own = qualifiedName(asked.schema, asked.name);
  const told = list(json.beside, MAX_BESIDE + 1);
  // Those that are told may all be trusted, and what is left out not.
  if (told.length > MAX_BESIDE) {
    for (const words of Object.values(beside))
      words.add(`more runs beside the rows of ${own} than can be told`);
  }
  for (const one of told) {
    const words = besideWords(own, one, trusted);
    if (words === null) continue;
    if (words.at !== "both") beside[words.at].add(words.words);
    else {
      beside.write.add(words.words);
      beside.read.add(words.words);
    }
  }
  const onUpdate = of("u");
  // Which of its columns a foreign key refers to can then not be told by its keys.
  if (onUpdate.length > 0 && keys.includes(null)) {
    beside.write.add(`foreign keys of ${onUpdate[0]} refer to ${own}`);
  }
  return {
    oid: oid(json.oid),
    schema: asked.schema,
    name: asked.name,
    kind,
    temporary: text(json.persistence) === "t",
    columns: columns.map(({ name }) => name),
    details: columns.map(({ detail }) => detail),
    keys: keys.filter((key) => key !== null),
    view: kind === "view" ? bounded : null,
    ...(kind === "materialized-view" && { materialized: bounded }),
    barrier: flag(json.barrier),
    children: of("child"),
    parents: of("parent"),
    cascades: {
      onDelete: of("d"),
      onUpdate,
      sideEffects: [
        ...[...fired].sort().map((name) => `a foreign key's action runs triggers or rules of ${name}`),
        ...beside.cascade,
      ],
    },
    writeSideEffects: [...beside.write],
    readSideEffects: [...beside.read],
    analyzeSideEffects: [...beside.analyze],
  };
}

function column(json: Json): { name: string; detail: ColumnDetail } {
  const [name, type, base, category, collation, generatedFrom] = tuple(json, 6);
  const detail = {
    type: text(type, MAX_TYPE),
    base: base === null ? null : text(base),
    category: text(category, 1),
    collation: collation === null ? null : text(collation, MAX_TYPE),
    generatedFrom: names(generatedFrom),
  };
  return { name: text(name), detail };
}

/** When something runs beside the rows; `cascade`: when a foreign key's action writes other rows. */
const TIMES = ["read", "write", "both", "analyze", "cascade"] as const;

/** Null where the function is trusted, so that nothing is left to say. */
function besideWords(
  relation: string,
  json: Json,
  trusted: ReadonlySet<string>,
): { at: (typeof TIMES)[number]; words: string } | null {
  const [at, what, name, schema, routine] = tuple(json, 5);
  const when = TIMES.find((time) => time === at) ?? fail("a side effect of an unknown time");
  const code = schema === null ? "" : qualifiedName(text(schema), text(routine));
  if (schema !== null && trusts(trusted, text(schema), text(routine))) return null;
  if (when === "cascade") return { at: when, words: `what a foreign key's action writes calls ${code}` };
  switch (what) {
    case "rule":
      return { at: when, words: `the rule ${text(name)} of ${relation} rewrites it` };
    case "trigger":
      return { at: when, words: `the trigger ${text(name)} of ${relation} runs` };
    case "lookup":
      return { at: when, words: `the policy ${text(name)} of ${relation} reads other rows` };
    case "policy":
    case "check":
    case "index":
    case "partitioning":
    case "statistics":
      return { at: when, words: `the ${what} ${text(name)} of ${relation} calls ${code}` };
    case "default":
      return { at: when, words: `the column ${text(name)} of ${relation} calls ${code}` };
    case "domain":
      return { at: when, words: `the domain of a column of ${relation} calls ${code}` };
    case "cast":
      return { at: when, words: `casts of a column of ${relation} call ${code}` };
    default:
      return fail("a side effect of an unknown sort");
  }
}

/** The configuration writes names as they are, `schema.name`; only a name with a dot or a quote would be quoted. */
function trusts(trusted: ReadonlySet<string>, schema: string, name: string): boolean {
  return trusted.has(qualifiedName(schema, name));
}

const ROUTINE_KINDS = new Map<string, Routine["kind"]>([
  ["f", "function"],
  ["p", "procedure"],
  ["a", "aggregate"],
  ["w", "window"],
]);
const VOLATILITIES = new Map<string, Routine["volatility"]>([
  ["i", "immutable"],
  ["s", "stable"],
  ["v", "volatile"],
]);

function routine({ schema, name }: CatalogName, json: Json): Routine {
  const { kind, builtin, volatility, securityDefiner, language } = record(json);
  return {
    schema,
    name,
    kind: ROUTINE_KINDS.get(text(kind)) ?? fail("a function of an unknown kind"),
    builtin: flag(builtin),
    volatility: VOLATILITIES.get(text(volatility)) ?? fail("a function of an unknown volatility"),
    securityDefiner: flag(securityDefiner),
    language: text(language),
  };
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

function parse(json: string): Json {
  try {
    return JSON.parse(json) as Json;
  } catch {
    // Also what is nested so deep that the stack ends.
    return fail("text that is no JSON");
  }
}

function record(json: Json | undefined): Record<string, Json> {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json;
  return fail("no object where one stands");
}

function list(json: Json | undefined, max: number): Json[] {
  if (!Array.isArray(json)) return fail("no list where one stands");
  if (json.length > max) {
    throw new SallyportError("limit_exceeded", `the target's catalog has a list of more than ${max}`);
  }
  return json;
}

function tuple(json: Json, length: number): Json[] {
  const items = list(json, length);
  return items.length === length ? items : fail("a list of another length");
}

function names(json: Json | undefined): string[] {
  return list(json, MAX_COLUMNS).map((name) => text(name));
}

function text(json: Json | undefined, max = MAX_NAME): string {
  return typeof json === "string" && json.length <= max ? json : fail("no name where one stands");
}

function flag(json: Json | undefined): boolean {
  return typeof json === "boolean" ? json : fail("no truth value where one stands");
}

function oid(json: Json | undefined): number {
  const valid = typeof json === "number" && Number.isInteger(json) && json > 0 && json < 2 ** 32;
  return valid ? json : fail("no object id where one stands");
}

function malformed(what: string): SallyportError {
  return new SallyportError(
    "protocol_violation",
    `the target's catalog gave ${what}`,
    "Check that the connector's configuration names a PostgreSQL server.",
  );
}

function fail(what: string): never {
  throw malformed(what);
}
