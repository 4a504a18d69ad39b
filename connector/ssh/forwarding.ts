import type { Duplex } from "node:stream";
import type { Connection as AgentClient, ClientChannel, ServerChannel, TcpipBindInfo } from "ssh2";
import { SallyportError } from "../../protocol/errors.ts";
import type { ForwardRequest } from "../../protocol/ssh/request.ts";
import { onAuthAgent, openAuthAgent } from "./auth-agent.ts";
import type { Connection } from "./connection.ts";
import { ForwardedChannel } from "./forwarded-channel.ts";
import type { Answer } from "./guard.ts";
import { OpenFailure, refuseChannel } from "./refused-channel.ts";
import type { SshTarget } from "./target/target.ts";

/** Places at which the target listens for one session. */
const MOST_LISTENERS = 16;
/** Connections that wait for people or for the target, at most. */
const MOST_OPENING = 32;
const HOST = /^[\x21-\x7e]{0,255}$/;
const SOCKET = /^[^\0]{1,255}$/;

type Reply = ((port?: number) => void) | undefined;

/** Where the target listens for an agent. */
interface Listening {
  request: ForwardRequest;
  stop(target: SshTarget): void;
}

/**
 * Connections that an agent makes through the target, and that the target takes for it (RFC 4254 section 7, OpenSSH's
 * PROTOCOL section 2.4). Each is judged when it is asked for; a listener again when the policies change.
 */
export class Forwarding {
  readonly #connection: Connection;
  readonly #listening = new Map<string, Listening>();
  readonly #gone = new AbortController();
  #opening = 0;
  /** Listeners that wait for an answer. */
  #asking = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Takes what the agent asks for. */
  serve(agent: AgentClient): void {
    agent.on("tcpip", (accept, reject, { destIP, destPort }) => {
      const request = forward("local", destIP, destPort);
      if (!isPlace(destIP, destPort)) return reject();
      void this.#connect(request, accept, reject, (target, opened) =>
        target.client.forwardOut("127.0.0.1", 0, destIP, destPort, opened),
      );
    });
    agent.on("openssh.streamlocal", (accept, reject, { socketPath }) => {
      const request = forward("local", socketPath, 0);
      if (typeof socketPath !== "string" || !SOCKET.test(socketPath)) return reject();
      void this.#connect(request, accept, reject, (target, opened) =>
        target.client.openssh_forwardOutStreamLocal(socketPath, opened),
      );
    });
    agent.on("request", (accept, reject, name, info) => {
      const bind = info as TcpipBindInfo & { socketPath?: string };
      // Of a request that is cut short ssh2 tells what is there of it.
      if (!isPlace(bind?.bindAddr, bind?.bindPort)) reject?.();
      else if (name === "tcpip-forward") void this.#listen(bind, accept, reject);
      else if (name === "cancel-tcpip-forward") this.#unlisten(bind, accept, reject);
      // OpenSSH's client asks for streamlocal listeners only where somebody types -R with a path.
      else reject?.();
    });
  }

  /** The target is there: what it takes for the agent is passed on. */
  connected(target: SshTarget): void {
    target.client.on("tcp connection", ({ destIP, destPort, srcIP, srcPort }, accept, reject) => {
      const listening = this.#listening.get(key(destIP, destPort));
      if (!listening) return reject();
      this.#fromTarget("forwarded-tcpip", listening.request, accept, reject, (agent, opened) =>
        agent.forwardOut(destIP, destPort, srcIP, srcPort, opened),
      );
    });
    // Only channels that were let forward these have the target open any.
    target.client.on("x11", ({ srcIP, srcPort }, accept, reject) =>
      this.#fromTarget("x11", forward("x11", "", 0), accept, reject, (agent, opened) =>
        agent.x11(srcIP, srcPort, opened),
      ),
    );
    onAuthAgent(target.client, (accept, reject) =>
      this.#fromTarget("auth-agent@openssh.com", forward("agent", "", 0), accept, reject, openAuthAgent),
    );
  }

  #fromTarget(
    type: string,
    request: ForwardRequest,
    accept: () => Duplex,
    reject: () => void,
    open: (agent: AgentClient, opened: (error: Error | undefined, channel: ServerChannel) => void) => void,
  ): void {
    const { agent, recorder } = this.#connection;
    const taken =
      agent !== undefined &&
      this.#connection.open((number) => {
        recorder.event({ event: "channel_opened", channel: number, type });
        const channel = new ForwardedChannel(number, request, this.#connection);
        open(agent, (error, toAgent) => {
          if (error) {
            reject();
            channel.stop();
          } else channel.carry(toAgent, accept());
        });
        return channel;
      });
    if (!taken) reject();
  }

  /** Listeners that the policies of this moment block are taken back. */
  policiesChanged(): void {
    for (const [name, listening] of this.#listening) {
      if (this.#connection.guard.blocked(listening.request) === null) continue;
      this.#listening.delete(name);
      void this.#connection.target.then((target) => listening.stop(target));
    }
  }

  stop(): void {
    this.#gone.abort();
    this.#listening.clear();
  }

  async #connect(
    request: ForwardRequest,
    accept: () => ServerChannel,
    reject: () => void,
    open: (target: SshTarget, opened: (error: Error | undefined, channel: ClientChannel) => void) => void,
  ): Promise<void> {
    if (this.#opening >= MOST_OPENING) return reject();
    this.#opening += 1;
    try {
      await this.#open(request, accept, reject, open);
    } finally {
      this.#opening -= 1;
    }
  }

  async #open(
    request: ForwardRequest,
    accept: () => ServerChannel,
    reject: () => void,
    open: (target: SshTarget, opened: (error: Error | undefined, channel: ClientChannel) => void) => void,
  ): Promise<void> {
    const answer = await this.#ask(request);
    const refuse = (reason: Parameters<typeof refuseChannel>[2], words: string) => {
      if (this.#connection.agent) refuseChannel(this.#connection.agent, reject, reason, words);
    };
    if (!answer.allowed) return refuse(OpenFailure.prohibited, answer.words.message);
    try {
      const target = await this.#connection.target;
      const there = await new Promise<ClientChannel>((resolve, refused) => {
        open(target, (error, channel) => (error ? refused(error) : resolve(channel)));
      });
      const words = this.#connection.guard.blockedSince(request, answer);
      if (words !== null) {
        there.close();
        return refuse(OpenFailure.prohibited, words.message);
      }
      const taken = this.#connection.open((number) => {
        const type = request.port === 0 ? "direct-streamlocal@openssh.com" : "direct-tcpip";
        this.#connection.recorder.event({ event: "channel_opened", channel: number, type });
        const channel = new ForwardedChannel(number, request, this.#connection);
        channel.carry(accept(), there);
        return channel;
      });
      if (taken) return;
      there.close();
      reject();
    } catch (error) {
      const words = error instanceof SallyportError ? error.message : "the target can't connect there";
      refuse(OpenFailure.connectFailed, words);
    }
  }

  async #listen({ bindAddr, bindPort }: TcpipBindInfo, accept: Reply, reject: Reply): Promise<void> {
    const request = forward("remote", bindAddr, bindPort);
    if (this.#listening.size + this.#asking >= MOST_LISTENERS) return reject?.();
    this.#asking += 1;
    const answer = await this.#ask(request);
    this.#asking -= 1;
    if (!answer.allowed) {
      this.#connection.notice(answer.words);
      return reject?.();
    }
    try {
      const { client } = await this.#connection.target;
      const port = await new Promise<number>((resolve, refused) => {
        client.forwardIn(bindAddr, bindPort, (error, chosen) => (error ? refused(error) : resolve(chosen)));
      });
      const at = port || bindPort;
      this.#listening.set(key(bindAddr, at), {
        request,
        stop: (target) => void target.client.unforwardIn(bindAddr, at),
      });
      accept?.(at);
    } catch {
      this.#connection.notice({ message: `the target can't listen on port ${bindPort}` });
      reject?.();
    }
  }

  #unlisten({ bindAddr, bindPort }: TcpipBindInfo, accept: Reply, reject: Reply): void {
    const listening = this.#listening.get(key(bindAddr, bindPort));
    if (listening) {
      this.#listening.delete(key(bindAddr, bindPort));
      void this.#connection.target.then((target) => listening.stop(target));
    }
    (listening ? accept : reject)?.();
  }

  #ask(request: ForwardRequest): Promise<Answer> {
    return this.#connection.guard.ask(request, {
      channel: 0,
      tell: (words) => this.#connection.notice(words),
      signal: this.#gone.signal,
    });
  }
}

function forward(direction: ForwardRequest["direction"], host: string, port: number): ForwardRequest {
  return { type: "forward", direction, host, port };
}

function isPlace(host: unknown, port: unknown): boolean {
  return typeof host === "string" && HOST.test(host) && Number.isInteger(port);
}

function key(host: string, port: number): string {
  return `${host} ${port}`;
}
