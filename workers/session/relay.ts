import { closeFrame, type EndCode } from "../../protocol/close-reason.ts";
import {
  type ConnectorSeal,
  type EdgeEvent,
  type EdgeMessage,
  type Limits,
  type SessionFacts,
  VERSION,
} from "../../protocol/control.ts";
import { EntryKind } from "../../protocol/entry.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { encodeReset } from "../../protocol/exchange-payload.ts";
import {
  decodeHeader,
  encodeFrame,
  FRAME_HEADER,
  FrameFlag,
  FrameType,
  MAX_PAYLOAD,
} from "../../protocol/frame.ts";
import { askDesk } from "../approval/asking.ts";
import type { ApprovalDesk, DeskHost } from "../approval/desk.ts";
import { Audience } from "./audience.ts";
import type { Effects } from "./effects.ts";
import { lastWords } from "./last-words.ts";
import type { SessionLog } from "./log.ts";
import { type Peer, type Reader, Readers, type Side } from "./readers.ts";
import type { SessionRecord } from "./record.ts";
import { Waits } from "./waits.ts";

/**
 * The rules of one session: what is logged, who receives it when, and how it ends. Knows no clock and no network;
 * everything that arrives is appended and delivered in one synchronous step.
 */
export class Relay {
  readonly record: SessionRecord;
  readonly log: SessionLog;
  readonly approvals: ApprovalDesk;
  readonly audience: Audience;
  readonly #effects: Effects;
  readonly #readers: Readers;
  readonly #waits: Waits;

  /** `now`: when the object was made, or woke. Sides that are there must be attached next. */
  constructor(
    record: SessionRecord,
    log: SessionLog,
    desk: (host: DeskHost) => ApprovalDesk,
    effects: Effects,
    now: number,
  ) {
    this.record = record;
    this.log = log;
    this.#effects = effects;
    this.approvals = desk({
      record: (event, at) => {
        if (this.record.state === "open") this.#event(event, at);
      },
      news: (news) => {
        if (this.#readers.connector) this.#tell(this.#readers.connector.peer, news);
      },
      tell: (state, what, at) => effects.tell(state, what, at),
    });
    this.#readers = new Readers(record, log, (at) => effects.wake(at));
    this.audience = new Audience(record, log, this.#readers, {
      save: () => effects.save(record),
      event: (event, at) => this.#event(event, at),
      tell: (watchers) => this.#tellWatched(watchers),
      wake: () => effects.wake(this.deadline()),
    });
    this.#waits = new Waits(
      {
        record,
        log,
        readers: this.#readers,
        approvals: this.approvals,
        watchers: this.audience.watchers,
        effects,
        end: (code, reason, at) => this.end(code, reason, at),
      },
      now,
    );
  }

  /** Whether it carries exchanges, each on a stream of its own. */
  get streams(): boolean {
    return this.#readers.streams;
  }

  /** A socket that outlived the object's memory. */
  attach(side: Side, peer: Peer, next: number | undefined): void {
    const bytes = side === "agent" ? this.log.targetBytes : this.log.agentBytes;
    this.#place(side, { peer, next: next ?? this.log.seq + 1, sent: bytes });
  }

  /** The object woke, and all sockets that outlived its memory are attached: who is not among them has left. */
  woke(now: number): void {
    this.audience.watchers.settle(now);
    // The exchanges that the object served itself went with its memory: what they run on the target must end.
    if (this.record.facts?.mode === "http" && this.log.openStreams > 0)
      this.frame("agent", encodeReset(0, "agent_gone", "the edge was restarted"), now);
  }

  /** An agent opens the session. `resume` is the secret for a later reconnect; absent for a raw tunnel. */
  open(
    peer: Peer,
    facts: SessionFacts,
    limits: Limits,
    edgeKey: string,
    resume: { secret: string; hash: string } | undefined,
    now: number,
  ): void {
    // The connector that waited here is gone: another is asked, and this one can't come back.
    if (!this.#readers.connector) {
      this.record.connector = null;
      this.record.connectorResume = null;
    }
    this.record.state = "open";
    this.record.facts = facts;
    this.record.limits = limits;
    this.#readers.opened();
    this.record.agentResume = resume?.hash ?? null;
    this.#effects.save(this.record);
    this.#event({ event: "opened", facts, limits, edgeKey }, now);
    this.#place("agent", { peer, next: this.log.seq + 1, sent: 0 });
    if (resume) this.#welcome(peer, 0, resume.secret);
    this.#waits.dialled(now);
    if (this.#readers.connector) this.#connectorServes(this.#readers.connector, now);
    this.#effects.wake(this.deadline());
  }

  /** A connector joins with its ticket, before or after the agent. */
  join(
    peer: Peer,
    connector: NonNullable<SessionRecord["connector"]>,
    resume: { secret: string; hash: string },
    now: number,
  ): void {
    this.record.connector = connector;
    this.record.connectorResume = resume.hash;
    this.#effects.save(this.record);
    const reader: Reader = { peer, next: 1, sent: 0 };
    this.#place("connector", reader);
    this.#welcome(peer, 0, resume.secret);
    if (this.record.state === "open") this.#connectorServes(reader, now);
  }

  /** A side is back, having received `received` frames. */
  resume(side: Side, peer: Peer, received: number, now: number): void {
    const limit = side === "agent" ? this.log.toAgent : this.log.fromAgent;
    if (received > limit)
      throw new SallyportError("protocol_violation", "more frames received than were sent");
    const position = this.log.position(side, received);
    const reader: Reader = { peer, next: position.seq + 1, sent: position.bytes };
    this.#place(side, reader);
    this.#readers.noteReceived(side, received);
    if (this.record.state === "open") {
      this.#event({ event: side === "agent" ? "agent_resumed" : "connector_resumed" }, now);
    }
    this.#welcome(peer, side === "agent" ? this.log.fromAgent : this.log.fromConnector);
    if (side === "connector" && this.record.facts) {
      this.#tell(peer, { type: "open", facts: this.record.facts });
      this.#tellWatched(this.audience.watchers.count);
      for (const news of this.approvals.replay()) this.#tell(peer, news);
    }
    // Credit that was given while this side was away.
    this.#readers.recall(side);
    this.#readers.pump(reader, now);
  }

  /** A frame from a framed side. Throws `SallyportError` for what breaks the protocol; the shell then ends the session. */
  frame(side: Side, frame: Uint8Array, now: number): void {
    if (this.record.state !== "open") return;
    const header = decodeHeader(frame);
    const { type, flags, stream } = header;
    if (type === FrameType.ack) {
      this.#readers.acknowledge(side, stream, frame, now);
    } else if (type === FrameType.event) {
      if (side === "agent" || stream !== 0)
        throw new SallyportError("protocol_violation", `an event frame from the ${side} on stream ${stream}`);
      this.#take(EntryKind.connector, frame, now);
      if ((flags & FrameFlag.confirm) !== 0) this.#readers.confirm();
      if ((flags & FrameFlag.ask) !== 0) this.#asked(frame.subarray(FRAME_HEADER), now);
    } else {
      if ((flags & FrameFlag.edge) !== 0)
        throw new SallyportError("protocol_violation", "a frame marked as the edge's own");
      this.#readers.checkFrame(side, header, frame);
      this.#take(side === "agent" ? EntryKind.agent : EntryKind.target, frame, now);
    }
  }

  /** Bytes from a raw agent. */
  raw(bytes: Uint8Array, now: number): void {
    for (let offset = 0; offset < bytes.length && this.record.state === "open"; offset += MAX_PAYLOAD) {
      const frame = encodeFrame(FrameType.data, 0, 0, bytes.subarray(offset, offset + MAX_PAYLOAD));
      this.#take(EntryKind.agent, frame, now);
    }
  }

  /** A side's socket is gone. A raw agent can't come back. */
  dropped(side: Side, peer: Peer, now: number): void {
    const reader = side === "agent" ? this.#readers.agent : this.#readers.connector;
    if (reader?.peer !== peer) return;
    if (side === "agent") {
      this.#readers.agent = undefined;
      this.#waits.left("agent", now);
      if (this.record.state !== "open") return;
      if (this.record.facts?.mode === "raw") this.end("closed", "the agent closed its socket", now);
      else this.#event({ event: "agent_dropped" }, now);
    } else {
      this.#readers.connector = undefined;
      this.#waits.left("connector", now);
      if (this.record.state === "open") this.#event({ event: "connector_dropped" }, now);
      if (this.record.state === "ending") this.#effects.settle(this.record);
    }
    this.#effects.wake(this.deadline());
  }

  /** The connector's half of the double entry. */
  seal(seal: ConnectorSeal): void {
    if (this.record.state !== "ending" || this.record.connectorSeal) return;
    this.record.connectorSeal = seal;
    this.#readers.connector?.peer.close(1000, "closed: sealed");
    this.#effects.settle(this.record);
  }

  /**
   * Ends the session: the agent is told in its own protocol where that can be done, the connector stops what runs
   * and seals. Nothing is logged or delivered after this. Does nothing when the session is over already.
   */
  end(code: EndCode, reason: string, now: number, by?: string): void {
    if (this.record.state !== "open") return;
    this.approvals.end(reason, now);
    for (const frame of lastWords(this.record, this.log, code, reason))
      this.#append(EntryKind.target, frame, now);
    // Before the last entry: one that is too slow even for that must leave no other after it.
    this.audience.watchers.clear();
    this.#event({ event: "ended", code, reason, ...(by ? { by } : {}) }, now);
    this.record.state = "ending";
    this.record.end = { code, reason, at: now };
    this.#effects.save(this.record);
    this.#closeAgent(code, reason);
    this.audience.close();
    if (this.#readers.connector)
      this.#tell(this.#readers.connector.peer, {
        type: "end",
        code,
        reason,
        received: this.log.fromConnector,
      });
    else this.#effects.settle(this.record);
    this.#effects.wake(this.deadline());
  }

  /** The connector's process is gone; unless it has come back while that was found out, there is no use in waiting. */
  lost(now: number): void {
    if (!this.#readers.connector)
      this.end("connector_lost", `connector ${this.record.connector?.name} is gone`, now);
  }

  /** Entries from `first` to `last` are in object storage: those that neither side needs any more go from the log. */
  trim(first: number, last: number): void {
    this.log.trim(first, last, {
      agent: this.#readers.needs("agent"),
      connector: this.#readers.needs("connector"),
    });
  }

  /** Lets the connector go once the session is settled. */
  release(): void {
    this.#readers.connector?.peer.close(1000, "closed: sealed");
  }

  /** When `expire` must be called next, ms since 1970; Infinity when nothing is due. */
  deadline(): number {
    return this.#waits.next();
  }

  /** Does what is due. */
  expire(now: number): void {
    this.#waits.expire(now);
  }

  /** An agent that isn't raw is told in a message as well: the closing handshake may take its time. */
  #closeAgent(code: EndCode, reason: string): void {
    const peer = this.#readers.agent?.peer;
    this.#readers.agent = undefined;
    if (!peer) return;
    if (this.record.facts?.mode !== "raw") {
      this.#tell(peer, { type: "end", code, reason, received: this.log.fromAgent });
    }
    const close = closeFrame(code, reason);
    peer.close(close.code, close.reason);
  }

  #place(side: Side, reader: Reader): void {
    this.#readers[side] = reader;
    this.#waits.came(side);
  }

  #connectorServes(reader: Reader, now: number): void {
    const connector = this.record.connector!;
    this.#event(
      {
        event: "connector_joined",
        connector: connector.name,
        instance: connector.instance,
        key: connector.key,
      },
      now,
    );
    this.#tell(reader.peer, { type: "open", facts: this.record.facts! });
    if (this.audience.watchers.count > 0) this.#tellWatched(this.audience.watchers.count);
    this.#readers.pump(reader, now);
  }

  #welcome(peer: Peer, received: number, resume?: string): void {
    this.#tell(peer, {
      type: "welcome",
      version: VERSION,
      session: this.record.id,
      received,
      ...(resume ? { resume } : {}),
    });
  }

  #tell(peer: Peer, message: EdgeMessage): void {
    peer.send(JSON.stringify(message));
  }

  #tellWatched(watchers: number): void {
    if (this.#readers.connector) this.#tell(this.#readers.connector.peer, { type: "watched", watchers });
  }

  #event(event: EdgeEvent, now: number): void {
    this.#append(EntryKind.edge, Buffer.from(JSON.stringify(event)), now);
  }

  /** The connector asks for approval of what it holds, or says what became of that. */
  #asked(json: Uint8Array, now: number): void {
    if (this.record.state !== "open") return;
    askDesk(this.approvals, this.record.facts!, json, now);
    this.#effects.wake(this.deadline());
  }

  /** What a side sent, within what the session may log. */
  #take(kind: EntryKind, frame: Uint8Array, now: number): void {
    this.#append(kind, frame, now);
    const limit = this.record.limits?.maxBytes;
    if (limit !== undefined && this.log.bytes > limit)
      this.end("limit_exceeded", `a session may log ${limit} bytes at most`, now);
  }

  /** Recorded, then delivered: one synchronous step. */
  #append(kind: EntryKind, frame: Uint8Array, now: number): void {
    const entry = this.log.append(kind, now, frame);
    const away = this.#readers.deliver(entry, now);
    if (away.length > 0) this.audience.watchers.left(away, now);
    if (this.log.bytes >= this.log.sealAt) {
      this.log.sealAt = Number.POSITIVE_INFINITY;
      this.#effects.seal(this.record);
    }
  }
}
