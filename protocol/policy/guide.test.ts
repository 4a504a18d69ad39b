import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { writtenApiRequest, writtenExchange } from "../http/written-facts.ts";
import { readWrittenRequest } from "../http/written-request.ts";
import { POD_RIGHTS } from "../kubernetes/pod-rights.ts";
import { SHELL_EFFECTS } from "../shell/facts.ts";
import { lineFacts } from "../shell/line.ts";
import { EFFECTS, type StatementFacts } from "../sql/facts.ts";
import { FILE_OPERATIONS, type FileOperation, type SshRequest } from "../ssh/request.ts";
import { ACTIONS } from "./actions.ts";
import { ANNOTATIONS } from "./annotations.ts";
import { checkPolicies } from "./check.ts";
import type { Decision } from "./decision.ts";
import { judgeExchange } from "./exchange.ts";
import { EXCHANGE_BEHAVIOUR } from "./guide-exchanges.ts";
import { type Circumstances, judgeStatement } from "./judge.ts";
import { nodeCedar } from "./node-cedar.ts";
import { PolicySet, type PolicyTarget, type Subject } from "./policy-set.ts";
import { POLICY_SCHEMA } from "./schema.ts";
import { judgeSsh } from "./ssh.ts";
import { STARTER_POLICIES } from "./starter.ts";
import { EXCHANGE_NOW, factsOf, NOW, SSH_NOW, SSH_TARGET, SUBJECT, TARGET, USAGE } from "./testing.ts";

const GUIDE = readFileSync(new URL("../../docs/policies.md", import.meta.url), "utf8");
const BLOCKS = [...GUIDE.matchAll(/^```cedar\n(.*?)^```$/gms)].map(([, text]) => text!);
const cedar = nodeCedar();

test("the guide has at least ten recipes, each without a mistake, alone and beside the starter policies", () => {
  assert.ok(BLOCKS.length > 10);
  for (const text of BLOCKS) {
    assert.deepEqual(checkPolicies(cedar, text), [], text);
    assert.deepEqual(checkPolicies(cedar, `${STARTER_POLICIES}\n${text}`), [], text);
  }
});

test("the guide names every action, effect, annotation and attribute", () => {
  const attributes = [...POLICY_SCHEMA.matchAll(/^ {2,4}(\w+)\??: /gm)].map(([, name]) => name!);
  assert.ok(attributes.length > 30);
  const words = [
    ...ACTIONS.keys(),
    ...[...ACTIONS.values()].flat(),
    ...[...EFFECTS, ...SHELL_EFFECTS, ...Object.keys(FILE_OPERATIONS)].map((name) => `\`${name}\``),
    ...ANNOTATIONS.map((name) => (name === "watched" ? "`@watched`" : `@${name}("`)),
    ...attributes,
    ...POD_RIGHTS.map((name) => `\`${name}\``),
  ];
  const skipped = ["principal", "resource", "context"];
  for (const word of words.filter((one) => !skipped.includes(one))) assert.ok(GUIDE.includes(word), word);
});

interface Request {
  facts?: Partial<StatementFacts>;
  now?: Partial<Circumstances>;
  subject?: Partial<Subject>;
  target?: Partial<PolicyTarget>;
  connect?: true;
  /** A label. */
  unmask?: string;
  ssh?: SshRequest;
  account?: string;
  /** Whose session. */
  watch?: string;
}
const exec = (command: string, terminal = false) => ({ ssh: { type: "exec", command, terminal } as const });
const file = (operation: FileOperation, path: string, other?: string) => ({
  ssh: { type: "file", protocol: "sftp", operation, path, ...(other !== undefined && { other }) } as const,
});
const forward = (host: string, port: number, direction: "local" | "remote" = "local") => ({
  ssh: { type: "forward", direction, host, port } as const,
});
const shell = { ssh: { type: "shell", terminal: true } as const };
const ci = { subject: { groups: ["ci"] } };
const operator = { subject: { groups: ["operators"] } };
const supplier = { subject: { groups: ["suppliers"] } };
const developer = { subject: { groups: ["developers"] } };
const all = (requests: Request[], verdict: Decision["verdict"]): [Request, Decision["verdict"]][] =>
  requests.map((request) => [request, verdict]);
const agent = { groups: ["agents"] };
const analyst = { groups: ["analysts"] };
const update: Partial<StatementFacts> = {
  tag: "UPDATE",
  actions: ["postgres:update"],
  writes: ["public.orders"],
  where: "key",
};
const drop: Partial<StatementFacts> = {
  tag: "DROP TABLE",
  actions: ["postgres:drop"],
  writes: ["public.orders"],
};
const EMPTY = { statements: 0, statementsLastMinute: 0, rows: 0, bytes: 0, repeatedLastMinute: 0 };

/** By the recipe's first policy: what it decides, and a request beside it that stays as it was. */
const BEHAVIOUR: Record<string, [Request, Decision["verdict"]][]> = {
  "drop-with-approval": [[{ facts: drop }, "approve"]],
  "agents-read-only": [
    [{ subject: agent, facts: update }, "block"],
    [{ subject: agent }, "allow"],
    [{ subject: { groups: [] }, facts: update }, "allow"],
  ],
  "analysts-reporting-only": [
    [{ subject: analyst, facts: { reads: ["reporting.sales", "public.orders"] } }, "block"],
    [{ subject: analyst, facts: { reads: ["reporting.sales"] } }, "allow"],
    [{ subject: analyst, facts: { reads: ['"reporting.x".sales'] } }, "block"],
  ],
  "personal-data": [
    [{ facts: { readColumns: ["public.customers.id", "public.customers.email"] } }, "approve"],
    [{ facts: { readColumns: ["public.customers.id"] } }, "allow"],
    [{ facts: { ...update, readColumns: ["public.customers.email"] } }, "approve"],
  ],
  "support-sees-contacts": [
    [{ subject: { groups: ["support"] }, unmask: "pii.email" }, "allow"],
    [{ subject: { groups: ["support"] }, unmask: "pii.ssn" }, "block"],
    [{ subject: { groups: ["support"] }, unmask: "pii.email", target: { name: "billing" } }, "block"],
    [{ subject: agent, unmask: "pii.email" }, "block"],
    [{ subject: { groups: ["support"], onBehalfOf: "alice" }, unmask: "phi.name" }, "block"],
  ],
  "ledger-two-people": [
    [{ facts: { ...update, writes: ["accounting.ledger"] } }, "approve"],
    [{ facts: update }, "allow"],
  ],
  migrations: [
    [{ subject: { groups: ["migrations"] }, facts: drop }, "allow"],
    [{ subject: { groups: ["migrations"], onBehalfOf: "alice" }, facts: drop }, "approve"],
    [{ subject: { groups: ["migrations"] }, facts: drop, target: { name: "billing" } }, "approve"],
  ],
  "no-writes-in-production": [
    [{ subject: agent, facts: update }, "block"],
    [{ subject: agent, facts: update, target: { name: "staging-orders" } }, "allow"],
  ],
  "agents-act-for-somebody": [
    [{ subject: agent, connect: true }, "block"],
    [{ subject: { ...agent, onBehalfOf: "alice" }, connect: true }, "allow"],
  ],
  "agents-small-results": [
    [{ subject: agent }, "allow"],
    [{ subject: agent, now: { plan: { rows: 1, cost: 500_001 } } }, "approve"],
  ],
  "events-with-limit": [
    [{ facts: { reads: ["public.events"] } }, "block"],
    [{ facts: { reads: ["public.events"], limit: 1_001 } }, "block"],
    [{ facts: { reads: ["public.events"], limit: 1_000 } }, "allow"],
  ],
  "agents-loop": [
    [{ subject: agent, now: { session: { ...USAGE, repeatedLastMinute: 31 } } }, "block"],
    [{ subject: agent, now: { session: { ...USAGE, repeatedLastMinute: 30 } } }, "allow"],
  ],
  budget: [
    [{ now: { principalUsage: { ...EMPTY, bytes: 1_000_000_001 } } }, "approve"],
    [{ now: { principalUsage: { ...EMPTY, bytes: 1_000_000_000 } } }, "allow"],
  ],
  "writes-in-transactions": [
    [{ facts: update }, "block"],
    [{ facts: update, now: { inTransaction: true } }, "allow"],
  ],
  "few-functions": [
    [{ subject: analyst, facts: { functions: ["pg_catalog.count", "pg_catalog.lower"] } }, "block"],
    [{ subject: analyst, facts: { functions: ["pg_catalog.count"] } }, "allow"],
  ],
  "keep-timeouts": [
    [{ facts: { tag: "SET", actions: ["postgres:set"], settings: ["statement_timeout"] } }, "block"],
    [{ facts: { tag: "SET", actions: ["postgres:set"], settings: ["search_path"] } }, "allow"],
  ],
  "incomplete-with-approval": [
    [{ facts: { opaque: ["it calls public.f"] } }, "approve"],
    [{ facts: { opaque: ["it calls public.f"], effects: ["read-file"] } }, "block"],
    [{}, "allow"],
  ],
  "ci-nginx": [
    ...all(
      ["systemctl status nginx", "systemctl restart nginx", "sudo systemctl restart nginx"].map((line) => ({
        ...ci,
        ...exec(line),
      })),
      "allow",
    ),
    ...all(
      [
        "systemctl restart postgresql",
        "systemctl restart nginx postgresql",
        "systemctl restart nginx; id",
        "systemctl restart $(echo nginx)",
        "systemctl --host=web2 restart nginx",
        "/tmp/systemctl restart nginx",
        "PATH=/tmp systemctl restart nginx",
        "systemctl status nginx > /srv/out",
        "sudo -i",
        "uptime",
        "systemctl restart ngin?",
        "eval systemctl restart nginx",
        "",
      ].map((line) => ({ ...ci, ...exec(line) })),
      "block",
    ),
    [{ ...ci, ...exec("systemctl status nginx", true) }, "block"],
    ...all(
      [shell, file("list", "/"), forward("db", 1)].map((request) => ({ ...ci, ...request })),
      "block",
    ),
    [exec("systemctl restart nginx"), "approve"],
  ],
  operators: [
    [{ ...operator, ...exec("systemctl restart nginx") }, "allow"],
    [{ ...operator, ...exec("sudo systemctl restart nginx") }, "approve"],
    [{ ...operator, ...exec("echo x | sudo tee /srv/x") }, "approve"],
    [{ ...operator, ...exec("uptime") }, "allow"],
  ],
  "no-secrets-by-command": [
    ...all(
      [
        "cat /etc/shadow",
        "cat /etc/sh?dow",
        "cat /etc/*",
        "cat < /etc/shadow",
        "cd /etc && cat shadow",
        "cd /etc; cat ./../etc/shadow",
        "sudo cat /etc/shadow",
        "cp /etc/shadow /tmp/x",
        "ln -s /etc/shadow /tmp/x",
        "tar c /etc",
        "grep -r root /etc",
        "$(echo cat) /etc/shadow",
        "cat $X",
        "X=/etc/shadow; cat $X",
        "dd if=/etc/shadow",
        "sed -n p /etc/shadow",
        "find /etc -name 'shad*' -exec cat {} +",
        "frobnicate /etc/shadow",
        "python3 -c 'print(open(\"/etc/shadow\").read())'",
      ].map((line) => exec(line)),
      "block",
    ),
    ...all([exec("cat /etc/hosts"), exec("uptime"), file("read", "/etc/hosts")], "allow"),
    ...all([file("read", "/etc/shadow"), file("rename", "/etc/shadow", "/tmp/x"), shell], "block"),
    ...all([file("symlink", "/tmp/x", "/etc/shadow"), file("hardlink", "/etc/shadow", "/tmp/x")], "block"),
  ],
  uploads: [
    ...all(
      [
        file("write", "/srv/uploads/a/b"),
        file("list", "/srv/uploads"),
        file("rename", "/srv/uploads/a", "/srv/uploads/b"),
      ].map((request) => ({ ...supplier, ...request })),
      "allow",
    ),
    ...all(
      [
        file("write", "/srv/uploads2/a"),
        file("read", "/etc/hosts"),
        file("rename", "/srv/uploads/a", "/srv/app/b"),
        file("symlink", "/srv/uploads/a", "/etc/hosts"),
        exec("uptime"),
        shell,
      ].map((request) => ({ ...supplier, ...request })),
      "block",
    ),
    [file("write", "/srv/uploads/a"), "approve"],
  ],
  "forward-reporting": [
    [{ subject: analyst, ...forward("reporting.internal", 5432) }, "allow"],
    [{ subject: analyst, ...forward("Reporting.internal", 5432) }, "allow"],
    [{ subject: analyst, ...forward("reporting.internal", 22) }, "block"],
    [{ subject: analyst, ...forward("reporting.internal", 5432, "remote") }, "block"],
    [{ subject: analyst, target: { name: "web2" }, ...forward("reporting.internal", 5432) }, "block"],
    [forward("reporting.internal", 5432), "block"],
  ],
  "shell-watched": [
    [{ ...developer, ...shell }, "allow"],
    [{ ...developer, ...shell, account: "root" }, "approve"],
    [shell, "approve"],
  ],
  "reboot-two-people": [
    ...all(
      [
        "reboot",
        "/sbin/reboot",
        "sudo reboot",
        "systemctl reboot",
        "shutdown -r now",
        "sudo systemctl isolate rescue.target",
      ].map((line) => exec(line)),
      "approve",
    ),
    [exec("uptime"), "allow"],
  ],
  "on-call-watches": [
    [{ subject: { principal: "eve", groups: ["on-call"] }, watch: "agent/1" }, "allow"],
    [{ subject: { principal: "eve", groups: ["on-call"] }, watch: "eve" }, "block"],
    [{ subject: { principal: "eve", groups: ["on-call"], onBehalfOf: "bob" }, watch: "agent/1" }, "block"],
    [{ watch: "agent/2" }, "block"],
  ],
  "shut-out": [
    [{ subject: { principal: "agent/7" } }, "block"],
    [{ subject: { principal: "agent/7" }, connect: true }, "block"],
    [{}, "allow"],
  ],
  "record-only": [[{ facts: { opaque: ["it calls public.f"], effects: ["run-program"] } }, "allow"]],
};
/** Policies of the starter set that a recipe stands in place of. */
const REPLACES: Record<string, RegExp> = {
  "incomplete-with-approval": /@id\("incomplete"\)[^;]*;/,
  "record-only": /[\s\S]*/,
};

for (const text of BLOCKS) {
  const [, id = ""] = /@id\("([^"]+)"\)/.exec(text) ?? [];
  test(`the guide's recipe ${id} does what it says`, () => {
    const requests = BEHAVIOUR[id] ?? [];
    const exchanges = EXCHANGE_BEHAVIOUR[id] ?? [];
    assert.ok(requests.length + exchanges.length > 0, "a recipe without a test");
    const starter = REPLACES[id] ? STARTER_POLICIES.replace(REPLACES[id], "") : STARTER_POLICIES;
    const set = PolicySet.load(cedar, `${starter}\n${text}`);
    for (const [asked, verdict] of exchanges) {
      const { subject, target, exchange, options } = asked;
      const write = target.kind === "http" ? writtenExchange : writtenApiRequest;
      const { request, facts } = write(readWrittenRequest(exchange), options);
      const where = { ...target, connector: "main" };
      const decision = judgeExchange(set, { ...SUBJECT, ...subject }, where, request, facts, EXCHANGE_NOW);
      assert.equal(decision.verdict, verdict, JSON.stringify({ ...asked, facts, decision }));
    }
    for (const [request, verdict] of requests) {
      const { facts, now, subject, target, connect, unmask, ssh, account, watch } = request;
      const who = { ...SUBJECT, ...subject };
      const where = { ...(ssh || watch !== undefined ? SSH_TARGET : TARGET), ...target };
      const decision = ssh
        ? judgeSsh(set, who, where, ssh, ssh.type === "exec" ? lineFacts(ssh.command) : null, {
            ...SSH_NOW,
            ...(account !== undefined && { account }),
          })
        : watch !== undefined
          ? set.decide(who, "watch", where, { of: watch, kind: where.kind })
          : connect
            ? set.decide(who, "connect", where, { listed: true, mode: "framed" })
            : unmask
              ? set.decide(who, "unmask", where, { label: unmask, database: NOW.database })
              : judgeStatement(set, who, where, factsOf(facts), { ...NOW, ...now });
      assert.equal(decision.verdict, verdict, JSON.stringify({ ...request, decision }));
    }
  });
}

test("the guide's smaller results for agents are the least of the bounds", () => {
  const text = BLOCKS.find((one) => one.includes("agents-small-results"))!;
  const set = PolicySet.load(cedar, `${STARTER_POLICIES}\n${text}`);
  const decision = judgeStatement(set, { ...SUBJECT, ...agent }, TARGET, factsOf(), NOW);
  assert.deepEqual(decision.verdict === "allow" && [decision.rows, decision.bytes], [1_000, 1_000_000]);
});

test("the guide's watched shell, and its reboot, ask what they say", () => {
  const of = (id: string, request: SshRequest, subject: Partial<Subject>) => {
    const text = BLOCKS.find((one) => one.includes(`@id("${id}")`))!;
    const set = PolicySet.load(cedar, `${STARTER_POLICIES}\n${text}`);
    const facts = request.type === "exec" ? lineFacts(request.command) : null;
    return judgeSsh(set, { ...SUBJECT, ...subject }, SSH_TARGET, request, facts, SSH_NOW);
  };
  const watched = of("shell-watched", shell.ssh, developer.subject);
  assert.equal(watched.verdict === "allow" && watched.watched, true);
  const reboot = of("reboot-two-people", exec("sudo reboot").ssh, {});
  assert.ok(
    reboot.verdict === "approve" && reboot.approvals.some(({ quorum }) => quorum === 2),
    JSON.stringify(reboot),
  );
});
