import type { ApprovalNews, HeldQuestion } from "../../protocol/approval/approval.ts";
import type { Approve } from "../../protocol/policy/decision.ts";
import { bounded } from "../../protocol/policy/reason.ts";

/** What an agent is told, in whatever way its protocol has; one line each, without control characters. */
export interface HeldWords {
  message: string;
  detail?: string;
  hint?: string;
}

/** Why what was held does not go to the target. */
export type NotApproved =
  /** `reason`: the person's own words. */
  | { why: "denied"; by: string; reason: string | null }
  | { why: "expired" }
  /** By the edge. */
  | { why: "withdrawn"; reason: string }
  /** The question could not be put to people. */
  | { why: "refused"; reason: string }
  /** By who asked. */
  | { why: "cancelled" };

/** Characters of a name or of a person's words that are passed on to the agent. */
const MAX_WORDS = 500;

type Pending = Extract<ApprovalNews["news"], { status: "pending" }>;

/** How an agent withdraws it. */
const WITHDRAWING: Record<HeldQuestion["kind"], string> = {
  statement: "cancel the statement to withdraw it",
  request: "interrupt it, or close the connection, to withdraw it",
};

/** That it is held, why, by whom it can be released and for how long. `warning`: what goes on running meanwhile. */
export function heldWords(
  question: HeldQuestion,
  { id, expires, votes, needed }: Pending,
  now: number,
  warning: string | null,
): HeldWords {
  const answered = votes === 0 ? "" : ` ${votes} of ${needed} have answered.`;
  const left = Math.max(0, expires - now);
  return {
    message: `waiting for approval ${name(id)}: ${question.reason}`,
    detail: `${whoMustApprove(question.approvals)} must approve.${answered}${warning === null ? "" : ` ${warning}`}`,
    hint: `${timeWords(left)} left. Who may approve runs \`sallyport approvals show ${name(id)}\`; ${WITHDRAWING[question.kind]}.`,
  };
}

export function voteWords({ id, votes, needed }: Pending): HeldWords {
  return { message: `approval ${name(id)}: ${votes} of ${needed} have approved` };
}

export function unreachedWords(id: string, channel: string): HeldWords {
  return {
    message: `approval ${name(id)}: ${bounded(channel, MAX_WORDS)} can't be reached; the other ways to answer work`,
  };
}

export function approvedWords(id: string, by: readonly string[]): HeldWords {
  return { message: `approval ${name(id)} was given by ${people(by)}` };
}

/** How the edge's news end a question; null for news that end nothing. */
export function notApprovedBy(news: ApprovalNews["news"]): NotApproved | null {
  switch (news.status) {
    case "denied":
      return { why: "denied", by: news.by, reason: news.reason };
    case "expired":
      return { why: "expired" };
    case "withdrawn":
    case "refused":
      return { why: news.status, reason: news.reason };
    default:
      return null;
  }
}

/** What the agent is told when what was held does not go to the target. */
export function notApprovedWords(
  { approvals, expiresMs, reason }: HeldQuestion,
  why: NotApproved,
): Pick<HeldWords, "message" | "hint"> {
  switch (why.why) {
    case "denied": {
      const words = why.reason === null ? "without a reason" : bounded(why.reason, MAX_WORDS);
      return {
        message: `refused by ${name(why.by)}: ${words}`,
        hint: `It was held because: ${reason}`,
      };
    }
    case "expired":
      return {
        message: `approval expired: not enough people answered in time, which was ${timeWords(expiresMs)}`,
        hint: `${whoMustApprove(approvals)} would have had to approve. It was held because: ${reason}`,
      };
    case "withdrawn":
      return { message: `the approval was withdrawn: ${bounded(why.reason, MAX_WORDS)}` };
    case "refused":
      return { message: `needs an approval, which can't be asked for: ${bounded(why.reason, MAX_WORDS)}` };
    case "cancelled":
      return { message: "cancelled while it waited for an approval" };
  }
}

/** `2 different people of dba or security, and 1 of privacy`. */
export function whoMustApprove(approvals: Approve["approvals"]): string {
  const each = approvals.map(({ approvers, quorum }) => {
    const count = quorum === 1 ? "1" : `${quorum} different people`;
    return `${count} of ${approvers.join(" or ")}`;
  });
  return bounded(each.join(", and "));
}

/** A time for people: `7 days`, `1 hour 30 minutes`, `1 second`. */
function timeWords(milliseconds: number): string {
  let rest = Math.ceil(milliseconds / 1_000);
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
  }
  return parts.slice(0, 2).join(" ") || "0 seconds";
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

function people(names: readonly string[]): string {
  return names.length === 0 ? "an earlier approval" : bounded(names.join(", "), MAX_WORDS);
}

function name(text: string): string {
  return text === "" ? "an administrator" : bounded(text, MAX_WORDS);
}
