import { ERRORS, type SallyportError } from "../errors.ts";
import { errorFields } from "./backend.ts";

/**
 * An error of Sallyport as PostgreSQL's ErrorResponse. FATAL is for what ends the session, ERROR for what ends a
 * statement. `sqlstate` stands in for the code's own where the target said something more exact. It has no
 * routine, file or line: those would tell about the connector. Runs in Node and in workerd.
 */
export function errorResponse(
  error: Pick<SallyportError, "code" | "message" | "hint">,
  severity: "FATAL" | "ERROR" = "FATAL",
  sqlstate: string = ERRORS[error.code].sqlstate,
): Buffer {
  const fields: [string, string][] = [
    ["S", severity],
    ["V", severity],
    ["C", sqlstate],
    ["M", error.message],
  ];
  if (error.hint !== undefined) fields.push(["H", error.hint]);
  return errorFields("ErrorResponse", fields);
}
