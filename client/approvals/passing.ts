import { type ErrorCode, SallyportError } from "../../protocol/errors.ts";

/** Waits before the edge is asked again, ms; the last is for all that follow. */
export const RETRY_MS = [250, 500, 1_000, 2_000, 5_000];

const PASSING: readonly ErrorCode[] = ["edge_unreachable", "too_many", "storage_failed", "internal"];

/** Whether an error may pass by itself, as that of an edge which is being started again. */
export function isPassing(error: unknown): boolean {
  return error instanceof SallyportError && PASSING.includes(error.code);
}
