import type { HeldQuestion } from "../../protocol/approval/approval.ts";
import { responseText } from "../../protocol/approval/text.ts";
import type { ApprovalEntry } from "../../protocol/postgres/transcript/approval-entry.ts";
import { approvalEntryWords, approvalWords } from "./approval-words.ts";
import { linesOf, MORE, recorded, type Style, type Styler } from "./recorded-text.ts";
import { questionText } from "./request-words.ts";
import { policiesWords } from "./session-words.ts";

const STYLES: Readonly<Record<string, Style>> = {
  approval_answered: "bold",
  approval_decided: "bold",
  approval_rejected: "red",
  approval_used: "yellow",
};

/** What an entry of an approval tells of what is held. */
export interface ApprovalTold {
  entry: ApprovalEntry;
  /** Before each first line, such as `#3 `; empty where it is not known what is held, whose text is then told, too. */
  number: string;
  /** Since people were asked, ms; null where the recording does not show that. */
  waited: number | null;
}

function responseLines(question: HeldQuestion): string[] {
  const response = question.kind === "request" ? responseText(question) : null;
  return response === null ? [] : recorded(`response: ${response}`);
}

/** An entry of an approval as lines for people, whatever is held. */
export function approvalLines(style: Styler, { entry, number, waited }: ApprovalTold): string[] {
  if (entry.event === "approval_asked") {
    const { question } = entry;
    const [first = "", ...more] = linesOf(question.reason);
    const rule = approvalWords(question, question.kind === "request" ? "requests" : "statements");
    return [
      `${number}${style("yellow", "HELD")}: ${first}${policiesWords(question.policies)}`,
      ...more.map((line) => MORE + line),
      ...(number === "" ? recorded(questionText(question)) : []),
      ...responseLines(question),
      ...recorded(`approval ${entry.approval}: ${rule}`),
    ];
  }
  const [first = "", ...more] = linesOf(approvalEntryWords(entry, waited));
  const head = style(STYLES[entry.event] ?? "dim", `approval ${entry.approval}:`);
  return [`${number}${head} ${first}`, ...more.map((line) => MORE + line)];
}
