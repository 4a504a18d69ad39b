import { SallyportError } from "../../protocol/errors.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { policiesOf } from "../directory/policies.ts";
import { workerCedar } from "./cedar.ts";

/** Sets that an isolate keeps parsed; of more, the one not used for longest goes. */
const MAX_SETS = 4;

/** By version: a set never changes, so what is kept is never wrong. */
const sets = new Map<string, PolicySet>();

/** The set with this version, parsed. Throws `internal` when the directory has none, or it can't be used. */
export async function loadPolicies(db: D1Database, version: string): Promise<PolicySet> {
  return kept(version) ?? keep(version, (await policiesOf(db, version))?.text);
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
  if (sets.size >= MAX_SETS) sets.delete(sets.keys().next().value!);
  sets.set(version, set);
  return set;
}

function parsed(text: string): PolicySet | null {
  try {
    return PolicySet.load(workerCedar(), text);
  } catch (error) {
    console.error("the policies in force can't be used:", error);
    return null;
  }
}
