import type { ConnectorEvent } from "../control.ts";
import { MAX_PAYLOAD } from "../frame.ts";

/**
 * The event as it fits a frame. What doesn't is left out of requests: first the body's text, which the agent's own frames
 * have whole, then the facts.
 */
export function fittedEvent(event: ConnectorEvent): ConnectorEvent {
  if (event.event !== "exchange_sent" && event.event !== "exchange_judged") return event;
  if (fits(event)) return event;
  const { request } = event;
  const brief = { ...event, request: { ...request, body: request.body && { ...request.body, text: null } } };
  return fits(brief) ? brief : { ...brief, facts: null };
}

function fits(event: ConnectorEvent): boolean {
  return Buffer.byteLength(JSON.stringify(event)) <= MAX_PAYLOAD;
}
