import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { SallyportError } from "../../protocol/errors.ts";

/**
 * Whether a request to the local listener may come from where it says. Everything that runs on this machine may use the
 * listener, but a browser is the exception: pages of any site can make it send requests to a loopback port.
 *
 * - A site whose name its owner points at 127.0.0.1 (DNS rebinding) is of the same origin for the browser, and could
 *   read what comes back. It shows in `Host`, which has that name: only addresses of the loopback and `localhost` are taken.
 * - Any other page can send requests, though not read the answers. It shows in `Origin` (of all that isn't a plain GET,
 *   and of WebSockets, which no same-origin policy stops) and in `Sec-Fetch-Site`, which browsers set and pages can't.
 *   `same-site` is another port of this machine: some other program's page.
 *
 * Throws `forbidden`, or `invalid_request` for a `Host` that is none.
 */
export function checkOrigin(request: IncomingMessage, listening: string): void {
  const host = single(request, "host");
  // HTTP/1.0 knew none, and no browser speaks it (RFC 9112 section 3.2).
  if (host === null && request.httpVersionMinor === 0) return;
  const name = host === null ? null : hostName(host);
  if (host === null || name === null)
    throw new SallyportError("invalid_request", "The field Host is malformed, or there is none.");
  if (!isOfThisMachine(name, listening.toLowerCase())) {
    throw new SallyportError(
      "forbidden",
      "This listener does not go by the name that the request was sent to.",
      "Use its address, or localhost.",
    );
  }
  const site = single(request, "sec-fetch-site");
  const origin = single(request, "origin");
  const isForeign =
    (site !== null && site !== "same-origin" && site !== "none") ||
    (origin !== null && origin.toLowerCase() !== `http://${host.toLowerCase()}`);
  if (isForeign) {
    throw new SallyportError(
      "forbidden",
      "Pages of other sites may not use this listener through a browser.",
      "Programs send no Origin, or that of the listener itself.",
    );
  }
}

/** The value of a field; several are joined, and are then nothing that is taken. */
function single({ rawHeaders }: IncomingMessage, name: string): string | null {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]!.toLowerCase() === name) values.push(rawHeaders[index + 1]!);
  }
  return values.length === 0 ? null : values.join(", ");
}

/** Without its port (RFC 3986 section 3.2), in lower case; an IPv6 address without brackets. Null where it is malformed. */
function hostName(host: string): string | null {
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::\d{1,5})?$/.exec(host);
  if (!match) return null;
  const [, address, name] = match;
  return address !== undefined && isIP(address) !== 6 ? null : (address ?? name!).toLowerCase();
}

/**
 * Addresses other than those of the loopback count only where they are listened on: to `0.0.0.0` and to IPv4 written as
 * IPv6, which lead to the loopback too, browsers send no `Sec-Fetch-Site`, as they take them for no secure origin.
 */
function isOfThisMachine(name: string, listening: string): boolean {
  if (name === listening || isLocalName(name)) return true;
  if (isIP(name) === 0) return false;
  return name === "::1" || /^127\./.test(name) || listening === "0.0.0.0" || listening === "::";
}

/** RFC 6761 section 6.3. */
function isLocalName(name: string): boolean {
  const plain = name.endsWith(".") ? name.slice(0, -1) : name;
  return plain === "localhost" || plain.endsWith(".localhost");
}
