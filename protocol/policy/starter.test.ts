import assert from "node:assert/strict";
import { test } from "node:test";
import type { LineFacts } from "../shell/facts.ts";
import type { Effect, StatementFacts } from "../sql/facts.ts";
import type { SshRequest } from "../ssh/request.ts";
import { type Circumstances, judgeStatement } from "./judge.ts";
import { nodeCedar } from "./node-cedar.ts";
import { PolicySet } from "./policy-set.ts";
import { judgeSsh } from "./ssh.ts";
import { STARTER_POLICIES } from "./starter.ts";
import { commandOf, factsOf, lineOf, NOW, SSH_NOW, SSH_TARGET, SUBJECT, TARGET, USAGE } from "./testing.ts";

const set = PolicySet.load(nodeCedar(), STARTER_POLICIES);
const loop = (session: Partial<typeof USAGE>) => ({ session: { ...USAGE, ...session } });
const plan = (rows: number, cost: number) => ({ plan: { rows, cost } });
const write = (action: "update" | "delete", where: StatementFacts["where"]): Partial<StatementFacts> => ({
  tag: action.toUpperCase(),
  actions: [`postgres:${action}`],
  writes: ["public.orders"],
  where,
});
const effect = (...effects: Effect[]): Partial<StatementFacts> => ({ effects });
const setting = (name: string): Partial<StatementFacts> => ({
  tag: "SET",
  actions: ["postgres:set"],
  settings: [name],
  reads: [],
});

type Case = [
  what: string,
  verdict: "allow" | "approve" | "block",
  facts: Partial<StatementFacts>,
  now?: Partial<Circumstances>,
  policy?: string,
];

const CASES: Case[] = [
  ["a cheap read", "allow", {}],
  ["a read at the bounds", "allow", {}, plan(100_000, 500_000)],
  ["a read of more rows", "approve", {}, plan(100_001, 1), "read-dearly"],
  ["a read of more cost", "approve", {}, plan(1, 500_001), "read-dearly"],
  ["a read without an estimate", "approve", {}, { plan: null }, "read-dearly"],
  ["COPY TO STDOUT, which has no plan", "allow", { tag: "COPY" }, { plan: null }],
  ["FETCH", "allow", { tag: "FETCH", reads: [] }, { plan: null }],
  [
    "psql's \\d, over the catalog",
    "allow",
    { reads: ["pg_catalog.pg_class", "pg_catalog.pg_namespace"] },
    plan(40, 300),
  ],
  ["information_schema", "allow", { reads: ["information_schema.columns", "pg_catalog.pg_attribute"] }],
  ["pg_stats, pg_authid, pg_stat_activity", "block", effect("read-system"), {}, "system-secrets"],
  ["SELECT FOR UPDATE, sequences", "allow", effect("lock-rows", "sequence")],
  ["EXPLAIN", "allow", { tag: "EXPLAIN", actions: ["postgres:explain"] }],
  [
    "EXPLAIN ANALYZE of a mass delete",
    "approve",
    { tag: "EXPLAIN", actions: ["postgres:delete", "postgres:explain"], where: "missing" },
    {},
    "mass-write",
  ],
  ["SHOW", "allow", { tag: "SHOW", actions: ["postgres:show"], reads: [] }],

  ["INSERT", "allow", { tag: "INSERT", actions: ["postgres:insert"], writes: ["public.orders"] }],
  [
    "INSERT … ON CONFLICT DO UPDATE",
    "allow",
    { tag: "INSERT", actions: ["postgres:insert", "postgres:update"], writes: ["public.orders"] },
  ],
  [
    "INSERT … SELECT of much",
    "approve",
    { tag: "INSERT", actions: ["postgres:insert", "postgres:select"] },
    plan(1e7, 1e7),
    "read-dearly",
  ],
  [
    "COPY FROM STDIN",
    "allow",
    { tag: "COPY", actions: ["postgres:insert"], writes: ["public.orders"] },
    { plan: null },
  ],
  ...(["update", "delete"] as const).flatMap((action): Case[] => [
    [`${action} by key`, "allow", write(action, "key"), { plan: null }],
    [`${action} by a condition, few rows`, "allow", write(action, "condition"), plan(100, 10)],
    [
      `${action} by a condition, many rows`,
      "approve",
      write(action, "condition"),
      plan(101, 10),
      "mass-write",
    ],
    [
      `${action} by a condition, no estimate`,
      "approve",
      write(action, "condition"),
      { plan: null },
      "mass-write",
    ],
    [`${action} without WHERE`, "approve", write(action, "missing"), plan(1, 1), "mass-write"],
    [`${action} where true`, "approve", write(action, "constant"), plan(1, 1), "mass-write"],
    [
      `${action} of something that has no rows to choose`,
      "approve",
      write(action, "none"),
      plan(1, 1),
      "mass-write",
    ],
    [`${action} all of a temporary table`, "allow", { ...write(action, "missing"), writes: ["pg_temp.t"] }],
    [
      `${action} all of a temporary table and another`,
      "approve",
      { ...write(action, "missing"), writes: ["pg_temp.t", "public.orders"] },
    ],
  ]),
  [
    "a CTE that deletes all",
    "approve",
    { actions: ["postgres:delete", "postgres:select"], where: "missing", writes: ["public.orders"] },
    {},
    "mass-write",
  ],

  ...(["create", "alter", "drop", "truncate"] as const).map(
    (action): Case => [
      action,
      "approve",
      { tag: `${action.toUpperCase()} TABLE`, actions: [`postgres:${action}`], writes: ["public.orders"] },
      {},
      "definitions",
    ],
  ),
  [
    "CREATE TEMPORARY TABLE",
    "allow",
    { tag: "CREATE TABLE", actions: ["postgres:create"], writes: ["pg_temp.t"] },
  ],
  [
    "DROP of a temporary table",
    "allow",
    { tag: "DROP TABLE", actions: ["postgres:drop"], writes: ["pg_temp.t"] },
  ],
  [
    "DROP of a temporary table and another",
    "approve",
    { tag: "DROP TABLE", actions: ["postgres:drop"], writes: ["pg_temp.t", "public.orders"] },
  ],
  [
    "CREATE FUNCTION in pg_temp",
    "approve",
    { tag: "CREATE FUNCTION", actions: ["postgres:create"], writes: ["pg_temp.f"] },
  ],
  [
    "CREATE SCHEMA, which writes no relation",
    "approve",
    { tag: "CREATE SCHEMA", actions: ["postgres:create"], writes: [], reads: [] },
  ],
  [
    "CREATE FUNCTION with a body not looked into",
    "approve",
    { tag: "CREATE FUNCTION", actions: ["postgres:create"], opaque: ["the body"] },
  ],
  [
    "CREATE TABLE AS of what can't be proved",
    "block",
    {
      tag: "CREATE TABLE AS",
      actions: ["postgres:create", "postgres:select"],
      opaque: ["it calls public.f"],
    },
    {},
    "incomplete",
  ],
  ["GRANT", "approve", { tag: "GRANT", actions: ["postgres:grant"] }, {}, "rights"],
  [
    "SET ROLE",
    "approve",
    { tag: "SET", actions: ["postgres:assume-role"], settings: ["role"] },
    {},
    "rights",
  ],

  ["CALL", "approve", { tag: "CALL", actions: ["postgres:call"], opaque: ["the procedure"] }, {}, "code"],
  [
    "DO",
    "approve",
    { tag: "DO", actions: ["postgres:do"], effects: ["dynamic-sql"], opaque: ["the block"] },
    {},
    "code",
  ],
  [
    "CALL with a subquery that can't be proved",
    "block",
    { tag: "CALL", actions: ["postgres:call", "postgres:select"], opaque: ["it calls public.f"] },
    {},
    "incomplete",
  ],

  ["BEGIN, COMMIT, SAVEPOINT", "allow", { tag: "BEGIN", actions: ["postgres:transaction"], reads: [] }],
  [
    "LISTEN, NOTIFY",
    "allow",
    { tag: "LISTEN", actions: ["postgres:notify"], effects: ["notify"], reads: [] },
  ],
  ...[
    "search_path",
    "statement_timeout",
    "datestyle",
    "timezone",
    "application_name",
    "transaction_isolation",
  ].map((name): Case => [`SET ${name}`, "allow", setting(name)]),
  ...[
    "session_replication_role",
    "seq_page_cost",
    "random_page_cost",
    "enable_seqscan",
    "local_preload_libraries",
    "app.tenant",
    "work_mem",
    "*",
  ].map((name): Case => [`SET ${name}`, "block", setting(name), {}, "harmless-settings-only"]),
  [
    "set_config of the planner's costs in a SELECT",
    "block",
    {
      actions: ["postgres:select", "postgres:set"],
      effects: ["change-setting"],
      settings: ["seq_page_cost"],
    },
    {},
    "harmless-settings-only",
  ],
  [
    "set_config of a name that isn't a constant",
    "block",
    { actions: ["postgres:select", "postgres:set"], effects: ["change-setting"], settings: ["*"] },
  ],
  ["RESET ALL", "allow", { ...setting("*"), tag: "RESET" }],
  ["DISCARD ALL", "allow", { ...setting("*"), tag: "DISCARD ALL" }],
  ["ANALYZE", "allow", { tag: "ANALYZE", actions: ["postgres:maintain"] }],
  ["VACUUM", "approve", { tag: "VACUUM", actions: ["postgres:maintain"] }, {}, "maintenance"],
  [
    "LOCK TABLE",
    "approve",
    { tag: "LOCK TABLE", actions: ["postgres:lock"], effects: ["lock"] },
    {},
    "maintenance",
  ],
  [
    "what only an administrator does",
    "approve",
    { tag: "CREATE PUBLICATION", actions: ["postgres:administer", "postgres:create"] },
    {},
    "maintenance",
  ],
  [
    "PREPARE TRANSACTION",
    "block",
    { tag: "PREPARE TRANSACTION", actions: ["postgres:two-phase"] },
    {},
    "no-two-phase",
  ],

  ["what the parser can't prove", "block", { opaque: ["it calls public.f"] }, {}, "incomplete"],
  ...(
    [
      "read-file",
      "write-file",
      "run-program",
      "connect-out",
      "signal-backend",
      "control-server",
      "large-object",
    ] as const
  ).map((name): Case => [`the effect ${name}`, "block", effect(name), {}, "escape"]),
  [
    "COPY TO PROGRAM",
    "block",
    { tag: "COPY", actions: ["postgres:escape", "postgres:select"], effects: ["run-program"] },
    {},
    "escape-action",
  ],
  [
    "CREATE FUNCTION in an untrusted language",
    "block",
    { tag: "CREATE FUNCTION", actions: ["postgres:administer", "postgres:create"], effects: ["run-program"] },
    {},
    "escape",
  ],
  [
    "DO that would run a program",
    "block",
    { tag: "DO", actions: ["postgres:do"], effects: ["run-program"] },
    {},
    "escape",
  ],
  ["SQL from a string", "block", effect("dynamic-sql"), {}, "dynamic-sql"],
  ["pg_sleep", "block", effect("sleep"), {}, "no-sleep"],
  ["PREPARE of a read", "allow", { tag: "PREPARE" }, { plan: null }, "prepare"],
  [
    "PREPARE of a write",
    "allow",
    { ...write("update", "condition"), tag: "PREPARE" },
    { plan: null },
    "prepare",
  ],
  ["PREPARE of an escape", "block", { ...effect("read-file"), tag: "PREPARE" }, { plan: null }, "escape"],

  ["the same read 1,000 times a minute", "allow", {}, loop({ repeatedLastMinute: 1_000 })],
  ["the same read once more", "approve", {}, loop({ repeatedLastMinute: 1_001 }), "runaway-loop"],
  ["6,001 statements a minute", "approve", {}, loop({ statementsLastMinute: 6_001 }), "runaway-loop"],
  [
    "a mass write in a loop",
    "approve",
    write("delete", "missing"),
    loop({ repeatedLastMinute: 1_001 }),
    "mass-write",
  ],
  [
    "COMMIT in a loop",
    "allow",
    { tag: "COMMIT", actions: ["postgres:transaction"] },
    loop({ repeatedLastMinute: 9_999 }),
  ],
];

for (const [what, verdict, facts, now, policy] of CASES) {
  test(`starter: ${verdict}: ${what}`, () => {
    const decision = judgeStatement(set, SUBJECT, TARGET, factsOf(facts), { ...NOW, ...now });
    assert.equal(decision.verdict, verdict, JSON.stringify(decision));
    if (policy !== undefined) assert.ok(decision.policies.includes(policy), JSON.stringify(decision));
    if (decision.verdict === "approve") {
      assert.deepEqual(decision.approvals, [{ approvers: ["dba"], quorum: 1 }]);
    }
  });
}

test("starter: results of reads are cut, those that somebody approved are not", () => {
  const read = judgeStatement(set, SUBJECT, TARGET, factsOf(), NOW);
  assert.deepEqual(read.verdict === "allow" && [read.rows, read.bytes], [100_000, 100_000_000]);
  const dear = judgeStatement(set, SUBJECT, TARGET, factsOf(), { ...NOW, plan: null });
  assert.deepEqual(dear.verdict === "approve" && [dear.rows, dear.bytes], [null, null]);
});

test("starter: a reason tells what of the statement it is about", () => {
  const reason = (facts: Partial<StatementFacts>, now: Partial<Circumstances> = {}) => {
    const decision = judgeStatement(set, SUBJECT, TARGET, factsOf(facts), { ...NOW, ...now });
    return decision.verdict === "allow" ? "" : decision.reason;
  };
  assert.match(reason({ opaque: ["it calls public.f, which isn't PostgreSQL's own"] }), /it calls public\.f/);
  assert.match(reason(effect("run-program")), /run-program/);
  assert.match(reason(setting("seq_page_cost")), /seq_page_cost/);
  assert.match(reason({}, loop({ repeatedLastMinute: 4_321 })), /4,321 like this in the last minute/);
});

test("starter: one approval of a runaway loop covers the rest of the session", () => {
  const decision = judgeStatement(set, SUBJECT, TARGET, factsOf(), {
    ...NOW,
    ...loop({ repeatedLastMinute: 1_001 }),
  });
  assert.deepEqual(decision.verdict === "approve" && [decision.scope, decision.policies], [
    "session",
    ["runaway-loop"],
  ]);
});

test("starter: who may connect, and who may approve", () => {
  const connect = (listed: boolean) =>
    set.decide(SUBJECT, "connect", TARGET, { listed, mode: "framed" }).verdict;
  assert.deepEqual([connect(true), connect(false)], ["allow", "block"]);
  const approve = (principal: string, groups: string[], onBehalfOf?: string) =>
    set.decide({ principal, groups, ...(onBehalfOf !== undefined && { onBehalfOf }) }, "approve", TARGET, {
      approvers: ["dba", "security"],
      requester: "agent/1",
      action: "postgres:delete",
    }).verdict;
  assert.equal(approve("alice", ["dba"]), "allow");
  assert.equal(approve("alice", ["dev"]), "block");
  assert.equal(approve("agent/1", ["dba"]), "block");
  assert.equal(approve("agent/2", ["dba"], "alice"), "block");
});

test("starter: those who approve watch sessions, never their own, and agents watch none", () => {
  const watch = (principal: string, groups: string[], of = "agent/1", onBehalfOf?: string) =>
    set.decide({ principal, groups, ...(onBehalfOf !== undefined && { onBehalfOf }) }, "watch", SSH_TARGET, {
      of,
      kind: "ssh",
    }).verdict;
  assert.equal(watch("alice", ["ops"]), "allow");
  assert.equal(watch("bob", ["dba"]), "allow");
  assert.equal(watch("carol", ["dev"]), "block");
  assert.equal(watch("alice", ["ops"], "alice"), "block");
  assert.equal(watch("agent/2", ["ops"], "agent/1", "alice"), "block");
});

test("starter: a command line in a loop is held for the rest of the session, files are not", () => {
  const facts = lineOf(commandOf(["uptime"], { effects: ["read"] }));
  const of = (request: SshRequest, line: LineFacts | null, repeatedLastMinute: number) => {
    const now = { ...SSH_NOW, session: { ...USAGE, repeatedLastMinute } };
    const decision = judgeSsh(set, SUBJECT, SSH_TARGET, request, line, now);
    return [decision.verdict, decision.policies, decision.verdict === "approve" && decision.scope];
  };
  const uptime: SshRequest = { type: "exec", command: "uptime", terminal: false };
  const stat: SshRequest = { type: "file", protocol: "sftp", operation: "stat", path: "/srv" };
  assert.deepEqual(of(uptime, facts, 1_000), ["allow", ["ssh-look"], false]);
  assert.deepEqual(of(uptime, facts, 1_001), ["approve", ["runaway-commands"], "session"]);
  assert.equal(of(stat, null, 100_000)[0], "allow");
});

test("starter: counts of the usual statement need no evaluation of their own", () => {
  for (const action of ["postgres:select", "postgres:insert", "postgres:update", "postgres:transaction"]) {
    assert.notEqual(set.band(action, NOW), null, action);
  }
});
