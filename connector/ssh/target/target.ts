import type { Socket } from "node:net";
import type { Client, ClientChannel } from "ssh2";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Timers } from "../../guard/timers.ts";
import { REAL_TIMERS } from "../../guard/timers.ts";
import type { SshTargetConfig } from "./config.ts";
import { type Channel, changeNextPacket, channelsOf, insideOf, onDebug, protocolOf } from "./insides.ts";

/** How long the target has to answer when a session is killed, ms: promise 6 is a second in all. */
const KILL_MS = 500;
/** How long the search for what is left of a session may take, ms. */
const SWEEP_MS = 2_000;
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
    const ended = end(this.client, inside);
    if (!isProcess(inside)) return ended;
    this.#ending.add(ended);
    return ended.finally(() => this.#ending.delete(ended));
  }

  /**
   * Ends what this connection runs on the target, then the connection. Kills the process group of each channel, and
   * then, by a line of its own, all that still carries the connection's SSH_CONNECTION in its environment: jobs of a
   * shell, what ignores SIGHUP, what was sent to the background. Nothing is run where no command or shell is open, nor
   * for an account with a forced command, which would begin anew. Never throws.
   */
  async kill(): Promise<void> {
    const open = channelsOf(this.client);
    const runs = this.#ending.size > 0 || open.some(isProcess);
    const ended = [...this.#ending, ...open.map((one) => end(this.client, one))];
    const killed = await this.#within(KILL_MS, Promise.all(ended));
    if (runs && !this.#isForced && (killed?.includes(true) || !this.#takesSignals)) {
      await this.#within(SWEEP_MS, this.#sweep());
    }
    this.destroy();
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

  #sweep(): Promise<void> {
    return new Promise((resolve) => {
      void this.closed.then(() => resolve());
      try {
        this.client.exec(SWEEP, (error, channel) => {
          if (error) return resolve();
          channel.on("close", () => resolve()).resume();
          channel.stderr.resume();
        });
      } catch {
        resolve();
      }
    });
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

/**
 * One line, for a login shell of whatever kind. It looks up to three times, since what is killed may just have begun
 * another process; what reads the environments has the variable, too, and is gone by then.
 */
const SWEEP = [
  "exec /bin/sh -c '",
  '[ -n "$SSH_CONNECTION" ] || exit 0;',
  "for i in 1 2 3; do",
  "found=;",
  'for pid in $(grep -lsaF "SSH_CONNECTION=$SSH_CONNECTION" /proc/[0-9]*/environ | tr -cd "0-9\\n"); do',
  'if [ "$pid" != $$ ] && kill -KILL "$pid" 2>/dev/null; then found=1; fi;',
  "done;",
  '[ -n "$found" ] || exit 0;',
  "done'",
].join(" ");

/** A session that has no subtype yet may be a command whose beginning the target has not answered. */
function isProcess({ type, subtype }: Channel): boolean {
  return subtype === "exec" || subtype === "shell" || (type === "session" && subtype === undefined);
}

/** A CHANNEL_REQUEST up to `want reply`: type, channel, the name "signal" with its length. */
const WANT_REPLY = 1 + 4 + 4 + 6;

function end(client: Client, channel: Channel): Promise<boolean> {
  const { outgoing, type } = channel;
  if (outgoing.state === "closing" || outgoing.state === "closed") return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const protocol = protocolOf(client);
  try {
    if (type === "session") {
      // ssh2 sends signals only while its own direction is open, and never asks what became of them.
      channel._callbacks.push((failed) => resolve(!failed));
      changeNextPacket(protocol, (payload) => {
        payload[WANT_REPLY] = 1;
        return undefined;
      });
      protocol.signal(outgoing.id, "KILL");
    } else resolve(false);
    protocol.channelClose(outgoing.id);
    outgoing.state = "closing";
  } catch {
    // The connection is gone.
    resolve(false);
  }
  return promise;
}
