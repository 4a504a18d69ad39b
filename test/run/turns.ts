const DAY = 86_400_000;

/**
 * Large suites of what seldom breaks, of which a run of everything takes one list, so that it takes less than nine minutes;
 * the lists take about as long as each other. `npm run test:long` takes all, and naming a file, or `e2e`, runs it in any
 * case.
 */
export const IN_TURN: readonly (readonly string[])[] = [
  [
    "test/approvals/access.test.ts",
    "test/benign/drivers.test.ts",
    "test/faults/edge-killed.test.ts",
    "test/faults/fuzz.test.ts",
    "test/faults/storage.test.ts",
    "test/guard/transactions.test.ts",
    "test/http/clients.test.ts",
    "test/kubernetes/clients.test.ts",
    "test/kubernetes/differential-streams.test.ts",
    "test/ssh/commands.test.ts",
    "test/ssh/differential-programs.test.ts",
    "test/ssh/faults.test.ts",
  ],
  [
    "test/approval-page-attacks.test.ts",
    "test/benign/statements.test.ts",
    "test/compatibility/drivers.test.ts",
    "test/faults/slow-reader.test.ts",
    "test/guard/attacks.test.ts",
    "test/http/nginx.test.ts",
    "test/kubernetes/differential-reads.test.ts",
    "test/masking/regression.test.ts",
    "test/policy-replay.test.ts",
    "test/ssh/client.test.ts",
    "test/ssh/differential-exec.test.ts",
    "test/verify.test.ts",
  ],
  [
    "test/approvals/faults.test.ts",
    "test/compatibility/programs.test.ts",
    "test/faults/connector-killed.test.ts",
    "test/faults/interrupted.test.ts",
    "test/guard/clients.test.ts",
    "test/http/faults.test.ts",
    "test/kubernetes/masked.test.ts",
    "test/kubernetes/slow-watch.test.ts",
    "test/label-scan.test.ts",
    "test/masking/gateway.test.ts",
    "test/ssh/hostile-agent.test.ts",
    "test/ssh/killed.test.ts",
    "test/ssh/limits.test.ts",
  ],
  [
    "test/approvals/slack.test.ts",
    "test/benign/programs.test.ts",
    "test/compatibility/cancel.test.ts",
    "test/compatibility/differential.test.ts",
    "test/faults/idle.test.ts",
    "test/guard/limits.test.ts",
    "test/http/edge-restarts.test.ts",
    "test/kubernetes/differential-writes.test.ts",
    "test/kubernetes/faults.test.ts",
    "test/masking/queries.test.ts",
    "test/masking/splices.test.ts",
    "test/ssh/clients.test.ts",
    "test/ssh/differential-files.test.ts",
  ],
];

/** The turn of a run: TURN of the environment, else the day's number, in UTC. List `turn % IN_TURN.length` has it. */
export function turnOf(environment: NodeJS.ProcessEnv, now: number): number {
  const given = Number(environment.TURN ?? Math.floor(now / DAY));
  if (!Number.isSafeInteger(given) || given < 0) throw new RangeError("TURN is no whole number from 0");
  return given;
}
