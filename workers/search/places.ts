/**
 * Where a row of the index lies: 4,096 places for each ms, so that ids are in the order of time. JavaScript counts them
 * exactly until the year 2090.
 */
export const PLACES = 4_096;

/** 2020-09-13T12:26:40Z, before which there is no session. ms since 1970. */
const FIRST_MS = 1_600_000_000_000;
const LAST_MS = FIRST_MS + Math.floor(Number.MAX_SAFE_INTEGER / PLACES) - 1;

/** The first place of a ms; a clock beyond what there can be counts as its end. */
export function placeOf(time: number): number {
  return (Math.min(Math.max(Math.trunc(time), FIRST_MS), LAST_MS) - FIRST_MS) * PLACES;
}

/** The ms of a place. */
export function timeOf(place: number): number {
  return Math.floor(place / PLACES) + FIRST_MS;
}
