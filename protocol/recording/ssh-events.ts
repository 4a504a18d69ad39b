import { isDecision } from "../policy/reading.ts";
import { isLineFacts } from "../shell/facts-reading.ts";
import type { SshEvent } from "../ssh/events.ts";
import { isSshRequest } from "../ssh/request-reading.ts";

/** RFC 4254 counts in u32. */
const MAX_U32 = 0xffff_ffff;
const SHA256 = /^[0-9a-f]{64}$/;

type Test = (value: unknown) => boolean;
/** The members of an event beside its name. */
type Members<Name extends SshEvent["event"]> = Record<
  Exclude<keyof Extract<SshEvent, { event: Name }>, "event">,
  Test
>;

const EVENTS: { [Name in SshEvent["event"]]: Members<Name> } = {
  ssh_client: { software: isText },
  ssh_connected: { host: isText, port: isU32, user: isText, hostKey: isText, software: isText },
  channel_opened: { channel: isU32, type: isText },
  terminal: { channel: isU32, term: isText, columns: isU32, rows: isU32 },
  resized: { channel: isU32, columns: isU32, rows: isU32 },
  environment: { channel: isU32, name: isText, value: orNull(isText) },
  requested: { channel: isU32, request: isSshRequest },
  request_judged: {
    channel: isU32,
    request: isSshRequest,
    decision: isRefusal,
    facts: orNull(isLineFacts),
  },
  subsystem: { channel: isU32, name: isText },
  signal: { channel: isU32, signal: isText },
  exited: { channel: isU32, status: orNull(isU32), signal: orNull(isText) },
  channel_closed: { channel: isU32 },
  file_failed: { channel: isU32, path: isText, reason: isText },
  file_closed: { channel: isU32, path: isText, read: orNull(isTransferred), written: orNull(isTransferred) },
  frozen: { channel: isU32 },
  thawed: { channel: isU32 },
};

/** Whether an event of this name is one of an SSH session. */
export function isSshName(name: string): name is SshEvent["event"] {
  return Object.hasOwn(EVENTS, name);
}

/** Whether what says that it is an event of an SSH session has all its members, each in its bounds. */
export function isSshEvent(event: { event: string }): event is SshEvent {
  if (!isSshName(event.event)) return false;
  const given = event as Record<string, unknown>;
  return Object.entries<Test>(EVENTS[event.event]).every(
    ([name, test]) => Object.hasOwn(given, name) && test(given[name]),
  );
}

function isTransferred(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { bytes, sha256, whole } = value as Record<string, unknown>;
  return (
    Number.isSafeInteger(bytes) &&
    (bytes as number) >= 0 &&
    (sha256 === null || (typeof sha256 === "string" && SHA256.test(sha256))) &&
    typeof whole === "boolean"
  );
}

function isRefusal(value: unknown): boolean {
  return isDecision(value) && value.verdict !== "allow";
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isU32(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_U32;
}

function orNull(test: Test): Test {
  return (value) => value === null || test(value);
}
