import type { SessionSealed } from "../../protocol/ledger/entry.ts";
import { forgetQuestions } from "../directory/approvals.ts";
import type { Env } from "../environment.ts";
import { ledgerStub } from "../ledger/stub.ts";
import { forgetSession } from "../search/index-session.ts";
import { sessionStub } from "../session/stub.ts";
import type { DeletionMeans } from "./carry-out.ts";
import { saveDeletion } from "./deletions.ts";

/** Objects that are listed, and removed, at once: as many as R2 takes. */
const BATCH = 1_000;

/** What of an R2 bucket deleting needs. */
export type Emptied = Pick<R2Bucket, "list" | "delete">;

/** Deleting with what the edge's environment has. */
export function deletionMeans(env: Env): DeletionMeans {
  return {
    async note(entry) {
      const [place] = await ledgerStub(env).append([entry]);
      return place!.index;
    },
    remove: (session) => removeObjects(env.RECORDINGS, session),
    async forget(session) {
      await forgetSession(env, session);
      // Its object may have what people were asked; one that never asked is not woken.
      if (await forgetQuestions(env.DIRECTORY, session)) await sessionStub(env, session).forget(session);
    },
    save: (session, from, state) => saveDeletion(env.DIRECTORY, session, from, state),
    clock: () => Date.now(),
  };
}

/** Removes whatever lies under a session's name in object storage, encrypted or not. Safe to repeat. */
export async function removeObjects(bucket: Emptied, session: string): Promise<void> {
  for (;;) {
    const { objects } = await bucket.list({ prefix: `recordings/${session}/`, limit: BATCH });
    if (objects.length === 0) return;
    await bucket.delete(objects.map(({ key }) => key));
  }
}

/** What the ledger says of a session's seal, or why its recording can't be deleted by it. */
export type ReadSealed = (session: string) => Promise<SessionSealed | { fault: string }>;

/** Reads the ledger's seal of a session, and compares it with the directory: a stub must not repeat what somebody put there. */
export function sealedReader(env: Pick<Env, "LEDGER" | "DIRECTORY">): ReadSealed {
  return async (session) => {
    const found = await ledgerStub(env).find(`session_sealed/${session}`);
    if (found?.type !== "session_sealed") return { fault: "the ledger does not tell that it was sealed" };
    const row = await env.DIRECTORY.prepare("SELECT archive FROM recordings WHERE session = ?1")
      .bind(session)
      .first<{ archive: string }>();
    if (row?.archive !== found.archive)
      return { fault: "the ledger tells of another archive than the directory" };
    return found;
  };
}
