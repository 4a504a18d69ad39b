import type { StatusAnswer } from "../../../protocol/sftp/packets.ts";
import type { FileRequest } from "../../../protocol/ssh/request.ts";
import type { FileGuard } from "./file-guard.ts";
import type { Turns } from "./turns.ts";

/** How often a path may lead elsewhere than where it led when it was judged. */
const MAX_RESOLVED = 4;

/** An operation on a path that is to be judged. */
export interface Operation {
  /** What it is as it was asked for; empty where that isn't known before the target has told. */
  given: readonly FileRequest[];
  /** What it is with links resolved; or why the target can't. */
  resolve(): Promise<FileRequest[] | StatusAnswer>;
  /** Lets the target do it, as it was judged; resolves when the target has answered. */
  pass(resolved: FileRequest[]): Promise<void>;
}

/** What became of it. `over`: nobody asks any more. */
export type Outcome = "passed" | "over" | { refused: string } | { unresolved: StatusAnswer };

/**
 * Judges an operation as it was asked for, resolves its path, and judges it as it is then where that differs; then it is
 * resolved once more, since people may have thought about it for a while, and it passes only as it was judged. From the
 * last answer until the target has done it no other of the session has a turn.
 *
 * In between somebody else on the host, or a command of the same session, can still change a link. Neither SFTP nor scp
 * has a way to close that gap: what must not be reached at all is for the account's own rights to refuse.
 *
 * Rejects as the guard does, and where the target can't be asked.
 */
export async function judgeThenPass(
  guard: FileGuard,
  turns: Turns,
  operation: Operation,
  isOver: () => boolean,
): Promise<Outcome> {
  const judged = new Set<string>();
  const judge = async (requests: readonly FileRequest[]): Promise<string | null> => {
    for (const request of requests) {
      const key = JSON.stringify(request);
      if (judged.has(key)) continue;
      const words = await guard.judge(request);
      if (words !== null || isOver()) return words;
      judged.add(key);
    }
    return null;
  };
  let words = await judge(operation.given);
  for (let round = 0; words === null && round < MAX_RESOLVED; round++) {
    const outcome = await resolveAndPass(turns, operation, judged, isOver);
    if (!Array.isArray(outcome)) return outcome;
    words = await judge(outcome);
  }
  if (isOver()) return "over";
  return { refused: words ?? "the path leads elsewhere each time that it is resolved" };
}

/** An array: what it is now and was not judged as. */
async function resolveAndPass(
  turns: Turns,
  operation: Operation,
  judged: ReadonlySet<string>,
  isOver: () => boolean,
): Promise<Outcome | FileRequest[]> {
  const endTurn = await turns.take();
  try {
    if (isOver()) return "over";
    const resolved = await operation.resolve();
    if (isOver()) return "over";
    if (!Array.isArray(resolved)) return { unresolved: resolved };
    if (!resolved.every((request) => judged.has(JSON.stringify(request)))) return resolved;
    await operation.pass(resolved);
    return "passed";
  } finally {
    endTurn();
  }
}
