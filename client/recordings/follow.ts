import { setTimeout as delay } from "node:timers/promises";
import WebSocket, { type ClientOptions } from "ws";
import { readCloseReason } from "../../protocol/close-reason.ts";
import { PING, PONG } from "../../protocol/control.ts";
import { chain, ENTRY_HEADER, EntryKind, genesis, HASH_LENGTH } from "../../protocol/entry.ts";
import { isFinalClose, SallyportError } from "../../protocol/errors.ts";
import { edgeEvent } from "../../protocol/recording/events.ts";
import { parseEntry } from "../../protocol/recording/reader.ts";
import { MAX_FRAME, type RecordedEntry } from "../../protocol/recording.ts";
import { readProblem } from "../../protocol/tunnel/dial.ts";
import type { EdgeApi } from "../edge-api.ts";

const CONNECT_MS = 10_000;
/** How long the edge may take to close its socket after it has said so, ms; workerd takes 10 s at times. */
const CLOSE_MS = 1_000;
/** Waits between attempts, ms; after the last the edge counts as gone. An entry begins them anew. */
const RETRY_MS = [200, 500, 1_000, 2_000, 5_000, 10_000, 10_000];
/** How often a watcher says that it is still there, ms; the edge takes three in a row that fail for its leaving. */
const WATCH_PING_MS = 5_000;

export interface WatchOptions {
  /** Aborted, the watcher leaves. */
  signal: AbortSignal;
  /** The edge counts this watcher now (true), or the connection is lost and sought again (false). */
  watching(now: boolean): void;
}

/**
 * The entries of a session from its first, then as they are logged, until it has ended. The hash chain is computed
 * along, so what comes is without a gap or it throws. A dropped connection is taken up where it ended. Throws
 * `protocol_violation` for an entry that does not follow, `edge_unreachable` when the edge stays away, and what
 * the edge answers.
 */
export function followSession(api: EdgeApi, session: string): AsyncGenerator<RecordedEntry> {
  return entriesOf(api, session, null);
}

/**
 * As `followSession`, and the edge counts whoever reads as watching for as long as the connection lives. Throws also
 * `forbidden` and `not_found` where the policies don't permit it, `session_ended` for a session that is over.
 */
export function watchSession(
  api: EdgeApi,
  session: string,
  options: WatchOptions,
): AsyncGenerator<RecordedEntry> {
  return entriesOf(api, session, options);
}

async function* entriesOf(
  api: EdgeApi,
  session: string,
  watch: WatchOptions | null,
): AsyncGenerator<RecordedEntry> {
  let last = 0;
  let head: Uint8Array = genesis(session);
  for (let attempt = 0; ; ) {
    const before = last;
    for await (const entry of connection(api, session, last + 1, watch)) {
      if (entry === "over") return;
      if (entry.seq > last + 1) break;
      head = chain(head, entry);
      if (entry.seq !== last + 1 || !Buffer.from(head).equals(entry.hash)) {
        throw new SallyportError(
          "protocol_violation",
          `Entry ${entry.seq} of the recording does not follow from what is before it.`,
          "Export the recording and verify it.",
        );
      }
      last = entry.seq;
      yield entry;
      // Nothing follows: no need to wait until the socket has closed.
      if (entry.kind === EntryKind.edge && edgeEvent(entry.frame)?.event === "ended") return;
    }
    attempt = last > before ? 0 : attempt + 1;
    const wait = RETRY_MS[attempt];
    if (wait === undefined) {
      throw new SallyportError("edge_unreachable", `The edge ${api.edge.origin} stayed away.`);
    }
    await delay(wait, null, watch ? { signal: watch.signal } : {}).catch(() => {});
    if (watch?.signal.aborted) return;
  }
}

/** What one connection brings: entries, and "over" if it ended with the session, or the watcher leaves. */
async function* connection(
  api: EdgeApi,
  session: string,
  from: number,
  watch: WatchOptions | null,
): AsyncGenerator<RecordedEntry | "over"> {
  const door = watch ? "watch" : "follow";
  const url = new URL(`/v1/sessions/${session}/${door}?from=${from}`, api.edge);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  // Its types do not know `closeTimeout` yet.
  const options: ClientOptions & { closeTimeout: number } = {
    headers: { authorization: `Bearer ${await api.token()}` },
    perMessageDeflate: false,
    handshakeTimeout: CONNECT_MS,
    closeTimeout: CLOSE_MS,
    maxPayload: ENTRY_HEADER + MAX_FRAME + HASH_LENGTH,
  };
  const socket = new WebSocket(url, options);
  const inbox = new Inbox(socket);
  const leave = () => inbox.leave();
  const pings = watch && new Pings(socket, watch);
  watch?.signal.addEventListener("abort", leave);
  try {
    if (watch?.signal.aborted) leave();
    yield* inbox.entries();
  } catch (error) {
    // It ended while the connection was lost.
    const isOver = error instanceof SallyportError && error.code === "session_ended" && from > 1;
    if (!isOver) throw error;
    yield "over";
  } finally {
    watch?.signal.removeEventListener("abort", leave);
    pings?.stop();
    socket.terminate();
  }
}

/** Tells the edge that a watcher is there, and finds out when the edge is not. */
class Pings {
  readonly #socket: WebSocket;
  readonly #watch: WatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #pongDue = false;

  constructor(socket: WebSocket, watch: WatchOptions) {
    this.#socket = socket;
    this.#watch = watch;
    socket.on("open", () => {
      watch.watching(true);
      this.#timer = setInterval(() => this.#ping(), WATCH_PING_MS);
    });
    socket.on("message", (data: Buffer, binary) => {
      if (!binary && data.toString() === PONG) this.#pongDue = false;
    });
  }

  stop(): void {
    if (this.#timer !== undefined) this.#watch.watching(false);
    clearInterval(this.#timer);
  }

  #ping(): void {
    // What a paused socket has received waits behind what is not read yet.
    if (this.#pongDue && !this.#socket.isPaused) this.#socket.terminate();
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#pongDue = true;
    this.#socket.send(PING);
  }
}

/** Entries that wait to be read; more than this many pause the socket. */
const FULL = 64;

/** Makes a socket's events a sequence that is read at the reader's pace. */
class Inbox {
  readonly #socket: WebSocket;
  #waiting: RecordedEntry[] = [];
  #end: { over: boolean } | { error: Error } | null = null;
  #wake: () => void = () => {};

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer, binary) => this.#message(data, binary));
    socket.on("unexpected-response", (_, response) => {
      void readProblem(response).then((problem) => this.#finish(refusal(response.statusCode ?? 0, problem)));
    });
    // The close event follows and says what to do.
    socket.on("error", () => {});
    socket.on("close", (code, reason) => this.#finish(ending(code, reason.toString())));
  }

  async *entries(): AsyncGenerator<RecordedEntry | "over"> {
    for (;;) {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#socket.resume();
      yield* batch;
      if (this.#waiting.length > 0) continue;
      if (this.#end) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if ("error" in this.#end) throw this.#end.error;
    if (this.#end.over) yield "over";
  }

  /** Ends it as if the session were over. */
  leave(): void {
    this.#waiting = [];
    this.#finish({ over: true });
  }

  #message(data: Buffer, binary: boolean): void {
    if (!binary && data.toString() === PONG) return;
    try {
      if (!binary) throw new SallyportError("protocol_violation", "The edge sent text to a viewer.");
      this.#waiting.push(parseEntry(data));
      if (this.#waiting.length >= FULL) this.#socket.pause();
      this.#wake();
    } catch (error) {
      this.#finish({ error: error as Error });
    }
  }

  #finish(end: { over: boolean } | { error: Error }): void {
    this.#end ??= end;
    this.#wake();
  }
}

/** What a refused upgrade means; a refusal that may pass is no error. */
function refusal(status: number, problem: SallyportError): { over: boolean } | { error: Error } {
  if (status >= 500) return { over: false };
  // In the edge's own words, where these are.
  if (problem.code !== "internal") return { error: problem };
  switch (status) {
    case 401:
      return { error: new SallyportError("unauthenticated", "The edge does not accept the token any more.") };
    case 404:
      return { error: new SallyportError("not_found", "There is no such session, or it is not yours.") };
    case 429:
      return { over: false };
    default:
      return { error: new SallyportError("forbidden", `The edge refused with HTTP status ${status}.`) };
  }
}

function ending(code: number, words: string): { over: boolean } | { error: Error } {
  if (code === 1000) return { over: true };
  if (!isFinalClose(code)) return { over: false };
  const { code: errorCode, reason } = readCloseReason(code, words);
  return { error: new SallyportError(errorCode === "closed" ? "session_ended" : errorCode, reason) };
}
