import type { ApprovalId } from "../../protocol/approval/approval.ts";
import type { Env } from "../environment.ts";

/**
 * The page on which an approval is read and answered; null where the edge's public URL is not known. It is never made
 * of a request's own host, which could be the asker's choice.
 */
export function approvalLink({ PUBLIC_URL }: Pick<Env, "PUBLIC_URL">, id: ApprovalId): string | null {
  const base = PUBLIC_URL ? URL.parse(PUBLIC_URL) : null;
  return base === null ? null : new URL(`/approvals/${id}`, base).href;
}
