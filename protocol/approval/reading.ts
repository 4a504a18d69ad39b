import type { Lease } from "../control.ts";
import { any, count, isObject, misfit, type Shape, text } from "../json-shape.ts";
import {
  APPROVAL_ID,
  type ApprovalAsk,
  type ApprovalChannel,
  type ApprovalEvent,
  type ApprovalStatus,
  type ApprovalVote,
  CHANNELS,
  MAX_APPROVAL_REASON,
} from "./approval.ts";
import { isHeldQuestion, malformed, readHeldQuestion } from "./question-reading.ts";

const MAX_NUMBER = 999_999_999;

const DECIDED: readonly unknown[] = [
  "approved",
  "lapsed",
  "denied",
  "expired",
  "withdrawn",
] satisfies ApprovalStatus[];

type Asks = { [Name in ApprovalAsk["event"]]: Extract<ApprovalAsk, { event: Name }> };

const ASKS: { [Name in keyof Asks]: Shape<Asks[Name]> } = {
  approval_asked: { event: any, approval: count(1, MAX_NUMBER), question: any },
  approval_withdrawn: {
    event: any,
    approval: count(1, MAX_NUMBER),
    reason: text(0, MAX_APPROVAL_REASON),
  },
  approval_used: { event: any, approval: count(1, MAX_NUMBER) },
};

/**
 * Reads what a connector asks the edge: the payload of an event frame with `FrameFlag.ask`, as bytes or parsed.
 * Strict: what the edge does not know, the people who are asked would not be shown either, so an unknown member is
 * refused. The answer is made anew, its members in one order: the same question has the same JSON. Throws
 * `protocol_violation`, which names the member that is wrong and never what it holds.
 */
export function readApprovalAsk(payload: unknown): ApprovalAsk {
  const json = payload instanceof Uint8Array ? parsed(payload) : payload;
  if (!isObject(json) || typeof json.event !== "string" || !Object.hasOwn(ASKS, json.event))
    throw malformed("the event");
  const bad = misfit(json, ASKS[json.event as ApprovalAsk["event"]]);
  if (bad !== null) throw malformed(bad || "a member that is not known in the ask");
  const { event, approval } = json as unknown as ApprovalAsk;
  if (event === "approval_used") return { event, approval };
  if (event === "approval_withdrawn") return { event, approval, reason: json.reason as string };
  return { event, approval, question: readHeldQuestion(json.question) };
}

/** Whether what stands in a recording is what a connector asks the edge; members may have been added since. */
export function isApprovalAsk(value: unknown): value is ApprovalAsk {
  if (!isObject(value) || !isNumber(value.approval)) return false;
  switch (value.event) {
    case "approval_asked":
      return isHeldQuestion(value.question);
    case "approval_withdrawn":
      return typeof value.reason === "string";
    default:
      return value.event === "approval_used";
  }
}

/** Whether what stands in a recording is an entry of the edge about an approval. */
export function isApprovalEvent(value: unknown): value is ApprovalEvent {
  if (!isObject(value) || !isNumber(value.approval)) return false;
  const { event, channel, reason, by } = value;
  switch (event) {
    case "approval_opened":
      return typeof value.id === "string" && APPROVAL_ID.test(value.id) && isTime(value.expires);
    case "approval_told":
      return isChannel(channel) && typeof value.reached === "boolean" && typeof value.detail === "string";
    case "approval_answered":
      return (value.answer === "approve" || value.answer === "deny") && isVote(value.vote);
    case "approval_rejected":
      return isChannel(channel) && typeof by === "string" && typeof reason === "string";
    case "approval_decided":
      return (
        DECIDED.includes(value.status) &&
        isTexts(by) &&
        (reason === null || typeof reason === "string") &&
        (value.until === null || isTime(value.until)) &&
        (value.under === null || isNumber(value.under))
      );
    default:
      return false;
  }
}

export function isLease(value: unknown): value is Lease {
  return (
    isObject(value) &&
    typeof value.id === "string" &&
    APPROVAL_ID.test(value.id) &&
    isTime(value.until) &&
    isTexts(value.by)
  );
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw malformed("it is no JSON");
  }
}

function isVote(value: unknown): value is ApprovalVote {
  return (
    isObject(value) &&
    Array.isArray(value.for) &&
    value.for.every(isNumber) &&
    typeof value.by === "string" &&
    (value.onBehalfOf === undefined || typeof value.onBehalfOf === "string") &&
    isTexts(value.groups) &&
    isChannel(value.channel) &&
    (value.reason === null || typeof value.reason === "string") &&
    isTime(value.at)
  );
}

export function isChannel(value: unknown): value is ApprovalChannel {
  return typeof value === "string" && Object.hasOwn(CHANNELS, value);
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(new Date(value).getTime());
}

function isNumber(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
