import { setTimeout as sleep } from "node:timers/promises";
import { type Listener, listen } from "../../client/listener.ts";
import { maskKey } from "../../connector/mask/mask-key.ts";
import type { Page, Session } from "../../protocol/directory.ts";
import { FRAME_HEADER } from "../../protocol/frame.ts";
import { readRecording } from "../../protocol/recording/reader.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import type { Spot } from "../guard/wire.ts";
import { type PostgresGateway, startPostgresGateway, TARGET } from "../postgres-gateway.ts";
import type { World } from "./canaries.ts";
import type { Stage } from "./play.ts";
import { databaseOf, fileOf, removeFiles, startWorlds, targetOf, type Worlds } from "./servers.ts";

/** Who may see every label. */
export const DOCTOR = "doctor";

/** Policies let everything pass, so nothing but the masks stands before the values. */
const POLICIES = `
permit (principal, action, resource) unless { action == Action::"unmask" };
permit (principal, action == Action::"unmask", resource) when { principal.name == "service/${DOCTOR}" };
forbid (principal, action == Action::"connect", resource) unless { context.listed };
`;

/** Two worlds on one server, and the gateway before them. */
export interface Adversarial {
  worlds: Worlds;
  gateway: PostgresGateway;
  /** The server itself, as the role that the connector has. */
  direct: Record<World, Stage>;
  /** Through the gateway. */
  through: Record<World, Stage>;
  /** Makes the databases anew, as they were at first. Nobody may be connected. */
  reset(): Promise<void>;
  /** All that the recordings of ended sessions hold, each with its session's id, agent's and target's bytes apart. */
  recordings(): AsyncGenerator<{ session: string; bytes: Buffer }>;
  stop(): Promise<void>;
}

export async function startAdversarial(masks: string): Promise<Adversarial> {
  process.env.SALLYPORT_TEST_MASK_KEY = "a key for tests that nobody else has";
  const worlds = await startWorlds();
  const gateway = await startPostgresGateway({
    postgres: worlds.postgres,
    target: targetOf(worlds, masks),
    policies: POLICIES,
    ...(process.env.CONNECTOR_LOG && { log: (line) => console.error("connector:", line) }),
  });
  const key = await maskKey(gateway.target);
  const agent = await gateway.listen();
  const token = await gateway.edge.serviceToken(DOCTOR);
  const doctor = await listen({
    host: "127.0.0.1",
    port: 0,
    open: () => openTunnel({ edge: gateway.edge.edge.url, target: TARGET, token }),
  });
  const spotOf = (listener: Listener, world: World): Spot => ({
    host: listener.host,
    port: listener.port,
    user: "agent",
    database: databaseOf(world),
    login: null,
  });
  const { host, port, superuser: user, password } = worlds.postgres;
  const login = { target: gateway.target, password };
  const stage = (world: World, spots: Pick<Stage, "agent" | "unmasked">): Stage => ({
    world,
    ...spots,
    // Another one after each reset.
    get admin() {
      return worlds.admins[world];
    },
    canaries:
      key === null ? worlds.canaries[world] : [...worlds.canaries[world], { cell: "the key", text: key }],
    file: fileOf(worlds, world),
  });
  const direct = (world: World) => {
    const spot = { host, port, user, database: databaseOf(world), login };
    return stage(world, { agent: spot, unmasked: spot });
  };
  const through = (world: World) =>
    stage(world, { agent: spotOf(agent, world), unmasked: spotOf(doctor, world) });
  const api = gateway.edge.api;
  const closed = async () => {
    while ((await api<Page<Session>>("GET", "/v1/sessions?state=open")).items.length > 0) await sleep(20);
  };
  return {
    worlds,
    gateway,
    direct: { a: direct("a"), b: direct("b") },
    through: { a: through("a"), b: through("b") },
    async reset() {
      await closed();
      await removeFiles(worlds);
      await worlds.reset();
    },
    async *recordings() {
      await closed();
      for (let cursor: string | null = null; ; ) {
        const query: string = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
        const page: Page<Session> = await api("GET", `/v1/sessions${query}`);
        for (const session of page.items) {
          if (session.principal === `service/${DOCTOR}`) continue;
          for (const bytes of await recordingOf(gateway, session.id)) yield { session: session.id, bytes };
        }
        if (page.next === null) return;
        cursor = page.next;
      }
    },
    async stop() {
      await doctor.close();
      await agent.close();
      await closed();
      await gateway.stop();
      await worlds.stop();
    },
  };
}

/** The payloads of a recording's entries, put together by who sent them. */
async function recordingOf({ edge }: PostgresGateway, session: string): Promise<Buffer[]> {
  const response = await fetch(new URL(`/v1/sessions/${session}/recording`, edge.edge.url), {
    headers: { authorization: `Bearer ${edge.edge.adminToken}` },
  });
  if (!response.ok || response.body === null) throw new Error(`no recording: ${response.status}`);
  const byKind = new Map<number, Uint8Array[]>();
  for await (const part of readRecording(response.body)) {
    if (part.part !== "entry") continue;
    const { kind, frame } = part.entry;
    const payloads = byKind.get(kind) ?? [];
    byKind.set(kind, payloads);
    payloads.push(kind === 0 ? frame : frame.subarray(FRAME_HEADER));
  }
  return [...byKind.values()].map((payloads) => Buffer.concat(payloads));
}
