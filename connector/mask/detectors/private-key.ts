import { BASE64, bytesOf, has, runEnd, word } from "./characters.ts";
import type { Anchor } from "./found.ts";

/** Bytes between the dashes: `OPENSSH PRIVATE KEY`, `PGP PRIVATE KEY BLOCK`. */
const LABEL = 48;
/** Fewer bytes of Base64 are an example in a text. */
const LEAST = 16;
const LABEL_BYTES = bytesOf("A-Z0-9 ");
/** Of Base64, headers (`Proc-Type: 4,ENCRYPTED`), line ends, and line ends as JSON and COPY escape them. */
const BODY = bytesOf("A-Za-z0-9+/=:,.()\\ \t\r\n-");

/** A block with its first and last line (RFC 7468, and what OpenSSL, OpenSSH and PGP write). Its end may be missing. */
export const PRIVATE_KEY: Anchor = {
  detector: "private-key",
  steps: word("-----BEGIN "),
  find: (text, start, end, _from, to) => {
    const label = runEnd(text, end, Math.min(to, end + LABEL), LABEL_BYTES);
    if (!has(text, label, to, DASHES)) return null;
    const name = Buffer.from(text.subarray(end, label)).toString("latin1");
    if (!name.endsWith("PRIVATE KEY") && !name.endsWith("PRIVATE KEY BLOCK")) return null;
    const body = label + DASHES.length;
    let at = body;
    let filled = 0;
    for (; at < to && BODY[text[at]!] === 1; at += 1) {
      if (text[at] === DASH && has(text, at, to, DASHES)) {
        if (!has(text, at, to, "-----END ")) break;
        const last = runEnd(text, at + 9, Math.min(to, at + 9 + LABEL), LABEL_BYTES);
        if (has(text, last, to, DASHES)) return { start, end: last + DASHES.length, certain: true };
        break;
      }
      filled += BASE64[text[at]!]!;
    }
    return filled < LEAST ? null : { start, end: at, certain: true, more: BODY };
  },
  // All that is known are shorter; of others the rest is known by `more`.
  reach: { bytes: BODY, most: 8 * 1024 },
};

const DASHES = "-----";
const DASH = 0x2d;
