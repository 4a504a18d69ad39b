import {
  APPROVAL_ID,
  type Approval,
  type ApprovalChannel,
  type ApprovalId,
  type ApprovalVote,
} from "../../protocol/approval/approval.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
import { isIndexed } from "../directory/approvals.ts";
import { currentStamp } from "../directory/policies.ts";
import { disabledAmong } from "../directory/principals.ts";
import { getSession } from "../directory/sessions.ts";
import { getTarget } from "../directory/targets.ts";
import type { Env } from "../environment.ts";
import type { Subject } from "../identity/identity.ts";
import { logLine } from "../log-line.ts";
import { loadPolicies } from "../policy/sets.ts";
import type { Answer } from "./machine.ts";
import { heldBy, isOwnQuestion, mayAnswerFor } from "./rights.ts";
import { approvalHost, approvalOwner } from "./stub.ts";

/** Each round, one more vote has come that was not judged yet; more at the same moment are too many people. */
const MAX_ROUNDS = 8;

/** What somebody says to a question. */
export interface Word {
  identity: Subject;
  answer: "approve" | "deny";
  channel: ApprovalChannel;
  reason: string | null;
}

/** The approval with this id, or null. An id that the directory does not know wakes no object. */
export async function findApproval(env: Env, id: string): Promise<Approval | null> {
  if (!APPROVAL_ID.test(id)) return null;
  const { owner, accessRequest } = approvalOwner(id);
  const known = accessRequest
    ? await isIndexed(env.DIRECTORY, id)
    : (await getSession(env.DIRECTORY, owner)) !== null;
  const approval = known ? await approvalHost(env, id).viewApproval(id) : null;
  return approval?.id === id ? approval : null;
}

/** What is told of an approval that is not there, or of which somebody may not know. */
export function unknownApproval(id: string, who: string): SallyportError {
  const shown = APPROVAL_ID.test(id) ? ` ${id}` : "";
  return new SallyportError(
    "not_found",
    `there is no approval${shown} that ${who} may see`,
    "`sallyport approvals list` shows those that there are.",
  );
}

/**
 * Counts somebody's word on an approval, if it may be counted: not of the asker's own side, not of the disabled, and
 * only for those groups of approvers for which the policies in force permit it. The right of everybody who has agreed
 * before is judged again with it. Answers the approval with the word in it.
 *
 * Throws `not_found` where there is no such approval; `forbidden` for who may not answer; `conflict` when it has been
 * decided, has expired, or this person's word is counted already. Refused words are recorded with the approval.
 */
export async function answerApproval(env: Env, id: ApprovalId, word: Word): Promise<Approval> {
  const { identity, answer, channel, reason } = word;
  const { principal, onBehalfOf } = identity;
  const approval = await findApproval(env, id);
  if (!approval) throw unknownApproval(id, principal);
  const host = approvalHost(env, id);
  let votes = approval.votes;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const judged = await judge(env, approval, identity, votes);
    if (judged instanceof SallyportError) {
      await reject(env, id, word, judged.message);
      throw judged;
    }
    const outcome = await host.answerApproval(id, {
      answer,
      by: principal,
      ...(onBehalfOf !== undefined && { onBehalfOf }),
      groups: identity.groups,
      ...judged,
      channel,
      reason,
    });
    if (outcome.outcome === "counted") return outcome.approval;
    if (outcome.outcome === "rejected") throw new SallyportError(outcome.code, outcome.reason);
    votes = outcome.votes;
  }
  throw new SallyportError("conflict", "many people answer at this moment", "Answer again.");
}

/** That an answer did not count is an entry; that it can't be written must not make the refusal another. */
async function reject(env: Env, id: ApprovalId, { identity, channel }: Word, why: string): Promise<void> {
  try {
    await approvalHost(env, id).rejectAnswer(id, identity.principal, channel, why);
  } catch (error) {
    logLine("error", "a refused answer could not be recorded", { approval: id, error });
  }
}

/** For what somebody may speak, and which earlier words still stand; or why it may not. */
async function judge(
  env: Env,
  approval: Approval,
  identity: Subject,
  votes: readonly ApprovalVote[],
): Promise<Pick<Answer, "for" | "judged" | "standing"> | SallyportError> {
  const { principal, onBehalfOf } = identity;
  const held = heldBy(approval);
  if (isOwnQuestion(identity, held)) {
    return new SallyportError(
      "forbidden",
      `${principal} has a part in asking for this, and nobody approves their own`,
      "Another person must answer.",
    );
  }
  const [disabled, target, set] = await Promise.all([
    disabledAmong(env.DIRECTORY, [...new Set([...namesOf(identity), ...votes.flatMap(voterNames)])]),
    getTarget(env.DIRECTORY, approval.target),
    policiesInForce(env),
  ]);
  const out = namesOf(identity).find((name) => disabled.includes(name));
  if (out !== undefined) return new SallyportError("forbidden", `the principal ${out} is disabled`);
  const rulesOf = (who: Subject) => (target === null ? [] : mayAnswerFor(set, who, target, held));
  const own = rulesOf(identity);
  if (own.length === 0) {
    const by = onBehalfOf === undefined ? principal : `${principal}, for ${onBehalfOf},`;
    return new SallyportError(
      "forbidden",
      `${by} may not answer this`,
      `It is asked of ${approversOf(approval)}, and the policies decide who that is.`,
    );
  }
  const stands = (vote: ApprovalVote) => {
    if (voterNames(vote).some((name) => disabled.includes(name))) return false;
    const rules = rulesOf(voterOf(vote));
    return vote.for.every((rule) => rules.includes(rule));
  };
  return {
    for: own,
    judged: votes.map(({ by }) => by),
    standing: votes.filter(stands).map(({ by }) => by),
  };
}

/** The voter as it was when it voted. */
function voterOf({ by, onBehalfOf, groups }: ApprovalVote): Subject {
  return { principal: by, groups, ...(onBehalfOf !== undefined && { onBehalfOf }) };
}

function voterNames(vote: ApprovalVote): string[] {
  return namesOf(voterOf(vote));
}

function namesOf({ principal, onBehalfOf }: Subject): string[] {
  return onBehalfOf === undefined ? [principal] : [principal, onBehalfOf];
}

function approversOf({ question }: Approval): string {
  return [...new Set(question.approvals.flatMap(({ approvers }) => approvers))].join(", ");
}

/** The policy set that decides now. */
export async function policiesInForce(env: Pick<Env, "DIRECTORY">): Promise<PolicySet> {
  return loadPolicies(env.DIRECTORY, (await currentStamp(env.DIRECTORY)).version);
}
