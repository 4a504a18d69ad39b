import { SallyportError } from "../../protocol/errors.ts";
import type { Connection } from "./connection.ts";
import { mayBeSet } from "./target/config.ts";

/** Variables of one channel that are looked at; a client that sends more of them is no client. */
const MOST = 100;
const MOST_SENT = 1_000;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const MOST_BYTES = 8 * 1024;

/** The variables that the agent sets for one channel (RFC 4254 section 6.4); only those that the target's settings name. */
export class ChannelEnvironment {
  readonly accepted: Record<string, string> = {};
  readonly #channel: number;
  readonly #connection: Connection;
  #sent = 0;

  constructor(channel: number, connection: Connection) {
    this.#channel = channel;
    this.#connection = connection;
  }

  /** Whether it was taken. */
  set(name: string, value: string): boolean {
    this.#sent += 1;
    if (this.#sent > MOST_SENT) {
      this.#connection.fail(
        new SallyportError("limit_exceeded", `a channel may set ${MOST_SENT} variables at most`),
      );
    }
    if (this.#sent > MOST || !NAME.test(name)) return false;
    const isTaken =
      Buffer.byteLength(value) <= MOST_BYTES &&
      !/[\0\n]/.test(value) &&
      mayBeSet(this.#connection.config.environment, name);
    if (isTaken) this.accepted[name] = value;
    this.#connection.recorder.event({
      event: "environment",
      channel: this.#channel,
      name,
      value: isTaken ? value : null,
    });
    return isTaken;
  }
}
