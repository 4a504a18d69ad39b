import { DurableObject } from "cloudflare:workers";
import type { Approval, ApprovalChannel, ApprovalId } from "../../protocol/approval/approval.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { FRAME_HEADER } from "../../protocol/frame.ts";
import type { DeskHost } from "../approval/desk.ts";
import type { Answer, AnswerOutcome } from "../approval/machine.ts";
import type { ApprovalHost } from "../approval/stub.ts";
import type { Env } from "../environment.ts";
import {
  LiveActivities,
  type LiveFound,
  type LiveRequest,
  NOTHING_FOUND,
} from "../search/live-activities.ts";
import type { SiemOutbox } from "../siem/outbox.ts";
import { sessionSiem } from "../siem/session-siem.ts";
import type { Opening } from "../tunnel/opening.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { SessionApprovals } from "./approvals.ts";
import { obey } from "./control-message.ts";
import { Doors } from "./doors.ts";
import { Doorways } from "./doorways.ts";
import type { Effects } from "./effects.ts";
import { Endings } from "./endings.ts";
import { startedStream } from "./entries.ts";
import { Errands } from "./errands.ts";
import { HttpAgents } from "./exchange/http-agents.ts";
import { Inbox } from "./inbox.ts";
import { type Link, Links } from "./links.ts";
import { LOG_SCHEMA, SessionLog } from "./log.ts";
import { type SessionRecord, SessionRecords } from "./record.ts";
import { Relay } from "./relay.ts";
import { noRecording, SessionSealing } from "./sealing/session-sealing.ts";
import { Sockets } from "./sockets.ts";
import type { WatchHolder } from "./watchers.ts";

/** A message that a socket has sent. */
interface Arrival {
  socket: WebSocket;
  message: string | ArrayBuffer;
}

/**
 * The durable log of sessions as their transport. A thin shell: it turns events of sockets, alarms and RPC into
 * calls of `Relay`, and the relay's effects into storage, alarms and calls of others. With SESSION_SHARDS several
 * sessions share one object and one commit.
 */
export class Session extends DurableObject<Env> implements ApprovalHost {
  readonly #records: SessionRecords;
  readonly #relays = new Map<string, Relay>();
  readonly #sockets: Sockets;
  readonly #links: Links;
  readonly #doorways: Doorways;
  readonly #inbox = new Inbox<Arrival>(
    (arrival) => this.#receive(arrival),
    (flush) => void setTimeout(flush, 0),
  );
  readonly #clock: AlarmClock;
  readonly #errands: Errands;
  readonly #approvals: SessionApprovals;
  readonly #sealing: SessionSealing;
  /** When a message came last, ms since 1970. */
  #heard = 0;
  readonly #searched = new LiveActivities();
  readonly #siem: SiemOutbox;
  readonly #agents: HttpAgents;
  readonly #doors: Doors;
  readonly #endings: Endings;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sockets = new Sockets(ctx, Number(env.SESSION_SHARDS ?? 0), this);
    this.#links = new Links((socket) => this.#sockets.lastPing(socket));
    ctx.storage.sql.exec(LOG_SCHEMA);
    this.#records = new SessionRecords(ctx.storage.sql);
    this.#clock = new AlarmClock((at) => void ctx.storage.setAlarm(at));
    this.#errands = new Errands(env, ctx.storage.sql, this.#records, {
      soon: () => this.#clock.wake(Date.now()),
      retry: (at) => this.#clock.wake(at),
      lost: (record) => this.#endings.lost(record),
      settled: (record) => {
        this.#forget(record);
        if (record.facts) this.#siem.grown(record.id, Date.now(), true);
        this.#sealing.want(record);
      },
    });
    this.#sealing = new SessionSealing(env, ctx.storage.sql, this.#records, {
      heard: () => this.#heard,
      relay: (session) => this.#relays.get(session),
      wake: (at) => this.#clock.wake(at),
      isTold: (record) => this.#siem.isDone(record.id) && this.#approvals.isTold(record),
      forgetQuestions: (record) => this.#approvals.forget(record),
      empty: () => this.#empty(),
      shards: Number(env.SESSION_SHARDS ?? 0),
    });
    this.#siem = sessionSiem(env, ctx.storage.sql, {
      id: ctx.id.toString(),
      record: (session) => this.#relays.get(session)?.record ?? this.#records.find(session),
      entryCount: (record) =>
        this.#relays.get(record.id)?.log.seq ?? new SessionLog(ctx.storage.sql, record.id, record.number).seq,
      entries: (record, from) => this.#sealing.entries(record).entries(from),
      wake: (at) => this.#clock.wake(at),
      idle: () => {
        if (Number(env.SESSION_SHARDS ?? 0) === 0 && this.#records.isEmpty()) void this.#empty();
      },
    });
    this.#approvals = new SessionApprovals(env, ctx.storage.sql, this.#records, {
      relay: (session) => this.#relays.get(session),
      wake: (at) => this.#clock.wake(at),
      guarded: (relay, step) => this.#endings.guarded(relay, step),
    });
    this.#doorways = new Doorways(env, ctx, (socket, opening, bytes) =>
      this.#doors.admit(socket, opening, bytes),
    );
    this.#agents = new HttpAgents({
      frame: (relay, frame) => this.#agentFrame(relay, frame),
      end: (relay, code, reason) => this.#endings.guarded(relay, () => relay.end(code, reason, Date.now())),
      logged: () => ctx.storage.sync(),
    });
    this.#doors = new Doors({
      env,
      records: this.#records,
      relays: this.#relays,
      links: this.#links,
      agents: this.#agents,
      sealing: this.#sealing,
      sockets: this.#sockets,
      doorways: this.#doorways,
      relay: (record, now) => this.#relay(record, now),
      guarded: (relay, step) => this.#endings.guarded(relay, step),
      wake: (at) => this.#clock.wake(at),
    });
    this.#endings = new Endings({
      records: this.#records,
      relays: this.#relays,
      errands: this.#errands,
      links: this.#links,
      agents: this.#agents,
    });
    const now = Date.now();
    for (const record of this.#records.live()) {
      const relay = this.#relay(record, now);
      if (record.facts?.mode === "http" && record.state === "open")
        relay.attach("agent", this.#agents.add(relay), undefined);
    }
    for (const socket of ctx.getWebSockets()) this.#doors.reattach(socket, now);
    for (const relay of this.#relays.values()) {
      if (relay.record.state === "ending") this.#errands.settle(relay.record);
      this.#endings.guarded(relay, () => relay.woke(now));
      this.#clock.wake(relay.deadline());
    }
    this.#clock.wake(this.#approvals.deadline());
    this.#clock.wake(this.#sealing.deadline());
    this.#clock.wake(this.#siem.deadline());
  }

  /**
   * Upgrades: /agent/ID, /connector/ID, /resume/ID, /doorway/ID, /follow/ID?from=SEQ, /watch/ID?from=SEQ; and requests
   * of exchanges, /exchange/ID. Only the Worker can call.
   */
  override async fetch(request: Request): Promise<Response> {
    const [, door = "", id = ""] = new URL(request.url).pathname.split("/");
    this.#inbox.flush();
    if (door === "exchange") return this.#agents.serve(this.#relays.get(id), request);
    return this.#doors.enter(request, door, id, Date.now());
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const link = this.#links.find(socket);
    this.#heard = Date.now();
    if (link) this.#inbox.push(senderOf(link, message), { socket, message }, this.#heard);
    else if (typeof message !== "string") this.#doorways.message(socket, new Uint8Array(message));
  }

  override webSocketClose(socket: WebSocket): void {
    this.#gone(socket);
    // A hibernatable socket's closing handshake is ours to answer; unanswered, the peer waits for seconds.
    socket.close(1000);
  }

  override webSocketError(socket: WebSocket): void {
    this.#gone(socket);
  }

  override async alarm(): Promise<void> {
    this.#clock.fired(Date.now());
    this.#inbox.flush();
    const now = Date.now();
    for (const relay of this.#relays.values()) {
      if (relay.deadline() <= now) this.#endings.guarded(relay, () => relay.expire(now));
    }
    this.#approvals.send(now);
    await this.#errands.run();
    this.#sealing.start(Date.now());
    this.#siem.start(Date.now());
    this.#clock.wake(this.#doorways.expire(Date.now()));
    for (const relay of this.#relays.values()) this.#clock.wake(relay.deadline());
    this.#clock.wake(this.#approvals.deadline());
    this.#clock.wake(this.#sealing.deadline());
    this.#clock.wake(this.#siem.deadline());
  }

  /** RPC. Looks what is yet to be told to a SIEM: its alarm may have been lost. */
  deliverEvents(): void {
    this.#clock.wake(Math.max(this.#siem.deadline(), Date.now()));
  }

  /** RPC. Ends a session; false when it was over. One that is only being opened is refused when it arrives. */
  kill(session: string, code: ErrorCode, reason: string, by: string): boolean {
    this.#inbox.flush();
    return this.#endings.kill(session, code, reason, by, Date.now());
  }

  /** RPC. Opens a session that the Worker has registered, for requests. Throws `session_ended`. */
  openExchanges(opening: Opening): void {
    this.#inbox.flush();
    this.#doors.openExchanges(opening, Date.now());
  }

  /** RPC. Whether requests of this session are served. */
  takesExchanges(session: string): boolean {
    return this.#agents.takes(this.#relays.get(session));
  }

  /** RPC. Sends watchers of a session away, all or those of a holder, so that what they may is judged anew. */
  dismissWatchers(session: string, holder: WatchHolder | null): void {
    this.#inbox.flush();
    const relay = this.#relays.get(session);
    if (!relay) return;
    this.#doors.dismissArriving(relay);
    this.#endings.guarded(relay, () => relay.audience.watchers.dismiss(holder, Date.now()));
  }

  /** RPC; see `ApprovalHost`. */
  async viewApproval(id: ApprovalId): Promise<Approval | null> {
    this.#inbox.flush();
    return this.#approvals.view(id);
  }

  async answerApproval(id: ApprovalId, answer: Answer): Promise<AnswerOutcome> {
    this.#inbox.flush();
    return this.#approvals.answer(id, answer, Date.now());
  }

  async rejectAnswer(id: ApprovalId, by: string, channel: ApprovalChannel, reason: string): Promise<void> {
    this.#approvals.reject(id, by, channel, reason, Date.now());
  }

  async revokeApproval(id: ApprovalId, by: string, reason: string): Promise<boolean> {
    this.#inbox.flush();
    return this.#approvals.revoke(id, by, reason, Date.now());
  }

  /** Of a held statement only its connector withdraws the question. */
  async withdrawApproval(): Promise<boolean> {
    return false;
  }

  async keepResponseUrl(id: ApprovalId, url: string): Promise<void> {
    this.#approvals.keepResponseUrl(id, url, Date.now());
  }

  /** RPC. What was asked in a session that is not sealed; nothing where this object has none, or none any more. */
  async findActivities(session: string, request: LiveRequest): Promise<LiveFound> {
    this.#inbox.flush();
    const record = this.#relays.get(session)?.record ?? this.#records.find(session);
    if (!record?.facts || !this.#sealing.has(record)) return NOTHING_FOUND;
    return this.#searched.find(session, (from) => this.#sealing.entries(record).entries(from), request);
  }

  /**
   * RPC. The session's export file, as far as it goes; read as the reader asks for it. Throws `not_found` where this object has
   * none, or none any more.
   */
  async recording(session: string): Promise<ReadableStream> {
    return startedStream(this.#sealing.entries(this.#recorded(session)).file());
  }

  /** RPC. Removes what this object has of a session whose recording is deleted. Safe to repeat. */
  async forget(session: string): Promise<void> {
    const record = this.#records.find(session);
    if (record?.state !== "ended" || this.#relays.has(session)) return;
    this.#approvals.forget(record);
    // While it rests it is removed with that.
    if (!this.#sealing.isAtWork(record)) this.#records.remove(record);
  }

  /**
   * RPC. Looks after an open session whose connector's process the hub does not know: an object that slept through
   * the loss of both sides wakes by this, and need not wait for who can't come back.
   */
  check(session: string): void {
    this.#endings.check(session);
  }

  #receive({ socket, message }: Arrival): void {
    // Its session may have ended, or the socket been superseded, while the message waited.
    const link = this.#links.find(socket);
    if (!link || link.side === "viewer") return;
    const now = Date.now();
    try {
      if (typeof message === "string") obey(link, message, now);
      else if (link.raw) link.relay.raw(new Uint8Array(message), now);
      else link.relay.frame(link.side, new Uint8Array(message), now);
    } catch (error) {
      this.#endings.fault(link.relay, error, now, link.peer);
    }
  }

  /** A frame of a session's agent that is this object itself. */
  #agentFrame(relay: Relay, frame: Uint8Array): void {
    const now = Date.now();
    try {
      relay.frame("agent", frame, now);
    } catch (error) {
      this.#endings.fault(relay, error, now);
    }
  }

  #gone(socket: WebSocket): void {
    this.#inbox.flush();
    this.#doorways.leave(socket);
    const link = this.#links.remove(socket);
    if (!link) return;
    const now = Date.now();
    this.#endings.guarded(link.relay, () => {
      if (link.side === "viewer") link.relay.audience.detach(link.peer, now);
      else link.relay.dropped(link.side, link.peer, now);
    });
  }

  #relay(record: SessionRecord, now: number): Relay {
    const log = new SessionLog(this.ctx.storage.sql, record.id, record.number);
    const desk = (host: DeskHost) => this.#approvals.desk(record, host);
    log.sealAt = this.#sealing.threshold(record);
    log.grown = (now) => this.#siem.grown(record.id, now);
    const relay = new Relay(record, log, desk, this.#effects, now);
    this.#relays.set(record.id, relay);
    return relay;
  }

  readonly #effects: Effects = {
    save: (record) => this.#records.save(record),
    dial: (record) => this.#errands.dial(record),
    checkConnector: (record) => this.#errands.findConnector(record),
    settle: (record) => this.#errands.settle(record),
    seal: (record) => this.#sealing.want(record),
    discard: (record) => {
      this.#records.remove(record);
      this.#relays.delete(record.id);
    },
    tell: (state, what, now) => this.#approvals.tell(state, what, now),
    wake: (at) => this.#clock.wake(at),
  };

  #forget(record: SessionRecord): void {
    const relay = this.#relays.get(record.id);
    this.#relays.delete(record.id);
    if (!relay) return;
    relay.release();
    this.#agents.forget(relay);
  }

  /** Nothing is kept any more, and this object need not be. */
  async #empty(): Promise<void> {
    // What is yet to be told is read where it is sealed; how far that is stands here.
    if (!this.#siem.isIdle()) return;
    await this.ctx.storage.deleteAll();
    this.ctx.abort("the session is sealed, and its object empty");
  }

  #recorded(session: string): SessionRecord {
    const record = this.#relays.get(session)?.record ?? this.#records.find(session);
    if (!record?.facts || !this.#sealing.has(record)) throw noRecording(session);
    return record;
  }
}

/** Streams count as sessions do: somebody waits for the commit of each. */
function senderOf({ relay }: Link, message: string | ArrayBuffer): string {
  const { id } = relay.record;
  if (!relay.streams || typeof message === "string" || message.byteLength < FRAME_HEADER) return id;
  return `${id}/${new DataView(message).getUint32(2)}`;
}
