import { createHash } from "node:crypto";
import type { RequestBody } from "../../protocol/http/request.ts";

/**
 * What of a whole body stands in a request, as people are shown it. `coding`: of its `Content-Encoding`; what is coded
 * is no text, whatever its bytes look like: the target reads another one.
 */
export function bodyOf(bytes: Uint8Array, coding: string | null): RequestBody {
  return {
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    text: coding === null || coding.toLowerCase() === "identity" ? textOf(bytes) : null,
  };
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string | null {
  try {
    const text = UTF8.decode(bytes);
    return /[^\P{Cc}\t\r\n]/u.test(text) ? null : text;
  } catch {
    return null;
  }
}
