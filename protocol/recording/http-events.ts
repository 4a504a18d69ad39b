import { ERRORS } from "../errors.ts";
import type { HttpEvent } from "../http/events.ts";
import { isExchangeFacts } from "../http/facts-reading.ts";
import { isHttpRequest } from "../http/request-reading.ts";
import type { Test } from "../json-shape.ts";
import { isDecision } from "../policy/reading.ts";
import { isMaskedFields } from "./masking-events.ts";

/** Streams are numbered in u32. */
const MAX_U32 = 0xffff_ffff;

/** The members of an event beside its name. */
type Members<Name extends HttpEvent["event"]> = Record<
  Exclude<keyof Extract<HttpEvent, { event: Name }>, "event">,
  Test
>;

const EVENTS: { [Name in HttpEvent["event"]]: Members<Name> } = {
  exchange_judged: {
    exchange: isNumber,
    request: isHttpRequest,
    decision: (value) => isDecision(value) && value.verdict !== "allow",
    facts: orNull(isExchangeFacts),
    unreadable: orNull(isText),
  },
  exchange_sent: {
    exchange: isNumber,
    request: isHttpRequest,
    facts: orNull(isExchangeFacts),
    impersonated: orNull(isText),
  },
  exchange_masked: { exchange: isNumber, fields: isMaskedFields },
  exchange_failed: {
    exchange: isNumber,
    code: (value) => typeof value === "string" && Object.hasOwn(ERRORS, value),
    message: isText,
  },
};

/** Whether an event of this name is one of an HTTP or Kubernetes session. */
export function isHttpName(name: string): name is HttpEvent["event"] {
  return Object.hasOwn(EVENTS, name);
}

/** Whether what says that it is an event of an HTTP or Kubernetes session has all its members, each in its bounds. */
export function isHttpEvent(event: { event: string }): event is HttpEvent {
  if (!isHttpName(event.event)) return false;
  const given = event as Record<string, unknown>;
  return Object.entries<Test>(EVENTS[event.event]).every(
    ([name, test]) => Object.hasOwn(given, name) && test(given[name]),
  );
}

/** Of a stream: 0 is no exchange. */
function isNumber(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= MAX_U32;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function orNull(test: Test): Test {
  return (value) => value === null || test(value);
}
