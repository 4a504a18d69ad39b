import { type ApprovalAsk, type ApprovalEvent, isAsk, isByEdge } from "../../approval/approval.ts";
import type { ConnectorEvent, EdgeEvent } from "../../control.ts";
import { type Entry, EntryKind } from "../../entry.ts";
import { channelRecord, connectorEvent, edgeEvent } from "../../recording/events.ts";
import type { SshEvent } from "../events.ts";
import { type ChannelRecord, RecordKind } from "../record.ts";
import type { SshHappening, SshTranscriptEvent, Stream } from "./events.ts";
import { dropOldest, type Known, Requests } from "./requests.ts";

export type * from "./events.ts";

/** Bytes of what can't be read that are shown. */
const PREVIEW = 32;

const STREAMS: Partial<Record<RecordKind, Stream>> = {
  [RecordKind.input]: "input",
  [RecordKind.output]: "output",
  [RecordKind.error]: "error",
};

interface Channel {
  readonly opened: number;
  /** The command, shell or forward that it is for. */
  request: Known | null;
}

/**
 * Reads a recorded SSH session: takes its entries in order, gives what happened. What passed between agent and target
 * is ciphertext; what tells is what the connector wrote beside it. Pure; memory is bounded whatever the entries hold
 * (see `MAX_REMEMBERED`), and it never throws for what they hold: what can't be read becomes `undecodable`. It trusts
 * the entries' order, not their content; verifying them is another matter.
 */
export class SshTranscript {
  readonly #channels = new Map<number, Channel>();
  readonly #requests = new Requests();
  #events: SshTranscriptEvent[] = [];
  #seq = 0;
  #time = 0;

  /** What this entry tells, often nothing. */
  push(entry: Entry): SshTranscriptEvent[] {
    this.#events = [];
    this.#seq = entry.seq;
    this.#time = entry.time;
    if (entry.kind === EntryKind.edge) this.#edge(edgeEvent(entry.frame), entry.frame);
    if (entry.kind === EntryKind.connector) this.#connector(entry.frame);
    return this.#events;
  }

  #edge(event: EdgeEvent | null, json: Uint8Array): void {
    if (!event) this.#undecodable("this is no event of the edge", json);
    else if (isByEdge(event)) this.#approval(event);
    else this.#tell({ type: "edge", event });
  }

  #connector(frame: Uint8Array): void {
    const record = channelRecord(frame);
    if (record) {
      this.#record(record);
      return;
    }
    const event = connectorEvent(frame);
    if (!event) this.#undecodable("this is no event of the connector", frame);
    else if (isAsk(event)) this.#approval(event);
    else this.#event(event);
  }

  #approval(entry: ApprovalAsk | ApprovalEvent): void {
    const { known, waited } = this.#requests.approval(entry, this.#time);
    this.#tell({ type: "approval", request: known?.number ?? null, waited, entry });
  }

  #record({ kind, channel, bytes }: ChannelRecord): void {
    const request = this.#channels.get(channel)?.request?.number ?? null;
    const stream = STREAMS[kind];
    if (stream) this.#tell({ type: "bytes", channel, request, stream, bytes });
    else if (bytes.length === 4) {
      const characters = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
      this.#tell({ type: "withheld", channel, request, characters });
    } else this.#undecodable("this is no count of what was withheld", bytes);
  }

  #event(event: ConnectorEvent): void {
    switch (event.event) {
      case "channel_opened":
        this.#channels.set(event.channel, { opened: this.#time, request: null });
        dropOldest(this.#channels);
        this.#tell({ type: "channel", channel: event.channel, kind: event.type });
        break;
      case "terminal":
      case "resized":
      case "environment":
      case "subsystem":
      case "signal":
      case "frozen":
      case "thawed":
        this.#tell(renamed(event));
        break;
      case "requested":
        this.#requested(event);
        break;
      case "request_judged":
        this.#judged(event);
        break;
      case "exited":
        this.#exited(event);
        break;
      case "channel_closed":
        this.#closed(event.channel);
        break;
      case "file_failed": {
        const { channel, path, reason } = event;
        const request = this.#requests.failed(channel, path)?.number ?? null;
        this.#tell({ type: "file_failed", channel, request, path, reason });
        break;
      }
      case "file_closed":
        this.#fileClosed(event);
        break;
      default:
        this.#tell({ type: "connector", event });
    }
  }

  #requested({ channel, request: asked }: Extract<SshEvent, { event: "requested" }>): void {
    const known = this.#requests.add(channel, asked, this.#time);
    const open = this.#channels.get(channel);
    if (open && asked.type !== "file") open.request = known;
    this.#tell({ type: "request", channel, request: known.number, asked });
  }

  #judged(event: Extract<SshEvent, { event: "request_judged" }>): void {
    const { channel, request: asked, decision, facts } = event;
    const { known, afterApproval } = this.#requests.judged(channel, asked);
    const request = known?.number ?? null;
    this.#tell({ type: "judged", channel, request, asked, decision, facts, afterApproval });
  }

  #exited({ channel, status, signal }: Extract<SshEvent, { event: "exited" }>): void {
    const known = this.#channels.get(channel)?.request ?? null;
    const duration = known && this.#since(known.since);
    this.#tell({ type: "exit", channel, request: known?.number ?? null, status, signal, duration });
  }

  #closed(channel: number): void {
    const open = this.#channels.get(channel);
    this.#channels.delete(channel);
    const duration = open ? this.#since(open.request?.since ?? open.opened) : null;
    this.#tell({ type: "closed", channel, request: open?.request?.number ?? null, duration });
  }

  #fileClosed({ channel, path, read, written }: Extract<SshEvent, { event: "file_closed" }>): void {
    const known = this.#requests.closed(channel, path);
    const request = known?.number ?? null;
    const duration = known && this.#since(known.since);
    this.#tell({ type: "file_closed", channel, request, path, read, written, duration });
  }

  /** The edge's clock may step back. */
  #since(time: number): number {
    return Math.max(0, this.#time - time);
  }

  #undecodable(reason: string, bytes: Uint8Array): void {
    const preview = Buffer.from(bytes.subarray(0, PREVIEW)).toString("hex");
    this.#tell({ type: "undecodable", reason, bytes: bytes.length, preview });
  }

  #tell(happening: SshHappening): void {
    this.#events.push({ seq: this.#seq, time: this.#time, ...happening });
  }
}

/** What is told as the connector wrote it, without members that it should not have. */
function renamed(
  event: Extract<
    SshEvent,
    { event: "terminal" | "resized" | "environment" | "subsystem" | "signal" | "frozen" | "thawed" }
  >,
): SshHappening {
  const { channel } = event;
  switch (event.event) {
    case "terminal":
      return {
        type: "terminal",
        channel,
        term: event.term,
        columns: event.columns,
        rows: event.rows,
      };
    case "resized":
      return { type: "resized", channel, columns: event.columns, rows: event.rows };
    case "environment":
      return { type: "environment", channel, name: event.name, value: event.value };
    case "subsystem":
      return { type: "subsystem", channel, name: event.name };
    case "signal":
      return { type: "signal", channel, signal: event.signal };
    default:
      return { type: event.event, channel };
  }
}
