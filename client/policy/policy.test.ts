import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { SallyportError } from "../../protocol/errors.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { POLICY_SCHEMA } from "../../protocol/policy/schema.ts";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { loadParser } from "../../protocol/sql/parser.ts";
import { readCaseFile } from "./case-file.ts";
import { runCases } from "./run-cases.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-policy-"));
const COMMAND = fileURLToPath(new URL("../../sallyport.mjs", import.meta.url));

before(() => loadParser());
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function sallyport(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, "policy", ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, stdout, stderr };
}

function resultsOf(text: string) {
  const { policies, catalog, cases } = readCaseFile(file("cases.yaml", text));
  return runCases(PolicySet.load(nodeCedar(), policies), catalog, cases);
}

const CATALOG = `
catalog:
  tables:
    public.orders: {columns: [id, total, email], keys: [[id]]}
    audit.log: {columns: [at, what]}
    pg_temp.mine: {columns: [a]}
  views:
    public.totals: {columns: [sum], query: SELECT sum(total) AS sum FROM public.orders}
  functions:
    public.slugify: {volatility: immutable}
    public.danger: {}
  trustedFunctions: [public.slugify]
`;

/** What the starter policies say of real SQL, through parser, classifier and catalog. */
const STARTER_CASES: [sql: string, expect: string, policy?: string][] = [
  ["SELECT total FROM orders", "allow", "read-cheaply"],
  ["SELECT * FROM totals", "allow"],
  ["SELECT lower(email), count(*), date_trunc('day', now()) FROM orders GROUP BY email", "allow"],
  ["SELECT slugify(email) FROM orders", "allow"],
  ["SELECT danger()", "block", "incomplete"],
  ["SELECT unheard_of()", "block", "incomplete"],
  ["SELECT * FROM unheard_of", "block", "incomplete"],
  ["DELETE FROM orders WHERE id = 3", "allow", "write-by-key"],
  ["UPDATE orders SET total = 1 WHERE id = $1", "allow", "write-by-key"],
  ["DELETE FROM orders", "approve", "mass-write"],
  ["DELETE FROM orders WHERE id = id", "approve", "mass-write"],
  ["WITH d AS (DELETE FROM orders RETURNING *) SELECT * FROM d", "approve", "mass-write"],
  ["SELECT 'DROP TABLE orders' AS text -- DELETE FROM orders", "allow"],
  ["INSERT INTO orders VALUES (1, 2, 'x') ON CONFLICT (id) DO UPDATE SET total = 3", "allow"],
  ["BEGIN; DELETE FROM mine; COMMIT", "allow", "own-temporary-tables"],
  ["BEGIN; DELETE FROM orders; COMMIT", "approve", "mass-write"],
  ["CREATE TEMP TABLE t AS SELECT * FROM orders", "allow", "own-temporary-tables"],
  ["CREATE TABLE t AS SELECT * FROM orders", "approve", "definitions"],
  ["DROP TABLE orders", "approve", "definitions"],
  ["TRUNCATE orders", "approve", "definitions"],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$", "approve", "definitions"],
  ["GRANT SELECT ON orders TO someone", "approve", "rights"],
  ["SET ROLE someone", "approve", "rights"],
  ["SET search_path = public", "allow", "settings"],
  ["SET session_replication_role = replica", "block", "harmless-settings-only"],
  ["SELECT set_config('seq_page_cost', '0', false)", "block", "harmless-settings-only"],
  ["SET standard_conforming_strings = off", "block"],
  ["RESET ALL", "allow"],
  ["DISCARD ALL", "allow"],
  ["DO $$ BEGIN END $$", "approve", "code"],
  ["PREPARE p AS SELECT * FROM orders", "allow", "prepare"],
  ["EXPLAIN DELETE FROM orders", "allow", "explain-and-show"],
  ["EXPLAIN ANALYZE DELETE FROM orders", "approve", "mass-write"],
  ["DECLARE c CURSOR FOR SELECT * FROM orders", "allow"],
  ["FETCH 10 FROM c", "allow", "read-without-plan"],
  ["COPY orders TO STDOUT", "allow", "read-without-plan"],
  ["COPY orders TO PROGRAM 'curl example.com'", "block", "escape"],
  ["COPY orders FROM '/etc/passwd'", "block", "escape"],
  ["SELECT pg_read_file('/etc/passwd')", "block", "escape"],
  ["SELECT pg_terminate_backend(1)", "block", "escape"],
  ["SELECT pg_sleep(10)", "block", "no-sleep"],
  ["ALTER SYSTEM SET work_mem = 1", "block", "escape"],
  ["CREATE EXTENSION dblink", "block", "escape"],
  ["LOCK TABLE orders", "approve", "maintenance"],
  ["VACUUM orders", "approve", "maintenance"],
  ["ANALYZE orders", "allow", "analyze"],
  ["PREPARE TRANSACTION 'x'", "block", "no-two-phase"],
  ["LISTEN a", "allow"],
];

test("real SQL gets from the starter policies what each promises", () => {
  const cases = STARTER_CASES.map(
    ([sql, expect, policy]) =>
      `  - {sql: ${JSON.stringify(sql)}, expect: ${expect}${policy ? `, policy: ${policy}` : ""}}`,
  );
  const results = resultsOf(`${CATALOG}cases:\n${cases.join("\n")}\n`);
  assert.equal(results.length, STARTER_CASES.length);
  for (const { name, failure, reason } of results) assert.equal(failure, null, `${name}: ${reason}`);
});

test("the guide's file of cases is as it says", () => {
  const guide = readFileSync(new URL("../../docs/policies.md", import.meta.url), "utf8");
  const [, text = ""] = /^```yaml\n(.*?)^```$/ms.exec(guide) ?? [];
  file("sallyport.cedar", STARTER_POLICIES);
  const results = resultsOf(text);
  assert.ok(results.length > 5);
  for (const { place, failure } of results) assert.equal(failure, null, `${place}: ${failure}`);
});

test("a case says who asks, of what, at which cost and pace, or whether it is about a connection or a label", () => {
  const policies = `
    permit(principal in Group::"dba", action == Action::"postgres:select", resource == Target::"billing");
    permit(principal, action == Action::"postgres:select", resource)
      when { principal has onBehalfOf && principal.onBehalfOf == "alice" };
    @reason("Slow down.") forbid(principal, action == Action::"postgres:select", resource)
      when { context.session.rows > 5 || context.principalUsage.bytes > 6 || context.inTransaction };
    permit(principal, action == Action::"postgres:select", resource)
      when { context has plan && context.plan.rows == 77 && context.database == "db2" };
    permit(principal == Principal::"root", action == Action::"connect", resource) when { context.listed };
    permit(principal, action == Action::"unmask", resource == Target::"billing")
      when { context.label == "pii.email" && context.database == "db2" };`;
  file("own.cedar", policies);
  const results = resultsOf(`policies: own.cedar
target: {name: billing, connector: far}
cases:
  - {sql: SELECT 1, expect: block}
  - {sql: SELECT 1, groups: [dba], expect: allow}
  - {sql: SELECT 1, groups: [dba], target: orders, expect: block}
  - {sql: SELECT 1, onBehalfOf: alice, expect: allow}
  - {sql: SELECT 1, groups: [dba], usage: {rows: 6}, expect: block, reason: Slow down}
  - {sql: SELECT 1, groups: [dba], principalUsage: {bytes: 7}, expect: block}
  - {sql: SELECT 1, groups: [dba], inTransaction: "yes", expect: block}
  - {sql: SELECT 1, plan: {rows: 77}, database: db2, expect: allow}
  - {sql: SELECT 1, plan: none, database: db2, expect: block}
  - {as: root, connect: listed, expect: allow, policy: policy5@9}
  - {as: root, connect: unlisted, expect: block}
  - {unmask: pii.email, database: db2, expect: allow}
  - {unmask: pii.email, expect: block}
  - {unmask: pii.ssn, database: db2, expect: block}
`);
  for (const { place, failure } of results) assert.equal(failure, null, `${place}: ${failure}`);
});

test("a case fails by its verdict, by the policy that should have decided, and by its reason", () => {
  const results = resultsOf(`${CATALOG}cases:
  - {sql: DROP TABLE orders, expect: allow}
  - {sql: DROP TABLE orders, expect: approve, policy: mass-write}
  - {sql: DROP TABLE orders, expect: approve, reason: something else}
  - {sql: DROP TABLE orders, expect: approve, reason: a DBA}
`);
  assert.deepEqual(
    results.map(({ failure }) => failure),
    [
      "it is approve, not allow",
      "the policy mass-write did not decide",
      'the reason doesn\'t hold "something else"',
      null,
    ],
  );
});

const WRONG: [text: string, message: RegExp][] = [
  [
    "cases:\n  - {expect: allow}",
    /cases\.yaml:2:5: cases\[0\] needs one of sql, ssh, http, kubernetes, connect, unmask and watch/,
  ],
  [
    "cases:\n  - {sql: SELECT 1, connect: listed, expect: allow}",
    /needs one of sql, ssh, http, kubernetes, connect, unmask and watch/,
  ],
  [
    "cases:\n  - {connect: listed, unmask: pii.email, expect: allow}",
    /needs one of sql, ssh, http, kubernetes, connect, unmask and watch/,
  ],
  ["cases:\n  - {sql: SELECT 1}", /cases\[0\]\.expect is missing/],
  ["cases:\n  - {sql: SELECT 1, expect: deny}", /cases\[0\]\.expect is not one of allow, approve, block/],
  ["cases:\n  - {sql: SELECT 1, expects: allow, expect: allow}", /cases\[0\]\.expects is not known here/],
  ["cases:\n  - {sql: SELECT 1, usage: {row: 3}, expect: allow}", /usage\.row is not known/],
  ["cases:\n  - {sql: SELECT 1, plan: {rows: many}, expect: allow}", /plan\.rows is not a whole number/],
  ["catalog: {tables: {a.b.c: {columns: [x]}}}\ncases: []", /is not a name as SCHEMA\.NAME/],
  ["policies: nowhere.cedar\ncases: []", /nowhere\.cedar can't be read \(ENOENT\)/],
];
for (const [text, message] of WRONG) {
  test(`a mistake in a file of cases is told with its place: ${JSON.stringify(text).slice(0, 80)}`, () => {
    assert.throws(
      () => resultsOf(text),
      (error) =>
        error instanceof SallyportError && error.code === "invalid_config" && message.test(error.message),
    );
  });
}

test("SQL that PostgreSQL couldn't read, or that holds no statement, is a mistake of its case", () => {
  for (const sql of ["SELEC 1", "-- nothing"]) {
    assert.throws(
      () => resultsOf(`cases:\n  - {sql: ${JSON.stringify(sql)}, expect: block}`),
      (error) => error instanceof SallyportError && /cases\.yaml:2:5: /.test(error.message),
    );
  }
});

test("policy check: 0 without mistakes; 1 with them, each with file, line and column", () => {
  const good = sallyport("check", file("good.cedar", STARTER_POLICIES));
  assert.deepEqual([good.status, good.stdout], [0, ""]);
  assert.match(good.stderr, /good\.cedar: no mistakes/);
  const path = file(
    "bad.cedar",
    `// One.\npermit(principal, action == Action::"postgres:select", resource)\nwhen { context.wher == "key" };\n`,
  );
  const bad = sallyport("check", path);
  assert.equal(bad.status, 1);
  assert.ok(bad.stdout.startsWith(`${path}:3:8: attribute \`wher\``), bad.stdout);
  assert.match(bad.stdout, /Did you mean `where`\?/);
  const json = sallyport("check", path, "--json");
  assert.equal(json.status, 1);
  const [problem] = JSON.parse(json.stdout) as { line: number; column: number }[];
  assert.deepEqual([problem?.line, problem?.column], [3, 8]);
  assert.equal(sallyport("check", join(folder, "nowhere.cedar")).status, 2);
});

test("policy test: a table and 0 when all is as expected; 1 with the place of what isn't", () => {
  const good = sallyport("test", file("cases.yaml", "cases:\n  - {sql: SELECT 1, expect: allow}\n"));
  assert.equal(good.status, 0, good.stderr);
  assert.match(good.stdout, /ok +SELECT 1 +allow +allow +read-cheaply/);
  const path = file(
    "cases.yaml",
    "cases:\n  - {sql: SELECT 1, expect: allow}\n  - {sql: DROP TABLE x, expect: allow}\n",
  );
  const bad = sallyport("test", path);
  assert.equal(bad.status, 1);
  assert.match(bad.stdout, /FAILED +DROP TABLE x/);
  assert.ok(bad.stdout.includes(`${path}:3:5: it is `), bad.stdout);
  const other = sallyport(
    "test",
    path,
    "--json",
    "--policies",
    file("all.cedar", "permit(principal, action, resource);"),
  );
  assert.equal(other.status, 0, other.stderr);
  const results = JSON.parse(other.stdout) as { verdict: string; failure: string | null }[];
  assert.deepEqual(
    results.map(({ verdict, failure }) => [verdict, failure]),
    [
      ["allow", null],
      ["allow", null],
    ],
  );
  const broken = sallyport(
    "test",
    path,
    "--policies",
    file("broken.cedar", "permit(principal, action, resource)"),
  );
  assert.equal(broken.status, 2);
  assert.match(broken.stderr, /broken\.cedar:1:36: /);
});

test("policy schema and policy init print what is built in; init writes no file over another", () => {
  assert.equal(sallyport("schema").stdout.trim(), POLICY_SCHEMA.trim());
  assert.equal(sallyport("init").stdout.trim(), STARTER_POLICIES.trim());
  const path = join(folder, "new.cedar");
  assert.equal(sallyport("init", path).status, 0);
  assert.equal(readFileSync(path, "utf8"), STARTER_POLICIES);
  const again = sallyport("init", path);
  assert.equal(again.status, 1);
  assert.match(again.stderr, /exists already/);
});

test("a command that judges nothing waits for neither Cedar nor the SQL parser", () => {
  const script = `
    import { registerHooks } from "node:module";
    const urls = [];
    registerHooks({ resolve(name, context, next) {
      const found = next(name, context);
      urls.push(found.url);
      return found;
    } });
    const { main } = await import(process.argv[1]);
    process.exitCode = await main(["--version"]);
    console.log(urls.join("\\n"));`;
  const main = new URL("../main.ts", import.meta.url).href;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script, main], {
    encoding: "utf8",
  });
  assert.equal(status, 0);
  assert.match(stdout, /commands\/policy\.ts/);
  assert.doesNotMatch(stdout, /cedar-wasm|libpg-query/);
});
