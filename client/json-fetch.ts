import type { Problem } from "../protocol/directory.ts";
import { ERRORS, type ErrorCode, SallyportError } from "../protocol/errors.ts";

/** Bytes of an answer that are read. */
const MAX_ANSWER = 32 * 1024 * 1024;

/** Whether a URL keeps what is sent private: TLS, or this machine. */
export function isPrivate(url: URL): boolean {
  const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && loopback);
}

/** `fetch` that follows no redirect and takes at most `limitMs` to answer. `fail` makes the error when it can't. */
export async function fetchOnce(
  url: URL,
  init: RequestInit,
  limitMs: number,
  fail: (why: string) => SallyportError,
): Promise<Response> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), limitMs);
  try {
    const response = await fetch(url, { ...init, redirect: "manual", signal: timeout.signal });
    if (response.status >= 300 && response.status < 400) {
      throw fail(`it redirects to ${new URL(response.headers.get("location") ?? "", url).origin}`);
    }
    return response;
  } catch (error) {
    if (error instanceof SallyportError) throw error;
    throw fail(timeout.signal.aborted ? `no answer within ${limitMs / 1000} s` : reason(error));
  } finally {
    clearTimeout(timer);
  }
}

/** The body as JSON, bounded; undefined when it is none. */
export async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}

/** The error that an edge's problem+json (RFC 9457) tells, or undefined when the body is none. */
export function problemError(body: unknown): SallyportError | undefined {
  const { code, detail, hint } = (body ?? {}) as Partial<Problem>;
  if (typeof code !== "string" || !Object.hasOwn(ERRORS, code)) return undefined;
  return new SallyportError(code as ErrorCode, String(detail ?? "The edge refused."), hint && String(hint));
}

/** The innermost cause says what happened: `fetch failed` does not. */
function reason(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (inner instanceof AggregateError && inner.errors.length > 0) return reason(inner.errors[0]);
  return inner instanceof Error ? inner.message : String(inner);
}
