import { setTimeout as delay } from "node:timers/promises";
import WebSocket, { type ClientOptions } from "ws";
import { readCloseReason } from "../../protocol/close-reason.ts";
import { chain, ENTRY_HEADER, EntryKind, genesis, HASH_LENGTH } from "../../protocol/entry.ts";
import { isFinalClose, SallyportError } from "../../protocol/errors.ts";
import { edgeEvent } from "../../protocol/recording/events.ts";
import { parseEntry } from "../../protocol/recording/reader.ts";
import { MAX_FRAME, type RecordedEntry } from "../../protocol/recording.ts";
import type { EdgeApi } from "../edge-api.ts";

const CONNECT_MS = 10_000;
/** How long the edge may take to close its socket after it has said so, ms; workerd takes 10 s at times. */
const CLOSE_MS = 1_000;
/** Waits between attempts, ms; after the last the edge counts as gone. An entry begins them anew. */
const RETRY_MS = [200, 500, 1_000, 2_000, 5_000, 10_000, 10_000];

/**
 * The entries of a session from its first, then as they are logged, until it has ended. The hash chain is computed
 * along, so what comes is without a gap or it throws. A dropped connection is taken up where it ended. Throws
 * `protocol_violation` for an entry that does not follow, `edge_unreachable` when the edge stays away, and what
 * the edge answers.
 */
export async function* followSession(api: EdgeApi, session: string): AsyncGenerator<RecordedEntry> {
  let last = 0;
  let head: Uint8Array = genesis(session);
  for (let attempt = 0; ; ) {
    const before = last;
    for await (const entry of connection(api, session, last + 1)) {
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
    await delay(wait);
  }
}

/** What one connection brings: entries, and "over" if it ended with the session. */
async function* connection(
  api: EdgeApi,
  session: string,
  from: number,
): AsyncGenerator<RecordedEntry | "over"> {
  const url = new URL(`/v1/sessions/${session}/follow?from=${from}`, api.edge);
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
  try {
    yield* inbox.entries();
  } finally {
    socket.terminate();
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
      response.resume();
      this.#finish(refusal(response.statusCode ?? 0));
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

  #message(data: Buffer, binary: boolean): void {
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
function refusal(status: number): { over: boolean } | { error: Error } {
  switch (status) {
    case 401:
      return { error: new SallyportError("unauthenticated", "The edge does not accept the token any more.") };
    case 404:
      return { error: new SallyportError("not_found", "There is no such session, or it is not yours.") };
    default:
      if (status >= 500 || status === 429) return { over: false };
      return { error: new SallyportError("forbidden", `The edge refused with HTTP status ${status}.`) };
  }
}

function ending(code: number, words: string): { over: boolean } | { error: Error } {
  if (code === 1000) return { over: true };
  if (!isFinalClose(code)) return { over: false };
  const { code: errorCode, reason } = readCloseReason(code, words);
  return { error: new SallyportError(errorCode === "closed" ? "session_ended" : errorCode, reason) };
}
