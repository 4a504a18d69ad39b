import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../client/local-edge/bundle.ts";
import { type Edge, type EdgeOptions, startEdge } from "../client/local-edge/host.ts";
import { recordedEntries } from "../client/recordings/source.ts";
import { type ConnectorIdentity, connectorToken, enroll, sshHostKey } from "../connector/identity.ts";
import type { ConnectorSession } from "../connector/session.ts";
import { Uplink, type UplinkOptions } from "../connector/uplink.ts";
import type { Applied, Settings, Target } from "../protocol/directory.ts";
import { SallyportError } from "../protocol/errors.ts";
import type { RecordedEntry } from "../protocol/recording.ts";
import { ALLOW_LISTED } from "./policies.ts";
import { shared } from "./run/shared.ts";
import "./connection-each.ts";

const WORKER = fileURLToPath(new URL("../workers/index.ts", import.meta.url));

/** An edge with its state in a temporary folder, and what tests ask of its API. */
export interface TestEdge {
  edge: Edge;
  state: string;
  /** Calls the API as the bootstrap administrator, or with another token. Throws on an error status. */
  api<T>(method: string, path: string, body?: unknown, token?: string): Promise<T>;
  /** Makes a service token; its principal is `service/NAME`. */
  serviceToken(name: string): Promise<string>;
  /** Puts settings in force; without policies, those that let everything pass on targets that list one. */
  apply(settings: Partial<Settings>): Promise<Applied>;
  enroll(name: string): Promise<ConnectorIdentity>;
  /** The sessions that the edge knows, the latest first. */
  sessions(): Promise<{ id: string; endCode: string | null }[]>;
  /** The entries of a session's recording, the latest session's by default. */
  recording(session?: string): Promise<RecordedEntry[]>;
  stop(): Promise<void>;
}

/** A connector in a test's own process may be slower than any in the field to say that it took policies. */
const TAKE_MS = 8_000;
/** For tests of what becomes of one that is too slow. */
export const PROMPT = { bindings: { POLICY_TAKE_MS: "1500" } };

export async function startTestEdge(options: Partial<EdgeOptions> = {}): Promise<TestEdge> {
  const state = options.state ?? mkdtempSync(join(tmpdir(), "sallyport-edge-"));
  const worker = await shared("worker", bundleInto);
  const edge = await startEdge({
    state,
    ...(worker === undefined ? {} : { entry: join(worker, "index.js") }),
    ...(process.env.EDGE_LOG ? { onLog: (line) => console.error("edge:", line) } : {}),
    ...options,
    bindings: { POLICY_TAKE_MS: String(TAKE_MS), ...options.bindings },
  });
  const api = async <T>(
    method: string,
    path: string,
    body?: unknown,
    token = edge.adminToken,
  ): Promise<T> => {
    const response = await fetch(new URL(path, edge.url), {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  const sessions = async () =>
    (await api<{ items: { id: string; endCode: string | null }[] }>("GET", "/v1/sessions")).items;
  return {
    edge,
    state,
    api,
    sessions,
    async recording(session) {
      const id = session ?? (await sessions())[0]!.id;
      const response = await fetch(new URL(`/v1/sessions/${id}/recording`, edge.url), {
        headers: { authorization: `Bearer ${edge.adminToken}` },
      });
      const entries: RecordedEntry[] = [];
      for await (const entry of recordedEntries(response.body!)) entries.push(entry);
      return entries;
    },
    async serviceToken(name) {
      const body = { name, principal: `service/${name}`, administrator: false, expiresIn: 3_600_000 };
      return (await api<{ token: string }>("POST", "/v1/tokens", body)).token;
    },
    async apply(settings) {
      const whole: Settings = {
        targets: [],
        issuers: [],
        administrators: [],
        limits: {},
        policies: ALLOW_LISTED,
        ...settings,
      };
      return api<Applied>("POST", "/v1/apply", { settings: whole, dryRun: false });
    },
    async enroll(name) {
      const { token } = await api<{ token: string }>("POST", `/v1/connectors/${name}/enrolments`, {
        expiresIn: 60_000,
      });
      return enroll(edge.url, join(state, `connector-${name}`), token);
    },
    async stop() {
      await edge.dispose();
      if (!options.state) rmSync(state, { recursive: true, force: true });
    },
  };
}

/** The Worker in a folder, as a released package has it. */
async function bundleInto(folder: string): Promise<void> {
  const { mainModule, modules } = await bundleWorker(WORKER);
  for (const [name, { contents }] of Object.entries(modules)) {
    writeFileSync(join(folder, name === mainModule ? "index.js" : name), contents);
  }
}

/** A Postgres target's settings at the edge, open to every service token. */
export function testTarget(name: string, connector = "main"): Target {
  return { name, kind: "postgres", connector, description: "", allow: ["service/*"] };
}

/** A connector in this process, online when it resolves. */
export async function startUplink(
  edge: URL,
  identity: ConnectorIdentity,
  serve: (session: ConnectorSession) => void,
  options: Partial<UplinkOptions> = {},
): Promise<Uplink> {
  const uplink = new Uplink({
    edge,
    name: identity.name,
    key: identity.key,
    targets: [],
    hostKey: sshHostKey(identity).line,
    spares: 0,
    token: () => connectorToken(edge, identity),
    serve,
    cancelHere: () => false,
    policies: () => {},
    explain: async () => ({ statements: [] }),
    scanLabels: () => Promise.reject(new SallyportError("internal", "this connector has nothing to scan")),
    log: () => {},
    ...options,
  });
  await uplink.online;
  return uplink;
}
