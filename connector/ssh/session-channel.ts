import type {
  AcceptConnection,
  Client,
  ClientChannel,
  PseudoTtyInfo,
  ServerChannel,
  Session,
  X11Info,
} from "ssh2";
import { SallyportError } from "../../protocol/errors.ts";
import type { ExecRequest, ShellRequest } from "../../protocol/ssh/request.ts";
import type { HeldWords } from "../guard/approval-words.ts";
import { AgentWriter } from "./agent-writer.ts";
import { heedSocket } from "./bounds.ts";
import type { AgentChannel, Connection } from "./connection.ts";
import { ChannelEnvironment } from "./environment.ts";
import { isNamedSignal } from "./exit-signal.ts";
import { carryScp, carrySftp, openScp, openSubsystem, type Scp, scpOf } from "./file-channel.ts";
import type { Answer } from "./guard.ts";
import { ProcessRelay } from "./process-relay.ts";
import { EXIT_REFUSED, EXIT_UNREACHED, said, wordsOf } from "./said.ts";
import { pseudoTty, readTerminal, type Terminal, windowOf } from "./terminal.ts";

/** Bytes of an agent's that are kept while its request waits. */
const MOST_EARLY = 256 * 1024;
/** What a terminal's keys for interrupt and end of file send. */
const INTERRUPTS = [0x03, 0x04];
const EXIT_INTERRUPTED = 130;

const NOBODY_WATCHES: HeldWords = {
  message: "nobody watches this session, so its terminal stands still",
  hint: "It goes on when somebody does.",
};

const NOT_UTF8: HeldWords = {
  message: "this command line is not UTF-8, so it can't be judged",
  hint: "Name such a file by a pattern, or by the shell's $'…'.",
};

/** A channel of type `session` (RFC 4254 section 6): one shell, command, or subsystem. */
export class SessionChannel implements AgentChannel {
  readonly #number: number;
  readonly #connection: Connection;
  readonly #environment: ChannelEnvironment;
  readonly #gone = new AbortController();
  readonly #early: Buffer[] = [];
  #earlyBytes = 0;
  #agentEnded = false;
  /** People are asked, or waited for. */
  #isHeld = false;
  #terminal: Terminal | null = null;
  #forwardsAgent = false;
  #x11: X11Info | null = null;
  /** Told as soon as there is a place for it. */
  #refusedForward: HeldWords | null = null;
  #agent: ServerChannel | undefined;
  #writer: AgentWriter | undefined;
  #request: ExecRequest | ShellRequest | undefined;
  #isWatched = false;
  #target: ClientChannel | undefined;
  #relay: ProcessRelay | undefined;
  #isOver = false;

  constructor(number: number, session: Session, connection: Connection) {
    this.#number = number;
    this.#connection = connection;
    this.#environment = new ChannelEnvironment(number, connection);
    session.on("env", (accept, reject, { key, val }) =>
      answer(this.#environment.set(key, val), accept, reject),
    );
    session.on("pty", (accept, reject, info) => answer(this.#setTerminal(info), accept, reject));
    session.on("window-change", (accept, _reject, info) => {
      this.#resize(info);
      accept?.();
    });
    session.on("signal", (accept, reject, { name }) => answer(this.#signal(name), accept, reject));
    session.on("auth-agent", (accept, reject) => {
      this.#forwardsAgent = this.#mayForward("agent");
      answer(this.#forwardsAgent, accept, reject);
    });
    session.on("x11", (accept, reject, info) => {
      const isSound = /^[\x21-\x7e]{1,64}$/.test(info.protocol) && info.cookie.length <= 512;
      if (isSound && this.#mayForward("x11")) this.#x11 = info;
      answer(this.#x11 !== null, accept, reject);
    });
    session.on("exec", (accept, reject, { command }) => this.#exec(accept, reject, command));
    session.on("shell", (accept, reject) =>
      this.#begin(accept, reject, { type: "shell", terminal: this.#terminal !== null }),
    );
    session.on("subsystem", (accept, reject, { name }) => this.#subsystem(accept, reject, name));
    session.on("close", () => this.stop());
  }

  get unread(): number {
    return Math.max(
      this.#agent?.readableLength ?? 0,
      this.#target?.readableLength ?? 0,
      this.#target?.stderr.readableLength ?? 0,
    );
  }

  /** Between what the process says; not where that would be taken for a file's bytes. */
  notice(words: HeldWords): boolean {
    if (!this.#writer || this.#isOver) return false;
    this.#tell(words);
    return true;
  }

  policiesChanged(): void {
    const words = this.#request && this.#relay && this.#connection.guard.blocked(this.#request);
    if (words) this.#end(words, EXIT_REFUSED);
    else this.#relay?.use(this.#connection.detectors());
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#gone.abort();
    this.#relay?.stop();
    this.#writer?.stop();
    if (this.#target) this.#connection.endProcess(this.#target);
    this.#connection.closed(this, this.#number);
  }

  #setTerminal(info: PseudoTtyInfo): boolean {
    const { modes } = this.#connection.rawRequest();
    const terminal =
      this.#terminal === null && this.#request === undefined ? readTerminal(info, modes) : null;
    if (terminal === null) return false;
    this.#terminal = terminal;
    const { term, columns, rows } = terminal;
    this.#connection.recorder.event({ event: "terminal", channel: this.#number, term, columns, rows });
    return true;
  }

  #resize(info: { rows: number; cols: number; height: number; width: number }): void {
    const size = this.#terminal && windowOf(info);
    if (size === null) return;
    const { rows, columns, height, width } = size;
    this.#connection.recorder.event({ event: "resized", channel: this.#number, columns, rows });
    Object.assign(this.#terminal!, size);
    this.#target?.setWindow(rows, columns, height, width);
  }

  #signal(name: string): boolean {
    if (!isNamedSignal(name) || !this.#target) return false;
    const target = this.#target;
    void this.#connection.recorder
      .logged({ event: "signal", channel: this.#number, signal: name })
      .then(() => target.signal(name));
    return true;
  }

  /** At once: replies must come in the order of the requests (RFC 4254 section 4). */
  #mayForward(direction: "agent" | "x11"): boolean {
    const request = { type: "forward", direction, host: "", port: 0 } as const;
    const answer = this.#connection.guard.askAtOnce(request, this.#number);
    if (!answer.allowed) this.#refusedForward = answer.words;
    return answer.allowed;
  }

  #exec(accept: AcceptConnection<ServerChannel>, reject: () => void, command: string): void {
    if (this.#connection.rawRequest().isUtf8) {
      this.#begin(accept, reject, { type: "exec", command, terminal: this.#terminal !== null });
    } else if (this.#agent) {
      reject();
    } else {
      this.#accept(accept());
      this.#end(NOT_UTF8, EXIT_REFUSED);
    }
  }

  #subsystem(accept: () => ServerChannel, reject: () => void, name: string): void {
    if (name !== "sftp" || this.#agent) {
      reject();
      return;
    }
    this.#connection.recorder.event({ event: "subsystem", channel: this.#number, name });
    this.#accept(accept());
    void this.#whileItLasts(async () => {
      this.#carryFiles(await openSubsystem(await this.#connection.target), null);
    });
  }

  #begin(
    accept: AcceptConnection<ServerChannel>,
    reject: () => void,
    request: ExecRequest | ShellRequest,
  ): void {
    if (this.#agent) {
      reject();
      return;
    }
    this.#accept(accept());
    this.#request = request;
    const scp = request.type === "exec" && !request.terminal ? scpOf(request.command) : null;
    void this.#whileItLasts(async () => {
      if (scp !== null) {
        // What is judged is each file.
        this.#connection.recorder.event({ event: "subsystem", channel: this.#number, name: "scp" });
        await openScp(await this.#connection.target, scp, (opened) =>
          this.#carryFiles(opened.target, opened),
        );
        return;
      }
      const answer = await this.#ask(request);
      if (this.#isOver) return;
      if (!answer.allowed) {
        this.#end(answer.words, this.#gone.signal.aborted ? EXIT_INTERRUPTED : EXIT_REFUSED);
        return;
      }
      if (answer.watched && !(await this.#watched())) return;
      const { client } = await this.#connection.target;
      // It may have waited long, for a watcher or for the target.
      const words = this.#connection.guard.blocked(request);
      if (words) this.#end(words, EXIT_REFUSED);
      else await this.#open(client, request, (target) => this.#carry(target));
    });
  }

  #accept(agent: ServerChannel): void {
    this.#agent = agent;
    heedSocket(agent, this.#connection.socket);
    this.#writer = new AgentWriter(agent, this.#number, this.#connection);
    agent.on("error", () => this.stop());
    agent.on("close", () => this.stop());
    if (this.#refusedForward) this.#tell(this.#refusedForward);
    agent.on("data", this.#hearEarly);
    agent.on("end", this.#endEarly);
  }

  /** What the agent sends before its request may run. */
  readonly #hearEarly = (chunk: Buffer): void => {
    if (this.#isHeld && this.#terminal !== null && chunk.some((byte) => INTERRUPTS.includes(byte))) {
      this.#gone.abort();
      return;
    }
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes >= MOST_EARLY) this.#agent?.pause();
  };

  readonly #endEarly = (): void => {
    this.#agentEnded = true;
  };

  async #ask(request: Parameters<Connection["guard"]["ask"]>[0]): Promise<Answer> {
    const answer = await this.#connection.guard.ask(request, {
      channel: this.#number,
      tell: (words) => {
        this.#isHeld = true;
        this.#tell(words);
      },
      signal: this.#gone.signal,
    });
    this.#isHeld = false;
    return answer;
  }

  /** Waits until somebody watches; false when that is over. */
  async #watched(): Promise<boolean> {
    const { watching, facts } = this.#connection;
    this.#isWatched = true;
    if (!watching.isWatched) {
      this.#isHeld = true;
      this.#tell({
        message: "this needs somebody who watches; waiting for one",
        hint: `Who may watch runs \`sallyport sessions watch ${facts.session}\`.`,
      });
    }
    const isWatched = await watching.begun(this.#gone.signal);
    this.#isHeld = false;
    if (isWatched) return !this.#isOver;
    if (this.#gone.signal.aborted) this.#end({ message: "interrupted" }, EXIT_INTERRUPTED);
    else {
      this.#end(
        { message: "nobody came to watch", hint: "Ask somebody who may, and try again." },
        EXIT_REFUSED,
      );
    }
    return false;
  }

  /** Calls `carry` at once: what has run briefly is over in the same turn of the event loop. */
  #open(
    client: Client,
    request: ExecRequest | ShellRequest,
    carry: (target: ClientChannel) => void,
  ): Promise<void> {
    const options = {
      env: this.#environment.accepted,
      ...(this.#terminal && { pty: pseudoTty(this.#terminal) }),
      ...(this.#forwardsAgent && { agentForward: true }),
      ...(this.#x11 && { x11: this.#x11 }),
    };
    return new Promise((resolve, reject) => {
      const opened = (error: Error | undefined, channel: ClientChannel) =>
        error ? reject(error) : resolve(carry(channel));
      if (request.type === "exec") client.exec(request.command, options, opened);
      else client.shell(options.pty ?? false, options, opened);
    });
  }

  #carry(target: ClientChannel): void {
    const agent = this.#take(target);
    if (agent === null) return;
    const { recorder, timers, watching, findings } = this.#connection;
    const relay = new ProcessRelay({
      channel: this.#number,
      agent,
      writer: this.#writer!,
      target,
      terminal: this.#terminal !== null,
      detectors: this.#connection.detectors(),
      found: (counts) => findings.add(counts),
      recorder,
      timers,
      over: () => this.#finish(),
    });
    this.#relay = relay;
    relay.start(this.#early, this.#agentEnded);
    if (!this.#isWatched) return;
    watching.standStill(this.#gone.signal, {
      changed: (isFrozen) => this.#standStill(relay, isFrozen),
      tooLong: () => this.#end({ message: "nobody has watched for too long" }, EXIT_REFUSED),
    });
  }

  #carryFiles(target: ClientChannel, scp: Scp | null): void {
    const agent = this.#take(target);
    if (agent === null) return;
    for (const chunk of this.#early.toReversed()) agent.unshift(chunk);
    const options = {
      channel: this.#number,
      agent,
      writer: this.#writer!,
      target,
      connection: this.#connection,
      signal: this.#gone.signal,
      over: (status: number) => this.#finish(status),
    };
    if (scp === null) carrySftp(options);
    else carryScp(options, scp);
  }

  /** The target's channel is there; null when nobody wants it any more. */
  #take(target: ClientChannel): ServerChannel | null {
    const agent = this.#agent!;
    if (this.#isOver) {
      this.#connection.endProcess(target);
      return null;
    }
    this.#target = target;
    agent.off("data", this.#hearEarly);
    agent.off("end", this.#endEarly);
    agent.pause();
    return agent;
  }

  #standStill(relay: ProcessRelay, isFrozen: boolean): void {
    this.#connection.recorder.event({ event: isFrozen ? "frozen" : "thawed", channel: this.#number });
    if (isFrozen) relay.freeze();
    relay.tell(isFrozen ? NOBODY_WATCHES : { message: "somebody watches again" });
    if (!isFrozen) relay.thaw();
  }

  #tell(words: HeldWords): void {
    this.#writer?.error(said(words, this.#terminal !== null));
  }

  /** Runs what may fail because of the target; its error is told, and ends the channel. */
  async #whileItLasts(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (cause) {
      if (this.#isOver) return;
      const known =
        cause instanceof SallyportError
          ? cause
          : new SallyportError(
              "target_refused",
              "the target refused to run this",
              "It may allow no more sessions on one connection (MaxSessions of its sshd_config), or not this one.",
            );
      this.#end(wordsOf(known), EXIT_UNREACHED);
    }
  }

  /** Says why, and closes the channel. */
  #end(words: HeldWords, status: number): void {
    if (this.#isOver) return;
    this.#relay?.stop();
    if (this.#target) this.#connection.endProcess(this.#target);
    this.#tell(words);
    this.#connection.recorder.event({ event: "exited", channel: this.#number, status, signal: null });
    this.#finish(status);
  }

  #finish(status?: number): void {
    const agent = this.#agent;
    this.#writer?.after(() => {
      if (status !== undefined) agent?.exit(status);
      agent?.end();
      this.stop();
    });
  }
}

function answer(isTaken: boolean, accept: (() => void) | undefined, reject: (() => void) | undefined): void {
  (isTaken ? accept : reject)?.();
}
