import type { EndCode } from "../../../protocol/close-reason.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { RequestHead } from "../../../protocol/http/head.ts";
import { errorAnswer } from "../../exchange/answer.ts";
import { EXCHANGE_HEADER, REFUSED_HEADER } from "../../exchange/request.ts";
import type { Relay } from "../relay.ts";
import { Exchanges } from "./exchanges.ts";
import { Held } from "./held.ts";

/** What the agents' sides ask of their object. */
export interface HttpAgentHost {
  /** A frame of the agent's; what it throws ends that session. */
  frame(relay: Relay, frame: Uint8Array): void;
  end(relay: Relay, code: EndCode, reason: string): void;
  /** Resolves when all that was written is on disk. */
  logged(): Promise<void>;
}

/** The agent's sides of an object's sessions of mode `http`. */
export class HttpAgents {
  readonly #host: HttpAgentHost;
  readonly #agents = new Map<Relay, Exchanges>();
  readonly #held = new Held();

  constructor(host: HttpAgentHost) {
    this.#host = host;
  }

  /** The agent's side of a session that opens, or that the object found when it woke. */
  add(relay: Relay): Exchanges {
    const agent = new Exchanges(
      {
        frame: (frame) => this.#host.frame(relay, frame),
        end: (code, reason) => this.#host.end(relay, code, reason),
        logged: () => this.#host.logged(),
      },
      this.#held,
      relay.log.newestStream,
    );
    this.#agents.set(relay, agent);
    return agent;
  }

  /** Whether the session takes requests. */
  takes(relay: Relay | undefined): relay is Relay {
    return relay?.record.state === "open" && this.#agents.has(relay);
  }

  /** Serves a request that the Worker has handed over; one to a session that is over is not looked at. */
  async serve(relay: Relay | undefined, request: Request): Promise<Response> {
    if (!this.takes(relay))
      return new Response(null, { status: 410, headers: { [REFUSED_HEADER]: "session_ended" } });
    const head = JSON.parse(request.headers.get(EXCHANGE_HEADER)!) as RequestHead;
    try {
      return await this.#agents.get(relay)!.serve(request, head);
    } catch (error) {
      const known =
        error instanceof SallyportError ? error : new Error("an exchange failed", { cause: error });
      return errorAnswer(known, relay.record.facts!.kind);
    }
  }

  /** Breaks off what a session has open: nothing more of it may be delivered. */
  close(relay: Relay, code: number, reason: string): void {
    this.#agents.get(relay)?.close(code, reason);
  }

  forget(relay: Relay): void {
    this.#agents.delete(relay);
  }
}
