import { closeFrame } from "../../protocol/close-reason.ts";
import { type ErrorCode, SallyportError } from "../../protocol/errors.ts";
import { logLine } from "../log-line.ts";
import { lineAbout } from "../telemetry/session-span.ts";
import type { Errands } from "./errands.ts";
import type { HttpAgents } from "./exchange/http-agents.ts";
import type { Links } from "./links.ts";
import type { Peer } from "./readers.ts";
import type { SessionRecord, SessionRecords } from "./record.ts";
import type { Relay } from "./relay.ts";

/** What endings need of their object. */
interface House {
  records: SessionRecords;
  relays: Map<string, Relay>;
  errands: Errands;
  links: Links;
  agents: HttpAgents;
}

/**
 * What ends an object's sessions beside their own rules: faults, an administrator's word, a connector that is lost; and
 * what becomes of those that never began.
 */
export class Endings {
  readonly #house: House;

  constructor(house: House) {
    this.#house = house;
  }

  /** Does a step of a session whose only fault can be the storage's; that ends this session and no other. */
  guarded(relay: Relay, step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#storageFailed(relay, error);
    }
  }

  /** What an event of one session throws ends that session and no other. `peer`: who caused the event, if that is a socket. */
  fault(relay: Relay, error: unknown, now: number, peer?: Peer): void {
    if (!(error instanceof SallyportError)) {
      this.#storageFailed(relay, error);
      return;
    }
    this.guarded(relay, () => relay.end(error.code, error.message, now));
    const close = closeFrame(error.code, error.message);
    peer?.close(close.code, close.reason);
  }

  /** Ends a session; false when it was over. One that is only being opened is refused when it arrives. */
  kill(session: string, code: ErrorCode, reason: string, by: string, now: number): boolean {
    const { records, relays } = this.#house;
    const relay = relays.get(session);
    if (relay?.record.state === "open") {
      relay.end(code, reason, now, by);
      return true;
    }
    if (relay?.record.state === "ending" || (!relay && records.find(session))) return false;
    const record = relay?.record ?? records.create(session, "ended", now);
    record.state = "ended";
    record.end = { code, reason, at: now };
    records.save(record);
    relay?.release();
    relays.delete(session);
    return true;
  }

  /** The process of a session's connector is gone. */
  lost(record: SessionRecord): void {
    const relay = this.#house.relays.get(record.id);
    if (relay) this.guarded(relay, () => relay.lost(Date.now()));
  }

  /** Looks after a session that the directory has as open. */
  check(session: string): void {
    const { records, relays, errands } = this.#house;
    const record = relays.get(session)?.record ?? records.find(session);
    if (record?.state === "open") errands.findConnector(record);
    // Ended here, but the directory has not heard of it.
    // Or it ended before recordings were sealed.
    if (record?.state === "ended") errands.settle(record);
    if (record) return;
    const never = records.create(session, "ended", Date.now());
    never.end = { code: "internal", reason: "the session was registered but never opened", at: Date.now() };
    records.save(never);
    errands.settle(never);
  }

  /** No record, no access: what could not be written was not sent, and now nothing more is. */
  #storageFailed(relay: Relay, error: unknown): void {
    const { links, agents, errands } = this.#house;
    logLine("error", "the storage failed", { ...lineAbout(relay.record), error });
    const close = closeFrame("storage_failed", "the edge could not record; nothing unrecorded was delivered");
    links.close(relay, close.code, close.reason);
    agents.close(relay, close.code, close.reason);
    relay.record.state = "ending";
    relay.record.end = { code: "storage_failed", reason: close.reason, at: Date.now() };
    errands.settle(relay.record);
  }
}
