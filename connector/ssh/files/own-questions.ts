import { SallyportError } from "../../../protocol/errors.ts";
import { type Attributes, PacketBody } from "../../../protocol/sftp/body.ts";
import { Packet } from "../../../protocol/sftp/numbers.ts";
import {
  packet,
  readAttributes,
  readSingleName,
  readStatus,
  type StatusAnswer,
  string,
} from "../../../protocol/sftp/packets.ts";
import type { PathAsker } from "./resolve.ts";

/** Ids of our own begin here, far from those of clients, which count from 0. */
const FIRST_ID = 0xc0000000;

interface Question {
  /** The type of the answer, where it is no STATUS. */
  expects: number;
  answered(type: number, body: Buffer): void;
  failed(error: SallyportError): void;
}

/** What the connector itself asks an SFTP server. */
export class OwnQuestions implements PathAsker {
  readonly #write: (bytes: Buffer) => void;
  readonly #isTaken: (id: number) => boolean;
  readonly #asked = new Map<number, Question>();
  #last = FIRST_ID;
  #isOver = false;

  /** `isTaken`: whether another's request with that id is under way. */
  constructor(write: (bytes: Buffer) => void, isTaken: (id: number) => boolean = () => false) {
    this.#write = write;
    this.#isTaken = isTaken;
  }

  /** Whether a question with that id is under way. */
  has(id: number): boolean {
    return this.#asked.has(id);
  }

  realpath(path: string): Promise<Buffer | StatusAnswer> {
    return this.ask(Packet.REALPATH, string(path), Packet.NAME, readSingleName);
  }

  async exists(path: string): Promise<boolean> {
    return !("code" in (await this.ask(Packet.LSTAT, string(path), Packet.ATTRS, readAttributes)));
  }

  stat(path: string): Promise<Attributes | StatusAnswer> {
    return this.ask(Packet.STAT, string(path), Packet.ATTRS, readAttributes);
  }

  /** Rejects with `target_closed` after `end()`. */
  ask<T>(type: number, body: Buffer, expects: number, read: (body: Buffer) => T): Promise<T | StatusAnswer> {
    if (this.#isOver) return Promise.reject(gone());
    do this.#last = this.#last === 0xffffffff ? FIRST_ID : this.#last + 1;
    while (this.#isTaken(this.#last));
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, {
        expects,
        answered: (answer, bytes) => resolve(answer === Packet.STATUS ? readStatus(bytes) : read(bytes)),
        failed: reject,
      });
      this.#write(packet(type, id, body));
    });
  }

  /**
   * Takes an answer; false where it is another's. Throws `protocol_violation` where it does not fit the
   * question, which stays open for `end()`.
   */
  answer(type: number, id: number, body: Buffer): boolean {
    const question = this.#asked.get(id);
    if (question === undefined) return false;
    if (type !== Packet.STATUS && type !== question.expects) {
      throw new SallyportError(
        "protocol_violation",
        `the SFTP server answered with a packet of type ${type}`,
      );
    }
    // The bytes are of a chunk that whoever waits should not keep.
    question.answered(type, Buffer.from(body));
    this.#asked.delete(id);
    return true;
  }

  /** Nobody answers any more. */
  end(): void {
    this.#isOver = true;
    for (const question of this.#asked.values()) question.failed(gone());
    this.#asked.clear();
  }
}

function gone(): SallyportError {
  return new SallyportError("target_closed", "the target's SFTP server is gone");
}

/** The name of an extension that is asked for. Throws `protocol_violation`. */
export function extensionName(body: Buffer): string {
  return new PacketBody(body).string().toString("latin1");
}
