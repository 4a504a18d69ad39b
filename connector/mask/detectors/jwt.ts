import { BASE64URL, bytesOf, glued, runEnd, word } from "./characters.ts";
import type { Anchor } from "./found.ts";

/** Bytes of a header, which may carry certificates, that is decoded; of a longer one its beginning is enough. */
const HEADER = 8 * 1024;
const DOT = 0x2e;

/** A JSON web token: signed ones have three parts (RFC 7515), encrypted ones five (RFC 7516); the first is a JSON object. */
export const JWT: Anchor = {
  detector: "jwt",
  // What Base64 makes of {"
  steps: word("eyJ"),
  find: (text, start, end, from, to) => {
    // Tried only where a run of Base64 begins: a run of a million anchors is read once.
    if (glued(text, start, from, BASE64URL)) return null;
    const header = runEnd(text, end, to, BASE64URL);
    if (header >= to || text[header] !== DOT) return null;
    const payload = runEnd(text, header + 1, to, BASE64URL);
    if (payload >= to || text[payload] !== DOT) return null;
    const isDecoded = header - start <= HEADER;
    if (isDecoded && !isHeader(Buffer.from(text.subarray(start, header)).toString("latin1"))) return null;
    let last = runEnd(text, payload + 1, to, BASE64URL);
    for (let part = 4; part <= 5 && last < to && text[last] === DOT; part += 1) {
      const next = runEnd(text, last + 1, to, BASE64URL);
      if (next === last + 1) break;
      last = next;
    }
    return { start, end: last, certain: true, more: BASE64URL };
  },
  reach: { bytes: bytesOf("A-Za-z0-9_.-"), most: HEADER },
};

function isHeader(encoded: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(encoded, "base64url").toString());
    return typeof header === "object" && header !== null && ("alg" in header || "typ" in header);
  } catch {
    return false;
  }
}
