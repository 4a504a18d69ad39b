import type { Duplex } from "node:stream";
import { SallyportError } from "../../../protocol/errors.ts";
import {
  EXTENSIONS,
  MAX_DATA,
  MAX_PACKET,
  Packet,
  SFTP_VERSION,
  Status,
} from "../../../protocol/sftp/numbers.ts";
import {
  init,
  limitsReply,
  readExtensions,
  readLimits,
  type StatusAnswer,
  status,
  version,
} from "../../../protocol/sftp/packets.ts";
import { PacketReader } from "../../../protocol/sftp/reader.ts";
import { readRequest, type SftpRequest } from "../../../protocol/sftp/request.ts";
import type { FileRequest } from "../../../protocol/ssh/request.ts";
import { Exchange, type Unanswered } from "./exchange.ts";
import type { FileGuard, Look } from "./file-guard.ts";
import { MAX_OPEN, type OpenFile } from "./open-files.ts";
import { Outlet } from "./outlet.ts";
import { extensionName, OwnQuestions } from "./own-questions.ts";
import { serverPath } from "./resolve.ts";
import type { Turns } from "./turns.ts";
import { MAX_WAITING, VerdictQueue, type Waiting } from "./verdict-queue.ts";
import { waitingFor, waitingForOpen } from "./waiting.ts";

/** Most requests of an agent that are not answered; it is not read beyond. */
const MAX_UNANSWERED = 1024;

export interface SftpRelayOptions {
  agent: Duplex;
  /** The target's `sftp` subsystem. */
  target: Duplex;
  guard: FileGuard;
  /** The session's. */
  turns: Turns;
  /** Sees the contents of files, both ways. */
  look?: Look;
  /**
   * The relay carries nothing any more, and all that it had to tell is recorded or given up; called once. Null: one of
   * the sides has ended its stream. Whoever made the channels closes them.
   */
  over(error: SallyportError | null): void;
}

/**
 * Carries SFTP between an agent and a target. What may pass passes byte for byte. A request with paths waits for its
 * verdict (`VerdictQueue`), those on open files pass at once; a refusal is answered here and the target never sees it.
 * Both peers are hostile: an agent can't use a handle that it wasn't given, nor a target answer what wasn't asked.
 */
export class SftpRelay {
  readonly #options: SftpRelayOptions;
  readonly #requests = new PacketReader("client");
  readonly #answers = new PacketReader("server");
  readonly #toAgent: Outlet;
  readonly #toTarget: Outlet;
  readonly #questions: OwnQuestions;
  readonly #queue: VerdictQueue;
  readonly #exchange: Exchange;
  /** What the two have said so far, up to where the agent may ask. */
  #phase: "INIT" | "VERSION" | "open" | "over" = "INIT";
  #home = "/";
  /** Null until the target has told. */
  #extensions: ReadonlySet<string> | null = null;
  /** The reader's request waits for what is asked before it on its handle. */
  #isHeld = false;
  #agentEnded = false;

  constructor(options: SftpRelayOptions) {
    this.#options = options;
    this.#toAgent = new Outlet(options.agent);
    this.#toTarget = new Outlet(options.target);
    this.#exchange = new Exchange({
      look: options.look,
      failed: (path, reason) => options.guard.failed(path, reason),
    });
    this.#questions = new OwnQuestions(
      (bytes) => this.#toTarget.send(bytes),
      (id) => this.#exchange.get(id) !== undefined,
    );
    this.#queue = new VerdictQueue({
      guard: options.guard,
      turns: options.turns,
      forward: (waiting, judged) => this.#forward(waiting, judged),
      refuse: ({ id }, words) => this.#settle(id, status(id, Status.PERMISSION_DENIED, words)),
      unresolved: (waiting, why) => this.#unresolved(waiting, why),
      moved: () => this.#guarded(() => this.#read()),
      failed: (cause) => this.#failed(cause),
    });
  }

  /** Begins to read both streams. */
  start(): void {
    const { agent, target } = this.#options;
    agent.on("data", (chunk: Buffer) => this.#guarded(() => this.#pushed(chunk)));
    agent.on("end", () => this.#guarded(() => this.#agentDone()));
    agent.on("close", () => this.#guarded(() => this.#finish(null)));
    agent.on("drain", () => this.#guarded(() => this.#read()));
    agent.on("error", () => this.#finish(null));
    target.on("data", (chunk: Buffer) => this.#guarded(() => this.#answered(chunk)));
    target.on("end", () => this.#guarded(() => this.#targetDone()));
    target.on("close", () => this.#guarded(() => this.#targetDone()));
    target.on("drain", () => this.#guarded(() => this.#read()));
    target.on("error", () => this.#finish(null));
  }

  /** Ends it, as from outside. What was open is told as closed. */
  stop(): void {
    this.#finish(null);
  }

  #pushed(chunk: Buffer): void {
    this.#requests.push(chunk);
    this.#read();
  }

  /** Takes requests for as long as they may be taken. */
  #read(): void {
    while (!this.#isFull) {
      if (!this.#isHeld && !this.#requests.next()) break;
      this.#isHeld = !this.#request();
      if (this.#isHeld) break;
    }
    this.#flow();
  }

  get #isFull(): boolean {
    return (
      this.#phase === "VERSION" ||
      this.#phase === "over" ||
      this.#queue.length >= MAX_WAITING ||
      this.#exchange.unanswered >= MAX_UNANSWERED ||
      this.#toTarget.isFull ||
      this.#toAgent.isFull
    );
  }

  #flow(): void {
    const { agent, target } = this.#options;
    this.#toTarget.flush();
    this.#toAgent.flush();
    if (this.#toAgent.isFull) target.pause();
    else target.resume();
    if (this.#isHeld || this.#isFull) agent.pause();
    else if (agent.isPaused()) agent.resume();
    const hasMore = this.#isHeld || this.#isFull || this.#queue.length > 0;
    if (this.#agentEnded && !hasMore && target.writable) {
      this.#requests.finish();
      target.end();
    }
  }

  /** Deals with the request that the reader has found; false where it must wait. */
  #request(): boolean {
    const { type, id } = this.#requests;
    if (this.#phase === "INIT") return this.#hello(type, id);
    if (this.#exchange.get(id) !== undefined) {
      throw new SallyportError(
        "protocol_violation",
        `the agent uses the SFTP request id ${id} twice at a time`,
      );
    }
    if (this.#questions.has(id))
      return this.#refuse(id, Status.FAILURE, "this request id is in use; try again");
    const isFast = type === Packet.READ || type === Packet.WRITE;
    // What waits must not hold the chunk that it came in.
    const packet = isFast ? this.#requests.packet() : Buffer.from(this.#requests.packet());
    const request = readRequest(type, packet.subarray(9));
    if (request.type === "unknown" || !this.#isOffered(type, packet)) {
      return this.#refuse(id, Status.OP_UNSUPPORTED, "the target or Sallyport does not offer this");
    }
    if (request.type === "copy-data") return this.#copy(id, packet, request);
    return "handle" in request ? this.#onFile(id, packet, request) : this.#onPath(id, packet, request);
  }

  #hello(type: number, offered: number): boolean {
    if (type !== Packet.INIT || offered < SFTP_VERSION) {
      throw new SallyportError(
        "protocol_violation",
        type === Packet.INIT
          ? `the agent offers SFTP version ${offered}; the least is ${SFTP_VERSION}`
          : "the agent does not begin with SSH_FXP_INIT",
      );
    }
    this.#phase = "VERSION";
    this.#toTarget.send(init());
    return true;
  }

  /** An extension is passed on only where the target announced it in the version that is understood. */
  #isOffered(type: number, packet: Buffer): boolean {
    return type !== Packet.EXTENDED || this.#extensions!.has(extensionName(packet.subarray(9)));
  }

  #onFile(id: number, packet: Buffer, request: Extract<SftpRequest, { handle: string }>): boolean {
    const file = this.#exchange.file(request.handle);
    if (file === undefined) return this.#refuse(id, Status.FAILURE, "no file is open by this handle");
    if (file.waiting > 0) return false;
    if (request.type === "fsetstat") {
      return this.#wait(waitingForOpen(id, packet, "setstat", file, null), request, [file]);
    }
    return this.#pass(id, request, [file]);
  }

  #copy(id: number, packet: Buffer, request: Extract<SftpRequest, { type: "copy-data" }>): boolean {
    const from = this.#exchange.file(request.from);
    const to = this.#exchange.file(request.to);
    if (from === undefined || to === undefined) {
      return this.#refuse(id, Status.FAILURE, "no file is open by this handle");
    }
    if (from.waiting > 0 || to.waiting > 0) return false;
    to.written?.disorder();
    return this.#wait(waitingForOpen(id, packet, "copy", from, to), request, [from, to]);
  }

  #onPath(id: number, packet: Buffer, request: SftpRequest): boolean {
    const isOpening = request.type === "open" || request.type === "opendir";
    if (isOpening && this.#exchange.open >= MAX_OPEN) {
      return this.#refuse(id, Status.FAILURE, `more than ${MAX_OPEN} files are open`);
    }
    if (request.type === "symlink" && !this.#isOpenSsh) {
      return this.#refuse(
        id,
        Status.OP_UNSUPPORTED,
        "it is not known in which order this target takes the paths of a link",
      );
    }
    let waiting: Waiting | null;
    try {
      waiting = waitingFor(request, { id, packet, home: this.#home, questions: this.#questions });
    } catch (error) {
      if (!(error instanceof SallyportError) || error.code !== "invalid_request") throw error;
      return this.#refuse(id, Status.PERMISSION_DENIED, error.message);
    }
    return waiting === null ? this.#pass(id, request, []) : this.#wait(waiting, request, []);
  }

  /** OpenSSH takes the paths of SYMLINK in another order than the draft has, and so do those that have its extensions. */
  get #isOpenSsh(): boolean {
    return this.#extensions!.has("posix-rename@openssh.com");
  }

  /** Passes on the request that the reader is at. */
  #pass(id: number, request: SftpRequest, files: OpenFile[]): true {
    this.#exchange.asked(id, request, files, true);
    const { data, start, end } = this.#requests;
    this.#toTarget.pass(data, start, end);
    return true;
  }

  #wait(waiting: Waiting, request: SftpRequest, files: OpenFile[]): true {
    this.#exchange.asked(waiting.id, request, files, false);
    this.#queue.add(waiting);
    return true;
  }

  #refuse(id: number, code: number, words: string): true {
    this.#toAgent.send(status(id, code, words));
    return true;
  }

  #forward({ id, packet }: Waiting, judged: FileRequest[]): Promise<void> {
    return new Promise((resolve) => {
      const one = this.#exchange.get(id)!;
      one.judged = judged;
      one.isSent = true;
      one.settled = resolve;
      this.#toTarget.send(packet);
    });
  }

  #unresolved({ id, given }: Waiting, { code, words }: StatusAnswer): void {
    if (given[0] !== undefined) this.#options.guard.failed(given[0].path, words);
    this.#settle(id, status(id, code, words));
  }

  /** Answers a request of the agent's. */
  #settle(id: number, answer: Buffer): void {
    this.#toAgent.send(answer);
    this.#exchange.settle(id);
  }

  #answered(chunk: Buffer): void {
    this.#answers.push(chunk);
    while (this.#phase !== "over" && this.#answers.next()) this.#answer();
    this.#read();
  }

  #answer(): void {
    const { type, id, data, start, end } = this.#answers;
    if (this.#questions.answer(type, id, this.#answers.body())) return;
    if (type === Packet.VERSION && this.#phase === "VERSION" && this.#extensions === null) {
      this.#begin(id, this.#answers.body());
      return;
    }
    const one = this.#exchange.answered(type, id, this.#answers.body());
    if (one.request.type === "close" && !one.files[0]!.isFolder) {
      void this.#closed(id, one, Buffer.from(this.#answers.packet()));
    } else if (one.request.type === "limits" && type === Packet.EXTENDED_REPLY) {
      this.#settle(id, boundedLimits(id, this.#answers.body()));
    } else {
      this.#toAgent.pass(data, start, end);
      this.#exchange.settle(id);
    }
  }

  /** The target is ready: once it has told where it is, the agent may ask. */
  #begin(spoken: number, body: Buffer): void {
    if (spoken !== SFTP_VERSION) {
      throw new SallyportError("protocol_violation", `the target speaks SFTP version ${spoken}, not 3`);
    }
    const offered = readExtensions(body).filter(([name, data]) => EXTENSIONS[name] === data);
    this.#extensions = new Set(offered.map(([name]) => name));
    const begin = async () => {
      const answer = await this.#questions.realpath(".");
      if (!Buffer.isBuffer(answer)) {
        throw new SallyportError("target_refused", "the target's SFTP server does not tell where it is");
      }
      this.#home = serverPath(answer);
      if (this.#phase !== "VERSION") return;
      this.#phase = "open";
      this.#toAgent.send(version(offered));
      this.#read();
    };
    begin().catch((cause) => this.#failed(cause));
  }

  /** The agent hears that a file is closed when that is recorded. */
  async #closed(id: number, one: Unanswered, answer: Buffer): Promise<void> {
    try {
      await this.#report(one.files[0]!);
      this.#guarded(() => {
        this.#settle(id, answer);
        this.#read();
      });
    } catch (cause) {
      this.#failed(cause);
    }
  }

  #report({ path, read, written }: OpenFile): Promise<void> {
    return this.#options.guard.closed(path, read?.result() ?? null, written?.result() ?? null);
  }

  #agentDone(): void {
    this.#agentEnded = true;
    this.#read();
  }

  #targetDone(): void {
    this.#answers.finish();
    this.#finish(null);
  }

  #guarded(step: () => void): void {
    if (this.#phase === "over") return;
    try {
      step();
    } catch (cause) {
      this.#failed(cause);
    }
  }

  #failed(cause: unknown): void {
    if (this.#phase === "over") return;
    const isTyped = cause instanceof SallyportError;
    this.#finish(isTyped ? cause : new SallyportError("internal", "the SFTP relay failed"));
  }

  #finish(error: SallyportError | null): void {
    if (this.#phase === "over") return;
    this.#toAgent.flush();
    this.#phase = "over";
    this.#queue.stop();
    this.#questions.end();
    const reports = this.#exchange.end().map((file) => this.#report(file));
    void Promise.allSettled(reports).then(() => this.#options.over(error));
  }
}

/** What the server bears, within what is carried here; a client believes it and sends packets of that size. */
function boundedLimits(id: number, body: Buffer): Buffer {
  const told = readLimits(body);
  const least = (value: bigint, bound: number) =>
    value === 0n || value > BigInt(bound) ? BigInt(bound) : value;
  return limitsReply(id, {
    packet: least(told.packet, MAX_PACKET),
    read: least(told.read, MAX_DATA),
    write: least(told.write, MAX_DATA),
    handles: least(told.handles, MAX_OPEN),
  });
}
