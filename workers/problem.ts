import type { Problem } from "../protocol/directory.ts";
import { ERRORS, SallyportError } from "../protocol/errors.ts";
import { logLine } from "./log-line.ts";

/**
 * An error as problem+json (RFC 9457). A 401 says in `WWW-Authenticate` what is wrong with the token (RFC 6750
 * section 3).
 */
export function problemResponse(error: unknown): Response {
  const problem = problemOf(error);
  const { status } = problem;
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...(status === 401 && { "www-authenticate": challenge(problem.detail) }),
    },
  });
}

/**
 * What is told of an error (RFC 9457). What is no `SallyportError` is logged and told as `internal` or, where the
 * storage is at fault, `storage_failed`, without a word of it.
 */
export function problemOf(error: unknown): Problem {
  const { code, message, hint } = ours(error) ?? internal(error);
  return {
    type: `urn:sallyport:error:${code}`,
    title: code.replaceAll("_", " "),
    status: ERRORS[code].status,
    code,
    detail: message,
    ...(hint !== undefined && { hint }),
  };
}

/** An error of ours; from a Durable Object it arrives as a plain error that has kept its own members. */
function ours(error: unknown): Pick<SallyportError, "code" | "message" | "hint"> | null {
  if (error instanceof SallyportError) return error;
  if (!(error instanceof Error) || error.name !== "SallyportError") return null;
  const { code, message, hint } = error as SallyportError;
  return Object.hasOwn(ERRORS, code) ? { code, message, hint } : null;
}

/** RFC 6750 section 3: the description has no quote, backslash or anything but printable ASCII. */
function challenge(message: string): string {
  const description = message.replace(/[^ !#-[\]-~]/g, "'");
  return `Bearer realm="sallyport", error="invalid_token", error_description="${description}"`;
}

/** What SQLite says when the storage, not the request, is at fault; a Durable Object's and D1's errors carry it. */
const STORAGE = /\bSQLITE_(?:FULL|IOERR|READONLY|CANTOPEN|CORRUPT)/;

function internal(error: unknown): SallyportError {
  const stack = error instanceof Error ? (error.stack ?? null) : null;
  logLine("error", "internal error", { error, stack });
  if (error instanceof Error && STORAGE.test(error.message)) {
    return new SallyportError(
      "storage_failed",
      "the edge can't record, and gives no access without",
      "Its storage is full or fails: whoever runs the edge finds more in its log.",
    );
  }
  return new SallyportError("internal", "the edge failed on this request", "Try again; its log says more.");
}
