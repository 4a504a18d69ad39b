import { createHash } from "node:crypto";
import type { RequestQuestion } from "../../approval/approval.ts";
import { requestDigest } from "../../approval/digest.ts";
import type { EndCode } from "../../close-reason.ts";
import { encodeReset } from "../../exchange-payload.ts";
import { FRAME_HEADER, FrameFlag, FrameType } from "../../frame.ts";
import { requestInfo } from "../../kubernetes/reading-request-info.ts";
import type { Approve, Block } from "../../policy/decision.ts";
import { Composer, HELD } from "../../recording/testing.ts";
import type { RecordedEntry } from "../../recording.ts";
import { generateKey } from "../../signatures.ts";
import type { ExchangeFacts, HttpFacts } from "../facts.ts";
import type { Fields, RequestHead, ResponseHead } from "../head.ts";
import type { HttpRequest } from "../request.ts";
import { HttpTranscript, type HttpTranscriptEvent } from "./transcript.ts";

export const SESSION = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";
const KEYS = [await generateKey(), await generateKey()] as const;

export const BLOCKED: Block = { verdict: "block", policies: ["no"], reason: "not here" };

const DECIDED = { event: "approval_decided", reason: null, until: null, under: null } as const;

export function requestOf(method: string, target: string, part: Partial<HttpRequest> = {}): HttpRequest {
  const base = { type: "http", method, target, contentType: null, body: null } as const;
  return { ...base, streamed: false, fields: [], websocket: false, kubernetes: null, ...part };
}

export function bodyOf(text: string): NonNullable<HttpRequest["body"]> {
  const bytes = Buffer.from(text);
  return { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex"), text };
}

export function factsOf(path: string, part: Partial<HttpFacts> = {}): HttpFacts {
  return { type: "http", path, query: [], bodyForm: "none", fields: [], opaque: [], ...part };
}

/** Composes recorded HTTP and Kubernetes sessions for tests. `exchange`: the latest by default. */
export class HttpScene {
  readonly composer: Composer;
  #exchanges = 0;
  #approvals = 0;

  constructor(kind: "http" | "kubernetes" = "http", session = SESSION) {
    this.composer = new Composer(session, ...KEYS).kind(kind);
    this.composer.facts.target = "shop";
    this.composer.opened().joined();
  }

  wait(ms: number): this {
    this.composer.wait(ms);
    return this;
  }

  /** An exchange begins; with a body, all of it, if one is given. */
  asked(method: string, target: string, body?: string | Uint8Array, part: Partial<RequestHead> = {}): this {
    const head = { method, target, base: "/t/shop", fields: [], body: body !== undefined, ...part };
    this.head("agent", head, ++this.#exchanges);
    if (body !== undefined) this.bytes("agent", body);
    return part.websocket ? this : this.end("agent");
  }

  /** The request goes to the target. */
  sent(request: HttpRequest, facts: ExchangeFacts | null = null, exchange = this.#exchanges): this {
    const impersonated = request.kubernetes === null ? null : "corp/alice";
    this.composer.connector({ event: "exchange_sent", exchange, request, facts, impersonated });
    return this;
  }

  judged(
    request: HttpRequest,
    decision: Approve | Block = BLOCKED,
    facts: ExchangeFacts | null = null,
    unreadable: string | null = null,
    exchange = this.#exchanges,
  ): this {
    this.composer.connector({ event: "exchange_judged", exchange, request, decision, facts, unreadable });
    return this;
  }

  held(request: HttpRequest, actions = ["http:post"]): this {
    const { policies, reason, approvals, expiresMs, lastsMs, scope } = HELD;
    const question: RequestQuestion = {
      kind: "request",
      ...{ policies, reason, approvals, expiresMs, lastsMs, scope },
      account: "",
      actions,
      request,
      sha256: requestDigest("", request),
      fingerprint: "cd".repeat(32),
    };
    this.composer.ask({ event: "approval_asked", approval: ++this.#approvals, question });
    return this;
  }

  decided(status: "approved" | "denied", approval = this.#approvals): this {
    this.composer.edge({ ...DECIDED, approval, status, by: ["corp/dana"] });
    if (status === "approved") this.composer.ask({ event: "approval_used", approval });
    return this;
  }

  /** A whole response. */
  answered(
    status: number,
    body: string | Uint8Array = "",
    fields: Fields = [],
    exchange = this.#exchanges,
  ): this {
    this.head("target", { status, fields }, exchange);
    if (body.length > 0) this.bytes("target", body, exchange);
    return this.end("target", exchange);
  }

  head(side: "agent" | "target", head: RequestHead | ResponseHead, exchange = this.#exchanges): this {
    return this.#stream(side, FrameType.data, FrameFlag.head, exchange, JSON.stringify(head));
  }

  bytes(side: "agent" | "target", bytes: string | Uint8Array, exchange = this.#exchanges): this {
    return this.#stream(side, FrameType.data, 0, exchange, bytes);
  }

  message(
    side: "agent" | "target",
    bytes: string | Uint8Array,
    part: { text?: boolean; goesOn?: boolean } = {},
    exchange = this.#exchanges,
  ): this {
    const text = part.text ? FrameFlag.text : 0;
    return this.#stream(side, FrameType.data, text | (part.goesOn ? FrameFlag.partial : 0), exchange, bytes);
  }

  end(side: "agent" | "target", exchange = this.#exchanges, payload: string | Uint8Array = ""): this {
    return this.#stream(side, FrameType.end, 0, exchange, payload);
  }

  trailers(side: "agent" | "target", fields: Fields, exchange = this.#exchanges): this {
    return this.#stream(side, FrameType.end, FrameFlag.head, exchange, JSON.stringify(fields));
  }

  reset(side: "agent" | "target", code: EndCode, reason: string, exchange = this.#exchanges): this {
    const payload = encodeReset(exchange, code, reason).subarray(FRAME_HEADER);
    return this.#stream(side, FrameType.reset, 0, exchange, payload);
  }

  /** An exec that has been let through, in a terminal or not. */
  exec(command: string[], terminal = true): this {
    const query = [...command.map((word) => `command=${encodeURIComponent(word)}`), `tty=${terminal}`].join(
      "&",
    );
    const target = `/api/v1/namespaces/shop/pods/web/exec?${query}`;
    this.asked("GET", target, undefined, { websocket: { subprotocols: ["v5.channel.k8s.io"] } });
    const kubernetes = requestInfo("GET", target);
    this.sent(requestOf("GET", target, { websocket: true, kubernetes }));
    return this.head("target", { status: 101, fields: [], subprotocol: "v5.channel.k8s.io" });
  }

  /** A message of an exec's channel. */
  channel(
    side: "agent" | "target",
    channel: number,
    bytes: string | Uint8Array,
    exchange = this.#exchanges,
  ): this {
    return this.message(side, Buffer.concat([Buffer.of(channel), Buffer.from(bytes)]), {}, exchange);
  }

  get entries(): RecordedEntry[] {
    return this.composer.entries;
  }

  get events(): HttpTranscriptEvent[] {
    const transcript = new HttpTranscript();
    return this.entries.flatMap((entry) => transcript.push(entry));
  }

  /** The events without times, and without those that begin every session. */
  get told(): object[] {
    return this.events.slice(2).map(({ seq: _, time: __, ...event }) => event);
  }

  #stream(
    side: "agent" | "target",
    type: FrameType,
    flags: number,
    exchange: number,
    payload: string | Uint8Array,
  ): this {
    this.composer.stream(side, type, flags, exchange, Buffer.from(payload));
    return this;
  }
}
