import { createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What becomes of a request: `ok`; a status; `lost`: it is taken, and the connection is dropped before it is said;
 * `dropped`: it is not taken, and dropped; `hang`: it is not answered until the receiver stops.
 */
export type Mode = "ok" | "lost" | "dropped" | "hang" | { status: number; retryAfterS?: number };

export type Told = Record<string, unknown> & { metadata: { uid: string; correlation_uid?: string } };

export interface Receiver {
  /** Its address, without a path. */
  url: URL;
  /** Events in the order in which they were taken; the same may be there again. */
  events: Told[];
  /** Why requests were refused that a right sender would not send. */
  complaints: string[];
  /** Requests that came, whatever became of them. */
  requests: number;
  /** What becomes of the next requests, one after another; then `ok`. */
  modes: Mode[];
  /** Taken events by `metadata.uid`. */
  uids(): Set<string>;
  /** Resolves when the condition holds; it is asked after each request. */
  until(condition: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

/** What a kind of receiver makes of a request: the events, or its refusal. */
type Read = (
  request: IncomingMessage,
  body: string,
) => { events: Told[] } | { status: number; answer: string; complaint: string };

/** Splunk's HTTP Event Collector, as strict as it is there. */
export function startHec(token: string): Promise<Receiver> {
  return start((request, body) => {
    const refuse = (status: number, code: number, text: string, more = {}) => ({
      status,
      answer: JSON.stringify({ text, code, ...more }),
      complaint: `${code}: ${text}`,
    });
    if (request.method !== "POST" || request.url !== "/services/collector/event")
      return refuse(404, 404, "The requested URL was not found on this server.");
    const { authorization } = request.headers;
    if (authorization === undefined) return refuse(401, 2, "Token is required");
    if (!authorization.startsWith("Splunk ")) return refuse(401, 3, "Invalid authorization");
    if (authorization !== `Splunk ${token}`) return refuse(403, 4, "Invalid token");
    if (body.trim() === "") return refuse(400, 5, "No data");
    const events: Told[] = [];
    for (const [number, text] of objectsOf(body).entries()) {
      const wrong = { "invalid-event-number": number };
      const envelope = parsed(text);
      if (envelope === null) return refuse(400, 6, "Invalid data format", wrong);
      if (!("event" in envelope)) return refuse(400, 12, "Event field is required", wrong);
      if (envelope.event === "" || envelope.event === null)
        return refuse(400, 13, "Event field cannot be blank", wrong);
      if (typeof envelope.time !== "number") return refuse(400, 6, "Invalid data format", wrong);
      if (typeof envelope.host !== "string" || typeof envelope.sourcetype !== "string")
        return refuse(400, 6, "Invalid data format", wrong);
      events.push(envelope.event as Told);
    }
    return { events };
  }, '{"text":"Success","code":0}');
}

/** A receiver of Standard Webhooks 1.0.0 that checks what the specification asks it to. */
export function startWebhook(secret: string): Promise<Receiver> {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  return start((request, body) => {
    const refuse = (complaint: string) => ({ status: 401, answer: "", complaint });
    const {
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": signature,
    } = request.headers;
    if (typeof id !== "string" || typeof timestamp !== "string" || typeof signature !== "string")
      return refuse("a header is missing");
    if (id.includes(".")) return refuse("the id has a full stop");
    if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > 300) return refuse("the timestamp is not of now");
    const expected = Buffer.from(
      createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64"),
    );
    const isRight = signature.split(" ").some((one) => {
      const given = Buffer.from(one.startsWith("v1,") ? one.slice(3) : "");
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
    if (!isRight) return refuse("the signature is wrong");
    const { type, data } = (parsed(body) ?? {}) as { type?: string; data?: Told[] };
    if (type !== "ocsf.events" || !Array.isArray(data)) return refuse("the body is none");
    return { events: data };
  }, "");
}

async function start(read: Read, answer: string): Promise<Receiver> {
  const waiting = new Set<() => void>();
  const hanging = new Set<ServerResponse>();
  const server = createServer(async (request, response) => {
    let body = "";
    request.setEncoding("utf8");
    for await (const chunk of request) body += chunk;
    receiver.requests++;
    const mode = receiver.modes.shift() ?? "ok";
    const outcome = read(request, body);
    if ("complaint" in outcome) {
      receiver.complaints.push(outcome.complaint);
      response.writeHead(outcome.status, { "content-type": "application/json" }).end(outcome.answer);
    } else if (typeof mode === "object") {
      const headers = mode.retryAfterS === undefined ? {} : { "retry-after": String(mode.retryAfterS) };
      response.writeHead(mode.status, headers).end('{"text":"Server is busy","code":9}');
    } else if (mode === "hang") hanging.add(response);
    else {
      if (mode !== "dropped") receiver.events.push(...outcome.events);
      if (mode === "ok") response.writeHead(200, { "content-type": "application/json" }).end(answer);
      else request.socket.destroy();
    }
    for (const check of waiting) check();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const receiver: Receiver = {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    events: [],
    complaints: [],
    requests: 0,
    modes: [],
    uids: () => new Set(receiver.events.map(({ metadata }) => metadata.uid)),
    until: (condition) =>
      new Promise((resolve) => {
        const check = () => {
          if (!condition()) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    async stop() {
      for (const response of hanging) response.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
  return receiver;
}

/** The JSON objects that stand one after another in a body, with or without blanks between them. */
function objectsOf(body: string): string[] {
  const objects: string[] = [];
  let depth = 0;
  let start = 0;
  let isText = false;
  for (let at = 0; at < body.length; at++) {
    const character = body[at];
    if (isText) {
      if (character === "\\") at++;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === "{" && depth++ === 0) start = at;
    else if (character === "}" && --depth === 0) objects.push(body.slice(start, at + 1));
  }
  return depth === 0 ? objects : [...objects, body.slice(start)];
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
