/** Where a target is, and what was asked of it. */
export interface Place {
  /** `https://HOST` or `https://HOST:PORT`. */
  origin: string;
  /** `HttpEndpoint.basePath`. */
  basePath: string;
  /** The request's target, without the base path. */
  target: string;
}

/**
 * A URL of a response (`Location`, `Content-Location`, `Link`) as the agent is told it: of the target's own origin
 * below its base path, the path under `base`; of others as it came. Null for what must not be told at all: what is no
 * URL, and paths of the target's that the agent can't reach, which under its own URL would be somebody else's.
 *
 * Relative ones are resolved here (RFC 3986 section 5, as the WHATWG's URL does it). A client would resolve them
 * against the agent's URL, where `/v1/x` and `../../v1/x` lead out of the target and into the edge's own paths, with the
 * agent's token and, after 307 and 308, its body.
 */
export function toldLocation(value: string, place: Place, base: string): string | null {
  const text = Buffer.from(value, "latin1").toString("utf8").trim();
  const asked = URL.parse(`${place.origin}${place.basePath}${place.target}`);
  const url = asked && URL.parse(text, asked);
  if (!url) return null;
  if (url.origin !== new URL(place.origin).origin || !isWeb(url)) {
    // What is written in full every client reads alike; the rest is told as it was understood here.
    return !isWeb(url) || /^https?:\/\/[^/\\]/i.test(text) ? value : url.href;
  }
  const { pathname } = url;
  if (pathname !== place.basePath && !pathname.startsWith(`${place.basePath}/`)) return null;
  const path = pathname.slice(place.basePath.length);
  // With an empty base, `//x` would name a host.
  if (path.startsWith("//")) return null;
  const told = `${base}${path}${url.search}${url.hash}`;
  return told === "" ? "/" : told;
}

function isWeb({ protocol }: URL): boolean {
  return protocol === "https:" || protocol === "http:";
}

/** The same for each URL of a `Link` (RFC 8288 section 3); null where one of them must not be told. */
export function toldLinks(value: string, place: Place, base: string): string | null {
  let isWhole = true;
  const told = value.replace(/<([^<>]*)>/g, (_link, url: string) => {
    const one = toldLocation(url, place, base);
    isWhole &&= one !== null;
    return `<${one}>`;
  });
  return isWhole ? told : null;
}
