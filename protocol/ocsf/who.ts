import { isIP } from "node:net";
import { bounded, boundedList } from "./text.ts";

/** Who acts, for whom, from where: of a session or of an entry of the ledger. */
export interface Who {
  principal: string;
  /** The user for whom an agent acts; null where it acts for itself. */
  onBehalfOf: string | null;
  groups?: readonly string[];
}

/** Characters of a name. */
const NAME = 256;
const USER = { type_id: 1, type: "User" } as const;
const SERVICE = { type_id: 4, type: "Service" } as const;

/**
 * The actor. Where an agent acts for a user, the user is who is accountable and the agent the application through which
 * that happens: `actor.app_name`.
 */
export function actorOf({ principal, onBehalfOf, groups = [] }: Who): Record<string, unknown> {
  if (onBehalfOf === null) {
    const member = groups.length > 0 && { groups: boundedList(groups).map((name) => ({ name })) };
    return { user: { ...userOf(principal), ...member } };
  }
  const agent = bounded(principal, NAME);
  return { user: { ...userOf(onBehalfOf), ...USER }, app_name: agent, app_uid: agent };
}

/** Who it was as the recording has it, for searches that know Sallyport's own words. */
export function whoUnmapped({ principal, onBehalfOf, groups }: Who): Record<string, unknown> {
  return {
    principal: bounded(principal, NAME),
    ...(onBehalfOf !== null && { on_behalf_of: bounded(onBehalfOf, NAME) }),
    ...(groups !== undefined && { groups: boundedList(groups) }),
  };
}

/** A user by its name, which is its id. */
export function userOf(principal: string): Record<string, unknown> {
  const name = bounded(principal, NAME);
  return { name, uid: name, ...(principal.startsWith("service/") && SERVICE) };
}

/** The context of an agent that acts for a user: the profile `ai_operation`. Which model it runs is not known here. */
export function agentContext({ principal, onBehalfOf }: Who, session: string): Record<string, unknown> {
  if (onBehalfOf === null) return {};
  const name = bounded(principal, NAME);
  return {
    message_context: {
      ai_role_id: 4,
      ai_role: "Agent",
      application: { name, uid: name },
      uid: session,
    },
  };
}

/** Where the agent is, as the edge saw it: an address, or a name that says that it is not known. */
export function sourceEndpoint(address: string): Record<string, unknown> {
  const [bare = ""] = address.split("%");
  // 40 characters are the schema's bound of an address.
  if (isIP(bare) !== 0 && bare.length <= 40) return { ip: bare };
  return { name: address === "" ? "unknown" : bounded(address, NAME) };
}

/** The target: its name at the edge, and the address behind it where the connector has told that. */
export function targetEndpoint(
  target: string,
  reached: { host: string; port: number } | null,
): Record<string, unknown> {
  const name = bounded(target, NAME);
  if (reached === null) return { name, svc_name: name };
  const { host, port } = reached;
  const isPort = Number.isInteger(port) && port >= 0 && port <= 0xffff;
  return {
    name,
    svc_name: name,
    ...(isIP(host) === 0 ? { hostname: bounded(host, NAME) } : { ip: host }),
    ...(isPort && { port }),
  };
}
