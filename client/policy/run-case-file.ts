import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { checkPolicies, PolicySet, policyError } from "../../protocol/policy/policy-set.ts";
import { loadParser } from "../../protocol/sql/parser.ts";
import { readCaseFile } from "./case-file.ts";
import { type CaseResult, runCases } from "./run-cases.ts";

/**
 * Judges the cases of a file. `replacement`: a policy file instead of the one that it names. Throws `invalid_config`
 * for mistakes in the cases or the policies.
 */
export async function runCaseFile(file: string, replacement?: string): Promise<CaseResult[]> {
  const { policies, policiesFile, catalog, cases } = readCaseFile(file, replacement);
  const problems = checkPolicies(nodeCedar(), policies);
  if (problems.length > 0) throw policyError(problems, policiesFile);
  await loadParser();
  return runCases(PolicySet.load(nodeCedar(), policies), catalog, cases);
}
