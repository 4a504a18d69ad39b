import { SallyportError } from "../errors.ts";
import { MAX_PACKET, MAX_REQUEST, Packet } from "./numbers.ts";

const EMPTY = Buffer.alloc(0);
/** Length word, type, and the request's id or the version. */
const HEADER = 9;

/**
 * Finds the packets in one direction of SFTP (draft-ietf-secsh-filexfer-02 section 3), each whole. After `push(chunk)`,
 * each `next()` that answers true has moved to a packet, `data[start, end)`; packets stand one behind the other. One
 * that lies in a chunk is not copied, one that goes past it is put together.
 *
 * Lengths are claims: nothing is allocated from one, and each is checked before more of its packet is held. What is
 * held is at most one packet, `MAX_PACKET` bytes.
 */
export class PacketReader {
  type = 0;
  /** The request's id; the version in INIT and VERSION. */
  id = 0;
  data: Buffer = EMPTY;
  start = 0;
  end = 0;

  readonly #side: "client" | "server";
  #at = 0;
  /** The beginning of a packet whose rest has not come, and how long it must be to go on. */
  #held: Buffer = EMPTY;
  #heldLength = 0;
  #need = 0;

  /** `side` is who sends: a client's packets other than WRITE are bounded by `MAX_REQUEST`. */
  constructor(side: "client" | "server") {
    this.#side = side;
  }

  /** Takes the stream's next bytes. Only when `next()` has answered false. */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    this.#at = 0;
    if (this.#heldLength === 0) {
      this.data = bytes;
    } else if (this.#heldLength + bytes.length < this.#need) {
      this.#append(bytes);
    } else {
      this.data = Buffer.concat([this.#held.subarray(0, this.#heldLength), bytes]);
      this.#held = EMPTY;
      this.#heldLength = 0;
    }
  }

  /**
   * Moves to the next packet; false when the bytes pushed so far have no whole one. Throws `protocol_violation` for a
   * length that holds no header, `frame_too_large` for one above the bound; the reader is of no use after that.
   */
  next(): boolean {
    const available = this.data.length - this.#at;
    if (available === 0) return this.#exhausted();
    if (available < HEADER) {
      if (available >= 4) this.#check(this.data.readUInt32BE(this.#at), MAX_PACKET);
      return this.#hold(HEADER);
    }
    const length = this.data.readUInt32BE(this.#at);
    const type = this.data[this.#at + 4]!;
    this.#check(length, this.#side === "client" && type !== Packet.WRITE ? MAX_REQUEST : MAX_PACKET);
    if (length + 4 > available) return this.#hold(length + 4);
    this.type = type;
    this.id = this.data.readUInt32BE(this.#at + 5);
    this.start = this.#at;
    this.end = this.#at + 4 + length;
    this.#at = this.end;
    return true;
  }

  /** What follows the id (or version): a view. */
  body(): Buffer {
    return this.data.subarray(this.start + HEADER, this.end);
  }

  /** The whole packet: a view. */
  packet(): Buffer {
    return this.data.subarray(this.start, this.end);
  }

  /** To be called when the stream has ended. Throws `protocol_violation` when it ended inside a packet. */
  finish(): void {
    if (this.#heldLength > 0) {
      throw new SallyportError("protocol_violation", `the SFTP ${this.#side}'s stream ended inside a packet`);
    }
  }

  #check(length: number, limit: number): void {
    if (length < HEADER - 4) {
      throw new SallyportError(
        "protocol_violation",
        `the SFTP ${this.#side} sent a packet of length ${length}`,
      );
    }
    if (length > limit) {
      throw new SallyportError(
        "frame_too_large",
        `the SFTP ${this.#side} sent a packet of length ${length}; the limit is ${limit}`,
        "If that is a text, the login shell prints something before it starts the SFTP server.",
      );
    }
  }

  #hold(need: number): false {
    this.#append(this.data.subarray(this.#at));
    this.#need = need;
    return this.#exhausted();
  }

  /** Grows by doubling, so that a packet that arrives byte by byte costs no more than linear time. */
  #append(bytes: Buffer): void {
    const length = this.#heldLength + bytes.length;
    if (length > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#heldLength));
      this.#held.copy(grown, 0, 0, this.#heldLength);
      this.#held = grown;
    }
    bytes.copy(this.#held, this.#heldLength);
    this.#heldLength = length;
  }

  #exhausted(): false {
    this.data = EMPTY;
    this.#at = 0;
    return false;
  }
}
