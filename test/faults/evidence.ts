import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { EntryKind } from "../../protocol/entry.ts";
import { FRAME_HEADER } from "../../protocol/frame.ts";
import { parseKeys } from "../../protocol/recording/keys.ts";
import { readRecording } from "../../protocol/recording/reader.ts";
import { type Verification, verifyRecording } from "../../protocol/recording/verify.ts";
import type { TestEdge } from "../gateway.ts";
import { eventually } from "./rig.ts";

/** Bytes of both directions of a stream: how many, and their SHA-256. */
export interface Traffic {
  toTarget: { bytes: number; sha256: string };
  toAgent: { bytes: number; sha256: string };
}

class Count {
  bytes = 0;
  readonly #hash = createHash("sha256");

  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
  }

  get sum(): { bytes: number; sha256: string } {
    return { bytes: this.bytes, sha256: this.#hash.copy().digest("hex") };
  }
}

/** A TCP relay that notes what passes: what the client really sent and saw. */
export interface Tap {
  host: string;
  port: number;
  /** Traffic of the latest connection. */
  traffic(): Traffic;
  close(): void;
}

export async function startTap(target: { host: string; port: number }): Promise<Tap> {
  let up = new Count();
  let down = new Count();
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ ...target, noDelay: true, allowHalfOpen: true });
    const [mine, theirs] = [new Count(), new Count()];
    up = mine;
    down = theirs;
    for (const [from, to, count] of [
      [near, far, mine],
      [far, near, theirs],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk) => count.add(chunk));
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => sockets.delete(from));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    traffic: () => ({ toTarget: up.sum, toAgent: down.sum }),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What an exported recording proves and holds. */
export interface Evidence {
  verification: Verification;
  traffic: Traffic;
  /** The edge's events, in order. */
  events: Record<string, unknown>[];
}

/** Exports a session's recording, and verifies it with the keys that the edge publishes. */
export async function evidence(edge: TestEdge, session: string): Promise<Evidence> {
  const keys = parseKeys(await edge.api("GET", "/v1/keys"));
  const verification = await verifyRecording(await download(edge, session), keys);
  const [up, down] = [new Count(), new Count()];
  const events: Record<string, unknown>[] = [];
  for await (const part of readRecording(await download(edge, session))) {
    if (part.part !== "entry") continue;
    const { kind, frame } = part.entry;
    if (kind === EntryKind.agent) up.add(frame.subarray(FRAME_HEADER));
    if (kind === EntryKind.target) down.add(frame.subarray(FRAME_HEADER));
    if (kind === EntryKind.edge) events.push(JSON.parse(Buffer.from(frame).toString()));
  }
  return { verification, traffic: { toTarget: up.sum, toAgent: down.sum }, events };
}

/** The evidence of a session once both seals are on its recording. */
export function sealedEvidence(edge: TestEdge, session: string): Promise<Evidence> {
  return eventually(`the seals of session ${session}`, 60_000, async () => {
    const found = await evidence(edge, session);
    return found.verification.verdict !== "incomplete" && found;
  });
}

/** The payload of one direction as the recording holds it. */
export async function recorded(edge: TestEdge, session: string, kind: EntryKind): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const part of readRecording(await download(edge, session))) {
    if (part.part === "entry" && part.entry.kind === kind) {
      chunks.push(part.entry.frame.subarray(FRAME_HEADER));
    }
  }
  return Buffer.concat(chunks);
}

async function download(edge: TestEdge, session: string): Promise<AsyncIterable<Uint8Array>> {
  const response = await fetch(new URL(`/v1/sessions/${session}/recording`, edge.edge.url), {
    headers: { authorization: `Bearer ${edge.edge.adminToken}` },
  });
  if (!response.ok || !response.body)
    throw new Error(`no recording: ${response.status} ${await response.text()}`);
  return response.body;
}
