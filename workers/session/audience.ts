import type { EdgeEvent } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { SessionLog } from "./log.ts";
import type { Peer, Reader, Readers } from "./readers.ts";
import type { SessionRecord } from "./record.ts";
import { type Watcher, Watchers } from "./watchers.ts";

/** What the audience asks of its session. */
interface Stage {
  /** Keeps the session's record. */
  save(): void;
  event(event: EdgeEvent, now: number): void;
  /** The connector must hear how many watch. */
  tell(watchers: number): void;
  /** What the session waits for has changed. */
  wake(): void;
}

/**
 * Who reads a recording as it grows and takes no part in the session: viewers. Those who are known to watch are watchers
 * as well; the log says so of them alone.
 */
export class Audience {
  readonly watchers: Watchers;
  readonly #record: SessionRecord;
  readonly #log: SessionLog;
  readonly #readers: Readers;
  readonly #stage: Stage;

  constructor(record: SessionRecord, log: SessionLog, readers: Readers, stage: Stage) {
    this.#record = record;
    this.#log = log;
    this.#readers = readers;
    this.#stage = stage;
    this.watchers = new Watchers(record, {
      save: () => stage.save(),
      event: (event, now) => stage.event(event, now),
      tell: (watchers) => stage.tell(watchers),
      dismiss: (peer, code, reason) => {
        readers.removeViewer(peer);
        peer.close(code, reason);
      },
    });
  }

  /** A viewer, which gets entry `from` next. One of a session that is over gets what there is and is let go. */
  attach(peer: Peer, from: number, now: number): void {
    const viewer: Reader = { peer, next: from, sent: 0 };
    this.#readers.viewers.add(viewer);
    this.#readers.pump(viewer, now);
    if (this.#record.state === "ending" || this.#record.state === "ended") peer.close(1000, OVER);
  }

  /** A viewer's socket is gone. */
  detach(peer: Peer, now: number): void {
    this.#readers.removeViewer(peer);
    this.watchers.left([peer], now);
  }

  /** Throws `session_ended` where there is nothing to watch, `too_many` where so many watch already. */
  checkWatchable(): void {
    if (this.#record.state !== "open")
      throw new SallyportError("session_ended", this.#record.end?.reason ?? "the session has not begun");
    this.watchers.checkRoom();
  }

  /** A viewer that watches: it counts once it has all that was logged before, if it is not too slow for that. */
  watch(peer: Peer, watcher: Watcher, from: number, now: number): void {
    this.attach(peer, from, now);
    if (this.#readers.isViewer(peer)) this.watchers.came(peer, watcher, now);
    this.#stage.wake();
  }

  /** A watcher's socket that outlived the object's memory. */
  attachWatcher(peer: Peer, watcher: Watcher, now: number): void {
    this.attach(peer, this.#log.seq + 1, now);
    this.watchers.attach(peer, watcher);
  }

  /** The session is over: all viewers have what they will get. */
  close(): void {
    for (const viewer of this.#readers.viewers) viewer.peer.close(1000, OVER);
    this.#readers.viewers.clear();
  }
}

const OVER = "the session has ended";
