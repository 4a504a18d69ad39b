import type { ExplainedLine, ExplainRequest } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Usage } from "../../protocol/policy/bands.ts";
import { judgeSsh } from "../../protocol/policy/ssh.ts";
import { lineFacts } from "../../protocol/shell/line.ts";
import type { PolicyHolder } from "../guard/policy-holder.ts";
import { policyTarget, subjectOf } from "../guard/subject.ts";
import { accountFor } from "./target/accounts.ts";
import { DEFAULT_ACCOUNT, type SshTargetConfig } from "./target/config.ts";

const NOTHING_YET: Usage = {
  statements: 0,
  statementsLastMinute: 0,
  rows: 0,
  bytes: 0,
  repeatedLastMinute: 0,
};

/**
 * What the guard would say of this command line as the first request of a new session, by the policies of this moment.
 * The target isn't asked. Throws `forbidden`.
 */
export function explainLine(
  policies: PolicyHolder,
  target: SshTargetConfig,
  connector: string,
  request: ExplainRequest,
): { statements: ExplainedLine[] } {
  const held = policies.current;
  if (held === null) {
    throw new SallyportError("forbidden", "this connector has no policies to judge by", "Its log says why.");
  }
  const { text } = request;
  const facts = lineFacts(text);
  const decision = judgeSsh(
    held.set,
    subjectOf(request),
    policyTarget({ target: target.name, kind: target.kind, connector }),
    { type: "exec", command: text, terminal: false },
    facts,
    {
      account: accountFor(target, request, request.account ?? DEFAULT_ACCOUNT),
      session: NOTHING_YET,
      principalUsage: NOTHING_YET,
    },
  );
  return { statements: [{ text, decision, facts }] };
}
