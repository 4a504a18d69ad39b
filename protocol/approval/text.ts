import { exchangeText } from "../http/request-text.ts";
import { requestText } from "../ssh/request.ts";
import type { ApprovalQuestion, HeldRequest, RequestQuestion } from "./approval.ts";

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
    case "request": {
      const { request } = question;
      if (request.type === "exec") return `exec: ${request.command}`;
      const response = responseText(question);
      return response === null
        ? heldRequestText(request)
        : `response (${response}): ${heldRequestText(request)}`;
    }
  }
}

/** The whole of a request in words that mean exactly it, as far as `requestTitle` and `terminalText` don't say it. */
export function heldRequestText(request: HeldRequest): string {
  return request.type === "http" ? exchangeText(request) : requestText(request);
}

/** What stands over the whole text of a request. */
export function requestTitle({ type }: HeldRequest): "Command" | "Request" {
  return type === "exec" ? "Command" : "Request";
}

/** What the response is that is held, as its target calls it; null where the request itself is, or nothing is known of it. */
export function responseText({ unreadable }: Pick<RequestQuestion, "unreadable">): string | null {
  return unreadable === "" ? "of no content type" : (unreadable ?? null);
}

/** Whether a command has a terminal; null for requests that say so themselves, or have none. */
export function terminalText(request: HeldRequest): "yes" | "no" | null {
  if (request.type !== "exec") return null;
  return request.terminal ? "yes" : "no";
}

/** As whom the request goes to the target, and what that is called there; null where the target is told of nobody. */
export function accountOf({
  account,
  request,
}: Pick<RequestQuestion, "account" | "request">): { what: "account" | "user"; name: string } | null {
  if (request.type !== "http") return { what: "account", name: account };
  return account === "" ? null : { what: "user", name: account };
}
