import { boundedText } from "../bounded.ts";

/** How long another service may take to answer, ms. */
export const POST_LIMIT_MS = 8_000;
/** Bytes of an answer that are looked at. */
const MAX_ANSWER = 4 * 1024;
/** The longest `Retry-After` that is kept to, ms. */
const MAX_RETRY_AFTER_MS = 15 * 60_000;

/** What became of a message. `detail` goes into recordings: it never holds an address, which may be a secret. */
export type Delivery =
  | { outcome: "delivered"; detail: string }
  /** Nobody has to be told any more. */
  | { outcome: "needless" }
  | { outcome: "failed"; detail: string; again: boolean; retryAfterMs?: number };

/** What another service made of a request. */
export type Posted =
  | { ok: true; status: number }
  /** `refused`: it certainly did not take the message; else it may have. */
  | {
      ok: false;
      status: number | null;
      refused: boolean;
      detail: string;
      again: boolean;
      retryAfterMs?: number;
    };

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * Posts JSON to a service outside, which must answer within `limitMs`. Follows no redirect: what is sent may be a secret, and an
 * answer could lead anywhere. Reads at most 4 KiB of the answer. Never throws.
 */
export async function post(
  fetcher: Fetch,
  url: string,
  body: string,
  headers: Record<string, string> = {},
  limitMs = POST_LIMIT_MS,
): Promise<Posted> {
  const limit = AbortSignal.timeout(limitMs);
  let response: Response;
  try {
    response = await fetcher(url, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8", "user-agent": "sallyport", ...headers },
      body,
      redirect: "manual",
      signal: limit,
    });
  } catch {
    // The reason may quote the address.
    const detail = limit.aborted ? `no answer within ${limitMs / 1_000} s` : "it could not be reached";
    return { ok: false, status: null, refused: false, detail, again: true };
  }
  const { status } = response;
  const word = await slackWord(response);
  if (status >= 200 && status < 300) return { ok: true, status };
  const retryAfterMs = retryAfter(response.headers.get("retry-after"));
  return {
    ok: false,
    status,
    refused: status < 500,
    detail: `HTTP ${status}${word === null ? "" : ` (${word})`}`,
    again: status >= 500 || status === 408 || status === 425 || status === 429,
    ...(retryAfterMs !== null && { retryAfterMs }),
  };
}

/** Slack says in one word what it did not like; anything else may quote what was sent. */
async function slackWord(response: Response): Promise<string | null> {
  try {
    const text = await boundedText(response.body, MAX_ANSWER);
    return response.ok ? null : (/^[a-z_]{1,40}$/.exec(text.trim())?.[0] ?? null);
  } catch {
    return null;
  }
}

/** RFC 9110 section 10.2.3, seconds only; null for none or another form. */
function retryAfter(value: string | null): number | null {
  if (value === null || !/^\d{1,9}$/.test(value)) return null;
  return Math.min(Number(value) * 1_000, MAX_RETRY_AFTER_MS);
}

/** A URL to which messages may be posted: https, or http on loopback; without user and password. Null for any other. */
export function postableUrl(text: string | undefined): URL | null {
  const url = text === undefined || text.length > 2_048 ? null : URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return null;
  const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && loopback) ? url : null;
}

/** What became of a message, by the answer to it. `what`: for the record. */
export function deliveryOf(posted: Posted, what: string): Delivery {
  if (posted.ok) return { outcome: "delivered", detail: `${what}: HTTP ${posted.status}` };
  const { detail, again, retryAfterMs } = posted;
  return {
    outcome: "failed",
    detail: `${what}: ${detail}`,
    again,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}
