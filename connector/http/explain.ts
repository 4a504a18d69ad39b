import type { ExplainedExchange, ExplainRequest } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { writtenApiRequest, writtenExchange } from "../../protocol/http/written-facts.ts";
import { readWrittenRequest } from "../../protocol/http/written-request.ts";
import type { Usage } from "../../protocol/policy/bands.ts";
import { judgeExchange } from "../../protocol/policy/exchange.ts";
import type { PolicyHolder } from "../guard/policy-holder.ts";
import { policyTarget, subjectOf } from "../guard/subject.ts";

const NOTHING_YET: Usage = {
  statements: 0,
  statementsLastMinute: 0,
  rows: 0,
  bytes: 0,
  repeatedLastMinute: 0,
};

/** What of a target's settings is needed. */
export type ExplainedTarget =
  | { name: string; kind: "http"; encodedSlashes: boolean }
  | { name: string; kind: "kubernetes" };

/**
 * What the guard would say of this request, written as `readWrittenRequest` has it, as the first of a new session, by the
 * policies of this moment. The target isn't asked. Throws `forbidden`, and `invalid_request` for a text that is no
 * request, or one that would be refused before it is judged.
 */
export function explainExchange(
  policies: PolicyHolder,
  target: ExplainedTarget,
  connector: string,
  request: ExplainRequest,
): { statements: ExplainedExchange[] } {
  const held = policies.current;
  if (held === null) {
    throw new SallyportError("forbidden", "this connector has no policies to judge by", "Its log says why.");
  }
  const { text } = request;
  const written = readWrittenRequest(text);
  const asked = target.kind === "http" ? writtenExchange(written, target) : writtenApiRequest(written);
  const decision = judgeExchange(
    held.set,
    subjectOf(request),
    policyTarget({ target: target.name, kind: target.kind, connector }),
    asked.request,
    asked.facts,
    { session: NOTHING_YET, principalUsage: NOTHING_YET },
  );
  return { statements: [{ text, decision, facts: asked.facts }] };
}
