import { SallyportError } from "../../protocol/errors.ts";
import type { Usage } from "../../protocol/policy/bands.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
import type { PolicyHolder } from "./policy-holder.ts";

/** What a session has done that has just begun. */
const NOTHING: Usage = {
  statements: 0,
  statementsLastMinute: 0,
  rows: 0,
  bytes: 0,
  repeatedLastMinute: 0,
};

/** The counts with which the first request of a new session is judged. */
export const NOTHING_YET = { session: NOTHING, principalUsage: NOTHING } as const;

/** The policies of this moment, to say what they would decide. Throws `forbidden` where there are none. */
export function policiesToExplain(policies: PolicyHolder): PolicySet {
  if (policies.current !== null) return policies.current.set;
  throw new SallyportError("forbidden", "this connector has no policies to judge by", "Its log says why.");
}
