import { ERRORS, type ErrorCode } from "./errors.ts";

/** How a session ended: an error code, or `closed` when it ended as it should. */
export type EndCode = ErrorCode | "closed";

/** Bytes of a WebSocket close reason (RFC 6455 section 5.5: 125 less the code). */
const REASON_BYTES = 123;

/** The WebSocket close code and reason that tell a peer how its session ended. */
export function closeFrame(code: EndCode, reason: string): { code: number; reason: string } {
  const text = Buffer.from(`${code}: ${reason}`);
  const cut = text.length <= REASON_BYTES ? text : cutUtf8(text, REASON_BYTES);
  return { code: code === "closed" ? 1000 : ERRORS[code].close, reason: cut.toString() };
}

/** Reads what `closeFrame` wrote; anything else is `session_ended`, with the peer's words as the reason. */
export function readCloseReason(closeCode: number, reason: string): { code: EndCode; reason: string } {
  const colon = reason.indexOf(": ");
  const code = reason.slice(0, colon);
  if (colon > 0 && (code === "closed" || Object.hasOwn(ERRORS, code))) {
    return { code: code as EndCode, reason: reason.slice(colon + 2) };
  }
  return {
    code: closeCode === 1000 ? "closed" : "session_ended",
    reason: reason || `closed with ${closeCode}`,
  };
}

/** Cuts UTF-8 without leaving half a character. */
function cutUtf8(text: Buffer, limit: number): Buffer {
  let end = limit;
  while (end > 0 && (text[end]! & 0xc0) === 0x80) end--;
  return text.subarray(0, end);
}
