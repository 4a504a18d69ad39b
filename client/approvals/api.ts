import {
  APPROVAL_ID,
  type Approval,
  type ApprovalId,
  type ApprovalStatus,
  type ApprovalSummary,
} from "../../protocol/approval/approval.ts";
import type { LeaseRecord } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { EdgeApi } from "../edge-api.ts";
import { isApproval, isApprovalSummary, isLeaseRecord, isObject } from "./reading.ts";

/** Which approvals a listing has; what is absent is not asked about. */
export interface ApprovalFilter {
  status?: string;
  target?: string;
  principal?: string;
  session?: string;
}

export type ApprovalVerb = "approve" | "deny" | "revoke" | "withdraw";

/** How long the edge may hold a question for news of an approval, in seconds. */
export const WAIT_SECONDS = 25;
/** Approvals among which a shortened id is looked for. */
const MAX_LOOKED_AT = 1_000;
/** Hex digits that a shortened id has at least: fewer are soon those of another, too. */
const MIN_DIGITS = 4;
const SHORTENED = /^([0-9a-f]{1,32})(?:-(\d{1,9}))?$/;
const CANDIDATES = 5;

/** The approvals that the filter lets through and that one may see, at most `limit`. Throws what the edge answers. */
export async function listApprovals(
  api: EdgeApi,
  limit: number,
  filter: ApprovalFilter,
): Promise<ApprovalSummary[]> {
  const items = await api.list<unknown>("/v1/approvals", limit, { ...filter });
  if (!items.every(isApprovalSummary)) throw notUnderstood(api);
  return items;
}

/** One approval with its question. `waitSeconds`: the edge may wait so long for something to change first. */
export async function getApproval(api: EdgeApi, id: ApprovalId, waitSeconds?: number): Promise<Approval> {
  const wait = waitSeconds === undefined ? undefined : String(waitSeconds);
  return approvalOf(api, await api.get(pathOf(id), { wait }), id);
}

/** Answers, revokes or withdraws. Throws `forbidden`, `not_found`, `conflict`, as the edge says. */
export async function sayOnApproval(
  api: EdgeApi,
  id: ApprovalId,
  verb: ApprovalVerb,
  reason: string | undefined,
): Promise<Approval> {
  const body = reason === undefined ? {} : { reason };
  const answer: unknown = await api.post(`${pathOf(id)}/${verb}`, body);
  // Of a revocation it tells the sessions that it ended, too.
  return approvalOf(api, verb === "revoke" && isObject(answer) ? answer.approval : answer, id);
}

/** Asks for the right to open a target; null where it may be opened without. `lastsMs`: how long it shall last. */
export async function requestAccess(
  api: EdgeApi,
  wanted: { target: string; reason: string; lastsMs?: number },
): Promise<Approval | null> {
  const { target, reason, lastsMs } = wanted;
  const body = { target, reason, ...(lastsMs !== undefined && { lasts: lastsMs }) };
  const answer: unknown = await api.post("/v1/access-requests", body);
  if (isObject(answer) && answer.status === "allowed") return null;
  return approvalOf(api, answer);
}

/** The rights to open targets that others approved. */
export async function listLeases(api: EdgeApi, limit: number): Promise<LeaseRecord[]> {
  const items = await api.list<unknown>("/v1/leases", limit);
  if (!items.every(isLeaseRecord)) throw notUnderstood(api);
  return items;
}

/** Whether a command's argument is an approval's whole id. */
export function isWholeId(given: string): boolean {
  return APPROVAL_ID.test(given);
}

/**
 * The id that an argument names: a whole one as it is, or the beginning of one that is so (null: in whatever state), with
 * or without its number. Throws `invalid_request` for what is no id, `not_found` for that of none, `conflict` for that of several.
 */
export async function resolveApproval(
  api: EdgeApi,
  given: string,
  statuses: readonly ApprovalStatus[] | null,
): Promise<ApprovalId> {
  if (isWholeId(given)) return given;
  const [, digits = "", number] = SHORTENED.exec(given) ?? [];
  if (digits.length < MIN_DIGITS) {
    throw new SallyportError(
      "invalid_request",
      `${given} is no approval's id.`,
      `Give the id as \`sallyport approvals list\` shows it, or its first ${MIN_DIGITS} characters or more.`,
    );
  }
  const listings = statuses === null ? [{}] : statuses.map((status) => ({ status }));
  const listed: ApprovalSummary[] = [];
  for (const filter of listings) listed.push(...(await listApprovals(api, MAX_LOOKED_AT + 1, filter)));
  const matching = listed.filter(({ id }) => {
    const [all = "", own] = id.split("-");
    return all.startsWith(digits) && (number === undefined || own === number);
  });
  const what = statuses === null ? "approval" : `${statuses.join(" or ")} approval`;
  if (listed.length > MAX_LOOKED_AT) {
    throw new SallyportError(
      "conflict",
      `There are too many approvals to tell whether ${given} is the beginning of one only.`,
      "Give the whole id.",
    );
  }
  if (matching.length > 1) {
    const more = matching.length > CANDIDATES ? [`… and ${matching.length - CANDIDATES} more`] : [];
    const lines = matching.slice(0, CANDIDATES).map(({ id, principal, target }) => {
      return `  ${id}  ${principal} on ${target}`;
    });
    throw new SallyportError(
      "conflict",
      `${given} is the beginning of more than one ${what}.`,
      ["Give more of the id:", ...lines, ...more].join("\n"),
    );
  }
  const only = matching[0];
  if (only) return only.id;
  throw new SallyportError(
    "not_found",
    `There is no ${what} whose id begins with ${given}.`,
    "`sallyport approvals list --status all` lists those that you may see; a whole id finds others.",
  );
}

function pathOf(id: ApprovalId): string {
  return `/v1/approvals/${encodeURIComponent(id)}`;
}

/** An answer about another approval than was asked about would have one approve what one has not seen. */
function approvalOf(api: EdgeApi, answer: unknown, id?: ApprovalId): Approval {
  if (!isApproval(answer) || (id !== undefined && answer.id !== id)) throw notUnderstood(api);
  return answer;
}

function notUnderstood(api: EdgeApi): SallyportError {
  return new SallyportError(
    "protocol_violation",
    `${api.edge.origin} answered something else than was asked for.`,
    "The edge may be of another version than this command.",
  );
}
