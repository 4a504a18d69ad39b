import { SallyportError } from "../../protocol/errors.ts";
import { watchedSessions } from "../directory/watches.ts";
import type { Env } from "../environment.ts";
import { logLine } from "../log-line.ts";
import { sessionStub } from "./stub.ts";
import type { WatchHolder } from "./watchers.ts";

/**
 * Ends live sessions at once, all in parallel; answers how many it ended. The directory must hold the revocation
 * before: what registers after that is refused by itself. Throws `internal` when a session could not be reached,
 * after all others were; asking again is safe.
 */
export async function endSessions(
  env: Env,
  sessions: readonly { id: string }[],
  reason: string,
  by: string,
): Promise<number> {
  const kill = ({ id }: { id: string }) => sessionStub(env, id).kill(id, "session_killed", reason, by);
  const results = await Promise.allSettled(
    sessions.map((session) => kill(session).catch(() => kill(session))),
  );
  const failed = results.filter(({ status }) => status === "rejected");
  if (failed.length > 0) {
    logLine("error", "sessions could not be ended", { count: failed.length, error: reasonOf(failed[0]) });
    throw new SallyportError(
      "internal",
      `the revocation is in force, but ${failed.length} of ${sessions.length} live sessions could not be reached`,
      "Do it again, to end those too.",
    );
  }
  return results.filter((result) => result.status === "fulfilled" && result.value).length;
}

/**
 * Sends away who watches sessions, all or those of a holder: who still may comes again at once, and is judged by what
 * the directory holds now. Throws `internal` as `endSessions` does.
 */
export async function dismissWatchers(env: Env, holder: WatchHolder | null): Promise<void> {
  const dismiss = (id: string) => sessionStub(env, id).dismissWatchers(id, holder);
  const sessions = await watchedSessions(env.DIRECTORY, holder);
  const results = await Promise.allSettled(sessions.map((id) => dismiss(id).catch(() => dismiss(id))));
  const failed = results.filter(({ status }) => status === "rejected");
  if (failed.length === 0) return;
  logLine("error", "watchers could not be sent away", { count: failed.length, error: reasonOf(failed[0]) });
  throw new SallyportError(
    "internal",
    `the change is in force, but ${failed.length} of ${sessions.length} watched sessions could not be reached`,
    "Do it again.",
  );
}

function reasonOf(result: PromiseSettledResult<unknown> | undefined): unknown {
  return result?.status === "rejected" ? result.reason : null;
}
