import type { PolicyDistribution, PolicyRecord, PolicyUptake } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { PolicyInForce } from "../../protocol/hub-messages.ts";
import { keyedConnectors } from "../directory/connectors.ts";
import type { OpenSession } from "../directory/open-sessions.ts";
import { type Env, takeMs } from "../environment.ts";
import type { Uptake } from "../hub/object.ts";
import { logLine } from "../log-line.ts";
import { endSessions } from "../session/revocation.ts";

/** How long a hub may take beyond what it waits for its replicas, ms. */
const HUB_MS = 400;

/** What became of the set at one connector. */
interface Delivery {
  connector: string;
  /** Null when its hub could not be asked. */
  uptake: Uptake | null;
}

/**
 * Tells every connector what is in force now, before whoever changed it is answered. A process that does not say within
 * a second that it judges by these policies may judge by older ones for as long as its tunnels live: its sessions are
 * ended, and it must come again. `sessions` are those that were open once the policies were written: later ones wait
 * for these policies at their connector. Throws `internal` when a session could not be ended.
 */
export async function distributePolicies(
  env: Env,
  record: PolicyRecord,
  sessions: readonly OpenSession[],
  by: string,
): Promise<PolicyDistribution> {
  const { version, revision, text } = record;
  const message: PolicyInForce = { type: "policy", version, revision, text };
  const byConnector = Map.groupBy(sessions, ({ connector }) => connector);
  const connectors = new Set([...(await keyedConnectors(env.DIRECTORY)), ...byConnector.keys()]);
  const outcomes = await Promise.allSettled(
    Array.from(connectors, async (connector) => {
      const open = byConnector.get(connector) ?? [];
      const delivery = await deliver(env, connector, message, [...new Set(open.flatMap(instancesOf))]);
      return uptakes(delivery, open, (lost) => endLost(env, delivery.connector, lost, revision, by));
    }),
  );
  const failed = outcomes.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  return {
    version,
    revision,
    connectors: outcomes.flatMap((one) => (one.status === "fulfilled" ? one.value : [])),
  };
}

/** Processes of which one serves the session. */
function instancesOf({ instance }: OpenSession): string[] {
  return instance.split(" ");
}

/** A hub that fails is asked once more: it may have been moved. One that still does must let its replicas come again. */
async function deliver(
  env: Env,
  connector: string,
  message: PolicyInForce,
  expected: string[],
): Promise<Delivery> {
  const hub = env.HUB.getByName(connector);
  const limit = takeMs(env) + HUB_MS;
  const ask = () => inTime(hub.policies(message, expected), limit);
  try {
    return { connector, uptake: await ask().catch(ask) };
  } catch (error) {
    logLine("error", "the hub of a connector did not take the policies", { connector, error });
    await inTime(hub.reconnect(), limit).catch(() => {});
    return { connector, uptake: null };
  }
}

/** What each process did, by name; ends the sessions of those that did not take the policies. */
async function uptakes(
  { connector, uptake }: Delivery,
  open: readonly OpenSession[],
  end: (lost: OpenSession[]) => Promise<number>,
): Promise<PolicyUptake[]> {
  const taken = new Set(uptake?.taken);
  const isLost = (session: OpenSession) => !instancesOf(session).every((instance) => taken.has(instance));
  const lost = Map.groupBy(open.filter(isLost), (session) =>
    uptake === null ? null : instancesOf(session).find((instance) => !taken.has(instance))!,
  );
  for (const instance of uptake?.cut ?? [null]) if (!lost.has(instance)) lost.set(instance, []);
  const cut = await Promise.all(
    Array.from(lost, async ([instance, sessions]): Promise<PolicyUptake> => {
      return { connector, instance, state: "cut_off", ended: await end(sessions) };
    }),
  );
  return [
    ...Array.from(taken, (instance) => ({ connector, instance, state: "taken", ended: 0 }) as const),
    ...cut,
  ];
}

async function endLost(
  env: Env,
  connector: string,
  sessions: readonly OpenSession[],
  revision: number,
  by: string,
): Promise<number> {
  const reason = `connector ${connector} was cut off: it did not take the policies of revision ${revision} in time`;
  try {
    return await endSessions(env, sessions, reason, by);
  } catch {
    throw new SallyportError(
      "internal",
      `the policies are in force, but connector ${connector} did not take them, and not all of its ${sessions.length} sessions could be ended`,
      "`sallyport sessions list --open` shows them, `sallyport sessions kill` ends them.",
    );
  }
}

/** An answer that does not come is a failure. */
function inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer in time")), ms);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
