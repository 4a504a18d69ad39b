import { APPROVAL_FIELD, type Fields } from "../../protocol/http/head.ts";

/**
 * Fields by which a response speaks for its whole origin, which is the edge's: pages where people approve, and every
 * other target, are there too. Beside those that `targetFields` has taken off already.
 */
const OF_THE_ORIGIN: ReadonlySet<string> = new Set([
  // Remembered by browsers for the origin, or for what comes after.
  "set-cookie",
  "set-cookie2",
  "set-login",
  "clear-site-data",
  "strict-transport-security",
  "public-key-pins",
  "public-key-pins-report-only",
  "expect-ct",
  "alt-svc",
  "accept-ch",
  "critical-ch",
  "nel",
  "report-to",
  "reporting-endpoints",
  "service-worker-allowed",
  "use-as-dictionary",
  "speculation-rules",
  "origin-agent-cluster",
  "origin-trial",
  "activate-storage-access",
  "sec-session-registration",
  "secure-session-registration",
  "sec-session-challenge",
  "secure-session-challenge",
  "sourcemap",
  "x-sourcemap",
  // Asks a person for a password, as if it were the edge that asks.
  "www-authenticate",
  "proxy-authenticate",
  // For caches and servers before the edge.
  "cdn-cache-control",
  "cloudflare-cdn-cache-control",
  "surrogate-control",
  "surrogate-key",
  "cache-tag",
  "x-accel-redirect",
  "x-accel-expires",
  "x-sendfile",
]);
/** Which other origins may read an answer; and attributions, which are of the origin. */
const OF_THE_ORIGIN_PREFIXES = ["access-control-", "attribution-reporting-", "sallyport-"];

/** Directives of `Cache-Control` that let a shared cache keep an answer to a request with a credential (RFC 9111 section 3.5). */
const SHARED = /^(?:public|s-maxage|must-revalidate|proxy-revalidate)\b/i;

/** Where the edge and the target are for the agent: the edge's host, and the path under which the target is. */
export interface OwnPlace {
  host: string;
  base: string;
}

const LOCATIONS: ReadonlySet<string> = new Set(["location", "content-location"]);

/**
 * Whether a URL leads to the edge, but not to this target: whoever followed it would act there with the agent's token,
 * and with 307 or 308 with the body that the target has chosen nothing of, but the address.
 */
function leadsElsewhere(value: string, { host, base }: OwnPlace): boolean {
  const url = URL.parse(value, `https://${host}${base}/`);
  if (url === null) return true;
  if (hostOf(url.host) !== hostOf(host)) return false;
  return url.pathname !== base && !url.pathname.startsWith(`${base}/`);
}

/** Without a port: another port of the edge's host is not this target either. */
function hostOf(host: string): string {
  return host.replace(/:\d+$/, "").toLowerCase();
}

/**
 * A target's response fields as they may leave from the edge's origin. A page among them gets an origin of its own
 * (`sandbox`), so that it can't script against the edge's pages, and is never taken for another type. No shared cache
 * keeps it.
 */
export function originHeaders(fields: Fields, place: OwnPlace): Headers {
  const headers = new Headers();
  const caching: string[] = [];
  for (const [name, value] of fields) {
    if (isOfTheOrigin(name) || (LOCATIONS.has(name) && leadsElsewhere(value, place))) continue;
    if (name === "cache-control") caching.push(...value.split(","));
    else headers.append(name, value);
  }
  const kept = caching.map((directive) => directive.trim()).filter((one) => one !== "" && !SHARED.test(one));
  const privately = kept.some((one) => /^(?:private|no-store)$/i.test(one)) ? kept : [...kept, "private"];
  headers.set("cache-control", privately.join(", "));
  // Policies add up: the target's own holds as well.
  headers.append("content-security-policy", "sandbox");
  headers.set("x-content-type-options", "nosniff");
  return headers;
}

/** The connector's own word on an approval stays; no target's response has it here (`readResponseHead`). */
function isOfTheOrigin(name: string): boolean {
  if (name === APPROVAL_FIELD) return false;
  return OF_THE_ORIGIN.has(name) || OF_THE_ORIGIN_PREFIXES.some((prefix) => name.startsWith(prefix));
}
