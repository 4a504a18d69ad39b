import { type ApprovalAsk, isAsk, isByEdge } from "../approval/approval.ts";
import { isApprovalAsk, isApprovalEvent, isLease } from "../approval/reading.ts";
import type { ConnectorEvent, EdgeEvent, Limits, SessionFacts, SessionTrace } from "../control.ts";
import { SallyportError } from "../errors.ts";
import { FRAME_HEADER, FrameFlag } from "../frame.ts";
import type { HttpEvent } from "../http/events.ts";
import { isDecision, isPlan, isPolicyStamp, isStatementFacts } from "../policy/reading.ts";
import type { SshEvent } from "../ssh/events.ts";
import { type ChannelRecord, readRecord } from "../ssh/record.ts";
import { isHttpEvent, isHttpName } from "./http-events.ts";
import { isDetected, isMasked } from "./masking-events.ts";
import { isSshEvent, isSshName } from "./ssh-events.ts";

/** Events of the edge by name. */
export type EdgeEvents = { [Name in EdgeEvent["event"]]: Extract<EdgeEvent, { event: Name }> };

type Kind = "string" | "number" | "object" | "boolean";
type Shape = Record<string, Kind>;

/** The members that readers of a recording rely on. An event of another name is kept as it is. */
const EDGE_SHAPES: Record<string, Shape> = {
  opened: { facts: "object", limits: "object", edgeKey: "string" } satisfies Record<
    keyof Omit<EdgeEvents["opened"], "event">,
    Kind
  >,
  connector_joined: { connector: "string", instance: "string", key: "string" },
  watch_begun: { by: "string" },
  watch_ended: { by: "string" },
  ended: { code: "string", reason: "string" },
};

const FACTS: Shape = {
  session: "string",
  principal: "string",
  groups: "object",
  target: "string",
  kind: "string",
  connector: "string",
  opened: "number",
  until: "number",
  address: "string",
  mode: "string",
} satisfies Record<keyof Omit<SessionFacts, "onBehalfOf" | "listed" | "policy" | "lease" | "trace">, Kind>;

/** Recordings from before there were policies lack both: who opened a session then stood on the target's list. */
const BEFORE_POLICIES: Pick<SessionFacts, "listed" | "policy"> = {
  listed: true,
  policy: { version: "", revision: 0 },
};

const LIMITS: Shape = {
  idleMs: "number",
  maxMs: "number",
  maxBytes: "number",
  resumeMs: "number",
} satisfies Record<keyof Limits, Kind>;

const CONNECTOR_SHAPES: Record<string, Shape> = {
  target_connected: { host: "string", port: "number", database: "string", user: "string" },
  cancel_requested: { session: "string" },
  refused: { code: "string", message: "string" },
  policy: { version: "string", revision: "number" },
  facts: { statements: "object" },
  judged: { decision: "object", text: "string" },
  cut: { limit: "string", value: "number" },
  masked: { statements: "object" },
  detected: { found: "object" },
};

/** Reads the JSON of an edge entry (kind 0); null when it is no event of the edge. */
export function edgeEvent(json: Uint8Array): EdgeEvent | null {
  const event = parse(json, EDGE_SHAPES) as EdgeEvent | null;
  if (event !== null && isByEdge(event)) return isApprovalEvent(event) ? event : null;
  if (event?.event !== "opened") return event;
  const opened = { ...event, facts: { ...BEFORE_POLICIES, ...event.facts } };
  return isFacts(opened.facts) && has(opened.limits, LIMITS) ? opened : null;
}

/**
 * Reads the event frame of a connector entry (kind 3); null when it is none. What the edge acted on is marked so in
 * the frame: an ask without the mark is none, nor is another event with it. What `channelRecord` reads is none.
 */
export function connectorEvent(frame: Uint8Array): ConnectorEvent | ApprovalAsk | null {
  if (isRecord(frame)) return null;
  const event = parse(frame.subarray(FRAME_HEADER), CONNECTOR_SHAPES) as ConnectorEvent | ApprovalAsk | null;
  if (event === null) return null;
  const isMarked = (frame[1]! & FrameFlag.ask) !== 0;
  if (!isAsk(event)) return !isMarked && isSound(event) ? event : null;
  return isMarked && isApprovalAsk(event) ? event : null;
}

/** Reads the frame of a connector entry (kind 3) that holds bytes of a channel; null when it is none. */
export function channelRecord(frame: Uint8Array): ChannelRecord | null {
  if (!isRecord(frame) || frame[1]! & FrameFlag.ask) return null;
  try {
    return readRecord(frame.subarray(FRAME_HEADER));
  } catch (error) {
    if (error instanceof SallyportError) return null;
    throw error;
  }
}

/** Whether the frame says that it has bytes of a channel, and no JSON. */
function isRecord(frame: Uint8Array): boolean {
  return frame.length >= FRAME_HEADER && (frame[1]! & FrameFlag.record) !== 0;
}

/** Members that have a shape of their own; the frame's length bounds how much there can be of them. */
function isSound(event: ConnectorEvent): boolean {
  if (isSsh(event)) return isSshEvent(event);
  if (isHttp(event)) return isHttpEvent(event);
  switch (event.event) {
    case "policy":
      return isPolicyStamp(event);
    case "facts":
      return (
        Array.isArray(event.statements) &&
        event.statements.every(
          (one: unknown) =>
            has(one, { facts: "object" }) &&
            isStatementFacts((one as { facts: unknown }).facts) &&
            isPlan((one as { plan?: unknown }).plan),
        )
      );
    case "judged":
      return (
        isDecision(event.decision) &&
        (event.decision.verdict as string) !== "allow" &&
        (event.facts === null || isStatementFacts(event.facts)) &&
        (event.plan === undefined || isPlan(event.plan))
      );
    case "cut":
      return (event.limit === "rows" || event.limit === "bytes") && Number.isFinite(event.value);
    case "masked":
      return isMasked(event);
    case "detected":
      return isDetected(event);
    default:
      return true;
  }
}

function isSsh(event: ConnectorEvent): event is SshEvent {
  return isSshName(event.event);
}

function isHttp(event: ConnectorEvent): event is HttpEvent {
  return isHttpName(event.event);
}

function isFacts(facts: SessionFacts): boolean {
  if (!has(facts, FACTS) || !Array.isArray(facts.groups)) return false;
  const { groups, opened, until, onBehalfOf, listed, policy, lease, trace } = facts;
  return (
    typeof listed === "boolean" &&
    (isPolicyStamp(policy) || policy === BEFORE_POLICIES.policy) &&
    groups.every((group) => typeof group === "string") &&
    [opened, until].every((time) => Number.isFinite(new Date(time).getTime())) &&
    (onBehalfOf === undefined || typeof onBehalfOf === "string") &&
    (lease === undefined || isLease(lease)) &&
    (trace === undefined || isTrace(trace))
  );
}

function isTrace(trace: SessionTrace): boolean {
  return (
    has(trace, { traceparent: "string" }) &&
    [trace.tracestate, trace.parent].every((one) => one === undefined || typeof one === "string")
  );
}

function parse(json: Uint8Array, shapes: Record<string, Shape>): object | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(json));
  } catch {
    return null;
  }
  if (!has(value, { event: "string" })) return null;
  const name = (value as { event: string }).event;
  return has(value, Object.hasOwn(shapes, name) ? shapes[name]! : {}) ? value : null;
}

function has(value: unknown, shape: Shape): value is object {
  if (typeof value !== "object" || value === null) return false;
  const members = value as Record<string, unknown>;
  return Object.entries(shape).every(
    ([name, type]) => members[name] !== null && typeof members[name] === type,
  );
}
