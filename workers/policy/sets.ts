import { SallyportError } from "../../protocol/errors.ts";
import { checkPolicies, type PolicyProblem, PolicySet } from "../../protocol/policy/policy-set.ts";
import { policiesOf, policyVersion } from "../directory/policies.ts";
import { logLine } from "../log-line.ts";
import { workerCedar } from "./cedar.ts";

/** Sets that an isolate keeps parsed; of more, the one not used for longest goes. */
const MAX_SETS = 4;

/** By version: a set never changes, so what is kept is never wrong. */
const sets = new Map<string, PolicySet>();

/** The set with this version, parsed. Throws `internal` when the directory has none, or it can't be used. */
export async function loadPolicies(db: D1Database, version: string): Promise<PolicySet> {
  return kept(version) ?? keep(version, (await policiesOf(db, version))?.text);
}

/**
 * What is wrong with a text; nothing when it may be put in force, and then it is kept. Reading a set takes a tenth of
 * a second, in which this process does nothing else: once is enough for checking, applying and deciding.
 */
export function admitPolicies(text: string): PolicyProblem[] {
  const version = policyVersion(text);
  if (kept(version)) return [];
  try {
    store(version, PolicySet.load(workerCedar(), text));
    return [];
  } catch {
    const problems = problemsOf(text);
    if (problems.length > 0) return problems;
    return [
      {
        line: 1,
        column: 1,
        message: "the text can't be loaded",
        hint: "Try again; the edge's log says more.",
      },
    ];
  }
}

/** None for a text on which the engine itself fails. */
function problemsOf(text: string): PolicyProblem[] {
  try {
    return checkPolicies(workerCedar(), text);
  } catch (error) {
    logLine("error", "policies can't be checked", { error });
    return [];
  }
}

function kept(version: string): PolicySet | undefined {
  const set = sets.get(version);
  if (set === undefined) return undefined;
  sets.delete(version);
  sets.set(version, set);
  return set;
}

function keep(version: string, text: string | undefined): PolicySet {
  const set = text === undefined ? null : parsed(text);
  if (set?.version !== version) {
    throw new SallyportError(
      "internal",
      "the edge can't use the policies that are in force, so it refuses",
      "`sallyport apply` puts others in force; the edge's log says more.",
    );
  }
  return store(version, set);
}

function store(version: string, set: PolicySet): PolicySet {
  if (sets.size >= MAX_SETS) sets.delete(sets.keys().next().value!);
  sets.set(version, set);
  return set;
}

function parsed(text: string): PolicySet | null {
  try {
    return PolicySet.load(workerCedar(), text);
  } catch (error) {
    logLine("error", "the policies in force can't be used", { error });
    return null;
  }
}
