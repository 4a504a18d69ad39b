import type { HttpFacts, KubernetesFacts } from "../http/facts.ts";
import type { HttpRequest } from "../http/request.ts";
import { requestInfo } from "../kubernetes/reading-request-info.ts";
import type { CommandFacts, LineFacts } from "../shell/facts.ts";
import type { StatementFacts } from "../sql/facts.ts";
import type { Usage } from "./bands.ts";
import type { Cedar } from "./cedar.ts";
import type { ExchangeCircumstances } from "./exchange.ts";
import type { Circumstances } from "./judge.ts";
import type { PolicyTarget, Subject } from "./policy-set.ts";
import type { SshCircumstances } from "./ssh.ts";

/** Plain values for tests: a read of one table by an agent, on a quiet session, that the planner finds cheap. */
export const SUBJECT: Subject = { principal: "agent/1", groups: ["agents"] };
export const TARGET: PolicyTarget = { name: "orders", kind: "postgres", connector: "main" };
export const USAGE: Usage = {
  statements: 3,
  statementsLastMinute: 3,
  rows: 10,
  bytes: 1_000,
  repeatedLastMinute: 1,
};
export const NOW: Circumstances = {
  database: "orders",
  inTransaction: false,
  plan: { rows: 10, cost: 12 },
  session: USAGE,
  principalUsage: USAGE,
};

export function factsOf(facts: Partial<StatementFacts> = {}): StatementFacts {
  return {
    tag: "SELECT",
    actions: ["postgres:select"],
    opaque: [],
    reads: ["public.orders"],
    writes: [],
    readColumns: ["public.orders.id", "public.orders.total"],
    writeColumns: [],
    functions: [],
    effects: [],
    settings: [],
    where: "none",
    limit: null,
    fingerprint: "0123456789abcdef0123456789abcdef",
    ...facts,
  };
}

export const SSH_TARGET: PolicyTarget = { name: "web1", kind: "ssh", connector: "main" };
export const SSH_NOW: SshCircumstances = { account: "deploy", session: USAGE, principalUsage: USAGE };

/** A command by its words, as one of which nothing but them is known, with what is given. */
export function commandOf(argv: (string | null)[], facts: Partial<CommandFacts> = {}): CommandFacts {
  const path = argv[0] ?? "";
  return {
    program: path.slice(path.lastIndexOf("/") + 1),
    path,
    argv,
    via: [],
    runAs: null,
    host: null,
    reads: [],
    writes: [],
    assignments: [],
    stdin: "agent",
    known: true,
    effects: [],
    opaque: [],
    ...facts,
  };
}

/** A line of these commands. */
export function lineOf(...commands: CommandFacts[]): LineFacts {
  return { commands, opaque: [], fingerprint: "0123456789abcdef".repeat(4) };
}

export const HTTP_TARGET: PolicyTarget = { name: "billing", kind: "http", connector: "main" };
export const KUBERNETES_TARGET: PolicyTarget = { name: "prod", kind: "kubernetes", connector: "main" };
export const EXCHANGE_NOW: ExchangeCircumstances = { session: USAGE, principalUsage: USAGE };

/** A request without a body, with what is given. */
export function httpRequestOf(line: string, request: Partial<HttpRequest> = {}): HttpRequest {
  const [method = "", target = ""] = line.split(" ");
  return {
    type: "http",
    method,
    target,
    contentType: null,
    body: null,
    streamed: false,
    fields: [],
    websocket: false,
    kubernetes: null,
    ...request,
  };
}

/** The same of a Kubernetes target. */
export function apiRequestOf(line: string, request: Partial<HttpRequest> = {}): HttpRequest {
  const [method = "", target = ""] = line.split(" ");
  return httpRequestOf(line, { kubernetes: requestInfo(method, target), ...request });
}

/** Of a request to `path`, without query and body. */
export function httpFactsOf(path: string, facts: Partial<HttpFacts> = {}): HttpFacts {
  return { type: "http", path, query: [], bodyForm: "none", fields: [], opaque: [], ...facts };
}

/** Of a request without a body. */
export function kubernetesFactsOf(facts: Partial<KubernetesFacts> = {}): KubernetesFacts {
  return {
    type: "kubernetes",
    bodyForm: "none",
    kinds: [],
    replicas: null,
    images: [],
    rights: [],
    serviceAccounts: [],
    labels: [],
    rbac: false,
    fields: [],
    dryRun: false,
    command: [],
    opaque: [],
    ...facts,
  };
}

/** This engine with some of its functions replaced. */
export function cedarWith(cedar: Cedar, replaced: Partial<Cedar>): Cedar {
  return {
    policySetTextToParts: (...args) => cedar.policySetTextToParts(...args),
    policyToJson: (...args) => cedar.policyToJson(...args),
    validate: (...args) => cedar.validate(...args),
    preparsePolicySet: (...args) => cedar.preparsePolicySet(...args),
    statefulIsAuthorized: (...args) => cedar.statefulIsAuthorized(...args),
    ...replaced,
  };
}
