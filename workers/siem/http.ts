import type { Fetch } from "../approval/post.ts";
import { boundedText } from "../bounded.ts";

/** How long a destination may take to answer, ms. */
const LIMIT_MS = 15_000;
/** Bytes of an answer that are looked at. */
const MAX_ANSWER = 4 * 1024;
/** The longest `Retry-After` that is kept to, ms. */
const MAX_RETRY_AFTER_MS = 15 * 60_000;

/** What a destination answered: status 0 for nothing, within the time limit or at all. */
export interface Answer {
  status: number;
  /** The beginning of its body; empty for one that could not be read. */
  text: string;
  /** Without an answer, why. */
  detail: string;
  retryAfterMs?: number;
}

/** Posts a batch. Follows no redirect: what is sent is confidential, and an answer could lead anywhere. Never throws. */
export async function postBatch(
  fetcher: Fetch,
  url: string,
  body: string,
  headers: Record<string, string>,
  limitMs = LIMIT_MS,
): Promise<Answer> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    const response = await fetcher(url, {
      method: "POST",
      headers: { "user-agent": "sallyport", ...headers },
      body,
      redirect: "manual",
      signal: limit,
    });
    const retryAfterMs = retryAfter(response.headers.get("retry-after"), Date.now());
    const text = await boundedText(response.body, MAX_ANSWER).catch(() => "");
    return {
      status: response.status,
      text,
      detail: `HTTP ${response.status}`,
      ...(retryAfterMs !== null && { retryAfterMs }),
    };
  } catch {
    // The reason may quote the address.
    const detail = limit.aborted ? `no answer within ${limitMs / 1_000} s` : "it could not be reached";
    return { status: 0, text: "", detail };
  }
}

/** RFC 9110 section 10.2.3, seconds or a date; null for none or another form. */
function retryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  const wait = /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), MAX_RETRY_AFTER_MS) : null;
}
