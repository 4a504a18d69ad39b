import { Header, SUBPROTOCOL } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { thumbprint } from "../../protocol/signatures.ts";
import { type Env, edgeSigningKey } from "../environment.ts";
import { checkTicket } from "../hub/ticket.ts";
import { problemResponse } from "../problem.ts";
import { OPENING_HEADER, type Opening } from "../tunnel/opening.ts";
import { CatchingUp } from "./catching-up.ts";
import { type Doorways, VISITOR_HEADER, type Visitor } from "./doorways.ts";
import type { HttpAgents } from "./exchange/http-agents.ts";
import type { Links } from "./links.ts";
import { type Peer, VIEWER_BEHIND } from "./readers.ts";
import type { SessionRecord, SessionRecords } from "./record.ts";
import type { Relay } from "./relay.ts";
import { hasHash, newSecret } from "./resume-secret.ts";
import { noRecording, type SessionSealing } from "./sealing/session-sealing.ts";
import type { Attachment } from "./socket.ts";
import type { Sockets } from "./sockets.ts";
import { WATCHER_HEADER, type Watcher } from "./watchers.ts";

/** What the doors need of their object. */
export interface House {
  env: Env;
  records: SessionRecords;
  relays: Map<string, Relay>;
  links: Links;
  agents: HttpAgents;
  sealing: SessionSealing;
  sockets: Sockets;
  doorways: Doorways;
  /** The relay of a record that has none. */
  relay(record: SessionRecord, now: number): Relay;
  /** What a step throws ends its session and no other. */
  guarded(relay: Relay, step: () => void): void;
  /** The alarm is wanted at this time, ms since 1970. */
  wake(at: number): void;
}

/** The ways into an object's sessions, and back into them after its memory was lost. */
export class Doors {
  readonly #house: House;
  readonly #arriving = new CatchingUp();

  constructor(house: House) {
    this.#house = house;
  }

  /** Upgrades a request at one of the doors `/DOOR/ID`; answers with why not where it may not come in. */
  enter(request: Request, door: string, id: string, now: number): Response {
    const from = Number(new URL(request.url).searchParams.get("from") ?? 1);
    const pair = new WebSocketPair();
    try {
      if (door === "agent") this.#open(openingOf(request), id, pair[1], now);
      else if (door === "connector") this.#join(request, id, pair[1], now);
      else if (door === "doorway") this.#visit(request, pair[1], now);
      else if (door === "resume") this.#resume(request, id, pair[1], now);
      else if (door === "watch") this.#watch(request, id, from, pair[1], now);
      else this.#follow(id, from, pair[1], now);
    } catch (error) {
      return problemResponse(error);
    }
    const headers = new Headers();
    if (request.headers.get("sec-websocket-protocol")) headers.set("sec-websocket-protocol", SUBPROTOCOL);
    return new Response(null, { status: 101, webSocket: pair[0], headers });
  }

  /** A visitor at the doorway has proved who it is: its startup message is the session's first frame. */
  admit(socket: WebSocket, opening: Opening, bytes: Uint8Array): void {
    const now = Date.now();
    this.#open(opening, opening.facts.session, socket, now);
    const { relay } = this.#house.links.find(socket)!;
    this.#house.guarded(relay, () => relay.raw(bytes, now));
  }

  /** Finds what a socket was before the object's memory was lost. */
  reattach(socket: WebSocket, now: number): void {
    const attachment = socket.deserializeAttachment() as Attachment | null;
    const relay = attachment && this.#house.relays.get(attachment.session);
    if (!relay) {
      socket.close(1000, "the session has ended");
      return;
    }
    const { side, peer } = this.#house.links.rebind(socket, relay, attachment);
    // It was on its way to where the log is now.
    if (side === "viewer" && attachment.next !== undefined)
      peer.close(VIEWER_BEHIND, "come back for the rest");
    else if (attachment.watcher) relay.audience.attachWatcher(peer, attachment.watcher, now);
    else if (side === "viewer") relay.audience.attach(peer, relay.log.seq + 1, now);
    else relay.attach(side, peer, attachment.next);
  }

  /** Opens a session whose agent's side is this object. Throws `session_ended`. */
  openExchanges({ facts, limits, recipients }: Opening, now: number): void {
    const relay = this.#unopened(facts.session, now);
    relay.record.recipients = recipients;
    const agent = this.#house.agents.add(relay);
    relay.open(agent, facts, limits, this.#edgeKey(), undefined, now);
  }

  /** Sends away who would watch a session but has not caught up with it: who still may comes again. */
  dismissArriving(relay: Relay): void {
    this.#arriving.dismiss(relay);
  }

  /** An agent's socket opens a session that the Worker has registered. */
  #open({ facts, limits, recipients }: Opening, id: string, socket: WebSocket, now: number): void {
    const relay = this.#unopened(id, now);
    relay.record.recipients = recipients;
    const raw = facts.mode === "raw";
    const peer = this.#accept(socket, relay, { side: "agent", raw });
    relay.open(peer, facts, limits, this.#edgeKey(), raw ? undefined : newSecret(), now);
  }

  /** A connector's socket, with its ticket. */
  #join(request: Request, id: string, socket: WebSocket, now: number): void {
    const { env, relays } = this.#house;
    const ticket = checkTicket(env.EDGE_SIGNING_KEY, request.headers.get(Header.ticket) ?? "", id, now);
    const relay = relays.get(id) ?? this.#create(id, now);
    if (relay.record.connector) throw new SallyportError("bad_ticket", "the ticket has been used");
    if (relay.record.state !== "open" && relay.record.state !== "parked")
      throw new SallyportError("session_ended", "the session is over");
    const peer = this.#accept(socket, relay, { side: "connector", raw: false });
    relay.join(
      peer,
      { name: ticket.connector, instance: ticket.instance, key: ticket.key },
      newSecret(),
      now,
    );
  }

  /** Either side's new socket. */
  #resume(request: Request, id: string, socket: WebSocket, now: number): void {
    const relay = this.#live(id);
    const secret = request.headers.get(Header.resume) ?? "";
    const side = hasHash(secret, relay.record.agentResume)
      ? "agent"
      : hasHash(secret, relay.record.connectorResume)
        ? "connector"
        : undefined;
    if (!side) throw new SallyportError("unauthenticated", "the resume secret is not this session's");
    if (relay.record.state === "ending") throw new SallyportError("session_ended", relay.record.end!.reason);
    const received = Number(request.headers.get(Header.received));
    if (!Number.isSafeInteger(received) || received < 0)
      throw new SallyportError("invalid_request", "the count of received frames is not a number");
    // What the old socket still holds would be logged a second time: this side sends it again.
    this.#house.links.close(relay, 1012, "resumed on another socket", side);
    relay.resume(side, this.#accept(socket, relay, { side, raw: false }), received, now);
  }

  /** Somebody reads the recording as it grows. */
  #follow(id: string, from: number, socket: WebSocket, now: number): void {
    const { relays, records, sealing } = this.#house;
    const record = relays.get(id)?.record ?? records.find(id);
    if (!record?.facts || !sealing.has(record)) throw noRecording(id);
    const relay = relays.get(id) ?? this.#house.relay(record, now);
    if (record.state === "ended") relays.delete(id);
    const peer = this.#accept(socket, relay, { side: "viewer", raw: false });
    this.#arrive(relay, peer, from, now, (next, at) => relay.audience.attach(peer, next, at));
  }

  /** The same by somebody who watches. */
  #watch(request: Request, id: string, from: number, socket: WebSocket, now: number): void {
    const relay = this.#live(id);
    relay.audience.checkWatchable();
    const watcher = JSON.parse(request.headers.get(WATCHER_HEADER)!) as Watcher;
    const peer = this.#accept(socket, relay, { side: "viewer", raw: false, watcher });
    this.#arrive(relay, peer, from, now, (next, at) => {
      // Who comes late finds it over, or full.
      relay.audience.checkWatchable();
      this.#house.guarded(relay, () => relay.audience.watch(peer, watcher, next, at));
    });
  }

  /** One who must first prove who it is, in the protocol of the session's kind. */
  #visit(request: Request, socket: WebSocket, now: number): void {
    const { sockets, doorways, wake } = this.#house;
    sockets.take(socket);
    const visitor = JSON.parse(request.headers.get(VISITOR_HEADER)!) as Visitor;
    wake(doorways.enter(socket, visitor, now));
  }

  /** Takes a socket for a session. */
  #accept(socket: WebSocket, relay: Relay, what: Parameters<Links["bind"]>[2]): Peer {
    const { sockets, doorways, links } = this.#house;
    // A visitor's socket was accepted at the doorway.
    if (!doorways.leave(socket)) sockets.take(socket);
    return links.bind(socket, relay, what).peer;
  }

  /** A viewer first gets what is in object storage, if it wants any of that, and then takes its place. */
  #arrive(
    relay: Relay,
    peer: Peer,
    from: number,
    now: number,
    place: (next: number, now: number) => void,
  ): void {
    const { sealing } = this.#house;
    const { record } = relay;
    if (!sealing.isSealed(record, from)) {
      place(from, now);
      return;
    }
    void this.#arriving.serve(relay, peer, sealing.entries(record).sealed(from), from, (next) => {
      if (sealing.isSealed(record, next) && record.state !== "ended") return false;
      place(next, Date.now());
      return true;
    });
  }

  /** The relay of a session that no agent has opened yet. */
  #unopened(id: string, now: number): Relay {
    const relay = this.#house.relays.get(id) ?? this.#create(id, now);
    if (relay.record.state === "parked") return relay;
    throw new SallyportError("session_ended", relay.record.end?.reason ?? "the session was opened before");
  }

  #live(id: string): Relay {
    const relay = this.#house.relays.get(id);
    if (relay) return relay;
    throw new SallyportError(
      "session_ended",
      this.#house.records.find(id)?.end?.reason ?? "the session is over",
    );
  }

  #create(id: string, now: number): Relay {
    const { records } = this.#house;
    const ended = records.find(id);
    if (ended) throw new SallyportError("session_ended", ended.end?.reason ?? "the session is over");
    return this.#house.relay(records.create(id, "parked", now), now);
  }

  #edgeKey(): string {
    return thumbprint(edgeSigningKey(this.#house.env));
  }
}

function openingOf(request: Request): Opening {
  return JSON.parse(request.headers.get(OPENING_HEADER)!) as Opening;
}
