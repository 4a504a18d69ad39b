import { SallyportError } from "../../protocol/errors.ts";
import type { SessionDeletion } from "../../protocol/retention.ts";

/** What whoever asks for a recording hears that was deleted, or is being: when, by whom or which rule, and where it stands. */
export function goneError(
  session: string,
  { state, at, reason, by, entry }: SessionDeletion,
): SallyportError {
  const when = new Date(at).toISOString();
  const how = by === null ? `by ${reason}` : `by ${by}: ${reason}`;
  return new SallyportError(
    "gone",
    `the recording of session ${session} ${state === "deleted" ? "was deleted" : "is being deleted"}, decided on ${when} ${how}`,
    entry === null
      ? "The ledger will say so in a moment."
      : `Entry ${entry} of the ledger says so: sallyport sessions prove ${session} -o evidence.json`,
  );
}
