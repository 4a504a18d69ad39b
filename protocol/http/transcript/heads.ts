import { SallyportError } from "../../errors.ts";
import { decodeHead } from "../../exchange-payload.ts";
import { isObject } from "../../json-shape.ts";
import type { Fields, RequestHead, ResponseHead } from "../head.ts";
import type { CloseFrame } from "./events.ts";

/**
 * Reads heads as they were recorded: what the connector refused is in the recording, too, and is shown as it was. So
 * types and bounds are checked, and no rule of HTTP. Each is null for what is none.
 */

export function recordedRequest(payload: Uint8Array): RequestHead | null {
  const json = parsed(payload);
  if (!isObject(json)) return null;
  const { method, target, base, fields, body, websocket } = json;
  if (typeof method !== "string" || typeof target !== "string" || typeof base !== "string") return null;
  if (!areFields(fields) || typeof body !== "boolean") return null;
  const head = { method, target, base, fields, body };
  if (websocket === undefined) return head;
  if (!isObject(websocket) || !areTexts(websocket.subprotocols)) return null;
  return { ...head, websocket: { subprotocols: websocket.subprotocols } };
}

export function recordedResponse(payload: Uint8Array): ResponseHead | null {
  const json = parsed(payload);
  if (!isObject(json)) return null;
  const { status, fields, subprotocol } = json;
  if (!Number.isInteger(status) || (status as number) < 100 || (status as number) > 599) return null;
  if (!areFields(fields)) return null;
  const head = { status: status as number, fields };
  if (subprotocol === undefined) return head;
  return subprotocol === null || typeof subprotocol === "string" ? { ...head, subprotocol } : null;
}

export function recordedTrailers(payload: Uint8Array): Fields | null {
  const json = parsed(payload);
  return areFields(json) ? json : null;
}

/** The payload of an end frame of a WebSocket; half a code is none. */
export function closeFrame(payload: Uint8Array): CloseFrame | null {
  if (payload.length === 0) return null;
  const code = payload.length < 2 ? null : (payload[0]! << 8) | payload[1]!;
  return {
    code,
    reason: new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(payload.subarray(2)),
  };
}

function parsed(payload: Uint8Array): unknown {
  try {
    return decodeHead(payload);
  } catch (error) {
    if (error instanceof SallyportError) return undefined;
    throw error;
  }
}

function areFields(value: unknown): value is Fields {
  return Array.isArray(value) && value.every((line) => areTexts(line) && line.length === 2);
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
