import { SallyportError } from "../../../protocol/errors.ts";
import { Packet, Status } from "../../../protocol/sftp/numbers.ts";
import { readAttributes, readData, readHandle, readStatus } from "../../../protocol/sftp/packets.ts";
import type { SftpRequest } from "../../../protocol/sftp/request.ts";
import type { FileRequest } from "../../../protocol/ssh/request.ts";
import type { Look } from "./file-guard.ts";
import { type OpenFile, openedFile, openedFolder } from "./open-files.ts";

const NOTHING = Buffer.alloc(0);

/** Answers that aren't a STATUS, which may answer anything. */
const ANSWERS: Readonly<Partial<Record<SftpRequest["type"], number>>> = {
  open: Packet.HANDLE,
  opendir: Packet.HANDLE,
  read: Packet.DATA,
  readdir: Packet.NAME,
  realpath: Packet.NAME,
  readlink: Packet.NAME,
  // As OpenSSH's server has it; its PROTOCOL says so of `expand-path@openssh.com` alone.
  "expand-path": Packet.NAME,
  "home-directory": Packet.NAME,
  stat: Packet.ATTRS,
  lstat: Packet.ATTRS,
  fstat: Packet.ATTRS,
  statvfs: Packet.EXTENDED_REPLY,
  fstatvfs: Packet.EXTENDED_REPLY,
  limits: Packet.EXTENDED_REPLY,
  "users-groups-by-id": Packet.EXTENDED_REPLY,
};

/** A request that is not answered to the agent. */
export interface Unanswered {
  /** Without the data of a WRITE. */
  readonly request: SftpRequest;
  /** Bytes of a WRITE's data. */
  readonly size: number;
  /** The files of its handles. */
  readonly files: readonly OpenFile[];
  /** What it was judged as; the first has the path that counts. Empty until then. */
  judged: FileRequest[];
  /** It waited for a verdict, or does. */
  readonly hasWaited: boolean;
  /** The target has it. */
  isSent: boolean;
  /** The target has answered, and the answer waits until something is recorded. */
  isAnswered: boolean;
  /** It is answered to the agent. */
  settled(): void;
}

export interface ExchangeOptions {
  look: Look | undefined;
  /** The target refused or could not do it. */
  failed(path: string, reason: string): void;
}

/** What an agent has asked and what it has open: which answers and handles there can be, and what they mean. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #unanswered = new Map<number, Unanswered>();
  readonly #files = new Map<string, OpenFile>();
  #opening = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** How many requests are not answered. */
  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** How many files and folders are open or asked for. */
  get open(): number {
    return this.#files.size + this.#opening;
  }

  get(id: number): Unanswered | undefined {
    return this.#unanswered.get(id);
  }

  file(handle: string): OpenFile | undefined {
    return this.#files.get(handle);
  }

  /** The agent asks. What is sent changes the files of its handles at once. */
  asked(id: number, request: SftpRequest, files: readonly OpenFile[], isSent: boolean): void {
    const isWrite = request.type === "write";
    this.#unanswered.set(id, {
      request: isWrite ? { ...request, data: NOTHING } : request,
      size: isWrite ? request.data.length : 0,
      files,
      judged: [],
      hasWaited: !isSent,
      isSent,
      isAnswered: false,
      settled() {},
    });
    if (!isSent) for (const file of files) file.waiting += 1;
    const [file] = files;
    if (request.type === "open" || request.type === "opendir") {
      this.#opening += 1;
    } else if (request.type === "close") {
      this.#files.delete(request.handle);
    } else if (request.type === "read") {
      file!.moving += 1;
    } else if (request.type === "write") {
      file!.moving += 1;
      file!.written?.add(request.offset, request.data);
      this.#options.look?.(request.data);
    }
  }

  /** The agent has its answer. */
  settle(id: number): void {
    const one = this.#unanswered.get(id);
    if (one === undefined) return;
    this.#unanswered.delete(id);
    if (one.request.type === "open" || one.request.type === "opendir") this.#opening -= 1;
    if (one.hasWaited) for (const file of one.files) file.waiting -= 1;
    one.settled();
  }

  /**
   * The target answers; what is then open, and what was moved, is noted. Throws `protocol_violation` for an answer to
   * nothing, one that doesn't fit its request, more data than was asked for, and a handle that is open already.
   */
  answered(type: number, id: number, body: Buffer): Unanswered {
    const one = this.#unanswered.get(id);
    if (one === undefined || !one.isSent || one.isAnswered) {
      throw violation(`answered a request that was not made: ${id}`);
    }
    if (type !== Packet.STATUS && type !== ANSWERS[one.request.type]) {
      throw violation(`answered a ${one.request.type} with a packet of type ${type}`);
    }
    one.isAnswered = true;
    if (one.request.type === "close") closed(one.files[0]!);
    if (type === Packet.STATUS) this.#status(one, body);
    else this.#result(one, body);
    return one;
  }

  /** The end: what was still open, with what is not known to have arrived left out. */
  end(): OpenFile[] {
    const open = [...this.#files.values()];
    for (const { request, size, files, isAnswered } of this.#unanswered.values()) {
      if (isAnswered) continue;
      if (request.type === "write") files[0]?.written?.lost(size);
      else if (request.type === "close") open.push(...files);
    }
    for (const one of this.#unanswered.values()) one.settled();
    this.#unanswered.clear();
    this.#files.clear();
    return open.filter((file) => !file.isFolder);
  }

  #status(one: Unanswered, body: Buffer): void {
    const { request, size, judged } = one;
    const [file] = one.files;
    const { code, words } = readStatus(body);
    if (request.type === "read") {
      file!.moving -= 1;
      if (code === Status.EOF) file!.read?.endsAt(request.offset);
    } else if (request.type === "write") {
      file!.moving -= 1;
      if (code !== Status.OK) file!.written?.lost(size);
    } else if (request.type === "fsetstat" && code === Status.OK && request.attributes.size !== undefined) {
      file!.written?.truncated(request.attributes.size);
    }
    if (code === Status.OK || code === Status.EOF || file?.hasFailed) return;
    const path = judged[0]?.path ?? file?.path;
    // One that fails at each of a thousand writes has failed once.
    if (file !== undefined) file.hasFailed = true;
    if (path !== undefined) this.#options.failed(path, words);
  }

  #result(one: Unanswered, body: Buffer): void {
    const { request, judged } = one;
    const [file] = one.files;
    if (request.type === "read") {
      const data = readData(body);
      if (data.length > request.length) throw violation("answered with more data than was asked for");
      file!.moving -= 1;
      file!.read?.add(request.offset, data);
      this.#options.look?.(data);
    } else if (request.type === "fstat") {
      const { size } = readAttributes(body);
      if (size !== undefined) file!.read?.sized(size);
    } else if (request.type === "open") {
      this.#opened(readHandle(body), openedFile(judged[0]!.path, request.flags));
    } else if (request.type === "opendir") {
      this.#opened(readHandle(body), openedFolder(judged[0]!.path));
    }
  }

  #opened(handle: string, file: OpenFile): void {
    if (this.#files.has(handle)) throw violation("gave the same handle to two files that are open");
    this.#files.set(handle, file);
  }
}

/** What is not answered yet may still arrive, or not. */
function closed(file: OpenFile): void {
  if (file.moving === 0) return;
  file.read?.disorder();
  file.written?.disorder();
}

function violation(what: string): SallyportError {
  return new SallyportError("protocol_violation", `the target's SFTP server ${what}`);
}
