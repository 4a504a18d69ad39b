import type { TargetKind } from "../../protocol/control.ts";
import type { Problem } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { statusFor } from "../../protocol/kubernetes/status.ts";
import { problemOf, problemResponse } from "../problem.ts";

/** What goes with every answer of the edge's own to an exchange. */
const OURS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "x-content-type-options": "nosniff",
};
/** Status codes that pass with time; clients come again after a second. */
const PASSING: ReadonlySet<number> = new Set([429, 503]);

/**
 * An error as the answer to an exchange: problem+json (RFC 9457), and a `Status` for targets of kind `kubernetes`. Who
 * could not prove who it is gets a problem with a challenge, whatever the kind: that tells nothing of targets.
 */
export function errorAnswer(error: unknown, kind: TargetKind | null): Response {
  const problem = problemOf(error);
  const response =
    kind === "kubernetes" && problem.status !== 401
      ? kubernetesResponse(problem)
      : problemResponse(told(problem));
  for (const [name, value] of Object.entries(OURS)) response.headers.set(name, value);
  if (PASSING.has(problem.status)) response.headers.set("retry-after", "1");
  return response;
}

function kubernetesResponse(problem: Problem): Response {
  return Response.json(statusFor(told(problem)), { status: problem.status });
}

/** A problem's error; `problemOf` has logged what was behind it. */
function told({ code, detail, hint }: Problem): SallyportError {
  return new SallyportError(code, detail, hint);
}
