import type { PseudoTtyInfo, Session, X11Info } from "ssh2";
import type { HeldWords } from "../guard/approval-words.ts";
import type { Connection } from "./connection.ts";
import { ChannelEnvironment } from "./environment.ts";
import { pseudoTty, readTerminal, type Terminal, windowOf } from "./terminal.ts";

const X11_PROTOCOL = /^[\x21-\x7e]{1,64}$/;
const MOST_COOKIE = 512;

/** What the agent asks of a channel beside what it is to run: variables, a terminal, its ssh-agent, X11. */
export class ChannelSetup {
  readonly #number: number;
  readonly #connection: Connection;
  readonly #environment: ChannelEnvironment;
  #terminal: Terminal | null = null;
  #forwardsAgent = false;
  #x11: X11Info | null = null;
  #refusedForward: HeldWords | null = null;
  #isClosed = false;

  constructor(number: number, session: Session, connection: Connection) {
    this.#number = number;
    this.#connection = connection;
    this.#environment = new ChannelEnvironment(number, connection);
    session.on("env", (accept, reject, { key, val }) =>
      answer(this.#environment.set(key, val), accept, reject),
    );
    session.on("pty", (accept, reject, info) => answer(this.#setTerminal(info), accept, reject));
    session.on("auth-agent", (accept, reject) => {
      this.#forwardsAgent = this.#mayForward("agent");
      answer(this.#forwardsAgent, accept, reject);
    });
    session.on("x11", (accept, reject, info) => {
      const isSound = X11_PROTOCOL.test(info.protocol) && info.cookie.length <= MOST_COOKIE;
      if (isSound && this.#mayForward("x11")) this.#x11 = info;
      answer(this.#x11 !== null, accept, reject);
    });
  }

  get hasTerminal(): boolean {
    return this.#terminal !== null;
  }

  /** Why the ssh-agent or X11 is not forwarded, to be told as soon as there is a place for it; null where nothing was refused. */
  get refusedForward(): HeldWords | null {
    return this.#refusedForward;
  }

  /** The command is known: no terminal is given any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** The terminal's new size, where there is one and it is within bounds. */
  resize(info: Parameters<typeof windowOf>[0]): ReturnType<typeof windowOf> {
    const size = this.#terminal && windowOf(info);
    if (size === null) return null;
    const { columns, rows } = size;
    this.#connection.recorder.event({ event: "resized", channel: this.#number, columns, rows });
    Object.assign(this.#terminal!, size);
    return size;
  }

  /** All of it, as ssh2 asks the target for it. */
  options() {
    return {
      env: this.#environment.accepted,
      ...(this.#terminal && { pty: pseudoTty(this.#terminal) }),
      ...(this.#forwardsAgent && { agentForward: true }),
      ...(this.#x11 && { x11: this.#x11 }),
    };
  }

  #setTerminal(info: PseudoTtyInfo): boolean {
    const { modes } = this.#connection.rawRequest();
    const terminal = this.#terminal === null && !this.#isClosed ? readTerminal(info, modes) : null;
    if (terminal === null) return false;
    this.#terminal = terminal;
    const { term, columns, rows } = terminal;
    this.#connection.recorder.event({ event: "terminal", channel: this.#number, term, columns, rows });
    return true;
  }

  /** At once: replies must come in the order of the requests (RFC 4254 section 4). */
  #mayForward(direction: "agent" | "x11"): boolean {
    const request = { type: "forward", direction, host: "", port: 0 } as const;
    const answer = this.#connection.guard.askAtOnce(request, this.#number);
    if (!answer.allowed) this.#refusedForward = answer.words;
    return answer.allowed;
  }
}

/** Answers a channel request, where an answer is wanted. */
export function answer(
  isTaken: boolean,
  accept: (() => void) | undefined,
  reject: (() => void) | undefined,
): void {
  (isTaken ? accept : reject)?.();
}
