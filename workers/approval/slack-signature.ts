import { createHmac, timingSafeEqual } from "node:crypto";

/** How far a call's timestamp may be from now, either way, seconds. */
export const SIGNATURE_WINDOW_S = 300;

export const SIGNATURE_HEADER = "x-slack-signature";
export const TIMESTAMP_HEADER = "x-slack-request-timestamp";

/** `stale`: Slack signed it, but not within the window. */
export type SignatureState = "genuine" | "stale" | "forged";

/**
 * Whether Slack signed this body: `v0=` and HMAC-SHA256 over `v0:TIMESTAMP:BODY`, compared in constant time
 * (https://docs.slack.dev/authentication/verifying-requests-from-slack). `body` is what came, byte for byte; `now` is in
 * ms since 1970. Whatever is missing or of another form is forged.
 */
export function slackSignature(
  secret: string,
  { timestamp, signature }: { timestamp: string | null; signature: string | null },
  body: string,
  now: number,
): SignatureState {
  if (timestamp === null || !/^\d{1,12}$/.test(timestamp)) return "forged";
  const [, hex] = /^v0=([0-9a-f]{64})$/.exec(signature ?? "") ?? [];
  if (hex === undefined || secret === "") return "forged";
  const expected = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest();
  if (!timingSafeEqual(expected, Buffer.from(hex, "hex"))) return "forged";
  return Math.abs(now / 1_000 - Number(timestamp)) <= SIGNATURE_WINDOW_S ? "genuine" : "stale";
}
