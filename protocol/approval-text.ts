import type { ApprovalQuestion } from "./approval.ts";
import { requestText, type SshRequest } from "./ssh/request.ts";

/**
 * What a question asks for in one text, as its asker wrote it and with whatever characters that has: the statement, the
 * purpose, or the request. A command line has `exec: ` before it, so that none passes for words about another request.
 */
export function questionText(question: ApprovalQuestion): string {
  switch (question.kind) {
    case "connect":
      return question.purpose;
    case "statement":
      return question.statement;
    case "request":
      return question.request.type === "exec"
        ? `exec: ${question.request.command}`
        : requestText(question.request);
  }
}

/** What stands over the whole text of a request. */
export function requestTitle({ type }: SshRequest): "Command" | "Request" {
  return type === "exec" ? "Command" : "Request";
}

/** Whether a command has a terminal; null for requests that say so themselves, or have none. */
export function terminalText(request: SshRequest): "yes" | "no" | null {
  if (request.type !== "exec") return null;
  return request.terminal ? "yes" : "no";
}
