import { InvalidArgumentError } from "commander";
import { DURATION_FORM, parseDuration } from "../units.ts";

/** A date, with a time and its zone or without: `2026-11-22`, `2026-11-22T08:00Z`, `2026-11-22T08:00:00.5+01:00`. */
const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

/** Ms since 1970 of an ISO time, or of as long ago as a duration says. For commander: its error says what it takes. */
export function moment(text: string, now: number): number {
  const ago = parseDuration(text);
  if (ago !== undefined) return now - ago;
  const time = ISO.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError(
      `It must be a time such as 2026-11-22T08:00Z, or how long ago: ${DURATION_FORM}.`,
    );
  }
  return time;
}
