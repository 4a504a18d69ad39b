import { SallyportError } from "../errors.ts";

/** The code of the error that a call throws, or `accepted`; of an error that an agent can do something about, it has a hint. */
export function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    if (error.code === "invalid_request" && error.hint === undefined) return "invalid_request without a hint";
    return error.code;
  }
  return "accepted";
}
