import { openSessions } from "../directory/open-sessions.ts";
import { unsealedSessions } from "../directory/recordings.ts";
import type { Env } from "../environment.ts";
import { wakeLedger } from "../ledger/stub.ts";
import { sweepRetention } from "../retention/sweep.ts";
import { wakeStaleLanes } from "../siem/wake.ts";
import { sessionStub } from "./stub.ts";

/** A younger session may still be opening, ms. */
const MIN_AGE_MS = 12_000;

/** Sealing begins by itself; what has not come to an end by then is asked after, ms; and how many at a time. */
const SEALED_AFTER_MS = 60_000;
const MAX_UNSEALED = 100;

/**
 * Closes sessions that nobody is left to close: after a power cut of the edge a session whose connector is alive
 * wakes when the connector resumes; one whose connector is gone is found here. Only those are touched, so that
 * idle sessions go on sleeping.
 */
export async function sweep(env: Env, now: number): Promise<void> {
  await wakeLedger(env);
  await wakeStaleLanes(env, now);
  const online = new Map<string, Promise<Set<string>>>();
  const replicasOf = (connector: string) => {
    const known =
      online.get(connector) ??
      env.HUB.getByName(connector)
        .replicas()
        .then((list) => new Set(list.map((one) => one.instance)));
    online.set(connector, known);
    return known;
  };
  for (const session of await openSessions(env.DIRECTORY)) {
    if (now - session.opened < MIN_AGE_MS) continue;
    const instances = await replicasOf(session.connector);
    if (!instances.has(session.instance)) await sessionStub(env, session.id).check(session.id);
  }
  // Those that ended before recordings were sealed are asked to be, too.
  for (const id of await unsealedSessions(env.DIRECTORY, now - SEALED_AFTER_MS, MAX_UNSEALED))
    await sessionStub(env, id).check(id);
  await sweepRetention(env, now);
}
