/**
 * Every error that Sallyport itself raises, on any side. `message` says what happened and why; `hint` what to
 * do next. Neither ever holds a secret, a statement's literal or a masked value: both go to clients and logs.
 */
export class SallyportError extends Error {
  override readonly name = "SallyportError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/**
 * The closed list of error codes. `sqlstate` is what a Postgres client sees (Appendix A of PostgreSQL's
 * documentation), `status` what an HTTP client sees in problem+json (RFC 9457), `close` the WebSocket close
 * code (RFC 6455 section 7.4.2, 4000-4999 for private use). A close code below 4500 ends the tunnel for good;
 * any other closure may be resumed.
 */
export const ERRORS = {
  unauthenticated: { sqlstate: "28000", status: 401, close: 4401 },
  forbidden: { sqlstate: "42501", status: 403, close: 4403 },
  not_found: { sqlstate: "3D000", status: 404, close: 4404 },
  unknown_target: { sqlstate: "3D000", status: 404, close: 4404 },
  invalid_request: { sqlstate: "08P01", status: 400, close: 4400 },
  gone: { sqlstate: "3D000", status: 410, close: 4419 },
  conflict: { sqlstate: "55006", status: 409, close: 4409 },
  too_many: { sqlstate: "53300", status: 429, close: 4429 },
  connector_offline: { sqlstate: "08001", status: 503, close: 4450 },
  connector_lost: { sqlstate: "57P01", status: 502, close: 4451 },
  agent_gone: { sqlstate: "08006", status: 499, close: 4452 },
  target_unreachable: { sqlstate: "08001", status: 502, close: 4453 },
  target_refused: { sqlstate: "08004", status: 502, close: 4454 },
  target_closed: { sqlstate: "08006", status: 502, close: 4455 },
  protocol_violation: { sqlstate: "08P01", status: 400, close: 4402 },
  frame_too_large: { sqlstate: "54000", status: 413, close: 4413 },
  window_exceeded: { sqlstate: "54000", status: 400, close: 4414 },
  limit_exceeded: { sqlstate: "54000", status: 403, close: 4415 },
  session_killed: { sqlstate: "57P01", status: 403, close: 4410 },
  session_ended: { sqlstate: "57P01", status: 410, close: 4411 },
  lease_expired: { sqlstate: "57P01", status: 403, close: 4412 },
  idle: { sqlstate: "57P05", status: 408, close: 4408 },
  bad_ticket: { sqlstate: "28000", status: 401, close: 4416 },
  edge_unreachable: { sqlstate: "08001", status: 503, close: 4456 },
  approval_required: { sqlstate: "42501", status: 403, close: 4418 },
  storage_failed: { sqlstate: "58030", status: 507, close: 4417 },
  recording_unavailable: { sqlstate: "58030", status: 503, close: 4457 },
  recording_damaged: { sqlstate: "XX001", status: 500, close: 4458 },
  recording_encrypted: { sqlstate: "42501", status: 409, close: 4459 },
  invalid_config: { sqlstate: "F0000", status: 400, close: 4400 },
  internal: { sqlstate: "XX000", status: 500, close: 4499 },
} as const satisfies Record<string, { sqlstate: string; status: number; close: number }>;

export type ErrorCode = keyof typeof ERRORS;

/** Whether a WebSocket close code ends the tunnel for good (true) or invites the peer to resume (false). */
export function isFinalClose(code: number): boolean {
  return code === 1000 || (code >= 4400 && code < 4500);
}
