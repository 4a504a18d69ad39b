import type { Env } from "./environment.ts";

/** Characters of an address: the longest IPv6 form with its zone. */
const MAX_ADDRESS = 64;

/**
 * The agent's address as the edge sees it. Only a header that the configuration names is believed: any client can send
 * any header to a bare edge.
 */
export function addressOf({ headers }: Request, { ADDRESS_HEADER }: Pick<Env, "ADDRESS_HEADER">): string {
  return (ADDRESS_HEADER && headers.get(ADDRESS_HEADER)?.slice(0, MAX_ADDRESS)) || "unknown";
}
