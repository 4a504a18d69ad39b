import type {
  ApprovalQuestion,
  ApprovalSubject,
  HeldQuestion,
  HeldRequest,
} from "../../protocol/approval/approval.ts";
import { agreed, isNotMuchMore } from "../../protocol/approval/cover.ts";
import type { ApprovalState } from "./machine.ts";

/**
 * Whether an approval that was given for longer than one statement or request is also the answer to a later question
 * of the same session. All must hold; whatever is in doubt is asked anew:
 *
 * - it is approved now, by people's own votes, and its time has not run out;
 * - the same principal asks, for the same user, of the same target, in the same session;
 * - both are statements of the same database, or both requests of the same account, the later one for no action that
 *   was not held in the first;
 * - every policy that holds the new one held the approved one, and everyone whom they want asked has agreed;
 * - neither scope is `once`; where either is `fingerprint`, so is the fingerprint the same. Of a statement its plan then
 *   has at most twice the rows that were shown (one that is not known covers only one that is not known); a request is
 *   of the same type, and both have a terminal or neither; a response is of the same content type.
 */
export function covers(
  given: ApprovalState,
  subject: ApprovalSubject,
  asked: HeldQuestion,
  now: number,
): boolean {
  const { question } = given;
  if (given.status !== "approved" || given.under !== null) return false;
  if (given.until === null || now >= given.until || now < given.asked) return false;
  if (!isSameSubject(given.subject, subject) || !isSamePlace(question, asked)) return false;
  if (question.scope === "once" || asked.scope === "once") return false;
  if (!agreed(question, asked)) return false;
  if (question.scope === "session" && asked.scope === "session") return true;
  return (
    question.fingerprint === asked.fingerprint && asked.fingerprint !== "" && isSameShape(question, asked)
  );
}

function isSamePlace(given: ApprovalQuestion, asked: HeldQuestion): given is HeldQuestion {
  if (given.kind === "statement") return asked.kind === "statement" && given.database === asked.database;
  return (
    given.kind === "request" &&
    asked.kind === "request" &&
    given.account === asked.account &&
    asked.actions.every((action) => given.actions.includes(action))
  );
}

/** Beside the fingerprint. */
function isSameShape(given: HeldQuestion, asked: HeldQuestion): boolean {
  if (given.kind === "statement") {
    return asked.kind === "statement" && isNotMuchMore(given.plan, asked.plan);
  }
  return (
    asked.kind === "request" &&
    given.request.type === asked.request.type &&
    given.unreadable === asked.unreadable &&
    hasTerminal(given.request) === hasTerminal(asked.request)
  );
}

function hasTerminal(request: HeldRequest): boolean {
  return "terminal" in request && request.terminal;
}

function isSameSubject(one: ApprovalSubject, other: ApprovalSubject): boolean {
  return (
    one.session !== undefined &&
    one.session === other.session &&
    one.principal === other.principal &&
    one.onBehalfOf === other.onBehalfOf &&
    one.target === other.target
  );
}
