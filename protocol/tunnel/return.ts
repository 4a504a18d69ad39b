import type { EndCode } from "../close-reason.ts";
import { Header, Path } from "../control.ts";
import { SallyportError } from "../errors.ts";
import { connect, type EdgeSocket, readProblem } from "./dial.ts";

/** How long an end keeps trying to come back, ms; the edge waits as long by default. */
const RESUME_MS = 15_000;
const FIRST_RETRY_MS = 25;
const LAST_RETRY_MS = 1_000;

const TOO_LATE = new SallyportError("session_ended", "the edge could not be reached again in time");

/** What a tunnel's end gives and does, for coming back. */
interface Returning {
  /** How many frames it has. */
  received(): number;
  /** Takes the socket of a try. Where its close is not final, `begin` follows. */
  take(socket: EdgeSocket): void;
  /** The edge, or a proxy, refused the socket that was taken last. */
  refused(): void;
  /** There is no way back. */
  end(code: EndCode, reason: string): void;
}

/** How a tunnel's end comes back to its session after its socket dropped: one try after the other, for a while. */
export class TunnelReturn {
  readonly #edge: URL;
  readonly #session: string;
  readonly #secret: string;
  readonly #end: Returning;
  #awaySince = 0;
  /** What was answered to the last try, if anything was. */
  #refused: SallyportError | undefined;
  #retryMs = FIRST_RETRY_MS;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `secret`: the one for resuming, of the edge's first welcome. */
  constructor(edge: URL, session: string, secret: string, end: Returning) {
    this.#edge = edge;
    this.#session = session;
    this.#secret = secret;
    this.#end = end;
  }

  /** The socket is gone: tries again after a while, or gives up. */
  begin(): void {
    const now = Date.now();
    this.#awaySince ||= now;
    if (now - this.#awaySince > RESUME_MS) {
      const { code, message } = this.#refused ?? TOO_LATE;
      this.#end.end(code, message);
      return;
    }
    const wait = this.#retryMs * (0.5 + Math.random() / 2);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    this.#retry = setTimeout(() => this.#try(), wait);
  }

  /** The edge has said welcome. */
  done(): void {
    this.#retryMs = FIRST_RETRY_MS;
    this.#awaySince = 0;
  }

  /** Tries no more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
  }

  #try(): void {
    const socket = connect(this.#edge, Path.resume(this.#session), {
      [Header.resume]: this.#secret,
      [Header.received]: String(this.#end.received()),
    });
    this.#refused = undefined;
    this.#end.take(socket);
    socket.on("unexpected-response", (_request, response) => {
      this.#end.refused();
      void readProblem(response).then((error) => {
        socket.terminate();
        if (!this.#stopped) this.#answered(error);
      });
    });
  }

  #answered(error: SallyportError): void {
    this.#refused = error;
    // The edge can't record: no access without.
    if (error.code === "storage_failed") this.#end.end(error.code, error.message);
    // The edge knows the session and refuses: it is over. Anything else may be a proxy on its way up.
    else if (
      error.code === "not_found" ||
      error.code === "session_ended" ||
      error.code === "unauthenticated"
    ) {
      this.#end.end("session_ended", error.message);
    } else {
      this.begin();
    }
  }
}
