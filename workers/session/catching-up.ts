import { setTimeout as sleep } from "node:timers/promises";
import { closeFrame } from "../../protocol/close-reason.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { recordingEntry } from "../../protocol/recording.ts";
import { logLine } from "../log-line.ts";
import type { LoggedEntry } from "./log.ts";
import { type Peer, VIEWER_BEHIND } from "./readers.ts";
import type { Relay } from "./relay.ts";

/** Bytes queued towards a viewer before it is waited for; how often that is looked at, ms, and for how long. */
const BUFFER = 1024 * 1024;
const POLL_MS = 10;
const PATIENCE_MS = 30_000;

/**
 * Viewers on their way: they get entries from object storage, at the pace of their sockets, and know nothing yet of what comes
 * new. One that is lost, with the object's memory or otherwise, comes again with the number of the entry that it lacks.
 */
export class CatchingUp {
  readonly #arriving = new Map<Peer, Relay>();

  /**
   * Sends entries, from number `from` on; then `arrived` is called with the next number. It answers false where that has gone
   * into object storage meanwhile: the viewer comes back for it.
   */
  async serve(
    relay: Relay,
    peer: Peer,
    entries: AsyncIterable<LoggedEntry>,
    from: number,
    arrived: (next: number) => boolean,
  ): Promise<void> {
    this.#arriving.set(peer, relay);
    peer.remember(from);
    try {
      const next = await sendEntries(peer, entries, from, () => this.#arriving.has(peer));
      if (next === null || !this.#arriving.delete(peer)) return;
      peer.remember(undefined);
      // What was sealed meanwhile is had by coming again.
      if (!arrived(next)) behind(peer);
    } catch (error) {
      this.#arriving.delete(peer);
      refuse(peer, error, relay.record.id);
    }
  }

  /** Sends away who is on the way to a session. */
  dismiss(relay: Relay): void {
    for (const [peer, to] of this.#arriving) {
      if (to !== relay) continue;
      this.#arriving.delete(peer);
      peer.close(VIEWER_BEHIND, "come again: what you may has changed");
    }
  }
}

/**
 * Sends entries to a viewer, as fast as it takes them. Answers the number of the next one; null when `goesOn` no longer, or the
 * viewer took too long and was sent away.
 */
export async function sendEntries(
  peer: Pick<Peer, "close" | "bufferedAmount"> & { send(data: Uint8Array): void },
  entries: AsyncIterable<LoggedEntry>,
  from: number,
  goesOn: () => boolean,
): Promise<number | null> {
  let next = from;
  for await (const entry of entries) {
    for (let waited = 0; peer.bufferedAmount > BUFFER; waited += POLL_MS) {
      if (waited >= PATIENCE_MS) {
        behind(peer);
        return null;
      }
      await sleep(POLL_MS);
    }
    if (!goesOn()) return null;
    peer.send(recordingEntry(entry, entry.hash));
    next = entry.seq + 1;
  }
  return next;
}

/** Tells a viewer why there is no more: it comes again, unless that is of no use. */
export function refuse(peer: Pick<Peer, "close">, error: unknown, session: string): void {
  const known = error instanceof SallyportError && error.code !== "recording_unavailable" ? error : null;
  if (!known) logLine("warning", "a viewer was sent away", { session, error });
  const close = known ? closeFrame(known.code, known.message) : null;
  peer.close(close?.code ?? VIEWER_BEHIND, close?.reason ?? "the recording can't be read now; come again");
}

function behind(peer: Pick<Peer, "close">): void {
  peer.close(VIEWER_BEHIND, "behind; come back for the rest");
}
