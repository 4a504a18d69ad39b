import type { AgentMessage, ConnectorMessage } from "../../protocol/control.ts";
import { ERRORS, SallyportError } from "../../protocol/errors.ts";
import type { Link } from "./links.ts";

/** Longest control message of a side, in characters; frames are bounded by `decodeHeader`. */
const MAX_CONTROL = 8 * 1024;

/** Characters of a side's reason for closing that are kept. */
const MAX_REASON = 500;

/** Does what a side's control message says. Throws `protocol_violation` for one that it may not send. */
export function obey({ relay, side, raw }: Link, text: string, now: number): void {
  if (raw)
    throw new SallyportError("protocol_violation", "a text message on a raw tunnel, whose bytes are binary");
  const message = parseControl(text);
  if (message.type === "close") {
    const byAgent = side === "agent";
    // An agent may give up, but not put other words, such as a kill, into the directory.
    const code = byAgent && message.code !== "closed" ? "agent_gone" : message.code;
    const who = byAgent ? "the agent" : `connector ${relay.record.connector!.name}`;
    relay.end(code, message.reason.slice(0, MAX_REASON), now, who);
  } else if (side === "connector") {
    relay.seal(message);
  } else {
    throw new SallyportError("protocol_violation", "a seal from the agent");
  }
}

/** Reads a side's control message. Throws `protocol_violation`. */
function parseControl(text: string): AgentMessage | ConnectorMessage {
  if (text.length > MAX_CONTROL)
    throw new SallyportError("protocol_violation", "a control message is too long");
  const message = parseJson(text);
  if (message.type === "close" && isEndCode(message.code) && typeof message.reason === "string") {
    return message as unknown as AgentMessage;
  }
  const sealed = ["key", "agentHead", "connectorHead", "signature"].every(
    (name) => typeof message[name] === "string",
  );
  const counted = ["agentFrames", "connectorFrames"].every((name) => Number.isSafeInteger(message[name]));
  if (message.type === "seal" && sealed && counted) return message as unknown as ConnectorMessage;
  throw new SallyportError("protocol_violation", "an unknown control message");
}

function parseJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below like any other message that can't be read.
  }
  throw new SallyportError("protocol_violation", "a control message is not a JSON object");
}

function isEndCode(code: unknown): boolean {
  return code === "closed" || (typeof code === "string" && Object.hasOwn(ERRORS, code));
}
