import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type PlanEstimate, TARGET_KINDS } from "../../protocol/control.ts";
import { type Field, readDocument } from "../../protocol/document.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Usage } from "../../protocol/policy/judge.ts";
import type { PolicyTarget, Subject } from "../../protocol/policy/policy-set.ts";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { requestText, type SshRequest } from "../../protocol/ssh/request.ts";
import type { DescribedCatalog, DescribedRelation } from "./case-catalog.ts";
import { type ExchangeCase, exchangeCaseOf } from "./http-case.ts";
import { readPolicyFile } from "./policy-file.ts";
import { sshRequestOf } from "./ssh-case.ts";

/** One case of a user's table: a request, and the verdict that it shall get. */
export interface PolicyCase {
  /** `FILE:LINE:COLUMN`. */
  place: string;
  name: string;
  subject: Subject;
  target: PolicyTarget;
  database: string;
  inTransaction: boolean;
  /** The login name on an SSH target. */
  account: string;
  /** `unmask`: a label; `watch`: whose session. */
  request:
    | { sql: string }
    | { ssh: SshRequest }
    | { http: ExchangeCase }
    | { kubernetes: ExchangeCase }
    | { connect: "listed" | "unlisted" }
    | { unmask: string }
    | { watch: string };
  /** "cheap" is a plan of one row where a policy asks for one. */
  plan: PlanEstimate | "cheap" | "none";
  session: Usage;
  principalUsage: Usage;
  expect: "allow" | "approve" | "block";
  /** A part of the reason. */
  reason: string | null;
  /** A policy that must be among those that decide. */
  policy: string | null;
  /** Whether it must go on only while somebody watches; null where that is not looked at. */
  watched: boolean | null;
}

export interface CaseFile {
  /** The policies' file as it is named to people. */
  policiesFile: string;
  policies: string;
  catalog: DescribedCatalog;
  cases: PolicyCase[];
}

const KEYS = ["policies", "target", "catalog", "cases"];
const CASE_KEYS = [
  ...["name", "as", "groups", "onBehalfOf", "target", "database", "account", "inTransaction"],
  ...["sql", "ssh", "http", "kubernetes", "connect", "unmask", "watch", "plan", "usage", "principalUsage"],
  ...["expect", "reason", "policy", "watched"],
];
const COUNTS = ["statements", "statementsLastMinute", "rows", "bytes", "repeatedLastMinute"] as const;
const QUIET: Usage = { statements: 1, statementsLastMinute: 1, rows: 0, bytes: 0, repeatedLastMinute: 1 };
const NAME = /^[\w$-]+(\.[\w$-]+)?$/;
const RELATION = "a name as SCHEMA.NAME";
const ACCOUNT = "deploy";
const MAX_COUNT = Number.MAX_SAFE_INTEGER;
const DEFAULT_VERSION = 15;

/**
 * Reads a file of cases. `policies`, if given, is the policy file to use in place of the one that the file names.
 * Throws `invalid_config` with file, line, and what to do.
 */
export function readCaseFile(file: string, policies?: string): CaseFile {
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new SallyportError(
      "invalid_config",
      `${file} can't be read (${(error as NodeJS.ErrnoException).code}).`,
      "sallyport policy test --help shows what stands in such a file.",
    );
  }
  const root = readDocument(text, file).mapping(KEYS);
  const named = root.get("policies").optional((field) => field.string());
  const path = policies ?? (named === null ? null : resolve(dirname(resolve(file)), named));
  const target = targetOf(root.get("target"));
  return {
    policiesFile: policies ?? named ?? "the starter policies",
    policies: path === null ? STARTER_POLICIES : readPolicyFile(path),
    catalog: catalogOf(root.get("catalog")),
    cases: root
      .get("cases")
      .list()
      .map((field, index) => caseOf(field, index, target)),
  };
}

function targetOf(field: Field): PolicyTarget {
  const found = field.optional((one) => one.mapping(["name", "kind", "connector"]));
  const text = (name: string) => found?.get(name).optional((one) => one.string());
  return {
    name: text("name") ?? "orders",
    kind: found?.get("kind").optional((one) => one.oneOf(TARGET_KINDS)) ?? "postgres",
    connector: text("connector") ?? "main",
  };
}

/** Of a statement or a request the kind follows; else it is that of the file's target. */
function kindOf(request: PolicyCase["request"], kind: string): string {
  if ("sql" in request) return "postgres";
  return (["ssh", "http", "kubernetes"] as const).find((one) => one in request) ?? kind;
}

function caseOf(field: Field, index: number, target: PolicyTarget): PolicyCase {
  field.mapping(CASE_KEYS);
  const text = (name: string) => field.get(name).optional((one) => one.string());
  const request = requestOf(field);
  const answer = (name: string) => field.get(name).optional((one) => one.oneOf(["yes", "no"]) === "yes");
  const onBehalfOf = text("onBehalfOf");
  const name = text("target") ?? target.name;
  return {
    place: field.at([]).split(": ")[0]!,
    name: text("name") ?? nameOf(request, index + 1),
    subject: {
      principal: text("as") ?? "agent",
      groups: field.get("groups").optional(texts) ?? [],
      ...(onBehalfOf !== null && { onBehalfOf }),
    },
    target: { ...target, name, kind: kindOf(request, target.kind) },
    database: text("database") ?? name,
    account: text("account") ?? ACCOUNT,
    inTransaction: answer("inTransaction") ?? false,
    request,
    plan: field.get("plan").optional(planOf) ?? "cheap",
    session: field.get("usage").optional(usageOf) ?? QUIET,
    principalUsage: field.get("principalUsage").optional(usageOf) ?? QUIET,
    expect: field.get("expect").oneOf(["allow", "approve", "block"]),
    reason: text("reason"),
    policy: text("policy"),
    watched: answer("watched"),
  };
}

function requestOf(field: Field): PolicyCase["request"] {
  const text = (one: Field) => one.string();
  const requests: (PolicyCase["request"] | null)[] = [
    field.get("sql").optional((one) => ({ sql: text(one) })),
    field.get("ssh").optional((one) => ({ ssh: sshRequestOf(one) })),
    field.get("http").optional((one) => ({ http: exchangeCaseOf(one, "http") })),
    field.get("kubernetes").optional((one) => ({ kubernetes: exchangeCaseOf(one, "kubernetes") })),
    field.get("connect").optional((one) => ({ connect: one.oneOf(["listed", "unlisted"]) })),
    field.get("unmask").optional((one) => ({ unmask: text(one) })),
    field.get("watch").optional((one) => ({ watch: text(one) })),
  ];
  const [request, ...more] = requests.filter((one) => one !== null);
  if (request !== undefined && more.length === 0) return request;
  return field.fail(
    "needs one of sql, ssh, http, kubernetes, connect, unmask and watch",
    "Write sql: SELECT …, or ssh: {command: …}, or http: GET /path, or kubernetes: GET /api/…, or connect: listed, or unmask: LABEL, or watch: PRINCIPAL.",
  );
}

function nameOf(request: PolicyCase["request"], number: number): string {
  if ("sql" in request) return request.sql;
  if ("ssh" in request) return requestText(request.ssh);
  const exchange = "http" in request ? request.http : "kubernetes" in request ? request.kubernetes : null;
  if (exchange === null) return `${Object.keys(request)[0]} ${number}`;
  return `${exchange.request.method} ${exchange.request.target}`;
}

function planOf(field: Field): PlanEstimate | "none" {
  const none = isText(field) ? field.oneOf(["none"]) : null;
  if (none !== null) return none;
  field.mapping(["rows", "cost"]);
  const number = (name: string) => field.get(name).optional((one) => one.integer(0, MAX_COUNT)) ?? 1;
  return { rows: number("rows"), cost: number("cost") };
}

function isText(field: Field): boolean {
  try {
    return field.string() !== "";
  } catch {
    return false;
  }
}

function usageOf(field: Field): Usage {
  field.mapping(COUNTS);
  const counts = COUNTS.map((name) => [
    name,
    field.get(name).optional((one) => one.integer(0, MAX_COUNT)) ?? QUIET[name],
  ]);
  return Object.fromEntries(counts) as unknown as Usage;
}

function catalogOf(field: Field): DescribedCatalog {
  const found = field.optional((one) =>
    one.mapping(["version", "searchPath", "tables", "views", "functions", "trustedFunctions"]),
  );
  const part = <T>(name: string, read: (one: Field) => T) => found?.get(name).optional(read) ?? null;
  return {
    serverVersion: (part("version", (one) => one.integer(14, 99)) ?? DEFAULT_VERSION) * 10_000,
    searchPath: part("searchPath", texts) ?? ["public"],
    relations: [
      ...(part("tables", (one) => named(one, ["columns", "keys"], (table) => relationOf(table, null))) ?? []),
      ...(part("views", (one) =>
        named(one, ["columns", "query"], (view) => relationOf(view, view.get("query").string())),
      ) ?? []),
    ].map(({ name, value }) => ({ ...value, name })),
    functions: (
      part("functions", (one) =>
        named(one, ["volatility"], (routine) => ({
          volatility:
            routine.get("volatility").optional((each) => each.oneOf(["immutable", "stable", "volatile"])) ??
            ("volatile" as const),
        })),
      ) ?? []
    ).map(({ name, value }) => ({ ...value, name })),
    trustedFunctions: part("trustedFunctions", texts) ?? [],
  };
}

function relationOf(field: Field, query: string | null): Omit<DescribedRelation, "name"> {
  const keys = query === null ? field.get("keys").optional((one) => one.list().map(texts)) : null;
  return { columns: texts(field.get("columns")), keys: keys ?? [], query };
}

/** A mapping from names of relations or functions. */
function named<T>(field: Field, keys: string[], read: (one: Field) => T): { name: string; value: T }[] {
  return field.keys().map((name) => {
    const one = field.get(name);
    if (!NAME.test(name)) one.fail(`is not ${RELATION}`, `Write ${RELATION}.`);
    return { name, value: read(one.mapping(keys)) };
  });
}

function texts(field: Field): string[] {
  return field.list().map((one) => one.string());
}
