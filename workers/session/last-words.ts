import type { EndCode } from "../../protocol/close-reason.ts";
import { carriesExchanges } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { encodeReset } from "../../protocol/exchange-payload.ts";
import { encodeFrame, FrameFlag, FrameType } from "../../protocol/frame.ts";
import { errorResponse } from "../../protocol/postgres/error-response.ts";
import type { SessionLog } from "./log.ts";
import type { SessionRecord } from "./record.ts";

/**
 * What the edge says to the agent when it ends a session, in the protocol of its kind where the edge can speak it: frames
 * that are marked as its own. Nothing where that would stand inside a message, where nothing is open, and where the
 * session was closed in good order. Of SSH the edge sees ciphertext, and adds nothing.
 */
export function lastWords(
  { facts }: SessionRecord,
  log: Pick<SessionLog, "interruptible" | "openStreams">,
  code: EndCode,
  reason: string,
): Uint8Array[] {
  if (code === "closed" || facts === null) return [];
  if (facts.kind === "postgres" && log.interruptible) {
    const words = errorResponse(new SallyportError(code, reason), "FATAL");
    return [encodeFrame(FrameType.end, FrameFlag.edge, 0, words)];
  }
  if (carriesExchanges(facts.kind) && log.openStreams > 0)
    return [encodeReset(0, code, reason, FrameFlag.edge)];
  return [];
}
