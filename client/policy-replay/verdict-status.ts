import type { Decision } from "../../protocol/policy/decision.ts";

/**
 * What the exit status of `policy explain` and `policy replay` says beside those of every command: 3 and 4 would be a
 * verdict that a script can't tell from a refused request or a missing login. The worse, the higher.
 */
export const VerdictStatus = { allow: 0, approve: 8, block: 9 } as const satisfies Record<
  Decision["verdict"],
  number
>;

export const ReplayStatus = {
  same: 0,
  /** Nothing differs, but not everything could be judged or read. */
  incomplete: 7,
  differences: 10,
} as const;

export const EXPLAIN_HELP = `Exit status:
  0  allow
  8  approve: it would be held for an approval
  9  block
  Of several statements the worst counts. Others as of every command: sallyport --help.`;

export const REPLAY_HELP = `Exit status:
  0   no difference
  7   no difference in what could be judged; some statements or recordings could not
  10  differences
  Others as of every command: sallyport --help.

A statement that people approved was held then, also if it ran: it differs where it would be blocked now, or go unasked,
or where others would be asked.

What is judged: every request to an SSH target, its command line parsed anew; every request to an HTTP or Kubernetes
target, with the facts that were recorded of it, and every response of theirs that was refused as it can't be looked into;
every statement that was sent to be run, with the facts that the parser recorded of it then. Where none were recorded it
is judged by its text alone: what its names stand for on the target is not known then, context.complete is false, and it
may be blocked for that alone. Usage is counted anew from the times in the recordings, of those sessions only that are
replayed. With --since, sessions that were opened more than a day before it and have ended since are not found; name them
with --session.`;
