import { SallyportError } from "../../protocol/errors.ts";
import { agentFields, agentSubprotocols } from "../../protocol/http/fields.ts";
import {
  type Fields,
  MAX_FIELDS,
  MAX_TARGET,
  type RequestHead,
  TRACE_FIELD,
  UPGRADE_FIELD,
} from "../../protocol/http/head.ts";
import { type TraceContext, traceparentOf } from "../../protocol/trace-context.ts";

/** Carries a `RequestHead` from the Worker to the session's object: nothing else of the agent's fields goes there. */
export const EXCHANGE_HEADER = "sallyport-exchange";
/** The object's answer that it has not looked at the request, because its session has ended. */
export const REFUSED_HEADER = "sallyport-refused";

/** Where a request to `/t/NAME…` wants to go. */
export interface Place {
  /** The target's name; empty where there is none of that form. */
  name: string;
  /** `/t/NAME`. */
  base: string;
  /** Path and query after it, exactly as they were sent. */
  target: string;
}

/**
 * Whether a URL is one of an exchange; else null. The URL is taken apart as text, as the runtime gives it: nothing of
 * it is decoded, joined or resolved, so that the connector judges what the agent has sent.
 */
export function placeOf(url: string): Place | null {
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "").replace(/#.*$/s, "");
  const found = /^\/t\/([^/?]*)(.*)$/s.exec(path);
  if (!found) return null;
  const [, name = "", rest = ""] = found;
  return {
    name: /^[a-z][a-z0-9-]{0,62}$/.test(name) ? name : "",
    base: `/t/${name}`,
    target: rest.startsWith("/") ? rest : `/${rest}`,
  };
}

/** The head of a request's exchange; `span` is the edge's own of it, where it makes one. Throws `invalid_request` for a path that is too long or not printable ASCII, and no host. */
export function requestHead(
  request: Request,
  { base, target }: Place,
  span: TraceContext | null = null,
): RequestHead {
  if (target.length > MAX_TARGET)
    throw new SallyportError("invalid_request", `the path has more than ${MAX_TARGET} characters`);
  if (!/^[!-~]*$/.test(target))
    throw new SallyportError("invalid_request", "the path has characters that must be percent-encoded");
  // Two `Host` fields make a URL of no host.
  if (!URL.canParse(request.url))
    throw new SallyportError("invalid_request", "the Host field does not name one host");
  const { headers, method } = request;
  const fields = withSpan(agentFields(headers), span);
  const head = { method, target, base };
  const upgrade = (headers.get("upgrade") ?? "").toLowerCase().trim();
  if (upgrade === "websocket") {
    const subprotocols = agentSubprotocols(headers.get("sec-websocket-protocol"));
    return { ...head, fields, body: false, websocket: { subprotocols } };
  }
  const body = request.body !== null && method !== "HEAD";
  return { ...head, fields: withSpdy(fields, upgrade), body };
}

/** A request that has about as many fields as may be goes without. */
function withSpan(fields: Fields, span: TraceContext | null): Fields {
  if (span === null || fields.length >= MAX_FIELDS - 1) return fields;
  return [...fields, [TRACE_FIELD, traceparentOf(span)]];
}

/** Of other protocols than SPDY the connector need not hear: a server may pass over `Upgrade` (RFC 9110 section 7.8). */
function withSpdy(fields: Fields, upgrade: string): Fields {
  return /^spdy\/[0-9.]{1,8}$/.test(upgrade) ? [...fields, [UPGRADE_FIELD, upgrade]] : fields;
}

/**
 * The request as the session's object gets it. Its method says only whether there is a body; whatever fields the agent
 * sent are in the head, and none of them can be taken for one of ours.
 */
export function handedOver(request: Request, session: string, head: RequestHead): Request {
  const headers = new Headers({ [EXCHANGE_HEADER]: asciiJson(head) });
  if (head.websocket) headers.set("upgrade", "websocket");
  // With the edge's own host, which a target's redirect must not name.
  const { host } = new URL(request.url);
  return new Request(`https://${host}/exchange/${session}`, {
    method: head.method === "HEAD" ? "HEAD" : head.body ? "POST" : "GET",
    headers,
    ...(head.body && { body: request.body }),
    // A target's redirect is for the agent: followed here, it would lead to the object itself.
    redirect: "manual",
    signal: request.signal,
  });
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * The request's `Authorization` as a bearer's. Of Basic (RFC 7617) the password is the token, for tools that know
 * nothing else; not from a browser, which sends a password by itself once it has one, wherever a page sends it. Throws
 * `unauthenticated`.
 */
export function bearerOf({ headers }: Request): string {
  const value = headers.get("authorization") ?? "";
  const [, basic] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(value) ?? [];
  if (basic === undefined) return value;
  if (headers.has("sec-fetch-site") || headers.has("sec-fetch-mode") || headers.has("origin")) {
    throw new SallyportError(
      "unauthenticated",
      "a password from a browser is not taken",
      "Send `Authorization: Bearer TOKEN`.",
    );
  }
  const pair = Buffer.from(basic, "base64").toString("latin1");
  return `Bearer ${pair.slice(pair.indexOf(":") + 1)}`;
}
