import type { ConnectorEvent, EdgeEvent, Limits, SessionFacts } from "../control.ts";
import { FRAME_HEADER } from "../frame.ts";

/** Events of the edge by name. */
export type EdgeEvents = { [Name in EdgeEvent["event"]]: Extract<EdgeEvent, { event: Name }> };

type Kind = "string" | "number" | "object";
type Shape = Record<string, Kind>;

/** The members that readers of a recording rely on. An event of another name is kept as it is. */
const EDGE_SHAPES: Record<string, Shape> = {
  opened: { facts: "object", limits: "object", edgeKey: "string" } satisfies Record<
    keyof Omit<EdgeEvents["opened"], "event">,
    Kind
  >,
  connector_joined: { connector: "string", instance: "string", key: "string" },
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
} satisfies Record<keyof Omit<SessionFacts, "onBehalfOf">, Kind>;

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
};

/** Reads the JSON of an edge entry (kind 0); null when it is no event of the edge. */
export function edgeEvent(json: Uint8Array): EdgeEvent | null {
  const event = parse(json, EDGE_SHAPES) as EdgeEvent | null;
  if (event?.event === "opened" && !(isFacts(event.facts) && has(event.limits, LIMITS))) return null;
  return event;
}

/** Reads the event frame of a connector entry (kind 3); null when it is none. */
export function connectorEvent(frame: Uint8Array): ConnectorEvent | null {
  return parse(frame.subarray(FRAME_HEADER), CONNECTOR_SHAPES) as ConnectorEvent | null;
}

function isFacts(facts: SessionFacts): boolean {
  if (!has(facts, FACTS) || !Array.isArray(facts.groups)) return false;
  const { groups, opened, until, onBehalfOf } = facts;
  return (
    groups.every((group) => typeof group === "string") &&
    [opened, until].every((time) => Number.isFinite(new Date(time).getTime())) &&
    (onBehalfOf === undefined || typeof onBehalfOf === "string")
  );
}

function parse(json: Uint8Array, shapes: Record<string, Shape>): object | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
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
