import { STATUS_CODES } from "node:http";
import type { Entry } from "../../../protocol/entry.ts";
import { fieldValue } from "../../../protocol/http/fields.ts";
import type { Fields, RequestHead, ResponseHead } from "../../../protocol/http/head.ts";
import { apiText } from "../../../protocol/http/request-text.ts";
import {
  HttpTranscript,
  type HttpTranscriptEvent,
  type Side,
} from "../../../protocol/http/transcript/transcript.ts";
import { addMasked } from "../masking-words.ts";
import { refusalText } from "../request-words.ts";
import { UnnamedFile } from "../unnamed-file.ts";
import { openObject, stringOf } from "./har-text.ts";
import { Spooled } from "./spool.ts";

/** Interim responses that are kept of one exchange. */
const MAX_INTERIM = 20;

/** Characters that wait before they are written. */
const WRITE_AT = 64 * 1024;

/** An exchange that is not over. */
interface Open {
  number: number;
  begun: number;
  head: RequestHead;
  response: { head: ResponseHead; after: number } | null;
  interim: ResponseHead[];
  trailers: Record<Side, Fields | null>;
  bodies: Record<Side, Spooled>;
  /** JSON of the messages of a WebSocket, with commas between. */
  messages: Spooled;
  /** Of each side the message that goes on. */
  message: Record<Side, { begun: number; bytes: Spooled } | null>;
  duration: number;
  /** Members that HAR does not know, which begin with `_`. */
  own: Record<string, unknown>;
  masked: Map<string, number>;
}

type Write = (text: string) => Promise<void>;

/**
 * Writes the exchanges of a recorded session as HAR 1.2 (https://w3c.github.io/web-performance/specs/HAR/Overview.html),
 * each when it is over. Bodies are whole: text where they are UTF-8, else base64. Memory is bounded: what is long waits
 * in a temporary file.
 */
export async function writeHar(
  entries: AsyncIterable<Entry>,
  creator: string,
  write: Write,
): Promise<number> {
  const file = await UnnamedFile.open();
  const out = new Gathered(write);
  try {
    const har = new Har(file, (text) => out.write(text));
    const log = { version: "1.2", creator: { name: "sallyport", version: creator } };
    await out.write(`{"log":${openObject(log)},"entries":[\n`);
    const transcript = new HttpTranscript();
    for await (const entry of entries) {
      for (const event of transcript.push(entry)) await har.take(event);
    }
    await har.end();
    await out.write("\n]}}\n");
    await out.flush();
    return har.written;
  } finally {
    await file.close();
  }
}

/** Makes many short texts a few long ones. */
class Gathered {
  readonly #write: Write;
  #waiting: string[] = [];
  #size = 0;

  constructor(write: Write) {
    this.#write = write;
  }

  async write(text: string): Promise<void> {
    this.#waiting.push(text);
    this.#size += text.length;
    if (this.#size > WRITE_AT) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#waiting.join("");
    this.#waiting = [];
    this.#size = 0;
    await this.#write(text);
  }
}

class Har {
  readonly #file: UnnamedFile;
  readonly #write: Write;
  readonly #open = new Map<number, Open>();
  #host = "target";
  written = 0;

  constructor(file: UnnamedFile, write: Write) {
    this.#file = file;
    this.#write = write;
  }

  async take(event: HttpTranscriptEvent): Promise<void> {
    if (event.type === "edge") {
      if (event.event.event === "opened") this.#host = encodeURIComponent(event.event.facts.target);
      return;
    }
    if (event.type === "request") {
      this.#begin(event);
      return;
    }
    const open = "exchange" in event && event.exchange !== null ? this.#open.get(event.exchange) : undefined;
    if (!open) return;
    switch (event.type) {
      case "response":
        if (event.head.status >= 200 || event.head.status === 101) {
          open.response = { head: event.head, after: event.duration };
        } else if (open.interim.length < MAX_INTERIM) open.interim.push(event.head);
        break;
      case "bytes":
        await open.bodies[event.from].add(event.bytes);
        break;
      case "message":
        await this.#message(open, event);
        break;
      case "end":
        open.trailers[event.from] = event.trailers;
        if (event.close) open.own[`_closedBy${event.from === "agent" ? "Agent" : "Target"}`] = event.close;
        if (event.from === "target") open.duration = event.duration;
        break;
      case "reset":
        open.duration = event.duration;
        open.own._reset = { by: event.by, code: event.code, reason: event.reason };
        break;
      case "sent":
        if (event.request.kubernetes) open.own._kubernetes = apiText(event.request.kubernetes);
        if (event.impersonated !== null) open.own._impersonated = event.impersonated;
        break;
      case "judged":
        open.own._refused = refusalText(event.decision);
        open.own._policies = event.decision.policies;
        break;
      case "failed":
        open.own._failed = `${event.code}: ${event.message}`;
        break;
      case "masked":
        addMasked(open.masked, event.fields);
        break;
      case "approval":
        if (event.entry.event === "approval_decided") {
          const { status, by, reason } = event.entry;
          open.own._approval = { status, by, reason };
        }
        break;
      case "over":
        open.own._outcome = event.outcome;
        await this.#close(open);
    }
  }

  /** What has no end in the recording. */
  async end(): Promise<void> {
    for (const open of [...this.#open.values()]) {
      open.own._outcome = "unfinished";
      await this.#close(open);
    }
  }

  #begin({ exchange: number, time: begun, head }: Extract<HttpTranscriptEvent, { type: "request" }>): void {
    this.#open.set(number, {
      number,
      begun,
      head,
      response: null,
      interim: [],
      trailers: { agent: null, target: null },
      bodies: { agent: new Spooled(this.#file), target: new Spooled(this.#file) },
      messages: new Spooled(this.#file),
      message: { agent: null, target: null },
      duration: 0,
      own: {},
      masked: new Map(),
    });
  }

  async #message(
    open: Open,
    { from, time, isText, goesOn, bytes }: Extract<HttpTranscriptEvent, { type: "message" }>,
  ): Promise<void> {
    const message = open.message[from] ?? { begun: time, bytes: new Spooled(this.#file) };
    open.message[from] = goesOn ? message : null;
    await message.bytes.add(bytes);
    if (!goesOn) await addMessage(open.messages, from, isText, message);
  }

  async #close(open: Open): Promise<void> {
    this.#open.delete(open.number);
    const { head, response, bodies, begun, duration, own, interim, masked } = open;
    const wait = response?.after ?? duration;
    await this.#write(this.written++ === 0 ? "" : ",\n");
    const entry = { startedDateTime: new Date(begun).toISOString(), time: duration };
    await this.#write(`${openObject(entry)},"request":`);
    await this.#request(head, bodies.agent);
    await this.#write(',"response":');
    await this.#response(response?.head ?? NO_RESPONSE, bodies.target);
    const timings = { send: 0, wait, receive: Math.max(0, duration - wait) };
    const rest = {
      cache: {},
      timings,
      _exchange: open.number,
      ...own,
      ...(interim.length > 0 && { _interim: interim }),
      ...(masked.size > 0 && { _masked: Object.fromEntries(masked) }),
      ...(open.trailers.agent && { _requestTrailers: open.trailers.agent }),
      ...(open.trailers.target && { _responseTrailers: open.trailers.target }),
    };
    await this.#write(`,${openObject(rest).slice(1)}`);
    if (open.messages.size > 0) {
      await this.#write(',"_resourceType":"websocket","_webSocketMessages":[');
      const decoder = new TextDecoder();
      for await (const chunk of open.messages.chunks())
        await this.#write(decoder.decode(chunk, { stream: true }));
      await this.#write("]");
    }
    await this.#write("}");
  }

  async #request({ method, target, fields }: RequestHead, body: Spooled): Promise<void> {
    const request = {
      method,
      url: `http://${this.#host}${target}`,
      httpVersion: "HTTP/1.1",
      cookies: [],
      headers: headers(fields),
      queryString: queryOf(target),
      headersSize: -1,
      bodySize: body.size,
    };
    await this.#write(openObject(request));
    if (body.size > 0) {
      const asText = body.isUtf8;
      const mimeType = fieldValue(fields, "content-type") ?? "";
      const data = { mimeType, params: [], ...(!asText && { _encoding: "base64" }) };
      await this.#write(`,"postData":${openObject(data)},"text":"`);
      for await (const part of stringOf(body, asText)) await this.#write(part);
      await this.#write('"}');
    }
    await this.#write("}");
  }

  async #response({ status, fields, subprotocol }: ResponseHead, body: Spooled): Promise<void> {
    const response = {
      status,
      statusText: STATUS_CODES[status] ?? "",
      httpVersion: "HTTP/1.1",
      cookies: [],
      headers: headers(fields),
      redirectURL: fieldValue(fields, "location") ?? "",
      headersSize: -1,
      bodySize: body.size,
      ...(subprotocol !== undefined && { _subprotocol: subprotocol }),
    };
    const asText = body.isUtf8;
    const mimeType = fieldValue(fields, "content-type") ?? "x-unknown";
    const content = { size: body.size, mimeType, ...(!asText && { encoding: "base64" }) };
    await this.#write(`${openObject(response)},"content":${openObject(content)}`);
    if (body.size > 0) {
      await this.#write(',"text":"');
      for await (const part of stringOf(body, asText)) await this.#write(part);
      await this.#write('"');
    }
    await this.#write("}}");
  }
}

/** HAR has a response always; status 0 is what browsers write for none. */
const NO_RESPONSE: ResponseHead = { status: 0, fields: [] };

function headers(fields: Fields): { name: string; value: string }[] {
  return fields.map(([name, value]) => ({ name, value }));
}

function queryOf(target: string): { name: string; value: string }[] {
  const start = target.indexOf("?");
  if (start < 0) return [];
  return [...new URLSearchParams(target.slice(start + 1))].map(([name, value]) => ({ name, value }));
}

/** As browsers' tools write them: `time` in s since 1970, `opcode` of RFC 6455, binary `data` in base64. */
async function addMessage(
  messages: Spooled,
  from: Side,
  isText: boolean,
  { begun, bytes }: { begun: number; bytes: Spooled },
): Promise<void> {
  const comma = messages.size === 0 ? "" : ",";
  const asText = isText && bytes.isUtf8;
  const message = {
    type: from === "agent" ? "send" : "receive",
    time: begun / 1_000,
    opcode: isText ? 1 : 2,
    ...(isText && !asText && { _encoding: "base64" }),
  };
  await messages.add(Buffer.from(`${comma}${openObject(message)},"data":"`));
  for await (const part of stringOf(bytes, asText)) await messages.add(Buffer.from(part));
  await messages.add(Buffer.from('"}'));
}
