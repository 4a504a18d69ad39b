import { Hono } from "hono";
import { SallyportError } from "../../protocol/errors.ts";
import { type Evidence, evidenceText } from "../../protocol/ledger/evidence.ts";
import { readLedgerEntry } from "../../protocol/ledger/reading.ts";
import { ledgerStub } from "../ledger/stub.ts";
import { problemResponse } from "../problem.ts";
import type { SignedIn } from "./edge.ts";
import { visibleSession } from "./visible-session.ts";

/** How long who asks too early is told to wait, s. */
const RETRY_AFTER_S = "2";

/**
 * What the ledger says of a session, with proofs, for whoever may read its recording. Of an open session it is that it
 * was started. Of one that has ended it is all: until its recording is sealed the answer is `conflict`, with
 * `Retry-After`. Behind `signedIn`.
 */
export const evidenceRoutes = new Hono<SignedIn>().get("/:id/evidence", async (c) => {
  const { id, ended } = await visibleSession(c.env, c.get("identity"), c.req.param("id"));
  const evidence: Evidence = await ledgerStub(c.env).evidence(id);
  if (ended !== null && !evidence.entries.some(isLast)) {
    const response = problemResponse(
      new SallyportError(
        "conflict",
        `the recording of session ${id} is not sealed yet, so that the ledger does not tell of its end`,
        "Try again in a moment; `sallyport sessions show` says when sealing has failed.",
      ),
    );
    response.headers.set("retry-after", RETRY_AFTER_S);
    return response;
  }
  return new Response(evidenceText(evidence), {
    headers: {
      "content-type": "application/json",
      "content-disposition": `attachment; filename="${id}.evidence.json"`,
    },
  });
});

/** Whether an entry is a session's last word. */
function isLast({ entry }: Evidence["entries"][number]): boolean {
  const { type } = readLedgerEntry(entry);
  return type === "session_sealed" || type === "session_void" || type === "session_deleted";
}
