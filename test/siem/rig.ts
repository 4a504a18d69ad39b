import type { SiemStatus } from "../../protocol/siem.ts";
import { type HttpGateway, startHttpGateway } from "../http/gateway.ts";
import { startServer } from "../http/server.ts";
import { ALLOW_LISTED } from "../policies.ts";
import { expectedUids } from "./expected.ts";
import type { Receiver } from "./receivers.ts";

/** Everything passes but deletes. */
export const POLICIES = `${ALLOW_LISTED}
@id("no-deletes") @reason("nothing is deleted here")
forbid (principal, action == Action::"http:delete", resource);
`;

/** An edge that tells a receiver what it has, with an HTTP target. */
export interface Rig {
  gateway: HttpGateway;
  receiver: Receiver;
  status(): Promise<SiemStatus>;
  /** Ends the latest session; answers what it must have told. */
  ended(): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startRig(
  receiver: Receiver,
  bindings: Record<string, string>,
  shards = 1,
): Promise<Rig> {
  const server = await startServer((request, response) => {
    request.resume();
    response.end(`${request.method} ${request.url}`);
  });
  const gateway = await startHttpGateway({
    target: server.target,
    policies: POLICIES,
    edge: { shards, bindings: { SIEM_URL: receiver.url.href, ...bindings } },
  });
  return {
    gateway,
    receiver,
    status: () => gateway.edge.api<SiemStatus>("GET", "/v1/siem"),
    async ended() {
      const { id } = (await gateway.sessions())[0]!;
      await gateway.edge.api("POST", `/v1/sessions/${id}/kill`, { reason: "the test is over" });
      await receiver.until(() => receiver.uids().has(`${id}/ended`));
      return expectedUids(await gateway.recording(id));
    },
    async stop() {
      await gateway.stop();
      await server.stop();
      await receiver.stop();
    },
  };
}

/** How often each was taken. */
export function counts(receiver: Receiver): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { metadata } of receiver.events) counts.set(metadata.uid, (counts.get(metadata.uid) ?? 0) + 1);
  return counts;
}
