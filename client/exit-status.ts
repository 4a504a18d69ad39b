import { type ErrorCode, SallyportError } from "../protocol/errors.ts";

/** What the command's exit status says; `run` passes on its command's own instead. */
export const ExitStatus = {
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unauthenticated: 4,
  notFound: 5,
  unreachable: 6,
} as const;

export const EXIT_STATUS_HELP = `Exit status:
  0  done
  1  failed
  2  wrong usage, or a mistake in a file or an option
  3  refused: not allowed, limited, killed, or not approved
  4  not logged in, or the token is no longer valid
  5  no such target, session, token, …
  6  the edge, the connector or the target could not be reached
  'verify', 'policy explain' and 'policy replay' have more: see their --help.
  'run' and 'ssh' end with the status of their command (128 + n when signal n ended it).`;

const STATUS: Record<ErrorCode, number> = {
  unauthenticated: ExitStatus.unauthenticated,
  bad_ticket: ExitStatus.unauthenticated,
  forbidden: ExitStatus.refused,
  approval_required: ExitStatus.refused,
  too_many: ExitStatus.refused,
  limit_exceeded: ExitStatus.refused,
  session_killed: ExitStatus.refused,
  lease_expired: ExitStatus.refused,
  idle: ExitStatus.refused,
  target_refused: ExitStatus.refused,
  not_found: ExitStatus.notFound,
  unknown_target: ExitStatus.notFound,
  gone: ExitStatus.notFound,
  invalid_request: ExitStatus.usage,
  invalid_config: ExitStatus.usage,
  edge_unreachable: ExitStatus.unreachable,
  connector_offline: ExitStatus.unreachable,
  connector_lost: ExitStatus.unreachable,
  target_unreachable: ExitStatus.unreachable,
  conflict: ExitStatus.failed,
  agent_gone: ExitStatus.failed,
  target_closed: ExitStatus.failed,
  protocol_violation: ExitStatus.failed,
  frame_too_large: ExitStatus.failed,
  window_exceeded: ExitStatus.failed,
  session_ended: ExitStatus.failed,
  storage_failed: ExitStatus.failed,
  recording_unavailable: ExitStatus.unreachable,
  recording_damaged: ExitStatus.failed,
  recording_encrypted: ExitStatus.failed,
  internal: ExitStatus.failed,
};

export function exitStatus(error: unknown): number {
  return error instanceof SallyportError ? STATUS[error.code] : ExitStatus.failed;
}
