import type { AcceptConnection, Client, ClientChannel, ServerChannel, Session } from "ssh2";
import { SallyportError } from "../../protocol/errors.ts";
import type { ExecRequest, ShellRequest } from "../../protocol/ssh/request.ts";
import type { HeldWords } from "../guard/approval-words.ts";
import { AgentWriter } from "./agent-writer.ts";
import { answer, ChannelSetup } from "./channel-setup.ts";
import type { AgentChannel, Connection } from "./connection.ts";
import { EarlyInput } from "./early-input.ts";
import { isNamedSignal } from "./exit-signal.ts";
import { carryScp, carrySftp, openScp, openSubsystem, type Scp, scpOf } from "./file-channel.ts";
import type { Answer } from "./guard.ts";
import { ProcessRelay } from "./process-relay.ts";
import { EXIT_REFUSED, EXIT_UNREACHED, said, wordsOf } from "./said.ts";

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
  readonly #setup: ChannelSetup;
  readonly #gone = new AbortController();
  #agent: ServerChannel | undefined;
  #writer: AgentWriter | undefined;
  #early: EarlyInput | undefined;
  #request: ExecRequest | ShellRequest | undefined;
  #isWatched = false;
  #target: ClientChannel | undefined;
  #relay: ProcessRelay | undefined;
  #isOver = false;

  constructor(number: number, session: Session, connection: Connection) {
    this.#number = number;
    this.#connection = connection;
    this.#setup = new ChannelSetup(number, session, connection);
    session.on("window-change", (accept, _reject, info) => {
      const size = this.#setup.resize(info);
      if (size !== null) this.#target?.setWindow(size.rows, size.columns, size.height, size.width);
      accept?.();
    });
    session.on("signal", (accept, reject, { name }) => answer(this.#signal(name), accept, reject));
    session.on("exec", (accept, reject, { command }) => this.#exec(accept, reject, command));
    session.on("shell", (accept, reject) =>
      this.#begin(accept, reject, { type: "shell", terminal: this.#setup.hasTerminal }),
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

  #signal(name: string): boolean {
    if (!isNamedSignal(name) || !this.#target) return false;
    const target = this.#target;
    void this.#connection.recorder
      .logged({ event: "signal", channel: this.#number, signal: name })
      .then(() => target.signal(name));
    return true;
  }

  #exec(accept: AcceptConnection<ServerChannel>, reject: () => void, command: string): void {
    if (this.#connection.rawRequest().isUtf8) {
      this.#begin(accept, reject, { type: "exec", command, terminal: this.#setup.hasTerminal });
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
    this.#setup.close();
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
      const words = this.#connection.guard.blockedSince(request, answer);
      if (words) this.#end(words, EXIT_REFUSED);
      else await this.#open(client, request, (target) => this.#carry(target));
    });
  }

  #accept(agent: ServerChannel): void {
    this.#agent = agent;
    this.#writer = new AgentWriter(agent, this.#number, this.#connection);
    agent.on("error", () => this.stop());
    agent.on("close", () => this.stop());
    const { hasTerminal, refusedForward } = this.#setup;
    if (refusedForward) this.#tell(refusedForward);
    this.#early = new EarlyInput(agent, hasTerminal, () => this.#gone.abort());
  }

  async #ask(request: Parameters<Connection["guard"]["ask"]>[0]): Promise<Answer> {
    const answer = await this.#connection.guard.ask(request, {
      channel: this.#number,
      tell: (words) => {
        this.#hold(true);
        this.#tell(words);
      },
      signal: this.#gone.signal,
    });
    this.#hold(false);
    return answer;
  }

  #hold(isHeld: boolean): void {
    this.#early!.isHeld = isHeld;
  }

  /** Waits until somebody watches; false when that is over. */
  async #watched(): Promise<boolean> {
    const { watching, facts } = this.#connection;
    this.#isWatched = true;
    if (!watching.isWatched) {
      this.#hold(true);
      this.#tell({
        message: "this needs somebody who watches; waiting for one",
        hint: `Who may watch runs \`sallyport sessions watch ${facts.session}\`.`,
      });
    }
    const isWatched = await watching.begun(this.#gone.signal);
    this.#hold(false);
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
    const options = this.#setup.options();
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
      terminal: this.#setup.hasTerminal,
      detectors: this.#connection.detectors(),
      found: (counts) => findings.add(counts),
      recorder,
      timers,
      over: () => this.#finish(),
    });
    this.#relay = relay;
    relay.start(this.#early!.chunks, this.#early!.hasEnded);
    if (!this.#isWatched) return;
    watching.standStill(this.#gone.signal, {
      changed: (isFrozen) => this.#standStill(relay, isFrozen),
      tooLong: () => this.#end({ message: "nobody has watched for too long" }, EXIT_REFUSED),
    });
  }

  #carryFiles(target: ClientChannel, scp: Scp | null): void {
    const agent = this.#take(target);
    if (agent === null) return;
    for (const chunk of this.#early!.chunks.toReversed()) agent.unshift(chunk);
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
    this.#early!.close();
    return agent;
  }

  #standStill(relay: ProcessRelay, isFrozen: boolean): void {
    this.#connection.recorder.event({ event: isFrozen ? "frozen" : "thawed", channel: this.#number });
    if (isFrozen) relay.freeze();
    relay.tell(isFrozen ? NOBODY_WATCHES : { message: "somebody watches again" });
    if (!isFrozen) relay.thaw();
  }

  #tell(words: HeldWords): void {
    this.#writer?.error(said(words, this.#setup.hasTerminal));
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
