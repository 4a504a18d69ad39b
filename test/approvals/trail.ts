import { EntryKind } from "../../protocol/entry.ts";
import { connectorEvent, edgeEvent } from "../../protocol/recording/events.ts";
import { readRecording } from "../../protocol/recording/reader.ts";
import type { ApprovalRig } from "./rig.ts";

/** The events of a session's recording, in order, with the kind of each one's entry. */
export async function trail(rig: ApprovalRig, session: string): Promise<{ event: string; kind: number }[]> {
  const { edge } = rig.gateway.edge;
  const response = await fetch(new URL(`/v1/sessions/${session}/recording`, edge.url), {
    headers: { authorization: `Bearer ${edge.adminToken}` },
  });
  if (!response.ok || response.body === null) throw new Error(`no recording: ${response.status}`);
  const events: { event: string; kind: number }[] = [];
  for await (const part of readRecording(response.body)) {
    if (part.part !== "entry") continue;
    const { kind, frame } = part.entry;
    const event =
      kind === EntryKind.edge
        ? edgeEvent(frame)
        : kind === EntryKind.connector
          ? connectorEvent(frame)
          : null;
    if (event !== null) events.push({ event: event.event, kind });
  }
  return events;
}
