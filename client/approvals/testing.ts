import type {
  Approval,
  ConnectQuestion,
  RequestQuestion,
  StatementQuestion,
} from "../../protocol/approval/approval.ts";
import { requestDigest } from "../../protocol/approval/digest.ts";
import { EdgeApi } from "../edge-api.ts";

/** Approvals for tests. */

export const SESSION = "3f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";
export const ASKED = Date.UTC(2026, 10, 22, 8);
const MINUTE = 60_000;

const RULE = {
  policies: ["mass-write"],
  reason: "It writes every row.",
  approvals: [
    { approvers: ["dba", "leads"], quorum: 2 },
    { approvers: ["security"], quorum: 1 },
  ],
  expiresMs: 15 * MINUTE,
  lastsMs: 60 * MINUTE,
  scope: "once",
} as const;

export function statementQuestion(part: Partial<StatementQuestion> = {}): StatementQuestion {
  return {
    ...structuredClone(RULE as unknown as StatementQuestion),
    kind: "statement",
    database: "shop",
    actions: ["postgres:delete"],
    statement: "DELETE FROM orders",
    parameters: [],
    sha256: "ab".repeat(32),
    fingerprint: "0123456789abcdef0123456789abcdef",
    plan: { rows: 9_000, cost: 120 },
    ...part,
  };
}

export function requestQuestion(part: Partial<RequestQuestion> = {}): RequestQuestion {
  const request = { type: "exec", command: "systemctl restart web", terminal: false } as const;
  return {
    ...structuredClone(RULE as unknown as RequestQuestion),
    kind: "request",
    account: "deploy",
    actions: ["ssh:exec"],
    request,
    sha256: requestDigest("deploy", request),
    fingerprint: "01".repeat(32),
    ...part,
  };
}

export function connectQuestion(part: Partial<ConnectQuestion> = {}): ConnectQuestion {
  return {
    ...structuredClone(RULE as unknown as ConnectQuestion),
    kind: "connect",
    purpose: "ticket 4711",
    ...part,
  };
}

/** A statement that waits, of a session of agent/7 for corp/alice. */
export function heldStatement(part: Partial<Approval> = {}): Approval {
  return {
    id: `${SESSION}-1`,
    kind: "statement",
    session: SESSION,
    principal: "agent/7",
    onBehalfOf: "corp/alice",
    target: "orders",
    status: "pending",
    asked: ASKED,
    expires: ASKED + 15 * MINUTE,
    question: statementQuestion(),
    votes: [],
    decided: null,
    until: null,
    ...part,
  };
}

/** An SSH request that waits. */
export function heldRequest(question: Partial<RequestQuestion> = {}): Approval {
  return heldStatement({ kind: "request", target: "web-1", question: requestQuestion(question) });
}

/** A request for access that waits. */
export function accessRequest(part: Partial<Approval> = {}): Approval {
  return heldStatement({
    id: `${SESSION}-0`,
    kind: "connect",
    session: null,
    question: connectQuestion(),
    ...part,
  });
}

export function vote(by: string, rules: number[], reason: string | null = null): Approval["votes"][number] {
  return { for: rules, by, groups: ["dba"], channel: "slack", reason, at: ASKED + MINUTE };
}

/** An edge that answers each call with what a test says, or throws it. */
export class ScriptedEdge extends EdgeApi {
  readonly calls: string[] = [];
  readonly #answer: (call: string, body: unknown) => unknown;

  constructor(answer: (call: string, body: unknown) => unknown) {
    super(new URL("http://127.0.0.1:1"), async () => "token");
    this.#answer = answer;
  }

  override async get<T>(path: string, query: Record<string, string | undefined> = {}): Promise<T> {
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : `${name}=${value}`,
    );
    return this.#called(`GET ${path}${given.length === 0 ? "" : `?${given.join("&")}`}`, undefined) as T;
  }

  override async post<T>(path: string, body: unknown): Promise<T> {
    return this.#called(`POST ${path}`, body) as T;
  }

  #called(call: string, body: unknown): unknown {
    this.calls.push(call);
    const answer = this.#answer(call, body);
    if (answer instanceof Error) throw answer;
    return structuredClone(answer);
  }
}
