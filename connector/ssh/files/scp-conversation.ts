import type { Duplex } from "node:stream";
import { SallyportError } from "../../../protocol/errors.ts";
import type { ScpCommand } from "../../../protocol/scp/command.ts";
import {
  errorLine,
  MAX_LINE,
  plainWords,
  readMessage,
  type ScpMessage,
} from "../../../protocol/scp/message.ts";
import type { FileOperation, FileRequest } from "../../../protocol/ssh/request.ts";
import type { FileGuard, Look } from "./file-guard.ts";
import { Inlet } from "./inlet.ts";
import { judgeThenPass, type Operation, type Outcome } from "./judged.ts";
import type { TargetNames } from "./target-names.ts";
import { Transfer } from "./transfer.ts";
import type { Turns } from "./turns.ts";

/** Deepest folder in a folder that is copied. */
const MAX_DEPTH = 256;
/** Bytes of a file that are carried at a time. */
const MOST = 256 * 1024;
const OK = Buffer.of(0);
const LINE_END = Buffer.from("\n");

export interface ScpRelayOptions {
  command: ScpCommand;
  agent: Duplex;
  /** Standard input and output of the command's process (`scpLine`). */
  target: Duplex;
  names: TargetNames;
  guard: FileGuard;
  /** The session's. */
  turns: Turns;
  /** Sees the contents of files. */
  look?: Look;
  /**
   * The relay carries nothing any more, and all that it had to tell is recorded; called once. Null: one of the sides has
   * ended its stream. Whoever made the channels closes them.
   */
  over(error: SallyportError | null): void;
}

/** What a side says to a message; `line` is what is passed on. */
export interface Reply {
  isOk: boolean;
  /** `isOk` is false and nothing more will be heard. */
  isFatal: boolean;
  words: string;
  line: Buffer;
}

/** What announces a file or folder. */
type Announced = Extract<ScpMessage, { type: "file" | "folder" }>;

/** An announced file or folder. `text` is its path as it would be asked for. */
export interface Place {
  text: string;
  given: string;
}

/**
 * One scp, in the steps of its protocol: whoever sends files (`from`) announces one and waits for the word of whoever
 * receives (`to`). Nothing of a step is read before the last one is answered: bytes that come ahead of an answer would
 * mean one thing to us and another to the peer.
 */
export class ScpConversation {
  readonly options: ScpRelayOptions;
  readonly from: Inlet;
  readonly to: Inlet;
  /** That are open, the outermost first. */
  readonly folders: Place[] = [];
  #isOver = false;
  #stopped!: () => void;
  readonly #whenStopped = new Promise<"over">((resolve) => {
    this.#stopped = () => resolve("over");
  });

  constructor(options: ScpRelayOptions) {
    const agent = new Inlet(options.agent);
    const target = new Inlet(options.target);
    this.options = options;
    this.from = options.command.mode === "sink" ? agent : target;
    this.to = options.command.mode === "sink" ? target : agent;
  }

  stop(): void {
    this.#isOver = true;
    this.#stopped();
    this.from.stop();
    this.to.stop();
  }

  /** What it said before is still read and told; but a target that receives hears no more. */
  targetEnded(): void {
    if (this.options.command.mode === "sink") {
      this.#stopped();
      this.from.stop();
    }
  }

  /** The next message of the sender, and the line to pass on; null at the end. */
  async message(): Promise<{ message: ScpMessage; line: Buffer } | null> {
    const first = await this.from.byte();
    if (first === null) return null;
    const line = await this.from.line(first, MAX_LINE);
    const message = readMessage(line);
    const passed =
      message.type === "error" ? saidLine(first, message.words) : Buffer.concat([line, LINE_END]);
    return { message, line: passed };
  }

  /**
   * What the sender announces, one after the other, with the lines that say so: its times, where it told them, and its
   * name. Its other messages are carried here. Ends with the copy. A folder that is opened is put on `folders`.
   */
  async *announced(): AsyncGenerator<{ message: Announced; lines: readonly Buffer[] }, void, void> {
    let times: Buffer | null = null;
    for (let next = await this.message(); next !== null; next = await this.message()) {
      const { message, line } = next;
      if (message.type === "error") {
        await this.to.write(line);
        if (message.isFatal) return;
      } else if (message.type === "times") {
        if (times !== null) throw violation("times of nothing");
        times = line;
        await this.accept();
      } else if (message.type === "end") {
        if (this.folders.pop() === undefined || times !== null) throw violation("the end of no folder");
        const reply = await this.ask(line);
        if (reply === null) return;
        await this.from.write(reply.line);
      } else {
        if (message.type === "folder" && !this.options.command.recursive) {
          throw violation("a folder that was not asked for");
        }
        if (this.folders.length >= MAX_DEPTH) throw violation(`folders more than ${MAX_DEPTH} deep`);
        const lines: Buffer[] = times === null ? [line] : [times, line];
        times = null;
        yield { message, lines };
      }
    }
  }

  /**
   * What becomes of a permitted announcement, of a file or folder at `path`, by the receiver's answer. False where nothing
   * can follow.
   */
  async follow(message: Announced, place: Place, path: string, reply: Reply): Promise<boolean> {
    await this.from.write(reply.line);
    if (reply.isFatal) return false;
    if (!reply.isOk) this.options.guard.failed(path, reply.words);
    else if (message.type === "folder") this.folders.push(place);
    else return this.file(path, message.size);
    return true;
  }

  /** Says something to the receiver and hears its answer. Null where the receiver has ended. */
  async ask(line: Uint8Array): Promise<Reply | null> {
    if (this.to.hasMore) throw violation("an answer to nothing");
    await this.to.write(line);
    return this.reply();
  }

  /** The receiver's next answer; null at the end. */
  async reply(): Promise<Reply | null> {
    return readReply(this.to);
  }

  /** Judges what is to be done with the path, as `judgeThenPass` does. */
  judge(operation: FileOperation, place: Place, pass: (path: string) => Promise<void>): Promise<Outcome> {
    const { guard, turns, names } = this.options;
    const request = (path: string): FileRequest[] => [{ type: "file", protocol: "scp", operation, path }];
    const judged: Operation = {
      given: request(place.given),
      async resolve() {
        const resolved = await names.resolve(place.text);
        return typeof resolved === "string" ? request(resolved) : resolved;
      },
      pass: ([resolved]) => pass(resolved!.path),
    };
    const outcome = judgeThenPass(guard, turns, judged, () => this.#isOver);
    // People may think about it for longer than the channel lasts.
    return Promise.race([outcome, this.#whenStopped]);
  }

  /**
   * Carries the bytes of a file that is at `path`, each side's last word on it, and reports it, whatever becomes of it.
   * False where nothing can follow: a side has ended, or said that it does.
   */
  async file(path: string, size: number): Promise<boolean> {
    const { guard, command } = this.options;
    const moved = new Transfer(true);
    const report = (whole: boolean) => {
      const result = { ...moved.result(), whole };
      return command.mode === "sink" ? guard.closed(path, null, result) : guard.closed(path, result, null);
    };
    let isReported = false;
    try {
      const sent = await this.#contents(size, moved);
      if (sent === null) return false;
      const reply = await this.ask(sent.line);
      if (reply === null) return false;
      if (!sent.isOk) guard.failed(path, sent.words);
      else if (!reply.isOk) guard.failed(path, reply.words);
      isReported = true;
      await report(sent.isOk && reply.isOk);
      await this.from.write(reply.line);
      return !sent.isFatal && !reply.isFatal;
    } finally {
      if (!isReported) await report(false);
    }
  }

  /** The sender's word whether the bytes were all there; null where it has ended before. */
  async #contents(size: number, transfer: Transfer): Promise<Reply | null> {
    for (let at = 0; at < size; ) {
      const bytes = await this.from.some(Math.min(MOST, size - at));
      if (bytes === null) return null;
      transfer.add(BigInt(at), bytes);
      this.options.look?.(bytes);
      await this.to.write(bytes);
      at += bytes.length;
    }
    return readReply(this.from);
  }

  /** Tells the sender that what it announced is not wanted, so that it skips it. */
  async decline(words: string): Promise<void> {
    await this.from.write(errorLine(words));
  }

  async accept(): Promise<void> {
    await this.from.write(OK);
  }
}

/** Words for a refusal or a failure; null where there is none. */
export function declined(outcome: Outcome, path: string): string | null {
  if (outcome === "passed") return null;
  if (outcome === "over") return `sallyport: ${path}: the session ends`;
  return `sallyport: ${path}: ${"refused" in outcome ? outcome.refused : outcome.unresolved.words}`;
}

async function readReply(inlet: Inlet): Promise<Reply | null> {
  const first = await inlet.byte();
  if (first === null) return null;
  if (first === 0) return { isOk: true, isFatal: false, words: "", line: OK };
  if (first > 2) throw violation("an answer that is none");
  const words = plainWords((await inlet.line(first, MAX_LINE)).subarray(1));
  return { isOk: false, isFatal: first === 2, words, line: saidLine(first, words) };
}

/** A warning (1) or the last word (2) in plain characters. */
function saidLine(kind: number, words: string): Buffer {
  return Buffer.concat([Buffer.of(kind), Buffer.from(words), LINE_END]);
}

function violation(what: string): SallyportError {
  return new SallyportError("protocol_violation", `the scp protocol carries ${what}`);
}
