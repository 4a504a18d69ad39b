import { SallyportError } from "../../protocol/errors.ts";
import type { ExchangeHandlers, ExchangeStream, ExchangeTunnel } from "../../protocol/stream.ts";
import type { Ending } from "../relay.ts";

/** One session for all requests of a listener: opened by the first, and by the first after one has ended. */
export class LazyTunnel {
  readonly #openTunnel: () => Promise<ExchangeTunnel>;
  readonly #onEnded: (ending: Ending) => void;
  #tunnel: Promise<ExchangeTunnel> | undefined;
  #isClosed = false;
  /** Resolves when the session that there was last is over. */
  #over = Promise.resolve();

  constructor(openTunnel: () => Promise<ExchangeTunnel>, onEnded: (ending: Ending) => void) {
    this.#openTunnel = openTunnel;
    this.#onEnded = onEnded;
  }

  /** Opens a stream. Throws what the edge answered where there is no session; `too_many`. */
  async open(handlers: ExchangeHandlers): Promise<ExchangeStream> {
    if (this.#isClosed) throw new SallyportError("session_ended", "The listener stops.");
    return (await this.#current()).open(handlers);
  }

  /** Ends the session; resolves when the edge has taken note. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const tunnel = await this.#tunnel?.catch(() => undefined);
    tunnel?.close("closed", "the listener stops");
    await this.#over;
  }

  /** Requests that come while it is opened wait for the same one; a failure is theirs, and the next tries again. */
  #current(): Promise<ExchangeTunnel> {
    if (this.#tunnel) return this.#tunnel;
    const opening = this.#openTunnel().then((tunnel) => {
      const over = Promise.withResolvers<void>();
      this.#over = over.promise;
      tunnel.onClose = (code, reason) => {
        if (this.#tunnel === opening) this.#tunnel = undefined;
        over.resolve();
        this.#onEnded({ code, reason });
      };
      return tunnel;
    });
    this.#tunnel = opening;
    opening.catch(() => {
      if (this.#tunnel === opening) this.#tunnel = undefined;
    });
    return opening;
  }
}
