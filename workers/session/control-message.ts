import type { AgentMessage, ConnectorMessage } from "../../protocol/control.ts";
import { ERRORS, SallyportError } from "../../protocol/errors.ts";

/** Longest control message of a side, in characters; frames are bounded by `decodeHeader`. */
const MAX_CONTROL = 8 * 1024;

/** Reads a side's control message. Throws `protocol_violation`. */
export function parseControl(text: string): AgentMessage | ConnectorMessage {
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
