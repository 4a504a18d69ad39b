import { writtenApiRequest, writtenExchange } from "../../protocol/http/written-facts.ts";
import { readWrittenRequest } from "../../protocol/http/written-request.ts";
import type { ExplainedExchange, ExplainRequest } from "../../protocol/hub-messages.ts";
import { judgeExchange } from "../../protocol/policy/exchange.ts";
import { NOTHING_YET, policiesToExplain } from "../guard/explaining.ts";
import type { PolicyHolder } from "../guard/policy-holder.ts";
import { policyTarget, subjectOf } from "../guard/subject.ts";

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
  const set = policiesToExplain(policies);
  const { text } = request;
  const written = readWrittenRequest(text);
  const asked = target.kind === "http" ? writtenExchange(written, target) : writtenApiRequest(written);
  const decision = judgeExchange(
    set,
    subjectOf(request),
    policyTarget({ target: target.name, kind: target.kind, connector }),
    asked.request,
    asked.facts,
    NOTHING_YET,
  );
  return { statements: [{ text, decision, facts: asked.facts }] };
}
