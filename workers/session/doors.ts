import { Header } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { thumbprint } from "../../protocol/signatures.ts";
import { type Env, edgeSigningKey } from "../environment.ts";
import { checkTicket } from "../hub/ticket.ts";
import type { Opening } from "../tunnel/opening.ts";
import { CatchingUp } from "./catching-up.ts";
import type { HttpAgents } from "./exchange/http-agents.ts";
import type { Links } from "./links.ts";
import type { Peer } from "./readers.ts";
import type { SessionRecord, SessionRecords } from "./record.ts";
import type { Relay } from "./relay.ts";
import { hasHash, newSecret } from "./resume-secret.ts";
import { noRecording, type SessionSealing } from "./sealing/session-sealing.ts";
import { WATCHER_HEADER, type Watcher } from "./watchers.ts";

/** What the doors need of their object. */
export interface House {
  env: Env;
  records: SessionRecords;
  relays: Map<string, Relay>;
  links: Links;
  agents: HttpAgents;
  sealing: SessionSealing;
  /** Takes a socket for a session. */
  accept(socket: WebSocket, relay: Relay, what: Parameters<Links["bind"]>[2]): Peer;
  /** The relay of a record that has none. */
  relay(record: SessionRecord, now: number): Relay;
  /** What a step throws ends its session and no other. */
  guarded(relay: Relay, step: () => void): void;
}

/** The ways into an object's sessions. Each throws `SallyportError` for whoever may not come in. */
export class Doors {
  readonly #house: House;
  readonly #arriving = new CatchingUp();

  constructor(house: House) {
    this.#house = house;
  }

  /** An agent's socket opens a session that the Worker has registered. */
  open({ facts, limits }: Opening, id: string, socket: WebSocket, now: number): void {
    const relay = this.#unopened(id, now);
    const raw = facts.mode === "raw";
    const peer = this.#house.accept(socket, relay, { side: "agent", raw });
    relay.open(peer, facts, limits, this.#edgeKey(), raw ? undefined : newSecret(), now);
  }

  /** Opens a session whose agent's side is this object. */
  openExchanges({ facts, limits }: Opening, now: number): void {
    const relay = this.#unopened(facts.session, now);
    const agent = this.#house.agents.add(relay);
    relay.open(agent, facts, limits, this.#edgeKey(), undefined, now);
  }

  /** A connector's socket, with its ticket. */
  join(request: Request, id: string, socket: WebSocket, now: number): void {
    const { env, relays, accept } = this.#house;
    const ticket = checkTicket(env.EDGE_SIGNING_KEY, request.headers.get(Header.ticket) ?? "", id, now);
    const relay = relays.get(id) ?? this.#create(id, now);
    if (relay.record.connector) throw new SallyportError("bad_ticket", "the ticket has been used");
    if (relay.record.state !== "open" && relay.record.state !== "parked")
      throw new SallyportError("session_ended", "the session is over");
    const peer = accept(socket, relay, { side: "connector", raw: false });
    relay.join(
      peer,
      { name: ticket.connector, instance: ticket.instance, key: ticket.key },
      newSecret(),
      now,
    );
  }

  /** Either side's new socket. */
  resume(request: Request, id: string, socket: WebSocket, now: number): void {
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
    relay.resume(side, this.#house.accept(socket, relay, { side, raw: false }), received, now);
  }

  /** Somebody reads the recording as it grows. */
  follow(id: string, from: number, socket: WebSocket, now: number): void {
    const { relays, records, sealing } = this.#house;
    const record = relays.get(id)?.record ?? records.find(id);
    if (!record?.facts || !sealing.has(record)) throw noRecording(id);
    const relay = relays.get(id) ?? this.#house.relay(record, now);
    if (record.state === "ended") relays.delete(id);
    const peer = this.#house.accept(socket, relay, { side: "viewer", raw: false });
    this.#arrive(relay, peer, from, now, (next, at) => relay.attachViewer(peer, next, at));
  }

  /** The same by somebody who watches. */
  watch(request: Request, id: string, from: number, socket: WebSocket, now: number): void {
    const relay = this.#live(id);
    relay.checkWatchable();
    const watcher = JSON.parse(request.headers.get(WATCHER_HEADER)!) as Watcher;
    const peer = this.#house.accept(socket, relay, { side: "viewer", raw: false, watcher });
    this.#arrive(relay, peer, from, now, (next, at) => {
      // Who comes late finds it over, or full.
      relay.checkWatchable();
      this.#house.guarded(relay, () => relay.watch(peer, watcher, next, at));
    });
  }

  /** Sends away who would watch a session but has not caught up with it: who still may comes again. */
  dismissArriving(relay: Relay): void {
    this.#arriving.dismiss(relay);
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
