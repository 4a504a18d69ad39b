import { SallyportError } from "../errors.ts";
import {
  BACKEND,
  type Direction,
  FRONTEND,
  MAX_CANCEL_SECRET,
  type MessageRule,
  messageName,
  STARTUP_MESSAGE,
} from "./message-types.ts";

/** Codes that stand where a startup message has its version. */
export const StartupCode = { cancel: 80877102, ssl: 80877103, gssenc: 80877104 } as const;

/** The `type` of a message of the startup phase, which has no type byte. */
export const STARTUP = 0;

const EMPTY = new Uint8Array(0);
const TYPED_HEADER = 5;
const STARTUP_HEADER = 8;

export interface ReaderOptions {
  /** Letters of the types to hand over whole where `wholeLimit` allows; a message of another type may come in pieces. */
  whole: string;
  /** Longest message, with its header, that is held until it is whole; a longer one comes in pieces. Bytes. */
  wholeLimit: number;
  /** Bytes that the first piece of such a longer message has at least; 0 by default. */
  firstPiece?: number;
}

/**
 * Finds the messages in a stream of PostgreSQL's protocol, one direction, without copying them. After
 * `push(chunk)`, each `next()` that answers true has moved to a piece of a message: `data[start, end)`. Pieces
 * stand one behind the other, so a run of them is one span of `data`. Most messages are one piece (`first` and
 * `last`); one that goes past the chunk comes in several, unless `whole` asks to hold it.
 *
 * A client's direction begins with messages of the startup phase (`type` is `STARTUP`, always one piece) and
 * changes to typed ones after the StartupMessage. A server's direction is typed from its first byte: the one
 * byte that answers SSLRequest or GSSENCRequest is no message, the caller takes it off first.
 *
 * Lengths are claims: nothing is allocated from one, and each must be within its type's bounds. What is held
 * is at most `wholeLimit` bytes, or a header.
 */
export class MessageReader {
  /** The type byte, or `STARTUP`. */
  type = 0;
  /** Bytes of the message's body (without type and length word), as its header claims. */
  length = 0;
  /** The bytes that `start` and `end` refer to; a caller that keeps a span takes this before `next()` ends. */
  data: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  /** The piece begins its message, header included. */
  first = false;
  /** The piece ends its message. */
  last = false;

  readonly #direction: Direction;
  readonly #rules: readonly (MessageRule | undefined)[];
  readonly #whole = new Uint8Array(256);
  readonly #wholeLimit: number;
  readonly #firstPiece: number;
  #phase: "startup" | "typed" | "over";
  #at = 0;
  #remaining = 0;
  #held: Uint8Array = EMPTY;
  #heldLength = 0;
  #need = 0;

  constructor(direction: Direction, options: ReaderOptions = { whole: "", wholeLimit: 0 }) {
    this.#direction = direction;
    this.#rules = RULES[direction];
    this.#phase = direction === "frontend" ? "startup" : "typed";
    for (const letter of options.whole) this.#whole[letter.charCodeAt(0)] = 1;
    this.#wholeLimit = options.wholeLimit;
    this.#firstPiece = options.firstPiece ?? 0;
  }

  /** Whether the bytes handed over so far end where a message ends. */
  get boundary(): boolean {
    return this.#remaining === 0;
  }

  /** Takes the stream's next bytes. Only when `next()` has answered false. */
  push(chunk: Uint8Array): void {
    this.#at = 0;
    if (this.#heldLength === 0) {
      this.data = chunk;
    } else if (this.#heldLength + chunk.length < this.#need) {
      this.#append(chunk);
    } else {
      const joined = Buffer.allocUnsafe(this.#heldLength + chunk.length);
      joined.set(this.#held.subarray(0, this.#heldLength));
      joined.set(chunk, this.#heldLength);
      this.#held = EMPTY;
      this.#heldLength = 0;
      this.data = joined;
    }
  }

  /**
   * Moves to the next piece; false when the bytes pushed so far have no more. Throws `protocol_violation` for
   * an unknown type or a length below its type's minimum, `frame_too_large` for one above the maximum; the
   * reader is of no use after that.
   */
  next(): boolean {
    const available = this.data.length - this.#at;
    if (available === 0) return this.#exhausted();
    if (this.#remaining > 0) return this.#take(Math.min(available, this.#remaining), false);
    if (this.#phase !== "typed") return this.#nextStartup(available);
    if (available < TYPED_HEADER) return this.#hold(TYPED_HEADER);
    const data = this.data;
    const at = this.#at;
    const type = data[at]!;
    const length = readU32(data, at + 1);
    const rule = this.#rules[type];
    if (rule === undefined || length < rule.min || length > rule.max) {
      throw badHeader(this.#direction, type, length);
    }
    const total = length + 1;
    if (total > available && this.#whole[type] === 1) {
      if (total <= this.#wholeLimit) return this.#hold(total);
      const least = Math.min(total, this.#firstPiece);
      if (available < least) return this.#hold(least);
    }
    this.type = type;
    this.length = length - 4;
    this.#remaining = total;
    return this.#take(Math.min(available, total), true);
  }

  /** The current piece's bytes: a view, not a copy. */
  bytes(): Uint8Array {
    return this.data.subarray(this.start, this.end);
  }

  /** The body of the current message (a view), or null when it came, or will come, in pieces. */
  body(): Uint8Array | null {
    if (!this.first || !this.last) return null;
    return this.data.subarray(this.end - this.length, this.end);
  }

  /** To be called when the stream has ended. Throws `protocol_violation` when it ended inside a message. */
  finish(): void {
    if (this.#remaining > 0 || this.#heldLength > 0) {
      throw new SallyportError(
        "protocol_violation",
        `the ${this.#direction}'s stream ended inside a message`,
      );
    }
  }

  #nextStartup(available: number): boolean {
    if (this.#phase === "over") {
      throw new SallyportError("protocol_violation", "bytes follow a CancelRequest");
    }
    if (available < STARTUP_HEADER) {
      // The length alone is enough to tell garbage such as an HTTP request; don't wait for the rest.
      if (available >= 4) checkStartupLength(readU32(this.data, this.#at));
      return this.#hold(available >= 4 ? STARTUP_HEADER : 4);
    }
    const total = readU32(this.data, this.#at);
    checkStartupLength(total);
    if (total > available) return this.#hold(total);
    const code = readU32(this.data, this.#at + 4);
    if (code === StartupCode.cancel) {
      if (total < 16 || total > 12 + MAX_CANCEL_SECRET) {
        throw new SallyportError("protocol_violation", `a CancelRequest has length ${total}`);
      }
      this.#phase = "over";
    } else if (code === StartupCode.ssl || code === StartupCode.gssenc) {
      if (total !== STARTUP_HEADER) {
        throw new SallyportError("protocol_violation", `an encryption request has length ${total}`);
      }
    } else {
      this.#phase = "typed";
    }
    this.type = STARTUP;
    this.length = total - 4;
    this.#remaining = total;
    return this.#take(total, true);
  }

  #take(size: number, first: boolean): boolean {
    this.first = first;
    this.start = this.#at;
    this.#at += size;
    this.end = this.#at;
    this.#remaining -= size;
    this.last = this.#remaining === 0;
    return true;
  }

  /** Keeps the rest of `data`, the beginning of a message, until `need` bytes of it are there. */
  #hold(need: number): false {
    this.#append(this.data.subarray(this.#at));
    this.#need = need;
    return this.#exhausted();
  }

  /** Grows by doubling, so that a message that arrives byte by byte costs no more than linear time. */
  #append(chunk: Uint8Array): void {
    const length = this.#heldLength + chunk.length;
    if (length > this.#held.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#heldLength));
      grown.set(this.#held.subarray(0, this.#heldLength));
      this.#held = grown;
    }
    this.#held.set(chunk, this.#heldLength);
    this.#heldLength = length;
  }

  /** Lets go of the chunk: an idle session keeps none. */
  #exhausted(): false {
    this.data = EMPTY;
    this.#at = 0;
    return false;
  }
}

const RULES = { frontend: rulesByType(FRONTEND), backend: rulesByType(BACKEND) };

function rulesByType(rules: Record<string, MessageRule>): (MessageRule | undefined)[] {
  const byType: (MessageRule | undefined)[] = new Array(256).fill(undefined);
  for (const rule of Object.values(rules)) byType[rule.type] = rule;
  return byType;
}

function readU32(data: Uint8Array, at: number): number {
  return ((data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!) >>> 0;
}

function checkStartupLength(length: number): void {
  if (length < STARTUP_HEADER) {
    throw new SallyportError("protocol_violation", `a startup message has length ${length}`);
  }
  if (length > STARTUP_MESSAGE) {
    throw new SallyportError(
      "frame_too_large",
      `a startup message has length ${length}; the limit is ${STARTUP_MESSAGE}`,
      "What was sent is hardly PostgreSQL's protocol: check that the client is a PostgreSQL client.",
    );
  }
}

function badHeader(direction: Direction, type: number, length: number): SallyportError {
  const name = messageName(direction, type);
  const rule = RULES[direction][type];
  if (name === undefined || rule === undefined) {
    return new SallyportError(
      "protocol_violation",
      `the ${direction} sent a message of unknown type ${type}`,
    );
  }
  return length < rule.min
    ? new SallyportError("protocol_violation", `${name} has length ${length}; the least is ${rule.min}`)
    : new SallyportError("frame_too_large", `${name} has length ${length}; the limit is ${rule.max}`);
}
