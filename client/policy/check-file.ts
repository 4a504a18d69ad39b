import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { checkPolicies, type PolicyProblem } from "../../protocol/policy/policy-set.ts";
import { readPolicyFile } from "./policy-file.ts";

/** The mistakes of a policy file, `-` for standard input. Throws `invalid_config` where it can't be read. */
export function checkFile(file: string): PolicyProblem[] {
  return checkPolicies(nodeCedar(), readPolicyFile(file));
}
