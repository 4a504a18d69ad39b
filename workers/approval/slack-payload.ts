import { APPROVAL_ID, type ApprovalId } from "../../protocol/approval/approval.ts";
import { postableUrl } from "./post.ts";
import { APPROVE_ACTION, DENY_ACTION } from "./slack-message.ts";

/** Bytes of a call of Slack's; the clicked message comes with it. */
export const MAX_CALL = 256 * 1024;

const SLACK = "https://hooks.slack.com";
const MAX_RESPONSE_URL = 1_000;

/** A click on one of our buttons. */
export interface SlackClick {
  id: ApprovalId;
  answer: "approve" | "deny";
  /** Slack's id of who clicked, such as `U024BE7LH`. */
  user: string;
  responseUrl: string;
}

/**
 * Reads the body of an interaction (`payload=JSON`, form-encoded) strictly. `foreign`: an interaction that is not one of
 * our buttons, such as another part of the same app may have. Null: nothing that Slack sends. `webhook` is the incoming
 * webhook's URL: answers go to hooks.slack.com, or to its origin.
 */
export function readClick(body: string, webhook: string | undefined): SlackClick | "foreign" | null {
  const payload = readPayload(body);
  if (payload === null || typeof payload.type !== "string") return null;
  if (payload.type !== "block_actions") return "foreign";
  const { actions, user } = payload;
  if (!Array.isArray(actions) || actions.length !== 1) return null;
  const action = record(actions[0]);
  const answer = answerOf(action?.action_id);
  if (answer === null) return action === null ? null : "foreign";
  const who = record(user)?.id;
  const url = responseUrl(payload.response_url, webhook);
  if (typeof action?.value !== "string" || !APPROVAL_ID.test(action.value)) return null;
  if (typeof who !== "string" || !SLACK_USER.test(who) || url === null) return null;
  return { id: action.value, answer, user: who, responseUrl: url };
}

/** Of a user of Slack; W of an organisation's. */
export const SLACK_USER = /^[UW][A-Z0-9]{2,30}$/;

/** Of a call that nobody vouches for: which approval it claims to answer; null for none. */
export function claimedApproval(body: string): ApprovalId | null {
  const actions = readPayload(body)?.actions;
  const value = Array.isArray(actions) ? record(actions[0])?.value : null;
  return typeof value === "string" && APPROVAL_ID.test(value) ? value : null;
}

/** Where the edge may be sent by a click: to Slack alone, else it could be made to post into the edge's own network. */
export function responseUrl(value: unknown, webhook: string | undefined): string | null {
  const url = typeof value === "string" && value.length <= MAX_RESPONSE_URL ? postableUrl(value) : null;
  if (url === null || url.hash !== "") return null;
  return url.origin === SLACK || url.origin === postableUrl(webhook)?.origin ? url.href : null;
}

function answerOf(action: unknown): SlackClick["answer"] | null {
  if (action === APPROVE_ACTION) return "approve";
  return action === DENY_ACTION ? "deny" : null;
}

function readPayload(body: string): Record<string, unknown> | null {
  const fields = [...new URLSearchParams(body)];
  const [payload, ...more] = fields.filter(([name]) => name === "payload");
  if (payload === undefined || more.length > 0) return null;
  try {
    return record(JSON.parse(payload[1]));
  } catch {
    return null;
  }
}

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
