import ssh2, { type Connection as AgentClient, type AuthContext, type ClientChannel } from "ssh2";
import type { ApprovalNews } from "../../protocol/approval/approval.ts";
import type { EndCode } from "../../protocol/close-reason.ts";
import type { SessionFacts } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { bounded } from "../../protocol/policy/reason.ts";
import { SessionUsage } from "../../protocol/policy/usage.ts";
import type { ConnectorStream, StreamHandlers } from "../../protocol/stream.ts";
import { admitted, revoked } from "../guard/admission.ts";
import type { HeldWords } from "../guard/approval-words.ts";
import { Approvals } from "../guard/approvals.ts";
import { detectorsFor } from "../guard/detectors.ts";
import { Findings } from "../guard/findings.ts";
import type { Timers } from "../guard/timers.ts";
import { toldError } from "../guard/told-error.ts";
import type { Detectors } from "../mask/detectors/modes.ts";
import { AGENT_ALGORITHMS } from "./algorithms.ts";
import { boundPackets, onSentAway, waitingForKeys } from "./bounds.ts";
import { Turns } from "./files/turns.ts";
import { Forwarding } from "./forwarding.ts";
import type { SshDeps } from "./gate.ts";
import { SshGuard } from "./guard.ts";
import { keepPacketKeys } from "./packet-keys.ts";
import { type RawRequest, rawRequests } from "./raw-requests.ts";
import { Recorder } from "./recorder.ts";
import { SessionChannel } from "./session-channel.ts";
import { accountFor } from "./target/accounts.ts";
import type { SshTargetConfig } from "./target/config.ts";
import { dialTarget } from "./target/dial.ts";
import type { SshTarget } from "./target/target.ts";
import { TunnelSocket } from "./tunnel-socket.ts";
import { Watching } from "./watching.ts";

/** Channels that an agent may have open at once. */
const MOST_CHANNELS = 32;
/** Bytes of a channel that wait here, at most: ssh2 opens its window of 2 MiB anew while as many are unread. */
const MOST_UNREAD = 4 * 1024 * 1024 + 64 * 1024;
/** Bytes of answers that the agent doesn't take; what channels say waits for it. */
const MOST_UNSENT = 2 * 1024 * 1024;
/** Bytes that wait while the target exchanges keys: it may take as long for that as it likes. */
const MOST_WAITING = 16 * 1024 * 1024;
/** ssh2 has no way to send no signs of life of its own; the tunnel has some already. */
const NEVER_MS = 2 ** 31 - 1;
/** Clients go by this name in how they order the paths of SFTP's SYMLINK, where OpenSSH's servers differ from the draft. */
const IDENT = "OpenSSH_9.2 Sallyport";

/** What a channel of an agent's needs so that it can be looked after. */
export interface AgentChannel {
  /** The session, or what it relies on, is over. */
  stop(): void;
  /** The policies are others now. */
  policiesChanged(): void;
  /** Words for people, where the channel has a place for them: false where it hasn't. */
  notice(words: HeldWords): boolean;
  /** Bytes that came from either side and wait here. */
  readonly unread: number;
}

/** One agent's SSH connection, from its handshake to its end, and the connection to the target that belongs to it. */
export class Connection implements StreamHandlers {
  readonly facts: SessionFacts;
  readonly config: SshTargetConfig;
  readonly recorder: Recorder;
  readonly socket: TunnelSocket;
  readonly watching: Watching;
  readonly timers: Timers;
  readonly findings: Findings;
  readonly turns = new Turns();
  /** Counts of what the session asks for and gets. */
  readonly usage: SessionUsage;
  readonly #stream: ConnectorStream;
  readonly #deps: SshDeps;
  readonly #approvals: Approvals;
  readonly #opening = new AbortController();
  readonly #channels = new Set<AgentChannel>();
  readonly #target = Promise.withResolvers<SshTarget>();
  readonly #forwarding: Forwarding;
  #guard: SshGuard | undefined;
  #connected: SshTarget | undefined;
  #agent: AgentClient | undefined;
  #rawRequest: (() => RawRequest) | undefined;
  #lastChannel = 0;
  #stopListening = () => {};
  #isSentAway = false;
  #isOver = false;

  constructor(stream: ConnectorStream, config: SshTargetConfig, deps: SshDeps) {
    this.#stream = stream;
    this.#deps = deps;
    this.facts = stream.facts;
    this.config = config;
    this.timers = deps.timers;
    this.recorder = new Recorder(stream, () => this.socket.flush());
    this.socket = new TunnelSocket(stream, () => this.recorder.flush());
    this.watching = new Watching(deps.timers);
    this.findings = new Findings((event) => this.recorder.event(event), deps.timers);
    this.#forwarding = new Forwarding(this);
    this.usage = new SessionUsage(deps.principals.of(this.facts.principal));
    this.#approvals = new Approvals({
      ask: (ask) => {
        this.recorder.flush();
        stream.askEdge(ask);
      },
      timers: deps.timers,
      now: deps.now,
    });
    // Whoever needs the target has the error from its own wait.
    this.#target.promise.catch(() => {});
  }

  start(): void {
    const { hostKey, policies } = this.#deps;
    const server = new ssh2.Server(
      {
        hostKeys: [hostKey],
        algorithms: AGENT_ALGORITHMS,
        ident: IDENT,
        keepaliveInterval: NEVER_MS,
      },
      (agent, { header }) => this.#handshake(agent, header.versions.software),
    );
    this.#stopListening = policies.onChange(() => this.#policiesChanged());
    // SSH has no half of a connection: who ends one direction has ended the other.
    for (const event of ["end", "finish"]) this.socket.on(event, () => this.#lastWord());
    this.socket.on("close", () => this.#finish("closed", "the agent ended the session"));
    server.injectSocket(this.socket as never);
  }

  /** Resolves when the target is there. Rejects with a `SallyportError` for the agent when it can't be had. */
  get target(): Promise<SshTarget> {
    return this.#target.promise;
  }

  /** What judges. There from when the agent has logged in. */
  get guard(): SshGuard {
    if (this.#guard !== undefined) return this.#guard;
    throw new SallyportError("protocol_violation", "the agent asked for something before it had logged in");
  }

  /** The agent's end, for channels that the target opens. */
  get agent(): AgentClient | undefined {
    return this.#agent;
  }

  /** What ssh2 gets wrong of the channel request that it emits now. */
  rawRequest(): RawRequest {
    return this.#rawRequest!();
  }

  /** The target's detectors, by the policies of this moment. */
  detectors(): Detectors {
    const { current } = this.#deps.policies;
    const { detectors } = this.config;
    return current === null ? detectors : detectorsFor(current.set, this.facts, detectors, "");
  }

  /** A number for a new channel, or null where there are too many. */
  open(channel: (number: number) => AgentChannel): boolean {
    if (this.#isOver || this.#channels.size >= MOST_CHANNELS) return false;
    this.#lastChannel += 1;
    this.#channels.add(channel(this.#lastChannel));
    return true;
  }

  closed(channel: AgentChannel, number: number): void {
    if (this.#channels.delete(channel) && !this.#isOver) {
      this.recorder.event({ event: "channel_closed", channel: number });
    }
  }

  /** Ends a process on the target, whatever it does. */
  endProcess(channel: ClientChannel): void {
    void this.#connected?.endChannel(channel);
  }

  /** Says something that belongs to no channel where the agent's user may see it. */
  notice(words: HeldWords): void {
    for (const channel of [...this.#channels].reverse()) if (channel.notice(words)) return;
  }

  onData(chunk: Uint8Array): void {
    this.socket.received(chunk);
    this.#checkBounds("the agent");
  }

  onDrain(): void {
    this.socket.drained();
  }

  onEnd(): void {
    this.socket.receivedEnd();
  }

  onClose(): void {
    this.#stop();
  }

  onApproval(news: ApprovalNews): void {
    this.#approvals.news(news);
  }

  onWatched(watchers: number): void {
    this.watching.changed(watchers);
  }

  /** Ends the session because of a peer's fault, or of a limit. */
  fail(error: SallyportError): void {
    if (this.#isOver) return;
    this.#deps.log(error.message, { session: this.facts.session });
    this.recorder.event({ event: "refused", code: error.code, message: error.message });
    this.#finish(error.code, error.message);
  }

  #handshake(agent: AgentClient, software: string): void {
    this.#agent = agent;
    keepPacketKeys(agent);
    boundPackets(agent, "the agent", (error) => this.fail(error));
    onSentAway(agent, () => {
      this.#isSentAway = true;
    });
    this.#rawRequest = rawRequests(agent);
    this.recorder.event({ event: "ssh_client", software: bounded(software, 255) });
    agent.on("error", (error: Error & { level?: string; code?: unknown }) => this.#agentFailed(error));
    agent.on("authentication", (context) => this.#login(context));
    agent.on("session", (accept, reject) => {
      const taken = this.open((number) => {
        this.recorder.event({ event: "channel_opened", channel: number, type: "session" });
        return new SessionChannel(number, accept(), this);
      });
      if (!taken) reject();
    });
    this.#forwarding.serve(agent);
  }

  /** The tunnel has told who it is; only the login name says something, which account of the target is wanted. */
  #login(context: AuthContext): void {
    if (this.#guard === undefined) {
      const { facts } = this;
      let account = "";
      try {
        account = accountFor(this.config, facts, context.username);
        void this.#connect(account);
      } catch (error) {
        this.#refused(error);
      }
      const { policies, now } = this.#deps;
      this.#guard = new SshGuard({
        facts,
        account,
        policies,
        usage: this.usage,
        recorder: this.recorder,
        approvals: this.#approvals,
        now,
      });
    }
    context.accept();
  }

  async #connect(account: string): Promise<void> {
    const { policies, now, dialLimits } = this.#deps;
    try {
      await admitted(policies, this.facts, now());
      const target = await dialTarget(this.config, account, this.#opening.signal, dialLimits);
      if (this.#isOver) {
        target.destroy();
        return;
      }
      this.#connected = target;
      const { host, port, hostKey, software } = target;
      this.recorder.event({ event: "ssh_connected", host, port, user: account, hostKey, software });
      boundPackets(target.client, "the target", (error) => this.fail(error));
      target.onData(() => this.#checkBounds("the target"));
      void target.closed.then((error) => this.fail(error));
      this.#forwarding.connected(target);
      this.#target.resolve(target);
    } catch (error) {
      this.#refused(error);
    }
  }

  /** The session can't be served: whatever it asks for is answered with the reason. */
  #refused(cause: unknown): void {
    if (this.#isOver) return;
    const { name, host, port } = this.config;
    const words = cause instanceof Error ? cause.message : "unknown failure";
    this.#deps.log(`${host}:${port}: ${words}`, { session: this.facts.session, target: name });
    const error = toldError(cause, name, "the target can't be reached");
    this.recorder.event({ event: "refused", code: error.code, message: error.message });
    this.#target.reject(error);
  }

  #policiesChanged(): void {
    const error = revoked(this.#deps.policies, this.facts, this.#deps.now());
    if (error !== null) this.fail(error);
    for (const channel of [...this.#channels]) channel.policiesChanged();
    this.#forwarding.policiesChanged();
  }

  /** Nothing more comes, or the server has ended its side: the client said goodbye, or did not even begin. */
  #lastWord(): void {
    if (this.#agent !== undefined && !this.#isSentAway) {
      this.#finish("closed", "the agent ended the session");
    } else {
      this.fail(
        new SallyportError(
          "protocol_violation",
          "the agent's client does not begin as RFC 4253 and 4252 say",
        ),
      );
    }
  }

  /** ssh2 takes what goes beyond a window; memory has a bound all the same. */
  #checkBounds(who: string): void {
    for (const { unread } of this.#channels) {
      if (unread > MOST_UNREAD) {
        this.fail(new SallyportError("window_exceeded", `${who} sent more than the window of its channel`));
        return;
      }
    }
    const [agent, target] = [this.#agent, this.#connected];
    if (agent && this.socket.writableLength + waitingForKeys(agent) > MOST_UNSENT) {
      this.fail(new SallyportError("limit_exceeded", "the agent does not take what it asks for"));
    } else if (target && (target.isOverfull || waitingForKeys(target.client) > MOST_WAITING)) {
      this.fail(
        new SallyportError("window_exceeded", "the target takes less than the window that it grants"),
      );
    }
  }

  #agentFailed(error: Error & { level?: string; code?: unknown }): void {
    // The client's own goodbye, whatever reason it gives.
    if (typeof error.code === "number") return;
    this.fail(
      new SallyportError(
        "protocol_violation",
        `the agent's SSH client sent what can't be taken: ${bounded(error.message, 200)}`,
      ),
    );
  }

  #finish(code: EndCode, reason: string): void {
    if (this.#isOver) return;
    this.#stop();
    this.#stream.end();
    this.#stream.close(code, reason);
  }

  #stop(): void {
    if (this.#isOver) return;
    this.findings.stop();
    for (const channel of [...this.#channels]) channel.stop();
    this.#isOver = true;
    this.recorder.flush();
    this.#stopListening();
    this.#approvals.end();
    this.#opening.abort(new SallyportError("session_ended", "the session is over"));
    this.#forwarding.stop();
    void this.#connected?.kill();
    this.socket.destroy();
  }
}
