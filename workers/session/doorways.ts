import { closeFrame } from "../../protocol/close-reason.ts";
import type { SessionTrace } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { errorResponse } from "../../protocol/postgres/error-response.ts";
import type { Env } from "../environment.ts";
import { Untraced } from "../telemetry/request-trace.ts";
import { authenticateAgent, type Opening, prepare } from "../tunnel/opening.ts";
import { Doorway } from "./doorway.ts";

/** Who has come without a token: the session it would open, where to, and from where. */
export interface Visitor {
  session: string;
  target: string;
  address: string;
  /** Of which trace the session would be. */
  trace?: SessionTrace;
}

/** Carries a `Visitor` as JSON from the Worker to the object. */
export const VISITOR_HEADER = "sallyport-visitor";

/** How long a visitor has to say who it is, ms; and how many may stand there at once, for each object. */
const PATIENCE_MS = 10_000;
const MAX_VISITORS = 256;

/**
 * Sockets of raw agents that have not said who they are. They live in memory alone: a visitor that the object
 * forgets has lost nothing but its connection.
 */
export class Doorways {
  readonly #env: Env;
  readonly #ctx: Pick<ExecutionContext, "waitUntil">;
  readonly #admit: (socket: WebSocket, opening: Opening, bytes: Uint8Array) => void;
  readonly #visitors = new Map<WebSocket, { visitor: Visitor; doorway: Doorway; until: number }>();

  constructor(
    env: Env,
    ctx: Pick<ExecutionContext, "waitUntil">,
    admit: (socket: WebSocket, opening: Opening, bytes: Uint8Array) => void,
  ) {
    this.#env = env;
    this.#ctx = ctx;
    this.#admit = admit;
  }

  /** Takes a visitor in; answers when `expire` must be called. */
  enter(socket: WebSocket, visitor: Visitor, now: number): number {
    this.#visitors.set(socket, { visitor, doorway: new Doorway(), until: now + PATIENCE_MS });
    if (this.#visitors.size > MAX_VISITORS) {
      this.#refuse(
        socket,
        new SallyportError("too_many", "too many connections wait for authentication", "Try again later."),
      );
    }
    return now + PATIENCE_MS;
  }

  /** Forgets a visitor; false when it was none. */
  leave(socket: WebSocket): boolean {
    return this.#visitors.delete(socket);
  }

  message(socket: WebSocket, bytes: Uint8Array): void {
    const entry = this.#visitors.get(socket);
    if (!entry) return;
    try {
      const { replies, token } = entry.doorway.push(bytes);
      for (const reply of replies) socket.send(reply);
      if (token !== undefined) void this.#enterSession(socket, entry.visitor, entry.doorway, token);
    } catch (error) {
      this.#refuse(socket, error);
    }
  }

  /** Turns away who took too long; answers when to come again. */
  expire(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const [socket, { until }] of this.#visitors) {
      if (until <= now)
        this.#refuse(
          socket,
          new SallyportError("unauthenticated", `no token came within ${PATIENCE_MS / 1000} s`),
        );
      else next = Math.min(next, until);
    }
    return next;
  }

  async #enterSession(socket: WebSocket, visitor: Visitor, doorway: Doorway, token: string): Promise<void> {
    try {
      const request = new Request("https://edge/", { headers: { authorization: `Bearer ${token}` } });
      const { session, target, address, trace } = visitor;
      const identity = await authenticateAgent(request, this.#env, this.#ctx, address);
      const traced = new Untraced(trace);
      const opening = await prepare(this.#env, identity, target, "raw", address, { session }, traced);
      if (this.#visitors.has(socket)) this.#admit(socket, opening, doorway.session);
    } catch (error) {
      this.#refuse(socket, error);
    }
  }

  #refuse(socket: WebSocket, error: unknown): void {
    if (!this.#visitors.delete(socket)) return;
    const known =
      error instanceof SallyportError
        ? error
        : new SallyportError(
            "unauthenticated",
            "the password is not a Sallyport token",
            "Give a token as the password: `sallyport tokens create`.",
          );
    socket.send(errorResponse(known, "FATAL"));
    const close = closeFrame(known.code, known.message);
    socket.close(close.code, close.reason);
  }
}
