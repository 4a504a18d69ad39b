import { ERRORS, SallyportError } from "../../protocol/errors.ts";
import { isExchangeFacts } from "../../protocol/http/facts-reading.ts";
import { ANSWER_OF, type ReplicaMessage } from "../../protocol/hub-messages.ts";
import { isLabelScan } from "../../protocol/label-scan.ts";
import { isDecision, isPlan, isStatementFacts } from "../../protocol/policy/reading.ts";
import { isLineFacts } from "../../protocol/shell/facts-reading.ts";
import { isHostKey } from "./host-key.ts";

/** Characters of a control message; a replica with more targets than fit says none and is taken to serve all. */
const MAX_MESSAGE = 64 * 1024;
/** Characters of an answer to a question, and statements in one to `explain`. */
const MAX_ANSWER = 1024 * 1024;
const MAX_STATEMENTS = 1_000;
const ANSWERS: readonly string[] = Object.values(ANSWER_OF);

/** Reads a replica's control message. Throws `protocol_violation`. */
export function parseReplicaMessage(text: string | ArrayBuffer): ReplicaMessage {
  if (typeof text !== "string" || text.length > MAX_ANSWER) throw tooLong();
  const message = parseJson(text);
  const type = typeof message.type === "string" ? message.type : "";
  if (!ANSWERS.includes(type) && text.length > MAX_MESSAGE) throw tooLong();
  const valid: Record<ReplicaMessage["type"], () => boolean> = {
    presence: () =>
      Array.isArray(message.targets) &&
      message.targets.every((one) => typeof one === "string") &&
      isCount(message.sessions) &&
      // A connector from before there were SSH targets has none.
      (message.hostKey === undefined || isHostKey(message.hostKey)),
    parked: () => isSessionId(message.session),
    unparked: () => isSessionId(message.session),
    want_spares: () => isCount(message.count),
    cancel: () =>
      ["principal", "target", "secret"].every((name) => typeof message[name] === "string") &&
      isCount(message.processId),
    policy_taken: () => isCount(message.revision),
    explained: () => typeof message.id === "string" && isAnswer(message.answer, areStatements),
    labels_scanned: () => typeof message.id === "string" && isAnswer(message.answer, hasScan),
  };
  // The message names it: `constructor` must not find what every object has.
  if (!Object.hasOwn(valid, type) || !valid[type as ReplicaMessage["type"]]())
    throw new SallyportError("protocol_violation", "an unknown control message");
  return message as unknown as ReplicaMessage;
}

function parseJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below like any other message that can't be read.
  }
  throw new SallyportError("protocol_violation", "a control message is not a JSON object");
}

function isAnswer(answer: unknown, isGiven: (answer: Record<string, unknown>) => boolean): boolean {
  if (!isObject(answer)) return false;
  if (answer.error === undefined) return isGiven(answer);
  if (!isObject(answer.error)) return false;
  const { code, message, hint } = answer.error;
  return (
    typeof code === "string" &&
    Object.hasOwn(ERRORS, code) &&
    typeof message === "string" &&
    (hint === undefined || typeof hint === "string")
  );
}

function areStatements({ statements }: Record<string, unknown>): boolean {
  return Array.isArray(statements) && statements.length <= MAX_STATEMENTS && statements.every(isStatement);
}

function hasScan({ scan }: Record<string, unknown>): boolean {
  return isLabelScan(scan);
}

function isStatement(one: unknown): boolean {
  return (
    isObject(one) &&
    typeof one.text === "string" &&
    isDecision(one.decision) &&
    ((isStatementFacts(one.facts) && isPlan(one.plan)) ||
      isLineFacts(one.facts) ||
      isExchangeFacts(one.facts))
  );
}

function tooLong(): SallyportError {
  return new SallyportError("protocol_violation", "a control message is too long");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSessionId(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{32}$/.test(value);
}
