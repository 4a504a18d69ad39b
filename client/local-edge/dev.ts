import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Change, Connector } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { applyConfig } from "../config/apply.ts";
import { channelVariables } from "../config/approvals.ts";
import type { ConfigFile, ConnectorSection } from "../config/file.ts";
import { siemVariables } from "../config/siem.ts";
import { witnessVariables } from "../config/witness.ts";
import { EdgeApi } from "../edge-api.ts";
import type { Edge } from "./host.ts";
import { type Supervised, supervise } from "./supervise.ts";

const LAUNCHER = fileURLToPath(new URL("../../sallyport.mjs", import.meta.url));
const ENROLMENT_MS = 60_000;
/** How long a start waits for its connector, and how often it looks, ms. */
const ONLINE_MS = 10_000;
const ONLINE_POLL_MS = 50;

/** Names of what the connector's process gets; it has no token of the edge in its arguments. */
export const ENROLMENT_VARIABLE = "SALLYPORT_ENROLMENT_TOKEN";

export interface Dev {
  changes: Change[];
  /** Whether the connector was enrolled now. */
  enrolled: boolean;
  connector: Supervised | undefined;
}

/**
 * What `sallyport dev` adds to an edge that runs: applies the file, enrols the file's connector if it has no key
 * yet, and keeps it running as a process of its own, as it would be elsewhere.
 */
export async function startDev(
  edge: Edge,
  config: ConfigFile,
  onRestart: (ending: string, waitMs: number) => void,
): Promise<Dev> {
  const api = new EdgeApi(edge.url, async () => edge.adminToken);
  const { changes } = await applyConfig(api, config, false);
  if (config.connector === null) return { changes, enrolled: false, connector: undefined };
  const enrolled = await enrolIfNeeded(api, config, config.connector);
  const connector = supervise(
    {
      command: process.execPath,
      args: [LAUNCHER, "connector", "--config", resolve(config.file), "--edge", edge.url.origin],
      env: connectorEnvironment(config, process.env),
      cwd: dirname(resolve(config.file)),
    },
    onRestart,
  );
  await online(api, config.connector.name).catch(async (error: unknown) => {
    await connector.stop();
    throw error;
  });
  return { changes, enrolled, connector };
}

/** Waits until the connector can take a session, or a while: it may be restarting, and says itself why. */
async function online(api: EdgeApi, name: string): Promise<void> {
  const until = Date.now() + ONLINE_MS;
  while (Date.now() < until) {
    const connectors = await api.list<Connector>("/v1/connectors", 10_000);
    if (connectors.find((one) => one.name === name)?.replicas.length) return;
    await sleep(ONLINE_POLL_MS);
  }
}

/** A connector whose key was revoked is not let in again by a mere restart. */
async function enrolIfNeeded(api: EdgeApi, config: ConfigFile, section: ConnectorSection): Promise<boolean> {
  const known = (await api.list<Connector>("/v1/connectors", 10_000)).find(
    ({ name }) => name === section.name,
  );
  if (known?.revoked) {
    throw new SallyportError(
      "forbidden",
      `The key of the connector ${section.name} was revoked.`,
      `To let it in again: sallyport connectors enrol-token ${section.name}, then sallyport connector enroll.`,
    );
  }
  if (known?.key && existsSync(join(section.state, "key.json"))) return false;
  const path = `/v1/connectors/${encodeURIComponent(section.name)}/enrolments`;
  const { token } = await api.post<{ token: string }>(path, { expiresIn: ENROLMENT_MS });
  await runOnce(
    ["connector", "enroll", "--config", resolve(config.file), "--edge", api.edge.origin],
    { ...connectorEnvironment(config, process.env), [ENROLMENT_VARIABLE]: token },
    dirname(resolve(config.file)),
  );
  return true;
}

function runOnce(args: string[], env: NodeJS.ProcessEnv, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [LAUNCHER, ...args], {
      env,
      cwd,
      stdio: ["ignore", "ignore", "inherit"],
    });
    child.once("error", reject);
    child.once("exit", (status) => {
      if (status === 0) resolve();
      else reject(new SallyportError("internal", "The connector could not be enrolled; it says why above."));
    });
  });
}

/** The connector has its own key: tokens of whoever starts it, and secrets of the edge's, are not for it. */
function connectorEnvironment({ edge }: ConfigFile, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const others = new Set([
    "SALLYPORT_TOKEN",
    "SALLYPORT_TOKEN_FILE",
    ...channelVariables(edge.approvals),
    ...siemVariables(edge.siem),
    ...witnessVariables(edge.witness),
  ]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !others.has(name)));
}
