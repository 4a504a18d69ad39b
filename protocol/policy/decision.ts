/** The answer to one request: a statement, a connection. */
export type Decision = Allow | Approve | Block;

export interface Allow {
  verdict: "allow";
  /** Ids of the policies that decided, sorted. */
  policies: string[];
  /** `@rows` and `@bytes` of the deciding permits, the least of each: where results are cut with an error. */
  rows: number | null;
  bytes: number | null;
  /** `@watched` of a deciding permit: only while somebody watches. */
  watched?: true;
}

export interface Approve {
  verdict: "approve";
  policies: string[];
  reason: string;
  /** Each group of approvers must agree, with so many different people. */
  approvals: { approvers: string[]; quorum: number }[];
  /** How long the question stands, ms. */
  expiresMs: number;
  scope: "once" | "fingerprint" | "session";
  /** How long an approval holds that is for more than one statement: of scope `fingerprint` or `session`, or a lease. Ms. */
  lastsMs: number;
  rows: number | null;
  bytes: number | null;
  watched?: true;
}

export interface Block {
  verdict: "block";
  /** The forbids that decided; empty when no policy permits. */
  policies: string[];
  reason: string;
}
