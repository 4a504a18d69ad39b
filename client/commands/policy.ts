import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { SallyportError } from "../../protocol/errors.ts";
import { POLICY_SCHEMA } from "../../protocol/policy/schema.ts";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { withExamples } from "../command-line.ts";
import { ExitStatus } from "../exit-status.ts";
import type { CaseResult } from "../policy/run-cases.ts";
import { note, print, printable, printJson, printTable, styled } from "../terminal.ts";
import { addPolicySessionCommands } from "./policy-sessions.ts";

/** The width that a case's name has in the table of `policy test`. */
const MAX_NAME = 60;

/** `policy` with `check`, `test`, `schema`, `init`, and what is asked of an edge or a recording. */
export function addPolicyCommands(program: Command): void {
  const policy = program
    .command("policy")
    .description("write, check, test and explain the policies that judge every statement");
  addCheck(policy);
  addTest(policy);
  addSchema(policy);
  addInit(policy);
  addPolicySessionCommands(policy);
}

function addCheck(policy: Command): void {
  const check = policy
    .command("check")
    .description("find the mistakes of a policy file; needs no edge")
    .argument("<file>", "the Cedar policies ('-' is standard input)")
    .option("--json", "print one JSON array of problems")
    .addHelpText("after", CHECK_HELP)
    .action(async (file: string, { json }: { json?: boolean }) => {
      // Cedar and the parser take their time to load: only who needs them waits.
      const { checkFile } = await import("../policy/check-file.ts");
      const problems = checkFile(file);
      if (json) printJson(problems);
      if (problems.length > 0) process.exitCode = ExitStatus.failed;
      if (json) return;
      for (const { line, column, message, hint } of problems) {
        print(`${printable(file)}:${line}:${column}: ${styled("red", printable(message))}`);
        if (hint !== null) print(`  ${printable(hint)}`);
      }
      if (problems.length === 0) note(`${printable(file)}: no mistakes.`);
    });
  withExamples(check, [
    ["sallyport policy check sallyport.cedar", ""],
    ["sallyport policy check sallyport.cedar --json | jq '.[].message'", ""],
  ]);
}

const CHECK_HELP = `
Exit status:
  0  no mistakes
  1  mistakes: each is printed as FILE:LINE:COLUMN, with what to do about it`;

function addTest(policy: Command): void {
  const test = policy
    .command("test")
    .description("run a table of cases against policies; needs no edge and no target")
    .argument("<file>", "the cases, in YAML ('-' is standard input)")
    .option("--policies <file>", "these policies, whatever the file names")
    .option("--json", "print one JSON array of results")
    .addHelpText("after", TEST_HELP)
    .action(async (file: string, options: { policies?: string; json?: boolean }) => {
      const { runCaseFile } = await import("../policy/run-case-file.ts");
      const results = await runCaseFile(file, options.policies);
      const failed = results.filter(({ failure }) => failure !== null);
      if (failed.length > 0) process.exitCode = ExitStatus.failed;
      if (options.json) printJson(results);
      else printResults(results, failed);
    });
  withExamples(test, [
    ["sallyport policy test policy-cases.yaml", ""],
    ["sallyport policy test policy-cases.yaml --policies stricter.cedar", "the same cases against others"],
  ]);
}

const TEST_HELP = `
A file of cases:
  policies: sallyport.cedar            # beside this file; without it the starter policies
  catalog:                             # what the SQL names; PostgreSQL's own functions are known
    tables:
      public.orders: {columns: [id, total, email], keys: [[id]]}
    views:
      public.totals: {columns: [sum], query: SELECT sum(total) FROM public.orders}
  cases:
    - {as: agent/7, groups: [agents], sql: SELECT total FROM orders, expect: allow}
    - {as: agent/7, sql: DELETE FROM orders, expect: approve, reason: many rows}
    - {as: agent/7, sql: SELECT * FROM orders, plan: {rows: 5000000, cost: 90000}, expect: approve}
    - {as: agent/7, connect: unlisted, expect: block}
    - {as: agent/7, unmask: pii.email, expect: block}
    - {as: agent/7, ssh: {command: systemctl restart nginx}, expect: approve}
    - {as: agent/7, ssh: {file: read, path: /etc/shadow}, expect: approve}
    - {as: agent/7, http: GET /v1/orders, expect: allow}
    - {as: agent/7, http: {request: POST /v1/orders, body: '{"item": 7}'}, expect: approve}
    - {as: agent/7, kubernetes: DELETE /api/v1/namespaces/shop/pods/web-1, expect: approve}
docs/policies.md has the rest: usage, targets, transactions, functions.

Exit status:
  0  every case is as expected
  1  some are not`;

function printResults(results: CaseResult[], failed: CaseResult[]): void {
  const rows = results.map(({ failure, name, expected, verdict, policies }) => [
    failure === null ? "ok" : "FAILED",
    name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name,
    expected,
    verdict,
    policies.join(", "),
  ]);
  printTable(["RESULT", "CASE", "EXPECTED", "VERDICT", "POLICIES"], rows);
  for (const { place, failure, reason } of failed) {
    print(`\n${printable(place)}: ${styled("red", printable(failure ?? ""))}`);
    if (reason !== null) print(`  ${printable(reason)}`);
  }
  note(`${results.length - failed.length} of ${results.length} cases are as expected.`);
}

function addSchema(policy: Command): void {
  const schema = policy
    .command("schema")
    .description("print the Cedar schema: every action, and what its policies may look at")
    .action(() => print(POLICY_SCHEMA.trim()));
  withExamples(schema, [
    ["sallyport policy schema > sallyport.cedarschema", "for an editor's Cedar support"],
  ]);
}

function addInit(policy: Command): void {
  const init = policy
    .command("init")
    .description("print the starter policies, or write them to a file, to begin with")
    .argument("[file]", "the file to write; it must not exist")
    .action((file: string | undefined) => {
      if (file === undefined || file === "-") return print(STARTER_POLICIES.trimEnd());
      try {
        writeFileSync(file, STARTER_POLICIES, { flag: "wx" });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        throw new SallyportError(
          "conflict",
          `${file} exists already.`,
          "Choose another name, or edit that one.",
        );
      }
      note(`Wrote ${file}. Name it in the configuration (policies: ${file}), then: sallyport apply`);
    });
  withExamples(init, [
    ["sallyport policy init", "print them"],
    ["sallyport policy init sallyport.cedar", "write them"],
  ]);
}
