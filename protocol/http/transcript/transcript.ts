import { type ApprovalAsk, type ApprovalEvent, isAsk, isByEdge } from "../../approval/approval.ts";
import type { ConnectorEvent, EdgeEvent } from "../../control.ts";
import { type Entry, EntryKind } from "../../entry.ts";
import { SallyportError } from "../../errors.ts";
import { decodeReset } from "../../exchange-payload.ts";
import { decodeHeader, FRAME_HEADER, FrameFlag, type FrameHeader, FrameType } from "../../frame.ts";
import { connectorEvent, edgeEvent } from "../../recording/events.ts";
import type { StreamReset } from "../head.ts";
import type { HttpHappening, HttpTranscriptEvent, Side } from "./events.ts";
import { type Exchange, Exchanges } from "./exchanges.ts";
import { closeFrame, recordedRequest, recordedResponse, recordedTrailers } from "./heads.ts";

export type * from "./events.ts";

/** Bytes of what can't be read that are shown. */
const PREVIEW = 32;

/**
 * Reads a recorded HTTP or Kubernetes session: takes its entries in order, gives what happened. Bodies and messages come
 * in the pieces in which they were recorded, of at most `MAX_PAYLOAD` bytes. Pure; memory is bounded whatever the
 * entries hold (see `MAX_OPEN`), and it never throws for what they hold: what can't be read becomes `undecodable`. It
 * trusts the entries' order, not their content; verifying them is another matter.
 */
export class HttpTranscript {
  readonly #exchanges = new Exchanges();
  #events: HttpTranscriptEvent[] = [];
  #seq = 0;
  #time = 0;

  /** What this entry tells, often nothing. */
  push(entry: Entry): HttpTranscriptEvent[] {
    this.#events = [];
    this.#seq = entry.seq;
    this.#time = entry.time;
    if (entry.kind === EntryKind.edge) this.#edge(edgeEvent(entry.frame), entry.frame);
    else if (entry.kind === EntryKind.connector) this.#connector(entry.frame);
    else this.#frame(entry.kind === EntryKind.agent ? "agent" : "target", entry.frame);
    return this.#events;
  }

  #edge(event: EdgeEvent | null, json: Uint8Array): void {
    if (!event) this.#undecodable("this is no event of the edge", json);
    else if (isByEdge(event)) this.#approval(event);
    else {
      if (event.event === "ended") for (const one of [...this.#exchanges.open]) this.#over(one, "unfinished");
      this.#tell({ type: "edge", event });
    }
  }

  #connector(frame: Uint8Array): void {
    const event = connectorEvent(frame);
    if (!event) this.#undecodable("this is no event of the connector", frame);
    else if (isAsk(event)) this.#approval(event);
    else this.#event(event);
  }

  #approval(entry: ApprovalAsk | ApprovalEvent): void {
    this.#tell({ type: "approval", ...this.#exchanges.approval(entry, this.#time), entry });
  }

  #event(event: ConnectorEvent): void {
    switch (event.event) {
      case "exchange_sent": {
        const { exchange, request, facts, impersonated } = event;
        const known = this.#exchanges.get(exchange);
        if (known) known.state = "sent";
        this.#tell({ type: "sent", exchange, request, facts, impersonated });
        break;
      }
      case "exchange_judged": {
        const { exchange, request, decision, facts, unreadable } = event;
        const known = this.#exchanges.get(exchange);
        const asked = unreadable === null ? known?.state === "asked" : known?.responseAsked;
        if (known) known.state = "judged";
        const afterApproval = asked ?? false;
        this.#tell({ type: "judged", exchange, request, decision, facts, unreadable, afterApproval });
        break;
      }
      case "exchange_masked":
        this.#tell({ type: "masked", exchange: event.exchange, fields: event.fields });
        break;
      case "exchange_failed": {
        const { exchange, code, message } = event;
        this.#tell({ type: "failed", exchange, code, message });
        break;
      }
      default:
        this.#tell({ type: "connector", event });
    }
  }

  #frame(side: Side, frame: Uint8Array): void {
    let header: FrameHeader;
    try {
      header = decodeHeader(frame);
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      this.#undecodable(error.message, frame);
      return;
    }
    const { type, flags, stream } = header;
    const payload = frame.subarray(FRAME_HEADER);
    if (type === FrameType.reset) this.#reset(flags & FrameFlag.edge ? "edge" : side, stream, payload);
    else if (
      type === FrameType.data &&
      side === "agent" &&
      flags & FrameFlag.head &&
      !this.#exchanges.get(stream)
    )
      this.#begin(stream, payload);
    else if (type === FrameType.data || type === FrameType.end) this.#part(side, header, payload);
    else this.#undecodable(`a frame of type ${type} is of no exchange`, frame);
  }

  #begin(stream: number, payload: Uint8Array): void {
    const head = recordedRequest(payload);
    const exchange = head && this.#exchanges.begin(stream, head, this.#time);
    if (!exchange) {
      this.#undecodable("this begins no exchange", payload, stream);
      return;
    }
    this.#tell({ type: "request", exchange: stream, head: exchange.head });
    const { excess } = this.#exchanges;
    if (excess) this.#over(excess, "unfinished");
  }

  #part(side: Side, { type, flags, stream }: FrameHeader, payload: Uint8Array): void {
    const exchange = this.#exchanges.get(stream);
    if (this.#exchanges.isOver(stream)) {
      this.#tell({ type: "late", exchange: stream, from: side, length: payload.length });
    } else if (!exchange || exchange.ended[side]) {
      this.#undecodable("this belongs to no exchange that is open", payload, stream);
    } else if (type === FrameType.end) this.#end(exchange, side, flags, payload);
    else if (flags & FrameFlag.head) this.#head(exchange, side, payload);
    else this.#data(exchange, side, flags, payload);
  }

  #head(exchange: Exchange, side: Side, payload: Uint8Array): void {
    const head = side === "target" && !exchange.responded ? recordedResponse(payload) : null;
    if (!head) {
      this.#undecodable("this is no head, or one too many", payload, exchange.number);
      return;
    }
    exchange.responded = head.status >= 200 || head.status === 101;
    exchange.websocket = head.status === 101;
    this.#tell({ type: "response", exchange: exchange.number, head, duration: this.#since(exchange) });
  }

  #data(exchange: Exchange, from: Side, flags: number, bytes: Uint8Array): void {
    if (!exchange.websocket) {
      this.#body(exchange, from, bytes);
      return;
    }
    const goesOn = (flags & FrameFlag.partial) !== 0;
    const begins = !exchange.within[from];
    exchange.within[from] = goesOn;
    const isText = (flags & FrameFlag.text) !== 0;
    this.#tell({ type: "message", exchange: exchange.number, from, isText, begins, goesOn, bytes });
  }

  #body({ number, hash }: Exchange, from: Side, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (from === "agent") hash?.update(bytes);
    this.#tell({ type: "bytes", exchange: number, from, bytes });
  }

  #end(exchange: Exchange, from: Side, flags: number, payload: Uint8Array): void {
    const hasTrailers = (flags & FrameFlag.head) !== 0;
    const trailers = hasTrailers ? recordedTrailers(payload) : null;
    if (hasTrailers && !trailers) this.#undecodable("these are no trailers", payload, exchange.number);
    if (!hasTrailers && !exchange.websocket) this.#body(exchange, from, payload);
    const close = !hasTrailers && exchange.websocket ? closeFrame(payload) : null;
    const duration = this.#since(exchange);
    this.#tell({ type: "end", exchange: exchange.number, from, trailers, close, duration });
    exchange.ended[from] = true;
    if (exchange.ended.agent && exchange.ended.target) this.#over(exchange, "complete");
  }

  #reset(by: Side | "edge", stream: number, payload: Uint8Array): void {
    const which = stream === 0 ? [...this.#exchanges.open] : [this.#exchanges.get(stream)];
    let reset: StreamReset;
    try {
      reset = decodeReset(payload);
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      this.#undecodable(error.message, payload, stream);
      return;
    }
    for (const exchange of which) {
      if (!exchange) continue;
      this.#tell({ type: "reset", exchange: exchange.number, by, ...reset, duration: this.#since(exchange) });
      this.#over(exchange, "reset");
    }
  }

  #over(exchange: Exchange, outcome: "complete" | "reset" | "unfinished"): void {
    this.#exchanges.over(exchange);
    this.#tell({ type: "over", exchange: exchange.number, outcome });
  }

  /** The edge's clock may step back. */
  #since({ begun }: Exchange): number {
    return Math.max(0, this.#time - begun);
  }

  #undecodable(reason: string, bytes: Uint8Array, exchange: number | null = null): void {
    const preview = Buffer.from(bytes.subarray(0, PREVIEW)).toString("hex");
    this.#tell({ type: "undecodable", exchange, reason, bytes: bytes.length, preview });
  }

  #tell(happening: HttpHappening): void {
    this.#events.push({ seq: this.#seq, time: this.#time, ...happening });
  }
}
