/** A time, ms since 1970, as ISO 8601 in UTC; null for one that is infinite. */
export function isoText(time: number): string | null {
  return Number.isFinite(time) ? new Date(time).toISOString() : null;
}
