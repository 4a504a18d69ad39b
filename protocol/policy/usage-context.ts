import type { Usage } from "./bands.ts";

/** The schema's `Usage`. */
export function usageContext(counts: Usage): Record<string, number> {
  const { statements, statementsLastMinute, rows, bytes, repeatedLastMinute } = counts;
  return {
    statements: long(statements),
    statementsLastMinute: long(statementsLastMinute),
    rows: long(rows),
    bytes: long(bytes),
    repeatedLastMinute: long(repeatedLastMinute),
  };
}

/** Cedar's Long, and a number that JSON keeps exact. What is no number counts as very many. */
export function long(value: number): number {
  if (Number.isNaN(value)) return Number.MAX_SAFE_INTEGER;
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.ceil(value)));
}
