import type { Socket } from "node:net";
import type { Client, ClientChannel } from "ssh2";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Timers } from "../../guard/timers.ts";
import { REAL_TIMERS } from "../../guard/timers.ts";
import type { SshTargetConfig } from "./config.ts";
import {
  abandonOpening,
  type Channel,
  changeNextPacket,
  channelsOf,
  execOn,
  insideOf,
  onDebug,
  openSession,
  protocolOf,
} from "./insides.ts";
import { SWEEP } from "./sweep.ts";

/** How long the target has to end what a session runs, ms, before its connection is closed all the same. */
const KILL_MS = 5_000;
/** How long of that it may take to say that it has killed a process group, ms. */
const SIGNAL_MS = 2_500;
/** How long it is to be asked anew, ms, when it could not end a process: one that it has only just forked has no process group. */
const AGAIN_MS = [10, 20, 40, 80, 160];
/** How long until the line that ends processes is tried anew, ms. */
const SWEEP_AGAIN_MS = 20;
const MIB = 1024 * 1024;
/** Bytes that may wait to be written to the target before it is taken for one that doesn't read. */
const MAX_BACKLOG = 16 * MIB;

/** A connection to a target that is logged in. */
export class SshTarget {
  /** Channels are opened on it. Its "error" and "close" are looked after here. */
  readonly client: Client;
  readonly host: string;
  readonly port: number;
  readonly account: string;
  /** `SHA256:…`, of the key that was accepted. */
  readonly hostKey: string;
  /** The server's version, such as `OpenSSH_9.2p1`. */
  readonly software: string;
  /** Resolves once the connection is gone, whoever ended it, with what the agent can be told. */
  readonly closed: Promise<SallyportError>;
  readonly #socket: Socket;
  readonly #timers: Timers;
  /** Whether the server runs one command whatever it is asked; as far as it is known. */
  #isForced: boolean;
  /** What `endChannel` waits for. */
  readonly #ending = new Set<Promise<boolean>>();
  /** A channel for the line that ends processes, where the agent's could take all that the server has. */
  #spare: Channel | undefined;

  constructor(opened: {
    config: SshTargetConfig;
    account: string;
    client: Client;
    socket: Socket;
    hostKey: string;
    software: string;
    /** Whether the certificate has a forced command. */
    isForced: boolean;
    timers?: Timers;
  }) {
    const { config, account, client, socket, hostKey, software } = opened;
    this.client = client;
    this.host = config.host;
    this.port = config.port;
    this.account = account;
    this.hostKey = hostKey;
    this.software = software;
    this.#socket = socket;
    this.#timers = opened.timers ?? REAL_TIMERS;
    this.#isForced = opened.isForced;
    onDebug(client, (message) => {
      // Of OpenSSH's sshd, about the line of authorized_keys.
      this.#isForced ||= /key options:(?: [\w=-]+)* command\b/.test(message);
    });
    const { promise, resolve } = Promise.withResolvers<SallyportError>();
    let why = "closed the connection";
    client.on("error", (error: Error & { level?: string }) => {
      why = error.level === "client-timeout" ? "does not answer any more" : "broke the connection";
      // After a violation of the protocol ssh2 only ends its own direction, and the target could keep the other open.
      socket.destroy();
    });
    client.once("close", () =>
      resolve(new SallyportError("target_closed", `target ${config.name} ${why}`, CLOSED_HINT)),
    );
    this.closed = promise;
    if (/^OpenSSH_/.test(software) && !this.#takesSignals) this.#keepSpare();
  }

  /**
   * Bytes that wait to be written to the target. ssh2 writes on without regard to its socket: a target that grants large
   * windows and then doesn't read would fill the memory. Above `isOverfull` end the session.
   */
  get backlog(): number {
    return this.#socket.writableLength;
  }

  /** Calls after each packet from the target has been taken apart. */
  onData(call: () => void): void {
    this.#socket.on("data", call);
  }

  get isOverfull(): boolean {
    return this.backlog > MAX_BACKLOG;
  }

  /**
   * Ends what runs on one channel, and the channel. Closing alone would not: sshd sends SIGHUP only where there is a
   * terminal, and a command without one runs on. So its process group is killed first (RFC 4254 section 6.9). Resolves
   * with whether the target did so: sshd does not for root, for subsystems, which end by themselves, and for forced
   * commands.
   */
  endChannel(channel: ClientChannel): Promise<boolean> {
    const inside = insideOf(channel);
    const ended = this.#end(inside);
    if (!isProcess(inside)) return ended;
    this.#ending.add(ended);
    return ended.finally(() => this.#ending.delete(ended));
  }

  /**
   * Ends what this connection runs on the target, then the connection. Kills the process group of each channel, and
   * then, by a line of its own, all else that belongs to the connection: jobs of a shell, what ignores SIGHUP, what was
   * sent to the background. Nothing is run where no command or shell is open, nor for an account with a forced command,
   * which would begin anew. What is still being opened does not begin. Never throws.
   */
  async kill(): Promise<void> {
    abandonOpening(this.client);
    const open = channelsOf(this.client).filter((one) => one !== this.#spare);
    const runs = this.#ending.size > 0 || open.some(isProcess);
    const ending = [...this.#ending, ...open.map((one) => this.#end(one))];
    await this.#within(KILL_MS, this.#killed(ending, runs));
    this.destroy();
  }

  async #killed(ending: Promise<boolean>[], runs: boolean): Promise<void> {
    const ended = await Promise.all(ending);
    if (runs && !this.#isForced && (ended.includes(true) || !this.#takesSignals)) await this.#sweep();
  }

  /** Resolves with whether the process was ended, or had ended by itself, so that what it left behind is to be ended, too. */
  async #end(channel: Channel): Promise<boolean> {
    const { outgoing, type } = channel;
    if (outgoing.state === "closing" || outgoing.state === "closed") return false;
    outgoing.state = "closing";
    const killed = type === "session" ? sendKill(this.client, channel) : Promise.resolve(false);
    if (!isProcess(channel) || !this.#takesSignals || this.#isForced) {
      close(this.client, channel);
      return false;
    }
    const ended = await this.#within(SIGNAL_MS, this.#killedAtLast(channel, killed));
    close(this.client, channel);
    return ended ?? false;
  }

  async #killedAtLast(channel: Channel, killed: Promise<boolean>): Promise<boolean> {
    let isKilled = await killed;
    for (const pause of AGAIN_MS) {
      if (isKilled || hasExited(channel)) return true;
      if (hasClosed(channel)) return false;
      await new Promise<void>((resolve) => this.#timers.after(pause, resolve));
      isKilled = await sendKill(this.client, channel);
    }
    return isKilled || hasExited(channel);
  }

  /** OpenSSH before 7.9 knows no signals, and a later one has none for root; otherwise it refuses them for forced commands. */
  get #takesSignals(): boolean {
    const [, major, minor] = /^OpenSSH_(\d+)\.(\d+)/.exec(this.software) ?? [];
    if (major === undefined || this.account === "root") return false;
    return Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 9);
  }

  /** Ends the connection at once. Commands without a terminal run on; `kill` ends them first. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Before the agent's first: sshd has a limit (`MaxSessions`), and counts them in their order. */
  #keepSpare(): void {
    openSession(this.client, (channel) => {
      this.#spare = channel;
    });
  }

  /** Runs the line that ends processes, to its end. A channel is free once a process that was killed has been noticed. */
  async #sweep(): Promise<void> {
    const over = this.closed.then(() => true);
    for (;;) {
      const swept = Promise.withResolvers<boolean>();
      const run = (channel: Channel | undefined) =>
        channel === undefined ? swept.resolve(false) : execOn(this.client, channel, SWEEP, swept.resolve);
      const spare = this.#spare;
      this.#spare = undefined;
      if (spare && !hasClosed(spare)) run(spare);
      else openSession(this.client, run);
      if (await Promise.race([swept.promise, over])) return;
      await new Promise<void>((resolve) => this.#timers.after(SWEEP_AGAIN_MS, resolve));
    }
  }

  async #within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
    const late = Promise.withResolvers<undefined>();
    const stop = this.#timers.after(ms, () => late.resolve(undefined));
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      stop();
    }
  }
}

const CLOSED_HINT = "Connect again; the log of the host's sshd may say why.";

/** A session that has no subtype yet may be a command whose beginning the target has not answered. */
function isProcess({ type, subtype }: Channel): boolean {
  return subtype === "exec" || subtype === "shell" || (type === "session" && subtype === undefined);
}

/** A CHANNEL_REQUEST up to `want reply`: type, channel, the name "signal" with its length. */
const WANT_REPLY = 1 + 4 + 4 + 6;

/** Has the process group of a channel killed; resolves with whether it was. */
function sendKill(client: Client, channel: Channel): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const protocol = protocolOf(client);
  try {
    // ssh2 sends signals only while its own direction is open, and never asks what became of them.
    channel._callbacks.push((failed) => resolve(!failed));
    changeNextPacket(protocol, (payload) => {
      payload[WANT_REPLY] = 1;
      return undefined;
    });
    protocol.signal(channel.outgoing.id, "KILL");
  } catch {
    // The connection is gone.
    resolve(false);
  }
  return promise;
}

function close(client: Client, { outgoing }: Channel): void {
  try {
    protocolOf(client).channelClose(outgoing.id);
  } catch {
    // The connection is gone.
  }
}

/** Whether the target has told how the process of this channel ended; others that it began may hold the channel open. */
function hasExited({ _exit }: Channel): boolean {
  return _exit !== undefined && _exit.code !== undefined;
}

function hasClosed({ incoming }: Channel): boolean {
  return incoming.state === "closed";
}
