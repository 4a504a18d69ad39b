import type { ApprovalAsk } from "../../protocol/approval/approval.ts";
import type { ConnectorEvent, EdgeEvent, PolicyStamp } from "../../protocol/control.ts";
import { printable } from "../terminal.ts";
import { leaseText } from "./approval-words.ts";
import { detectedWords } from "./masking-words.ts";

/** What the edge's own entries say, for any kind of target; of approvals `approvalEntryWords` tells. */
export function edgeWords(event: EdgeEvent): string {
  switch (event.event) {
    case "opened": {
      const { session, principal, onBehalfOf, target, kind, address, mode } = event.facts;
      const whom = onBehalfOf === undefined ? principal : `${principal} for ${onBehalfOf}`;
      const { lease } = event.facts;
      const under = lease ? `, under approval ${leaseText(lease)}` : "";
      return printable(
        `session ${session}: ${whom} opened ${target} (${kind}, ${mode}) from ${address}${under}`,
      );
    }
    case "connector_joined":
      return printable(`connector ${event.connector} joined (instance ${event.instance})`);
    case "watch_begun":
      return printable(`${event.by} watches`);
    case "watch_ended":
      return printable(`${event.by} watches no longer`);
    case "ended": {
      const by = event.by === undefined ? "" : `, by ${event.by}`;
      return printable(`the session ended (${event.code}${by}): ${event.reason}`);
    }
    default:
      return printable(LINKS[event.event] ?? event.event);
  }
}

const LINKS: Record<string, string> = {
  agent_dropped: "the agent's connection dropped",
  agent_resumed: "the agent resumed",
  connector_dropped: "the connector's connection dropped",
  connector_resumed: "the connector resumed",
};

/**
 * What the connector's entries say that are the same for any kind of target, and those that are not known. `judged`: what
 * a session of this kind consists of.
 */
export function connectorWords(
  event: ConnectorEvent | ApprovalAsk,
  judged: "statements" | "requests",
): string {
  switch (event.event) {
    case "refused":
      return printable(`the connector refused (${event.code}): ${event.message}`);
    case "policy":
      return `${judged} are judged by policy set ${stampText(event)} from here on`;
    case "detected":
      return printable(
        `detectors found in what the agent got: ${detectedWords(Object.entries(event.found))}`,
      );
    default:
      return printable(`the connector says: ${JSON.stringify(event)}`);
  }
}

/** A policy set by the beginning of its hash; `-` for a recording from before there were policies. */
export function stampText({ version, revision }: PolicyStamp): string {
  return version === "" ? "-" : `${version.slice(0, 12)} (revision ${revision})`;
}

/** ` · by these policies`; nothing for none. */
export function policiesWords(policies: readonly string[]): string {
  return policies.length === 0 ? "" : ` · by ${printable(policies.join(", "))}`;
}
