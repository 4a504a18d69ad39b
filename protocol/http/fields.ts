import { canonicalName } from "./field-name.ts";
import type { Fields } from "./head.ts";
import { isOverride } from "./overrides.ts";

type Lines = Iterable<readonly [name: string, value: string]>;

/** For one connection alone (RFC 9110 section 7.6.1), and what a WebSocket's handshake is made of, which each hop makes anew. */
const HOP_BY_HOP = namesOf(
  "connection keep-alive proxy-connection te transfer-encoding upgrade http2-settings",
  "sec-websocket-key sec-websocket-version sec-websocket-extensions sec-websocket-protocol sec-websocket-accept",
);

/** What proves who the agent is, or says as whom to act: the connector has its own. */
const CREDENTIALS = namesOf(
  "authorization cookie cookie2 impersonate-user impersonate-group impersonate-uid",
  "x-amz-security-token x-amz-date x-amzn-authorization",
  "x-client-cert ssl-client-cert x-ssl-client-cert",
);
const CREDENTIAL_PREFIXES = ["impersonate-", "x-remote-"];

/** What the way to the edge has added, or what claims to come from such a way; `host` each hop sets by itself. */
const ROUTE = namesOf(
  "host expect forwarded x-real-ip x-client-ip x-cluster-client-ip true-client-ip fastly-client-ip",
  "cdn-loop x-amzn-trace-id max-forwards",
);
const ROUTE_PREFIXES = ["proxy-", "cf-", "x-forwarded-", "sallyport-"];

/** What `Connection` can't take off: without them the message would be another one. */
const ESSENTIAL = /^(?:content-.*|if-.*|accept(?:-.*)?|range|cache-control|prefer|date|etag|location|vary)$/;

/** What a response may not do to an agent: be remembered for the edge's origin, steer what stands before the edge, ask for a credential. */
const TARGET_ONLY = namesOf(
  "set-cookie set-cookie2 www-authenticate authentication-info",
  "alt-svc strict-transport-security public-key-pins public-key-pins-report-only expect-ct clear-site-data",
  "nel report-to reporting-endpoints service-worker-allowed",
  "x-accel-redirect x-accel-charset x-accel-expires x-accel-limit-rate x-sendfile x-lighttpd-send-file",
  "cdn-cache-control cloudflare-cdn-cache-control surrogate-control cdn-loop",
);
const TARGET_ONLY_PREFIXES = ["proxy-", "cf-", "sallyport-"];

/**
 * The fields of an agent's request that become part of its head: names in lower case, without those for one connection
 * alone, credentials, and what tells of the way to the edge. Names that differ in `_` for `-` alone are taken for the
 * same, as many servers do. `te` stays where it has `trailers`, with that alone; `content-length` stays for the
 * connector, which reads all strictly (`reading.ts`): nothing is checked here. Twice is as once.
 */
export function agentFields(lines: Lines): Fields {
  return kept(lines, (name) => {
    if (HOP_BY_HOP.has(name) || CREDENTIALS.has(name) || ROUTE.has(name)) return false;
    return !startsWithAny(name, CREDENTIAL_PREFIXES) && !startsWithAny(name, ROUTE_PREFIXES);
  });
}

/** The fields of a target's response that go to the agent, in the same form. The location is told as it came. */
export function targetFields(lines: Lines): Fields {
  return kept(
    lines,
    (name) => !HOP_BY_HOP.has(name) && !TARGET_ONLY.has(name) && !startsWithAny(name, TARGET_ONLY_PREFIXES),
  );
}

/**
 * The subprotocols of a WebSocket that an agent asks for: the members of `Sec-WebSocket-Protocol`, without those
 * by which Kubernetes takes a bearer token.
 */
export function agentSubprotocols(value: string | null): string[] {
  return members(value ?? "").filter((name) => !isBearerSubprotocol(name));
}

/**
 * Whether it can be a subprotocol: a token of at most 256 characters, in which slashes may stand, too, as in Kubernetes'
 * `SPDY/3.1+portforward.k8s.io` (k8s.io/apimachinery/pkg/util/portforward).
 */
export function isSubprotocol(name: unknown): name is string {
  return typeof name === "string" && /^[!#$%&'*+.^_`|~0-9A-Za-z/-]{1,256}$/.test(name);
}

/** Whether a subprotocol is a credential (k8s.io/apiserver/pkg/authentication/request/websocket). */
export function isBearerSubprotocol(name: string): boolean {
  return name.toLowerCase().startsWith("base64url.bearer.authorization.");
}

/** What can't stand in trailers (RFC 9110 section 6.5.1): framing, routing, modifiers, authentication, about the content. */
const NO_TRAILERS =
  /^(?:content-(?:length|type|encoding|range|location|disposition)|trailer|if-.*|range|cache-control|pragma|accept(?:-.*)?|age|date|expires|location|retry-after|vary|warning|etag|origin|referer|access-control-.*)$/;

/** The fields of trailers that may stand there, in either direction; the others are dropped, as a recipient may. */
export function trailerFields(lines: Lines): Fields {
  return targetFields(agentFields(lines)).filter(([name]) => {
    const canonical = canonicalName(name);
    return canonical !== "te" && !NO_TRAILERS.test(canonical) && !isOverride(name);
  });
}

/** Whether a field is of one connection alone, however its name is spelled. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(canonicalName(name));
}

/** The value of the only field of the name; null where there is none, or more than one. */
export function fieldValue(fields: Fields, name: string): string | null {
  const lines = fields.filter(([one]) => one === name);
  return lines.length === 1 ? lines[0]![1] : null;
}

function kept(lines: Lines, stays: (name: string) => boolean): Fields {
  const all = [...lines].map(([name, value]) => [name.toLowerCase(), trimmed(value)] as const);
  const nominated = new Set<string>();
  for (const [name, value] of all) {
    if (canonicalName(name) !== "connection") continue;
    for (const member of members(value)) nominated.add(canonicalName(member));
  }
  const fields: (readonly [string, string])[] = [];
  for (const line of all) {
    const name = canonicalName(line[0]);
    if (stays(name) && (!nominated.has(name) || ESSENTIAL.test(name))) fields.push(line);
  }
  if (all.some(([name, value]) => name === "te" && acceptsTrailers(value))) fields.push(["te", "trailers"]);
  return fields;
}

function acceptsTrailers(value: string): boolean {
  return members(value).some((member) => member.toLowerCase() === "trailers");
}

/** Members of a list (RFC 9110 section 5.6.1); empty ones are none. */
function members(value: string): string[] {
  return value
    .split(",")
    .map(trimmed)
    .filter((member) => member !== "");
}

/** Without optional blanks (RFC 9110 section 5.6.3), and no others. */
function trimmed(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value[start])) start++;
  while (end > start && isBlank(value[end - 1])) end--;
  return value.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

function startsWithAny(name: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => name.startsWith(prefix));
}

function namesOf(...lines: string[]): ReadonlySet<string> {
  return new Set(lines.join(" ").split(" "));
}
