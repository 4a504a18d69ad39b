import type { ApprovalId, ApprovalStatus, ApprovalSummary } from "../../protocol/approval/approval.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { EdgeApi } from "../edge-api.ts";
import { type ApprovalFilter, getApproval, listApprovals } from "./api.ts";
import { isPassing, RETRY_MS } from "./passing.ts";
import { summaryOf } from "./words.ts";

/** Time between two looks, ms. */
const EVERY_MS = 2_000;

/** Finds what is new or different from one listing to the next. Holds what the last listing had. */
export class Changes {
  #seen = new Map<ApprovalId, ApprovalStatus>();

  /** `changed`: new ones and those whose status is another, oldest first; `gone`: those no longer listed, as they were. */
  take(listed: ApprovalSummary[]): { changed: ApprovalSummary[]; gone: [ApprovalId, ApprovalStatus][] } {
    const before = this.#seen;
    this.#seen = new Map(listed.map(({ id, status }) => [id, status]));
    return {
      changed: listed.filter(({ id, status }) => before.get(id) !== status).toSorted(byAge),
      gone: [...before].filter(([id]) => !this.#seen.has(id)),
    };
  }
}

export interface WatchOptions {
  filter: ApprovalFilter;
  /** Approvals of a listing; what is beyond is not watched. */
  limit: number;
  tell(summary: ApprovalSummary): void;
  /** The edge is away (its words), or back (null). */
  away(why: string | null): void;
  /** Waits; false when it is enough. */
  pause(ms: number): Promise<boolean>;
}

/**
 * Tells each approval that the filter lets through, and each that changes or leaves the listing. An edge that goes away
 * meanwhile is asked again; one that is away at the beginning is an error. Throws what the edge answers.
 */
export async function watchApprovals(api: EdgeApi, options: WatchOptions): Promise<void> {
  const changes = new Changes();
  /** Not listed any more, and not yet known why, with what was last known. */
  const left = new Map<ApprovalId, ApprovalStatus>();
  let failures = 0;
  for (let first = true; ; first = false) {
    let wait = EVERY_MS;
    try {
      const { changed, gone } = changes.take(await listApprovals(api, options.limit, options.filter));
      for (const summary of changed) options.tell(summary);
      for (const [id, status] of gone) left.set(id, status);
      for (const [id, status] of left) {
        const summary = await ended(api, id);
        left.delete(id);
        // One that newer ones pushed off the listing is what it was.
        if (summary && summary.status !== status) options.tell(summary);
      }
      if (failures > 0) options.away(null);
      failures = 0;
    } catch (error) {
      if (first || !isPassing(error)) throw error;
      if (failures === 0) options.away((error as SallyportError).message);
      wait = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!;
    }
    if (!(await options.pause(wait))) return;
  }
}

/** What became of one that is not listed any more; null where that can't be told. */
async function ended(api: EdgeApi, id: ApprovalId): Promise<ApprovalSummary | null> {
  try {
    return summaryOf(await getApproval(api, id));
  } catch (error) {
    if (error instanceof SallyportError && (error.code === "not_found" || error.code === "forbidden")) {
      return null;
    }
    throw error;
  }
}

function byAge(one: ApprovalSummary, other: ApprovalSummary): number {
  return one.asked - other.asked;
}
