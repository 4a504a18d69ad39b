import { closeFrame } from "../../protocol/close-reason.ts";
import type { EdgeEvent } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { type Peer, VIEWER_BEHIND } from "./readers.ts";
import type { SessionRecord } from "./record.ts";

/** Who watches a session; kept with its socket. Times are ms since 1970. */
export interface Watcher {
  principal: string;
  onBehalfOf?: string;
  /** Name of its service token, if that is its credential. */
  token?: string;
  since: number;
  /** When a credential ends that is itself the right. */
  until?: number;
}

/** Carries a `Watcher` as JSON from the Worker to the object. */
export const WATCHER_HEADER = "sallyport-watcher";

/** Whose watching a revocation ends: that of a principal includes those who act for it. */
export type WatchHolder = { principal: string } | { token: string };

/** What watchers ask of their session. */
interface Watched {
  /** Keeps the session's record. */
  save(): void;
  event(event: EdgeEvent, now: number): void;
  /** The connector must hear how many watch. */
  tell(watchers: number): void;
  /** Forgets a viewer and closes its socket. */
  dismiss(peer: Peer, code: number, reason: string): void;
}

/**
 * A watcher of whom nothing was heard for so long has left, ms. Its client pings each 5 s, so a network may lose two
 * pings in a row.
 */
export const WATCHER_SILENT_MS = 15_000;
/** Sockets of watchers that a session has at once. */
export const MAX_WATCHERS = 64;

/** Close code and words for a watcher who may come again, as far as this object knows. */
const COME_AGAIN = VIEWER_BEHIND;

/**
 * Who watches a session. The record of the session holds what the log says of it, so that whoever vanishes with the
 * object's memory is logged as gone when the object wakes.
 */
export class Watchers {
  readonly #record: SessionRecord;
  readonly #session: Watched;
  readonly #sockets = new Map<Peer, Watcher>();

  constructor(record: SessionRecord, session: Watched) {
    this.#record = record;
    this.#session = session;
  }

  /** How many watch: one principal with several sockets is one. */
  get count(): number {
    return this.#principals().size;
  }

  /** Throws `too_many`. */
  checkRoom(): void {
    if (this.#sockets.size < MAX_WATCHERS) return;
    throw new SallyportError("too_many", `${MAX_WATCHERS} watch this session already`);
  }

  /** A socket that outlived the object's memory; `settle` follows once all are attached. */
  attach(peer: Peer, watcher: Watcher): void {
    this.#sockets.set(peer, watcher);
  }

  came(peer: Peer, watcher: Watcher, now: number): void {
    this.#sockets.set(peer, watcher);
    this.settle(now);
  }

  /** Sockets are gone; those that are none of a watcher count for nothing. */
  left(peers: readonly Peer[], now: number): void {
    const known = peers.filter((peer) => this.#sockets.delete(peer));
    if (known.length > 0) this.settle(now);
  }

  /** The session is over, and with it all watching. */
  clear(): void {
    this.#sockets.clear();
  }

  /** Sends away all watchers, or those of a holder. Who may still watch comes again and is judged anew. */
  dismiss(holder: WatchHolder | null, now: number): void {
    this.#away(
      (watcher) => holder === null || isOf(watcher, holder),
      now,
      () => [COME_AGAIN, "come again: what you may has changed"],
    );
  }

  /** When `expire` must be called next, ms since 1970; Infinity while nobody watches. */
  deadline(): number {
    const ends = Array.from(this.#sockets, ([peer, watcher]) =>
      Math.min(silentAt(peer, watcher), endOf(watcher)),
    );
    return Math.min(Number.POSITIVE_INFINITY, ...ends);
  }

  /** Sends away who was silent for too long, and whose credential has expired. */
  expire(now: number): void {
    this.#away(
      (watcher, peer) => now >= silentAt(peer, watcher) || now >= endOf(watcher),
      now,
      (watcher) => {
        if (now < endOf(watcher)) return [COME_AGAIN, "nothing was heard of you; come again"];
        const close = closeFrame("unauthenticated", "the service token has expired");
        return [close.code, close.reason];
      },
    );
  }

  /** Logs who has begun and ended to watch since this was last logged, and tells the connector. */
  settle(now: number): void {
    // Of a session that is over, or can't be recorded any more, nothing is logged.
    if (this.#record.state !== "open") return;
    const before = this.#record.watchers;
    const watching = this.#principals();
    const begun = [...watching].filter((by) => !before.includes(by));
    const ended = before.filter((by) => !watching.has(by));
    if (begun.length === 0 && ended.length === 0) return;
    // First: an entry may be too much for another watcher, and then this is called again before it returns.
    this.#record.watchers = [...watching];
    this.#session.save();
    for (const by of ended) this.#session.event({ event: "watch_ended", by }, now);
    for (const by of begun) this.#session.event({ event: "watch_begun", by }, now);
    this.#session.tell(this.count);
  }

  #away(
    goes: (watcher: Watcher, peer: Peer) => boolean,
    now: number,
    close: (watcher: Watcher) => [code: number, reason: string],
  ): void {
    const going = [...this.#sockets].filter(([peer, watcher]) => goes(watcher, peer));
    for (const [peer, watcher] of going) this.#session.dismiss(peer, ...close(watcher));
    this.left(
      going.map(([peer]) => peer),
      now,
    );
  }

  #principals(): Set<string> {
    return new Set(Array.from(this.#sockets.values(), ({ principal }) => principal));
  }
}

function isOf({ principal, onBehalfOf, token }: Watcher, holder: WatchHolder): boolean {
  if ("token" in holder) return token === holder.token;
  return principal === holder.principal || onBehalfOf === holder.principal;
}

function silentAt(peer: Peer, { since }: Watcher): number {
  return Math.max(since, peer.lastPing()) + WATCHER_SILENT_MS;
}

function endOf({ until }: Watcher): number {
  return until ?? Number.POSITIVE_INFINITY;
}
