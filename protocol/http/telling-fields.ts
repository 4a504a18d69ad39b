import type { Fields } from "./head.ts";

/**
 * Fields that clients send of themselves and that change nothing of what a request does: what they take for an answer,
 * who they are, how a request is followed through systems. Content-Type is a member of its own.
 */
const NEUTRAL_FIELDS =
  /^(?:accept(?:-(?:charset|encoding|language))?|user-agent|content-(?:length|type)|prefer|te|dnt|priority|date|via|pragma|cache-control|trace(?:parent|state)|baggage|x-request-id|x-correlation-id|x-b3-.+|b3|referer|origin|sec-.+|kubectl-(?:command|session)|audit-id|save-data|upgrade-insecure-requests)$/;

/**
 * What of a request's fields may say what is done, or to what: `X-Amz-Target`, `Destination`, `If-Match`, a tenant's name.
 * Who approves a request sees them, and the approval is for them too.
 */
export function tellingFields(fields: Fields): Fields {
  return fields.filter(([name]) => !NEUTRAL_FIELDS.test(name));
}
