import type { ExplainedLine, ExplainRequest } from "../../protocol/hub-messages.ts";
import { judgeSsh } from "../../protocol/policy/ssh.ts";
import { lineFacts } from "../../protocol/shell/line.ts";
import { NOTHING_YET, policiesToExplain } from "../guard/explaining.ts";
import type { PolicyHolder } from "../guard/policy-holder.ts";
import { policyTarget, subjectOf } from "../guard/subject.ts";
import { accountFor } from "./target/accounts.ts";
import { DEFAULT_ACCOUNT, type SshTargetConfig } from "./target/config.ts";

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
  const set = policiesToExplain(policies);
  const { text } = request;
  const facts = lineFacts(text);
  const decision = judgeSsh(
    set,
    subjectOf(request),
    policyTarget({ target: target.name, kind: target.kind, connector }),
    { type: "exec", command: text, terminal: false },
    facts,
    {
      account: accountFor(target, request, request.account ?? DEFAULT_ACCOUNT),
      ...NOTHING_YET,
    },
  );
  return { statements: [{ text, decision, facts }] };
}
