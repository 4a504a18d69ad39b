import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { Duplex, duplexPair } from "node:stream";
import type { SallyportError } from "../../../protocol/errors.ts";
import { Packet } from "../../../protocol/sftp/numbers.ts";
import { init, readHandle, readStatus } from "../../../protocol/sftp/packets.ts";
import { PacketReader } from "../../../protocol/sftp/reader.ts";
import type { SftpRequest } from "../../../protocol/sftp/request.ts";
import { requestPacket } from "../../../protocol/sftp/testing.ts";
import type { FileGuard } from "./file-guard.ts";
import { SftpRelay } from "./sftp.ts";
import { Turns } from "./turns.ts";

export interface Answer {
  type: number;
  id: number;
  body: Buffer;
}

/** For tests: one side of a stream of packets. */
export class PacketPeer {
  readonly stream: Duplex;
  /** All that came, in order. */
  readonly seen: Answer[] = [];
  readonly #reader: PacketReader;
  #next = 0;
  #waiting: (() => void)[] = [];
  #isOver = false;

  constructor(stream: Duplex, hears: "client" | "server") {
    this.stream = stream;
    this.#reader = new PacketReader(hears);
    stream.on("data", (chunk: Buffer) => {
      this.#reader.push(chunk);
      while (this.#reader.next()) {
        const { type, id } = this.#reader;
        this.seen.push({ type, id, body: Buffer.from(this.#reader.body()) });
      }
      this.#wake();
    });
    const over = () => {
      this.#isOver = true;
      this.#wake();
    };
    stream.on("end", over);
    stream.on("close", over);
    stream.on("error", over);
  }

  send(...packets: Uint8Array[]): void {
    this.stream.write(Buffer.concat(packets));
  }

  /** The first packet that fits, those that came before included; an assertion fails where the stream ends. */
  async until(fits: (answer: Answer) => boolean): Promise<Answer> {
    for (let at = 0; ; ) {
      for (; at < this.seen.length; at++) if (fits(this.seen[at]!)) return this.seen[at]!;
      assert.ok(!this.#isOver, "the stream ended before the answer came");
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Sends a request with an id of its own; the answer. */
  async ask(request: SftpRequest): Promise<Answer> {
    const id = ++this.#next;
    this.send(requestPacket(id, request));
    return this.until((answer) => answer.id === id && answer.type !== Packet.VERSION);
  }

  /** The status code of what is asked. */
  async status(request: SftpRequest): Promise<number> {
    const { type, body } = await this.ask(request);
    assert.equal(type, Packet.STATUS);
    return readStatus(body).code;
  }

  /** The handle of what is opened. */
  async open(path: string, flags: number): Promise<string> {
    const answer = await this.ask({ type: "open", path: Buffer.from(path), flags, attributes: {} });
    assert.equal(answer.type, Packet.HANDLE, answer.body.toString());
    return readHandle(answer.body);
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async hello(): Promise<Answer> {
    this.send(init());
    return this.until(({ type }) => type === Packet.VERSION);
  }
}

export interface Relayed {
  agent: PacketPeer;
  relay: SftpRelay;
  /** How it ended. */
  over: Promise<SallyportError | null>;
}

/** For tests: an agent behind a relay to `target`. */
export function relayed(
  target: Duplex,
  guard: FileGuard,
  turns = new Turns(),
  look?: (data: Uint8Array) => void,
): Relayed {
  const [near, far] = duplexPair();
  let over!: (error: SallyportError | null) => void;
  const ended = new Promise<SallyportError | null>((resolve) => {
    over = resolve;
  });
  const relay = new SftpRelay({
    agent: far,
    target,
    guard,
    turns,
    ...(look !== undefined && { look }),
    over,
  });
  relay.start();
  return { agent: new PacketPeer(near, "server"), relay, over: ended };
}

/** For tests: OpenSSH's server in a folder. */
export function sftpServer(folder: string): { stream: Duplex; child: ChildProcess } {
  const child = spawn("/usr/lib/openssh/sftp-server", [], { cwd: folder, stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.on("error", () => {});
  return { stream: Duplex.from({ readable: child.stdout, writable: child.stdin }), child };
}
