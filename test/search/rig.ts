import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { listen } from "../../client/listener.ts";
import { startConnector } from "../../connector/main.ts";
import type { DocumentLabels } from "../../connector/mask/document-labels.ts";
import type { Label } from "../../connector/mask/labels.ts";
import type { Uplink } from "../../connector/uplink.ts";
import type { SearchPage } from "../../protocol/activity/search.ts";
import type { Session } from "../../protocol/directory.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import { eventually } from "../faults/rig.ts";
import { testTarget } from "../gateway.ts";
import { startServer, type TestServer } from "../http/server.ts";
import { type PostgresGateway, startPostgresGateway, TARGET } from "../postgres-gateway.ts";

const COMMAND = fileURLToPath(new URL("../../sallyport.mjs", import.meta.url));

export const POLICIES = `
permit (principal, action, resource);
forbid (principal, action == Action::"connect", resource) unless { context.listed };
forbid (principal, action == Action::"unmask", resource);
@id("no-drop") @reason("Nothing is dropped here.")
forbid (principal, action == Action::"postgres:drop", resource);
`;

const email: Label = { name: "pii.email", mask: { kind: "constant", value: "hidden" }, lookup: null };
const labels: DocumentLabels = {
  rules: [{ where: null, path: [{ selects: { kind: "name", name: "email" }, deep: true }], label: email }],
  labels: new Map([[email.name, email]]),
};

/** A database and a service behind one edge, with agents of them, and what a search answers. */
export interface SearchRig {
  gateway: PostgresGateway;
  /** A token of another agent, `service/other`. */
  other: string;
  /** A client of the database, in a session of its own. */
  database(): Promise<{ client: pg.Client; end(): Promise<void> }>;
  /** A request to the service. */
  request(path: string, token: string): Promise<Response>;
  search(query: Record<string, string>, token?: string): Promise<SearchPage>;
  /** What the command prints, and its exit status. */
  command(...words: string[]): Promise<{ stdout: string; stderr: string; status: number | null }>;
  /** Waits until the recordings of all sessions that are over are sealed. */
  sealed(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSearchRig(): Promise<SearchRig> {
  const [gateway, server] = await Promise.all([
    startPostgresGateway({ policies: POLICIES }),
    startServer((request, response) => {
      request.resume();
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ email: "jo.canary@example.com", note: "canary-returned" }));
    }),
  ]);
  const { edge } = gateway;
  const web = await startWeb(gateway, server);
  const rig: SearchRig = {
    gateway,
    other: await edge.serviceToken("other"),
    async database() {
      const open = () => openTunnel({ edge: edge.edge.url, target: TARGET, token: gateway.token });
      const listener = await listen({ host: "127.0.0.1", port: 0, open });
      const { host, port } = listener;
      const client = new pg.Client({ host, port, user: "agent", database: "postgres" });
      client.on("error", () => {});
      await client.connect();
      const end = async () => {
        await client.end();
        await listener.close();
      };
      return { client, end };
    },
    request: (path, token) =>
      fetch(new URL(`/t/shop${path}`, edge.edge.url), { headers: { authorization: `Bearer ${token}` } }),
    search: (query, token) =>
      edge.api<SearchPage>("GET", `/v1/search?${new URLSearchParams(query)}`, undefined, token),
    async command(...words) {
      const env = {
        PATH: process.env.PATH,
        SALLYPORT_EDGE: edge.edge.url.href,
        SALLYPORT_TOKEN: edge.edge.adminToken,
      };
      const child = spawn(process.execPath, [COMMAND, "search", ...words], { env });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (chunk: Buffer) => {
        stdout += chunk;
      });
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk;
      });
      const [status] = (await once(child, "close")) as [number | null];
      return { stdout, stderr, status };
    },
    async sealed() {
      await eventually("all that ended to be sealed", 30_000, async () => {
        const { items } = await edge.api<{ items: Session[] }>("GET", "/v1/sessions?state=ended");
        return items.length > 0 && items.every(({ sealed }) => sealed !== null);
      });
    },
    async stop() {
      web.stop();
      await gateway.stop();
      await server.stop();
    },
  };
  return rig;
}

async function startWeb({ edge }: PostgresGateway, server: TestServer): Promise<Uplink> {
  const shop = {
    name: "shop",
    kind: "http",
    connector: "web",
    description: "",
    allow: ["service/*"],
  } as const;
  await edge.apply({
    targets: [testTarget(TARGET), { ...shop, allow: [...shop.allow] }],
    policies: POLICIES,
  });
  await edge.enroll("web");
  const state = join(edge.state, "connector-web");
  const targets = [{ ...server.target, labels }];
  const uplink = startConnector(
    { name: "web", edge: edge.edge.url, state, targets },
    edge.edge.url,
    () => {},
  );
  await uplink.online;
  return uplink;
}
