import type { EndCode } from "./close-reason.ts";
import { ERRORS, SallyportError } from "./errors.ts";
import { encodeFrame, FrameType } from "./frame.ts";
import { MAX_HEAD, type StreamReset } from "./http/head.ts";

/** Bytes of a reset frame's payload. */
export const MAX_RESET = 4 * 1024;
/** Characters of a reset's reason; JSON takes at most six bytes for one. */
const MAX_REASON = 600;

/** A head or trailers as JSON. Throws `frame_too_large` over `MAX_HEAD` bytes. */
export function encodeHead(head: object): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  if (json.length <= MAX_HEAD) return json;
  throw new SallyportError(
    "frame_too_large",
    `a head of ${json.length} bytes is over the limit of ${MAX_HEAD}`,
    "Send fewer or shorter fields.",
  );
}

/** Reads what `encodeHead` wrote; what it says is unchecked. Throws `protocol_violation`. */
export function decodeHead(payload: Uint8Array): unknown {
  if (payload.length > MAX_HEAD)
    throw new SallyportError(
      "protocol_violation",
      `a head of ${payload.length} bytes is over the limit of ${MAX_HEAD}`,
    );
  return decodeJson(payload, "a head");
}

/** Builds a reset frame; a reason that is too long is cut. */
export function encodeReset(stream: number, code: EndCode, reason: string, flags = 0): Buffer<ArrayBuffer> {
  const reset: StreamReset = { code, reason: reason.slice(0, MAX_REASON) };
  return encodeFrame(FrameType.reset, flags, stream, Buffer.from(JSON.stringify(reset)));
}

/** Reads a reset frame's payload. Throws `protocol_violation`. */
export function decodeReset(payload: Uint8Array): StreamReset {
  if (payload.length > MAX_RESET)
    throw new SallyportError("protocol_violation", `a reset of ${payload.length} bytes`);
  const { code, reason } = (decodeJson(payload, "a reset") ?? {}) as Partial<StreamReset>;
  if (typeof code !== "string" || (code !== "closed" && !Object.hasOwn(ERRORS, code)))
    throw new SallyportError("protocol_violation", "a reset without a code");
  if (typeof reason !== "string") throw new SallyportError("protocol_violation", "a reset without a reason");
  return { code, reason };
}

function decodeJson(payload: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload));
  } catch {
    throw new SallyportError("protocol_violation", `${what} that is not JSON`);
  }
}
