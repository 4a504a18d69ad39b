import type { ApprovalNews, StatementQuestion } from "../../../protocol/approval.ts";
import type { Approve } from "../../../protocol/policy/decision.ts";
import { bounded } from "../../../protocol/policy/reason.ts";
import { errorFields } from "../../../protocol/postgres/backend.ts";
import { Refusal } from "./refusal.ts";

/** Characters of a name or of a person's words that are passed on to the agent. */
const MAX_WORDS = 500;

type Pending = Extract<ApprovalNews["news"], { status: "pending" }>;

/** What an agent's client is told when its statement is held. `warning`: what goes on running meanwhile. */
export function heldNotice(
  question: StatementQuestion,
  { id, expires, votes, needed }: Pending,
  now: number,
  warning: string | null,
): Buffer {
  const answered = votes === 0 ? "" : ` ${votes} of ${needed} have answered.`;
  const left = Math.max(0, expires - now);
  return notice(
    `waiting for approval ${name(id)}: ${question.reason}`,
    `${whoMustApprove(question.approvals)} must approve.${answered}${warning === null ? "" : ` ${warning}`}`,
    `${timeWords(left)} left. Who may approve runs \`sallyport approvals show ${name(id)}\`; cancel the statement to withdraw it.`,
  );
}

export function voteNotice({ id, votes, needed }: Pending): Buffer {
  return notice(`approval ${name(id)}: ${votes} of ${needed} have approved`);
}

export function unreachedNotice(id: string, channel: string): Buffer {
  return notice(
    `approval ${name(id)}: ${bounded(channel, MAX_WORDS)} can't be reached; the other ways to answer work`,
  );
}

export function approvedNotice(id: string, by: readonly string[]): Buffer {
  return notice(`approval ${name(id)} was given by ${people(by)}`);
}

/** What the agent is told when a held statement does not run; null for news that end nothing. */
export function refusalOfNews(
  { approvals, expiresMs, reason: why }: StatementQuestion,
  news: ApprovalNews["news"],
): Refusal | null {
  switch (news.status) {
    case "denied": {
      const words = news.reason === null ? "without a reason" : bounded(news.reason, MAX_WORDS);
      return Refusal.of("42501", `refused by ${name(news.by)}: ${words}`, `It was held because: ${why}`);
    }
    case "expired":
      return Refusal.of(
        "42501",
        `approval expired: not enough people answered in time, which was ${timeWords(expiresMs)}`,
        `${whoMustApprove(approvals)} would have had to approve. It was held because: ${why}`,
      );
    case "withdrawn":
      return Refusal.of("42501", `the approval was withdrawn: ${bounded(news.reason, MAX_WORDS)}`);
    case "refused":
      return Refusal.of(
        "42501",
        `needs an approval, which can't be asked for: ${bounded(news.reason, MAX_WORDS)}`,
      );
    default:
      return null;
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

/** SQLSTATE 01000: a warning of no particular kind, as servers give notices that have none of their own. */
function notice(message: string, detail?: string, hint?: string): Buffer {
  const fields: [string, string][] = [
    ["S", "NOTICE"],
    ["V", "NOTICE"],
    ["C", "01000"],
    ["M", message],
  ];
  if (detail !== undefined) fields.push(["D", detail]);
  if (hint !== undefined) fields.push(["H", hint]);
  return errorFields("NoticeResponse", fields);
}
