import { Hono } from "hono";
import type { Applied } from "../../protocol/directory.ts";
import { recipientFaults } from "../../protocol/recording/encryption/recipients.ts";
import { readSettings, writeSettings } from "../directory/apply.ts";
import { listChanges } from "../directory/changes.ts";
import { openSessions } from "../directory/open-sessions.ts";
import { planChanges, sessionsToEnd } from "../directory/plan.ts";
import { currentPolicies } from "../directory/policies.ts";
import { dismissWatchers, endSessions } from "../session/revocation.ts";
import { distributePolicies } from "./distribution.ts";
import { actor, administrator, type SignedIn, signedIn } from "./edge.ts";
import { pageQuery, pageRequest } from "./names.ts";
import { policyProblems } from "./policies.ts";
import { Apply, MAX_APPLY } from "./settings.ts";
import { body, invalid, query } from "./shape.ts";

/** Settings as code, and the record of what changed. */
export const administrationRoutes = new Hono<SignedIn>()
  .get("/settings", signedIn, administrator, async (c) =>
    c.json((await readSettings(c.env.DIRECTORY)).settings),
  )
  .get("/changes", signedIn, administrator, async (c) => {
    return c.json(await listChanges(c.env.DIRECTORY, pageRequest(query(c.req.raw, pageQuery))));
  })
  .post("/apply", signedIn, administrator, async (c) => {
    const { settings: wanted, dryRun } = await body(c.req.raw, Apply, MAX_APPLY);
    const db = c.env.DIRECTORY;
    const { settings: current, revision } = await readSettings(db);
    const changes = planChanges(current, wanted);
    const faults = await recipientFaults(wanted.recordings?.recipients ?? []);
    if (faults.length > 0)
      throw invalid(
        faults.map(({ recipient, fault }) => `settings.recordings.recipients[${recipient}] ${fault}`),
      );
    if (wanted.policies !== current.policies) {
      const problems = policyProblems(wanted.policies);
      if (problems.length > 0) throw invalid(problems);
    }
    if (dryRun || changes.length === 0) return c.json({ changes, policies: null } satisfies Applied);
    const by = actor(c.get("identity"));
    await writeSettings(db, wanted, changes, revision, by);
    const sessions = await openSessions(db);
    const reasons = Map.groupBy(sessionsToEnd(changes, sessions), ({ reason }) => reason);
    const ending = Array.from(reasons, ([reason, group]) =>
      endSessions(
        c.env,
        group.map(({ session }) => session),
        reason,
        by.principal,
      ),
    );
    const distributing =
      wanted.policies === current.policies
        ? null
        : distributePolicies(c.env, await currentPolicies(db), sessions, by.principal);
    // Limits, and to whom recordings are encrypted, say nothing of who may watch.
    const rejudging =
      changes.some(({ subject }) => subject !== "limits" && subject !== "recordings") &&
      dismissWatchers(c.env, null);
    const work = Promise.all([distributing, rejudging, ...ending]);
    // What is written must come about though whoever asked has hung up.
    c.executionCtx.waitUntil(work.catch(() => {}));
    const [policies] = await work;
    return c.json({ changes, policies } satisfies Applied);
  });
